//! `[triggers]`: the settings of `kaizen watch`, and whether a time of its schedule is due.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use croner::Cron;
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
        self.schedule.as_deref().map_or(Ok(()), check_schedule)
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

/// Checks a schedule.
///
/// # Errors
/// The text is not five cron fields, or matches no time.
fn check_schedule(text: &str) -> Result<(), String> {
    let problem =
        |why: String| format!("[triggers] schedule = {text:?} {why}; write five cron fields, as in \"0 3 * * *\"");
    let cron = parse(text).map_err(&problem)?;
    let from = DateTime::UNIX_EPOCH;
    cron.find_next_occurrence(&from, false)
        .map(|_| ())
        .map_err(|_| problem("matches no time".into()))
}

/// The first scheduled time after `after`, if it is not later than `until`.
pub(crate) fn due(text: &str, after: DateTime<Utc>, until: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let next = parse(text).ok()?.find_next_occurrence(&after, false).ok()?;
    (next <= until).then_some(next)
}

fn parse(text: &str) -> Result<Cron, String> {
    // The library also accepts six or seven fields, with seconds first; here that is most likely a mistake.
    let fields = text.split_ascii_whitespace().count();
    if fields != 5 || text.split([' ', '\t']).any(|field| field.ends_with(',')) {
        return Err(format!("has {fields} fields, or one that ends in a comma"));
    }
    Cron::from_str(text).map_err(|error| format!("is not a schedule: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_time_between_two_moments_is_due_once() {
        let nightly = "0 3 * * *";
        for (after, until, expected) in [
            ("2026-01-01T02:59:00Z", "2026-01-01T03:00:00Z", true),
            ("2026-01-01T03:00:00Z", "2026-01-01T03:01:00Z", false),
            ("2026-01-01T02:00:00Z", "2026-01-01T02:30:00Z", false),
            // After days of sleep, one run is due, not three.
            ("2026-01-01T04:00:00Z", "2026-01-04T04:00:00Z", true),
        ] {
            assert_eq!(due(nightly, at(after), at(until)).is_some(), expected, "{after}");
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused_with_an_example() {
        assert_eq!(check_schedule("*/5 1-4 * * MON"), Ok(()));
        for bad in [
            "",
            "nightly",
            "0 3 * *",
            "0 0 3 * * *",
            "61 3 * * *",
            "1, 3 * * *",
            "0 0 31 2 *",
        ] {
            assert!(check_schedule(bad).is_err_and(|why| why.contains("0 3 * * *")), "{bad}");
        }
    }
}
