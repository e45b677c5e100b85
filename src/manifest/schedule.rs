//! Schedules: five cron fields in UTC, and whether a scheduled time is due.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use croner::Cron;

/// Checks a schedule.
///
/// # Errors
/// The text is not five cron fields, or matches no time.
pub(crate) fn check(text: &str) -> Result<(), String> {
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
        return Err(format!("has {fields} fields or an empty one"));
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
        assert_eq!(check("*/5 1-4 * * MON"), Ok(()));
        for bad in [
            "",
            "nightly",
            "0 3 * *",
            "0 0 3 * * *",
            "61 3 * * *",
            "1, 3 * * *",
            "0 0 31 2 *",
        ] {
            assert!(check(bad).is_err_and(|why| why.contains("0 3 * * *")), "{bad}");
        }
    }
}
