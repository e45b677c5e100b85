//! `outcomes/<edit-digest>.json`: the result of one edit, with its evidence.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::edit::Op;
use super::{Extra, artifact, first_version};
use crate::artifact::gate::record::{GateEvidence, GateRecord};
use crate::artifact::gate::verdict::{GateDecision, Verdict};
use crate::artifact::screening::ScreenedEdit;
use crate::digest::Digest;

/// The result of an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeStatus {
    /// It was committed.
    Applied,
    /// The gate rejected it.
    RejectedByGate,
    /// It waits for a person.
    PendingReview,
    /// A person rejected it.
    RejectedByUser,
    /// It was committed and later reverted.
    RolledBack,
    /// It was not tried, because a setting excludes it.
    Skipped,
    /// It does not apply to this harness.
    Inapplicable,
    /// It was applied, but no longer applies because an edit that it builds on was reverted.
    Stranded,
    /// The gate's evidence was not sufficient for a decision.
    Undecided,
}

impl OutcomeStatus {
    /// Whether the harness contains the edit, or contained it once.
    pub(crate) fn was_applied(self) -> bool {
        matches!(
            self,
            OutcomeStatus::Applied | OutcomeStatus::RolledBack | OutcomeStatus::Stranded
        )
    }

    /// The status in words for people.
    pub fn words(self) -> &'static str {
        match self {
            OutcomeStatus::Applied => "applied",
            OutcomeStatus::RejectedByGate => "rejected by gate",
            OutcomeStatus::PendingReview => "waits for review",
            OutcomeStatus::RejectedByUser => "rejected by user",
            OutcomeStatus::RolledBack => "rolled back",
            OutcomeStatus::Skipped => "skipped",
            OutcomeStatus::Inapplicable => "inapplicable",
            OutcomeStatus::Stranded => "stranded",
            OutcomeStatus::Undecided => "undecided",
        }
    }
}

/// How an applied edit was reverted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RolledBackBy {
    /// By kaizen: the edit was removed from the plan.
    #[default]
    Plan,
    /// In git: the commit was reverted or is no longer in the history.
    Git,
    /// By `kaizen revert`.
    Revert,
    /// By `kaizen prune`.
    Prune,
}

/// When, by whom and in which commit an applied edit was reverted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rollback {
    /// When, RFC 3339, UTC: the time of the commit, or the time at which kaizen noticed it if there is no commit.
    pub at: String,
    /// Name and mail address of the commit's author; absent if there is no commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The commit; absent if no file had to change, or if the edit's commit is no longer in the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// A harness and a benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Footing {
    /// Digest of the harness.
    pub harness: Digest,
    /// Digest of the benchmark.
    pub benchmark: Digest,
}

/// An answer that came after the harness, the benchmark or the settings of the measurement had changed. The session
/// keeps its scores; the edit's numbers are those of the day of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LateAnswer {
    /// What the session measured when it proposed the edit.
    pub proposed_for: Footing,
    /// What the edit was judged on, before it was applied.
    pub judged_on: Footing,
}

impl LateAnswer {
    /// What people should know about such an edit, and about its numbers if it has any.
    fn words(&self, is_judged: bool) -> String {
        let (proposed_for, judged_on) = (&self.proposed_for, &self.judged_on);
        let what = match (
            proposed_for.harness != judged_on.harness,
            proposed_for.benchmark != judged_on.benchmark,
        ) {
            (true, true) => "harness and benchmark",
            (true, false) => "harness",
            (false, true) => "benchmark",
            (false, false) => "settings",
        };
        match is_judged {
            true => format!(
                "judged on the {what} at the time of the answer, which had changed since the session's baseline; the \
                 session's score stays"
            ),
            false => format!(
                "answered after the {what} had changed since the session's baseline; it was not judged, and the session's \
                 score stays"
            ),
        }
    }
}

/// The result of one edit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// The teacher's label for the edit.
    pub edit_id: String,
    /// Identity of the edit.
    pub edit_digest: Digest,
    /// The edit's operation.
    pub op: Op,
    /// The edit's target.
    pub target: String,
    /// The result.
    pub status: OutcomeStatus,
    /// Change of the overall score, compared with the head at that time; null unless all gate tasks ran.
    #[serde(default)]
    pub benchmark_delta: Option<f64>,
    /// As `benchmark_delta`, per category.
    #[serde(default)]
    pub cluster_deltas: BTreeMap<String, f64>,
    /// Why the edit was not applied.
    #[serde(default)]
    pub error: Option<String>,
    /// When the edit was applied, RFC 3339.
    #[serde(default)]
    pub applied_at: Option<String>,
    /// The commit that applied the edit.
    #[serde(default)]
    pub commit: Option<String>,
    /// Digest of the harness that the edit was compared with.
    #[serde(default)]
    pub against: Option<Digest>,
    /// What the edit was proposed for and judged on, if it was answered after that had changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<LateAnswer>,
    /// Whether a person had the edit committed whatever the gate decided.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gate_skipped: bool,
    /// How the edit was reverted; absent if it was not. It stays if a person brings the edit back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back_by: Option<RolledBackBy>,
    /// When and by whom the edit was reverted; absent if it was not, or if an older version recorded it. It stays if a
    /// person brings the edit back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back: Option<Rollback>,
    /// The verdict in mode `rule`, with the numbers to recompute it.
    #[serde(default)]
    pub verdict: Option<Verdict>,
    /// How the edit did on train tasks, if screening dropped it before the gate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screened: Option<ScreenedEdit>,
    /// The decision in mode `exact`, `sequential` or `sample`, with the pairs to recompute it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<GateRecord>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Outcome {
    /// The gate's decision, in any mode.
    pub(crate) fn decision(&self) -> Option<GateDecision> {
        let gate = self.gate.as_ref().map(|record| record.decision);
        gate.or_else(|| self.verdict.as_ref().map(|verdict| verdict.decision))
    }

    /// Why the edit was not kept, as a class without numbers; `None` for an edit that was kept or that waits.
    pub(crate) fn reason_class(&self) -> Option<&'static str> {
        let judged = || match (&self.gate, &self.screened) {
            (Some(record), _) => record.reason.name(),
            (None, Some(_)) => "screened_out",
            (None, None) => "rejected_by_gate",
        };
        match self.status {
            OutcomeStatus::RejectedByGate | OutcomeStatus::Undecided => Some(judged()),
            OutcomeStatus::RejectedByUser => Some("rejected_by_user"),
            OutcomeStatus::Inapplicable => Some("inapplicable"),
            OutcomeStatus::RolledBack => Some("rolled_back"),
            OutcomeStatus::Applied
            | OutcomeStatus::PendingReview
            | OutcomeStatus::Skipped
            | OutcomeStatus::Stranded => None,
        }
    }

    /// Whether the edit was nearly accepted and now waits for a person.
    pub(crate) fn is_near_miss(&self) -> bool {
        self.status == OutcomeStatus::PendingReview && self.gate.is_some()
    }

    /// Whether the gate left the edit undecided after a complete run in which it gained: a person can keep it.
    pub(crate) fn may_be_kept(&self) -> bool {
        let undecided = self.status == OutcomeStatus::Undecided;
        undecided && self.gate.as_ref().is_some_and(GateRecord::may_be_kept)
    }

    /// 90 % interval of the change; of the target's change for a trial in mode `sequential` that stopped.
    pub(crate) fn interval(&self) -> Option<[f64; 2]> {
        let gate = self.gate.as_ref().map(GateRecord::interval);
        gate.unwrap_or_else(|| self.verdict.as_ref()?.interval())
    }

    /// Whether some flip did not repeat: the student is noisy even if two baseline runs agree.
    pub(crate) fn is_flaky(&self) -> bool {
        self.gate.as_ref().is_some_and(GateRecord::is_flaky)
    }

    /// Whether the edit was applied because a trial with an error budget accepted it. Only such an accept earns another
    /// share of the budget; an edit that a person committed without a trial does not.
    pub(crate) fn is_won_bet(&self) -> bool {
        let staked = self.gate.as_ref().filter(|record| record.stake.is_some());
        self.status == OutcomeStatus::Applied && staked.is_some_and(|record| record.decision == GateDecision::Accept)
    }

    /// Number of pairs that the gate saw.
    pub(crate) fn pairs(&self) -> usize {
        let fed = |record: &GateRecord| match &record.evidence {
            GateEvidence::Staged(staged) => {
                let numbers = &staged.numbers;
                numbers.target.pairs().saturating_add(numbers.other.pairs())
            }
            GateEvidence::Sample(_) => record.pairs.iter().filter(|pair| pair.x.is_some()).count(),
        };
        let gate = self.gate.as_ref().map(fed);
        gate.or_else(|| self.verdict.as_ref().map(|verdict| verdict.tasks))
            .unwrap_or(0)
    }

    /// What people should know if the answer came late.
    pub(crate) fn late_words(&self) -> Option<String> {
        self.late.map(|late| late.words(self.decision().is_some()))
    }

    /// The gate's evidence in one line, in any mode.
    pub(crate) fn evidence(&self) -> Option<String> {
        let gate = self.gate.as_ref().map(GateRecord::evidence);
        gate.or_else(|| self.verdict.as_ref().map(Verdict::evidence))
    }
}

artifact!(Outcome, "outcome", version 1, depth 3);
