//! Checks of submitted diagnoses and plans, and the reports for their authors. The narrative of a diagnosis is free
//! text; only its closing block is checked.

pub(crate) mod plan;
pub(crate) mod secret;

use std::fmt::Write;

use serde_json::Value;

use crate::artifact::{diagnosis, without_place};

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Line in the file, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// The label of the edit, if the problem is in an edit with a label.
    pub edit: Option<String>,
    /// The problem in words.
    pub message: String,
}

/// The file name of the page about a file: `plan.check.md` for `plan.json`.
pub(crate) fn page_name(name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    format!("{stem}.check.md")
}

/// The text of the page. `kept` is the path of the last valid version, if a copy was made.
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
    let before = kept.map_or("git, if the session was settled".to_owned(), |kept| format!("`{kept}`"));
    let _ = write!(
        page,
        "\nNothing in this file runs until it is valid; earlier decisions stay in force. The last valid version is in\n\
         {before}. kaizen removes this page when the file is valid.\n"
    );
    page
}

/// All problems in a hand-edited `diagnosis.md`; empty if a plan can be made from it. Only the closing block has a
/// format.
pub(crate) fn diagnosis_problems(text: &str) -> Vec<Problem> {
    let lines = text.lines().count().max(1);
    let at = |line: usize, column: usize, message: String| Problem {
        line,
        column: column.max(1),
        edit: None,
        message,
    };
    let Some(block) = diagnosis::block(text) else {
        let message = "it must end in one fenced block, ```json … ```, with the list of clusters".into();
        return vec![at(lines, 1, message)];
    };
    let before = text.find(block).map_or(0, |start| text[..start].matches('\n').count());
    match serde_json::from_str::<Value>(block) {
        Ok(Value::Array(_)) => Vec::new(),
        Ok(_) => vec![at(before + 1, 1, "the closing block must be a list, [ … ]".into())],
        Err(error) => vec![at(before + error.line(), error.column(), without_place(&error))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_block_must_be_there_whole() {
        let whole = "# What fails\n\nWords.\n\n```json\n[\n  {\"id\": \"c\"}\n]\n```\n";
        assert_eq!(diagnosis_problems(whole), []);
        assert_eq!(diagnosis_problems(&whole.replace('\n', "\r\n")), []);
        for (text, line) in [
            (String::new(), 1),
            ("# What fails\n\nWords.\n".to_owned(), 3),
            (whole[..whole.len() - 8].to_owned(), 7),
            (whole.replace("\"c\"", "c"), 7),
            (whole.replace(['[', ']'], ""), 5),
        ] {
            let found = diagnosis_problems(&text);
            assert_eq!(found.iter().map(|one| one.line).collect::<Vec<_>>(), [line], "{text}");
        }
    }
}
