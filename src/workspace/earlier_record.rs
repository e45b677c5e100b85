//! What the gate found of an edit before, in whatever session: a trial that was begun is gone on with, never begun anew.

use crate::artifact::Artifact;
use crate::artifact::gate::record::GateRecord;
use crate::artifact::gate::settings::Mode;
use crate::artifact::outcome::Outcome;
use crate::digest::Digest;
use crate::workspace::error::RunError;
use crate::workspace::session::{ATTIC, OUTCOMES, Session, SessionError};
use crate::workspace::{Workspace, session};

/// The record of an edit in this very comparison that has come furthest, with the session that it stands in; an outcome
/// that was put aside, so that the edit is tried again, counts as well.
///
/// # Errors
/// An outcome cannot be read.
pub(crate) fn earlier_record(
    workspace: &Workspace,
    edit: &Digest,
    comparison: &Digest,
) -> Result<Option<(String, GateRecord)>, RunError> {
    let mut furthest: Option<(String, GateRecord)> = None;
    for session in session::all(&workspace.root)?.into_iter().rev() {
        for record in records(&session, edit)? {
            let known = furthest.as_ref().map_or(0, |(_, record)| record.pairs.len());
            let is_bet = record.mode == Mode::Sequential;
            if is_bet && record.comparison == *comparison && (furthest.is_none() || record.pairs.len() > known) {
                furthest = Some((session.id.clone(), record));
            }
        }
    }
    Ok(furthest)
}

fn records(session: &Session, edit: &Digest) -> Result<Vec<GateRecord>, SessionError> {
    let present = session.read::<Outcome>(&format!("{OUTCOMES}{edit}.json"))?;
    let outcomes = present.into_iter().chain(put_aside(session)?);
    let of_the_edit = outcomes.filter(|outcome| outcome.edit_digest == *edit);
    Ok(of_the_edit.filter_map(|outcome| outcome.gate).collect())
}

/// Every outcome of a session, and every one that was put aside.
///
/// # Errors
/// An outcome cannot be read.
pub(crate) fn all_outcomes(session: &Session) -> Result<Vec<Outcome>, SessionError> {
    let mut outcomes = put_aside(session)?;
    outcomes.extend(session.outcomes()?.into_values());
    Ok(outcomes)
}

/// Anything may have been put aside; what is no outcome is none.
fn put_aside(session: &Session) -> Result<Vec<Outcome>, SessionError> {
    let outcome = |name: String| {
        let path = session.path(&format!("{ATTIC}{name}"));
        let text = session.text(&format!("{ATTIC}{name}")).ok().flatten()?;
        Outcome::from_text(&path, &text).ok()
    };
    Ok(session.names(ATTIC)?.into_iter().filter_map(outcome).collect())
}
