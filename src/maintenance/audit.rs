//! Audits the harness: compares it with its state some sessions ago or at any commit. This writes only cached attempts
//! and a line in the log of consultations.

use serde::Serialize;

use crate::artifact::baseline::Baseline;
use crate::artifact::holdout_use::{AuditLine, HoldoutUse, tasks};
use crate::artifact::readiness::UnscorableTask;
use crate::artifact::task::{Split, Task};
use crate::gate::audit::{AuditResult, run};
use crate::harness::Harness;
use crate::ledger::port::{CommitId, LedgerEntry};
use crate::pipeline::edit_states::census::{AppliedEdit, EditCensus, UnseenEdit};
use crate::pipeline::gate_policy::gate_policy;
use crate::pipeline::state::settled;
use crate::workspace::cache_epoch::noisy;
use crate::workspace::error::RunError;
use crate::workspace::event::{Event, Listener};
use crate::workspace::inputs::{Inputs, present_harness, user_changes};
use crate::workspace::{Workspace, holdout_log};

/// The earlier state to compare with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// The state before this number of settled sessions.
    Sessions(usize),
    /// The state at a commit, given in any way that git understands.
    Commit(String),
}

/// The options of an audit.
#[derive(Clone, Debug)]
pub(crate) struct AuditOptions {
    /// The earlier state.
    pub since: Since,
    /// The split of tasks.
    pub split: Split,
    /// The largest number of rounds for a noisy student; `None`: from the gate's settings.
    pub rounds: Option<usize>,
}

/// Why an audit failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuditError {
    /// No session has settled yet.
    #[error("no session has settled yet, so there is no state before one")]
    NoSession,
    /// There is no such commit.
    #[error("there is no commit `{0}` in this repository")]
    NoCommit(String),
    /// The split is empty.
    #[error("there are no {0} tasks")]
    NoTasks(&'static str),
    /// Any other error.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// The earlier state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct EarlierState {
    /// The commit of that state.
    pub commit: CommitId,
    /// The session that began there, if the state was given by a number of sessions.
    pub session: Option<String>,
    /// The number of settled sessions from that one on, including it.
    pub sessions: usize,
}

/// A later commit that changed the harness: kaizen's, for an edit, or a person's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct AuditStep {
    /// The commit.
    pub commit: CommitId,
    /// The session of the commit, or those whose edits a person squashed into it; empty for other commits of people.
    pub session: String,
    /// The subject line.
    pub subject: String,
    /// The label of the edit, if the commit applied one; several if a person squashed them.
    pub edit: Option<String>,
}

/// The result of an audit.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AuditReport {
    /// The split.
    pub split: Split,
    /// The earlier state.
    pub since: EarlierState,
    /// The commits since then that changed the harness, oldest first.
    pub steps: Vec<AuditStep>,
    /// Edits that count as applied, although git does not show them.
    #[serde(rename = "not_shown", skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<UnseenEdit>,
    /// The harness files that differ.
    pub files: Vec<String>,
    /// Tasks of the split that their scorers cannot use; the audit leaves them out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unscorable: Vec<UnscorableTask>,
    /// The harness files with uncommitted changes; the audit uses them as they are on disk.
    pub uncommitted: Vec<String>,
    /// The comparison.
    #[serde(flatten)]
    pub audited: AuditResult,
    /// Rounds over the tasks whose request differs.
    pub rounds: usize,
    /// The number of pairs.
    pub pairs: usize,
    /// The number of new runs, which were not cached.
    pub runs_made: usize,
    /// How many attempts the agent itself failed, and why; absent if it failed none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures: Option<String>,
}

/// Compares the present harness with the earlier state.
///
/// # Errors
/// See [`AuditError`].
pub(crate) fn audit(
    workspace: &Workspace,
    asked: &AuditOptions,
    listener: Listener,
) -> Result<AuditReport, AuditError> {
    let inputs = Inputs::new(workspace);
    let split = inputs.benchmark()?.split(asked.split);
    if split.is_empty() {
        return Err(AuditError::NoTasks(asked.split.name()));
    }
    let since = state(workspace, &asked.since)?;
    let before = inputs.harness_at(&since.commit)?;
    let after = present_harness(workspace, &inputs)?;
    let refs: Vec<&Task> = split.iter().collect();
    workspace.student.check(&after, &refs).map_err(RunError::Student)?;
    if before != after {
        workspace.may_evaluate(&split)?;
    }
    let found = run(workspace, asked, (&before, &after), &split, listener)?;
    if found.pairs > 0 {
        holdout_log::record(
            workspace,
            &consultation(workspace, asked.split, &since.commit, &split, found.pairs),
        )?;
    }
    let mut paths: Vec<String> = before
        .files()
        .chain(after.files())
        .map(|(path, _)| path.to_owned())
        .collect();
    paths.sort();
    paths.dedup();
    let touched = workspace
        .ledger
        .touching(&since.commit, &paths)
        .map_err(RunError::from)?;
    let census = EditCensus::unnamed(workspace, &inputs)?;
    Ok(AuditReport {
        split: asked.split,
        steps: touched.into_iter().map(|entry| step(entry, &census)).collect(),
        unseen: census.unseen,
        files: before.changes(&after).into_iter().map(|change| change.path).collect(),
        unscorable: inputs.benchmark()?.unscorable_in(asked.split),
        uncommitted: user_changes(workspace, &inputs, &after)?,
        since,
        rounds: found.rounds,
        pairs: found.pairs,
        runs_made: found.made.edited + found.made.baseline,
        failures: found.failures,
        audited: found.audited,
    })
}

fn run(
    workspace: &Workspace,
    asked: &AuditOptions,
    (before, after): (&Harness, &Harness),
    tasks: &[Task],
    listener: Listener,
) -> Result<run::AuditRun, RunError> {
    let memo = workspace.memo();
    let score = |task: &Task, answer: &str| workspace.score(task, answer);
    let progress = |done, of| {
        let what = "audit".to_owned();
        listener(Event::Progress { what, done, of });
    };
    let evaluator = workspace.evaluator(memo.as_ref(), &score, &progress);
    let wanted = run::AuditSpec {
        before,
        after,
        tasks,
        policy: gate_policy(workspace),
        noisy: noisy(workspace)?,
        most: asked.rounds,
    };
    Ok(run::audit(&evaluator, &wanted)?)
}

fn state(workspace: &Workspace, since: &Since) -> Result<EarlierState, AuditError> {
    let wanted = match since {
        Since::Commit(name) => {
            let found = workspace.ledger.commit_named(name).map_err(RunError::from)?;
            let commit = found.ok_or_else(|| AuditError::NoCommit(name.clone()))?;
            return Ok(EarlierState {
                commit,
                session: None,
                sessions: 0,
            });
        }
        Since::Sessions(count) => *count,
    };
    let mut reached = None;
    let mut sessions = 0;
    for session in workspace.sessions()?.into_iter().rev() {
        let record = session.record().map_err(RunError::from)?;
        let baseline: Option<Baseline> = session.read("baseline.json").map_err(RunError::from)?;
        if let Some(baseline) = baseline.filter(|_| record.as_ref().is_some_and(settled)) {
            sessions += 1;
            reached = Some((baseline.harness_commit, session.id));
        }
        if sessions == wanted {
            break;
        }
    }
    let (commit, session) = reached.ok_or(AuditError::NoSession)?;
    Ok(EarlierState {
        commit,
        session: Some(session),
        sessions,
    })
}

fn step(entry: LedgerEntry, census: &EditCensus) -> AuditStep {
    let trailer = |key: &str| entry.trailer(key).map(str::to_owned);
    let squashed: Vec<&AppliedEdit> = census.in_commit(&entry.commit).collect();
    let (session, edit) = match squashed.is_empty() {
        true => (trailer("Session-ID").unwrap_or_default(), trailer("Edit-ID")),
        false => {
            let mut sessions: Vec<&str> = squashed.iter().map(|edit| edit.session.as_str()).collect();
            sessions.dedup();
            let labels: Vec<&str> = squashed.iter().map(|edit| edit.label.as_str()).collect();
            (sessions.join(", "), Some(labels.join(", ")))
        }
    };
    AuditStep {
        session,
        edit,
        commit: entry.commit,
        subject: entry.subject,
    }
}

/// The line for the log of consultations about a comparison with the harness at a commit, on the tasks of a split.
pub(super) fn consultation(
    workspace: &Workspace,
    split: Split,
    since: &CommitId,
    of_split: &[Task],
    pairs: usize,
) -> HoldoutUse {
    HoldoutUse::Audit(AuditLine {
        at: workspace.clock.stamp(),
        split: split.name().to_owned(),
        since: since.clone(),
        tasks: tasks(of_split),
        pairs,
        extra: Default::default(),
    })
}
