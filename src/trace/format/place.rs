//! Place: where something stands in a file, and what was skipped there.

use std::fmt;

/// Where something stands in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SourceLocation {
    /// A line, from 1.
    Line(usize),
    /// A JSON pointer; empty for the whole file.
    Pointer(String),
    /// A JSON pointer in a file of an archive.
    Part(String, String),
}

impl SourceLocation {
    /// A place within this one.
    #[must_use]
    pub(crate) fn inner(&self, key: &str) -> Self {
        let key = key.replace('~', "~0").replace('/', "~1");
        match self {
            // A line is what a person looks up; what stands in it is found by eye.
            Self::Line(number) => Self::Line(*number),
            Self::Pointer(pointer) => Self::Pointer(format!("{pointer}/{key}")),
            Self::Part(part, pointer) => Self::Part(part.clone(), format!("{pointer}/{key}")),
        }
    }

    /// Something here is lost.
    pub(crate) fn skipped(&self, reason: impl Into<String>) -> Skipped {
        Skipped {
            place: self.clone(),
            reason: reason.into(),
            is_loss: true,
            is_end: false,
        }
    }

    /// Reading stopped here; the rest of the file is unknown.
    pub(crate) fn ended(&self, reason: impl Into<String>) -> Skipped {
        Skipped {
            is_end: true,
            ..self.skipped(reason)
        }
    }

    /// Something here is no part of a trace, and nobody misses it.
    pub(crate) fn passed_over(&self, reason: impl Into<String>) -> Skipped {
        Skipped {
            is_loss: false,
            ..self.skipped(reason)
        }
    }
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Pointer(pointer) if pointer.is_empty() => write!(f, "the whole file"),
            Self::Pointer(pointer) => write!(f, "{pointer}"),
            Self::Part(part, pointer) => write!(f, "{part}{pointer}"),
        }
    }
}

/// A part of a file that became no trace, nor a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Skipped {
    /// Where it stands.
    pub place: SourceLocation,
    /// Why.
    pub reason: String,
    /// Whether something may be missed: bookkeeping of the other program is not.
    pub is_loss: bool,
    /// Whether reading stopped here. The whole file then counts as unread.
    pub is_end: bool,
}
