//! What lists of sessions show of one session, derived from its record and its outcomes.

use serde::{Deserialize, Serialize};

use super::outcome::{Outcome, OutcomeStatus};
use super::record::{SessionRecord, SessionStatus, Snapshot, without_score};
use crate::digest::Digest;

/// A session in one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SessionSummary {
    /// Its state.
    pub status: SessionStatus,
    /// The mean before the first edit.
    pub score_before: Option<f64>,
    /// The mean after the last edit.
    pub score_after: Option<f64>,
    /// How many tasks have no score, if any.
    pub unscored: String,
    /// How many edits were kept.
    pub applied: usize,
    /// How many edits wait for a person.
    pub waiting: usize,
    /// Why it ended early.
    pub error: Option<String>,
}

impl SessionSummary {
    /// The summary of a record.
    pub(crate) fn of(record: &SessionRecord) -> Self {
        let (before, after) = (record.benchmark_before.as_ref(), record.benchmark_after.as_ref());
        let score = |snapshot: Option<&Snapshot>| snapshot.map(|snapshot| snapshot.overall_score);
        Self {
            status: record.status,
            score_before: score(before),
            score_after: score(after),
            unscored: without_score(before, after).unwrap_or_default(),
            applied: record.count(OutcomeStatus::Applied),
            waiting: record.count(OutcomeStatus::PendingReview),
            error: record.error.clone(),
        }
    }
}

/// An edit that was applied at some time, as its outcome says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AppliedOutcome {
    /// The edit.
    pub digest: Digest,
    /// What became of it.
    pub status: OutcomeStatus,
    /// The commit that applied it.
    pub commit: Option<String>,
}

impl AppliedOutcome {
    /// Those of a session's outcomes.
    pub(crate) fn among<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>) -> Vec<Self> {
        let applied = outcomes.into_iter().filter(|outcome| outcome.status.was_applied());
        let one = |outcome: &Outcome| Self {
            digest: outcome.edit_digest,
            status: outcome.status,
            commit: outcome.commit.clone(),
        };
        applied.map(one).collect()
    }
}
