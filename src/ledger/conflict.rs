//! Finds out whether a file that cannot be parsed holds the unresolved conflict of a merge, and how to finish the merge.
#![allow(clippy::disallowed_methods)] // edge: a file that may be any file of the work tree

use std::path::{Path, PathBuf};

use super::{Git, Policy};

/// A file with the markers that git writes where two versions conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MergeConflict {
    path: PathBuf,
    /// The line of the first marker, from 1.
    line: usize,
    /// Whether git counts the file as unmerged.
    is_unmerged: bool,
    /// The merge, rebase, cherry-pick or revert that is not finished.
    operation: Option<&'static str>,
}

/// The length of a marker, unless an attribute sets another.
const MARKER: usize = 7;

impl MergeConflict {
    /// The conflict in a file; `None` if it has no markers, or cannot be read.
    pub(crate) fn of_file(path: &Path) -> Option<Self> {
        let line = first_marker(&std::fs::read_to_string(path).ok()?)?;
        let git = path
            .parent()
            .and_then(|folder| Git::open(folder, Policy::default()).ok());
        let name = path.file_name()?.to_string_lossy();
        let unmerged = |git: &Git| git.read(&["ls-files", "--unmerged", "--", &name], &[]).ok();
        let operation = git.as_ref().and_then(|git| git.unfinished().ok().flatten());
        Some(Self {
            path: path.to_owned(),
            line,
            is_unmerged: git
                .as_ref()
                .and_then(unmerged)
                .is_some_and(|listing| !listing.is_empty()),
            operation,
        })
    }

    /// What happened.
    pub(crate) fn cause(&self) -> String {
        let operation = match (self.operation, self.is_unmerged) {
            (Some(operation), _) => format!(": a {operation} is not finished"),
            (None, true) => ": two versions of it were merged, and nobody has chosen yet".to_owned(),
            (None, false) => String::new(),
        };
        format!(
            "{}:{} has the conflict markers of git{operation}",
            self.path.display(),
            self.line
        )
    }

    /// How to resolve it.
    pub(crate) fn remedy(&self) -> String {
        let path = self.path.display();
        if !self.is_unmerged {
            return "edit the file: keep one version of each part, and delete the lines that begin with <<<<<<<, ======= \
                    and >>>>>>>"
                .to_owned();
        }
        let end = match self.operation {
            Some(operation @ ("merge" | "rebase" | "cherry-pick" | "revert")) => {
                format!(" and `git {operation} --continue`")
            }
            Some(_) => " and do what `git status` says".to_owned(),
            None => String::new(),
        };
        format!(
            "choose a version: `git checkout --ours {path}` is that of HEAD, `--theirs` the other one; or edit the file; \
             then `git add {path}`{end}"
        )
    }
}

/// The line of the first marker, from 1, if the text has all three kinds of them in order.
fn first_marker(text: &str) -> Option<usize> {
    let is_marker = |line: &str, sign: char| {
        let signs = line.chars().take_while(|c| *c == sign).count();
        signs >= MARKER && line[signs..].chars().next().is_none_or(char::is_whitespace)
    };
    let mut lines = text.lines().enumerate();
    let (first, _) = lines.find(|(_, line)| is_marker(line, '<'))?;
    lines.find(|(_, line)| is_marker(line, '='))?;
    lines.find(|(_, line)| is_marker(line, '>'))?;
    Some(first + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_told_from_other_lines() {
        let conflict = "{\n<<<<<<< HEAD\n  \"a\": 1\n=======\n  \"a\": 2\n>>>>>>> other\n}\n";
        assert_eq!(first_marker(conflict), Some(2));
        assert_eq!(first_marker(&conflict.replace('\n', "\r\n")), Some(2));
        let with_base = "<<<<<<< ours\na\n||||||| base\nb\n=======\nc\n>>>>>>> theirs\n";
        assert_eq!(first_marker(with_base), Some(1));
        for text in [
            "",
            "<<<<<<< HEAD\n",
            "<<<<<<<a\n=======\n>>>>>>> b\n",
            "Title\n=======\n",
            ">>>>>>> a\n=======\n<<<<<<< b\n",
            "\"<<<<<<< a\"\n=======\n>>>>>>> b\n",
        ] {
            assert_eq!(first_marker(text), None, "{text}");
        }
    }
}
