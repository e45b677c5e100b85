//! Checks of the machine: no other process works here, the clock is right, and there is room on the disk.

use chrono::{DateTime, Utc};

use super::{DoctorRow, bad, failed, good};
use crate::ledger::port::Ledger;
use crate::sys::disk::free_bytes;
use crate::workspace::Workspace;
use crate::workspace::running::OtherRun;

/// The room that a session needs at least, in bytes; its traces and answers may need more.
const LEAST_ROOM: u64 = 100 << 20;
/// The clocks of two machines may differ by this many seconds.
const CLOCK_SECONDS: i64 = 300;

/// Whether another process works in the workspace.
pub(super) fn lock(workspace: &Workspace) -> DoctorRow {
    match OtherRun::of(workspace) {
        None => good("lock", "no other process works here".to_owned()),
        Some(run) => bad(
            "lock",
            format!("{} works here", run.process),
            "wait until it ends; `kaizen status` shows its progress",
        ),
    }
}

/// Whether the clock is behind the newest commit: sessions are ordered by time.
pub(super) fn clock(workspace: &Workspace) -> DoctorRow {
    let ledger = &workspace.ledger;
    let entry = |head: Option<String>| head.map_or(Ok(None), |head| ledger.entry(&head));
    let newest = ledger.head().and_then(entry);
    match newest {
        Ok(entry) => {
            let committed = entry.and_then(|entry| DateTime::parse_from_rfc3339(&entry.committed_at).ok());
            told(workspace.clock.now(), committed.map(|time| time.to_utc()))
        }
        Err(error) => failed("clock", error.into()),
    }
}

fn told(now: DateTime<Utc>, committed: Option<DateTime<Utc>>) -> DoctorRow {
    let time = now.format("%Y-%m-%d %H:%M UTC");
    match committed.filter(|committed| (*committed - now).num_seconds() > CLOCK_SECONDS) {
        Some(committed) => bad(
            "clock",
            format!(
                "{time} is before the last commit ({})",
                committed.format("%Y-%m-%d %H:%M UTC")
            ),
            "set the clock of this machine",
        ),
        None => good("clock", time.to_string()),
    }
}

/// Whether there is room for a session.
pub(super) fn disk(workspace: &Workspace) -> DoctorRow {
    match free_bytes(&workspace.root) {
        Ok(Some(free)) if free < LEAST_ROOM => bad(
            "disk",
            format!("{} MiB are free", free >> 20),
            format!("make room: a session needs at least {} MiB", LEAST_ROOM >> 20),
        ),
        Ok(Some(free)) => good("disk", format!("{} MiB are free", free >> 20)),
        Ok(None) => good("disk", "the free space is unknown on this system".to_owned()),
        Err(error) => failed("disk", error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_behind_the_last_commit_is_wrong() {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        let now = at("2026-01-01T00:00:00Z");
        for (committed, ok) in [
            (None, true),
            (Some("2025-12-31T00:00:00Z"), true),
            (Some("2026-01-01T00:04:00Z"), true),
            (Some("2026-01-01T00:06:00Z"), false),
        ] {
            assert_eq!(told(now, committed.map(at)).ok, Some(ok), "{committed:?}");
        }
    }
}
