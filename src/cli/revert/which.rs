//! Which edits `revert` means: one by label or digits, or all that a session applied.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifact::outcome::OutcomeStatus;
use crate::cli::accept::{ambiguous, session_of};
use crate::cli::exit::Failure;
use crate::cli::show::edit::{self, Known};
use crate::digest::Digest;
use crate::maintenance::take_back;
use crate::pipeline::execute::reconcile::LedgerState;
use crate::workspace::session::Session;
use crate::workspace::{Workspace, session};

/// Edits of one session.
pub(crate) struct Wanted {
    /// The session.
    pub session: Session,
    /// Those to be taken back, with their labels; empty when that was done already.
    pub edits: BTreeMap<Digest, String>,
    /// What is said when there is none.
    pub already: String,
}

/// Finds what is meant.
///
/// # Errors
/// There is no such thing, more than one, or it was never applied.
pub(crate) fn find(workspace: &Workspace, name: &str, within: Option<&str>) -> Result<Wanted, Failure> {
    let sessions = match within {
        Some(within) => vec![session_of(workspace, Some(within))?],
        None => session::all(&workspace.root)?,
    };
    match sessions.iter().find(|session| session.id == name) {
        Some(session) => whole(workspace, session),
        None => one(workspace, &sessions, name),
    }
}

fn whole(workspace: &Workspace, session: &Session) -> Result<Wanted, Failure> {
    let known = edit::known(session)?;
    let held = take_back::held(workspace, session)?;
    let applied = known
        .iter()
        .filter_map(|(digest, known)| judged(session, known, held.get(digest)).ok());
    Ok(Wanted {
        edits: applied.flat_map(|wanted| wanted.edits).collect(),
        already: format!("{} has no applied edit; there is nothing to take back", session.id),
        session: session.clone(),
    })
}

/// Labels repeat from session to session: the newest that has one is meant, as for `show`. Digits name the same edit
/// everywhere: the session that applied it is meant.
fn one(workspace: &Workspace, sessions: &[Session], name: &str) -> Result<Wanted, Failure> {
    let mut fitting: Vec<(&Session, Known)> = Vec::new();
    for session in sessions.iter().rev() {
        // A session that cannot be read hides no other; `verify` names it.
        let Ok(known) = edit::known(session) else { continue };
        let found: BTreeMap<Digest, Known> = known.into_iter().filter(|(_, known)| edit::fits(known, name)).collect();
        if found.len() > 1 {
            let what = found.iter().map(|(digest, known)| (*digest, edit::what(known)));
            return Err(ambiguous(name, session, &what.collect()));
        }
        let is_label = found.values().any(|known| edit::label(known) == name);
        fitting.extend(found.into_values().map(|known| (session, known)));
        if is_label {
            break;
        }
    }
    same_edit(name, &fitting)?;
    let mut first = None;
    for (session, known) in fitting {
        let held = take_back::held(workspace, session)?;
        let wanted = judged(
            session,
            &known,
            held.get(&known.edit_digest.unwrap_or_else(|| Digest::of_bytes(b""))),
        );
        match wanted {
            Ok(wanted) if !wanted.edits.is_empty() => return Ok(wanted),
            other => first = first.or(Some(other)),
        }
    }
    first.unwrap_or_else(|| {
        Err(Failure::usage(format!("there is no edit and no session `{name}`"))
            .hint("`kaizen show` lists the newest session's edits, `kaizen log` the sessions"))
    })
}

/// Digits that begin different edits of different sessions name none of them.
fn same_edit(name: &str, fitting: &[(&Session, Known)]) -> Result<(), Failure> {
    let different: BTreeSet<Option<Digest>> = fitting.iter().map(|(_, known)| known.edit_digest).collect();
    if different.len() < 2 {
        return Ok(());
    }
    let line = |(session, known): &(&Session, Known)| {
        let digest = known.edit_digest.map(|digest| digest.to_string()).unwrap_or_default();
        format!("\n  {digest}  {} of {}", edit::what(known), session.id)
    };
    let lines: String = fitting.iter().map(line).collect();
    Err(Failure::usage(format!("`{name}` names more than one edit:{lines}")).hint("give more digits, or --session"))
}

/// What git says decides; the outcome says the rest.
fn judged(session: &Session, known: &Known, held: Option<&LedgerState>) -> Result<Wanted, Failure> {
    let label = edit::label(known);
    let wanted = |edits, already| Wanted {
        session: session.clone(),
        edits,
        already,
    };
    let status = known.outcome.as_ref().map(|outcome| outcome.status);
    let already = |how: &str| wanted(BTreeMap::new(), format!("{label} of {} is {how} already", session.id));
    Ok(match (held, status, known.edit_digest) {
        (Some(LedgerState::Applied(_)), status, Some(digest)) if status != Some(OutcomeStatus::RolledBack) => {
            wanted(BTreeMap::from([(digest, label.to_owned())]), String::new())
        }
        (Some(LedgerState::Undone), ..) => already("taken back in git"),
        (Some(LedgerState::Stranded), ..) | (_, Some(OutcomeStatus::Stranded), _) => {
            already("out of the harness (stranded)")
        }
        (Some(_), ..) | (_, Some(OutcomeStatus::RolledBack), _) => already("taken back"),
        (None, Some(OutcomeStatus::Applied), _) => already("gone from the history"),
        (None, status, _) => {
            let words = status.map_or("not tried yet", OutcomeStatus::words);
            let problem = format!("{label} of {} was not applied: {words}", session.id);
            return Err(
                Failure::usage(problem).hint("only an applied edit can be taken back; `kaizen show` lists them")
            );
        }
    })
}
