//! `kaizen check`: says whether the harness is worse than at another commit, for people and for CI.
#![allow(clippy::disallowed_methods)] // edge: the step summary that GitHub names

mod junit;
mod markdown;
mod noise;
mod sarif;
mod text;
mod words;

use std::io::Write;

use clap::Args;
use serde_json::json;

use super::exit::{Code, CommandFailure};
use super::render::{self, Renderer};
use super::{Format, Setting, number, terminal};
use crate::artifact::Money;
use crate::gate::check::CheckVerdict;
use crate::maintenance::check::{CheckError, CheckLimits, CheckOptions, CheckReport, check as run_check, check_noise};
use crate::sys::disk::ErrorWithRemedy;

/// The variable that names the file to which a job of GitHub Actions appends its summary.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Check whether the harness is worse than its base, for CI
///
/// The check compares the harness on disk with the one at the base, on the gate tasks whose requests differ. It stops as soon
/// as it can tell. A verdict about the whole is wrong at most once in 20 times. The verdicts: better, no worse (the score did not
/// fall by more than [check] margin, and no category fell), worse, and cannot tell, with what is missing.
///
/// Exit codes: 0 better or no worse, 5 worse, 3 cannot tell, 4 not measured. In a job of GitHub Actions, the verdict is also
/// appended to the job's summary. No output names a task or an answer.
#[derive(Clone, Debug, Args)]
pub(crate) struct CheckArgs {
    /// Compare with this commit (any revision that git understands)
    #[arg(long, value_name = "REF", required_unless_present = "aa", conflicts_with = "aa")]
    base: Option<String>,
    /// Compare with the newest commit that the base and HEAD have in common
    #[arg(long, requires = "base")]
    merge_base: bool,
    /// Judge the harness of this commit instead of the one on disk; everything else is that of the checkout
    #[arg(long, value_name = "REF", requires = "base")]
    head: Option<String>,
    /// Compare the harness with itself: count the tasks whose score differs between two runs
    #[arg(long)]
    aa: bool,
    /// Also print the ids of these tasks, in the terminal only
    #[arg(long, requires = "aa")]
    show_tasks: bool,
    /// Make at most this many new attempts
    #[arg(long, value_name = "N", value_parser = number::count, conflicts_with = "aa")]
    max_attempts: Option<usize>,
    /// Make no call that may take the cost of all calls above this
    #[arg(long, value_name = "USD", value_parser = number::dollars)]
    max_cost_usd: Option<Money>,
}

/// Runs the command.
///
/// # Errors
/// There is no such commit or no gate task, or the runs could not be made.
pub(crate) fn check(command: &CheckArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    if command.aa && !matches!(setting.format, Format::Text | Format::Json) {
        return Err(CommandFailure::usage("`--aa` prints text or JSON only"));
    }
    let workspace = setting.workspace()?;
    // Progress goes to stderr, whatever the format.
    let renderer = Renderer::beside(Format::Text, &workspace, "kaizen check");
    let limits = CheckLimits {
        attempts: command.max_attempts,
        cost: command.max_cost_usd,
    };
    let Some(base) = &command.base else {
        let found = check_noise(&workspace, limits, &|event| renderer.show(event));
        renderer.finish();
        return Ok(noise::show(&found.map_err(failure)?, command.show_tasks, setting));
    };
    let asked = CheckOptions {
        base: base.clone(),
        merge_base: command.merge_base,
        head: command.head.clone(),
        limits,
    };
    let found = run_check(&workspace, &asked, &|event| renderer.show(event));
    renderer.finish();
    let found = found.map_err(failure)?;
    match setting.format {
        Format::Text => text::print(&found),
        Format::Json => render::json(&object(&found)),
        Format::Markdown => terminal::exact(&markdown::page(&found)),
        Format::Junit => terminal::exact(&junit::suite(&found)),
        Format::Sarif => terminal::exact(&sarif::log(&found)),
    }
    append_summary(&markdown::page(&found));
    Ok(code(found.run.verdict))
}

/// The exit code of a verdict.
fn code(verdict: CheckVerdict) -> Code {
    match verdict {
        CheckVerdict::Better | CheckVerdict::NoWorse => Code::Settled,
        CheckVerdict::Worse => Code::Worse,
        CheckVerdict::CannotTell => Code::WaitingForReview,
    }
}

fn object(found: &CheckReport) -> serde_json::Value {
    let run = &found.run;
    let missing = (run.verdict == CheckVerdict::CannotTell).then(|| {
        json!({"attempts": run.attempts_left, "cost_usd": found.price_left,
            "tasks": run.tasks_missing.filter(|_| run.attempts_left == 0).map(|(_, more)| more)})
    });
    json!({"event": "checked", "verdict": run.verdict, "attempts": run.attempts, "interval": run.whole.interval,
        "change": run.whole.mean, "tasks": run.whole.tasks, "reached": run.reached, "pairs": run.pairs,
        "categories": run.categories, "base": found.base.1, "files": found.files, "uncommitted": found.uncommitted,
        "not_judged": found.not_judged,
        "margins": found.margins, "missing": missing, "stopped": found.stopped, "words": words::sentence(found)})
}

fn failure(error: CheckError) -> CommandFailure {
    let message = error.to_string();
    let again = "the same command continues; the answers so far are kept";
    match error {
        CheckError::NoCommit(name) => CommandFailure::usage(message).hint(fetch(&name)),
        CheckError::NoMergeBase(..) => CommandFailure::usage(message)
            .hint("in a shallow clone, `git fetch --unshallow` gets the rest of the history"),
        CheckError::NoTasks => CommandFailure::not_ready(message)
            .hint("tasks go in benchmark/*.jsonl; those with \"split\": \"gate\" are gate tasks"),
        // The words of a server or a program may quote a gate task, and logs of CI are often public.
        CheckError::Halted(_) if !terminal::is_out_watched() => {
            CommandFailure::not_ready("not measured: the student or its server failed")
                .hint(format!("in a terminal, it says why; {again}"))
        }
        CheckError::Halted(_) | CheckError::Lost { .. } => CommandFailure::not_ready(message).hint(again),
        CheckError::Run(error) => error.into(),
    }
}

/// The command that gets a commit which a clone for CI lacks.
fn fetch(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let is_plain = !name.is_empty() && !name.starts_with('-') && name.chars().all(is_plain);
    match name.strip_prefix("origin/") {
        Some(branch) if is_plain => format!("`git fetch origin {branch}:refs/remotes/origin/{branch}` gets it"),
        None if is_plain && name != "HEAD" => format!("`git fetch origin {name}` gets it, as FETCH_HEAD"),
        _ => "`git log` and `git branch --all` list them; `git fetch --unshallow` completes a shallow clone".to_owned(),
    }
}

/// Appends a text to the summary of a job of GitHub Actions, if this is one. The verdict stands without it.
fn append_summary(text: &str) {
    let Some(path) = std::env::var_os(STEP_SUMMARY).filter(|path| !path.is_empty()) else {
        return;
    };
    let file = std::fs::OpenOptions::new().append(true).create(true).open(&path);
    if let Err(error) = file.and_then(|mut file| writeln!(file, "{text}")) {
        let path = std::path::Path::new(&path).display();
        err!(
            "note: the summary in {STEP_SUMMARY} ({path}) cannot be written: {}",
            ErrorWithRemedy(&error)
        );
    }
}
