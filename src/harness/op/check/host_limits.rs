//! Limits of hosts: the Agent Skills specification, and how much of AGENTS.md files Codex reads.

use std::collections::BTreeSet;

use crate::harness::format::front_matter::body;
use crate::harness::op::inapplicable::Inapplicable;
use crate::harness::skills::{is_skill, stated};
use crate::harness::{FileChange, Harness};
use crate::manifest::relative_path::folder_of;
use crate::manifest::surface::SurfaceFormat;

/// The most characters of a skill's name.
const LONGEST_NAME: usize = 64;
/// The most characters of a skill's description.
const LONGEST_DESCRIPTION: usize = 1024;
/// The most lines that a skill's body should have.
const MOST_BODY_LINES: usize = 500;
/// The most files that a remark names.
const MOST_NAMED: usize = 3;
/// The most bytes of AGENTS.md files that Codex reads, by default: those of the folders from the root of the repository to
/// the working directory together.
const MOST_OF_AGENTS: usize = 32 * 1024;

/// Refuses a change of a file that makes a host reject it, or read only a part of it. A fault that was there before is not
/// that of the edit.
pub(super) fn check(path: &str, before: &Harness, after: &Harness) -> Result<(), Inapplicable> {
    let problem = |harness: &Harness| skill_problem(path, harness).or_else(|| agents_problem(path, harness));
    match problem(after).filter(|found| problem(before).as_ref() != Some(found)) {
        Some(problem) if !is_smaller(path, before, after) => Err(Inapplicable::Limit {
            path: path.to_owned(),
            problem,
        }),
        _ => Ok(()),
    }
}

/// A file that a host rejects, or does not read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostLimit {
    /// The file.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
    /// The first line that the host does not read, or reads only in part; `None` if it rejects the file.
    pub unread_from: Option<usize>,
}

/// The limits that a harness exceeds.
pub(in crate::harness::op) fn limits(harness: &Harness) -> Vec<HostLimit> {
    let rejected = harness.files().filter_map(|(path, _)| {
        Some(HostLimit {
            problem: skill_problem(path, harness)?,
            path: path.to_owned(),
            unread_from: None,
        })
    });
    let agents = harness.files().map(|(path, _)| path).filter(|path| is_agents(path));
    let cuts: BTreeSet<(String, usize)> = agents.filter_map(|path| cut(folder_of(path), harness)).collect();
    let unread = cuts.into_iter().map(|(path, line)| HostLimit {
        problem: format!(
            "Codex reads {} KiB of AGENTS.md files in all, and nothing from line {line} on; shorten it",
            MOST_OF_AGENTS / 1024
        ),
        path,
        unread_from: Some(line),
    });
    rejected.chain(unread).collect()
}

/// The file and the line at which Codex stops when it works in a folder; `None` if it reads everything.
fn cut(folder: &str, harness: &Harness) -> Option<(String, usize)> {
    let mut left = MOST_OF_AGENTS;
    for (path, bytes) in chain(folder, harness) {
        if bytes.len() > left {
            let read = &bytes[..left];
            return Some((path, 1 + read.iter().filter(|byte| **byte == b'\n').count()));
        }
        left -= bytes.len();
    }
    None
}

/// Whether an edit makes AGENTS.md files smaller that are too large anyway.
fn is_smaller(path: &str, before: &Harness, after: &Harness) -> bool {
    let size = |harness: &Harness| harness.get(path).map_or(0, <[u8]>::len);
    is_agents(path) && agents_problem(path, before).is_some() && size(after) <= size(before)
}

/// What is wrong with a skill, by the specification of Agent Skills.
fn skill_problem(path: &str, harness: &Harness) -> Option<String> {
    let folder = path.rsplit('/').nth(1).filter(|_| is_skill(path))?;
    let text = harness.text(path)?;
    let [name, description] = stated(text);
    let Some(name) = name else {
        return Some(format!(
            "a skill needs a front matter with `name: {folder}` and `description`: the first lines `---`, `name: {folder}`, \
             `description: …` and `---`; add them by hand if the file has none, because no edit names a skill"
        ));
    };
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_name = name.chars().all(is_plain) && !name.starts_with('-') && !name.ends_with('-') && !name.contains("--");
    if name.is_empty() || name.len() > LONGEST_NAME || !is_name {
        return Some(format!(
            "the name of a skill has 1 to {LONGEST_NAME} characters a-z, 0-9 and single `-` between them"
        ));
    }
    if name != folder {
        return Some(format!(
            "the name of a skill is that of its folder, `{folder}`, and not `{name}`"
        ));
    }
    match description.unwrap_or_default().chars().count() {
        1..=LONGEST_DESCRIPTION => None,
        0 => Some(format!(
            "a skill needs a `description` of 1 to {LONGEST_DESCRIPTION} characters"
        )),
        length => Some(format!(
            "the `description` of a skill has at most {LONGEST_DESCRIPTION} characters, and this one has {length}"
        )),
    }
}

fn is_agents(path: &str) -> bool {
    matches!(path.rsplit('/').next(), Some("AGENTS.md" | "AGENTS.override.md"))
}

/// Whether a chain of AGENTS.md files through this one is larger than Codex reads.
fn agents_problem(path: &str, harness: &Harness) -> Option<String> {
    if !is_agents(path) || harness.get(path).is_none() {
        return None;
    }
    let folders = harness
        .files()
        .map(|(path, _)| path)
        .filter(|path| is_agents(path))
        .map(folder_of);
    let own = folder_of(path);
    let is_on_the_way = |folder: &&str| own.is_empty() || *folder == own || folder.starts_with(&format!("{own}/"));
    let largest = folders
        .filter(is_on_the_way)
        .map(|folder| size(folder, harness))
        .max()?;
    (largest > MOST_OF_AGENTS).then(|| {
        format!(
            "Codex reads {} KiB of AGENTS.md files in all, and would not read the rest of {largest} bytes; shorten it",
            MOST_OF_AGENTS / 1024
        )
    })
}

/// The AGENTS.md files from the root to a folder, one of each folder.
fn chain<'h>(folder: &str, harness: &'h Harness) -> impl Iterator<Item = (String, &'h [u8])> {
    let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
    let folders = ends
        .map(|end| format!("{}/", &folder[..end]))
        .filter(|folder| folder != "/");
    std::iter::once(String::new()).chain(folders).filter_map(|folder| {
        let file = |name: &str| {
            let path = format!("{folder}{name}");
            let bytes = harness.get(&path)?;
            Some((path, bytes))
        };
        file("AGENTS.override.md").or_else(|| file("AGENTS.md"))
    })
}

/// The size of these files together, in bytes.
fn size(folder: &str, harness: &Harness) -> usize {
    chain(folder, harness).map(|(_, bytes)| bytes.len()).sum()
}

/// What a person should know about changed skills, though their host accepts them.
pub(in crate::harness::op) fn remarks(before: &Harness, after: &Harness) -> Vec<String> {
    let changes = before.changes(after);
    let skills = changes.iter().filter(|change| is_skill(&change.path));
    let remark = |change: &FileChange| match &change.after {
        Some(_) => long_body(change),
        None => leftover(&change.path, after),
    };
    skills.filter_map(remark).collect()
}

fn long_body(change: &FileChange) -> Option<String> {
    let (old, new) = change.texts();
    let body = |text| body(SurfaceFormat::FrontMatter, text).unwrap_or(text);
    let lines = |text| body(text).lines().count();
    let is_new = lines(&new) > MOST_BODY_LINES && lines(&old) <= MOST_BODY_LINES;
    is_new.then(|| format!("the body of {} has more than {MOST_BODY_LINES} lines", change.path))
}

/// What stays of a removed skill. Another skill may use its scripts, and no edit may change them, so that a person decides.
fn leftover(path: &str, after: &Harness) -> Option<String> {
    let folder = Some(folder_of(path)).filter(|folder| !folder.is_empty())?;
    let is_left = |file: &&str| file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    let left: Vec<&str> = after.files().map(|(file, _)| file).filter(is_left).collect();
    let more = match left.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named = left.get(..MOST_NAMED).unwrap_or(&left).join(", ");
    let does = if left.len() == 1 { "stays" } else { "stay" };
    (!left.is_empty())
        .then(|| format!("the skill of {folder} is gone, and {named}{more} {does}; remove or move them by hand"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skill(name: &str, description: &str) -> Harness {
        let text = format!("---\nname: {name}\ndescription: {description}\n---\n\nBody\n");
        Harness::default().with("s/convert/SKILL.md", text)
    }

    #[test]
    fn a_skill_obeys_its_specification() {
        let long = "x".repeat(1025);
        for (name, description, words) in [
            ("convert", "Converts.", None),
            ("\"convert\"", "'é: 1'", None),
            ("Convert", "x", Some("a-z, 0-9")),
            ("con--vert", "x", Some("single `-`")),
            ("other", "x", Some("that of its folder, `convert`")),
            ("convert", "", Some("needs a `description`")),
            ("convert", &long, Some("this one has 1025")),
        ] {
            let found = check("s/convert/SKILL.md", &Harness::default(), &skill(name, description));
            match words {
                None => assert_eq!(found, Ok(()), "{name}"),
                Some(words) => assert!(found.unwrap_err().to_string().contains(words), "{name}"),
            }
        }
        for path in ["s/convert/SKILL.md", "s/convert/skill.md"] {
            let bare = Harness::default().with(path, "Body");
            let problem = check(path, &Harness::default(), &bare).unwrap_err().to_string();
            assert!(
                problem.contains("`name: convert` and `description`") && problem.contains("by hand"),
                "{problem}"
            );
        }
        // A fault of before is not that of the edit.
        assert_eq!(
            check("s/convert/SKILL.md", &skill("other", "x"), &skill("other", "y")),
            Ok(())
        );
    }

    #[test]
    fn codex_reads_32_kib_of_a_chain() {
        let of = |root: usize, leaf: usize| {
            Harness::default()
                .with("AGENTS.md", "x".repeat(root))
                .with("a/b/AGENTS.md", "y".repeat(leaf))
        };
        let fits = of(20_000, 12_000);
        for (after, path, is_refused) in [
            (of(20_000, 13_000), "a/b/AGENTS.md", true),
            (of(20_768, 12_000), "AGENTS.md", false),
            (of(20_769, 12_000), "AGENTS.md", true),
            (
                of(20_000, 12_000).with("c/AGENTS.md", "z".repeat(12_768)),
                "c/AGENTS.md",
                false,
            ),
        ] {
            assert_eq!(check(path, &fits, &after).is_err(), is_refused, "{path}");
        }
        assert_eq!(check("AGENTS.md", &of(40_000, 0), &of(39_000, 0)), Ok(()));
    }

    #[test]
    fn the_line_at_which_codex_stops_is_named_once() {
        let line = "x".repeat(99) + "\n";
        let harness = Harness::default()
            .with("AGENTS.md", line.repeat(300))
            .with("a/AGENTS.md", line.repeat(50))
            .with("a/b/AGENTS.md", "more\n")
            .with("c/AGENTS.md", line.repeat(20));
        let found: Vec<(String, Option<usize>)> = limits(&harness)
            .into_iter()
            .map(|limit| (limit.path, limit.unread_from))
            .collect();
        // 27 lines of a/AGENTS.md fit, and 68 bytes of the next one.
        assert_eq!(found, [("a/AGENTS.md".to_owned(), Some(28))]);
        assert!(limits(&harness.without("a/AGENTS.md")).is_empty());
    }

    #[test]
    fn a_long_body_is_remarked_once() {
        let of = |lines: usize| Harness::default().with("a/SKILL.md", "x\n".repeat(lines));
        assert_eq!(remarks(&of(500), &of(501)).len(), 1);
        assert!(remarks(&of(501), &of(502)).is_empty());
    }

    #[test]
    fn what_stays_of_a_removed_skill_is_named() {
        let before = Harness::default()
            .with("s/a/SKILL.md", "x")
            .with("s/a/scripts/run.py", "x")
            .with("s/ab/SKILL.md", "x");
        let told = remarks(&before, &before.clone().without("s/a/SKILL.md"));
        assert_eq!(
            told,
            ["the skill of s/a is gone, and s/a/scripts/run.py stays; remove or move them by hand"]
        );
        let whole = before.clone().without("s/a/SKILL.md").without("s/a/scripts/run.py");
        assert!(
            remarks(&before, &whole).is_empty()
                && remarks(&before, &before.clone().without("s/ab/SKILL.md")).is_empty()
        );
    }
}
