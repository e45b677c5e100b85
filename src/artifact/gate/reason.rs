//! Reasons for the gate's decisions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifact::gate::verdict::GateDecision;

/// Why the gate decided as it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GateReason {
    /// The target gained, and there is no evidence against the other tasks.
    Improved,
    /// A gain as large as `delta_min` has become unlikely.
    Futile,
    /// The target's pairs ran out before there was enough evidence.
    Inconclusive,
    /// The other tasks lost.
    Harm,
    /// The target gained, but the pairs ran out before there was enough evidence for the overall score.
    OverallUnproven,
    /// The edit reaches no task of the target.
    NoAffectedTargetTask,
    /// The target does not gain.
    NoImprovement,
    /// A category lost more than is tolerated.
    Regression,
    /// Too many pairs were lost to infrastructure errors.
    Infrastructure,
    /// The session's error budget is spent.
    NoBudget,
    /// The edit gained more than chance usually gives, but less than its level demands.
    Likely,
    /// The edit gained, and chance may explain it.
    Open,
    /// The edit gained, and a category lost more than chance explains.
    CategoryFell,
    /// The edit lost more than chance explains.
    Harmful,
    /// No task changed.
    NoEffect,
    /// The edit did not gain.
    NoGain,
    /// The edit gained too little to be worth more runs.
    TooSmall,
    /// No task fails, so nothing can gain.
    NoHeadroom,
}

impl GateReason {
    /// The decision for this reason. A trial that ran out of pairs is undecided, not rejected: it can be resumed.
    pub fn decision(self) -> GateDecision {
        match self {
            GateReason::Improved => GateDecision::Accept,
            GateReason::Inconclusive
            | GateReason::OverallUnproven
            | GateReason::Infrastructure
            | GateReason::NoBudget
            | GateReason::Likely
            | GateReason::Open
            | GateReason::CategoryFell => GateDecision::Undecided,
            GateReason::Futile
            | GateReason::Harm
            | GateReason::NoAffectedTargetTask
            | GateReason::NoImprovement
            | GateReason::Regression
            | GateReason::Harmful
            | GateReason::NoEffect
            | GateReason::NoGain
            | GateReason::TooSmall
            | GateReason::NoHeadroom => GateDecision::Reject,
        }
    }

    /// The name in files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            GateReason::Improved => "improved",
            GateReason::Futile => "futile",
            GateReason::Inconclusive => "inconclusive",
            GateReason::Harm => "harm",
            GateReason::OverallUnproven => "overall_unproven",
            GateReason::NoAffectedTargetTask => "no_affected_target_task",
            GateReason::NoImprovement => "no_improvement",
            GateReason::Regression => "regression",
            GateReason::Infrastructure => "infrastructure",
            GateReason::NoBudget => "no_budget",
            GateReason::Likely => "likely",
            GateReason::Open => "open",
            GateReason::CategoryFell => "category_fell",
            GateReason::Harmful => "harmful",
            GateReason::NoEffect => "no_effect",
            GateReason::NoGain => "no_gain",
            GateReason::TooSmall => "too_small",
            GateReason::NoHeadroom => "no_headroom",
        }
    }
}
