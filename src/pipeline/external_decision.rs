//! Finds answers in `pending_review/` that came with a commit from another repository.

use std::collections::BTreeMap;

use crate::artifact::decision::ReviewAnswer;
use crate::artifact::pending_review::PendingReview;
use crate::digest::Digest;
use crate::ledger::ExternalCommit;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::session::{PENDING, Session};

/// An answer to a review question, with the commit that it came with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExternalDecision {
    answer: ReviewAnswer,
    by: ExternalCommit,
}

impl ExternalDecision {
    /// The answer and the commit in words, for people.
    pub(crate) fn words(&self) -> String {
        format!("{} in {}", self.answer.words(), self.by)
    }
}

/// The answers of a session that came with a commit from another repository, by edit.
///
/// # Errors
/// git fails.
pub(crate) fn external_decisions(
    workspace: &Workspace,
    session: &Session,
    pending: &BTreeMap<Digest, PendingReview>,
) -> Result<BTreeMap<Digest, ExternalDecision>, RunError> {
    let mut found = BTreeMap::new();
    for (digest, pending) in pending {
        let Some(decision) = &pending.decision else { continue };
        let path = format!("{}/{PENDING}{digest}.json", session.relative());
        if let Some(by) = workspace.ledger.brought_by(&path)? {
            let answer = decision.decision;
            found.insert(*digest, ExternalDecision { answer, by });
        }
    }
    Ok(found)
}
