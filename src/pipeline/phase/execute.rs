//! Phase `execute`: collects the input of the reconciliation and runs it.

use std::collections::{BTreeMap, BTreeSet};

use super::PhaseOutput;
use crate::artifact::baseline::Baseline;
use crate::artifact::edit::Edit;
use crate::artifact::gate::settings::Keep;
use crate::artifact::outcome::{LateAnswer, Outcome, OutcomeStatus};
use crate::artifact::pending_review::PendingReview;
use crate::artifact::plan::Plan;
use crate::artifact::{Artifact, counted};
use crate::digest::Digest;
use crate::gate::trial::GatePolicy;
use crate::harness::op;
use crate::ledger::port::Ledger;
use crate::manifest::Hold;
use crate::pipeline::context::Context;
use crate::pipeline::edit_base::edit_base;
use crate::pipeline::edit_states::EditSearch;
use crate::pipeline::execute::ExecuteStats;
use crate::pipeline::gate_policy::{gate_policy, route_of, rule};
use crate::pipeline::late::{late_answer, standing};
use crate::pipeline::{execute as phase, external_decision, preview};
use crate::workspace::earlier_record::earlier_record;
use crate::workspace::error::RunError;
use crate::workspace::error_budget::{error_budget, is_of_loop};
use crate::workspace::event::Event;
use crate::workspace::inputs::clean_harness;

/// Runs the phase.
pub(super) fn run(context: &Context) -> Result<PhaseOutput, RunError> {
    let workspace = context.workspace;
    let (mut plan, baseline): (Plan, Baseline) = (context.need("plan.json")?, context.need("baseline.json")?);
    tell(context, plan.remarks());
    let base = Some(baseline.harness_commit.as_str());
    let history = context.inputs.history(&context.session.id, base)?;
    let search = EditSearch::new(workspace, context.inputs, context.session)?;
    let states = search.states()?;
    restore(context, &mut plan, search.returned(&states)?)?;
    let withdrawn = search.withdrawn(&states)?;
    let (pending, outcomes) = (context.session.pending()?, context.session.outcomes()?);
    tell_external_decisions(context, &pending, &outcomes)?;
    let autonomy = context.autonomy_of(context.session.record()?.as_ref());
    let tier = |edit: &Edit| op::tier(edit, &context.manifest().harness);
    let route = |edit: &Edit| route_of(edit, &pending, &outcomes, autonomy, context.manifest());
    let select = |path: &str| workspace.selects(path);
    let gate = context.inputs.gate(&context.session.id)?;
    tell(
        context,
        plan.strays(|name| gate.iter().any(|task| task.category == name)),
    );
    let head_commit = workspace.ledger.head()?;
    let plan_digest = context.session.digest("plan.json")?;
    let head = clean_harness(workspace, context.inputs)?;
    let late = match outcomes.is_empty() {
        true => None,
        false => late(context, &baseline, head.digest())?,
    };
    let input = phase::ExecuteInput {
        session: &context.session.id,
        reconcile: phase::ReconcileInput {
            plan: &plan,
            plan_digest: plan_digest.unwrap_or_else(|| Digest::of_bytes(b"")),
            outcomes: outcomes.clone(),
            pending: pending.clone(),
            entries: history.entries.clone(),
            states,
            withdrawn,
            tier: &tier,
            route: &route,
        },
        gate: phase::GateInput {
            baseline: &baseline,
            tasks: &gate,
            rule: rule(context.manifest()),
            policy: policy(context)?,
            budget: error_budget(workspace, context.session)?,
            earlier: &|edit, fits| earlier_record(workspace, edit, fits),
        },
        rules: workspace.rules(),
        base: edit_base(workspace, context.inputs)?,
        late,
        select: &select,
        head_commit,
        head,
    };
    let taken = carry_out(context, input)?;
    Ok(PhaseOutput {
        files: Vec::new(),
        summary: summary(plan.edits.len(), taken, workspace.calls.replayed()),
    })
}

/// The gate's policy. A loop keeps only what the gate accepts, because nobody looks at the rest.
fn policy(context: &Context) -> Result<GatePolicy, RunError> {
    let policy = gate_policy(context.workspace);
    let keep = match is_of_loop(context.workspace, context.session)? {
        true => Keep::Proven,
        false => policy.keep,
    };
    Ok(GatePolicy { keep, ..policy })
}

fn tell(context: &Context, notes: Vec<String>) {
    for text in notes {
        (context.listener)(Event::Note { text });
    }
}

/// Puts edits back into the plan that left it and that a person brought back in git since then.
fn restore(context: &Context, plan: &mut Plan, returned: Vec<Edit>) -> Result<(), RunError> {
    let planned: BTreeSet<Digest> = plan.edits.iter().map(Edit::digest).collect();
    let missing: Vec<Edit> = returned
        .into_iter()
        .filter(|edit| !planned.contains(&edit.digest()))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    for edit in &missing {
        let text = format!("{} was brought back in git, so it is in plan.json again", edit.id);
        (context.listener)(Event::Note { text });
    }
    plan.edits.extend(missing);
    // What a person brought back needs no release.
    plan.released |= context.manifest().session.hold == Some(Hold::Plan);
    Ok(context.session.publish("plan.json", &plan.to_text())?)
}

/// What a late answer is judged on; `None` if the session's results still describe today's state.
fn late(context: &Context, baseline: &Baseline, head: Digest) -> Result<Option<LateAnswer>, RunError> {
    match standing(context, baseline, head)?.has_moved {
        true => Ok(Some(late_answer(context, baseline, head)?)),
        false => Ok(None),
    }
}

/// Reports the answers that are about to take effect and that came with a commit from another repository.
fn tell_external_decisions(
    context: &Context,
    pending: &BTreeMap<Digest, PendingReview>,
    outcomes: &BTreeMap<Digest, Outcome>,
) -> Result<(), RunError> {
    let is_open = |digest: &Digest| {
        outcomes
            .get(digest)
            .is_none_or(|one| one.status == OutcomeStatus::PendingReview)
    };
    for (digest, decision) in external_decision::external_decisions(context.workspace, context.session, pending)? {
        if is_open(&digest) {
            let text = format!("{} was {}", pending[&digest].edit.id, decision.words());
            (context.listener)(Event::Note { text });
        }
    }
    Ok(())
}

/// Reports a preview of the gate's work, then runs `execute`.
fn carry_out(context: &Context, input: phase::ExecuteInput) -> Result<ExecuteStats, RunError> {
    context.evaluating("gate", |evaluator| {
        preview::tell(context.workspace, &input, &evaluator, context.listener)?;
        let execution = phase::ExecuteContext { context, evaluator };
        phase::execute(input, &execution)
    })
}

/// The summary: edits, attempts made, answers of the student that came from the store, and tasks that were not reached.
fn summary(edits: usize, taken: ExecuteStats, replayed: usize) -> String {
    let part = |count: usize, noun: &str, what: &str| match count {
        0 => String::new(),
        count => format!(", {} {what}", counted(count, noun)),
    };
    let made = part(taken.attempts, "attempt", "made");
    let replayed = part(replayed, "answer", "replayed");
    let tied = part(taken.unreached, "task", "not reached and not run");
    format!("{} reconciled{made}{replayed}{tied}", counted(edits, "edit"))
}
