//! Why a unified diff is refused, with the remedy.

/// Most lines of a text or a diff; searching is quadratic in the worst case.
pub(super) const MOST_LINES: usize = 5_000;

/// Why a diff is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Nothing in the text is a hunk.
    #[error("it has no hunks; write unified diff hunks that start with `@@ -line,count +line,count @@`")]
    NoHunks,
    /// A line starts like a hunk and is none.
    #[error("line {line} of the diff is not a hunk header; write `@@ -line,count +line,count @@`")]
    BadHeader {
        /// Line of the diff, from 1.
        line: usize,
    },
    /// A hunk adds and removes nothing.
    #[error("the hunk at line {line} of the diff adds and removes nothing")]
    EmptyHunk {
        /// Line of the diff, from 1.
        line: usize,
    },
    /// The diff names more than one file.
    #[error("it is for more than one file; send one edit a file")]
    SeveralFiles,
    /// The diff creates or deletes a file.
    #[error("it creates or deletes a file; use replace_system_prompt")]
    WholeFile,
    /// The old lines stand nowhere.
    #[error(
        "the context of the hunk at line {line} of the diff is not in the file; make the diff against the file as it is"
    )]
    NotFound {
        /// Line of the diff, from 1.
        line: usize,
    },
    /// The old lines stand at several places, none of them the stated one.
    #[error("the hunk at line {line} of the diff fits several places; give it more context")]
    Ambiguous {
        /// Line of the diff, from 1.
        line: usize,
    },
    /// Two hunks touch the same lines.
    #[error("the hunk at line {line} of the diff overlaps another; join them")]
    Overlap {
        /// Line of the diff, from 1.
        line: usize,
    },
    /// The result would be changed again by the same diff.
    #[error("it would apply again to its own result; give it more context")]
    Repeats,
    /// The text or the diff is too long.
    #[error("more than {MOST_LINES} lines; use replace_system_prompt")]
    TooLong,
}
