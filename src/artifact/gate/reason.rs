//! Why the gate decided as it did.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifact::gate::verdict::Decision;

/// Why the gate decided as it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GateReason {
    /// The target gained, and nothing speaks against the rest.
    Improved,
    /// A gain as large as `delta_min` has become unlikely.
    Futile,
    /// The target's pairs were used up before there was enough evidence.
    Inconclusive,
    /// The other tasks fell.
    Harm,
    /// The target gained, and the pairs were used up before the whole was shown to gain.
    OverallUnproven,
    /// No task of the target is touched by the edit.
    NoAffectedTargetTask,
    /// The target cannot gain.
    NoImprovement,
    /// A category fell by more than is tolerated.
    Regression,
    /// Too many pairs were lost for reasons that are not the agent's.
    Infrastructure,
    /// The session's error budget is spent.
    NoBudget,
}

impl GateReason {
    /// The verdict for this reason. What ran out of pairs is not refuted: it can be gone on with.
    pub(crate) fn decision(self) -> Decision {
        match self {
            GateReason::Improved => Decision::Accept,
            GateReason::Inconclusive
            | GateReason::OverallUnproven
            | GateReason::Infrastructure
            | GateReason::NoBudget => Decision::Undecided,
            GateReason::Futile
            | GateReason::Harm
            | GateReason::NoAffectedTargetTask
            | GateReason::NoImprovement
            | GateReason::Regression => Decision::Reject,
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
        }
    }
}
