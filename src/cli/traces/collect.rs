//! `kaizen traces collect`: runs the student on train tasks and records the runs as traces.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::hide_from_git;
use crate::artifact::evaluation::{Attempt, ScoredAttempt};
use crate::artifact::task::{Split, Task};
use crate::artifact::trace::{Trace, TraceStep};
use crate::cli::exit::CommandFailure;
use crate::digest::Digest;
use crate::eval::benchmark;
use crate::eval::benchmark::Benchmark;
use crate::eval::run::attempt_all;
use crate::trace::store::trace_store;
use crate::workspace::Workspace;

/// The default of `--limit`.
pub(crate) const DEFAULT_LIMIT: usize = 500;

/// The file that collected traces are appended to.
pub(crate) const COLLECTED: &str = "traces/collected.jsonl";

/// Runs the student on train tasks and appends the traces. Skips tasks that already have a trace under this harness.
/// Returns the number of new traces.
///
/// # Errors
/// The trace store cannot be read or written, or the student cannot run.
pub(crate) fn collect(workspace: &Workspace, limit: usize) -> Result<usize, CommandFailure> {
    workspace.may_read()?;
    let harness = workspace.harness()?;
    let known = known_ids(workspace)?;
    let train = Benchmark::load(&workspace.root, &workspace.manifest.benchmark.files)?.split(Split::Train);
    let drawn = benchmark::subsample(train, limit, "traces");
    let name = |task: &Task| format!("{}-{}", task.task_id, &harness.digest().short()[..6]);
    let open: Vec<&Task> = drawn.iter().filter(|task| !known.contains(&name(task))).collect();
    if !open.is_empty() {
        workspace.may_evaluate(open.iter().copied())?;
    }
    let (memo, score) = (workspace.memo(), |task: &Task, answer: &str| {
        workspace.score(task, answer)
    });
    let evaluator = workspace.evaluator(memo.as_ref(), &score, &|_, _| {});
    workspace
        .student
        .check(&harness, &open)
        .map_err(CommandFailure::failed)?;
    let now = workspace.clock.now().timestamp_millis() as f64 / 1000.0;
    let attempts = attempt_all(&evaluator, &harness, &open);
    let traces: Vec<Trace> = attempts
        .iter()
        .map(|attempted| trace(attempted, name(attempted.task), now, harness.digest()))
        .collect();
    hide_from_git(workspace)?;
    trace_store::append(&workspace.root, COLLECTED.as_ref(), &traces)?;
    Ok(traces.len())
}

fn known_ids(workspace: &Workspace) -> Result<BTreeSet<String>, CommandFailure> {
    let mut known = BTreeSet::new();
    workspace.traces()?.scan(&mut |trace| {
        known.insert(trace.trace_id);
        ControlFlow::Continue(())
    })?;
    Ok(known)
}

fn trace(attempted: &ScoredAttempt, trace_id: String, now: f64, harness: Digest) -> Trace {
    let (answer, model, tool) = match &attempted.attempt {
        Attempt::Answered { answer, model, tool } => (Some(answer.clone()), model.clone(), tool.clone()),
        Attempt::Failed { reason } | Attempt::Infra { reason } | Attempt::Refused { reason } => {
            (Some(reason.clone()), None, None)
        }
    };
    let step = |step_type: &str, input: serde_json::Value, output: serde_json::Value| TraceStep {
        step_type: step_type.into(),
        input,
        output,
        duration_seconds: None,
        extra: Default::default(),
    };
    let mut steps = Vec::new();
    steps.extend(tool.map(|tool| {
        step(
            "tool_call",
            serde_json::json!({"tool": tool, "query": attempted.task.query}),
            serde_json::json!({"content": answer}),
        )
    }));
    steps.push(step(
        "respond",
        serde_json::json!({"query": attempted.task.query}),
        serde_json::json!({"content": answer}),
    ));
    let outcome = attempted
        .score
        .map(|score| if score >= 1.0 { "success" } else { "failure" });
    Trace {
        trace_id,
        query: attempted.task.query.clone(),
        agent: attempted.task.agent.clone(),
        model,
        engine: None,
        result: answer,
        outcome: outcome.map(str::to_owned),
        feedback: attempted.score,
        started_at: Some(now),
        ended_at: None,
        total_tokens: None,
        total_latency_seconds: None,
        metadata: serde_json::json!({"task_id": attempted.task.task_id, "collected_from": harness, "feedback_is": "the task's own score"}),
        steps,
        extra: Default::default(),
    }
}
