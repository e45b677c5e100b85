//! Reads CLINC150: real questions with their intents, fifteen intents in each of ten fields. It is not part of kaizen.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use kaizen::artifact::Task;
use serde::Deserialize;

use crate::Outcome;

/// A question and its intent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Row {
    /// The question.
    pub query: String,
    /// The intent.
    pub reference_answer: String,
    category: String,
}

/// The pools of tasks and examples, by field.
pub struct Data {
    /// The pool of tasks.
    pub test: BTreeMap<String, Vec<Task>>,
    /// The pool of examples.
    pub train: BTreeMap<String, Vec<Row>>,
}

/// The folder of the files, under `KAIZEN_DATA`.
pub fn folder() -> PathBuf {
    let data = std::env::var_os("KAIZEN_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    data.join("tasks/intent/clinc150")
}

/// Reads both files. Out-of-scope questions are left out, because they belong to no field.
pub fn read(folder: &Path) -> Outcome<Data> {
    let lines = |name: &str| fs::read_to_string(folder.join(name));
    let mut data = Data {
        test: BTreeMap::new(),
        train: BTreeMap::new(),
    };
    for line in lines("test.jsonl")?.lines() {
        let task: Task = serde_json::from_str(line)?;
        data.test.entry(task.category.clone()).or_default().push(task);
    }
    for line in lines("train.jsonl")?.lines() {
        let row: Row = serde_json::from_str(line)?;
        data.train.entry(row.category.clone()).or_default().push(row);
    }
    data.test.remove("oos");
    data.train.remove("oos");
    Ok(data)
}
