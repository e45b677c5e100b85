//! The clock and the source of new ids; `KAIZEN_NOW` fixes both, so that a session can be replayed.
#![allow(clippy::disallowed_methods)] // edge: time, randomness, environment

use chrono::{DateTime, SecondsFormat, Utc};

use crate::digest::Digest;

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

    /// A new session id: UTC time and 8 hexadecimal digits, random unless the time is fixed.
    pub fn session_id(&self, sessions_so_far: usize) -> String {
        let now = self.now();
        let digits = match self.fixed {
            Some(_) => Digest::of_value(&(now.to_rfc3339(), sessions_so_far)).to_string(),
            None => uuid::Uuid::new_v4().simple().to_string(),
        };
        format!("session-{}_{}", now.format("%Y%m%dT%H%M%S"), &digits[..8])
    }
}
