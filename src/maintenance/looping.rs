//! Runs sessions in a loop until the score no longer rises. `sessions/loop.json` records the steps; it is written after
//! every session, and an interrupted loop resumes from it.

use crate::artifact::loop_record::{FILE, LoopRecord, LoopStep, StopReason};
use crate::artifact::record::{Autonomy, SessionRecord, SessionStatus};
use crate::artifact::{Artifact, Money, counted};
use crate::ledger::message::message;
use crate::ledger::port::Ledger;
use crate::llm::client::SpendingLimit;
use crate::maintenance::loop_stop;
use crate::maintenance::loop_stop::{Progress, SessionEnd};
use crate::manifest::LoopSection;
use crate::pipeline::advance::advance;
use crate::pipeline::options::{RunOptions, RunResult, WaitingFor};
use crate::pipeline::state::settled;
use crate::pipeline::{notify, permissions};
use crate::sys::disk;
use crate::workspace::error::RunError;
use crate::workspace::event::Listener;
use crate::workspace::records::commit_records;
use crate::workspace::session::{Session, SessionError};
use crate::workspace::{Workspace, schema_line};

/// The options of a loop; they override the resumed loop and the manifest.
#[derive(Clone, Debug, Default)]
pub(crate) struct LoopOptions {
    /// The autonomy of new sessions.
    pub autonomy: Option<Autonomy>,
    /// The largest number of sessions.
    pub max_sessions: Option<usize>,
    /// The largest rise of the score that does not count as a rise.
    pub stagnation_eps: Option<f64>,
    /// The number of consecutive sessions without a rise after which the loop stops.
    pub stagnation_k: Option<usize>,
    /// The largest cost.
    pub max_total_cost_usd: Option<Money>,
}

/// Runs sessions until the loop stops, and reports each step when it ends.
///
/// # Errors
/// The settings are invalid, or a session could not start or resume. Then no step is recorded, and the next loop
/// resumes at that session. A session that fails is not an error: it is recorded as the last step.
pub(crate) fn run_sessions(
    workspace: &Workspace,
    asked: &LoopOptions,
    listener: Listener,
    told: &dyn Fn(&LoopRecord, &LoopStep),
) -> Result<LoopRecord, RunError> {
    let asks = RunOptions {
        new: true,
        ..RunOptions::default()
    };
    permissions::run(workspace, &asks)?;
    let holder = format!("{}, process {}", workspace.holder, std::process::id());
    // Each session takes and releases the workspace lock; this lock keeps two loops from writing the same record.
    let _lock = workspace
        .root
        .lock_within(workspace.own("loop.lock"), &holder, workspace.patience)?;
    let before = workspace.root.read(workspace.root.join(FILE))?;
    let mut record = opened(workspace, asked)?;
    keep(workspace, &record)?;
    while record.stop_reason.is_none() {
        let (step, reason) = match step(workspace, &record, listener) {
            Err(error) if record.steps.is_empty() && uncounted(workspace, &record)?.is_none() => {
                forget(workspace, before.as_deref())?;
                return Err(error);
            }
            step => step?,
        };
        record = after(workspace, record, step, reason);
        keep(workspace, &record)?;
        record.steps.last().iter().for_each(|step| told(&record, step));
    }
    if let (Some(StopReason::Budget), Some(last)) = (record.stop_reason, record.steps.last()) {
        notify::after_budget(workspace, &last.session, listener);
    }
    Ok(record)
}

/// Restores the record of the last loop, because this one was refused before its first session.
fn forget(workspace: &Workspace, before: Option<&[u8]>) -> Result<(), RunError> {
    let path = workspace.root.join(FILE);
    match before {
        Some(before) => workspace.root.publish(&path, before)?,
        None => workspace.root.remove(&path)?,
    }
    Ok(())
}

/// The interrupted loop, or a new one.
fn opened(workspace: &Workspace, asked: &LoopOptions) -> Result<LoopRecord, RunError> {
    let path = workspace.root.join(FILE);
    let text = workspace.root.read_text(&path)?;
    let last = text.map(|text| LoopRecord::from_text(&path, &text)).transpose();
    let record = match last.map_err(SessionError::from)? {
        Some(last) if last.stop_reason.is_none() => last,
        Some(last) if is_unfinished(workspace, &last)? => return Ok(last),
        _ => begun(workspace)?,
    };
    let record = with_settings(record, asked);
    limits(&record).check().map_err(RunError::Config)?;
    // A session that an interrupted loop left open is finished first, whatever the limits are now.
    match is_open(workspace, &record)? {
        true => Ok(record),
        false => Ok(stopped_already(workspace, record)),
    }
}

/// Whether the newest session is the loop's next step and has not ended.
fn is_open(workspace: &Workspace, record: &LoopRecord) -> Result<bool, RunError> {
    let Some(session) = uncounted(workspace, record)? else {
        return Ok(false);
    };
    Ok(session.record()?.is_none_or(|record| record.status.is_under_way()))
}

/// Whether a loop ended, but was interrupted before its record was committed.
fn is_unfinished(workspace: &Workspace, last: &LoopRecord) -> Result<bool, RunError> {
    let well = !matches!(last.stop_reason, Some(StopReason::Failed | StopReason::NotReady));
    Ok(well && needs_a_commit(workspace, last)?)
}

fn begun(workspace: &Workspace) -> Result<LoopRecord, RunError> {
    let limits = &workspace.manifest.looping;
    let mut before = None;
    for session in workspace.sessions()?.iter().rev() {
        if session.record()?.as_ref().is_some_and(settled) {
            before = Some(session.id.clone());
            break;
        }
    }
    Ok(LoopRecord {
        version: 1,
        started_at: workspace.clock.stamp(),
        ended_at: None,
        after_session_id: before,
        stagnation_eps: limits.stagnation_eps,
        stagnation_k: limits.stagnation_k,
        max_total_cost_usd: limits.max_total_cost_usd,
        max_sessions: None,
        autonomy: None,
        steps: Vec::new(),
        total_cost_usd: Some(Money::ZERO),
        stop_reason: None,
        extra: Default::default(),
    })
}

fn with_settings(record: LoopRecord, asked: &LoopOptions) -> LoopRecord {
    LoopRecord {
        stagnation_eps: asked.stagnation_eps.unwrap_or(record.stagnation_eps),
        stagnation_k: asked.stagnation_k.unwrap_or(record.stagnation_k),
        max_total_cost_usd: asked.max_total_cost_usd.unwrap_or(record.max_total_cost_usd),
        max_sessions: asked.max_sessions.or(record.max_sessions),
        autonomy: asked.autonomy.or(record.autonomy),
        ..record
    }
}

/// The limits of a loop.
pub(crate) fn limits(record: &LoopRecord) -> LoopSection {
    LoopSection {
        stagnation_eps: record.stagnation_eps,
        stagnation_k: record.stagnation_k,
        max_total_cost_usd: record.max_total_cost_usd,
    }
}

/// Stops a resumed loop that has already reached tighter limits.
fn stopped_already(workspace: &Workspace, record: LoopRecord) -> LoopRecord {
    let stop_reason = progress(&record).1.or_else(|| enough(&record));
    LoopRecord {
        ended_at: stop_reason.map(|_| workspace.clock.stamp()),
        stop_reason,
        ..record
    }
}

fn enough(record: &LoopRecord) -> Option<StopReason> {
    let reached = record.max_sessions.is_some_and(|most| record.steps.len() >= most);
    reached.then_some(StopReason::MaxSessions)
}

/// The progress of a loop, computed from its steps.
pub(crate) fn progress(record: &LoopRecord) -> (Progress, Option<StopReason>) {
    let row = |step: &LoopStep| SessionEnd {
        score_before: step.score_before,
        score_after: step.score_after,
        cost_usd: step.cost_usd,
        counted_usd: step.counted_usd.unwrap_or_default(),
        budget_spent: step.budget_spent,
        failed: step.status == SessionStatus::Failed,
    };
    let limits = limits(record);
    // A step may follow a stop: with tighter limits, an interrupted loop still finishes its open session.
    record
        .steps
        .iter()
        .map(row)
        .fold((Progress::default(), None), |(so_far, stopped), row| {
            let (progress, reason) = loop_stop::progress_after(&limits, so_far, &row);
            (progress, stopped.or(reason))
        })
}

/// Runs one session. The reason is set if the session itself stops the loop.
fn step(
    workspace: &Workspace,
    record: &LoopRecord,
    listener: Listener,
) -> Result<(LoopStep, Option<StopReason>), RunError> {
    let under_way = uncounted(workspace, record)?;
    let asked = RunOptions {
        new: under_way.is_none(),
        session: under_way.map(|session| session.id),
        autonomy: record.autonomy,
        ..RunOptions::default()
    };
    let left = budget(record);
    let limit = SpendingLimit::of_loop(left, record.max_total_cost_usd, is_limited(record));
    workspace.calls.limit_further(limit);
    match advance(workspace, &asked, listener) {
        Ok(ended) => Ok((ended_step(record, &ended.session, &ended.record), waits(&ended))),
        Err(error) => match failed(workspace, record, &error)? {
            Some(step) => Ok((step, None)),
            None => Err(error),
        },
    }
}

/// What the loop may still spend.
fn budget(record: &LoopRecord) -> Money {
    loop_stop::budget(None, &limits(record), progress(record).0.counted_usd)
}

/// Whether somebody set a limit for the cost. The default limit does not require that every price is known.
pub(crate) fn is_limited(record: &LoopRecord) -> bool {
    record.max_total_cost_usd != LoopSection::default().max_total_cost_usd
}

/// The newest session, if it belongs to this loop and is not a step yet.
fn uncounted(workspace: &Workspace, record: &LoopRecord) -> Result<Option<Session>, RunError> {
    let counted = |id: &str| {
        let before = record.after_session_id.as_deref().is_some_and(|before| id <= before);
        before || record.steps.iter().any(|step| step.session == id)
    };
    let newest = workspace.sessions()?.pop();
    Ok(newest.filter(|session| !counted(&session.id)))
}

/// The stop reason if no further session can start in the present state.
fn waits(ended: &RunResult) -> Option<StopReason> {
    match ended.waits {
        Some(WaitingFor::NotReady(_)) => Some(StopReason::NotReady),
        None if settled(&ended.record) => None,
        Some(WaitingFor::Release | WaitingFor::Write(_)) | None => Some(StopReason::Held),
    }
}

fn ended_step(record: &LoopRecord, session: &Session, ended: &SessionRecord) -> LoopStep {
    let cost_usd = ended.cost_usd();
    LoopStep {
        session: session.id.clone(),
        status: ended.status,
        score_before: ended.benchmark_before.as_ref().map(|before| before.overall_score),
        score_after: ended.benchmark_after.as_ref().map(|after| after.overall_score),
        cost_usd,
        counted_usd: cost_usd.is_none().then(|| ended.counted_usd()),
        budget_usd: budget(record),
        budget_spent: false,
        best_score: None,
        standing_still: 0,
        error: ended.error.clone(),
        extra: Default::default(),
    }
}

/// The step of a failed session. A problem that the user has to solve first is not a failure of the session.
fn failed(workspace: &Workspace, record: &LoopRecord, error: &RunError) -> Result<Option<LoopStep>, RunError> {
    if error.is_up_to_a_person() || matches!(error, RunError::Lock(_)) {
        return Ok(None);
    }
    let Some(session) = uncounted(workspace, record)? else {
        return Ok(None);
    };
    let ended = session.record()?.filter(|ended| ended.status == SessionStatus::Failed);
    Ok(ended.map(|ended| LoopStep {
        budget_spent: workspace.calls.loop_limit_reached(),
        ..ended_step(record, &session, &ended)
    }))
}

/// The record with one more step, and with the stop reason if the loop ends.
fn after(workspace: &Workspace, record: LoopRecord, step: LoopStep, own: Option<StopReason>) -> LoopRecord {
    let mut record = record;
    record.steps.push(step);
    let (progress, reason) = progress(&record);
    if let Some(step) = record.steps.last_mut() {
        step.best_score = progress.best;
        step.standing_still = progress.standing_still;
    }
    let stop_reason = own.or(reason).or_else(|| enough(&record));
    LoopRecord {
        total_cost_usd: progress.total_cost_usd(),
        ended_at: stop_reason.map(|_| workspace.clock.stamp()),
        stop_reason,
        ..record
    }
}

/// Writes the record, and commits it if sessions are committed.
fn keep(workspace: &Workspace, record: &LoopRecord) -> Result<(), RunError> {
    let path = workspace.root.join(FILE);
    let text = record.to_text();
    let text = schema_line::stored(&workspace.root, &text)?;
    if workspace.root.read(&path)?.as_deref() != Some(text.as_bytes()) {
        workspace.root.publish(&path, text.as_bytes())?;
    }
    // The commit of each session contains the steps before it; only the last step needs a commit of its own.
    let (Some(last), Some(reason)) = (record.steps.last(), record.stop_reason) else {
        return Ok(());
    };
    if !needs_a_commit(workspace, record)? {
        return Ok(());
    }
    let mut paths = vec![FILE.to_owned()];
    paths.extend(uncommitted(workspace, record)?);
    let subject = format!("record {} of the loop", counted(record.steps.len(), "step"));
    let body = format!("The loop stopped: {}.", words(reason));
    disk::effect("commit loop");
    let trailers = [("Session-ID", last.session.clone())];
    commit_records(
        workspace,
        &paths,
        &message(workspace.ledger.subject(), &subject, &body, &trailers),
    )
}

/// Whether the loop's record has to be committed: it changed, and something happened in the loop, because one of its
/// sessions is committed.
fn needs_a_commit(workspace: &Workspace, record: &LoopRecord) -> Result<bool, RunError> {
    if !workspace.manifest.ledger.commit_sessions || workspace.ledger.dirty(&[FILE.to_owned()])?.is_empty() {
        return Ok(false);
    }
    for step in record.steps.iter().rev() {
        let folder = Session::at(&workspace.root, &step.session).relative();
        if !workspace.ledger.tracked(&folder)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The folders of settled sessions of the loop in which nothing happened, so that they have no commit of their own.
fn uncommitted(workspace: &Workspace, record: &LoopRecord) -> Result<Vec<String>, RunError> {
    let mut folders = Vec::new();
    for step in &record.steps {
        let session = Session::at(&workspace.root, &step.session);
        let folder = session.relative();
        if session.record()?.as_ref().is_some_and(settled) && workspace.ledger.tracked(&folder)?.is_empty() {
            session.check_artifacts()?;
            folders.push(folder);
        }
    }
    Ok(folders)
}

/// The stop reason in words.
pub(crate) fn words(reason: StopReason) -> &'static str {
    match reason {
        StopReason::Failed => "a session failed",
        StopReason::Stagnation => "the score no longer rises",
        StopReason::Budget => "the budget is spent",
        StopReason::NotReady => "no session can start",
        StopReason::Held => "a session waits for a person",
        StopReason::MaxSessions => "the requested number of sessions is reached",
    }
}
