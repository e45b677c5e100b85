//! `kaizen bench refresh`: retire gate tasks that were consulted often, and draw others.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::artifact::consultation::RefreshLine;
use crate::cli::exit::{Code, Failure};
use crate::cli::visible::visible;
use crate::cli::{Setting, render};
use crate::maintenance::refresh;
use crate::maintenance::refresh::{Done, RefreshAsked, RefreshError, Refreshed};
use crate::pipeline::state::settled;
use crate::workspace::{Workspace, session};

/// Retire a share of the gate tasks to train, and draw tasks of the same categories from the reserve
#[derive(Clone, Debug, Args)]
pub(crate) struct Refresh {
    /// The share of the gate tasks to retire, most consulted first
    #[arg(long, default_value_t = 0.3, value_parser = share)]
    share: f64,
    /// Draw from this JSON Lines file of tasks; those that are not needed become the reserve
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Print the exchange, and write nothing
    #[arg(long)]
    dry_run: bool,
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| *share > 0.0 && *share <= 1.0);
    share.ok_or_else(|| "a number above 0, at most 1".into())
}

/// Runs the command.
///
/// # Errors
/// There is nothing to retire or to draw, a line cannot be used, or a person's changes are in the way.
pub(crate) fn refresh(command: &Refresh, setting: &Setting) -> Result<Code, Failure> {
    let mut workspace = setting.workspace()?;
    workspace.holder = "kaizen bench refresh";
    let asked = RefreshAsked {
        share: command.share,
        from: command.from.as_ref().map(|from| setting.directory.join(from)),
        dry_run: command.dry_run,
    };
    match refresh::refresh(&workspace, &asked).map_err(failure)? {
        Done::Refreshed(done) if setting.is_json() => print_json(&done, command.dry_run),
        Done::Refreshed(done) => print(&done, command.dry_run),
        Done::Finished(line) => finished(&line, setting),
    }
    warn_of_unsettled(&workspace)?;
    Ok(Code::Settled)
}

/// A session that is not settled goes by the tasks of the day: what was paid for its baseline is paid anew.
fn warn_of_unsettled(workspace: &Workspace) -> Result<(), Failure> {
    let Some(newest) = session::all(&workspace.root)?.pop() else {
        return Ok(());
    };
    if !newest.record()?.as_ref().is_some_and(settled) {
        err!(
            "note: {} is not settled: with other tasks, its next run measures and diagnoses anew",
            newest.id
        );
    }
    Ok(())
}

fn failure(error: RefreshError) -> Failure {
    let message = error.to_string();
    let not_ready = |hint: &str| Failure::not_ready(&message).hint(hint);
    match error {
        RefreshError::NoGate => not_ready("tasks go in benchmark/*.jsonl; \"split\": \"gate\" lets one decide"),
        RefreshError::NoReserve(_) => not_ready(
            "add tasks with \"split\": \"reserve\" to the benchmark, or name a file of new tasks: kaizen bench refresh --from FILE",
        ),
        RefreshError::Uncommitted(_) => not_ready("commit or undo them: what kaizen changes there is a commit of its own"),
        RefreshError::Offered(_) => Failure::usage(message)
            .hint("every line of it is one JSON object with task_id, query, reference_answer that the benchmark does not hold yet"),
        RefreshError::Run(error) => error.into(),
    }
}

fn print_json(done: &Refreshed, dry_run: bool) {
    let mut value = json!(done);
    value["event"] = if dry_run { "would_refresh" } else { "refreshed" }.into();
    render::json(&value);
}

fn print(done: &Refreshed, dry_run: bool) {
    let count = done.exchange.retired.len();
    let tasks = if count == 1 { "task" } else { "tasks" };
    let (would, files) = (if dry_run { "would " } else { "" }, done.files.join(", "));
    let (retire, draw) = if dry_run {
        ("retire", "draw")
    } else {
        ("retired", "drew")
    };
    out!("{would}{retire} {count} gate {tasks} into train, and {would}{draw} as many, in {files}");
    out!("  retired  {}", visible(&done.exchange.retired.join(", ")));
    out!("  drawn    {}", visible(&done.exchange.drawn.join(", ")));
    for (category, short) in &done.exchange.short {
        out!(
            "  {}: {} should retire, and there are {} to take their place: no more than that did",
            visible(category),
            short.wanted,
            short.reserve
        );
    }
    if done.reserved > 0 {
        out!("  {} more of the file wait as reserve", done.reserved);
    }
    for copy in &done.kept_copies {
        out!("  git ignores the file: the bytes that stood there are in {copy}");
    }
    if let Some(commit) = &done.commit {
        out!("committed as {}", &commit[..commit.len().min(10)]);
    }
    out!("before: {}", done.before.words());
    out!("then:   {}", done.after.words());
    if !dry_run {
        out!("Next: `kaizen run --new` measures the new gate tasks; sessions of the past stay as they are");
    }
}

fn finished(line: &RefreshLine, setting: &Setting) {
    if setting.is_json() {
        return render::json(&json!({"event": "refresh_completed", "retired": line.retired, "drawn": line.drawn}));
    }
    out!(
        "completed the refresh that was cut short: {} retired, {} drawn; run again for another",
        line.retired.len(),
        line.drawn.len()
    );
}
