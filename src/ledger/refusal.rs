//! Tells why a git process failed. git has no error codes, so its words are compared, in the locale C.

use std::process::Output;

use crate::ledger::port::LedgerError;
use crate::sys::disk::reported_problem;

/// What git prints if a partial clone lacks an object and cannot reach the remote that has it.
pub(super) const PROMISOR: &str = "promisor remote";

/// What git says if it has no name or email.
const UNKNOWN_USER: [&str; 3] = [
    "Please tell me who you are",
    "empty ident name",
    "auto-detection is disabled",
];

/// Failures for which git names no error of the system, each with a cause and a remedy.
const FAILURES: [(&str, &str, &str); 5] = [
    (
        "insufficient permission for adding an object",
        "access is denied",
        "give this user write access to the repository",
    ),
    (
        "unable to write new_index file",
        "it cannot write its index",
        "check the free space and the permissions of the repository",
    ),
    (
        "repository has been updated, but unable to write",
        "it made the commit, but cannot write its index",
        "free some space on the disk, then run `git restore --staged .`",
    ),
    (
        "write failure on standard output",
        "its output cannot be written",
        "check the free space of the disk",
    ),
    (
        "failed to sign the data",
        "the commit cannot be signed",
        "let `git commit -S` work in this terminal, or set `[ledger] sign = false`",
    ),
];

/// The error for a git process that failed.
pub(super) fn refusal(command: &str, output: &Output) -> LedgerError {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    let said = text(&output.stderr);
    if said.contains(PROMISOR) {
        return LedgerError::Partial;
    }
    if UNKNOWN_USER.iter().any(|words| said.contains(words)) {
        return LedgerError::NoIdentity;
    }
    if let Some((cause, remedy)) = problem(&said) {
        return LedgerError::System {
            command: command.to_owned(),
            cause,
            remedy,
            message: said,
        };
    }
    let message = match command {
        _ if !said.is_empty() => said,
        // Only `git commit` explains a failure on standard output; other commands print data there.
        "commit" if !output.stdout.is_empty() => text(&output.stdout),
        _ => format!("ended with {} and no message", output.status),
    };
    LedgerError::Git {
        command: command.to_owned(),
        message,
    }
}

/// The error for a git process that succeeded, but left out a folder that it could not read.
pub(super) fn omission(command: &str, output: &Output) -> Option<LedgerError> {
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said
        .lines()
        .find(|line| line.starts_with("warning: could not open directory "))?;
    let (cause, remedy) = problem(line)?;
    Some(LedgerError::System {
        command: command.to_owned(),
        cause,
        remedy,
        message: line.to_owned(),
    })
}

/// The cause and the remedy. Only git's own lines count, not those of a hook or of another program.
fn problem(said: &str) -> Option<(&'static str, &'static str)> {
    let starts = ["error: ", "fatal: ", "warning: "];
    let own = said
        .lines()
        .filter(|line| starts.iter().any(|start| line.starts_with(start)));
    let find = |line: &str| {
        let known = FAILURES.iter().find(|(words, ..)| line.contains(words));
        let known = known.map(|(_, cause, remedy)| (*cause, *remedy));
        known.or_else(|| reported_problem(line).map(|problem| (problem.cause, problem.remedy)))
    };
    own.into_iter().find_map(find)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_says_about_the_system_is_explained() {
        for (said, cause) in [
            (
                "error: unable to write file .git/objects/1: No space left on device\nfatal: x",
                "the disk is full",
            ),
            (
                "fatal: Unable to create '/w/.git/index.lock': Read-only file system",
                "the file system is read-only",
            ),
            (
                "error: insufficient permission for adding an object to repository database .git/objects",
                "access is denied",
            ),
            ("fatal: unable to write new_index file", "it cannot write its index"),
            (
                "error: gpg failed to sign the data\nfatal: failed to write commit object",
                "the commit cannot be signed",
            ),
        ] {
            assert_eq!(problem(said).map(|(cause, _)| cause), Some(cause), "{said}");
        }
    }

    #[test]
    fn a_folder_that_git_left_out_is_an_error() {
        let output = |said: &str| Output {
            status: Default::default(),
            stdout: Vec::new(),
            stderr: said.as_bytes().to_vec(),
        };
        let left_out = output("warning: could not open directory 'sessions/': Permission denied\n");
        let error = omission("add", &left_out).unwrap().to_string();
        assert!(
            error.contains("'sessions/'") && error.contains("give this user access"),
            "{error}"
        );
        // git works without the user's configuration.
        let no_home = output("warning: unable to access '/root/.config/git/attributes': Permission denied\n");
        assert!(omission("add", &no_home).is_none());
    }

    #[test]
    fn the_words_of_a_hook_are_not_gits() {
        let said = "cp: cannot create 'x': Permission denied\nfatal: no such ref: HEAD";
        assert_eq!(problem(said), None);
    }
}
