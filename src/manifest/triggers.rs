//! `[triggers]`: the section for `kaizen watch`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[triggers]`: what `kaizen watch` starts sessions for, and how closely it looks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TriggersSection {
    /// Five cron fields in UTC, such as `0 3 * * *`; absent: no schedule.
    pub schedule: Option<String>,
    /// New traces since the last session without which the schedule passes.
    pub min_new_traces: u64,
    /// Whether a trace with `"user_flag": true` starts a session.
    pub user_flag: bool,
    /// Failures of one group, since the last session, that start one; 0 for never.
    pub cluster_failures: usize,
    /// The share of the group that must have failed, 0 to 1.
    pub cluster_rate: f64,
    /// Milliseconds for which a file must be quiet before it counts as saved.
    pub quiet_ms: u64,
    /// Seconds after which everything is looked at again, whether anything rang or not; at least 1.
    pub rescan_seconds: u64,
}

impl TriggersSection {
    /// What the types do not say.
    ///
    /// # Errors
    /// What is wrong, and what is allowed.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.cluster_rate) {
            let rate = self.cluster_rate;
            return Err(format!("[triggers] cluster_rate = {rate} must lie between 0 and 1"));
        }
        if self.rescan_seconds == 0 {
            return Err("[triggers] rescan_seconds must be at least 1".into());
        }
        self.schedule.as_deref().map_or(Ok(()), super::schedule::check)
    }
}

impl Default for TriggersSection {
    fn default() -> Self {
        Self {
            schedule: None,
            min_new_traces: 20,
            user_flag: true,
            cluster_failures: 0,
            cluster_rate: 0.5,
            quiet_ms: 200,
            rescan_seconds: 30,
        }
    }
}
