//! The progress of work that makes many attempts: how many are done, how fast, and how long the rest will take.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::event::{Event, Listener};
use crate::artifact::counted;
use crate::sys::clock::Stopwatch;

/// The shortest time between two lines of a log.
pub(crate) const LOG_INTERVAL: Duration = Duration::from_secs(10);
/// Without an interval, another tenth of the work is worth a line.
const WORTH_A_LINE: usize = 10;

/// After this time without an event, the rate is lower than it was then.
const SILENCE: Duration = Duration::from_secs(2);

/// How far a piece of work has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct WorkProgress {
    /// The work: a phase, an edit, a command.
    pub what: String,
    /// Finished attempts.
    pub done: usize,
    /// All attempts; a trial that stops early makes fewer.
    pub of: usize,
    /// New attempts per second; `None` while no time has passed.
    pub rate: Option<f64>,
}

impl WorkProgress {
    /// The time that the remaining attempts will take, in seconds; `None` if it is unknown.
    pub(crate) fn seconds_left(&self) -> Option<f64> {
        let left = self.of.saturating_sub(self.done) as f64;
        self.rate.filter(|rate| *rate > 0.0).map(|rate| left / rate)
    }

    /// Counts, rate and time left: `107 of 192 attempts, 0.7 per second, about 2 min left`.
    pub(crate) fn words(&self) -> String {
        let mut words = format!("{} of {}", self.done, counted(self.of, "attempt"));
        if let Some(rate) = self.rate.filter(|rate| *rate > 0.0) {
            words += &pace(rate);
        }
        if let Some(seconds) = self.seconds_left().filter(|_| self.done < self.of) {
            words += &format!(", about {} left", duration(seconds));
        }
        words
    }
}

fn pace(rate: f64) -> String {
    match rate {
        rate if rate >= 9.95 => format!(", {rate:.0} per second"),
        rate if rate >= 0.1 => format!(", {rate:.1} per second"),
        rate => format!(", {:.1} per minute", 60.0 * rate),
    }
}

/// A duration in its largest unit: `40 s`, `3 min`, `2.5 h`.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 59.5 => format!("{:.0} s", seconds.ceil().max(1.0)),
        seconds if seconds < 5_400.0 => format!("{:.0} min", seconds / 60.0),
        seconds => format!("{:.1} h", seconds / 3_600.0),
    }
}

/// Derives rates from events. It reads no clock: each event comes with the time since a fixed moment.
#[derive(Debug)]
pub(crate) struct ProgressMeter {
    interval: Duration,
    /// When the last event came.
    heard: Duration,
    /// When the work began, and the number of attempts that were done by then.
    begun: Option<(Duration, usize)>,
    last: Option<WorkProgress>,
    /// When the last line was due, and the number of attempts then.
    told: (Duration, usize),
}

impl ProgressMeter {
    /// A meter with this interval between two lines of a log.
    pub(crate) fn new(interval: Duration) -> Self {
        Self {
            interval,
            heard: Duration::ZERO,
            begun: None,
            last: None,
            told: (Duration::ZERO, 0),
        }
    }

    /// Notes an event at `now`; returns the progress if it is one.
    pub(crate) fn hear(&mut self, now: Duration, event: &Event) -> Option<WorkProgress> {
        // These come with the progress of the same work.
        if matches!(event, Event::Evidence { .. } | Event::Load(_)) {
            return None;
        }
        let Event::Progress { what, done, of } = event else {
            (self.heard, self.begun, self.last) = (now, None, None);
            return None;
        };
        let goes_on = |(_, from): &(Duration, usize)| {
            let is_same = |last: &WorkProgress| last.what == *what && last.of == *of && last.done < last.of;
            *done > *from && self.last.as_ref().is_some_and(is_same)
        };
        let (begun, from) = self.begun.filter(goes_on).unwrap_or_else(|| {
            // The first attempt began with the event before it.
            self.told = (self.heard, done.saturating_sub(1));
            (self.heard, done.saturating_sub(1))
        });
        (self.begun, self.heard) = (Some((begun, from)), now);
        let passed = now.saturating_sub(begun).as_secs_f64();
        let progress = WorkProgress {
            what: what.clone(),
            done: *done,
            of: *of,
            rate: (passed > 0.0).then(|| (done - from) as f64 / passed),
        };
        self.last = Some(progress.clone());
        Some(progress)
    }

    /// The rate at `now`, if no event came for a while; `None` if the rate of the last event still holds.
    pub(crate) fn rate_at(&self, now: Duration) -> Option<f64> {
        let ((begun, from), last) = (self.begun?, self.last.as_ref()?);
        let passed = now.saturating_sub(begun).as_secs_f64();
        let is_silent = now.saturating_sub(self.heard) >= SILENCE && last.done < last.of;
        (is_silent && passed > 0.0).then(|| (last.done - from) as f64 / passed)
    }

    /// Whether a log should get a line about this progress now: one per interval, or for each tenth of the work if the
    /// interval is zero. Counts the line as written.
    pub(crate) fn is_due(&mut self, now: Duration, progress: &WorkProgress) -> bool {
        let (at, done) = self.told;
        let is_due = match self.interval.is_zero() {
            true => WORTH_A_LINE * progress.done.saturating_sub(done) >= progress.of,
            false => now.saturating_sub(at) >= self.interval,
        };
        if is_due {
            self.told = (now, progress.done);
        }
        is_due
    }
}

/// Lets something happen at most once per interval.
pub(crate) struct Pace {
    watch: Stopwatch,
    interval: Duration,
    last: Mutex<Option<Duration>>,
}

impl Pace {
    /// A pace of which the first moment is due at once.
    pub(crate) fn new(interval: Duration) -> Self {
        Self {
            watch: Stopwatch::started(),
            interval,
            last: Mutex::new(None),
        }
    }

    /// Whether an interval has passed since the last moment that was due.
    pub(crate) fn is_due(&self) -> bool {
        let now = self.watch.passed();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| now >= last + self.interval);
        if is_due {
            *last = Some(now);
        }
        is_due
    }
}

/// Counts the attempts of work that is made in several batches.
pub(crate) struct AttemptCount<'a> {
    what: String,
    listener: Listener<'a>,
    made: AtomicUsize,
    expected: AtomicUsize,
}

impl<'a> AttemptCount<'a> {
    /// Counts from 0.
    pub(crate) fn new(what: &str, listener: Listener<'a>) -> Self {
        Self {
            what: what.to_owned(),
            listener,
            made: AtomicUsize::new(0),
            expected: AtomicUsize::new(0),
        }
    }

    /// Sets the number of attempts that the work makes at most.
    pub(crate) fn expect(&self, attempts: usize) {
        self.expected.store(attempts, Ordering::Relaxed);
    }

    /// Counts an attempt, and reports it.
    pub(crate) fn add(&self) {
        let done = 1 + self.made.fetch_add(1, Ordering::Relaxed);
        (self.listener)(Event::Progress {
            what: self.what.clone(),
            done,
            of: self.expected.load(Ordering::Relaxed).max(done),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(what: &str, done: usize, of: usize) -> Event {
        let what = what.to_owned();
        Event::Progress { what, done, of }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn rate_and_time_left_follow_from_the_attempts_since_the_work_began() {
        let mut meter = ProgressMeter::new(LOG_INTERVAL);
        let mut words = |now, event: Event| meter.hear(seconds(now), &event).map(|progress| progress.words());
        let note = || Event::Note { text: String::new() };
        for (now, event, expected) in [
            (100, note(), None),
            (
                110,
                attempt("baseline", 1, 96),
                Some("1 of 96 attempts, 0.1 per second, about 16 min left"),
            ),
            (
                120,
                attempt("baseline", 21, 96),
                Some("21 of 96 attempts, 1.1 per second, about 1 min left"),
            ),
            (
                130,
                attempt("baseline", 96, 96),
                Some("96 of 96 attempts, 3.2 per second"),
            ),
            // The second run of the same tasks, after 50 remembered ones.
            (
                140,
                attempt("baseline", 51, 96),
                Some("51 of 96 attempts, 0.1 per second, about 8 min left"),
            ),
            (150, attempt("edit `a`", 1, 1), Some("1 of 1 attempt, 0.1 per second")),
            (151, note(), None),
            (151, attempt("edit `b`", 1, 200), Some("1 of 200 attempts")),
            (
                201,
                attempt("edit `b`", 2, 200),
                Some("2 of 200 attempts, 2.4 per minute, about 82 min left"),
            ),
        ] {
            assert_eq!(words(now, event.clone()).as_deref(), expected, "{now}: {event:?}");
        }
    }

    #[test]
    fn a_log_gets_a_line_per_interval_or_for_each_tenth() {
        let lines = |interval, of: usize, pace: u64| {
            let mut meter = ProgressMeter::new(interval);
            meter.hear(seconds(0), &Event::ManifestLoaded);
            let lines = (1..=of).filter(|done| {
                let now = seconds(*done as u64 * pace);
                let progress = meter.hear(now, &attempt(&format!("{of} at {pace}"), *done, of));
                progress.is_some_and(|progress| meter.is_due(now, &progress))
            });
            lines.collect::<Vec<_>>()
        };
        assert_eq!(lines(LOG_INTERVAL, 5, 1), [0; 0], "short work needs no line");
        assert_eq!(lines(LOG_INTERVAL, 1000, 1)[..3], [10, 20, 30]);
        assert_eq!(lines(LOG_INTERVAL, 3, 30), [1, 2, 3]);
        assert_eq!(lines(Duration::ZERO, 1000, 1)[..3], [100, 200, 300]);
        assert_eq!(lines(Duration::ZERO, 20, 30)[..3], [2, 4, 6]);
    }

    #[test]
    fn the_rate_falls_while_nothing_happens() {
        let mut meter = ProgressMeter::new(LOG_INTERVAL);
        meter.hear(seconds(0), &Event::ManifestLoaded);
        assert_eq!(meter.rate_at(seconds(9)), None);
        meter.hear(seconds(10), &attempt("baseline", 5, 9));
        assert_eq!(meter.rate_at(seconds(11)), None, "as in the last event");
        assert_eq!(meter.rate_at(seconds(20)), Some(0.05));
        meter.hear(seconds(21), &attempt("baseline", 9, 9));
        assert_eq!(meter.rate_at(seconds(40)), None, "all is done");
    }

    #[test]
    fn durations_have_one_unit() {
        for (seconds, words) in [
            (0.2, "1 s"),
            (41.0, "41 s"),
            (59.6, "1 min"),
            (200.0, "3 min"),
            (9_000.0, "2.5 h"),
        ] {
            assert_eq!(duration(seconds), words);
        }
    }
}
