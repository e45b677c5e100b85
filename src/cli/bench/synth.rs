//! `kaizen bench synth`: a benchmark of one's own, out of answers that somebody rated highly.

use std::ops::ControlFlow;
use std::path::{Component, Path};

use clap::Args;
use serde::Serialize;

use crate::artifact::consultation;
use crate::artifact::task::{Scorer, Task};
use crate::artifact::trace::Trace;
use crate::cli::exit::{Code, Failure};
use crate::cli::{Setting, render};
use crate::digest::Digest;
use crate::eval::benchmark::Benchmark;
use crate::eval::synth;
use crate::eval::synth::{Known, Rules, Shares, Synthesis};
use crate::manifest;
use crate::pipeline::cold_start;
use crate::sys::disk::Root;
use crate::sys::output;
use crate::trace::eligible::eligible;
use crate::workspace::{Workspace, inbox, session};

/// Create tasks from highly rated traces, one per query class, best first
#[derive(Clone, Debug, Args)]
pub struct Synth {
    /// The lowest feedback, from 0 to 1, of a trace that becomes a task
    #[arg(long, default_value_t = 0.7, value_parser = share)]
    min_feedback: f64,
    /// Create at most this many tasks
    #[arg(long, default_value_t = 100, value_parser = at_least_one)]
    limit: usize,
    /// Create nothing if fewer traces have that feedback
    #[arg(long, default_value_t = 10)]
    min_samples: usize,
    /// The JSON Lines file to write, in the workspace; never the manifest, a harness file or a file of kaizen's
    #[arg(long, default_value = "benchmark/synth.jsonl")]
    out: String,
    /// How answers are scored: exact, contains, regex, number, json, command, judge
    #[arg(long, default_value = "judge", value_parser = scorer)]
    scorer: Scorer,
    /// The share of each split
    #[arg(long, default_value = "train=0.5,gate=0.5")]
    split: Shares,
    /// Replace an existing file that differs; its bytes are kept beside it
    #[arg(long)]
    force: bool,
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "a number from 0 to 1".into())
}

fn at_least_one(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "a whole number from 1".into())
}

fn scorer(text: &str) -> Result<Scorer, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}

/// The traces that there are.
#[derive(Default)]
struct Seen {
    not_eligible: usize,
    /// Ratings of all that are eligible.
    feedback: Vec<Option<f64>>,
    /// Those with a high one.
    rated: Vec<Trace>,
}

/// What was found and done.
#[derive(Serialize)]
struct Report<'a> {
    out: &'a str,
    written: bool,
    kept_copy: Option<String>,
    tasks: usize,
    splits: std::collections::BTreeMap<&'static str, usize>,
    traces: usize,
    not_eligible: usize,
    high_feedback: usize,
    classes: usize,
    left_out: &'a std::collections::BTreeMap<synth::SkipReason, usize>,
}

/// Runs the command.
///
/// # Errors
/// Traces or tasks cannot be read, there are too few, or a person's file is in the way.
pub fn synth(command: &Synth, setting: &Setting) -> Result<Code, Failure> {
    let workspace = setting.workspace()?;
    workspace.may_read()?;
    let is_read = is_read(&workspace, &command.out)?;
    let seen = seen(&workspace, command.min_feedback)?;
    let ready = cold_start::benchmark(&seen.feedback, command.min_feedback, command.min_samples);
    if !ready.ready {
        return Err(too_few(ready.message, seen.not_eligible));
    }
    let others = Benchmark::load_beside(&workspace.root, &workspace.manifest.benchmark.files, &command.out)?;
    let rules = Rules {
        limit: command.limit,
        scorer: command.scorer,
        shares: command.split,
    };
    let made = synth::synth(
        seen.rated,
        &rules,
        &Known::of(&others.tasks, &workspace.redactor),
        &workspace.redactor,
    );
    let (written, kept_copy) = write(&workspace.root, command, &made.tasks)?;
    let report = Report {
        out: &command.out,
        written,
        kept_copy,
        tasks: made.tasks.len(),
        splits: made.splits(),
        traces: seen.feedback.len() + seen.not_eligible,
        not_eligible: seen.not_eligible,
        high_feedback: ready.high_feedback_count,
        classes: made.classes,
        left_out: &made.left_out,
    };
    match setting.is_json() {
        true => render::json(&report),
        false => print(&report, &made, command),
    }
    if !is_read {
        err!(
            "note: [benchmark] files do not name {}: no session reads it",
            command.out
        );
    }
    Ok(Code::Settled)
}

/// Whether sessions read the file, which must lie in the workspace.
fn is_read(workspace: &Workspace, out: &str) -> Result<bool, Failure> {
    let plain = |part: Component| matches!(part, Component::Normal(name) if !name.to_string_lossy().starts_with('.'));
    if out.is_empty() || out.ends_with('/') || !Path::new(out).components().all(plain) {
        return Err(Failure::usage(format!("`{out}` cannot be used as an output file"))
            .hint("--out is a path relative to kaizen.toml, such as benchmark/synth.jsonl"));
    }
    if out == consultation::FILE {
        return Err(Failure::usage(format!(
            "{out} is the ledger of the gate split, and holds no tasks"
        )));
    }
    if let Some(what) = other_use(workspace, out)? {
        return Err(Failure::usage(format!("{out} {what}, and no place for tasks"))
            .hint("name a JSON Lines file in a folder of tasks, such as benchmark/synth.jsonl"));
    }
    let globs = manifest::globs(&workspace.manifest.benchmark.files).map_err(Failure::usage)?;
    Ok(globs.is_match(out))
}

/// What a path is for, when it is for something other than tasks. Some file systems ignore case.
fn other_use(workspace: &Workspace, out: &str) -> Result<Option<&'static str>, Failure> {
    let lower = out.to_lowercase();
    let folder = lower.split('/').next().unwrap_or_default();
    let traces = manifest::globs(&workspace.manifest.traces.files).map_err(Failure::usage)?;
    Ok(match folder {
        manifest::FILE => Some("is the manifest"),
        session::FOLDER | "schemas" | inbox::FOLDER | "pending_review" => Some("is in a folder of kaizen's own"),
        _ if workspace.selects(out) => Some("is a file of the harness"),
        _ if traces.is_match(out) => Some("is read as traces"),
        _ if !lower.ends_with(".jsonl") => Some("is no JSON Lines file"),
        _ => None,
    })
}

fn seen(workspace: &Workspace, min_feedback: f64) -> Result<Seen, Failure> {
    let now = workspace.clock.now().timestamp_millis() as f64 / 1000.0;
    let mut seen = Seen::default();
    let mut see = |mut trace: Trace| {
        if !eligible(&workspace.manifest.privacy, &trace, now) {
            seen.not_eligible += 1;
            return ControlFlow::Continue(());
        }
        seen.feedback.push(trace.feedback);
        if trace.feedback.is_some_and(|feedback| feedback >= min_feedback) {
            // Tasks need none, and a store can be larger than memory.
            trace.steps.clear();
            seen.rated.push(trace);
        }
        ControlFlow::Continue(())
    };
    workspace.traces()?.scan(&mut see)?;
    Ok(seen)
}

fn too_few(message: String, not_eligible: usize) -> Failure {
    let beside = match not_eligible {
        0 => String::new(),
        _ => format!(" [privacy] leaves out {not_eligible}."),
    };
    Failure::not_ready(message + &beside)
        .hint("rate answers with `feedback`, 0 to 1, or lower --min-feedback or --min-samples")
}

/// Writes the tasks, unless they stand there already; tells whether it did, and where the old bytes are.
fn write(root: &Root, command: &Synth, tasks: &[Task]) -> Result<(bool, Option<String>), Failure> {
    let lines: Vec<String> = tasks
        .iter()
        .filter_map(|task| serde_json::to_string(task).ok())
        .collect();
    let text = lines.join("\n") + "\n";
    let path = &command.out;
    let present = root.read(path)?;
    if tasks.is_empty() || present.as_deref() == Some(text.as_bytes()) {
        return Ok((false, None));
    }
    let in_the_way = |what: &str| {
        Failure {
            code: Code::NotReady,
            message: format!("{} {what}", command.out),
            hint: None,
        }
        .hint("--force replaces it and keeps its bytes beside it; --out writes elsewhere")
    };
    if present.is_some() && !command.force {
        return Err(in_the_way(
            "is there and differs: somebody edited it, or the traces changed",
        ));
    }
    let copy = present.as_deref().map(|bytes| {
        let end = format!(".{}.old", Digest::of_bytes(bytes).short());
        output::keep_copy(root, path.as_ref(), &end, bytes).map(|end| format!("{}{end}", command.out))
    });
    let copy = copy.transpose()?;
    match root.publish_over(path, text.as_bytes(), present.as_deref())? {
        true => Ok((true, copy)),
        false => Err(in_the_way("was changed just now")),
    }
}

fn print(report: &Report, made: &Synthesis, command: &Synth) {
    let Report {
        traces,
        high_feedback,
        classes,
        ..
    } = report;
    out!(
        "{traces} traces, {high_feedback} with feedback of {} or more, {classes} query classes",
        command.min_feedback
    );
    let splits: Vec<String> = made
        .splits()
        .iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    let (tasks, out) = (made.tasks.len(), &command.out);
    match (tasks, report.written) {
        (0, _) => out!("no task is left to write"),
        (_, true) => out!("{tasks} tasks in {out}: {}", splits.join(", ")),
        (_, false) => out!("{out} already holds {tasks} tasks: {}", splits.join(", ")),
    }
    if let Some(copy) = &report.kept_copy {
        out!("the earlier bytes are in {copy}");
    }
    let privacy = Some((report.not_eligible, "by [privacy]")).filter(|(count, _)| *count > 0);
    let others = made.left_out.iter().map(|(reason, count)| (*count, reason.words()));
    for (count, words) in privacy.into_iter().chain(others) {
        out!("  left out: {count} {words}");
    }
}
