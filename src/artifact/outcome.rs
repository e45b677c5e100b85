//! `outcomes/<edit-digest>.json`: what became of one edit, and on what evidence.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::edit::Op;
use super::{Extra, artifact, first_version};
use crate::artifact::gate::record::GateRecord;
use crate::artifact::gate::settings::Mode;
use crate::artifact::gate::verdict::{Decision, Verdict};
use crate::digest::Digest;

/// What became of an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeStatus {
    /// Committed.
    Applied,
    /// The gate said no.
    RejectedByGate,
    /// It waits for a person.
    PendingReview,
    /// A person said no.
    RejectedByUser,
    /// Committed once, and taken back.
    RolledBack,
    /// Not tried, by policy.
    Skipped,
    /// It cannot be applied to this harness.
    Inapplicable,
    /// It was applied, and what remains of the plan leaves no place for it.
    Stranded,
    /// The gate could not tell.
    Undecided,
}

impl OutcomeStatus {
    /// The words for people.
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

/// Who took an applied edit back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RolledBackBy {
    /// The plan: the edit left it.
    Plan,
    /// A person, in git: the commit was reverted or is no longer in the history.
    Git,
}

/// What became of one edit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// The teacher's label.
    pub edit_id: String,
    /// Identity of the edit.
    pub edit_digest: Digest,
    /// Its operation.
    pub op: Op,
    /// Its target.
    pub target: String,
    /// What became of it.
    pub status: OutcomeStatus,
    /// Overall score after minus before, against the head of that moment.
    #[serde(default)]
    pub benchmark_delta: Option<f64>,
    /// The same, a category.
    #[serde(default)]
    pub cluster_deltas: BTreeMap<String, f64>,
    /// Why it was not applied.
    #[serde(default)]
    pub error: Option<String>,
    /// When it was applied, RFC 3339.
    #[serde(default)]
    pub applied_at: Option<String>,
    /// The commit that applied it.
    #[serde(default)]
    pub commit: Option<String>,
    /// Digest of the harness that it was compared with.
    #[serde(default)]
    pub against: Option<Digest>,
    /// Whether a person told the gate to stand aside.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gate_skipped: bool,
    /// Who took it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back_by: Option<RolledBackBy>,
    /// The numbers of rule `overall` or `target`, task by task, so that anyone can recompute the verdict.
    #[serde(default)]
    pub verdict: Option<Verdict>,
    /// The decision of mode `exact` or `sequential`, pair by pair, so that anyone can recompute it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<GateRecord>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Outcome {
    /// What the gate said, in whatever mode.
    pub(crate) fn decision(&self) -> Option<Decision> {
        let gate = self.gate.as_ref().map(|record| record.decision);
        gate.or_else(|| self.verdict.as_ref().map(|verdict| verdict.decision))
    }

    /// Whether the gate could not tell, came close, and a person is asked.
    pub(crate) fn is_near_miss(&self) -> bool {
        self.status == OutcomeStatus::PendingReview && self.gate.is_some()
    }

    /// The target's change at 90 %, where it was found out by bets: a mean at the moment of a decision is optimistic.
    pub(crate) fn interval(&self) -> Option<[f64; 2]> {
        let bets = self.gate.as_ref().filter(|record| record.mode == Mode::Sequential)?;
        (bets.numbers.target.pairs() > 0).then_some(bets.numbers.interval_target)
    }

    /// Whether a flip did not repeat: the student is noisy, whatever two runs of the baseline say.
    pub(crate) fn is_flaky(&self) -> bool {
        self.gate.as_ref().is_some_and(|record| record.numbers.flaky > 0)
    }

    /// Whether bets alone had it applied. What a person let pass, and what was no bet, earns no further part of an error
    /// budget.
    pub(crate) fn is_won_bet(&self) -> bool {
        let staked = self.gate.as_ref().filter(|record| record.stake.is_some());
        self.status == OutcomeStatus::Applied && staked.is_some_and(|record| record.decision == Decision::Accept)
    }

    /// Pairs of runs that the gate was fed.
    pub(crate) fn pairs(&self) -> usize {
        let fed = |record: &GateRecord| {
            record
                .numbers
                .target
                .pairs()
                .saturating_add(record.numbers.other.pairs())
        };
        let gate = self.gate.as_ref().map(fed);
        gate.or_else(|| self.verdict.as_ref().map(|verdict| verdict.tasks))
            .unwrap_or(0)
    }

    /// The gate's evidence in one line, in whatever mode.
    pub(crate) fn evidence(&self) -> Option<String> {
        let gate = self.gate.as_ref().map(GateRecord::evidence);
        gate.or_else(|| self.verdict.as_ref().map(Verdict::evidence))
    }
}

artifact!(Outcome, "outcome", version 1, depth 3);
