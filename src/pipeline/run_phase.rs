//! Run one phase: gather what it reads, call it, return what it writes.

use crate::artifact::Artifact;
use crate::artifact::baseline::Baseline;
use crate::artifact::diagnosis;
use crate::artifact::edit::{Edit, Op};
use crate::artifact::plan::Plan;
use crate::artifact::record::Record;
use crate::artifact::task::{Split, Task};
use crate::digest::Digest;
use crate::evaluate::{attempt_all, evaluate};
use crate::gate::{GateRule, RuleKind};
use crate::harness::Harness;
use crate::manifest::Manifest;
use crate::op;
use crate::phase::{self, execute};
use crate::port::{Briefing, Forgetful, Memo};
use crate::reply;
use crate::route::{self, Autonomy};
use crate::session::Session;

use super::RunError;
use super::event::Event;
use super::state::{self, View};
use super::world::DiskWorld;

/// What a phase leaves: files by name, and a line about them.
pub struct Left {
    /// Files to publish, by name.
    pub files: Vec<(String, String)>,
    /// One line for people.
    pub summary: String,
}

/// One phase of one session, about to run.
pub struct Run<'a> {
    /// The view on the workspace.
    pub view: &'a View<'a>,
    /// The session.
    pub session: &'a Session,
    /// Where events go.
    pub listener: super::event::Listener<'a>,
    /// What was asked before.
    pub memo: &'a dyn Memo,
}

/// Runs a built-in phase.
///
/// # Errors
/// See [`RunError`].
pub fn built_in(run: &Run, phase: &str) -> Result<Left, RunError> {
    match phase {
        "readiness" => readiness(run),
        "baseline" => baseline(run),
        "diagnose" => diagnose(run),
        "plan" => plan(run),
        "execute" => execute(run),
        "record" => record(run),
        other => Err(RunError::Unknown(format!("there is no built-in phase `{other}`"))),
    }
}

impl Run<'_> {
    fn manifest(&self) -> &Manifest {
        &self.view.workspace.manifest
    }

    fn progress(&self, done: usize, of: usize) {
        (self.listener)(Event::Progress { done, of });
    }

    fn need<A: Artifact>(&self, name: &str) -> Result<A, RunError> {
        self.session
            .read(name)?
            .ok_or_else(|| RunError::Unknown(format!("{} has no {name}", self.session.id)))
    }

    fn text(&self, name: &str) -> Result<String, RunError> {
        self.session
            .text(name)?
            .ok_or_else(|| RunError::Unknown(format!("{} has no {name}", self.session.id)))
    }

    fn base_harness(&self) -> Result<Harness, RunError> {
        let baseline: Baseline = self.need("baseline.json")?;
        self.view.inputs.harness_at(&baseline.harness_commit)
    }

    fn failed(&self, phase: &str) -> impl FnOnce(String) -> RunError {
        let phase = phase.to_owned();
        move |problem| RunError::Phase { phase, problem }
    }
}

fn readiness(run: &Run) -> Result<Left, RunError> {
    let inputs = run.view.inputs;
    let (usable, pin, benchmark) = (
        inputs.usable_traces()?,
        inputs.trace_pin()?.clone(),
        inputs.benchmark()?.pin(),
    );
    let readiness = phase::readiness::readiness(usable, run.manifest().session.min_traces, pin, benchmark);
    Ok(Left {
        files: vec![("readiness.json".into(), readiness.to_text())],
        summary: readiness.message,
    })
}

fn baseline(run: &Run) -> Result<Left, RunError> {
    let commit = state::base(run.view, run.session)?
        .ok_or_else(|| RunError::Unknown("the repository has no commit yet; commit the harness first".into()))?;
    let harness = run.view.inputs.harness_at(&commit)?;
    for text in run.view.workspace.left_out(&harness) {
        (run.listener)(Event::Note { text });
    }
    let digest = run.view.inputs.benchmark()?.pin().digest;
    let workspace = run.view.workspace;
    let (score, progress) = (
        |task: &Task, answer: &str| workspace.score(task, answer),
        |done, of| run.progress(done, of),
    );
    let evaluator = workspace.evaluator(run.memo, &score, &progress);
    let baseline = phase::baseline::baseline(
        &evaluator,
        commit,
        &harness,
        digest,
        &run.view.inputs.gate(&run.session.id)?,
    )
    .map_err(run.failed("baseline"))?;
    if baseline.evaluation.task_count == 0 {
        let problem =
            "no gate task could be scored: is there an engine for their scorer? `kaizen eval` counts them".to_owned();
        return Err(RunError::Phase {
            phase: "baseline".into(),
            problem,
        });
    }
    let summary = format!(
        "{:.1} % of {} gate tasks",
        100.0 * baseline.evaluation.overall_score,
        baseline.evaluation.task_count
    );
    Ok(Left {
        files: vec![("baseline.json".into(), baseline.to_text())],
        summary,
    })
}

/// Calls `use_it` with everything that a teacher is given, and returns the log of its runs beside the answer.
fn brief<T>(
    run: &Run,
    traces: &[crate::artifact::trace::Trace],
    use_it: impl FnOnce(&Briefing) -> T,
) -> Result<(T, String), RunError> {
    let harness = run.base_harness()?;
    let train = run.view.inputs.benchmark()?.split(Split::Train);
    let workspace = run.view.workspace;
    let ops: Vec<Op> = Op::ALL
        .into_iter()
        .filter(|op| op::home(*op, &run.manifest().harness.layout).is_some())
        .collect();
    let score = |task: &Task, answer: &str| workspace.score(task, answer);
    // The embedded student costs less to ask than to remember.
    let evaluator = workspace.evaluator(&Forgetful, &score, &|_, _| {});
    let log = std::sync::Mutex::new(Vec::new());
    let run_student = for_any_tasks(|harness, tasks| attempts(&evaluator, harness, tasks, &log));
    let by_name = || Digest::of_value(&("teacher", &run.session.id)).seed();
    let seed = run.manifest().teacher.seed.unwrap_or_else(by_name);
    let layout = &run.manifest().harness.layout;
    let briefing = Briefing {
        harness: &harness,
        layout,
        ops: &ops,
        train: &train,
        traces,
        run_student: &run_student,
        seed,
    };
    let answer = use_it(&briefing);
    let mut lines = log.into_inner().unwrap_or_default();
    // The teacher asks on several threads: the order of asking is not the same twice.
    lines.sort();
    Ok((answer, lines.concat()))
}

/// Tells the compiler that a closure works for tasks of any lifetime, which it does not infer by itself.
fn for_any_tasks<F>(run: F) -> F
where
    F: for<'t> Fn(&Harness, &[&'t Task]) -> Vec<crate::artifact::evaluation::Attempted<'t>> + Sync,
{
    run
}

/// Attempts train tasks and writes a line about it into the teacher's log.
fn attempts<'t>(
    evaluator: &crate::evaluate::Evaluator,
    harness: &Harness,
    tasks: &[&'t Task],
    log: &std::sync::Mutex<Vec<String>>,
) -> Vec<crate::artifact::evaluation::Attempted<'t>> {
    let attempted = attempt_all(evaluator, harness, tasks);
    let right: f64 = attempted.iter().filter_map(|attempt| attempt.score).sum();
    let asked = Digest::of_value(&(
        harness.digest(),
        tasks.iter().map(|task| &task.task_id).collect::<Vec<_>>(),
    ));
    let line = serde_json::json!({
        "call": "run_student", "request": asked, "tasks": tasks.len(), "score": right, "tokens": 0, "cost_usd": 0.0
    });
    if let Ok(mut log) = log.lock() {
        log.push(format!("{line}\n"));
    }
    attempted
}

fn diagnose(run: &Run) -> Result<Left, RunError> {
    let traces = run.view.inputs.evidence()?;
    let teacher = run.view.workspace.teacher.as_ref();
    let (diagnosed, log) = brief(run, &traces, |briefing| phase::diagnose::diagnose(teacher, briefing))?;
    let diagnosed = diagnosed.map_err(run.failed("diagnose"))?;
    let summary = format!("{} clusters of failures", reply::clusters(&diagnosed.markdown).len());
    let files = vec![
        (diagnosis::FILE.to_owned(), diagnosed.markdown),
        ("evidence.jsonl".to_owned(), diagnosed.evidence),
        ("teacher/diagnose.jsonl".to_owned(), log),
    ];
    Ok(Left { files, summary })
}

fn plan(run: &Run) -> Result<Left, RunError> {
    let diagnosis = run.text(diagnosis::FILE)?;
    let traces = run.view.inputs.evidence()?;
    let teacher = run.view.workspace.teacher.as_ref();
    let (planned, log) = brief(run, &traces, |briefing| {
        phase::plan::plan(teacher, briefing, run.manifest(), &diagnosis)
    })?;
    let (planned, clusters) = planned.map_err(run.failed("plan"))?;
    let summary = format!("{} edits", planned.edits.len());
    let name = teacher.identity()["engine"].as_str().unwrap_or("teacher").to_owned();
    let plan = phase::plan::artifact(
        &run.session.id,
        &diagnosis,
        clusters,
        planned,
        &name,
        run.view.workspace.clock.stamp(),
    );
    Ok(Left {
        files: vec![("plan.json".into(), plan.to_text()), ("teacher/plan.jsonl".into(), log)],
        summary,
    })
}

fn execute(run: &Run) -> Result<Left, RunError> {
    let workspace = run.view.workspace;
    let (plan, baseline): (Plan, Baseline) = (run.need("plan.json")?, run.need("baseline.json")?);
    for text in plan.remarks() {
        (run.listener)(Event::Note { text });
    }
    let (entries, undone) = run
        .view
        .inputs
        .history(&run.session.id, Some(&baseline.harness_commit))?;
    let pending = run.session.pending()?;
    let autonomy = state::autonomy(run.view, run.session.record()?.as_ref());
    let tier = |edit: &Edit| run.manifest().tier(edit.op);
    let route = |edit: &Edit| route_of(edit, &pending, autonomy, run.manifest());
    let select = |path: &str| workspace.selects(path);
    let (score, progress) = (
        |task: &Task, answer: &str| workspace.score(task, answer),
        |done, of| run.progress(done, of),
    );
    let means = execute::Means {
        evaluator: workspace.evaluator(run.memo, &score, &progress),
        ledger: &workspace.ledger,
        world: &DiskWorld {
            workspace,
            session: run.session,
            listener: run.listener,
        },
    };
    let gate = run.view.inputs.gate(&run.session.id)?;
    let given = execute::Given {
        session: &run.session.id,
        plan_digest: run
            .session
            .digest("plan.json")?
            .unwrap_or_else(|| Digest::of_bytes(b"")),
        plan: &plan,
        baseline: &baseline,
        outcomes: run.session.outcomes()?,
        pending: pending.clone(),
        entries,
        undone,
        gate: &gate,
        rule: rule(run.manifest()),
        rules: workspace.rules(),
        tier: &tier,
        route: &route,
        select: &select,
        head: workspace.harness()?,
    };
    execute::execute(given, &means)?;
    Ok(Left {
        files: Vec::new(),
        summary: format!("{} edits reconciled", plan.edits.len()),
    })
}

/// Where an edit goes. A decision counts for the edit that it was given for, and for no other.
pub fn route_of(
    edit: &Edit,
    pending: &std::collections::BTreeMap<Digest, crate::artifact::pending_review::PendingReview>,
    autonomy: Autonomy,
    manifest: &Manifest,
) -> route::Route {
    let digest = edit.digest();
    let decision = pending
        .get(&digest)
        .filter(|pending| pending.edit.digest() == digest)
        .and_then(|pending| pending.decision.as_ref());
    let bound = decision.filter(|decision| decision.edit_digest.is_none_or(|bound| bound == digest));
    route::route(manifest.tier(edit.op), autonomy, bound)
}

/// The gate's rule; `target` watches the other categories more closely.
pub fn rule(manifest: &Manifest) -> GateRule {
    let gate = &manifest.gate;
    let tolerated = if gate.rule == RuleKind::Target { 0.01 } else { 0.05 };
    GateRule {
        kind: gate.rule,
        min_improvement: gate.min_improvement,
        max_regression: gate.max_regression.unwrap_or(tolerated),
        max_infra_share: gate.max_infra_share,
    }
}

fn record(run: &Run) -> Result<Left, RunError> {
    let workspace = run.view.workspace;
    let (plan, baseline): (Plan, Baseline) = (run.need("plan.json")?, run.need("baseline.json")?);
    let begun: Record = run.need("session.json")?;
    let (score, progress) = (
        |task: &Task, answer: &str| workspace.score(task, answer),
        |done, of| run.progress(done, of),
    );
    let evaluator = workspace.evaluator(run.memo, &score, &progress);
    let gate = run.view.inputs.gate(&run.session.id)?;
    let harness = workspace.harness()?;
    let after = evaluate(&evaluator, &harness, &gate.iter().collect::<Vec<_>>());
    let (entries, _) = run
        .view
        .inputs
        .history(&run.session.id, Some(&baseline.harness_commit))?;
    let of_an_edit = |entry: &&crate::port::Entry| {
        entry
            .trailer("Edit-Digest")
            .or_else(|| entry.trailer("Reverts-Edit"))
            .is_some()
    };
    let settled = phase::record::Settled {
        baseline: &baseline,
        edits: &plan.edits,
        outcomes: &run.session.outcomes()?,
        after: &after,
        harness: harness.digest(),
        last_commit: entries.iter().rev().find(of_an_edit).map(|entry| entry.commit.clone()),
    };
    let autonomy_mode = state::autonomy(run.view, Some(&begun));
    let teacher_cost_usd = plan.estimated_cost_usd;
    let record = phase::record::record(
        Record {
            autonomy_mode,
            teacher_cost_usd,
            ..begun
        },
        &settled,
        workspace.clock.stamp(),
    );
    let summary = format!(
        "{:.1} % before, {:.1} % after",
        percent(&record.benchmark_before),
        percent(&record.benchmark_after)
    );
    Ok(Left {
        files: vec![("session.json".into(), record.to_text())],
        summary,
    })
}

fn percent(snapshot: &Option<crate::artifact::record::Snapshot>) -> f64 {
    snapshot.as_ref().map_or(0.0, |snapshot| 100.0 * snapshot.overall_score)
}
