//! The epoch of remembered answers, as the baselines of sessions say.

use serde_json::Value;

use crate::artifact::baseline::Baseline;
use crate::sys::disk::Root;
use crate::workspace::session;
use crate::workspace::session::Session;

/// What the newest session with today's student says.
pub fn newest(root: &Root, student: &Value) -> u32 {
    up_to(root, student, |_| true)
}

/// What a session says, or before it has a baseline, the newest of those before it.
pub fn of(root: &Root, student: &Value, session: &Session) -> u32 {
    up_to(root, student, |other| other.id <= session.id)
}

/// A session's baseline, where it was made by today's student. One that cannot be read says nothing here; who needs it
/// will be told.
pub fn own_baseline(session: &Session, student: &Value) -> Option<Baseline> {
    let baseline: Baseline = session.read("baseline.json").ok().flatten()?;
    (baseline.student == *student).then_some(baseline)
}

fn up_to(root: &Root, student: &Value, counts: impl Fn(&Session) -> bool) -> u32 {
    let sessions = session::all(root).unwrap_or_default();
    let mut newest_first = sessions.iter().rev().filter(|session| counts(session));
    let found = newest_first.find_map(|session| own_baseline(session, student));
    found.map_or(0, |baseline| baseline.epoch)
}
