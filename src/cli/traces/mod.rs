//! `kaizen traces`: collect, import, list, show and search traces.

mod collect;
mod import;

use clap::{Args, Subcommand};
pub(crate) use collect::{DEFAULT_LIMIT, collect};

use super::exit::{Code, CommandFailure};
use super::render::Renderer;
use super::visible::visible;
use super::{Format, Setting, number, render, terminal};
use crate::artifact::trace::{Filter, Trace};
use crate::artifact::{counted, readiness};
use crate::trace::store::trace_store;
use crate::workspace::Workspace;

/// Collect, import, list, show and search traces
#[derive(Clone, Debug, Args)]
pub(crate) struct TracesArgs {
    #[command(subcommand)]
    command: TracesCommand,
}

#[derive(Clone, Debug, Subcommand)]
enum TracesCommand {
    /// Run the student on train tasks, and record the traces in traces/collected.jsonl
    Collect {
        /// Run at most this many tasks, drawn evenly
        #[arg(long, default_value_t = DEFAULT_LIMIT, value_parser = number::count)]
        limit: usize,
    },
    Import(import::ImportArgs),
    /// List traces, newest first
    List {
        /// List only traces of this agent
        #[arg(long)]
        agent: Option<String>,
        /// List only traces with this outcome
        #[arg(long)]
        outcome: Option<String>,
        /// List only traces of this model
        #[arg(long)]
        model: Option<String>,
        /// List at most this many
        #[arg(long, default_value_t = 20, value_parser = number::count)]
        limit: usize,
    },
    /// Show one trace, step by step
    Show {
        /// The id of the trace
        trace_id: String,
    },
    /// Search id, query, result and agent; best match first
    Search {
        /// Words that must all occur; `word*` matches every word with that beginning
        terms: Vec<String>,
        /// List at most this many
        #[arg(long, default_value_t = 20, value_parser = number::count)]
        limit: usize,
    },
}

/// Runs the command.
///
/// # Errors
/// The store cannot be read or written.
pub(crate) fn traces(command: &TracesArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace()?;
    match &command.command {
        TracesCommand::Collect { limit } => {
            // With JSON as well, progress goes to stderr.
            let made = collect(
                &workspace,
                *limit,
                &Renderer::beside(Format::Text, &workspace, "kaizen traces collect"),
            )?;
            match setting.is_json() {
                true => render::json(&made),
                false => out!(
                    "collected {} in {}",
                    counted(made.collected, "trace"),
                    collect::COLLECTED
                ),
            }
            if let Some(unscorable) = readiness::unscorable(&made.unscorable) {
                err!("{}", visible(&unscorable));
            }
            return made.failure().map_or(Ok(Code::Settled), Err);
        }
        TracesCommand::Import(command) => return import::import(command, setting, &workspace),
        TracesCommand::List {
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
        TracesCommand::Show { trace_id } => show(setting, &workspace, trace_id)?,
        TracesCommand::Search { terms, limit } => {
            // Creates `.kaizen/`, with its .gitignore, before the search index is written there.
            workspace.own("cache");
            print(setting, &workspace.traces()?.search(&terms.join(" "), *limit)?);
        }
    }
    Ok(Code::Settled)
}

fn print(setting: &Setting, traces: &[Trace]) {
    if traces.is_empty() {
        err!("no trace matches");
    }
    for trace in traces {
        if setting.is_json() {
            render::json(trace);
            continue;
        }
        let outcome = trace.outcome.as_deref().unwrap_or("-");
        out!(
            "{:<28} {:<8} {}",
            trace.trace_id,
            outcome,
            render::shortened(&trace.query)
        );
    }
}

fn show(setting: &Setting, workspace: &Workspace, trace_id: &str) -> Result<(), CommandFailure> {
    let missing = || {
        CommandFailure::usage(format!("there is no trace `{trace_id}`"))
            .hint("`kaizen traces list` and `kaizen traces search` find them")
    };
    let trace = workspace.traces()?.get(trace_id)?.ok_or_else(missing)?;
    match setting.is_json() {
        true => render::json(&trace),
        false => terminal::json(&serde_json::to_string_pretty(&trace).unwrap_or_default()),
    }
    Ok(())
}

/// The file that keeps traces out of git.
const HIDING: &str = "traces/.gitignore";
/// Its content as older versions wrote it, before there were imports.
const ONCE_HIDDEN: &str = "/.gitignore\n/collected.jsonl\n";
/// Its content now: everything that kaizen writes into the folder.
const HIDDEN: &str = "/.gitignore\n/collected.jsonl\n/imported-*.jsonl\n/imported/\n";

/// Keeps traces out of the repository, because they are private. A `.gitignore` that a person wrote or changed is kept.
fn hide_from_git(workspace: &Workspace) -> Result<(), CommandFailure> {
    let path = workspace.root.join(HIDING);
    let present = workspace.root.read(&path)?;
    if present.is_none_or(|present| present == ONCE_HIDDEN.as_bytes()) {
        workspace.root.publish(&path, HIDDEN.as_bytes())?;
    }
    Ok(())
}
