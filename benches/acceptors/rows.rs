//! Reads the measured answers of a language model: which tasks each edit of a harness solves.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::Outcome;

/// The file of one row.
#[derive(Deserialize)]
struct File {
    tasks: Vec<(String, String)>,
    edits: Vec<Arm>,
}

/// The answers with one harness: a string per sample, with a character per task, `1` for a right answer.
#[derive(Deserialize)]
struct Arm {
    kind: String,
    y: Vec<String>,
}

/// Right or wrong: per sample, per task.
pub type Samples = Vec<Vec<bool>>;

/// One benchmark: the population that gates are drawn from.
pub struct Row {
    /// The name of the file.
    pub name: &'static str,
    /// The category of each task.
    pub categories: Vec<usize>,
    /// The answers without an edit.
    pub base: Samples,
    /// The answers with each edit.
    pub edits: Vec<EditAnswers>,
}

/// The answers with one edit.
pub struct EditAnswers {
    /// The answers.
    pub samples: Samples,
    /// The true gain over all tasks, in points.
    pub gain: f64,
}

/// The folder of the files, under `KAIZEN_DATA`.
pub fn folder() -> PathBuf {
    let data = std::env::var_os("KAIZEN_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    data.join("llm")
}

/// Reads one row.
///
/// # Errors
/// The file is missing or has another form.
pub fn read(folder: &Path, name: &'static str) -> Outcome<Row> {
    let file: File = serde_json::from_str(&fs::read_to_string(folder.join(format!("{name}.json")))?)?;
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    file.tasks.iter().for_each(|(_, category)| {
        numbers.insert(category, 0);
    });
    numbers.values_mut().enumerate().for_each(|(at, number)| *number = at);
    let categories = file
        .tasks
        .iter()
        .map(|(_, category)| numbers[category.as_str()])
        .collect();
    let (bases, edits): (Vec<&Arm>, Vec<&Arm>) = file.edits.iter().partition(|arm| arm.kind == "base");
    let base: Samples = bases.into_iter().flat_map(samples).collect();
    // The second run of a greedy baseline is only for the variation between runs.
    let before = if base.len() == 2 { mean(&base[..1]) } else { mean(&base) };
    let answers = |arm: &Arm| {
        let samples = samples(arm);
        let gain = 100.0 * (mean(&samples) - before);
        EditAnswers { samples, gain }
    };
    Ok(Row {
        name,
        categories,
        edits: edits.into_iter().map(answers).collect(),
        base,
    })
}

fn samples(arm: &Arm) -> Samples {
    let sample = |text: &String| text.bytes().map(|answer| answer == b'1').collect();
    arm.y.iter().map(sample).collect()
}

fn mean(samples: &[Vec<bool>]) -> f64 {
    let right = samples.iter().flatten().filter(|right| **right).count();
    right as f64 / samples.iter().map(Vec::len).sum::<usize>() as f64
}
