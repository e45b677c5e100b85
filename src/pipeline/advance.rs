//! Advances a session: starts or resumes it, then runs its stale phases until none is left.

use super::begin::{begin, begin_from, commit_session, restore_record};
use super::context::Context;
use super::next::{Next, half_typed, next, note_problems};
use super::redo::begin_anew;
use super::unmet::{Unmet, unmet};
use super::{briefing, checkout, failure, notify, permissions, step};
use crate::artifact::pause::Pause;
use crate::artifact::plan::Plan;
use crate::artifact::readiness::Readiness;
use crate::artifact::task::Split;
use crate::artifact::trigger::TriggerKind;
use crate::ledger::message::message;
use crate::ledger::port::Ledger;
use crate::pipeline::freshness::StaleReason;
use crate::pipeline::options::{RunOptions, RunResult, WaitingFor};
use crate::pipeline::state::settled;
use crate::pipeline::student_choice;
use crate::sys::output;
use crate::workspace::error::RunError;
use crate::workspace::event::{Event, Listener};
use crate::workspace::inputs::{Inputs, check_agreement, user_changes};
use crate::workspace::notice_board::NoticeBoard;
use crate::workspace::session::Session;
use crate::workspace::transaction::{enter, recover};
use crate::workspace::{Workspace, pause, questions};

/// Starts or resumes a session and runs its stale phases.
///
/// # Errors
/// See [`RunError`]; if something failed, the session's record contains the message as well.
pub fn advance(workspace: &Workspace, asked: &RunOptions, listener: Listener) -> Result<RunResult, RunError> {
    check_phases(workspace, asked)?;
    permissions::run(workspace, asked)?;
    let (session, ended) = advance_locked(workspace, asked, listener)?;
    match &ended {
        Ok(ended) => notify::after_run(workspace, asked, ended, listener),
        Err(error) => notify::after_failure(workspace, &session, error, listener),
    }
    ended
}

/// Works on the session under the lock, which others can take while a notice is on its way.
fn advance_locked(
    workspace: &Workspace,
    asked: &RunOptions,
    listener: Listener,
) -> Result<(Session, Result<RunResult, RunError>), RunError> {
    let lock = enter(workspace, listener)?;
    pause::forget(workspace)?;
    let board = NoticeBoard::new(workspace, &lock);
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

/// The session to work on, and whether it was created just now.
fn open_session(workspace: &Workspace, asked: &RunOptions, listener: Listener) -> Result<(Session, bool), RunError> {
    if let Some(id) = &asked.session {
        let unknown = || RunError::NoSuchSession(id.clone());
        return Ok((workspace.session(id)?.ok_or_else(unknown)?, false));
    }
    let sessions = workspace.sessions()?;
    if let Some(newest) = sessions.last().filter(|_| !asked.new && asked.dropped.is_none()) {
        return Ok((newest.clone(), false));
    }
    if let Some(newest) = sessions.last().filter(|_| asked.dropped.is_none() && !asked.by_files)
        && has_not_begun(newest)?
    {
        return Ok((newest.clone(), false));
    }
    workspace.check_harness()?;
    student_choice::check(workspace)?;
    workspace.ledger.check_identity()?;
    // A run that is refused leaves no session. A dropped trigger stays the reason for its own.
    if asked.dropped.is_none() {
        let inputs = Inputs::new(workspace);
        if asked.until.as_deref() != Some("readiness") {
            settle_user_changes(workspace, &inputs, asked.adopt, listener)?;
        }
        let gate = inputs.benchmark()?.split(Split::Gate);
        inputs.trace_pin()?;
        if asked.until.as_deref() != Some("readiness") {
            let (harness, gate) = (workspace.harness()?, gate.iter().collect::<Vec<_>>());
            let phase = "baseline".to_owned();
            let broken = |problem| RunError::Phase { phase, problem };
            workspace.student.check(&harness, &gate).map_err(broken)?;
        }
    }
    let newest = sessions.last().map(|newest| newest.id.as_str());
    let id = workspace.clock.session_id(sessions.len(), newest);
    let session = Session::at(&workspace.root, &id);
    checkout::check(workspace, asked, &session)?;
    match &asked.dropped {
        None => begin(workspace, &session, asked)?,
        Some(name) if begin_from(workspace, &session, asked, name)? => {}
        Some(name) => return Err(RunError::TriggerGone(name.clone())),
    }
    listener(Event::SessionStarted { session: id });
    Ok((session, true))
}

/// Whether a session that a person asked for found no traces or tasks yet, so that it is as good as a new one.
fn has_not_begun(session: &Session) -> Result<bool, RunError> {
    let readiness: Option<Readiness> = session.read("readiness.json")?;
    let record = session.record()?;
    let asked_for =
        record.is_none_or(|record| record.trigger == TriggerKind::OnDemand && record.trigger_metadata.is_empty());
    let is_ready = readiness.is_some_and(|readiness| readiness.ready);
    Ok(asked_for && !is_ready && !session.root().is_taken(session.path("baseline.json"))?)
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

/// Commits the user's uncommitted changes to the harness separately if the run is to adopt them; returns whether it did.
/// Without changes, checks that the disk agrees with HEAD.
///
/// # Errors
/// There are changes and the run is not to adopt them, the disk differs from HEAD otherwise, or git fails.
fn settle_user_changes(
    workspace: &Workspace,
    inputs: &Inputs,
    adopt: bool,
    listener: Listener,
) -> Result<bool, RunError> {
    let harness = workspace.harness()?;
    let dirty = user_changes(workspace, inputs, &harness)?;
    if dirty.is_empty() {
        return check_agreement(workspace, inputs, &harness).map(|()| false);
    }
    if !adopt {
        return Err(RunError::Dirty(dirty));
    }
    let mut paths = dirty.clone();
    if inputs.head()?.is_none() {
        paths.extend(checkout::other_first_files(workspace)?);
    }
    let commit = workspace.ledger.commit(
        &paths,
        &message(
            workspace.ledger.subject(),
            "adopt the user's changes",
            &dirty.join("\n"),
            &[],
        ),
    )?;
    listener(Event::Note {
        text: format!("your changes were committed as {}", &commit[..commit.len().min(10)]),
    });
    Ok(true)
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
        commit_session(workspace, session, &record)?;
        listener(Event::SessionSettled {
            session: session.id.clone(),
            status: record.status,
            changed,
        });
    }
    Ok(RunResult {
        session: session.clone(),
        record,
        changed,
        waits,
        unmet: Vec::new(),
    })
}
