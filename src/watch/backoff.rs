//! Aside: sessions that could not go on, and when each is tried again by itself.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::workspace::error::RunError;

/// After the first failure; each further one doubles it.
const FIRST: i64 = 30;
/// Seconds, at most.
const LONGEST: i64 = 3600;
/// While somebody else works in the workspace.
const WHILE_LOCKED: i64 = 1;
/// Failures because of somebody else's work before it is worth telling.
const TELL_AFTER: u32 = 60;

/// Sessions that could not go on.
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

/// Seconds until a failed session is tried again by itself, after so many failures; `None` when only a change helps.
fn delay(error: &RunError, times: u32) -> Option<i64> {
    match error {
        RunError::Lock(_) => Some(WHILE_LOCKED),
        RunError::Looping { .. } => None,
        error if error.is_about_a_file_for_people() => None,
        _ => Some(FIRST.saturating_mul(1 << times.saturating_sub(1).min(16)).min(LONGEST)),
    }
}

impl RetryQueue {
    /// Puts a session aside: seconds until it is tried again by itself, and whether that is news. The same problem
    /// again is not, and somebody else's work is when it takes long.
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

    /// Takes a session back in.
    pub(crate) fn take(&mut self, id: &str) {
        self.0.remove(id);
    }

    /// Whether a person was told that it could not go on.
    pub(crate) fn was_reported(&self, id: &str) -> bool {
        self.0.get(id).is_some_and(|failed| failed.was_reported)
    }

    /// Whether it is aside, and not due again yet.
    pub(crate) fn rests(&self, id: &str, now: DateTime<Utc>) -> bool {
        self.0.get(id).is_some_and(|failed| !failed.is_due(now))
    }

    /// All of them.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// Those whose time has come.
    pub(crate) fn due(&self, now: DateTime<Utc>) -> Vec<String> {
        let due = self.0.iter().filter(|(_, failed)| failed.is_due(now));
        due.map(|(id, _)| id.clone()).collect()
    }

    /// When the next is due.
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
        let (mut aside, error) = (RetryQueue::default(), RunError::Store("x".into()));
        let waits: Vec<_> = (0..9).map(|_| aside.put("s", &error, at(0)).0).collect();
        let expected = [30, 60, 120, 240, 480, 960, 1920, 3600, 3600].map(Some);
        assert_eq!(waits, expected);
        assert!(aside.due(at(3599)).is_empty() && aside.due(at(3600)) == ["s"]);
        aside.take("s");
        assert_eq!(aside.put("s", &error, at(0)), (Some(30), true));
        assert_eq!(aside.put("s", &error, at(0)), (Some(60), false), "known already");
    }

    #[test]
    fn what_only_a_person_can_mend_is_not_tried_again() {
        let mut aside = RetryQueue::default();
        let looping = RunError::Looping { phase: "plan".into() };
        let plan = RunError::HalfTyped {
            path: "plan.json".into(),
            problem: String::new(),
        };
        assert_eq!(aside.put("a", &looping, at(0)), (None, true));
        assert_eq!(aside.put("b", &plan, at(0)), (None, true));
        assert!(aside.due(at(1_000_000)).is_empty() && aside.next().is_none());
        assert_eq!(aside.ids(), ["a", "b"]);
    }
}
