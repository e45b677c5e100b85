//! A check as Markdown, for a comment in a pull request or the summary of a job.

use std::fmt::Write;

use super::text::is_id_of;
use super::words;
use crate::artifact::{counted, short_id};
use crate::cli::visible::visible;
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

/// A text that Markdown shows as it is, on one line: names of categories and files come from the workspace.
fn escaped(text: &str) -> String {
    let one = |c: char| match c {
        '\n' => " ".to_owned(),
        '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '!' | '&' | '~' => format!("\\{c}"),
        // GitHub looks for people, tasks and addresses after it resolved escapes, so that only a character between helps.
        '@' | '#' => format!("\\{c}&#8203;"),
        // GitHub's way to keep a dollar from starting a formula.
        '$' => "<span>$</span>".to_owned(),
        c => c.to_string(),
    };
    let text: String = visible(text).chars().map(one).collect();
    // Links need no brackets; GitHub looks for these before it resolves references.
    text.replace("://", "&#58;//").replace("www.", "www&#46;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_become_markup() {
        for (name, shown) in [
            ("a|b\n<img> [x](y)", "a\\|b \\<img\\> \\[x\\](y)"),
            ("@team #1", "\\@&#8203;team \\#&#8203;1"),
            ("$x$", "<span>$</span>x<span>$</span>"),
            ("https://a.b www.a.b", "https&#58;//a.b www&#46;a.b"),
            ("a\u{202e}b\u{2069}", "a\\<U+202E\\>b\\<U+2069\\>"),
            ("config.toml", "config.toml"),
        ] {
            assert_eq!(escaped(name), shown);
        }
    }
}
