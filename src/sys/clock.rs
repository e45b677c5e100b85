//! The clock and new ids. `KAIZEN_NOW` fixes both, so that a session can be replayed.
#![allow(clippy::disallowed_methods)] // edge: time, randomness, environment

use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};

use crate::digest::Digest;

/// The machine's clock, or a fixed time from the environment.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    fixed: Option<DateTime<Utc>>,
}

/// The variable that fixes the clock has no valid value.
#[derive(Debug, thiserror::Error)]
#[error("KAIZEN_NOW={0:?} is not an RFC 3339 time such as 2026-01-31T12:00:00Z; correct the variable or unset it")]
pub struct ClockError(String);

impl Clock {
    /// The clock of this process: fixed at `KAIZEN_NOW` (RFC 3339) if that is set and not empty, else the machine's.
    ///
    /// # Errors
    /// `KAIZEN_NOW` is no time.
    pub fn from_environment() -> Result<Self, ClockError> {
        match std::env::var_os("KAIZEN_NOW") {
            Some(text) if !text.is_empty() => Self::fixed_at(&text.to_string_lossy()),
            _ => Ok(Self { fixed: None }),
        }
    }

    fn fixed_at(text: &str) -> Result<Self, ClockError> {
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| ClockError(text.to_owned()))?;
        Ok(Self {
            fixed: Some(time.with_timezone(&Utc)),
        })
    }

    /// The current time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.fixed.unwrap_or_else(Utc::now)
    }

    /// The seconds since an earlier time; `None` if the time is fixed, or the machine's clock was set back.
    pub(crate) fn seconds_since(&self, begun: DateTime<Utc>) -> Option<f64> {
        let passed = (self.now() - begun).to_std().ok()?;
        self.fixed
            .is_none()
            .then(|| (passed.as_secs_f64() * 1000.0).round() / 1000.0)
    }

    /// The current time as RFC 3339 in UTC, with milliseconds.
    pub(crate) fn stamp(&self) -> String {
        self.now().to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// The fixed time, for commit dates; `None` if the time is not fixed.
    pub(crate) fn commit_date(&self) -> Option<String> {
        self.fixed.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
    }

    /// A new session id: UTC time and 8 hexadecimal digits, random unless the time is fixed. Ids sort by age: within
    /// the same second, the digits are greater than those of the newest session.
    pub(crate) fn session_id(&self, sessions_so_far: usize, newest: Option<&str>) -> String {
        let now = self.now();
        let digits = match self.fixed {
            Some(_) => Digest::of_value(&(now.to_rfc3339(), sessions_so_far)).to_string(),
            None => uuid::Uuid::new_v4().simple().to_string(),
        };
        let (prefix, digits) = (now.format("session-%Y%m%dT%H%M%S_").to_string(), &digits[..8]);
        let floor = newest.and_then(|newest| u32::from_str_radix(newest.strip_prefix(&prefix)?, 16).ok());
        match floor {
            Some(floor) => format!("{prefix}{:08x}", above(floor, digits)),
            None => prefix + digits,
        }
    }
}

/// Measures the time since it was started, whatever the clock says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// A stopwatch that starts now.
    pub(crate) fn started() -> Self {
        Self(Instant::now())
    }

    /// The time since then.
    pub(crate) fn passed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A random number from 0 to 1, for delays only, never for a result.
pub(crate) fn chance() -> f64 {
    let drawn = uuid::Uuid::new_v4().as_u128() >> 96;
    drawn as f64 / f64::from(u32::MAX)
}

/// A word that nobody can guess: 32 hexadecimal digits, 122 bits of which are random. A fixed clock does not fix it.
pub(crate) fn secret() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// A number above `floor`, but so close that hundreds more fit above it.
fn above(floor: u32, digits: &str) -> u32 {
    let step = ((u32::MAX - floor) / 64).max(1);
    let drawn = u32::from_str_radix(digits, 16).unwrap_or_default();
    floor.saturating_add(1 + drawn % step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_time_fixes_the_clock() {
        for text in ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.5+02:00"] {
            assert!(Clock::fixed_at(text).is_ok(), "{text}");
        }
        for text in [
            "garbage",
            "2026-02-30T12:00:00Z",
            "2026-01-31",
            "2026-01-31T12:00:00",
            "1769860800",
            " ",
        ] {
            let problem = Clock::fixed_at(text).unwrap_err().to_string();
            assert!(problem.contains("KAIZEN_NOW"), "{problem}");
        }
    }

    #[test]
    fn names_of_one_second_sort_by_age() {
        let clock = Clock {
            fixed: "2026-01-01T00:00:00Z".parse().ok(),
        };
        let mut names = vec![clock.session_id(0, None)];
        for number in 1..300 {
            names.push(clock.session_id(number, names.last().map(String::as_str)));
        }
        assert!(names.is_sorted());
        names.dedup();
        assert_eq!(names.len(), 300);
        let other = clock.session_id(300, Some("session-20251231T235959_ffffffff"));
        assert_eq!(other, clock.session_id(300, None));
    }
}
