//! `kaizen bench synth`: creates a benchmark from traces with high feedback.

use std::ops::ControlFlow;
use std::path::{Component, Path};

use clap::Args;
use serde::Serialize;

use crate::artifact::task::{Scorer, Split, Task};
use crate::artifact::trace::Trace;
use crate::artifact::{counted, holdout_use};
use crate::cli::exit::{Code, CommandFailure};
use crate::cli::{Setting, number, render};
use crate::digest::Digest;
use crate::eval::benchmark::Benchmark;
use crate::eval::score;
use crate::eval::synth;
use crate::eval::synth::{ExistingTasks, Shares, SynthRules, Synthesis};
use crate::manifest;
use crate::pipeline::phase::readiness;
use crate::sys::disk::Root;
use crate::sys::output;
use crate::trace::eligible::eligible;
use crate::workspace::{Workspace, inbox, session};

/// Create tasks from highly rated traces, one per query class, best first
#[derive(Clone, Debug, Args)]
pub(crate) struct SynthArgs {
    /// The lowest feedback, from 0 to 1, of a trace that becomes a task
    #[arg(long, default_value_t = 0.7, value_parser = number::share)]
    min_feedback: f64,
    /// Create at most this many tasks
    #[arg(long, default_value_t = 100, value_parser = number::count)]
    limit: usize,
    /// Create nothing if fewer traces have that feedback
    #[arg(long, default_value_t = 10, value_parser = number::count_or_none)]
    min_samples: usize,
    /// The JSON Lines file to write, in the workspace; not the manifest, a harness file or one of kaizen's own files
    #[arg(long, default_value = "benchmark/synth.jsonl")]
    out: String,
    /// How answers are scored: exact, contains, regex, number, json, command, judge
    #[arg(long, default_value = "judge", value_parser = scorer)]
    scorer: Scorer,
    /// The share of each split
    #[arg(long, default_value = "train=0.5,gate=0.5")]
    split: Shares,
    /// Replace an existing file that differs; a copy is kept next to it
    #[arg(long)]
    force: bool,
}

fn scorer(text: &str) -> Result<Scorer, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}

/// The traces in the store.
#[derive(Default)]
struct RatedTraces {
    not_eligible: usize,
    /// Feedback of all eligible traces.
    feedback: Vec<Option<f64>>,
    /// Eligible traces with high feedback.
    rated: Vec<Trace>,
}

/// The JSON output.
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
pub(crate) fn synth(command: &SynthArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace()?;
    workspace.may_read()?;
    let is_read = is_read(&workspace, &command.out)?;
    let seen = seen(&workspace, command.min_feedback)?;
    let ready = readiness::enough_feedback(&seen.feedback, command.min_feedback, command.min_samples);
    if !ready.ready {
        return Err(too_few(ready.message, seen.not_eligible));
    }
    let patterns = &workspace.manifest.benchmark.files;
    let others = Benchmark::load_beside(&workspace.root, patterns, &command.out, workspace.score_engines())?;
    let rules = SynthRules {
        limit: command.limit,
        scorer: command.scorer,
        shares: command.split,
    };
    let made = synth::synth(
        seen.rated,
        &rules,
        &ExistingTasks::of(&others.tasks, &workspace.redactor),
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
    match is_read {
        true => warn_of_gaps(&workspace, &others, &made.tasks),
        false => err!(
            "note: [benchmark] files does not match {}, so no session reads it",
            command.out
        ),
    }
    Ok(Code::Settled)
}

/// Says why no session could use the benchmark: tasks that cannot be scored, or a split without tasks.
fn warn_of_gaps(workspace: &Workspace, others: &Benchmark, made: &[Task]) {
    let engines = workspace.score_engines();
    let (mut usable, mut problems) = (Vec::new(), Vec::new());
    for task in made {
        match score::check(task, engines) {
            Ok(()) => usable.push(task.split()),
            Err(problem) => problems.push(problem),
        }
    }
    if let Some(problem) = problems.first() {
        err!("note: {} of these tasks cannot be scored: {problem}", problems.len());
    }
    for (split, purpose) in [(Split::Train, "learn from"), (Split::Gate, "judge edits by")] {
        let has_some = usable.contains(&split) || !others.split(split).is_empty();
        if !has_some {
            let name = split.name();
            err!(
                "note: the benchmark has no {name} tasks to {purpose}, so no session can start; --split gives them a share"
            );
        }
    }
}

/// Whether sessions read the file. Fails if the path is not a place for tasks in the workspace.
fn is_read(workspace: &Workspace, out: &str) -> Result<bool, CommandFailure> {
    let plain = |part: Component| matches!(part, Component::Normal(name) if !name.to_string_lossy().starts_with('.'));
    if out.is_empty() || out.ends_with('/') || !Path::new(out).components().all(plain) {
        return Err(
            CommandFailure::usage(format!("`{out}` cannot be used as an output file"))
                .hint("--out is a path relative to kaizen.toml, such as benchmark/synth.jsonl"),
        );
    }
    if out == holdout_use::FILE {
        return Err(CommandFailure::usage(format!(
            "{out} is the record of gate consultations; it cannot contain tasks"
        )));
    }
    if let Some(what) = other_use(workspace, out)? {
        return Err(
            CommandFailure::usage(format!("{out} {what}, so tasks cannot be written there"))
                .hint("choose a JSON Lines file in a folder for tasks, such as benchmark/synth.jsonl"),
        );
    }
    let globs = manifest::globs(&workspace.manifest.benchmark.files).map_err(CommandFailure::usage)?;
    Ok(globs.is_match(out))
}

/// The other use of a path that is not for tasks. Ignores case, as some file systems do.
fn other_use(workspace: &Workspace, out: &str) -> Result<Option<&'static str>, CommandFailure> {
    let lower = out.to_lowercase();
    let folder = lower.split('/').next().unwrap_or_default();
    let traces = manifest::globs(&workspace.manifest.traces.files).map_err(CommandFailure::usage)?;
    Ok(match folder {
        manifest::FILE => Some("is the manifest"),
        session::FOLDER | "schemas" | inbox::FOLDER | "pending_review" => Some("is in one of kaizen's own folders"),
        _ if workspace.selects(out) => Some("is a file of the harness"),
        _ if traces.is_match(out) => Some("is read as traces"),
        _ if !lower.ends_with(".jsonl") => Some("is not a JSON Lines file"),
        _ => None,
    })
}

fn seen(workspace: &Workspace, min_feedback: f64) -> Result<RatedTraces, CommandFailure> {
    let now = workspace.clock.now().timestamp_millis() as f64 / 1000.0;
    let mut seen = RatedTraces::default();
    let mut see = |mut trace: Trace| {
        if !eligible(&workspace.manifest.privacy, &trace, now) {
            seen.not_eligible += 1;
            return ControlFlow::Continue(());
        }
        seen.feedback.push(trace.rating());
        if trace.rating().is_some_and(|feedback| feedback >= min_feedback) {
            // Tasks do not need the steps, and a store can be larger than memory.
            trace.steps.clear();
            seen.rated.push(trace);
        }
        ControlFlow::Continue(())
    };
    workspace.traces()?.scan(&mut see)?;
    Ok(seen)
}

fn too_few(message: String, not_eligible: usize) -> CommandFailure {
    let beside = match not_eligible {
        0 => String::new(),
        _ => format!(" [privacy] excludes {not_eligible}."),
    };
    CommandFailure::not_ready(message + &beside)
        .hint("add `feedback` from 0 to 1 to traces, or lower --min-feedback or --min-samples")
}

/// Writes the tasks, unless the file already contains them. Returns whether it wrote, and the path of the old copy.
fn write(root: &Root, command: &SynthArgs, tasks: &[Task]) -> Result<(bool, Option<String>), CommandFailure> {
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
        CommandFailure {
            code: Code::NotReady,
            message: format!("{} {what}", command.out),
            hint: None,
        }
        .hint("--force replaces it and keeps a copy; --out writes to another file")
    };
    if present.is_some() && !command.force {
        return Err(in_the_way(
            "already exists and differs: somebody edited it, or the traces changed",
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

fn print(report: &Report, made: &Synthesis, command: &SynthArgs) {
    let Report {
        traces,
        high_feedback,
        classes,
        ..
    } = report;
    out!(
        "{}, {high_feedback} with feedback of {} or more, {}",
        counted(*traces, "trace"),
        command.min_feedback,
        counted(*classes, "query class")
    );
    let splits: Vec<String> = made
        .splits()
        .iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    let (tasks, out) = (made.tasks.len(), &command.out);
    match (tasks, report.written) {
        (0, _) => out!("no tasks to write"),
        (_, true) => out!("{} in {out}: {}", counted(tasks, "task"), splits.join(", ")),
        (_, false) => out!(
            "{out} already contains {}: {}",
            counted(tasks, "task"),
            splits.join(", ")
        ),
    }
    if let Some(copy) = &report.kept_copy {
        out!("the previous version is in {copy}");
    }
    let privacy = Some((report.not_eligible, "by [privacy]")).filter(|(count, _)| *count > 0);
    let others = made.left_out.iter().map(|(reason, count)| (*count, reason.words()));
    for (count, words) in privacy.into_iter().chain(others) {
        out!("  excluded: {count} {words}");
    }
}
