//! The beginning and the end of a session: its first record, and the commit of its directory.

use crate::artifact::Artifact;
use crate::artifact::record::{Record, Status};
use crate::artifact::trigger::{Trigger, TriggerKind};
use crate::commit_message::message;
use crate::port::Ledger;
use crate::route::Autonomy;
use crate::session::{self, Session};

use super::RunError;
use super::advance::Asked;
use super::workspace::Workspace;

/// The first moment of a session: its trigger, which makes it count as one, then its record. In this order a crash
/// between the two leaves a session that the next run goes on with, and no directory that nobody would look at again.
pub(super) fn begin(
    workspace: &Workspace,
    session: &Session,
    parent: Option<String>,
    asked: &Asked,
) -> Result<(), RunError> {
    let now = workspace.clock.stamp();
    let record = begun(
        &session.id,
        parent,
        asked.autonomy.unwrap_or(workspace.manifest.session.autonomy),
        &now,
    );
    let trigger = Trigger {
        version: 1,
        kind: TriggerKind::OnDemand,
        metadata: Default::default(),
        created_at: now,
        extra: Default::default(),
    };
    session.publish("trigger.json", &trigger.to_text())?;
    Ok(session.publish("session.json", &record.to_text())?)
}

/// A record that was removed begins anew; the phases, which are fresh, then fill it in.
pub(super) fn restore_record(workspace: &Workspace, asked: &Asked, session: &Session) -> Result<(), RunError> {
    if session.record()?.is_some() {
        return Ok(());
    }
    let trigger: Option<Trigger> = session.read("trigger.json")?;
    let started_at = trigger.map_or_else(|| workspace.clock.stamp(), |trigger| trigger.created_at);
    let mut older = session::all(&workspace.root)?
        .into_iter()
        .filter(|other| other.id < session.id);
    let autonomy = asked.autonomy.unwrap_or(workspace.manifest.session.autonomy);
    let record = begun(
        &session.id,
        older.next_back().map(|parent| parent.id),
        autonomy,
        &started_at,
    );
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
        harness_after: None,
        git_checkpoint_pre: None,
        git_checkpoint_post: None,
        teacher_cost_usd: None,
        error: None,
        extra: Default::default(),
    }
}

/// Commits the directory of a settled session, apart from the edits.
pub(super) fn commit_session(workspace: &Workspace, session: &Session, record: &Record) -> Result<(), RunError> {
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
