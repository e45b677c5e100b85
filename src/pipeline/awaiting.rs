//! Awaiting: a session that waits for a file says so, and tells in a folder what is to be written.

use super::run_phase::Run;
use super::under_way::note_status;
use super::{briefing, step};
use crate::workspace::error::RunError;
use crate::workspace::event::Event;

/// Notes that a phase waits for a file, once the briefing tells how things are.
pub(super) fn await_file(run: &Run, phase: &str, file: &str) -> Result<(), RunError> {
    // The briefing lets the student answer: what that costs is the session's.
    let scope = step::scope(&run.session.id, phase);
    run.view.workspace.calls.charge(&run.session.path(""), &scope)?;
    let briefing = briefing::refresh(run)?;
    note_status(run.session, phase, run.view)?;
    (run.listener)(Event::FileAwaited {
        session: run.session.id.clone(),
        phase: phase.to_owned(),
        file: format!("{}/{file}", run.session.relative()),
        briefing,
    });
    Ok(())
}
