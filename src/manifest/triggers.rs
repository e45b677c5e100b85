//! `[triggers]`: the settings of `kaizen watch`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[triggers]`: when `kaizen watch` starts sessions, and how often it looks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TriggersSection {
    /// Five cron fields in UTC, such as `0 3 * * *`; absent: no schedule.
    pub schedule: Option<String>,
    /// With fewer new traces since the last session, a scheduled time is skipped.
    pub min_new_traces: u64,
    /// Whether a trace with `"user_flag": true` starts a session.
    pub user_flag: bool,
    /// Failures of one agent and category since the last session that start a new session; 0: never.
    pub cluster_failures: usize,
    /// Share of the group's traces that must have failed, 0 to 1.
    pub cluster_rate: f64,
    /// Milliseconds without a change after which a file counts as saved.
    pub quiet_ms: u64,
    /// Interval of complete rescans in seconds, in case a file event was missed; at least 1.
    pub rescan_seconds: u64,
}

impl TriggersSection {
    /// Checks the constraints that the types do not express.
    ///
    /// # Errors
    /// The problem, and the allowed values.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.cluster_rate) {
            let rate = self.cluster_rate;
            return Err(format!("[triggers] cluster_rate = {rate} must be between 0 and 1"));
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
