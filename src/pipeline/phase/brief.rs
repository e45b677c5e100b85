//! Creates a teacher's briefing, and the log of its runs of the student.

use std::sync::Mutex;

use crate::artifact::evaluation::ScoredAttempt;
use crate::artifact::task::{Split, Task};
use crate::artifact::trace::Trace;
use crate::digest::Digest;
use crate::eval::memo::Forgetful;
use crate::eval::run::{Evaluator, attempt_all};
use crate::harness::{Harness, op};
use crate::llm::redact::Redactor;
use crate::manifest::surface_table::SurfaceTable;
use crate::pipeline::context::Context;
use crate::pipeline::rejected_edits::rejected_edits;
use crate::teacher::{Briefing, TeacherFailure, for_any_tasks};
use crate::trace::eligible::eligible;
use crate::workspace::error::RunError;
use crate::workspace::event::Event;
use crate::workspace::inputs::Inputs;
use crate::workspace::progress::AttemptCount;
use crate::workspace::{Workspace, cache_epoch};

/// Calls `use_it` with a teacher's briefing; returns its result and the log of the student's runs.
pub(crate) fn brief<T>(
    context: &Context,
    traces: &[Trace],
    use_it: impl FnOnce(&Briefing) -> T,
) -> Result<(T, String), RunError> {
    let harness = context.base_harness()?;
    let train = context.inputs.benchmark()?.split(Split::Train);
    let workspace = context.workspace;
    let offers = op::offers::offers(&harness, &workspace.rules(), &workspace.manifest.harness);
    let ops = op::offers::ops_of(&offers);
    let score = |task: &Task, answer: &str| workspace.score(task, answer);
    let is_expensive = workspace.student.is_expensive();
    // The embedded student is cheaper to run than to cache.
    let memo = if is_expensive { context.memo } else { &Forgetful };
    let count = AttemptCount::new("train tasks", context.listener);
    count.expect(workspace.manifest.student_calls().unwrap_or_default());
    let progress = |_, _| {
        if is_expensive {
            count.add();
        }
    };
    let evaluator = Evaluator {
        epoch: cache_epoch::of(&workspace.root, &workspace.student.identity(), context.session),
        ..workspace.evaluator(memo, &score, &progress)
    };
    let search_traces = |terms: &str, most: usize| {
        let moment = context.moment().map_err(|error| error.to_string())?;
        search(workspace, context.inputs, moment, terms, most).map_err(|error| error.to_string())
    };
    let log = Mutex::new(Vec::new());
    let run_student = for_any_tasks(|harness, tasks| attempts(&evaluator, harness, tasks, &log));
    let by_name = || Digest::of_value(&("teacher", &context.session.id)).seed();
    let seed = context.manifest().teacher.seed.unwrap_or_else(by_name);
    let layout = &context.manifest().harness.layout;
    let rejected = rejected_edits(workspace, context.inputs, Some(&context.session.id))?;
    let briefing = Briefing {
        harness: &harness,
        layout,
        surfaces: &SurfaceTable::of(&context.manifest().harness),
        ops: &ops,
        offers: &offers,
        train: &train,
        traces,
        rejected: &rejected,
        run_student: &run_student,
        search_traces: &search_traces,
        score: &score,
        tell: &|text| (context.listener)(Event::Note { text: text.to_owned() }),
        session: &context.session.id,
        seed,
    };
    let answer = use_it(&briefing);
    let mut lines = log.into_inner().unwrap_or_default();
    // The teacher runs the student on several threads, so the order of the lines varies.
    lines.sort();
    Ok((answer, lines.concat()))
}

/// The text of a teacher's log: its own calls in order, with API keys redacted, then the runs of the student.
pub(super) fn log_text(calls: &[serde_json::Value], runs: &str) -> String {
    let redactor = Redactor::default().keys_only();
    let line = |call: &serde_json::Value| {
        let mut call = call.clone();
        redactor.value(&mut call);
        format!("{call}\n")
    };
    calls.iter().map(line).collect::<String>() + runs
}

/// Publishes the log of a teacher that gave up, for people to read, and returns its problem as an error.
pub(super) fn gave_up<T>(context: &Context, phase: &str, failure: TeacherFailure, runs: &str) -> Result<T, RunError> {
    let log = log_text(&failure.log, runs);
    context.session.publish(&format!("teacher/{phase}.jsonl"), &log)?;
    Err(context.failed(phase)(failure.problem))
}

/// Searches the store for traces that the teacher may see. Requests more than `most`, because other traces are removed
/// from the result.
pub(crate) fn search(
    workspace: &Workspace,
    inputs: &Inputs,
    moment: f64,
    terms: &str,
    most: usize,
) -> Result<Vec<Trace>, RunError> {
    let redactor = &workspace.redactor;
    let held_out = inputs.benchmark()?.held_out(redactor);
    let mut found = workspace.traces()?.search(terms, most.saturating_mul(4).max(50))?;
    let privacy = &workspace.manifest.privacy;
    found.retain(|trace| !held_out.asks(&trace.query, redactor) && eligible(privacy, trace, moment));
    found.truncate(most);
    Ok(found)
}

/// Runs the student on train tasks, and adds a line to the teacher's log.
fn attempts<'t>(
    evaluator: &Evaluator,
    harness: &Harness,
    tasks: &[&'t Task],
    log: &Mutex<Vec<String>>,
) -> Vec<ScoredAttempt<'t>> {
    let attempted = attempt_all(evaluator, harness, tasks);
    let right: f64 = attempted.iter().filter_map(|attempt| attempt.score).sum();
    let asked = Digest::of_value(&(
        harness.digest(),
        tasks.iter().map(|task| &task.task_id).collect::<Vec<_>>(),
    ));
    // The embedded student is free; the cost of other students is in spending.jsonl.
    let nothing = (!evaluator.student.is_expensive()).then_some(0.0);
    let line = serde_json::json!({
        "call": "run_student", "request": asked, "tasks": tasks.len(), "score": right,
        "tokens": nothing.map(|_| 0), "cost_usd": nothing
    });
    if let Ok(mut log) = log.lock() {
        log.push(format!("{line}\n"));
    }
    attempted
}
