//! Finds where files of the workspace come from: whether git tracks them, and who committed them in another repository.
#![allow(clippy::disallowed_methods)] // edge: the files of a repository

use std::fmt;
use std::fs::read_to_string;

use super::Git;
use super::process::{command, output, refusal};
use crate::ledger::port::LedgerError;

/// A commit that was made in another repository and arrived by clone or pull.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExternalCommit {
    /// The commit.
    pub commit: String,
    /// The name of its author.
    pub name: String,
    /// The author's mail address.
    pub mail: String,
}

impl fmt::Display for ExternalCommit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = &self.commit[..self.commit.len().min(10)];
        write!(f, "commit {digits} by {} <{}>", self.name, self.mail)
    }
}

impl Git {
    /// The tracked files at or below a path of the workspace, ignoring upper and lower case.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn tracked(&self, path: &str) -> Result<Vec<String>, LedgerError> {
        let mut listing = command(&self.workspace, &self.policy, &["ls-files", "-z", "--", path]);
        // git does not allow both settings together.
        listing
            .env_remove("GIT_LITERAL_PATHSPECS")
            .env("GIT_ICASE_PATHSPECS", "1");
        let answer = output(listing.env("GIT_OPTIONAL_LOCKS", "0"), &[], &self.policy)?;
        if !answer.status.success() {
            return Err(refusal("ls-files", &answer));
        }
        let text = String::from_utf8_lossy(&answer.stdout);
        Ok(text
            .split('\0')
            .filter(|path| !path.is_empty())
            .map(str::to_owned)
            .collect())
    }

    /// The commit that the present version of a file comes from, if it was made in another repository. `None` for a
    /// file that differs from HEAD or, according to the reflog, was last committed in this repository.
    ///
    /// # Errors
    /// git fails, or the path leads out of the workspace.
    pub(crate) fn brought_by(&self, path: &str) -> Result<Option<ExternalCommit>, LedgerError> {
        let path = path.to_owned();
        if !self.status(std::slice::from_ref(&path))?.is_empty() {
            return Ok(None);
        }
        let text = self.read(&["log", "-1", "--format=%H%x00%an%x00%ae", "HEAD", "--", &path], &[])?;
        let text = String::from_utf8_lossy(&text);
        let mut fields = text.trim_end().split('\0').map(str::to_owned);
        let (Some(commit), Some(name), Some(mail)) = (fields.next(), fields.next(), fields.next()) else {
            return Ok(None);
        };
        let found = ExternalCommit { commit, name, mail };
        Ok((!self.is_made_here(&found.commit)).then_some(found))
    }

    /// Whether the reflog of HEAD says that a commit was made in this repository. The reflog is not transferred by
    /// clone or pull.
    fn is_made_here(&self, commit: &str) -> bool {
        let log = read_to_string(self.git_dir.join("logs/HEAD")).unwrap_or_default();
        log.lines().any(|line| is_commit(line, commit))
    }
}

/// Whether a line of a reflog records the creation of this commit: `<old> <new> <who> <when>\tcommit…`.
fn is_commit(line: &str, commit: &str) -> bool {
    let (change, reason) = line.split_once('\t').unwrap_or_default();
    change.split(' ').nth(1) == Some(commit) && reason.starts_with("commit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_commit_is_made_here() {
        let line = |reason: &str| format!("aa bb A <a@a> 1 +0000\t{reason}");
        for (reason, expected) in [
            ("commit: x", true),
            ("commit (initial): x", true),
            ("commit (amend): x", true),
            ("clone: from /x", false),
            ("pull: Fast-forward", false),
            ("rebase (pick): commit: x", false),
            ("checkout: moving from commit to b", false),
        ] {
            assert_eq!(is_commit(&line(reason), "bb"), expected, "{reason}");
        }
        assert!(!is_commit(&line("commit: x"), "aa"));
    }
}
