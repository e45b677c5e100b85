//! Advance: start or resume a session and run what is stale until nothing is.

use crate::artifact::Artifact;
use crate::artifact::readiness::Readiness;
use crate::artifact::record::{Record, Status};
use crate::commit_message::message;
use crate::freshness::{Freshness, Reason};
use crate::port::Ledger;
use crate::route::Autonomy;
use crate::session::{self, Session};

use super::RunError;
use super::begin::{begin, commit_session, restore_record};
use super::event::{Event, Listener};
use super::inputs::Inputs;
use super::recover::recover;
use super::run_phase::Run;
use super::state::{self, Depth, View, state};
use super::step;
use super::workspace::Workspace;

/// What a user asked for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// A session by name; the newest otherwise.
    pub session: Option<String>,
    /// A new session, even when the newest could be gone on with.
    pub new: bool,
    /// Stop after this phase.
    pub until: Option<String>,
    /// Run these phases whether they are stale or not.
    pub redo: Vec<String>,
    /// In place of the session's own autonomy.
    pub autonomy: Option<Autonomy>,
    /// Commit the user's own changes to the harness first.
    pub adopt: bool,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The session.
    pub session: Session,
    /// Its record.
    pub record: Record,
    /// Whether the run did anything.
    pub changed: bool,
    /// Why no session could be held.
    pub not_ready: Option<String>,
}

/// Starts or resumes a session and runs what is stale.
///
/// # Errors
/// See [`RunError`]; the session's record says so as well.
pub fn advance(workspace: &Workspace, asked: &Asked, listener: Listener) -> Result<Ended, RunError> {
    check_phases(workspace, asked)?;
    let holder = format!("kaizen run, process {}", std::process::id());
    let _lock = crate::disk::lock(&workspace.own("lock"), &holder)?;
    if recover(workspace)? {
        listener(Event::Note {
            text: "an interrupted write was undone".into(),
        });
    }
    let (session, fresh) = open_session(workspace, asked, listener)?;
    restore_record(workspace, asked, &session)?;
    match go_on(workspace, asked, &session, listener) {
        Ok(ended) => Ok(Ended {
            changed: ended.changed || fresh,
            ..ended
        }),
        Err(error) => {
            note_failure(workspace, &session, &error)?;
            // A commit that was refused leaves an edit in the live files that no gate vouches for in git: undo it now.
            recover(workspace)?;
            Err(error)
        }
    }
}

fn check_phases(workspace: &Workspace, asked: &Asked) -> Result<(), RunError> {
    let known = workspace.manifest.phases();
    let unknown = asked
        .until
        .iter()
        .chain(&asked.redo)
        .find(|name| !known.contains_key(*name));
    let names: Vec<&str> = known.keys().map(String::as_str).collect();
    match unknown {
        Some(name) => Err(RunError::Unknown(format!(
            "there is no phase `{name}`; there are {}",
            names.join(", ")
        ))),
        None => Ok(()),
    }
}

/// The session that is meant, and whether it was made just now.
fn open_session(workspace: &Workspace, asked: &Asked, listener: Listener) -> Result<(Session, bool), RunError> {
    let sessions = session::all(&workspace.root)?;
    if let Some(id) = &asked.session {
        let found = sessions.into_iter().find(|session| session.id == *id);
        let session =
            found.ok_or_else(|| RunError::Unknown(format!("there is no session `{id}`; `kaizen log` lists them")))?;
        return Ok((session, false));
    }
    if let Some(newest) = sessions.last().filter(|_| !asked.new) {
        return Ok((newest.clone(), false));
    }
    let newest = sessions.last().map(|newest| newest.id.as_str());
    let id = workspace.clock.session_id(sessions.len(), newest);
    let session = Session::at(&workspace.root, &id);
    begin(
        workspace,
        &session,
        sessions.last().map(|parent| parent.id.clone()),
        asked,
    )?;
    listener(Event::SessionStarted { session: id });
    Ok((session, true))
}

fn go_on(workspace: &Workspace, asked: &Asked, session: &Session, listener: Listener) -> Result<Ended, RunError> {
    let engines = workspace.engines();
    let memo = workspace.memo();
    for phase in &asked.redo {
        session.remove_checkpoint(phase)?;
        forget(session, phase)?;
    }
    let mut changed = !asked.redo.is_empty();
    let ended = loop {
        // Read anew after every phase: it may have committed, and files may have been edited meanwhile.
        let inputs = Inputs::new(workspace);
        let view = View {
            workspace,
            inputs: &inputs,
            engines: &engines,
            depth: Depth::Present,
            autonomy: asked.autonomy,
        };
        let now = state(&view, session)?;
        if let Some(message) = not_ready(session, &now)? {
            break Some(message);
        }
        let Some((phase, reasons)) = next(&now, asked.until.as_deref()) else {
            break None;
        };
        announce(session, &phase, &reasons, &view, listener)?;
        if matches!(phase.as_str(), "baseline" | "execute") {
            settle_user_changes(workspace, &inputs, asked, listener)?;
        }
        step::run(
            &Run {
                view: &view,
                session,
                listener,
                memo: memo.as_ref(),
            },
            &phase,
        )?;
        changed = true;
    };
    if let Some(message) = &ended {
        end_unready(workspace, session, message)?;
    }
    finish(workspace, asked, session, changed, ended, listener)
}

/// Redoing `execute` means to try again what was not applied.
fn forget(session: &Session, phase: &str) -> Result<(), RunError> {
    use crate::artifact::outcome::OutcomeStatus::{Applied, PendingReview, RejectedByUser, Stranded};
    if phase != "execute" {
        return Ok(());
    }
    for (digest, outcome) in session.outcomes()? {
        if !matches!(outcome.status, Applied | PendingReview | RejectedByUser | Stranded) {
            session.withdraw(&format!("{}{digest}.json", session::OUTCOMES))?;
        }
    }
    Ok(())
}

/// The refusal, when readiness is fresh and says no.
fn not_ready(session: &Session, state: &[state::PhaseState]) -> Result<Option<String>, RunError> {
    let fresh = state
        .iter()
        .any(|(phase, fresh)| phase == "readiness" && matches!(fresh, Freshness::Fresh { .. }));
    let readiness: Option<Readiness> = if fresh { session.read("readiness.json")? } else { None };
    Ok(readiness
        .filter(|readiness| !readiness.ready)
        .map(|readiness| readiness.message))
}

/// The first stale phase up to `until`.
fn next(state: &[state::PhaseState], until: Option<&str>) -> Option<(String, Vec<Reason>)> {
    let last = until
        .and_then(|until| state.iter().position(|(name, _)| name == until))
        .unwrap_or(state.len());
    state.iter().take(last + 1).find_map(|(name, fresh)| match fresh {
        Freshness::Stale { reasons } => Some((name.clone(), reasons.clone())),
        _ => None,
    })
}

fn announce(
    session: &Session,
    phase: &str,
    reasons: &[Reason],
    view: &View,
    listener: Listener,
) -> Result<(), RunError> {
    listener(Event::PhaseStarted {
        phase: phase.to_owned(),
        reasons: reasons.iter().map(ToString::to_string).collect(),
    });
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

/// The harness files, on disk or at HEAD, that hold uncommitted changes.
///
/// # Errors
/// git or the file system says no.
pub(super) fn user_changes(workspace: &Workspace, inputs: &Inputs) -> Result<Vec<String>, RunError> {
    let mut paths: Vec<String> = workspace.harness()?.files().map(|(path, _)| path.to_owned()).collect();
    if let Some(head) = inputs.head()? {
        let at_head = inputs.harness_at(head)?;
        paths.extend(at_head.files().map(|(path, _)| path.to_owned()));
    }
    paths.sort();
    paths.dedup();
    Ok(workspace.ledger.dirty(&paths)?)
}

/// The user's uncommitted changes to the harness are committed apart when that is asked for, and refused otherwise.
fn settle_user_changes(
    workspace: &Workspace,
    inputs: &Inputs,
    asked: &Asked,
    listener: Listener,
) -> Result<(), RunError> {
    let dirty = user_changes(workspace, inputs)?;
    if dirty.is_empty() {
        return Ok(());
    }
    if !asked.adopt {
        return Err(RunError::Dirty(dirty));
    }
    let commit = workspace.ledger.commit(
        &dirty,
        &message("kaizen: adopt the user's changes", &dirty.join("\n"), &[]),
    )?;
    listener(Event::Note {
        text: format!("your changes were committed as {}", &commit[..commit.len().min(10)]),
    });
    Ok(())
}

fn end_unready(workspace: &Workspace, session: &Session, message: &str) -> Result<(), RunError> {
    let Some(record) = session.record()? else { return Ok(()) };
    if record.status != Status::Failed || record.error.as_deref() != Some(message) {
        let ended_at = Some(workspace.clock.stamp());
        let record = Record {
            status: Status::Failed,
            ended_at,
            error: Some(message.to_owned()),
            ..record
        };
        session.publish("session.json", &record.to_text())?;
    }
    Ok(())
}

fn note_failure(workspace: &Workspace, session: &Session, error: &RunError) -> Result<(), RunError> {
    // The user's own changes are in the way: nothing failed, and nothing is to be recorded.
    if matches!(error, RunError::Dirty(_)) {
        return Ok(());
    }
    end_unready(workspace, session, &error.to_string())
}

fn finish(
    workspace: &Workspace,
    asked: &Asked,
    session: &Session,
    changed: bool,
    not_ready: Option<String>,
    listener: Listener,
) -> Result<Ended, RunError> {
    let record = session
        .record()?
        .ok_or_else(|| RunError::Unknown(format!("{} has no session.json", session.id)))?;
    if asked.until.is_none() && not_ready.is_none() {
        commit_session(workspace, session, &record)?;
        listener(Event::SessionSettled {
            session: session.id.clone(),
            status: record.status,
            changed,
        });
    }
    Ok(Ended {
        session: session.clone(),
        record,
        changed,
        not_ready,
    })
}
