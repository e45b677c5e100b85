//! Questions about the same edit in several sessions: one answer settles all of them.

use std::collections::BTreeMap;

use crate::artifact::Artifact;
use crate::artifact::baseline::Baseline;
use crate::artifact::decision::{ReviewAnswer, ReviewDecision};
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::artifact::pending_review::PendingReview;
use crate::digest::Digest;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::session::{OUTCOMES, PENDING, Session};

/// The question about an edit in another session.
pub(crate) struct QuestionElsewhere {
    /// The other session.
    pub session: Session,
    /// Its question, and the answer that a person may have given.
    pub pending: PendingReview,
    /// Its outcome for the edit.
    pub outcome: Option<Outcome>,
}

impl QuestionElsewhere {
    /// Whether the other session still waits for an answer, or for a run that acts on it.
    pub(crate) fn is_open(&self) -> bool {
        let status = self.outcome.as_ref().map(|outcome| outcome.status);
        status.is_none_or(|status| status == OutcomeStatus::PendingReview)
    }
}

/// The questions of other sessions about an edit, oldest first. A session whose files cannot be read is left out: it
/// reports that itself.
///
/// # Errors
/// The sessions cannot be listed.
pub(crate) fn elsewhere(
    workspace: &Workspace,
    session: &Session,
    edit: &Digest,
) -> Result<Vec<QuestionElsewhere>, RunError> {
    let (question, outcome) = (format!("{PENDING}{edit}.json"), format!("{OUTCOMES}{edit}.json"));
    let others = workspace.sessions()?.into_iter().filter(|other| other.id != session.id);
    let found = |other: Session| {
        other.path(&question).symlink_metadata().ok()?;
        Some(QuestionElsewhere {
            pending: other.read(&question).ok().flatten()?,
            outcome: other.read(&outcome).ok()?,
            session: other,
        })
    };
    Ok(others
        .filter_map(found)
        .filter(|other| other.pending.edit_digest == *edit)
        .collect())
}

/// The session that has already acted on the same answer.
pub(crate) fn acted_on<'q>(found: &'q [QuestionElsewhere], answer: &ReviewDecision) -> Option<&'q QuestionElsewhere> {
    let same = |other: &&QuestionElsewhere| !other.is_open() && other.pending.decision.as_ref() == Some(answer);
    found.iter().find(same)
}

/// The session in which a person rejected the edit, if that is the newest answer.
pub(crate) fn rejected(found: &[QuestionElsewhere]) -> Option<(&Session, &ReviewDecision)> {
    let answers = found
        .iter()
        .filter_map(|other| Some((&other.session, other.pending.decision.as_ref()?)));
    let newest = answers.max_by(|(_, a), (_, b)| a.at.cmp(&b.at))?;
    (newest.1.decision == ReviewAnswer::Reject).then_some(newest)
}

/// The session in which the gate refused the edit for the same harness and benchmark, after a person accepted it.
pub(crate) fn refused(found: &[QuestionElsewhere], harness: Digest, benchmark: Digest) -> Option<&QuestionElsewhere> {
    let same = |other: &&QuestionElsewhere| {
        let outcome = other
            .outcome
            .as_ref()
            .filter(|outcome| outcome.against == Some(harness));
        let is_refused =
            |outcome: &Outcome| matches!(outcome.status, OutcomeStatus::RejectedByGate | OutcomeStatus::Undecided);
        let baseline = || other.session.read::<Baseline>("baseline.json").ok().flatten();
        outcome.is_some_and(is_refused) && baseline().is_some_and(|baseline| baseline.benchmark == benchmark)
    };
    found.iter().rev().find(same)
}

/// Other sessions that wait for an answer on which this session has acted. Those that do not hold it yet get it: an
/// answer by hand is in one session only.
///
/// # Errors
/// A file of this session cannot be read, or a question cannot be written.
pub(crate) fn settled_by(workspace: &Workspace, session: &Session) -> Result<Vec<Session>, RunError> {
    let outcomes = session.outcomes()?;
    let mut waiting = BTreeMap::new();
    for (digest, pending) in session.pending()? {
        let status = outcomes.get(&digest).map(|outcome| outcome.status);
        let Some(answer) = pending
            .decision
            .filter(|_| status != Some(OutcomeStatus::PendingReview))
        else {
            continue;
        };
        for other in elsewhere(workspace, session, &digest)? {
            let holds = other.pending.decision.as_ref();
            if !other.is_open() || holds.is_some_and(|theirs| *theirs != answer) {
                continue;
            }
            if holds.is_none() {
                let question = PendingReview {
                    decision: Some(answer.clone()),
                    ..other.pending
                };
                other
                    .session
                    .publish(&format!("{PENDING}{digest}.json"), &question.to_text())?;
            }
            waiting.insert(other.session.id.clone(), other.session);
        }
    }
    Ok(waiting.into_values().collect())
}
