//! `kaizen traces collect`: runs the student on train tasks and records the runs as traces.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use serde::Serialize;
use serde_json::json;

use super::hide_from_git;
use crate::artifact::Extra;
use crate::artifact::evaluation::{Attempt, AttemptUsage, ScoredAttempt, frequent};
use crate::artifact::readiness::UnscorableTask;
use crate::artifact::spending::Usage;
use crate::artifact::task::{Split, Task};
use crate::artifact::trace::{Trace, TraceStep};
use crate::cli::exit::CommandFailure;
use crate::cli::render::Renderer;
use crate::digest::Digest;
use crate::eval::benchmark;
use crate::eval::run::attempt_all;
use crate::trace::store::trace_store;
use crate::workspace::Workspace;
use crate::workspace::event::Event;
use crate::workspace::inputs::{Inputs, present_harness};

/// The default of `--limit`.
pub(crate) const DEFAULT_LIMIT: usize = 500;

/// The file that collected traces are appended to.
pub(crate) const COLLECTED: &str = "traces/collected.jsonl";

/// The result of a collection.
#[derive(Debug, Serialize)]
pub(crate) struct Collection {
    /// Number of new traces.
    pub collected: usize,
    /// Number of tasks without a trace, because the agent could not be asked or its answer not be scored.
    pub missing: usize,
    /// Why they have none; null if all have one.
    pub reason: Option<String>,
    /// Train tasks that their scorers cannot use.
    pub unscorable: Vec<UnscorableTask>,
}

impl Collection {
    /// Why the collection is not complete; `None` if it is.
    pub(crate) fn failure(&self) -> Option<CommandFailure> {
        let reason = self.reason.as_ref()?;
        let message = match self.missing {
            1 => format!("1 task has no trace: {reason}"),
            count => format!("{count} tasks have no trace: {reason}"),
        };
        let hint = "`kaizen traces collect` collects the rest; answers so far are not asked for again";
        Some(CommandFailure::failed(message).hint(hint))
    }
}

/// Runs the student on train tasks and appends the traces. Skips tasks that already have a trace under this harness. Only
/// what the agent did becomes a trace, including its failures; an attempt that the infrastructure lost does not.
///
/// # Errors
/// The trace store cannot be read or written, or the student cannot run.
pub(crate) fn collect(workspace: &Workspace, limit: usize, renderer: &Renderer) -> Result<Collection, CommandFailure> {
    workspace.may_read()?;
    let inputs = Inputs::new(workspace);
    let harness = present_harness(workspace, &inputs)?;
    drop_lost(workspace)?;
    let known = known_ids(workspace)?;
    let drawn = benchmark::subsample(inputs.benchmark()?.split(Split::Train), limit, "traces");
    let name = |task: &Task| format!("{}-{}", task.task_id, &harness.digest().short()[..6]);
    let open: Vec<&Task> = drawn.iter().filter(|task| !known.contains(&name(task))).collect();
    if !open.is_empty() {
        workspace.may_evaluate(open.iter().copied())?;
    }
    let (memo, score) = (workspace.memo(), |task: &Task, answer: &str| {
        workspace.score(task, answer)
    });
    let progress = |done, of| {
        let what = "traces".to_owned();
        renderer.show(Event::Progress { what, done, of });
    };
    let evaluator = workspace.evaluator(memo.as_ref(), &score, &progress);
    workspace
        .student
        .check(&harness, &open)
        .map_err(CommandFailure::failed)?;
    let now = workspace.clock.now().timestamp_millis() as f64 / 1000.0;
    let attempts = attempt_all(&evaluator, &harness, &open);
    renderer.finish();
    let of_attempt = |attempted| trace(attempted, name(attempted.task), now, harness.digest());
    let traces: Vec<Trace> = attempts.iter().filter_map(of_attempt).collect();
    hide_from_git(workspace)?;
    trace_store::append(&workspace.root, COLLECTED.as_ref(), &traces)?;
    let missing = attempts.len() - traces.len();
    let reason =
        (evaluator.halted)().or_else(|| frequent(attempts.iter().filter_map(|attempted| attempted.attempt.unscored())));
    Ok(Collection {
        collected: traces.len(),
        missing,
        reason: reason.filter(|_| missing > 0),
        unscorable: inputs.benchmark()?.unscorable_in(Split::Train),
    })
}

/// Removes traces that an older version collected from attempts that the infrastructure lost: their results are error
/// messages. They are recognised by having neither outcome nor feedback, which every collected trace has.
fn drop_lost(workspace: &Workspace) -> Result<(), CommandFailure> {
    let Some(text) = workspace.root.read_text(COLLECTED)? else {
        return Ok(());
    };
    let is_lost = |line: &str| {
        serde_json::from_str::<Trace>(line).is_ok_and(|trace| {
            trace.outcome.is_none() && trace.feedback.is_none() && trace.metadata.get("collected_from").is_some()
        })
    };
    let kept: String = text.split_inclusive('\n').filter(|line| !is_lost(line)).collect();
    if kept != text {
        workspace.root.publish(COLLECTED, kept.as_bytes())?;
    }
    Ok(())
}

fn known_ids(workspace: &Workspace) -> Result<BTreeSet<String>, CommandFailure> {
    let mut known = BTreeSet::new();
    workspace.traces()?.scan(&mut |trace| {
        known.insert(trace.trace_id);
        ControlFlow::Continue(())
    })?;
    Ok(known)
}

/// The trace of an attempt; `None` if the infrastructure lost it.
fn trace(attempted: &ScoredAttempt, trace_id: String, now: f64, harness: Digest) -> Option<Trace> {
    let (answer, model, tool, used) = match &attempted.attempt {
        Attempt::Answered {
            answer,
            model,
            tool,
            used,
        } => (
            Some(answer.clone()),
            model.clone(),
            tool.clone(),
            used.unwrap_or_default(),
        ),
        Attempt::Failed { reason } => (Some(reason.clone()), None, None, AttemptUsage::default()),
        Attempt::Infra { .. } | Attempt::Refused { .. } => return None,
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
    Some(Trace {
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
        total_tokens: used.tokens.map(|tokens| tokens.total()),
        total_latency_seconds: used.seconds,
        metadata: serde_json::json!({"task_id": attempted.task.task_id, "collected_from": harness, "feedback_is": "the task's own score"}),
        steps,
        extra: counters(&used),
    })
}

/// The tokens and the cost of an attempt, by the names that other tools use; what is unknown is absent.
fn counters(used: &AttemptUsage) -> Extra {
    let tokens = |of: fn(&Usage) -> u64| used.tokens.as_ref().map(|tokens| json!(of(tokens)));
    let counters = [
        (
            "input_tokens",
            tokens(|all| all.input + all.cache_read + all.cache_write),
        ),
        ("output_tokens", tokens(|all| all.output)),
        ("cached_tokens", tokens(|all| all.cache_read)),
        ("cost_usd", used.cost_usd.map(|cost| json!(cost))),
    ];
    let known = counters
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    known.collect()
}
