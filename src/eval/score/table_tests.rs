//! Runs the table of the guide that states the rules of the scorers.

use serde_json::{Value, json};

use super::score;
use crate::artifact::task::Task;

const GUIDE: &str = include_str!("../../guide/students.md");

/// The cells of the table's rows: scorer, reference, answer, result.
fn rows() -> Vec<[String; 4]> {
    let table = GUIDE.split("A test of kaizen runs this table:").nth(1).unwrap();
    let lines = table.lines().skip_while(|line| !line.starts_with('|'));
    let rows = lines.take_while(|line| line.starts_with('|')).skip(2);
    let cell = |cell: &str| {
        let trimmed = cell.trim();
        trimmed.trim_matches('`').to_owned()
    };
    let cells = |row: &str| {
        row.split('|')
            .skip(1)
            .map(cell)
            .take(4)
            .collect::<Vec<_>>()
            .try_into()
            .unwrap()
    };
    rows.map(cells).collect()
}

/// The reference of a cell: a list if it looks like one and the scorer accepts a choice, else a text.
fn reference(scorer: &str, text: &str) -> Value {
    match scorer != "json" && text.starts_with('[') {
        true => serde_json::from_str(text).unwrap(),
        false => text.into(),
    }
}

#[test]
fn the_table_of_the_guide_is_true() {
    let rows = rows();
    assert!(rows.len() > 40);
    for [scorer, written, answer, result] in &rows {
        let task =
            json!({"task_id": "t", "query": "q", "reference_answer": reference(scorer, written), "scorer": scorer});
        let task: Task = serde_json::from_value(task).unwrap();
        let right = match result.as_str() {
            "right" => 1.0,
            "wrong" => 0.0,
            other => panic!("a row is right or wrong, not {other}"),
        };
        assert_eq!(score(&task, answer), Ok(right), "{scorer} | {written} | {answer}");
    }
    for scorer in ["exact", "contains", "regex", "number", "json"] {
        let of_it = |wanted: &str| {
            rows.iter()
                .any(|[name, _, _, result]| name == scorer && result == wanted)
        };
        assert!(of_it("right") && of_it("wrong"), "{scorer}");
    }
}
