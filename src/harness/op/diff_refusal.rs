//! The reasons to refuse a diff. Each names the offending line of the diff, by number and text.

/// The maximum number of lines of a text or a diff, because the search is quadratic in the worst case.
pub(super) const MOST_LINES: usize = 5_000;
/// The maximum number of characters of a line that a message shows.
const MOST_SHOWN: usize = 80;

/// A line of a diff in a message: `line 3 (`- Be brief.`)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OffendingLine {
    /// Line of the diff, from 1.
    pub number: usize,
    /// The line's text, shortened and without control characters.
    pub text: String,
}

impl OffendingLine {
    pub(super) fn new(number: usize, text: &str) -> Self {
        let visible = text.chars().map(|c| if c.is_control() { ' ' } else { c });
        let mut shown: String = visible.take(MOST_SHOWN).collect();
        if text.chars().nth(MOST_SHOWN).is_some() {
            shown.push('…');
        }
        Self { number, text: shown }
    }
}

impl std::fmt::Display for OffendingLine {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(out, "line {} of the diff (`{}`)", self.number, self.text)
    }
}

/// The reason why a diff is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The text has no hunks.
    #[error("it has no hunks; write unified diff hunks that start with `@@ -line,count +line,count @@`")]
    NoHunks,
    /// A line starts with `@@`, but it has no line numbers and does not name a line of the file.
    #[error("{0} is neither a hunk header nor the name of a line in the file; write `@@ -line,count +line,count @@`")]
    BadHeader(OffendingLine),
    /// A search/replace block is not complete.
    #[error("the search/replace block at {0} is not complete; write `<<<<<<< SEARCH`, `=======` and `>>>>>>> REPLACE`")]
    BadBlock(OffendingLine),
    /// A hunk has only context lines.
    #[error("the hunk at {0} adds and removes nothing")]
    EmptyHunk(OffendingLine),
    /// The diff names more than one file.
    #[error("it changes more than one file; write one edit per file")]
    SeveralFiles,
    /// The diff names another file of the harness.
    #[error("it changes {0}, which is not the file of this edit; name the right agent")]
    OtherFile(String),
    /// The diff creates, deletes or renames a file; with the remedy.
    #[error("it creates, deletes or renames a file; {0}")]
    WholeFile(&'static str),
    /// The file does not have a line of the hunk where the hunk needs it.
    #[error("{0} is not in the file at that position; make the diff against the current file")]
    NotFound(OffendingLine),
    /// The line is in the front matter, not in the text.
    #[error("{line} is in the front matter, which is no part of the text; {remedy}")]
    InHead {
        /// The line of the diff.
        line: OffendingLine,
        /// How to change the key instead.
        remedy: String,
    },
    /// A line that begins with `-` or `+` is in the file with that sign, and the header's counts do not settle whether
    /// it is a change.
    #[error(
        "{0} is either a context line without its leading blank or a changed line without its sign; start each context \
         line with a blank, and each changed line with a further `-` or `+`"
    )]
    LostSign(OffendingLine),
    /// A line stands for text that was left out.
    #[error("{0} stands for text that was left out; write every line in full")]
    Elision(OffendingLine),
    /// The file has the hunk's old lines several times, and not at the stated line.
    #[error("the hunk at {0} fits at several positions; give it more context")]
    Ambiguous(OffendingLine),
    /// The hunk adds lines without context and without a line number.
    #[error("the hunk at {0} has no context, so its position is not known; give it more context")]
    NoContext(OffendingLine),
    /// Two hunks touch the same lines.
    #[error("the hunk at {0} overlaps another; join them")]
    Overlap(OffendingLine),
    /// The diff would change its own result again.
    #[error("it would apply again to its own result; give it more context")]
    Repeats,
    /// The text or the diff is too long; with the op that replaces the text.
    #[error("more than {MOST_LINES} lines; use {0}")]
    TooLong(&'static str),
}

impl Refusal {
    /// A diff of a named op that creates, deletes or renames a file.
    pub(super) const WHOLE_FILE: Self = Self::WholeFile("use replace_system_prompt");
    /// A diff of a named op that is too long.
    pub(super) const TOO_LONG: Self = Self::TooLong("replace_system_prompt");

    /// The refusal with the remedies of the generic ops.
    pub(super) fn of_generic_op(self) -> Self {
        match self {
            Self::WholeFile(_) => Self::WholeFile("use create_file or remove_file where a surface has `create`"),
            Self::TooLong(_) => Self::TooLong("replace_text"),
            other => other,
        }
    }

    /// The refusal with its quoted line changed, for example redacted.
    pub(super) fn with_text(self, change: impl Fn(&str) -> String) -> Self {
        let changed = |line: OffendingLine| OffendingLine {
            text: change(&line.text),
            ..line
        };
        match self {
            Refusal::BadHeader(line) => Refusal::BadHeader(changed(line)),
            Refusal::BadBlock(line) => Refusal::BadBlock(changed(line)),
            Refusal::EmptyHunk(line) => Refusal::EmptyHunk(changed(line)),
            Refusal::NotFound(line) => Refusal::NotFound(changed(line)),
            Refusal::LostSign(line) => Refusal::LostSign(changed(line)),
            Refusal::Elision(line) => Refusal::Elision(changed(line)),
            Refusal::Ambiguous(line) => Refusal::Ambiguous(changed(line)),
            Refusal::NoContext(line) => Refusal::NoContext(changed(line)),
            Refusal::Overlap(line) => Refusal::Overlap(changed(line)),
            Refusal::InHead { line, remedy } => Refusal::InHead {
                line: changed(line),
                remedy,
            },
            other => other,
        }
    }
}
