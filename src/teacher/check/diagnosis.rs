//! Diagnosis check: what is wrong with a hand-edited `diagnosis.md`. The narrative is free; the closing block is not.

use serde_json::Value;

use crate::artifact::{diagnosis, without_place};
use crate::teacher::check::report::Problem;

/// All that is wrong; nothing for a diagnosis that a plan can be made of.
pub(crate) fn problems(text: &str) -> Vec<Problem> {
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
        assert_eq!(problems(whole), []);
        assert_eq!(problems(&whole.replace('\n', "\r\n")), []);
        for (text, line) in [
            (String::new(), 1),
            ("# What fails\n\nWords.\n".to_owned(), 3),
            (whole[..whole.len() - 8].to_owned(), 7),
            (whole.replace("\"c\"", "c"), 7),
            (whole.replace(['[', ']'], ""), 5),
        ] {
            let found = problems(&text);
            assert_eq!(found.iter().map(|one| one.line).collect::<Vec<_>>(), [line], "{text}");
        }
    }
}
