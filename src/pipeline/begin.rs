//! Chooses the session of a run, begins it with its trigger and first record, and ends it with a commit of its directory.

use super::checkout::{self, settle_user_changes};
use super::student_choice;
use crate::artifact::baseline::Baseline;
use crate::artifact::outcome::Outcome;
use crate::artifact::readiness::Readiness;
use crate::artifact::record::{Autonomy, SessionRecord, SessionStatus, Snapshot, without_score};
use crate::artifact::task::Split;
use crate::artifact::trigger::{Trigger, TriggerKind};
use crate::artifact::{Artifact, egress, loop_record};
use crate::ledger::message::message;
use crate::ledger::port::Ledger;
use crate::pipeline::options::RunOptions;
use crate::workspace::error::RunError;
use crate::workspace::event::{Event, Listener};
use crate::workspace::inputs::Inputs;
use crate::workspace::records::commit_records;
use crate::workspace::session::{Session, SessionError};
use crate::workspace::{Workspace, engines, holdout_log, inbox, session};

const TRIGGER: &str = "trigger.json";

/// The session to work on, and whether it was created just now.
pub(super) fn open_session(
    workspace: &Workspace,
    asked: &RunOptions,
    listener: Listener,
) -> Result<(Session, bool), RunError> {
    if let Some(id) = &asked.session {
        let unknown = || RunError::NoSuchSession(id.clone());
        return Ok((workspace.session(id)?.ok_or_else(unknown)?, false));
    }
    let resumes = !asked.new && asked.begins_as.is_none();
    let may_take_over = asked.begins_as.is_none() && !asked.by_files;
    if asked.dropped.is_none()
        && let Some(newest) = workspace.newest_session()?
        && (resumes || may_take_over && has_not_begun(&newest)?)
    {
        return Ok((newest, false));
    }
    let sessions = workspace.sessions()?;
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
    let next = || workspace.clock.session_id(sessions.len(), newest);
    let id = asked.begins_as.clone().unwrap_or_else(next);
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
pub(super) fn has_not_begun(session: &Session) -> Result<bool, RunError> {
    let readiness: Option<Readiness> = session.read("readiness.json")?;
    let record = session.record()?;
    let asked_for =
        record.is_none_or(|record| record.trigger == TriggerKind::OnDemand && record.trigger_metadata.is_empty());
    let is_ready = readiness.is_some_and(|readiness| readiness.ready);
    Ok(asked_for && !is_ready && !session.root().is_taken(session.path("baseline.json"))?)
}

/// Begins a session that a person asked for. The trigger is written first, because only a directory with a trigger
/// counts as a session: after a crash between trigger and record, the next run resumes the session.
pub(super) fn begin(workspace: &Workspace, session: &Session, asked: &RunOptions) -> Result<(), RunError> {
    let metadata = if asked.by_files {
        engines::files_metadata()
    } else {
        Default::default()
    };
    let trigger = Trigger::new(TriggerKind::OnDemand, metadata, workspace.clock.stamp());
    session.publish(TRIGGER, &trigger.to_text())?;
    restore_record(workspace, asked, session)
}

/// Begins a session from a file in the inbox by moving the file into the session. Returns `false` if another process
/// has already moved it.
pub(super) fn begin_from(
    workspace: &Workspace,
    session: &Session,
    asked: &RunOptions,
    dropped: &str,
) -> Result<bool, RunError> {
    let claimed = inbox::claim(&workspace.checkout, dropped, &session.path(TRIGGER))?;
    if claimed {
        restore_record(workspace, asked, session)?;
    }
    Ok(claimed)
}

/// Writes an initial record if the session has none. If a finished session lost its record, phase `record` then runs
/// again and completes it; the other phases stay fresh.
pub(super) fn restore_record(workspace: &Workspace, asked: &RunOptions, session: &Session) -> Result<(), RunError> {
    if session.record()?.is_some() {
        return Ok(());
    }
    let trigger = settled_trigger(workspace, session)?;
    let mut older = workspace.sessions()?.into_iter().filter(|other| other.id < session.id);
    let autonomy = asked.autonomy.unwrap_or(workspace.manifest.session.autonomy);
    let record = begun(
        &session.id,
        older.next_back().map(|parent| parent.id),
        autonomy,
        trigger,
    );
    Ok(session.publish("session.json", &record.to_text())?)
}

/// Rewrites the trigger in canonical form and returns it: a file from the inbox may be empty, or lack the time.
fn settled_trigger(workspace: &Workspace, session: &Session) -> Result<Trigger, RunError> {
    let gone = || SessionError::Gone(session.id.clone());
    let text = session.text(TRIGGER)?.ok_or_else(gone)?;
    let dropped = Trigger::from_dropped(&session.path(TRIGGER), &text).map_err(SessionError::from)?;
    let created_at = match dropped.created_at.as_str() {
        "" => workspace.clock.stamp(),
        time => time.to_owned(),
    };
    let trigger = Trigger { created_at, ..dropped };
    session.publish(TRIGGER, &trigger.to_text())?;
    Ok(trigger)
}

fn begun(id: &str, parent: Option<String>, autonomy_mode: Autonomy, trigger: Trigger) -> SessionRecord {
    SessionRecord {
        version: 1,
        id: id.to_owned(),
        parent_session_id: parent,
        trigger: trigger.kind,
        trigger_metadata: trigger.metadata,
        status: SessionStatus::Initiated,
        autonomy_mode,
        started_at: trigger.created_at,
        ended_at: None,
        diagnosis_path: None,
        plan_path: None,
        benchmark_before: None,
        benchmark_after: None,
        edit_outcomes: Vec::new(),
        harness_after: None,
        git_checkpoint_pre: None,
        git_checkpoint_post: None,
        teacher_cost_usd: None,
        spending: Default::default(),
        error: None,
        extra: Default::default(),
    }
}

/// Whether a session sent nothing, spent nothing and tried nothing: an earlier session measured the same baseline, and
/// asked or decided about each edit.
fn did_nothing(workspace: &Workspace, session: &Session, record: &SessionRecord) -> Result<bool, RunError> {
    if !record.spending.is_empty() || workspace.root.is_taken(session.path(egress::FILE))? {
        return Ok(false);
    }
    let earlier: Vec<Session> = workspace
        .sessions()?
        .into_iter()
        .filter(|other| other.id < session.id)
        .collect();
    let is_known = |outcome: &Outcome| {
        let name = format!("{}{}.json", session::OUTCOMES, outcome.edit_digest);
        let tried = outcome.decision().is_some() || outcome.commit.is_some();
        !tried && earlier.iter().any(|other| other.path(&name).is_file())
    };
    let measured = |session: &Session| session.read::<Baseline>("baseline.json").ok().flatten();
    let own = measured(session).map(|own| (own.harness, own.benchmark, own.student));
    let again =
        |other: &Session| measured(other).map(|theirs| (theirs.harness, theirs.benchmark, theirs.student)) == own;
    Ok(session.outcomes()?.values().all(is_known) && earlier.iter().rev().any(again))
}

/// Commits the directory of a settled session and the log of consultations, separately from the edits.
pub(super) fn commit_session(workspace: &Workspace, session: &Session, record: &SessionRecord) -> Result<(), RunError> {
    let mut paths = vec![session.relative()];
    // A branch has something to review even then, and its worktree could not be removed otherwise.
    let is_worth_it = || Ok::<_, RunError>(workspace.is_of_a_branch() || !did_nothing(workspace, session, record)?);
    let commits = workspace.manifest.ledger.commit_sessions && is_worth_it()?;
    if !commits || workspace.ledger.dirty(&paths)?.is_empty() {
        return Ok(());
    }
    // The first commit of a repository is the user's: it says what belongs there.
    if workspace.ledger.head()?.is_none() {
        return Err(RunError::NoCommit);
    }
    session.check_artifacts()?;
    paths.extend(holdout_log::uncommitted(workspace)?);
    // The steps of a loop so far; the loop commits its last step itself.
    if workspace.root.is_taken(loop_record::FILE)? {
        paths.push(loop_record::FILE.to_owned());
    }
    let score = |snapshot: &Option<Snapshot>| {
        snapshot.as_ref().map_or("not measured".to_owned(), |snapshot| {
            format!("{:.1} %", 100.0 * snapshot.overall_score)
        })
    };
    let (before, after) = (&record.benchmark_before, &record.benchmark_after);
    let unscored = without_score(before.as_ref(), after.as_ref()).map(|unscored| format!("; {unscored}"));
    let body = format!(
        "Gate score {} before, {} after{}.",
        score(before),
        score(after),
        unscored.unwrap_or_default()
    );
    let trailers = [("Session-ID", session.id.clone())];
    crate::sys::disk::effect("commit session");
    let summary = format!("record {}", session.id);
    commit_records(
        workspace,
        &paths,
        &message(workspace.ledger.subject(), &summary, &body, &trailers),
    )
}
