//! The clock and the source of new ids; `KAIZEN_NOW` fixes both, so that a session can be replayed.
#![allow(clippy::disallowed_methods)] // edge: time, randomness, environment

use chrono::{DateTime, NaiveDateTime, SecondsFormat, TimeDelta, Utc};

use crate::digest::Digest;

/// The time in a session's name.
const ID_TIME: &str = "%Y%m%dT%H%M%S";

/// Now, or the time that is fixed by the environment.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    fixed: Option<DateTime<Utc>>,
}

impl Clock {
    /// The clock of this process: `KAIZEN_NOW` (RFC 3339) when it is set and valid, else the machine's.
    pub fn from_environment() -> Self {
        let fixed = std::env::var("KAIZEN_NOW")
            .ok()
            .and_then(|text| DateTime::parse_from_rfc3339(&text).ok());
        Self {
            fixed: fixed.map(|time| time.with_timezone(&Utc)),
        }
    }

    /// The present moment.
    pub fn now(&self) -> DateTime<Utc> {
        self.fixed.unwrap_or_else(Utc::now)
    }

    /// The present moment as RFC 3339 in UTC, with milliseconds.
    pub fn stamp(&self) -> String {
        self.now().to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// The fixed time, for commit dates; `None` on a running clock.
    pub fn commit_date(&self) -> Option<String> {
        self.fixed.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
    }

    /// A new session id: UTC time and 8 hexadecimal digits, random unless the time is fixed. Names are the order of
    /// sessions: one that begins in the second of the newest, or before it, is named after the next second.
    pub fn session_id(&self, sessions_so_far: usize, newest: Option<&str>) -> String {
        let now = self.now();
        let digits = match self.fixed {
            Some(_) => Digest::of_value(&(now.to_rfc3339(), sessions_so_far)).to_string(),
            None => uuid::Uuid::new_v4().simple().to_string(),
        };
        let next = newest.and_then(second_of).map(|second| second + TimeDelta::seconds(1));
        let named = next.map_or(now, |next| now.max(next));
        format!("session-{}_{}", named.format(ID_TIME), &digits[..8])
    }
}

/// The second that a session is named after; `None` for a name of another form.
fn second_of(id: &str) -> Option<DateTime<Utc>> {
    let (second, _) = id.strip_prefix("session-")?.split_once('_')?;
    Some(NaiveDateTime::parse_from_str(second, ID_TIME).ok()?.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_of_the_sessions() {
        let fixed = "2026-03-01T10:00:00Z".parse().ok();
        let clock = Clock { fixed };
        let mut ids = vec![clock.session_id(0, None)];
        for count in 1..20 {
            ids.push(clock.session_id(count, ids.last().map(String::as_str)));
        }
        assert!(ids.is_sorted_by(|one, two| one < two), "{ids:?}");
        assert!(ids[0].starts_with("session-20260301T100000_"));
        for other in ["example", "session-early_00000000", "session-20200101T000000_ffffffff"] {
            assert_eq!(clock.session_id(0, Some(other)), ids[0]);
        }
    }
}
