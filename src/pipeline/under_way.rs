//! What the record says while a phase is under way.

use super::state::{self, View};
use crate::artifact::Artifact;
use crate::artifact::record::{Record, Status};
use crate::workspace::error::RunError;
use crate::workspace::session::Session;

/// The record says what is under way.
pub(super) fn note_status(session: &Session, phase: &str, view: &View) -> Result<(), RunError> {
    let status = match phase {
        "diagnose" => Status::Diagnosing,
        "plan" => Status::Planning,
        "execute" => Status::Executing,
        _ => Status::Initiated,
    };
    // The first phases only clear away why an earlier run failed.
    let stands = |record: &Record| status == Status::Initiated && record.status != Status::Failed;
    if let Some(record) = session.record()?.filter(|record| !stands(record)) {
        let autonomy_mode = state::autonomy(view, Some(&record));
        let under_way = Record {
            status,
            autonomy_mode,
            ended_at: None,
            error: None,
            ..record
        };
        session.publish("session.json", &under_way.to_text())?;
    }
    Ok(())
}
