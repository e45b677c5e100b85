//! Why a person is asked about an edit, and what they should know besides its diff.

use super::ExecuteInput;
use super::head::SessionHead;
use crate::artifact::decision::ReviewDecision;
use crate::artifact::edit::Edit;
use crate::harness::{Harness, op};

/// Why a person is asked about an edit.
pub(super) enum Question {
    /// It is proposed.
    Proposed,
    /// It is proposed, and a person answered it in another session.
    Answered(ReviewDecision),
    /// The gate nearly accepted it; its findings.
    NearMiss(Option<String>),
    /// It would remove lines that came after the proposal; which ones.
    Stale(String),
}

/// What a person should know about an edit besides its diff.
pub(super) fn remarks(
    edit: &Edit,
    question: &Question,
    after: Option<&Harness>,
    input: &ExecuteInput,
    head: &SessionHead,
) -> Vec<String> {
    let mut remarks: Vec<String> = match question {
        Question::Stale(why) => vec![why.clone()],
        Question::Proposed | Question::Answered(_) | Question::NearMiss(_) => Vec::new(),
    };
    if let Some(after) = after {
        remarks.extend(op::losses(edit, &head.harness, after, &input.rules));
    }
    remarks
}
