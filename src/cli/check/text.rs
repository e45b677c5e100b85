//! A check as text for the terminal.

use super::words;
use crate::artifact::{counted, short_id};
use crate::cli::render::{FAINT, STRONG, columns};
use crate::cli::terminal;
use crate::cli::visible::visible;
use crate::gate::check::ChangeSoFar;
use crate::maintenance::check::CheckReport;

/// A shorter name may be a branch whose name happens to begin the id.
const SHORTEST_ID: usize = 7;

/// Prints what was compared, the changes, and the verdict.
pub(super) fn print(found: &CheckReport) {
    let (name, commit) = &found.base;
    let run = &found.run;
    let commit = format!("commit {}", short_id(commit));
    let base = match is_id_of(name, &found.base.1) {
        true => commit,
        false => format!("{} ({commit})", line(name)),
    };
    out!("{STRONG}The harness compared with {base}{STRONG:#}");
    match found.files.is_empty() {
        true => out!("no harness file differs"),
        false => out!("files that differ: {}", line(&found.files.join(", "))),
    }
    if !found.uncommitted.is_empty() {
        out!(
            "uncommitted changes are included: {}",
            line(&found.uncommitted.join(", "))
        );
    }
    if !found.not_judged.is_empty() {
        out!(
            "judged by this checkout's version, not by the change: {}",
            line(&found.not_judged.join(", "))
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
    out!("\n{STRONG}{}{STRONG:#}", line(&words::sentence(found)));
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
    if !small.is_empty() {
        out!(
            "{FAINT}too small to be judged alone: {}{FAINT:#}",
            line(&small.join(", "))
        );
    }
}

fn row(name: &str, width: usize, change: &ChangeSoFar) {
    let fell = if change.fell { "  fell" } else { "" };
    out!(
        "{:<width$}{:>6}   {}{fell}",
        line(name),
        change.tasks,
        words::change(change)
    );
}

/// Whether the name of a commit is its id, so that showing both would repeat it.
pub(super) fn is_id_of(name: &str, commit: &str) -> bool {
    name.len() >= SHORTEST_ID && commit.starts_with(name)
}

/// A text on one line: a line break in a name would break the table.
fn line(text: &str) -> String {
    visible(text).replace('\n', "␊")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_on_its_line() {
        assert_eq!(line("a\nb\u{202e}"), "a␊b<U+202E>");
    }

    #[test]
    fn an_id_is_no_other_name_of_its_commit() {
        let commit = "1a2b3c4d5e6f";
        for (name, same) in [(commit, true), ("1a2b3c4", true), ("1a", false), ("main", false)] {
            assert_eq!(is_id_of(name, commit), same, "{name}");
        }
    }
}
