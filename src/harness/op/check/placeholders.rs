//! Checks that an edit keeps the placeholders that a host or a program fills in.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::harness::Harness;
use crate::harness::format::front_matter::body;
use crate::harness::format::values;
use crate::harness::layout::imports::is_text;
use crate::harness::op::OpRules;
use crate::harness::op::inapplicable::Inapplicable;
use crate::harness::op::replacement::{spellings, variables};
use crate::manifest::placeholder::PlaceholderKind;
use crate::manifest::relative_path::beside;
use crate::manifest::surface::SurfaceFormat;

/// A changed file whose values are compared one by one.
pub(super) struct ChangedFile<'a> {
    pub path: &'a str,
    pub format: Option<SurfaceFormat>,
    pub old: &'a str,
    pub new: &'a str,
    /// Whether the edit replaces examples, which no host fills in.
    pub has_examples: bool,
    /// Whether the edit sets whole values, so that no item of a list leaves it alone.
    pub sets_values: bool,
}

/// Refuses a value that lacks a placeholder of the old one.
pub(super) fn check(file: &ChangedFile, filled: &FilledPlaceholders) -> Result<(), Inapplicable> {
    let mut lost = BTreeSet::new();
    for (old, new) in file.changed_values() {
        let kept = filled.of_text(&new);
        let gone = filled.of_text(&old).into_iter().filter(|name| !kept.contains(name));
        let spelled = spellings(&old);
        lost.extend(gone.map(|name| spelled.get(&name).map_or(name.clone(), |words| (*words).to_owned())));
    }
    let lost: Vec<String> = lost.into_iter().collect();
    match lost.is_empty() {
        true => Ok(()),
        false => Err(Inapplicable::Lost {
            path: file.path.to_owned(),
            placeholders: format!("`{}`", lost.join("`, `")),
        }),
    }
}

impl ChangedFile<'_> {
    /// The old and the new text of each value that differs. The text of a file that has no keys, or cannot be read, is one
    /// value, and so is the body under a front matter.
    fn changed_values(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let format = self.format.unwrap_or(SurfaceFormat::Text);
        let body = |text| body(format, text).unwrap_or(text);
        let (old, new) = (body(self.old), body(self.new));
        match (values(format, self.old), values(format, self.new)) {
            (Ok(before), Ok(after)) => self.collect(&before, &after, &mut found),
            _ => return vec![(self.old.to_owned(), self.new.to_owned())],
        }
        if format.is_headed() {
            found.push((old.to_owned(), new.to_owned()));
        }
        found
    }

    /// Adds the texts that differ between two values. An item that leaves a list takes its placeholders with it.
    fn collect(&self, old: &Json, new: &Json, found: &mut Vec<(String, String)>) {
        match (old, new) {
            (old, new) if old == new => {}
            (Json::Object(fields), new) => {
                for (name, value) in fields {
                    self.collect(value, new.get(name).unwrap_or(&Json::Null), found);
                }
            }
            (Json::Array(items), Json::Array(wanted)) => {
                if self.has_examples && items.iter().any(Json::is_object) {
                    return;
                }
                if self.sets_values {
                    found.push((old.to_string(), new.to_string()));
                }
                // An item that changed is one that stands where another one stood.
                let pairs = items.iter().zip(wanted).filter(|_| items.len() == wanted.len());
                for (item, new) in pairs.filter(|(item, new)| !wanted.contains(item) && !items.contains(new)) {
                    self.collect(item, new, found);
                }
            }
            (Json::String(old), new) => {
                let new = match new {
                    Json::String(new) => new.clone(),
                    Json::Null => String::new(),
                    other => other.to_string(),
                };
                found.push((old.clone(), new));
            }
            _ => {}
        }
    }
}

/// The placeholders of a file that its host fills in.
pub(in crate::harness::op) struct FilledPlaceholders<'h> {
    path: &'h str,
    kinds: Vec<PlaceholderKind>,
    harness: &'h Harness,
}

impl<'h> FilledPlaceholders<'h> {
    /// Those that the surface of the file states, else those of the hosts that have the file.
    pub(in crate::harness::op) fn of(path: &'h str, harness: &'h Harness, rules: &OpRules) -> Self {
        let stated = rules.surfaces.find(path).and_then(|surface| surface.fills.clone());
        let kinds = stated.or_else(|| rules.guard.fills(path, harness));
        Self {
            path,
            kinds: kinds.unwrap_or_else(|| PlaceholderKind::USUAL.to_vec()),
            harness,
        }
    }

    /// The placeholders of a text. In Markdown, code contains neither `{x}` nor `@path`, because it shows them to the reader.
    pub(in crate::harness::op) fn of_text(&self, text: &str) -> BTreeSet<String> {
        let prose = match SurfaceFormat::of(self.path) {
            SurfaceFormat::FrontMatter => without_code(text),
            _ => text.to_owned(),
        };
        self.kinds
            .iter()
            .flat_map(|kind| self.of_kind(*kind, text, &prose))
            .collect()
    }

    fn of_kind(&self, kind: PlaceholderKind, text: &str, prose: &str) -> Vec<String> {
        let picked = |text: &str, is_picked: fn(&str) -> bool| -> Vec<String> {
            let all = variables(text).into_iter();
            all.filter(|name| is_picked(name)).collect()
        };
        match kind {
            PlaceholderKind::Braces => picked(prose, is_in_braces),
            PlaceholderKind::Templates => picked(text, is_template),
            PlaceholderKind::Args => picked(text, |name| name == "{{args}}"),
            PlaceholderKind::Arguments => {
                let all = text.contains("$@").then(|| "$@".to_owned());
                picked(text, |name| name == "$ARGUMENTS")
                    .into_iter()
                    .chain(all)
                    .collect()
            }
            PlaceholderKind::NumberedArguments => picked(text, is_numbered_argument),
            PlaceholderKind::NamedArguments => picked(text, is_named_argument),
            PlaceholderKind::Variables => shell_variables(text).collect(),
            PlaceholderKind::HostVariables => shell_variables(text)
                .filter(|name| name.starts_with("${CLAUDE_"))
                .collect(),
            PlaceholderKind::Commands => commands(text).collect(),
            PlaceholderKind::Sources => sources(prose).collect(),
            PlaceholderKind::Imports => self.imports(text, prose),
            PlaceholderKind::HashFiles => between(text, "#[[file:", "]]")
                .map(|(whole, _)| whole.to_owned())
                .collect(),
            // A text may lose a link, or replace a file that is named by its address, and no variable of the environment has
            // to stay.
            PlaceholderKind::FileLinks
            | PlaceholderKind::FileUris
            | PlaceholderKind::EnvMembers
            | PlaceholderKind::EnvNames
            | PlaceholderKind::EnvTemplates => Vec::new(),
        }
    }

    /// The imports of files: of those that the harness has, and of those that are surely meant as files.
    fn imports(&self, text: &str, prose: &str) -> Vec<String> {
        let is_file = |path: &&str| {
            let known = beside(self.path, path).is_some_and(|path| self.harness.get(&path).is_some());
            known || self.harness.get(path).is_some() || is_surely_file(path)
        };
        let plain = imports(prose).filter(is_file).map(|path| format!("@{path}"));
        plain.chain(in_braces(text, "@{").map(str::to_owned)).collect()
    }
}

fn is_in_braces(name: &str) -> bool {
    name.starts_with('{') && !is_template(name) && !is_source(name)
}

fn is_source(name: &str) -> bool {
    ["{file:", "{env:"].iter().any(|open| name.starts_with(open))
}

/// What begins with `open` and ends with the next `}` of its line.
pub(super) fn in_braces<'t>(text: &'t str, open: &'static str) -> impl Iterator<Item = &'t str> {
    text.match_indices(open).filter_map(|(at, _)| {
        let rest = &text[at..];
        let end = rest.find(['}', '\n']).filter(|end| rest[*end..].starts_with('}'))?;
        Some(&rest[..=end])
    })
}

fn is_template(name: &str) -> bool {
    name.starts_with("{{") || name.starts_with("{%")
}

fn is_numbered_argument(name: &str) -> bool {
    name.strip_prefix('$')
        .is_some_and(|name| name.starts_with(|c: char| c.is_ascii_digit()))
}

fn is_named_argument(name: &str) -> bool {
    let name = name.strip_prefix('$').unwrap_or_default();
    name.starts_with(|c: char| c.is_ascii_uppercase()) && !name.contains(|c: char| c.is_ascii_lowercase())
}

/// Whether a path is surely meant as one: names of people and of packages begin with `@` as well.
fn is_surely_file(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let has_extension = name.trim_start_matches('.').contains('.');
    is_text(path) || !folder.is_empty() && has_extension || path.starts_with(['.', '~', '/'])
}

/// The variables `${x}` and `${input:x}` of a text.
fn shell_variables(text: &str) -> impl Iterator<Item = String> {
    let is_name = |found: &&str| found[2..].starts_with(|c: char| c.is_alphabetic());
    in_braces(text, "${").filter(is_name).map(str::to_owned)
}

/// The files and variables that a host inserts: `{file:./x.md}`, `{env:X}`.
fn sources(text: &str) -> impl Iterator<Item = String> {
    in_braces(text, "{").filter(|found| is_source(found)).map(str::to_owned)
}

/// What stands between two marks, with them and without.
pub(super) fn between<'t>(
    text: &'t str,
    open: &'static str,
    close: &'static str,
) -> impl Iterator<Item = (&'t str, &'t str)> {
    text.match_indices(open).filter_map(move |(at, _)| {
        let rest = &text[at..];
        let inner = &rest[open.len()..];
        let end = inner.find(close)?;
        Some((&rest[..open.len() + end + close.len()], &inner[..end]))
    })
}

/// The shell commands whose output a host inserts: `!{…}` and `` !`…` ``.
fn commands(text: &str) -> impl Iterator<Item = String> {
    let closing = |rest: &str| match rest.chars().nth(1) {
        Some('{') => Some('}'),
        Some('`') => Some('`'),
        _ => None,
    };
    text.match_indices('!').filter_map(move |(at, _)| {
        let rest = &text[at..];
        let end = rest[2.min(rest.len())..].find(closing(rest)?)? + 3;
        let inner = rest.get(..end)?;
        (!inner.contains('\n')).then(|| inner.to_owned())
    })
}

/// The paths that a text imports with `@`.
pub(super) fn imports(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '~');
    text.match_indices('@').filter_map(move |(at, _)| {
        let is_start = text[..at]
            .chars()
            .next_back()
            .is_none_or(|before| before.is_whitespace() || before == '(');
        let rest = &text[at + 1..];
        let path = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        let path = path.trim_end_matches('.');
        (is_start && path.contains(['.', '/'])).then_some(path)
    })
}

/// A Markdown text with its code blocks and code spans left out.
pub(super) fn without_code(text: &str) -> String {
    let (mut prose, mut fence): (String, Option<&str>) = (String::new(), None);
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        let run = ["```", "~~~"].into_iter().find(|run| bare.starts_with(run));
        match (run, fence) {
            (Some(run), Some(open)) if run == open => fence = None,
            (Some(run), None) => fence = Some(run),
            (_, None) => prose += &without_spans(line),
            _ => {}
        }
    }
    prose
}

fn without_spans(line: &str) -> String {
    let pieces: Vec<&str> = line.split('`').collect();
    // The last of an even number of pieces opens no span.
    let is_prose = |at: usize| at.is_multiple_of(2) || at + 1 == pieces.len();
    let kept = pieces.iter().enumerate().filter(|(at, _)| is_prose(*at));
    kept.map(|(_, piece)| *piece).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "placeholders_tests.rs"]
mod tests;
