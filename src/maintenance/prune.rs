//! Prunes edits: tests each applied edit again, oldest first, and on request reverts those that no longer help, in the
//! same way as `kaizen revert`.

use std::collections::BTreeSet;

use super::revert::{self, preview};
use crate::artifact::edit::Edit;
use crate::artifact::gate::verdict::GateDecision;
use crate::artifact::holdout_use::{HoldoutUse, PruneLine, tasks};
use crate::artifact::outcome::RolledBackBy;
use crate::artifact::plan::Plan;
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::gate::prune::run::{PruneContext, PruneEvidence, PruneSpec, PruneVerdict};
use crate::gate::prune::{Fate, run};
use crate::gate::trial::target_among;
use crate::ledger::port::{CommitId, Ledger, LedgerError};
use crate::pipeline::edit_states::census::{AppliedEdit, EditCensus, UnseenEdit, edits_without_session};
use crate::pipeline::gate_policy::{gate_policy, rule};
use crate::workspace::cache_epoch::noisy;
use crate::workspace::error::RunError;
use crate::workspace::event::{Event, Listener};
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;
use crate::workspace::{Workspace, holdout_log};

/// The edits to test.
#[derive(Clone, Debug)]
pub(crate) enum PruneSelection {
    /// The edits of all sessions except this number of newest ones.
    OlderThan(usize),
    /// These edits of one session.
    Named(String, BTreeSet<Digest>),
}

/// The options of a prune.
#[derive(Clone, Debug)]
pub(crate) struct PruneOptions {
    /// The edits to test.
    pub which: PruneSelection,
    /// Whether to revert the edits that no longer help.
    pub apply: bool,
}

/// The result for one edit.
pub(crate) struct PruneResult {
    /// The edit.
    pub applied: AppliedEdit,
    /// The edit in its plan; `None` if the plan or the edit no longer exists.
    pub edit: Option<Edit>,
    /// The target of the edit.
    pub target: Option<String>,
    /// The verdict, or why the edit could not be tested.
    pub verdict: Result<PruneVerdict, String>,
    /// The result of the revert: the commit (`None` if no file had to change), or why the edit was not reverted. Absent
    /// if no revert was due.
    pub reverted: Option<Result<Option<CommitId>, String>>,
}

/// The applied edits to test, oldest first, and those of which git does not show whether they are still applied.
///
/// # Errors
/// git fails, or the sessions cannot be listed.
fn census(workspace: &Workspace, which: &PruneSelection) -> Result<EditCensus, RunError> {
    let inputs = Inputs::new(workspace);
    let all = workspace.sessions()?;
    let is_new = |session: &str| match which {
        PruneSelection::Named(wanted, _) => session != wanted,
        PruneSelection::OlderThan(count) => all.iter().rev().take(*count).any(|newest| newest.id == session),
    };
    let mut census = EditCensus::of(workspace, &inputs, &|session| !is_new(&session.id))?;
    match which {
        PruneSelection::Named(_, edits) => census.applied.retain(|edit| edits.contains(&edit.digest)),
        PruneSelection::OlderThan(_) => {
            census.applied.extend(edits_without_session(workspace, &inputs)?);
            let graph = inputs.graph()?;
            census.applied.sort_by_key(|edit| graph.place(&edit.commit));
        }
    }
    Ok(census)
}

/// Tests each edit and, on request, reverts those that no longer help. Each edit is tested in the harness that the
/// earlier reverts left. Returns the edits of which git does not show whether they are still applied; they are not tested.
///
/// # Errors
/// There are no gate tasks, there are uncommitted changes, or the runs were halted.
pub(crate) fn prune(
    workspace: &Workspace,
    asked: &PruneOptions,
    listener: Listener,
    told: &dyn Fn(&PruneResult),
) -> Result<Vec<UnseenEdit>, RunError> {
    let EditCensus {
        applied: edits, unseen, ..
    } = census(workspace, &asked.which)?;
    if !edits.is_empty() {
        let gate = gate(workspace)?;
        if gate.is_empty() {
            return Err(RunError::NoGateTasks("no edit can be tested".to_owned()));
        }
        workspace.may_evaluate(&gate)?;
    }
    let mut flaky = noisy(workspace)? == Some(true);
    let alpha = workspace.manifest.gate.alpha_session() / edits.len().max(1) as f64;
    for (at, applied) in edits.into_iter().enumerate() {
        let mut result = look(workspace, applied, (at + 1, alpha), flaky, listener)?;
        if let Ok(verdict) = &result.verdict {
            flaky |= verdict.flaky;
            note(workspace, &result, verdict)?;
            if asked.apply && verdict.fate.goes() {
                result.reverted = Some(take(workspace, &result.applied, listener)?);
            }
        }
        told(&result);
    }
    Ok(unseen)
}

fn look(
    workspace: &Workspace,
    applied: AppliedEdit,
    (number, alpha): (usize, f64),
    noisy: bool,
    listener: Listener,
) -> Result<PruneResult, RunError> {
    let (edit, target, verdict) = match planned(workspace, &applied)? {
        Err(why) => (None, None, Err(why)),
        Ok((session, edit, plan)) => {
            let gate = gate(workspace)?;
            let is_category = |name: &str| gate.iter().any(|task| task.category == name);
            let target = target_among(&edit, &plan.failure_clusters, is_category);
            let asked = PruneQuestion {
                gate: &gate,
                target: target.as_deref(),
                number,
                alpha,
                noisy,
            };
            let verdict = decide_edit(workspace, &session, applied.digest, &asked, listener)?;
            (Some(edit), target, verdict)
        }
    };
    Ok(PruneResult {
        applied,
        edit,
        target,
        verdict,
        reverted: None,
    })
}

/// An edit in the plan of its session.
type PlannedEdit = (Session, Edit, Plan);

/// The session of an edit with its plan, or why the edit cannot be removed from it.
fn planned(workspace: &Workspace, applied: &AppliedEdit) -> Result<Result<PlannedEdit, String>, RunError> {
    let Some(session) = workspace.session(&applied.session)? else {
        return Ok(Err("the directory of its session no longer exists".to_owned()));
    };
    let plan: Option<Plan> = session.read("plan.json")?;
    let edit = plan
        .iter()
        .flat_map(|plan| &plan.edits)
        .find(|edit| edit.digest() == applied.digest)
        .cloned();
    Ok(match edit.zip(plan) {
        Some((edit, plan)) => Ok((session, edit, plan)),
        None => Err(format!(
            "it is no longer in the plan; `kaizen run --session {}` reverts it",
            session.id
        )),
    })
}

/// The input of a test besides the edit.
struct PruneQuestion<'a> {
    gate: &'a [Task],
    target: Option<&'a str>,
    number: usize,
    alpha: f64,
    noisy: bool,
}

fn decide_edit(
    workspace: &Workspace,
    session: &Session,
    digest: Digest,
    asked: &PruneQuestion,
    listener: Listener,
) -> Result<Result<PruneVerdict, String>, RunError> {
    let without = match preview(workspace, session, &BTreeSet::from([digest])) {
        Ok(without) => without,
        Err(RunError::Conflict(conflict)) => return Ok(Err(conflict.what())),
        Err(
            error @ (RunError::Inseparable(_) | RunError::Ledger(LedgerError::Shallow(_) | LedgerError::NoCommit(_))),
        ) => {
            return Ok(Err(error.to_string()));
        }
        Err(error) => return Err(error),
    };
    if let Some((stranded, reason)) = without.after.stranded.first() {
        return Ok(Err(format!(
            "the later edit {} depends on it: {reason}",
            stranded.short()
        )));
    }
    if without.after.harness == without.before {
        return Ok(Err("later changes replaced what it wrote".to_owned()));
    }
    let memo = workspace.memo();
    let score = |task: &Task, answer: &str| workspace.score(task, answer);
    let progress = |done, of| {
        let what = "prune".to_owned();
        listener(Event::Progress { what, done, of });
    };
    let context = PruneContext {
        evaluator: workspace.evaluator(memo.as_ref(), &score, &progress),
        policy: gate_policy(workspace),
        rule: rule(&workspace.manifest),
        prune_margin: workspace.manifest.gate.prune_margin,
    };
    let spec = PruneSpec {
        without: &without.after.harness,
        present: &without.before,
        tasks: asked.gate,
        target: asked.target,
        edit: digest,
        number: asked.number,
        alpha: asked.alpha,
        noisy: asked.noisy,
    };
    Ok(Ok(run::decide(&context, &spec)?))
}

/// The gate tasks of the newest session. If they are a sample, its attempts are the ones most likely to be cached.
fn gate(workspace: &Workspace) -> Result<Vec<Task>, RunError> {
    let newest = workspace.sessions()?.pop().map(|session| session.id);
    Inputs::new(workspace).gate(&newest.unwrap_or_default())
}

/// Reverts an edit as `kaizen revert` does, or says why that has to wait.
fn take(
    workspace: &Workspace,
    applied: &AppliedEdit,
    listener: Listener,
) -> Result<Result<Option<CommitId>, String>, RunError> {
    let session = Session::at(&workspace.root, &applied.session);
    if let Some(why) = revert::unsettled(workspace, &session)? {
        return Ok(Err(format!("{} is not settled: {why}", session.id)));
    }
    let before = workspace.ledger.head()?;
    let dropped = BTreeSet::from([applied.digest]);
    revert::revert_edits(workspace, &session, &dropped, RolledBackBy::Prune, listener)?;
    let entries = workspace.ledger.entries(before.as_deref())?;
    let commit = entries
        .into_iter()
        .rev()
        .find(|entry| entry.trailer("Reverts-Edit").is_some());
    Ok(Ok(commit.map(|entry| entry.commit)))
}

/// Records the consultation of the gate split.
fn note(workspace: &Workspace, result: &PruneResult, verdict: &PruneVerdict) -> Result<(), RunError> {
    let (decision, reason, pairs) = match &verdict.answer {
        PruneEvidence::Means(verdict) => (verdict.decision, "means", verdict.tasks),
        PruneEvidence::Worth(worth) => (decision(verdict.fate), verdict.fate.name(), worth.n),
        PruneEvidence::Trials(records) => {
            let pairs = records.iter().map(|record| record.pairs.len()).sum();
            match records.last() {
                Some(record) => (record.decision, record.reason.name(), pairs),
                None => (GateDecision::Undecided, "", 0),
            }
        }
    };
    if pairs > 0 {
        let line = HoldoutUse::Prune(PruneLine {
            at: workspace.clock.stamp(),
            edit_id: result.applied.label.clone(),
            edit_digest: result.applied.digest,
            session_id: result.applied.session.clone(),
            tasks: tasks(&gate(workspace)?),
            pairs,
            decision: decision.name().to_owned(),
            reason: reason.to_owned(),
            worth: match &verdict.answer {
                PruneEvidence::Worth(worth) => Some((**worth).clone()),
                PruneEvidence::Means(_) | PruneEvidence::Trials(_) => None,
            },
            extra: Default::default(),
        });
        holdout_log::record(workspace, &line)?;
    }
    Ok(())
}

fn decision(fate: Fate) -> GateDecision {
    match fate {
        Fate::Helps => GateDecision::Accept,
        Fate::Unknown => GateDecision::Undecided,
        Fate::Shorter | Fate::Tie | Fate::NoHelp => GateDecision::Reject,
    }
}
