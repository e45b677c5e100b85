//! Finds earlier gate records of an edit in all sessions, so that a trial is continued and never restarted.

use crate::artifact::Artifact;
use crate::artifact::gate::record::GateRecord;
use crate::artifact::outcome::Outcome;
use crate::digest::Digest;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::session::{ATTIC, OUTCOMES, Session, SessionError};

/// The record with the most pairs of an edit that fits, and the session that has it. Outcomes in the attic count too: they
/// are moved there when an edit is tried again.
///
/// # Errors
/// An outcome cannot be read.
pub(crate) fn earlier_record(
    workspace: &Workspace,
    edit: &Digest,
    fits: &dyn Fn(&GateRecord) -> bool,
) -> Result<Option<(String, GateRecord)>, RunError> {
    let mut furthest: Option<(String, GateRecord)> = None;
    for session in workspace.sessions()?.into_iter().rev() {
        for record in records(&session, edit)? {
            let known = furthest.as_ref().map_or(0, |(_, record)| record.pairs.len());
            if fits(&record) && (furthest.is_none() || record.pairs.len() > known) {
                furthest = Some((session.id.clone(), record));
            }
        }
    }
    Ok(furthest)
}

fn records(session: &Session, edit: &Digest) -> Result<Vec<GateRecord>, SessionError> {
    let present = session.read::<Outcome>(&format!("{OUTCOMES}{edit}.json"))?;
    let outcomes = present.into_iter().chain(outcomes_in_attic(session)?);
    let of_the_edit = outcomes.filter(|outcome| outcome.edit_digest == *edit);
    Ok(of_the_edit.filter_map(|outcome| outcome.gate).collect())
}

/// All outcomes of a session, including those in the attic.
///
/// # Errors
/// An outcome cannot be read.
pub(crate) fn all_outcomes(session: &Session) -> Result<Vec<Outcome>, SessionError> {
    let mut outcomes = outcomes_in_attic(session)?;
    outcomes.extend(session.outcomes()?.into_values());
    Ok(outcomes)
}

/// The outcomes in the attic. Files there that do not parse as an outcome are skipped.
fn outcomes_in_attic(session: &Session) -> Result<Vec<Outcome>, SessionError> {
    let outcome = |name: String| {
        let path = session.path(&format!("{ATTIC}{name}"));
        let text = session.text(&format!("{ATTIC}{name}")).ok().flatten()?;
        Outcome::from_text(&path, &text).ok()
    };
    Ok(session.names(ATTIC)?.into_iter().filter_map(outcome).collect())
}
