//! The reasons why a reply has no answer that can be used.

use super::answers::{SearchedReply, place};

/// A reply without an answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReplyError {
    /// The reply contains no JSON.
    #[error("the reply contains no JSON; expected {0}")]
    NoJson(&'static str),
    /// The reply ends in the middle of a value.
    #[error("the reply is cut off inside its JSON, which begins at line {line}; raise the teacher's token limit")]
    CutOff {
        /// Line of the reply, from 1.
        line: usize,
    },
    /// The answer is not JSON.
    #[error("line {line}, column {column} of the reply: {problem}")]
    Malformed {
        /// Line of the reply, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        problem: String,
    },
    /// The reply is only reasoning.
    #[error("the reply ends inside its reasoning, without an answer; raise the teacher's token limit")]
    OnlyReasoning,
    /// The reply contains JSON, but no answer.
    #[error("the reply contains JSON, but no {0}")]
    WrongShape(&'static str),
    /// No item of the list is valid.
    #[error("none of the clusters is valid; cluster {number}: {reason}")]
    NoneValid {
        /// The place of the first item, from 1.
        number: usize,
        reason: String,
    },
}

/// The problem with the first part after position `after` that begins like an answer and is not one.
/// `marks` are texts by which an answer is recognised.
pub(super) fn broken(text: &str, found: &SearchedReply, after: usize, marks: &[&str]) -> Option<ReplyError> {
    let is_marked = |start: usize, end: usize| {
        let end = (end.max(start + 60)..=text.len())
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(text.len());
        marks.iter().any(|mark| text[start..end].contains(mark))
    };
    let one = found
        .false_starts
        .iter()
        .find(|one| one.start >= after && is_marked(one.start, one.problem.at))?;
    let (line, column) = place(text, one.problem.at);
    Some(match one.problem.is_cut_off {
        true => ReplyError::CutOff {
            line: place(text, one.start).0,
        },
        false => ReplyError::Malformed {
            line,
            column,
            problem: one.problem.problem.to_owned(),
        },
    })
}

/// Why a reply without an answer has none.
pub(super) fn missing(text: &str, found: &SearchedReply, marks: &[&str], expected: &'static str) -> ReplyError {
    broken(text, found, 0, marks).unwrap_or({
        if found.ends_in_reasoning {
            ReplyError::OnlyReasoning
        } else if found.values.is_empty() {
            ReplyError::NoJson(expected)
        } else {
            ReplyError::WrongShape(expected)
        }
    })
}
