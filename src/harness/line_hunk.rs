//! The lines that differ between two harnesses. Pure.

use super::{FileChange, Harness};

/// Consecutive lines that differ, without line ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LineHunk {
    /// Those of the first harness.
    pub removed: Vec<String>,
    /// Those of the second one.
    pub added: Vec<String>,
}

/// The lines of two harnesses that differ, in the order of the files.
pub(crate) fn line_hunks(before: &Harness, after: &Harness) -> Vec<LineHunk> {
    before.changes(after).into_iter().flat_map(of_file).collect()
}

/// The lines of a file that differ.
pub(crate) fn of_file(change: FileChange) -> Vec<LineHunk> {
    let (old, new) = change.texts();
    let patch = diffy::DiffOptions::new().set_context_len(0).create_patch(&old, &new);
    patch.hunks().iter().map(|hunk| of_lines(hunk.lines())).collect()
}

fn of_lines(lines: &[diffy::Line<str>]) -> LineHunk {
    let mut hunk = LineHunk::default();
    let bare = |line: &str| line.trim_end_matches(['\n', '\r']).to_owned();
    for line in lines {
        match line {
            diffy::Line::Context(_) => {}
            diffy::Line::Delete(line) => hunk.removed.push(bare(line)),
            diffy::Line::Insert(line) => hunk.added.push(bare(line)),
        }
    }
    hunk
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_that_differs_is_a_hunk_of_its_own() {
        let harness = |text: &str| Harness::default().with("a.md", text);
        let found = line_hunks(&harness("a\nb\nc\nd\n"), &harness("a\nx\ny\nc\n"));
        let found: Vec<_> = found
            .iter()
            .map(|hunk| (hunk.removed.join(","), hunk.added.join(",")))
            .collect();
        assert_eq!(found, [("b".into(), "x,y".into()), ("d".into(), String::new())]);
    }
}
