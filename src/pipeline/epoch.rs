//! The epoch of remembered answers, as the baselines of sessions say.

use crate::artifact::baseline::Baseline;
use crate::session::{self, Session};

use super::workspace::Workspace;

/// What the newest session with today's student says.
pub fn newest(workspace: &Workspace) -> u32 {
    up_to(workspace, |_| true)
}

/// What a session says, or before it has a baseline, the newest of those before it.
pub fn of(workspace: &Workspace, session: &Session) -> u32 {
    up_to(workspace, |other| other.id <= session.id)
}

/// A session's baseline, where it was made by today's student. One that cannot be read says nothing here; who needs it
/// will be told.
pub fn own_baseline(workspace: &Workspace, session: &Session) -> Option<Baseline> {
    let baseline: Baseline = session.read("baseline.json").ok().flatten()?;
    (baseline.student == workspace.student.identity()).then_some(baseline)
}

fn up_to(workspace: &Workspace, counts: impl Fn(&Session) -> bool) -> u32 {
    let sessions = session::all(&workspace.root).unwrap_or_default();
    let mut newest_first = sessions.iter().rev().filter(|session| counts(session));
    let found = newest_first.find_map(|session| own_baseline(workspace, session));
    found.map_or(0, |baseline| baseline.epoch)
}
