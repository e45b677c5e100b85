//! Decided elsewhere: answers in `pending_review/` that came with a commit of somebody else.

use std::collections::BTreeMap;

use crate::artifact::decision::ReviewAnswer;
use crate::artifact::pending_review::PendingReview;
use crate::digest::Digest;
use crate::ledger::ExternalCommit;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::session::{PENDING, Session};

/// An answer to a question, and the commit that brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExternalDecision {
    answer: ReviewAnswer,
    by: ExternalCommit,
}

impl ExternalDecision {
    /// What a person should know.
    pub(crate) fn words(&self) -> String {
        let answer = match self.answer {
            ReviewAnswer::Accept => "accepted",
            ReviewAnswer::Reject => "rejected",
        };
        format!("{answer} in {}", self.by)
    }
}

/// The answers of a session that came with a commit, by edit. git is asked about questions with an answer only.
///
/// # Errors
/// git says no.
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
