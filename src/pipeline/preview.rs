//! Previews what the gate can detect, from the baseline of a session or from two runs of the present harness.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::gate_policy::{gate_policy, route_of, rule};
use super::{state, untested_skills};
use crate::artifact::baseline::Baseline;
use crate::artifact::edit::Edit;
use crate::artifact::egress::LlmRole;
use crate::artifact::error_budget::ErrorBudget;
use crate::artifact::evaluation::Evaluation;
use crate::artifact::gate::settings::{BudgetMode, Mode};
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::artifact::plan::Plan;
use crate::artifact::probe::Probe;
use crate::artifact::task::{Scorer, Task};
use crate::artifact::{Artifact, Money};
use crate::eval::run::{Evaluator, evaluate, evaluate_run};
use crate::gate::preview as phase;
use crate::gate::preview::{GatePreview, lines};
use crate::gate::sample::screen::FEWEST_GATE_TASKS;
use crate::gate::trial::GatePolicy;
use crate::harness::Harness;
use crate::llm::estimate::{EarlierCalls, RoleLoad};
use crate::llm::{client, estimate};
use crate::manifest::StudentEngine;
use crate::manifest::chat::ChatSettings;
use crate::pipeline::context::Context;
use crate::pipeline::edit_states::EditSearch;
use crate::pipeline::execute;
use crate::pipeline::execute::reconcile::{EditStep, reconcile};
use crate::pipeline::next::half_typed;
use crate::pipeline::phase::by_files::taken_plan;
use crate::teacher::check::plan;
use crate::workspace::error::RunError;
use crate::workspace::error_budget::error_budget;
use crate::workspace::event::{Event, Listener};
use crate::workspace::inputs::{Inputs, present_harness};
use crate::workspace::session::Session;
use crate::workspace::{Workspace, cache_epoch};

/// A preview, with its sources.
pub(crate) struct PreviewResult {
    pub preview: GatePreview,
    /// The session whose plan was previewed.
    pub session: Option<String>,
    /// Number of attempts that were made for the preview; they are cached.
    pub attempts: usize,
}

/// Reports in a few lines what `execute` is about to spend and what it can detect. Does not run the student.
///
/// # Errors
/// The cost of earlier calls cannot be read.
pub(crate) fn tell(
    workspace: &Workspace,
    input: &execute::ExecuteInput,
    evaluator: &Evaluator,
    listener: Listener,
) -> Result<(), RunError> {
    let edits = open(input);
    let same_tasks = input.gate.baseline.evaluation.tasks.iter().map(|score| &score.task_id);
    if edits.is_empty() || !same_tasks.eq(input.gate.tasks.iter().map(|task| &task.task_id)) {
        return Ok(());
    }
    let accepted = input.reconcile.outcomes.values().filter(|one| one.is_won_bet());
    let found = phase::preview(
        evaluator,
        &phase::PreviewInput {
            gate: input.gate.tasks,
            first: &input.gate.baseline.evaluation.tasks,
            probe: input.gate.baseline.probe.as_ref(),
            harness: &input.head,
            edits: &edits,
            clusters: &input.reconcile.plan.failure_clusters,
            rules: &input.rules,
            policy: &input.gate.policy,
            rule: input.gate.rule,
            budget: &input.gate.budget,
            accepted: accepted.count(),
            flaky: input.reconcile.outcomes.values().any(Outcome::is_flaky),
            flips: flips(input.reconcile.outcomes.values()),
            screen: screen(&input.gate.policy, input.gate.tasks),
            max_edits: workspace.manifest.teacher.max_edits,
            attempt_usd: attempt_usd(workspace, input.gate.tasks)?,
        },
    );
    let untested = untested_skills::note(&edits, input.gate.tasks);
    for text in lines(&found).into_iter().chain(untested) {
        listener(Event::Note { text });
    }
    Ok(())
}

/// The share of gate tasks that edits flipped in mode `sample`; `None` before the first trial.
fn flips<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Option<f64> {
    let trials = outcomes.filter_map(|outcome| outcome.gate.as_ref()?.sampled());
    let sum = trials.fold((0, 0), |(flips, tasks), one| {
        (flips + one.wins + one.losses, tasks + one.n)
    });
    (sum.0 > 0).then(|| sum.0 as f64 / sum.1 as f64)
}

/// The number of train tasks on which each edit is screened.
fn screen(policy: &GatePolicy, gate: &[Task]) -> usize {
    if gate.len() < FEWEST_GATE_TASKS {
        0
    } else {
        policy.screen
    }
}

/// The edits that `execute` is about to send to the gate.
fn open<'a>(input: &execute::ExecuteInput<'a>) -> Vec<&'a Edit> {
    let steps = reconcile(
        &input.reconcile.plan.edits,
        &input.reconcile.outcomes,
        &input.reconcile.states,
        input.reconcile.route,
    )
    .steps;
    let tried = steps.into_iter().filter(|(_, step)| *step == EditStep::Try);
    tried.map(|(at, _)| &input.reconcile.plan.edits[at]).collect()
}

/// Previews the gate for a session or, without one, for the present harness. Runs the gate tasks
/// once, or twice where the mode needs it, unless the session's baseline contains suitable runs.
///
/// # Errors
/// No gate task can be scored, the runs are not approved or were stopped, or an input cannot be read.
pub(crate) fn look(
    workspace: &Workspace,
    session: Option<&Session>,
    listener: Listener,
) -> Result<PreviewResult, RunError> {
    let inputs = Inputs::new(workspace);
    let gate = inputs.gate(session.map_or("session", |session| &session.id))?;
    let harness = present_harness(workspace, &inputs)?;
    let made = AtomicUsize::new(0);
    let score = |task: &Task, answer: &str| workspace.score(task, answer);
    let progress = |done, of| {
        made.fetch_add(1, Ordering::Relaxed);
        let what = "plan-gate".to_owned();
        listener(Event::Progress { what, done, of });
    };
    let twice = runs_twice(workspace);
    let known = known_or_permitted(workspace, session, &gate, &harness)?;
    let memo = workspace.memo();
    let evaluator = Evaluator {
        epoch: epoch(workspace, session),
        ..workspace.evaluator(memo.as_ref(), &score, &progress)
    };
    let (first, probe) = match known {
        Some(known) => known,
        None => run_gate_tasks(&evaluator, &harness, &gate, twice)?,
    };
    has_score(&first)?;
    let plan = plan_of(workspace, &inputs, session)?;
    let edits = match (session, &plan) {
        (Some(session), Some(plan)) => to_come(workspace, &inputs, session, plan)?,
        _ => Vec::new(),
    };
    let under_way = session.filter(|_| !edits.is_empty());
    let (budget, accepted) = budget(workspace, under_way)?;
    let outcomes = under_way.map(Session::outcomes).transpose()?.unwrap_or_default();
    let policy = gate_policy(workspace);
    let preview = phase::preview(
        &evaluator,
        &phase::PreviewInput {
            gate: &gate,
            first: &first.tasks,
            probe: probe.as_ref(),
            harness: &harness,
            edits: &edits,
            clusters: plan.as_ref().map_or(&[], |plan| plan.failure_clusters.as_slice()),
            rules: &workspace.rules(),
            policy: &policy,
            rule: rule(&workspace.manifest),
            budget: &budget,
            accepted,
            flaky: outcomes.values().any(Outcome::is_flaky),
            flips: flips(outcomes.values()),
            screen: screen(&policy, &gate),
            max_edits: workspace.manifest.teacher.max_edits,
            attempt_usd: attempt_usd(workspace, &gate)?,
        },
    );
    Ok(PreviewResult {
        preview,
        session: session.filter(|_| plan.is_some()).map(|session| session.id.clone()),
        attempts: made.into_inner(),
    })
}

fn has_score(first: &Evaluation) -> Result<(), RunError> {
    match first.task_count {
        0 => Err(RunError::Unscored(
            first.unscored().unwrap_or_else(|| "there are none".into()),
        )),
        _ => Ok(()),
    }
}

/// The student's epoch in a session or, without one, the newest.
fn epoch(workspace: &Workspace, session: Option<&Session>) -> u32 {
    let student = workspace.student.identity();
    match session {
        Some(session) => cache_epoch::of(&workspace.root, &student, session),
        None => cache_epoch::newest(&workspace.root, &student),
    }
}

/// The plan of a session. Before phase `plan` has taken it, a list of edits is enough, as for that phase.
fn plan_of(workspace: &Workspace, inputs: &Inputs, session: Option<&Session>) -> Result<Option<Plan>, RunError> {
    let Some(session) = session else { return Ok(None) };
    let Some(text) = session.text("plan.json")? else {
        return Ok(None);
    };
    if let Ok(plan) = Plan::from_text(&session.path("plan.json"), &text) {
        return Ok(Some(plan));
    }
    let problems = plan::problems_of_bare(&text);
    if !problems.is_empty() {
        return Err(half_typed(session, "plan.json", &problems));
    }
    let engines = workspace.engines();
    let context = Context::new(workspace, session, inputs, &engines);
    taken_plan(&context, &text, "files").map(Some)
}

/// The first run of the baseline, and the second one if there was one.
type BaselineRuns = (Evaluation, Option<Probe>);

/// Whether a preview needs two runs of the gate tasks: modes `exact` and `sample` know what they need from one.
fn runs_twice(workspace: &Workspace) -> bool {
    let gate = &workspace.manifest.gate;
    gate.probes() || gate.mode == Mode::Rule
}

/// The runs of the session's baseline; `None` if the student has to be run, which must be approved.
fn known_or_permitted(
    workspace: &Workspace,
    session: Option<&Session>,
    gate: &[Task],
    harness: &Harness,
) -> Result<Option<BaselineRuns>, RunError> {
    let known = session.and_then(|session| known(workspace, session, gate, harness));
    if known.is_none() {
        workspace.may_evaluate(gate)?;
    }
    Ok(known)
}

/// The runs of the session's baseline, if the student and the tasks are the same and the harness is either the same
/// or has been edited by this unsettled session.
fn known(workspace: &Workspace, session: &Session, gate: &[Task], harness: &Harness) -> Option<BaselineRuns> {
    let baseline: Baseline = cache_epoch::own_baseline(session, &workspace.student.identity())?;
    let under_way = !session.record().ok().flatten().as_ref().is_some_and(state::settled);
    let scored = baseline.evaluation.tasks.iter().map(|score| &score.task_id);
    let fits = scored.eq(gate.iter().map(|task| &task.task_id)) && (under_way || baseline.harness == harness.digest());
    let enough = baseline.probe.is_some() || !runs_twice(workspace);
    Some((baseline.evaluation, baseline.probe)).filter(|_| fits && enough)
}

fn run_gate_tasks(
    evaluator: &Evaluator,
    harness: &Harness,
    gate: &[Task],
    twice: bool,
) -> Result<BaselineRuns, RunError> {
    let tasks: Vec<&Task> = gate.iter().collect();
    evaluator.student.check(harness, &tasks).map_err(RunError::Student)?;
    let first = evaluate(evaluator, harness, &tasks)?;
    let second = twice.then(|| evaluate_run(evaluator, harness, &tasks, 1)).transpose()?;
    let probe = second.map(|second| Probe::of(&first.tasks, second.tasks));
    Ok((first, probe))
}

/// The edits of a plan that a run would send to the gate, now or after a person accepts them.
fn to_come<'a>(
    workspace: &Workspace,
    inputs: &Inputs,
    session: &Session,
    plan: &'a Plan,
) -> Result<Vec<&'a Edit>, RunError> {
    let states = EditSearch::new(workspace, inputs, session)?.states()?;
    let (pending, outcomes) = (session.pending()?, session.outcomes()?);
    let autonomy = session.record()?.map(|record| record.autonomy_mode);
    let autonomy = autonomy.unwrap_or(workspace.manifest.session.autonomy);
    let route = |edit: &Edit| route_of(edit, &pending, &outcomes, autonomy, &workspace.manifest);
    let steps = reconcile(&plan.edits, &outcomes, &states, &route).steps;
    let waits = |at: usize| {
        let outcome = outcomes.get(&plan.edits[at].digest());
        outcome.is_some_and(|outcome| outcome.status == OutcomeStatus::PendingReview)
    };
    let comes = steps
        .into_iter()
        .filter(|(at, step)| matches!(step, EditStep::Try | EditStep::Ask) || waits(*at));
    Ok(comes.map(|(at, _)| &plan.edits[at]).collect())
}

/// The error budget of a session and the number of edits that it accepted; without a session, those of a new one.
fn budget(workspace: &Workspace, session: Option<&Session>) -> Result<(ErrorBudget, usize), RunError> {
    if let Some(session) = session {
        let outcomes = session.outcomes()?;
        let applied = outcomes.values().filter(|one| one.is_won_bet());
        return Ok((error_budget(workspace, session)?, applied.count()));
    }
    let gate = &workspace.manifest.gate;
    let mode = gate.budget.unwrap_or(BudgetMode::Planned);
    let budget = ErrorBudget::unspent(mode, gate.alpha_session());
    Ok((budget, 0))
}

/// Cost of one attempt and its score in dollars, estimated from earlier calls; `None` if a price is unknown, or if the
/// student is a program or has tools, because the number of its calls is unknown.
fn attempt_usd(workspace: &Workspace, gate: &[Task]) -> Result<Option<Money>, RunError> {
    let manifest = &workspace.manifest;
    let past = earlier_calls(workspace)?;
    let call = |role, settings: ChatSettings, bytes| {
        let load = RoleLoad {
            role,
            model: settings.model.unwrap_or_default(),
            calls: 1,
            most_calls: 1,
            bytes,
            max_tokens: settings.max_tokens,
        };
        estimate::one_call(&load, &manifest.prices, &past)
    };
    let student = match manifest.student.engine() {
        StudentEngine::Nearest => Some(Money::ZERO),
        StudentEngine::Chat if manifest.student.tools.is_empty() => {
            let bytes = request_bytes(workspace, &workspace.harness()?, gate);
            call(LlmRole::Student, manifest.student.chat(), bytes)
        }
        StudentEngine::Chat | StudentEngine::Command => None,
    };
    let judged = gate.iter().filter(|task| task.scorer == Scorer::Judge).count();
    let judge = match judged {
        0 => Some(Money::ZERO),
        _ => call(LlmRole::Judge, manifest.judge().unwrap_or_default(), None),
    };
    let share = |judge: Money| judge.share(judged as u64, gate.len() as u64);
    Ok(student.zip(judge).map(|(student, judge)| student + share(judge)))
}

/// The calls of language models in all sessions.
///
/// # Errors
/// A log cannot be read.
pub(crate) fn earlier_calls(workspace: &Workspace) -> Result<EarlierCalls, RunError> {
    let mut past = EarlierCalls::default();
    for session in workspace.sessions()? {
        let folder = session.path("");
        let sent = client::egress(session.root(), &folder)?;
        past.add(client::spent(session.root(), &folder)?, &sent);
    }
    Ok(past)
}

/// The mean size in bytes of the student's first request for these tasks; `None` if it sends none.
pub(crate) fn request_bytes(workspace: &Workspace, harness: &Harness, tasks: &[Task]) -> Option<u64> {
    let prepared = workspace.student.prepare(harness);
    let sizes: Vec<u64> = tasks.iter().filter_map(|task| prepared.request_bytes(task)).collect();
    let count = u64::try_from(sizes.len()).ok().filter(|count| *count > 0)?;
    Some(sizes.iter().sum::<u64>().div_ceil(count))
}
