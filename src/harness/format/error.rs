//! Why a value cannot be read or changed.

use thiserror::Error;

/// Why a value cannot be read or changed. Nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum FormatError {
    /// The text is not in its format.
    #[error("line {line}: not valid {format}: {message}")]
    Syntax {
        /// The name of the format.
        format: &'static str,
        /// From 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// No value at the path.
    #[error("no value at `{path}`")]
    Absent {
        /// The path.
        path: String,
    },
    /// The value at the path has another type than the change needs.
    #[error("`{path}`: {found}")]
    Shape {
        /// The path.
        path: String,
        /// What is there.
        found: String,
    },
    /// A place that this module does not change, because it could mean something else than it seems to.
    #[error("line {line}: {reason}; change it by hand")]
    Place {
        /// From 1.
        line: usize,
        /// What is special about it.
        reason: String,
    },
    /// The format cannot express a value.
    #[error("`{path}`: {format} cannot express {what}")]
    Value {
        /// The path.
        path: String,
        /// The name of the format.
        format: &'static str,
        /// What it cannot express.
        what: &'static str,
    },
    /// A change would also alter something else, or would not read back.
    #[error("`{path}`: no spelling found that changes only this value")]
    Unsafe {
        /// The path.
        path: String,
    },
    /// The format has no keys.
    #[error("a plain text has no keys")]
    Keyless,
    /// A front matter that does not end.
    #[error("line 1: the front matter has no closing `---`; add one")]
    OpenHead,
    /// No section, or several sections, with a name.
    #[error("the text has {count} sections `{name}`; expected one")]
    Section {
        /// The heading, or the name of the marks.
        name: String,
        /// How many there are.
        count: usize,
    },
}

impl FormatError {
    /// The error in a text that has more lines above.
    pub(super) fn below(mut self, lines: usize) -> Self {
        match &mut self {
            Self::Syntax { line, .. } | Self::Place { line, .. } => *line += lines,
            _ => {}
        }
        self
    }
}

/// The number of the line, from 1, at a byte of a text.
pub(super) fn line_of(text: &str, position: usize) -> usize {
    let before = &text.as_bytes()[..position.min(text.len())];
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}
