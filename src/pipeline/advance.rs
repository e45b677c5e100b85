//! Advance: start or resume a session and run what is stale until nothing is.

use std::collections::BTreeMap;

use crate::artifact::Artifact;
use crate::artifact::checkpoint::Checkpoint;
use crate::artifact::plan::Plan;
use crate::artifact::readiness::Readiness;
use crate::artifact::record::{Record, Status};
use crate::artifact::trigger::{Trigger, TriggerKind};
use crate::commit_message::message;
use crate::digest::Digest;
use crate::external;
use crate::freshness::{Freshness, Reason};
use crate::manifest::phases::Stanza;
use crate::port::Ledger;
use crate::reply;
use crate::route::Autonomy;
use crate::session::{self, Session};

use super::RunError;
use super::event::{Event, Listener};
use super::inputs::Inputs;
use super::recover::recover;
use super::run_phase::{self, Left, Run};
use super::state::{self, Depth, View, state};
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
    let id = workspace.clock.session_id(sessions.len());
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

/// The first moment of a session: its record, then its trigger, which makes it count as one.
fn begin(workspace: &Workspace, session: &Session, parent: Option<String>, asked: &Asked) -> Result<(), RunError> {
    let now = workspace.clock.stamp();
    let record = begun(
        &session.id,
        parent,
        asked.autonomy.unwrap_or(workspace.manifest.session.autonomy),
        &now,
    );
    session.publish("session.json", &record.to_text())?;
    let trigger = Trigger {
        version: 1,
        kind: TriggerKind::OnDemand,
        metadata: Default::default(),
        created_at: now,
        extra: Default::default(),
    };
    Ok(session.publish("trigger.json", &trigger.to_text())?)
}

/// A record that was removed begins anew; the phases, which are fresh, then fill it in.
fn restore_record(workspace: &Workspace, asked: &Asked, session: &Session) -> Result<(), RunError> {
    if session.record()?.is_some() {
        return Ok(());
    }
    let trigger: Option<Trigger> = session.read("trigger.json")?;
    let started_at = trigger.map_or_else(|| workspace.clock.stamp(), |trigger| trigger.created_at);
    let older = session::all(&workspace.root)?
        .into_iter()
        .filter(|other| other.id < session.id);
    let autonomy = asked.autonomy.unwrap_or(workspace.manifest.session.autonomy);
    let record = begun(&session.id, older.last().map(|parent| parent.id), autonomy, &started_at);
    Ok(session.publish("session.json", &record.to_text())?)
}

fn begun(id: &str, parent: Option<String>, autonomy_mode: Autonomy, now: &str) -> Record {
    Record {
        version: 1,
        id: id.to_owned(),
        parent_session_id: parent,
        trigger: TriggerKind::OnDemand,
        trigger_metadata: Default::default(),
        status: Status::Initiated,
        autonomy_mode,
        started_at: now.to_owned(),
        ended_at: None,
        diagnosis_path: None,
        plan_path: None,
        benchmark_before: None,
        benchmark_after: None,
        edit_outcomes: Vec::new(),
        git_checkpoint_pre: None,
        git_checkpoint_post: None,
        teacher_cost_usd: None,
        error: None,
        extra: Default::default(),
    }
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
        if let Some(message) = not_ready(session, &state(&view, session)?)? {
            break Some(message);
        }
        let Some((phase, reasons)) = next(&state(&view, session)?, asked.until.as_deref()) else {
            break None;
        };
        announce(session, &phase, &reasons, &view, listener)?;
        if matches!(phase.as_str(), "baseline" | "execute") {
            settle_user_changes(workspace, asked, listener)?;
        }
        run(
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

/// The user's uncommitted changes to the harness are committed apart when that is asked for, and refused otherwise.
fn settle_user_changes(workspace: &Workspace, asked: &Asked, listener: Listener) -> Result<(), RunError> {
    let files: Vec<String> = workspace.harness()?.files().map(|(path, _)| path.to_owned()).collect();
    let mut paths = files;
    if let Some(head) = workspace.ledger.head()? {
        let at_head = workspace.ledger.harness_at(&head, &|path| workspace.selects(path))?;
        paths.extend(at_head.files().map(|(path, _)| path.to_owned()));
    }
    paths.sort();
    paths.dedup();
    let dirty = workspace.ledger.dirty(&paths)?;
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

/// Runs a phase: its checkpoint goes first, and comes back after the last file is published.
fn run(run: &Run, phase: &str) -> Result<(), RunError> {
    let stanza = run.view.workspace.manifest.phases().remove(phase).unwrap_or_default();
    let given = reads(run, &stanza)?;
    run.session.remove_checkpoint(phase)?;
    let left = match stanza.run.is_empty() {
        true => run_phase::built_in(run, phase)?,
        false => outside(run, phase, &stanza)?,
    };
    for (name, text) in &left.files {
        run.session.publish(name, text)?;
    }
    run.session.write_checkpoint(&checkpoint(run, phase, &stanza, given)?)?;
    (run.listener)(Event::PhaseFinished {
        phase: phase.to_owned(),
        summary: left.summary,
    });
    Ok(())
}

/// Digests of the exact bytes that a phase is given.
fn reads(run: &Run, stanza: &Stanza) -> Result<BTreeMap<String, Digest>, RunError> {
    let mut reads = BTreeMap::new();
    for name in &stanza.reads {
        if let Some(digest) = state::read(run.view, run.session, name)? {
            reads.insert(name.clone(), digest);
        }
    }
    Ok(reads)
}

fn checkpoint(
    run: &Run,
    phase: &str,
    stanza: &Stanza,
    mut reads: BTreeMap<String, Digest>,
) -> Result<Checkpoint, RunError> {
    if stanza.reads.iter().any(|name| name == "@ledger") {
        // The phase's own commits are part of what it vouches for.
        let inputs = Inputs::new(run.view.workspace);
        let after = View {
            inputs: &inputs,
            ..*run.view
        };
        if let Some(digest) = state::read(&after, run.session, "@ledger")? {
            reads.insert("@ledger".into(), digest);
        }
    }
    let mut writes = BTreeMap::new();
    for name in &stanza.writes {
        if let Some(digest) = run.session.digest(name)? {
            writes.insert(name.clone(), digest);
        }
    }
    let autonomy = state::autonomy(run.view, run.session.record()?.as_ref());
    let definition =
        super::definition::definition(&run.view.workspace.manifest, phase, stanza, run.view.engines, autonomy);
    Ok(Checkpoint {
        version: 1,
        phase: phase.to_owned(),
        definition,
        reads,
        writes,
        extra: Default::default(),
    })
}

/// Runs somebody else's program for a phase, and checks what it leaves before any of it is published.
fn outside(run: &Run, phase: &str, stanza: &Stanza) -> Result<Left, RunError> {
    let failed = |problem| RunError::Phase {
        phase: phase.to_owned(),
        problem,
    };
    let scratch = run.view.workspace.own(&format!("scratch/{phase}"));
    let files = super::scratch::given(run, stanza)?;
    let left = external::run_phase(&scratch, &stanza.run, files, &stanza.writes).map_err(failed)?;
    let text = |(name, bytes): (String, Vec<u8>)| {
        let text = String::from_utf8(bytes).map_err(|_| format!("{name} is not UTF-8"))?;
        checked(&name, text.strip_prefix('\u{feff}').unwrap_or(&text)).map(|text| (name, text))
    };
    let files = left
        .into_iter()
        .map(text)
        .collect::<Result<Vec<_>, String>>()
        .map_err(failed)?;
    Ok(Left {
        summary: format!("{} files from `{}`", files.len(), stanza.run.join(" ")),
        files,
    })
}

/// What a program leaves is an artifact like any other.
fn checked(name: &str, text: &str) -> Result<String, String> {
    let path = std::path::Path::new(name);
    match name {
        "plan.json" => Plan::from_text(path, text)
            .map(|plan| plan.to_text())
            .map_err(|error| error.to_string()),
        "diagnosis.md" if reply::clusters(text).is_empty() && !text.contains("[]") => {
            Err("diagnosis.md must end in one fenced json block with the list of clusters".into())
        }
        _ if name.ends_with(".json") => match serde_json::from_str::<serde_json::Value>(text) {
            Ok(_) => Ok(text.to_owned()),
            Err(error) => Err(format!("{name}: {error}")),
        },
        _ => Ok(text.to_owned()),
    }
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

/// Commits the directory of a settled session, apart from the edits.
fn commit_session(workspace: &Workspace, session: &Session, record: &Record) -> Result<(), RunError> {
    let paths = [session.relative()];
    if !workspace.manifest.ledger.commit_sessions || workspace.ledger.dirty(&paths)?.is_empty() {
        return Ok(());
    }
    let score = |snapshot: &Option<crate::artifact::record::Snapshot>| {
        snapshot.as_ref().map_or("?".to_owned(), |snapshot| {
            format!("{:.1} %", 100.0 * snapshot.overall_score)
        })
    };
    let body = format!(
        "Gate score {} before, {} after.",
        score(&record.benchmark_before),
        score(&record.benchmark_after)
    );
    let trailers = [("Session-ID", session.id.clone())];
    crate::disk::effect("commit session");
    workspace.ledger.commit(
        &paths,
        &message(&format!("kaizen: record {}", session.id), &body, &trailers),
    )?;
    Ok(())
}
