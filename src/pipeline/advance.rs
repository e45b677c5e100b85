//! Advances a session: starts or resumes it, then runs its stale phases until none is left.

use super::begin::{commit_session, open_session, restore_record};
use super::checkout::settle_user_changes;
use super::context::Context;
use super::next::{Next, half_typed, next, note_problems};
use super::redo::begin_anew;
use super::unmet::{Unmet, unmet};
use super::{branch, briefing, checkout, failure, notify, permissions, step};
use crate::artifact::pause::Pause;
use crate::artifact::plan::Plan;
use crate::pipeline::freshness::StaleReason;
use crate::pipeline::options::{RunOptions, RunResult, WaitingFor};
use crate::pipeline::state::settled;
use crate::sys::disk::Lock;
use crate::sys::output;
use crate::workspace::error::RunError;
use crate::workspace::event::{Event, Listener};
use crate::workspace::inputs::Inputs;
use crate::workspace::notice_board::NoticeBoard;
use crate::workspace::session::Session;
use crate::workspace::transaction::{enter, recover};
use crate::workspace::{Workspace, index_memory, pause, questions};

/// Starts or resumes a session and runs its stale phases.
///
/// # Errors
/// See [`RunError`]; if something failed, the session's record contains the message as well.
pub fn advance(workspace: &Workspace, asked: &RunOptions, listener: Listener) -> Result<RunResult, RunError> {
    check_phases(workspace, asked)?;
    if workspace.works_on_branches() {
        return branch::advance(workspace, asked, listener);
    }
    permissions::run(workspace, asked)?;
    let (session, ended) = advance_locked(workspace, asked, listener)?;
    notify::after(workspace, asked, (&session, &ended), listener);
    ended
}

/// Works on the session under the lock, which others can take while a notice is on its way.
fn advance_locked(
    workspace: &Workspace,
    asked: &RunOptions,
    listener: Listener,
) -> Result<(Session, Result<RunResult, RunError>), RunError> {
    let lock = enter(workspace, listener)?;
    advance_alone(workspace, asked, listener, &lock)
}

/// Starts or resumes a session of a workspace that this process has locked.
///
/// # Errors
/// No session could be started or resumed.
pub(super) fn advance_alone(
    workspace: &Workspace,
    asked: &RunOptions,
    listener: Listener,
    lock: &Lock,
) -> Result<(Session, Result<RunResult, RunError>), RunError> {
    pause::forget(workspace)?;
    let board = NoticeBoard::new(workspace, lock);
    let listener: Listener = &|event| {
        board.hear(&event);
        listener(event);
    };
    let (session, fresh) = open_session(workspace, asked, listener)?;
    let ended = advance_session(workspace, asked, (&session, fresh), listener);
    Ok((session, ended))
}

fn advance_session(
    workspace: &Workspace,
    asked: &RunOptions,
    (session, fresh): (&Session, bool),
    listener: Listener,
) -> Result<RunResult, RunError> {
    restore_record(workspace, asked, session)?;
    let before = session.record()?.filter(settled);
    if workspace.is_of_a_branch() && before.is_none() {
        record_undone(workspace, session, listener)?;
    }
    match go_on(workspace, asked, session, listener) {
        Ok(ended) => {
            if ended.changed && asked.until.is_none() && ended.waits.is_none() {
                settle_others(workspace, session, listener)?;
            }
            Ok(RunResult {
                changed: ended.changed || fresh,
                ..ended
            })
        }
        Err(error) => {
            match before.filter(|_| asked.redo.is_empty()) {
                Some(before) => failure::keep_settled(session, before)?,
                None => failure::note(workspace, session, &error)?,
            }
            pause::forget(workspace)?;
            // If git refused a commit, the edit is still in the harness files: undo it now.
            if let Err(left) = recover(workspace) {
                let text = format!("what the interrupted phase wrote is still there: {left}");
                listener(Event::Note { text });
            }
            Err(error)
        }
    }
}

/// Lets other sessions record an answer on which this session has acted. A problem of theirs is reported, but is not one
/// of this run.
fn settle_others(workspace: &Workspace, session: &Session, listener: Listener) -> Result<(), RunError> {
    for other in questions::settled_by(workspace, session)? {
        if let Err(error) = go_on(workspace, &RunOptions::default(), &other, listener) {
            let text = format!("{} could not record your answer: {error}", other.id);
            listener(Event::Note { text });
        }
    }
    Ok(())
}

/// Lets earlier sessions record that people undid their edits, before a new session on a branch plans.
fn record_undone(workspace: &Workspace, session: &Session, listener: Listener) -> Result<(), RunError> {
    for other in branch::with_undone_edits(workspace, session)? {
        if let Err(error) = go_on(workspace, &RunOptions::default(), &other, listener) {
            let text = format!("{} could not record what people undid: {error}", other.id);
            listener(Event::Note { text });
        }
    }
    Ok(())
}

fn check_phases(workspace: &Workspace, asked: &RunOptions) -> Result<(), RunError> {
    let known = workspace.manifest.phases();
    let unknown = asked
        .until
        .iter()
        .chain(&asked.redo)
        .find(|name| !known.contains_key(*name));
    match unknown {
        Some(name) => Err(RunError::NoSuchPhase {
            phase: name.clone(),
            known: known.keys().cloned().collect(),
        }),
        None => Ok(()),
    }
}

fn go_on(
    workspace: &Workspace,
    asked: &RunOptions,
    session: &Session,
    listener: Listener,
) -> Result<RunResult, RunError> {
    session.check_plain()?;
    let engines = workspace.engines();
    let memo = workspace.memo();
    for phase in &asked.redo {
        begin_anew(workspace, session, phase)?;
    }
    let mut changed = !asked.redo.is_empty();
    let (mut is_checked, mut has_adopted) = (false, false);
    let (waits, unmet) = loop {
        // Read the inputs again before each phase: the last one may have committed, or a person edited files.
        let inputs = Inputs::new(workspace);
        let context = Context {
            autonomy: asked.autonomy,
            reverter: asked.reverter,
            listener,
            memo: memo.as_ref(),
            ..Context::new(workspace, session, &inputs, &engines)
        };
        let next = next(&context, asked.until.as_deref())?;
        note_problems(session, &next)?;
        let (phase, reasons) = match next {
            Next::Run { phase, reasons } => (phase, reasons),
            Next::Nothing if asked.until.is_none() => break (None, unmet(&context)?),
            Next::Nothing => break (None, Vec::new()),
            Next::NotReady(message) => break (Some(WaitingFor::NotReady(message)), Vec::new()),
            Next::Release => {
                hold_plan(session, listener)?;
                break (Some(WaitingFor::Release), Vec::new());
            }
            Next::Write { file, phase } => {
                permissions::phase(&context, &phase)?;
                step::await_file(&context, &phase, file)?;
                break (Some(WaitingFor::Write(file)), Vec::new());
            }
            Next::Typed { file, problems } => return Err(half_typed(session, file, &problems)),
        };
        if !is_checked {
            checkout::check(workspace, asked, session)?;
            is_checked = true;
        }
        workspace.check_harness()?;
        permissions::phase(&context, &phase)?;
        let judges = matches!(phase.as_str(), "baseline" | "execute");
        // A hook may change files at each commit, so a run adopts changes once.
        let adopt = asked.adopt && !has_adopted;
        if judges && settle_user_changes(workspace, &inputs, adopt, listener)? {
            // HEAD has moved.
            has_adopted = true;
            continue;
        }
        match run_unless_paused(&context, &phase, &reasons) {
            Err(RunError::HoldAsked) => put_on_hold(workspace, session)?,
            ran => ran?,
        }
        changed = true;
    };
    if let Some(WaitingFor::NotReady(message)) = &waits {
        failure::end_without_outcomes(workspace, session, message)?;
    }
    let notes = unmet.iter().filter(|_| changed).map(Unmet::words);
    notes.for_each(|text| listener(Event::Note { text }));
    let ended = finish(workspace, asked, session, changed, waits, listener)?;
    Ok(RunResult { unmet, ..ended })
}

/// Runs a phase, unless somebody asked to pause before it or between two of its edits.
fn run_unless_paused(context: &Context, phase: &str, reasons: &[StaleReason]) -> Result<(), RunError> {
    match pause::asked(context.workspace)? {
        Some(Pause::Stop) => return Err(RunError::StopAsked),
        Some(Pause::Hold) if phase == "execute" => return Err(RunError::HoldAsked),
        _ => {}
    }
    announce(context, phase, reasons)?;
    step::run(context, phase)
}

fn put_on_hold(workspace: &Workspace, session: &Session) -> Result<(), RunError> {
    if let Some(plan) = session.read::<Plan>("plan.json")? {
        pause::hold(session, plan)?;
    }
    pause::forget(workspace)
}

/// Keeps a copy of a plan that waits for its release: it is not in git yet, and a person may edit it.
fn hold_plan(session: &Session, listener: Listener) -> Result<(), RunError> {
    session.keep("plan.json")?;
    let session = session.id.clone();
    listener(Event::PlanHeld { session });
    Ok(())
}

fn announce(context: &Context, phase: &str, reasons: &[StaleReason]) -> Result<(), RunError> {
    (context.listener)(Event::PhaseStarted {
        session: context.session.id.clone(),
        phase: phase.to_owned(),
        is_first: *reasons == [StaleReason::NeverFinished],
        reasons: reasons.iter().map(ToString::to_string).collect(),
    });
    step::note_status(context, phase)
}

fn finish(
    workspace: &Workspace,
    asked: &RunOptions,
    session: &Session,
    changed: bool,
    waits: Option<WaitingFor>,
    listener: Listener,
) -> Result<RunResult, RunError> {
    let record = session
        .record()?
        .ok_or_else(|| RunError::missing(session, "session.json"))?;
    if asked.until.is_none() && waits.is_none() {
        // The session no longer needs its briefing; a command that needs it creates it again.
        output::clear(&workspace.root, &session.path(briefing::FOLDER))?;
        if changed || !index_memory::has_nothing_to_commit(workspace, session) {
            commit_session(workspace, session, &record)?;
            index_memory::note(workspace, (!changed).then_some(session));
        }
        listener(Event::SessionSettled {
            session: session.id.clone(),
            status: record.status,
            changed,
        });
    }
    workspace.keep_history();
    Ok(RunResult {
        session: session.clone(),
        record,
        changed,
        waits,
        unmet: Vec::new(),
    })
}
