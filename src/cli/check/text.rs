//! A check as text for the terminal.

use super::words;
use crate::artifact::counted;
use crate::cli::render::{FAINT, STRONG, columns};
use crate::cli::terminal;
use crate::cli::visible::visible;
use crate::gate::check::ChangeSoFar;
use crate::maintenance::check::CheckReport;

/// Prints what was compared, the changes, and the verdict.
pub(super) fn print(found: &CheckReport) {
    let (name, commit) = &found.base;
    let run = &found.run;
    out!(
        "{STRONG}The harness compared with {} (commit {}){STRONG:#}",
        visible(name),
        &commit[..commit.len().min(8)]
    );
    match found.files.is_empty() {
        true => out!("no harness file differs"),
        false => out!("files that differ: {}", visible(&found.files.join(", "))),
    }
    if !found.uncommitted.is_empty() {
        out!(
            "uncommitted changes are included: {}",
            visible(&found.uncommitted.join(", "))
        );
    }
    if !found.not_judged.is_empty() {
        out!(
            "judged by this checkout's version, not by the change: {}",
            visible(&found.not_judged.join(", "))
        );
    }
    out!(
        "{}: the request changed for {}; {} so far, {} not cached",
        counted(run.whole.tasks, "gate task"),
        run.reached,
        counted(run.pairs, "pair"),
        counted(run.attempts, "attempt")
    );
    // They may quote a gate task, and logs of CI are often public.
    if let Some(failures) = run.failures.as_ref().filter(|_| terminal::is_out_watched()) {
        out!("{}", visible(failures));
    }
    if run.reached > 0 {
        table(found);
    }
    out!("\n{STRONG}{}{STRONG:#}", visible(&words::sentence(found)));
}

fn table(found: &CheckReport) {
    let categories = &found.run.categories;
    let width = 2 + columns::width(categories.keys().map(String::as_str), 20);
    out!("\n{FAINT}{:<width$}{:>6}   change, points{FAINT:#}", "", "tasks");
    row("all tasks", width, &found.run.whole);
    categories
        .iter()
        .for_each(|(name, change)| row(&format!("  {name}"), width, change));
    let small: Vec<&str> = found.small_categories().collect();
    if !small.is_empty() && small.len() < categories.len() {
        out!(
            "{FAINT}too small to be judged alone: {}{FAINT:#}",
            visible(&small.join(", "))
        );
    }
}

fn row(name: &str, width: usize, change: &ChangeSoFar) {
    let fell = if change.fell { "  fell" } else { "" };
    out!(
        "{:<width$}{:>6}   {}{fell}",
        visible(name),
        change.tasks,
        words::change(change)
    );
}
