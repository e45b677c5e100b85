//! Remedies for problems of the operating system, chosen by the kind of error.

use std::fmt;
use std::io::{Error, ErrorKind};

/// A problem that a person can solve.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SystemProblem {
    /// The kind of error; `Other` if it has no stable kind.
    kind: ErrorKind,
    /// Its number on all Unix systems if it has no stable kind.
    number: Option<i32>,
    /// The words of the C library, which other programs print.
    words: &'static str,
    /// The problem, in plain words.
    pub cause: &'static str,
    /// What a person can do.
    pub remedy: &'static str,
}

const fn of_kind(kind: ErrorKind, words: &'static str, cause: &'static str, remedy: &'static str) -> SystemProblem {
    SystemProblem {
        kind,
        number: None,
        words,
        cause,
        remedy,
    }
}

const fn of_number(number: i32, words: &'static str, cause: &'static str, remedy: &'static str) -> SystemProblem {
    SystemProblem {
        number: Some(number),
        ..of_kind(ErrorKind::Other, words, cause, remedy)
    }
}

/// How to get access to a file.
const ACCESS: &str = "give this user access (`ls -ld` shows the owner and the mode of a file and of its folder)";

static PROBLEMS: [SystemProblem; 12] = [
    of_kind(
        ErrorKind::StorageFull,
        "No space left on device",
        "the disk is full",
        "free some space on it (`df -h`, `df -i`), then run the command again",
    ),
    of_kind(
        ErrorKind::QuotaExceeded,
        "Disk quota exceeded",
        "the disk quota is used up",
        "free some space within the quota, then run the command again",
    ),
    of_kind(
        ErrorKind::ReadOnlyFilesystem,
        "Read-only file system",
        "the file system is read-only",
        "mount it writable, or work in a copy",
    ),
    of_kind(
        ErrorKind::PermissionDenied,
        "Permission denied",
        "access is denied",
        ACCESS,
    ),
    of_kind(
        ErrorKind::PermissionDenied,
        "Operation not permitted",
        "access is denied",
        ACCESS,
    ),
    of_kind(
        ErrorKind::ResourceBusy,
        "Device or resource busy",
        "the file is a mount point or in use",
        "mount its folder instead of the file, or end the program that uses it",
    ),
    of_kind(
        ErrorKind::FileTooLarge,
        "File too large",
        "the file is too large",
        "raise the limit on the size of files (`ulimit -f`), or use another file system",
    ),
    of_kind(
        ErrorKind::InvalidFilename,
        "File name too long",
        "the name is too long",
        "shorten the names of the file and its folders",
    ),
    of_kind(
        ErrorKind::StaleNetworkFileHandle,
        "Stale file handle",
        "the network file system has changed",
        "mount it again",
    ),
    of_number(
        5,
        "Input/output error",
        "the disk failed",
        "check the disk and its connection (`dmesg`), and copy your files to a safe place",
    ),
    of_number(
        24,
        "Too many open files",
        "too many files are open",
        "raise the limit (`ulimit -n`)",
    ),
    of_number(
        23,
        "Too many open files in system",
        "too many files are open on this machine",
        "close some programs",
    ),
];

/// The problem behind an error of the operating system; `None` if what to do depends on the operation.
fn problem(error: &Error) -> Option<&'static SystemProblem> {
    let number = error.raw_os_error().filter(|_| cfg!(unix));
    PROBLEMS.iter().find(|problem| match problem.number {
        Some(_) => problem.number == number,
        None => problem.kind == error.kind(),
    })
}

/// The end of a remedy after which an unfinished command goes on.
const AGAIN: &str = ", then run the command again";

/// An error of the operating system in a stream, followed by a remedy if there is one. Output is all that is lost, so the
/// command need not run again.
pub(crate) fn of_output(error: &Error) -> String {
    match problem(error) {
        Some(problem) => format!(
            "{error}; {}",
            problem.remedy.strip_suffix(AGAIN).unwrap_or(problem.remedy)
        ),
        None => error.to_string(),
    }
}

/// What a person can do about this kind of error.
pub(crate) fn remedy(kind: ErrorKind) -> Option<&'static str> {
    problem(&kind.into()).map(|problem| problem.remedy)
}

/// The problem that another program reports in the words of the C library, in the locale C.
pub(crate) fn reported_problem(text: &str) -> Option<&'static SystemProblem> {
    PROBLEMS.iter().find(|problem| text.contains(problem.words))
}

/// An error of the operating system, followed by a remedy if there is one.
#[derive(Debug)]
pub(crate) struct ErrorWithRemedy<'a>(pub &'a Error);

impl fmt::Display for ErrorWithRemedy<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}", self.0)?;
        problem(self.0).map_or(Ok(()), |problem| write!(to, "; {}", problem.remedy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_its_remedy() {
        for problem in &PROBLEMS {
            let by_kind = remedy(problem.kind).is_some();
            assert_eq!(by_kind, problem.number.is_none(), "{}", problem.words);
        }
        assert_eq!(remedy(ErrorKind::NotFound), None);
        let full = of_output(&ErrorKind::StorageFull.into());
        assert!(full.contains("free some space") && !full.contains("again"), "{full}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_numbers_and_words_of_linux_have_their_remedies() {
        // ENOSPC, EDQUOT, EROFS, EACCES, EPERM, EBUSY, EFBIG, EIO, EMFILE, ENFILE, ENAMETOOLONG, ESTALE.
        for number in [28, 122, 30, 13, 1, 16, 27, 5, 24, 23, 36, 116] {
            let error = Error::from_raw_os_error(number);
            let found = problem(&error).unwrap_or_else(|| panic!("{error}"));
            let text = ErrorWithRemedy(&error).to_string();
            assert!(text.ends_with(&format!("; {}", found.remedy)), "{text}");
            let reported = reported_problem(&format!("fatal: cannot write: {error}")).unwrap();
            assert_eq!(reported.kind, found.kind, "{error}");
        }
        let text = ErrorWithRemedy(&Error::from_raw_os_error(28)).to_string();
        assert!(
            text.starts_with("No space left on device (os error 28); free some space"),
            "{text}"
        );
    }
}
