//! Why the gate decided as it did.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifact::gate::verdict::Decision;

/// Why the gate decided as it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
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

impl Reason {
    /// The verdict for this reason. What ran out of pairs is not refuted: it can be gone on with.
    pub fn decision(self) -> Decision {
        match self {
            Reason::Improved => Decision::Accept,
            Reason::Inconclusive | Reason::OverallUnproven | Reason::Infrastructure | Reason::NoBudget => {
                Decision::Undecided
            }
            Reason::Futile
            | Reason::Harm
            | Reason::NoAffectedTargetTask
            | Reason::NoImprovement
            | Reason::Regression => Decision::Reject,
        }
    }

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Improved => "improved",
            Reason::Futile => "futile",
            Reason::Inconclusive => "inconclusive",
            Reason::Harm => "harm",
            Reason::OverallUnproven => "overall_unproven",
            Reason::NoAffectedTargetTask => "no_affected_target_task",
            Reason::NoImprovement => "no_improvement",
            Reason::Regression => "regression",
            Reason::Infrastructure => "infrastructure",
            Reason::NoBudget => "no_budget",
        }
    }
}
