//! Execute, with the world that it acts on.

use std::collections::BTreeMap;

use super::{PhaseOutput, Run};
use crate::artifact::baseline::Baseline;
use crate::artifact::edit::Edit;
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::artifact::pending_review::PendingReview;
use crate::artifact::plan::Plan;
use crate::digest::Digest;
use crate::ledger::port::Ledger;
use crate::pipeline::execute::ExecuteStats;
use crate::pipeline::execute::effects::DiskWorld;
use crate::pipeline::judging::{judging, route_of, rule};
use crate::pipeline::{decided, execute as phase, forecast, state};
use crate::workspace::dirty::clean_harness;
use crate::workspace::earlier_record::earlier_record;
use crate::workspace::error::{ExecuteError, RunError};
use crate::workspace::error_budget::error_budget;
use crate::workspace::event::Event;

pub(super) fn execute(run: &Run) -> Result<PhaseOutput, RunError> {
    let workspace = run.view.workspace;
    let (plan, baseline): (Plan, Baseline) = (run.need("plan.json")?, run.need("baseline.json")?);
    for text in plan.remarks() {
        (run.listener)(Event::Note { text });
    }
    let (entries, undone) = run
        .view
        .inputs
        .history(&run.session.id, Some(&baseline.harness_commit))?;
    let (pending, outcomes) = (run.session.pending()?, run.session.outcomes()?);
    tell_decided_elsewhere(run, &pending, &outcomes)?;
    let autonomy = state::autonomy(run.view, run.session.record()?.as_ref());
    let tier = |edit: &Edit| run.manifest().tier(edit.op);
    let route = |edit: &Edit| route_of(edit, &pending, &outcomes, autonomy, run.manifest());
    let select = |path: &str| workspace.selects(path);
    let gate = run.view.inputs.gate(&run.session.id)?;
    let head_commit = workspace.ledger.head()?;
    let given = phase::ExecuteInput {
        session: &run.session.id,
        plan_digest: run
            .session
            .digest("plan.json")?
            .unwrap_or_else(|| Digest::of_bytes(b"")),
        plan: &plan,
        baseline: &baseline,
        outcomes: outcomes.clone(),
        pending: pending.clone(),
        entries,
        undone,
        gate: &gate,
        rule: rule(run.manifest()),
        judging: judging(workspace),
        budget: error_budget(workspace, run.session)?,
        earlier: &|edit, comparison| {
            earlier_record(workspace, edit, comparison).map_err(|error| ExecuteError::Disk(error.to_string()))
        },
        rules: workspace.rules(),
        tier: &tier,
        route: &route,
        select: &select,
        head_commit,
        head: clean_harness(workspace, run.view.inputs)?,
    };
    let world = DiskWorld {
        workspace,
        session: run.session,
        gate: &gate,
        listener: run.listener,
    };
    let taken = carry_out(run, given, &world)?;
    Ok(PhaseOutput {
        files: Vec::new(),
        summary: summary(plan.edits.len(), taken, workspace.calls.replayed()),
    })
}

/// Says who gave the answers that are about to be acted on, where it was not a person at this machine.
fn tell_decided_elsewhere(
    run: &Run,
    pending: &BTreeMap<Digest, PendingReview>,
    outcomes: &BTreeMap<Digest, Outcome>,
) -> Result<(), RunError> {
    let is_open = |digest: &Digest| {
        outcomes
            .get(digest)
            .is_none_or(|one| one.status == OutcomeStatus::PendingReview)
    };
    for (digest, decided) in decided::elsewhere(run.view.workspace, run.session, pending)? {
        if is_open(&digest) {
            let text = format!("{} was {}", pending[&digest].edit.id, decided.words());
            (run.listener)(Event::Note { text });
        }
    }
    Ok(())
}

/// Tells what is to be expected, and does it.
fn carry_out(run: &Run, given: phase::ExecuteInput, world: &DiskWorld) -> Result<ExecuteStats, RunError> {
    let workspace = run.view.workspace;
    run.evaluating(|evaluator| {
        forecast::tell(workspace, &given, &evaluator, run.listener)?;
        let means = phase::ExecuteContext {
            evaluator,
            ledger: &workspace.ledger,
            world,
        };
        phase::execute(given, &means).map_err(RunError::from)
    })
}

/// What was done, what the gate took for it, and what a student of several turns had answered before.
fn summary(edits: usize, taken: ExecuteStats, replayed: usize) -> String {
    let counted = |count: usize, one: &str, many: &str| match count {
        0 => String::new(),
        1 => format!(", 1 {one}"),
        count => format!(", {count} {many}"),
    };
    let made = counted(taken.attempts, "attempt made", "attempts made");
    let tied = counted(
        taken.unreached,
        "task not reached and not run",
        "tasks not reached and not run",
    );
    let replayed = counted(replayed, "answer replayed", "answers replayed");
    format!("{edits} edits reconciled{made}{replayed}{tied}")
}
