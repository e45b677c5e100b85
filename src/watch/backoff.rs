//! The retry queue of a watcher: failed sessions, and the time of each automatic retry.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::workspace::error::RunError;

/// The delay after the first failure, in seconds; each further failure doubles it.
const FIRST: i64 = 30;
/// The longest delay, in seconds.
const LONGEST: i64 = 3600;
/// The delay while another process holds the lock, in seconds.
const WHILE_LOCKED: i64 = 1;
/// The number of failed attempts to get the lock after which the problem is reported.
const TELL_AFTER: u32 = 60;

/// The failed sessions.
#[derive(Default)]
pub(crate) struct RetryQueue(BTreeMap<String, FailedSession>);

struct FailedSession {
    times: u32,
    problem: String,
    was_reported: bool,
    retry_at: Option<DateTime<Utc>>,
}

impl FailedSession {
    fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.retry_at.is_some_and(|at| at <= now)
    }
}

/// Seconds until the retry after `times` failures; `None` if only a change of files helps.
fn delay(error: &RunError, times: u32) -> Option<i64> {
    match error {
        RunError::Lock(_) => Some(WHILE_LOCKED),
        RunError::Looping { .. } => None,
        error if error.is_about_a_file_for_people() => None,
        _ => Some(FIRST.saturating_mul(1 << times.saturating_sub(1).min(16)).min(LONGEST)),
    }
}

impl RetryQueue {
    /// Records a failure. Returns the delay of the retry in seconds (`None`: only a change of files helps) and whether
    /// to report it. A repeated problem is not reported again, and a lock of another process is reported only after
    /// `TELL_AFTER` failures.
    pub(crate) fn put(&mut self, id: &str, error: &RunError, now: DateTime<Utc>) -> (Option<i64>, bool) {
        let before = self.0.get(id);
        let times = before.map_or(0, |failed| failed.times) + 1;
        let problem = error.to_string();
        let is_news = match error {
            RunError::Lock(_) => times == TELL_AFTER,
            _ => before.is_none_or(|failed| failed.problem != problem),
        };
        let seconds = delay(error, times);
        let retry_at = seconds.map(|seconds| now + TimeDelta::seconds(seconds));
        let failed = FailedSession {
            times,
            problem,
            was_reported: is_news || before.is_some_and(|failed| failed.was_reported),
            retry_at,
        };
        self.0.insert(id.to_owned(), failed);
        (seconds, is_news)
    }

    /// Removes a session from the queue.
    pub(crate) fn take(&mut self, id: &str) {
        self.0.remove(id);
    }

    /// Whether the failure of a session was reported.
    pub(crate) fn was_reported(&self, id: &str) -> bool {
        self.0.get(id).is_some_and(|failed| failed.was_reported)
    }

    /// Whether a session is in the queue and not due yet.
    pub(crate) fn rests(&self, id: &str, now: DateTime<Utc>) -> bool {
        self.0.get(id).is_some_and(|failed| !failed.is_due(now))
    }

    /// All sessions in the queue.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// The sessions that are due.
    pub(crate) fn due(&self, now: DateTime<Utc>) -> Vec<String> {
        let due = self.0.iter().filter(|(_, failed)| failed.is_due(now));
        due.map(|(id, _)| id.clone()).collect()
    }

    /// The time of the next retry.
    pub(crate) fn next(&self) -> Option<DateTime<Utc>> {
        self.0.values().filter_map(|failed| failed.retry_at).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn each_failure_doubles_the_wait_and_success_ends_it() {
        let (mut queue, error) = (RetryQueue::default(), RunError::Store("x".into()));
        let waits: Vec<_> = (0..9).map(|_| queue.put("s", &error, at(0)).0).collect();
        let expected = [30, 60, 120, 240, 480, 960, 1920, 3600, 3600].map(Some);
        assert_eq!(waits, expected);
        assert!(queue.due(at(3599)).is_empty() && queue.due(at(3600)) == ["s"]);
        queue.take("s");
        assert_eq!(queue.put("s", &error, at(0)), (Some(30), true));
        assert_eq!(queue.put("s", &error, at(0)), (Some(60), false), "known already");
    }

    #[test]
    fn what_only_a_person_can_mend_is_not_tried_again() {
        let mut queue = RetryQueue::default();
        let looping = RunError::Looping { phase: "plan".into() };
        let plan = RunError::HalfTyped {
            path: "plan.json".into(),
            problem: String::new(),
        };
        assert_eq!(queue.put("a", &looping, at(0)), (None, true));
        assert_eq!(queue.put("b", &plan, at(0)), (None, true));
        assert!(queue.due(at(1_000_000)).is_empty() && queue.next().is_none());
        assert_eq!(queue.ids(), ["a", "b"]);
    }
}
