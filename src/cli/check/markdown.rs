//! A check as Markdown, for a comment in a pull request or the summary of a job.

use std::fmt::Write;

use super::text::is_id_of;
use super::words;
use crate::artifact::{counted, short_id};
use crate::cli::markdown_text::escaped;
use crate::gate::check::ChangeSoFar;
use crate::gate::words::points;
use crate::maintenance::check::CheckReport;

/// The verdict as a heading, the changes as a table, and what was compared.
pub(super) fn page(found: &CheckReport) -> String {
    let run = &found.run;
    let mut page = format!(
        "### kaizen check: {}\n\n{}\n",
        run.verdict.words(),
        escaped(&words::sentence(found))
    );
    if run.reached > 0 {
        page += "\n| | gate tasks | change, points | 90 % interval | |\n|---|---:|---:|---|---|\n";
        page += &row("**all tasks**", &run.whole);
        run.categories
            .iter()
            .for_each(|(name, change)| page += &row(&escaped(name), change));
    }
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "\nCompared with {}: {} of {} have another request; {}, {}.\n",
        compared_with(found),
        run.reached,
        counted(run.whole.tasks, "gate task"),
        counted(run.pairs, "pair"),
        counted(run.attempts, "new attempt")
    );
    let small: Vec<String> = found.small_categories().map(str::to_owned).collect();
    let lists = [
        ("Too small to be judged alone", &small),
        ("Files that differ", &found.files),
        ("Uncommitted changes are included", &found.uncommitted),
        ("Also changed, but judged by the base's version", &found.not_judged),
    ];
    for (title, files) in lists.into_iter().filter(|(_, files)| !files.is_empty()) {
        let files: Vec<String> = files.iter().map(|file| escaped(file)).collect();
        let _ = writeln!(page, "\n{title}: {}.", files.join(", "));
    }
    page
}

/// The base: its commit, and its name if it has another one.
fn compared_with(found: &CheckReport) -> String {
    let (name, commit) = &found.base;
    let short = short_id(commit);
    match is_id_of(name, commit) {
        true => format!("`{short}`"),
        false => format!("{} (`{short}`)", escaped(name)),
    }
}

fn row(name: &str, change: &ChangeSoFar) -> String {
    format!(
        "| {} | {} | {} | {} | {} |\n",
        name,
        change.tasks,
        change
            .mean
            .map_or("?".to_owned(), |mean| format!("{:+.1}", 100.0 * mean)),
        points(change.interval),
        if change.fell { "**fell**" } else { "" }
    )
}
