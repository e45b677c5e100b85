//! `kaizen bench refresh`: retires gate tasks that were consulted often, and draws others.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::artifact::counted;
use crate::artifact::holdout_use::RefreshLine;
use crate::cli::exit::{Code, CommandFailure};
use crate::cli::visible::visible;
use crate::cli::{Setting, number, render};
use crate::maintenance::refresh;
use crate::maintenance::refresh::{RefreshEnd, RefreshError, RefreshOptions, RefreshResult};
use crate::pipeline::state::settled;
use crate::workspace::Workspace;

/// Retire a share of the gate tasks to train, and draw tasks of the same categories from the reserve
#[derive(Clone, Debug, Args)]
pub(crate) struct RefreshArgs {
    /// The share of the gate tasks to retire, most consulted first
    #[arg(long, default_value_t = 0.3, value_parser = number::part)]
    share: f64,
    /// Draw from this JSON Lines file of tasks; those that are not needed become the reserve
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Print the exchange, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
///
/// # Errors
/// There is nothing to retire or to draw, a line cannot be used, or a person's changes are in the way.
pub(crate) fn refresh(command: &RefreshArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let mut workspace = setting.workspace()?;
    workspace.holder = "kaizen bench refresh";
    if !command.dry_run {
        workspace.ledger.check_branch()?;
    }
    let asked = RefreshOptions {
        share: command.share,
        from: command.from.as_ref().map(|from| setting.directory.join(from)),
        dry_run: command.dry_run,
    };
    match refresh::refresh(&workspace, &asked).map_err(failure)? {
        RefreshEnd::Refreshed(done) if setting.is_json() => print_json(&done, command.dry_run),
        RefreshEnd::Refreshed(done) => print(&done, command.dry_run),
        RefreshEnd::Finished(line) => finished(&line, setting),
    }
    warn_of_unsettled(&workspace)?;
    Ok(Code::Settled)
}

/// Warns about an unsettled session, because the new tasks make its baseline stale and its next run measures it again.
fn warn_of_unsettled(workspace: &Workspace) -> Result<(), CommandFailure> {
    let Some(newest) = workspace.sessions()?.pop() else {
        return Ok(());
    };
    if !newest.record()?.as_ref().is_some_and(settled) {
        err!(
            "note: {} is not settled; because the tasks changed, its next run measures and diagnoses again",
            newest.id
        );
    }
    Ok(())
}

fn failure(error: RefreshError) -> CommandFailure {
    let message = error.to_string();
    let not_ready = |hint: &str| CommandFailure::not_ready(&message).hint(hint);
    match error {
        RefreshError::NoGate => not_ready("tasks go in benchmark/*.jsonl; those with \"split\": \"gate\" are gate tasks"),
        RefreshError::NoReserve(_) => not_ready(
            "add tasks with \"split\": \"reserve\" to the benchmark, or give a file of new tasks: kaizen bench refresh --from FILE",
        ),
        RefreshError::Uncommitted(_) => not_ready("commit or undo them, because the refresh makes a separate commit"),
        RefreshError::Offered(_) => CommandFailure::usage(message)
            .hint("every line must be one JSON object with task_id, query and reference_answer, for a task that is not in the benchmark yet"),
        RefreshError::Run(error) => error.into(),
    }
}

fn print_json(done: &RefreshResult, dry_run: bool) {
    let mut value = json!(done);
    value["event"] = if dry_run { "would_refresh" } else { "refreshed" }.into();
    render::json(&value);
}

fn print(done: &RefreshResult, dry_run: bool) {
    let tasks = counted(done.exchange.retired.len(), "gate task");
    let (would, files) = (if dry_run { "would " } else { "" }, done.files.join(", "));
    let (retire, draw) = if dry_run {
        ("retire", "draw")
    } else {
        ("retired", "drew")
    };
    out!("{would}{retire} {tasks} to train, and {would}{draw} the same number, in {files}");
    out!("  retired  {}", visible(&done.exchange.retired.join(", ")));
    out!("  drawn    {}", visible(&done.exchange.drawn.join(", ")));
    for (category, short) in &done.exchange.short {
        out!(
            "  {}: {} should retire, but the reserve has only {}",
            visible(category),
            counted(short.wanted, "task"),
            counted(short.reserve, "replacement")
        );
    }
    if done.reserved > 0 {
        out!("  now in reserve: {} of the file", counted(done.reserved, "more task"));
    }
    for copy in &done.kept_copies {
        out!("  git ignores the file, so a copy of the previous version is in {copy}");
    }
    if let Some(commit) = &done.commit {
        out!("committed as {}", &commit[..commit.len().min(10)]);
    }
    out!("before: {}", done.before.words());
    out!("after:  {}", done.after.words());
    if !dry_run {
        out!("Next: `kaizen run --new` measures the new gate tasks; earlier sessions do not change");
    }
}

fn finished(line: &RefreshLine, setting: &Setting) {
    if setting.is_json() {
        return render::json(&json!({"event": "refresh_completed", "retired": line.retired, "drawn": line.drawn}));
    }
    out!(
        "completed the interrupted refresh: {} retired, {} drawn; run again for another refresh",
        line.retired.len(),
        line.drawn.len()
    );
}
