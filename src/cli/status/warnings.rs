//! Warnings about the texts of the harness: repeated lines, lines that a host does not read, texts that grew too much.

use std::collections::BTreeMap;

use crate::cli::blame;
use crate::cli::exit::CommandFailure;
use crate::harness::op::HostLimit;
use crate::harness::{Harness, op};
use crate::manifest::surface_table::SurfaceTable;
use crate::pipeline::edit_base::edit_base;
use crate::workspace::Workspace;
use crate::workspace::inputs::Inputs;

/// The fewest words of a line that counts as repeated.
const FEWEST_WORDS: usize = 6;
/// How many repeated lines are named.
const MOST_NAMED: usize = 5;

/// What a person should know about the files of the surfaces.
///
/// # Errors
/// The harness or the history cannot be read.
pub(super) fn warnings(workspace: &Workspace, inputs: &Inputs) -> Result<Vec<String>, CommandFailure> {
    let surfaces = workspace.rules().surfaces;
    if surfaces.all().next().is_none() {
        return Ok(Vec::new());
    }
    let harness = workspace.harness()?;
    let mut warnings = repeated(&harness, &surfaces);
    for limit in op::limits(&harness) {
        warnings.push(limit_warning(workspace, inputs, &limit)?);
    }
    let base = edit_base(workspace, inputs)?;
    warnings.extend(base.caps().exceeded(&harness).map(|(path, size, cap)| {
        format!("{path} has {size} bytes, more than [harness] max_growth allows ({cap}); shorten it")
    }));
    Ok(warnings)
}

/// A limit of a host, with the first line beyond it that an edit wrote: the gate accepted a line that is not read.
fn limit_warning(workspace: &Workspace, inputs: &Inputs, limit: &HostLimit) -> Result<String, CommandFailure> {
    let HostLimit { path, problem, .. } = limit;
    let written = match limit.unread_from {
        Some(line) => blame::first_edited(workspace, inputs, path, line)?,
        None => None,
    };
    Ok(match written {
        Some((line, edit)) => format!("{path}: {problem}. Edit {edit} wrote line {line}, which is not read"),
        None => format!("{path}: {problem}"),
    })
}

/// The lines that two texts have in common.
fn repeated(harness: &Harness, surfaces: &SurfaceTable) -> Vec<String> {
    let mut files: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (path, _) in harness.files().filter(|(path, _)| surfaces.is_prose(path)) {
        for line in harness.text(path).unwrap_or_default().lines() {
            let words = words_of(line);
            let paths = files.entry(words).or_default();
            if paths.last() != Some(&path) {
                paths.push(path);
            }
        }
    }
    let is_long = |line: &str| line.split(' ').count() >= FEWEST_WORDS;
    let many = files.iter().filter(|(line, paths)| paths.len() > 1 && is_long(line));
    let mut named: Vec<String> = many
        .map(|(line, paths)| format!("{} have the same line: {line}", paths.join(" and ")))
        .collect();
    let more = named.len().saturating_sub(MOST_NAMED);
    named.truncate(MOST_NAMED);
    if more > 0 {
        named.push(format!("{more} more lines are in two files"));
    }
    named
}

/// The words of a line, without a list marker and with single blanks.
fn words_of(line: &str) -> String {
    let line = line.trim();
    let bare = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = bare
        .strip_prefix(['.', ')'])
        .filter(|rest| bare != line && rest.starts_with(' '));
    let item = line.strip_prefix(['-', '*', '+']).filter(|rest| rest.starts_with(' '));
    let text = item.or(numbered).unwrap_or(line);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;

    #[test]
    fn long_lines_in_two_files_are_named_once() {
        let text = "[[harness.surface]]\nname = 'a'\npath = '*.md'\n";
        let manifest = Manifest::parse(std::path::Path::new("kaizen.toml"), text).unwrap();
        let harness = Harness::default()
            .with("a.md", "- Always run the tests before you finish.\nShort line.\n")
            .with("b.md", "1.  Always run  the tests before you finish.\nShort line.\n- Always run the tests before you finish.\n")
            .with("c.txt", "Always run the tests before you finish.\n");
        assert_eq!(
            repeated(&harness, &SurfaceTable::of(&manifest.harness)),
            ["a.md and b.md have the same line: Always run the tests before you finish."]
        );
    }
}
