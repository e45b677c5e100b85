//! Half-typed: what is wrong with a file that a person edits, as a page beside it.

use std::fmt::Write;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Line in the file, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// The edit's label, where it is about one that has one.
    pub edit: Option<String>,
    /// What is wrong.
    pub message: String,
}

/// The file name of the page about a file: `plan.check.md` for `plan.json`.
pub(crate) fn page_name(name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    format!("{stem}.check.md")
}

/// The page. `kept` is where the bytes stand that were in force before, when a copy was kept.
pub(crate) fn page(name: &str, problems: &[Problem], kept: Option<&str>) -> String {
    let mut page = format!("# {name} cannot be used yet\n\n");
    for problem in problems {
        let edit = problem
            .edit
            .as_ref()
            .map(|edit| format!(" (`{edit}`)"))
            .unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "- line {}, column {}{edit}: {}",
            problem.line, problem.column, problem.message
        );
    }
    let before = kept.map_or("git, once the session was settled".to_owned(), |kept| {
        format!("`{kept}`")
    });
    let _ = write!(
        page,
        "\nUntil it is right, nothing of it runs, and what was decided before stays in force. What it said before stands in\n\
         {before}. This page goes away by itself.\n"
    );
    page
}
