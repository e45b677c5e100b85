//! Automatic triggers: a schedule, a flagged trace or a group of failures writes a file to the inbox, as a person
//! would.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::artifact::readiness::Readiness;
use crate::artifact::trigger::{Trigger, TriggerKind};
use crate::manifest::triggers;
use crate::trace::eligible::eligible;
use crate::watch::trigger_rules;
use crate::watch::trigger_rules::Metadata;
use crate::workspace::error::RunError;
use crate::workspace::event::{Event, Listener};
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;
use crate::workspace::{Workspace, inbox};

/// The time between two searches of all traces is at least this many times the duration of a search.
const SHARE: i32 = 100;

/// The state of automatic triggers.
pub(crate) struct AutoTriggers {
    /// The time up to which the schedule has been evaluated.
    considered: DateTime<Utc>,
    /// Set if traces have changed since the last search: when they may be searched again.
    evidence: Option<DateTime<Utc>>,
    not_before: DateTime<Utc>,
}

impl AutoTriggers {
    /// Starts the schedule at the last scheduled session or, without one, now. If scheduled times passed while no
    /// watcher ran, one trigger makes up for all of them.
    pub(crate) fn new(workspace: &Workspace) -> Self {
        let now = workspace.clock.now();
        let scheduled = triggers(workspace).into_iter().rev();
        let mut times = scheduled.filter(|trigger| trigger.kind == TriggerKind::Scheduled);
        let last = times.next().and_then(|trigger| trigger.created_at.parse().ok());
        Self {
            considered: last.unwrap_or(now).min(now),
            evidence: None,
            not_before: now,
        }
    }

    /// Notes that traces or tasks changed.
    pub(crate) fn evidence_changed(&mut self) {
        self.evidence = Some(self.not_before);
    }

    /// The time of the next possible trigger.
    pub(crate) fn next(&self, workspace: &Workspace) -> Option<DateTime<Utc>> {
        let text = workspace.manifest.triggers.schedule.as_deref();
        let time = text.and_then(|text| triggers::due(text, self.considered, DateTime::<Utc>::MAX_UTC));
        time.into_iter().chain(self.evidence).min()
    }

    /// Writes a trigger for every rule that fires now.
    ///
    /// # Errors
    /// The traces cannot be read, or the inbox not written.
    pub(crate) fn ask(&mut self, workspace: &Workspace, listener: Listener) -> Result<(), RunError> {
        if let Some(metadata) = self.scheduled(workspace)? {
            drop_trigger(workspace, TriggerKind::Scheduled, metadata, listener)?;
        }
        let now = workspace.clock.now();
        if self.evidence.is_some_and(|not_before| not_before <= now) {
            self.evidence = None;
            for (kind, metadata) in by_evidence(workspace)? {
                drop_trigger(workspace, kind, metadata, listener)?;
            }
            let end = workspace.clock.now();
            self.not_before = end + (end - now) * SHARE;
        }
        Ok(())
    }

    /// The metadata of a scheduled trigger, if a scheduled time has come and there are enough new traces. If there are
    /// too few, the time is skipped.
    fn scheduled(&mut self, workspace: &Workspace) -> Result<Option<Metadata>, RunError> {
        let (rules, now) = (&workspace.manifest.triggers, workspace.clock.now());
        let Some(cron) = rules.schedule.as_deref() else {
            self.considered = now;
            return Ok(None);
        };
        if triggers::due(cron, self.considered, now).is_none() {
            return Ok(None);
        }
        self.considered = now;
        let new = new_traces(workspace)?;
        let metadata = json!({"cron": cron, "new_trace_count": new});
        let enough = new >= rules.min_new_traces;
        Ok(metadata.as_object().filter(|_| enough).cloned())
    }
}

/// The triggers that traces cause.
fn by_evidence(workspace: &Workspace) -> Result<Vec<(TriggerKind, Metadata)>, RunError> {
    let rules = &workspace.manifest.triggers;
    if !rules.user_flag && rules.cluster_failures == 0 {
        return Ok(Vec::new());
    }
    let mut traces = Inputs::new(workspace).newest_traces()?;
    // A session cannot use traces that `[privacy]` excludes, so they start none.
    let now = workspace.clock.now().timestamp_millis() as f64 / 1000.0;
    traces.retain(|trace| eligible(&workspace.manifest.privacy, trace, now));
    let mut asked = Vec::new();
    if rules.user_flag && traces.iter().any(trigger_rules::is_flagged) {
        let flagged = trigger_rules::flagged(&traces, &named(workspace)?);
        asked.extend(flagged.map(|metadata| (TriggerKind::UserFlag, metadata)));
    }
    let since = last_session(workspace).map_or(f64::NEG_INFINITY, |time| time.timestamp_millis() as f64 / 1000.0);
    let recent = traces
        .iter()
        .filter(|trace| trace.started_at.is_some_and(|at| at > since));
    let cluster = trigger_rules::cluster(recent, rules);
    asked.extend(cluster.map(|metadata| (TriggerKind::Cluster, metadata)));
    Ok(asked)
}

/// The number of traces added since the last session that was ready.
fn new_traces(workspace: &Workspace) -> Result<u64, RunError> {
    let sessions = workspace.sessions_everywhere()?;
    let known = sessions.iter().rev().find_map(|session| {
        let readiness: Readiness = session.read("readiness.json").ok()??;
        readiness.ready.then_some(readiness.traces.count)
    });
    let count = workspace.traces()?.pin()?.count;
    Ok(count.saturating_sub(known.unwrap_or_default()))
}

/// The time at which the newest session began.
fn last_session(workspace: &Workspace) -> Option<DateTime<Utc>> {
    triggers(workspace).pop()?.created_at.parse().ok()
}

/// The triggers of all sessions, oldest first.
fn triggers(workspace: &Workspace) -> Vec<Trigger> {
    let read = |session: Session| session.read::<Trigger>("trigger.json").ok().flatten();
    let sessions = workspace.sessions_everywhere().unwrap_or_default();
    sessions.into_iter().filter_map(read).collect()
}

/// The traces that a session or a file in the inbox already lists.
fn named(workspace: &Workspace) -> Result<BTreeSet<String>, RunError> {
    let waiting = inbox::dropped(&workspace.root)?
        .into_iter()
        .filter_map(|file| file.trigger.ok());
    let all = triggers(workspace).into_iter().chain(waiting);
    Ok(all
        .flat_map(|trigger| trigger.trace_ids().map(str::to_owned).collect::<Vec<_>>())
        .collect())
}

fn drop_trigger(
    workspace: &Workspace,
    kind: TriggerKind,
    metadata: Metadata,
    listener: Listener,
) -> Result<(), RunError> {
    let trigger = Trigger::new(kind, metadata, workspace.clock.stamp());
    let name = inbox::drop_trigger(&workspace.root, &trigger)?;
    let file = format!("{}/{name}", inbox::FOLDER);
    listener(Event::TriggerDropped { file, kind });
    Ok(())
}
