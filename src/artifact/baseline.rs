//! `baseline.json`: what the harness was worth before any edit, and what later phases rely on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::drift_check::DriftCheck;
use super::evaluation::Evaluation;
use super::probe::Probe;
use super::{Extra, artifact, first_version};
use crate::digest::Digest;

/// The evaluation of the harness before any edit, with everything that it depended on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Baseline {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// The commit that the session builds on.
    pub harness_commit: String,
    /// Digest of the harness at that commit.
    pub harness: Digest,
    /// Digest of the whole benchmark.
    pub benchmark: Digest,
    /// What identifies the student.
    pub student: serde_json::Value,
    /// What identifies the judge, when a gate task wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge: Option<serde_json::Value>,
    /// Seed of the student's chance.
    pub seed: u64,
    /// Which answers that vary are used: a new epoch begins where the older ones no longer hold.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub epoch: u32,
    /// Whether the student still answers as it did; absent where too little was remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftCheck>,
    /// The scores on the session's gate tasks.
    pub evaluation: Evaluation,
    /// What a second run of the same tasks says about noise, where one was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Baseline {
    /// The totals alone: gate tasks are not for those who propose edits.
    pub fn without_tasks(mut self) -> Self {
        self.evaluation.tasks.clear();
        if let Some(probe) = &mut self.probe {
            probe.disagreed.clear();
            probe.second.clear();
        }
        self
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

artifact!(Baseline, "baseline", version 1, depth 2);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::Artifact;
    use crate::artifact::evaluation::TaskScore;

    #[test]
    fn the_totals_name_no_task_of_either_run() {
        let row = |score| TaskScore {
            task_id: "secret-1".into(),
            category: "c".into(),
            score: Some(score),
        };
        let evaluation = Evaluation::of(vec![row(1.0)]);
        let baseline = Baseline {
            version: 1,
            harness_commit: "c".into(),
            harness: Digest::of_bytes(b""),
            benchmark: Digest::of_bytes(b""),
            student: serde_json::Value::Null,
            judge: None,
            seed: 0,
            epoch: 0,
            drift: None,
            probe: Some(Probe::of(&evaluation.tasks, vec![row(0.0)])),
            evaluation,
            extra: Extra::default(),
        };
        assert_eq!(baseline.to_text().matches("secret-1").count(), 3);
        assert!(!baseline.without_tasks().to_text().contains("secret-1"));
    }
}
