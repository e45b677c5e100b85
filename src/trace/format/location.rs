//! Locations in an imported file, and the parts that were skipped there.

use std::fmt;

/// A location in an imported file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SourceLocation {
    /// A line number, from 1.
    Line(usize),
    /// A JSON pointer; empty for the whole file.
    Pointer(String),
    /// The path of a file in an archive, and a JSON pointer in that file.
    Part(String, String),
}

impl SourceLocation {
    /// The location of the value under `key`.
    #[must_use]
    pub(crate) fn inner(&self, key: &str) -> Self {
        let key = key.replace('~', "~0").replace('/', "~1");
        match self {
            // The line number is enough for a person to find the value.
            Self::Line(number) => Self::Line(*number),
            Self::Pointer(pointer) => Self::Pointer(format!("{pointer}/{key}")),
            Self::Part(part, pointer) => Self::Part(part.clone(), format!("{pointer}/{key}")),
        }
    }

    /// A skipped part with content that is lost.
    pub(crate) fn skipped(&self, reason: impl Into<String>) -> SkippedPart {
        SkippedPart {
            place: self.clone(),
            reason: reason.into(),
            is_loss: true,
            is_end: false,
        }
    }

    /// A part at which reading stopped, so that the rest of the file is unknown.
    pub(crate) fn ended(&self, reason: impl Into<String>) -> SkippedPart {
        SkippedPart {
            is_end: true,
            ..self.skipped(reason)
        }
    }

    /// A skipped part that does not belong to any trace, so that nothing is lost.
    pub(crate) fn passed_over(&self, reason: impl Into<String>) -> SkippedPart {
        SkippedPart {
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

/// A part of a file that was not imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SkippedPart {
    pub place: SourceLocation,
    pub reason: String,
    /// Whether content may be lost; false for bookkeeping of the other program.
    pub is_loss: bool,
    /// Whether reading stopped here. The import of the whole file then fails.
    pub is_end: bool,
}
