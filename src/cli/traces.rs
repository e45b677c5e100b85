//! `kaizen traces`: collect, list, show and search traces.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use clap::{Args, Subcommand};

use super::Setting;
use super::exit::{Code, Failure};
use super::render;
use crate::artifact::evaluation::{Attempt, Attempted};
use crate::artifact::task::{Split, Task};
use crate::artifact::trace::{Filter, Step, Trace};
use crate::benchmark::{self, Benchmark};
use crate::digest::Digest;
use crate::disk;
use crate::engine::trace_store;
use crate::evaluate::attempt_all;
use crate::pipeline::workspace::Workspace;

/// How many traces are collected when nobody says.
pub const DEFAULT_LIMIT: usize = 500;

/// Collect, list, show and search traces
#[derive(Clone, Debug, Args)]
pub struct Traces {
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Debug, Subcommand)]
enum Command {
    /// Run the student over train tasks, and keep what really happened in traces/collected.jsonl
    Collect {
        /// At most this many tasks, drawn evenly
        #[arg(long, default_value_t = DEFAULT_LIMIT)]
        limit: usize,
    },
    /// List traces, newest first
    List {
        /// Only of this agent
        #[arg(long)]
        agent: Option<String>,
        /// Only with this outcome
        #[arg(long)]
        outcome: Option<String>,
        /// Only of this model
        #[arg(long)]
        model: Option<String>,
        /// At most this many
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Show one trace, step by step
    Show {
        /// Its id
        trace_id: String,
    },
    /// Search id, query, result and agent; best match first
    Search {
        /// Words that must all occur; `word*` matches beginnings
        terms: Vec<String>,
        /// At most this many
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
}

/// Runs the command.
///
/// # Errors
/// The store cannot be read or written.
pub fn traces(command: &Traces, setting: &Setting) -> Result<Code, Failure> {
    let workspace = setting.workspace()?;
    match &command.command {
        Command::Collect { limit } => {
            let count = collect(&workspace, *limit)?;
            if setting.is_json() {
                render::json(&serde_json::json!({"collected": count}));
            } else {
                anstream::println!("collected {count} traces in {COLLECTED}");
            }
        }
        Command::List {
            agent,
            outcome,
            model,
            limit,
        } => {
            let filter = Filter {
                agent: agent.clone(),
                outcome: outcome.clone(),
                model: model.clone(),
                limit: Some(*limit),
                ..Filter::default()
            };
            print(setting, &trace_store::list(workspace.traces()?.as_ref(), &filter)?);
        }
        Command::Show { trace_id } => show(setting, &workspace, trace_id)?,
        Command::Search { terms, limit } => print(setting, &workspace.traces()?.search(&terms.join(" "), *limit)?),
    }
    Ok(Code::Settled)
}

fn print(setting: &Setting, traces: &[Trace]) {
    for trace in traces {
        if setting.is_json() {
            render::json(trace);
            continue;
        }
        let outcome = trace.outcome.as_deref().unwrap_or("-");
        anstream::println!(
            "{:<28} {:<8} {}",
            trace.trace_id,
            outcome,
            render::shortened(&trace.query)
        );
    }
}

fn show(setting: &Setting, workspace: &Workspace, trace_id: &str) -> Result<(), Failure> {
    let missing = || {
        Failure::usage(format!("there is no trace `{trace_id}`"))
            .hint("`kaizen traces list` and `kaizen traces search` find them")
    };
    let trace = workspace.traces()?.get(trace_id)?.ok_or_else(missing)?;
    match setting.is_json() {
        true => render::json(&trace),
        false => anstream::println!("{}", serde_json::to_string_pretty(&trace).unwrap_or_default()),
    }
    Ok(())
}

const COLLECTED: &str = "traces/collected.jsonl";

/// Runs the student over train tasks and appends what happened; what was collected under this very harness is not run again.
///
/// # Errors
/// The store cannot be written.
pub fn collect(workspace: &Workspace, limit: usize) -> Result<usize, Failure> {
    let harness = workspace.harness()?;
    let known = known_ids(workspace)?;
    let train = Benchmark::load(&workspace.root, &workspace.manifest.benchmark.files)?.split(Split::Train);
    let drawn = benchmark::subsample(train, limit, "traces");
    let name = |task: &Task| format!("{}-{}", task.task_id, &harness.digest().short()[..6]);
    let open: Vec<&Task> = drawn.iter().filter(|task| !known.contains(&name(task))).collect();
    let (memo, score) = (workspace.memo(), |task: &Task, answer: &str| {
        workspace.score(task, answer)
    });
    let evaluator = workspace.evaluator(memo.as_ref(), &score, &|_, _| {});
    workspace.student.check(&harness, &open).map_err(Failure::failed)?;
    let now = workspace.clock.now().timestamp_millis() as f64 / 1000.0;
    let attempts = attempt_all(&evaluator, &harness, &open);
    let traces: Vec<Trace> = attempts
        .iter()
        .map(|attempted| trace(attempted, name(attempted.task), now, harness.digest()))
        .collect();
    hide_from_git(workspace)?;
    trace_store::append(&workspace.root.join(COLLECTED), &traces)?;
    Ok(traces.len())
}

/// Traces are private: what is collected stays out of the repository, unless somebody decided about that already.
fn hide_from_git(workspace: &Workspace) -> Result<(), Failure> {
    let path = workspace.root.join("traces/.gitignore");
    if disk::read(&path)?.is_none() {
        disk::publish(&path, b"/.gitignore\n/collected.jsonl\n")?;
    }
    Ok(())
}

fn known_ids(workspace: &Workspace) -> Result<BTreeSet<String>, Failure> {
    let mut known = BTreeSet::new();
    workspace.traces()?.scan(&mut |trace| {
        known.insert(trace.trace_id);
        ControlFlow::Continue(())
    })?;
    Ok(known)
}

fn trace(attempted: &Attempted, trace_id: String, now: f64, harness: Digest) -> Trace {
    let (answer, model, tool) = match &attempted.attempt {
        Attempt::Answered { answer, model, tool } => (Some(answer.clone()), model.clone(), tool.clone()),
        Attempt::Failed { reason } | Attempt::Infra { reason } => (Some(reason.clone()), None, None),
    };
    let step = |step_type: &str, input: serde_json::Value, output: serde_json::Value| Step {
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
