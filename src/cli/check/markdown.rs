//! A check as Markdown, for a comment in a pull request or the summary of a job.

use std::fmt::Write;

use super::words;
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
        page += &row("all", &run.whole);
        run.categories
            .iter()
            .for_each(|(name, change)| page += &row(name, change));
    }
    let (name, commit) = &found.base;
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "\nCompared with {} (`{}`): {} of {} gate tasks have other requests; {} new attempts.\n",
        escaped(name),
        &commit[..commit.len().min(8)],
        run.reached,
        run.whole.tasks,
        run.attempts
    );
    let lists = [
        ("Files that differ", &found.files),
        ("Also changed, but judged by the base's version", &found.not_judged),
    ];
    for (title, files) in lists.into_iter().filter(|(_, files)| !files.is_empty()) {
        let files: Vec<String> = files.iter().map(|file| escaped(file)).collect();
        let _ = writeln!(page, "\n{title}: {}.", files.join(", "));
    }
    page
}

fn row(name: &str, change: &ChangeSoFar) -> String {
    format!(
        "| {} | {} | {} | {} | {} |\n",
        escaped(name),
        change.tasks,
        change
            .mean
            .map_or("?".to_owned(), |mean| format!("{:+.1}", 100.0 * mean)),
        points(change.interval),
        if change.fell { "**fell**" } else { "" }
    )
}

/// A text that Markdown shows as it is, on one line: names of categories and files come from the workspace.
pub(super) fn escaped(text: &str) -> String {
    let one = |c: char| match c {
        c if c.is_control() => " ".to_owned(),
        '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '&' | '@' | '~' => format!("\\{c}"),
        c => c.to_string(),
    };
    text.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_become_markup() {
        assert_eq!(escaped("a|b\n<img> [x](y) @team"), "a\\|b \\<img\\> \\[x\\](y) \\@team");
    }
}
