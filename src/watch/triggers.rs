//! Asking: what starts a session without a person, namely a schedule, a flagged trace, or a group of failures. Each
//! drops a file in the inbox, like everybody else.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::artifact::readiness::Readiness;
use crate::artifact::trigger::{Trigger, TriggerKind};
use crate::manifest::schedule;
use crate::trace::eligible::eligible;
use crate::watch::trigger_rules;
use crate::watch::trigger_rules::Metadata;
use crate::workspace::error::RunError;
use crate::workspace::event::{Event, Listener};
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;
use crate::workspace::{Workspace, inbox, session};

/// A look at all traces may take this share of the time between two looks.
const SHARE: i32 = 100;

/// What was asked for so far.
pub(crate) struct AutoTriggers {
    /// Times of the schedule up to here were considered.
    considered: DateTime<Utc>,
    /// Whether traces came since they were last looked at, and when they may be looked at again.
    evidence: Option<DateTime<Utc>>,
    not_before: DateTime<Utc>,
}

impl AutoTriggers {
    /// Begins where the last scheduled session was begun; without one, now. A time that passed while nobody watched
    /// is made up for, once.
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

    /// When there is something to consider next.
    pub(crate) fn next(&self, workspace: &Workspace) -> Option<DateTime<Utc>> {
        let text = workspace.manifest.triggers.schedule.as_deref();
        let time = text.and_then(|text| schedule::due(text, self.considered, DateTime::<Utc>::MAX_UTC));
        time.into_iter().chain(self.evidence).min()
    }

    /// Drops a trigger for everything that asks for one now.
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

    /// A time of the schedule, when one has come and there are enough new traces; without them it passes.
    fn scheduled(&mut self, workspace: &Workspace) -> Result<Option<Metadata>, RunError> {
        let (rules, now) = (&workspace.manifest.triggers, workspace.clock.now());
        let Some(cron) = rules.schedule.as_deref() else {
            self.considered = now;
            return Ok(None);
        };
        if schedule::due(cron, self.considered, now).is_none() {
            return Ok(None);
        }
        self.considered = now;
        let new = new_traces(workspace)?;
        let metadata = json!({"cron": cron, "new_trace_count": new});
        let enough = new >= rules.min_new_traces;
        Ok(metadata.as_object().filter(|_| enough).cloned())
    }
}

/// What the traces themselves ask for.
fn by_evidence(workspace: &Workspace) -> Result<Vec<(TriggerKind, Metadata)>, RunError> {
    let rules = &workspace.manifest.triggers;
    if !rules.user_flag && rules.cluster_failures == 0 {
        return Ok(Vec::new());
    }
    let mut traces = Inputs::new(workspace).newest_traces()?;
    // A session about a trace that it may not see would be held for nothing.
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

/// How many traces came since the last session that was ready.
fn new_traces(workspace: &Workspace) -> Result<u64, RunError> {
    let sessions = session::all(&workspace.root)?;
    let known = sessions.iter().rev().find_map(|session| {
        let readiness: Readiness = session.read("readiness.json").ok()??;
        readiness.ready.then_some(readiness.traces.count)
    });
    let count = workspace.traces()?.pin()?.count;
    Ok(count.saturating_sub(known.unwrap_or_default()))
}

/// When the newest session was begun.
fn last_session(workspace: &Workspace) -> Option<DateTime<Utc>> {
    triggers(workspace).pop()?.created_at.parse().ok()
}

/// The triggers of all sessions, oldest first.
fn triggers(workspace: &Workspace) -> Vec<Trigger> {
    let read = |session: Session| session.read::<Trigger>("trigger.json").ok().flatten();
    let sessions = session::all(&workspace.root).unwrap_or_default();
    sessions.into_iter().filter_map(read).collect()
}

/// The traces that a session, or a file in the inbox, was asked for already.
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
