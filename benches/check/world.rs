//! The gate tasks, and pairs of agents: the one before a change and the one after it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use kaizen::artifact::{Attempt, Task};
use kaizen::internals::shuffled;
use kaizen::{Draw, Harness, Student};
use serde::Deserialize;
use serde_json::json;

use crate::Outcome;
use crate::noisy_student::Luck;

/// The number of categories, each with as many intents.
const CATEGORIES: usize = 15;

/// The number of examples of an agent.
const EXAMPLES: usize = 1_500;

/// A question and its intent.
#[derive(Clone, Debug, Deserialize)]
struct Row {
    query: String,
    reference_answer: String,
}

/// What a change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// No request differs.
    Nothing,
    /// Every request differs, and no answer becomes more or less likely.
    Harmless,
    /// Some examples are exchanged for others of the same intents: some answers get better, as many get worse.
    Exchange,
    /// One category falls by at least 10 points.
    OneCategory,
    /// Every category falls by about 3 points.
    Everywhere,
}

impl Change {
    /// All changes.
    pub const ALL: [Self; 5] = [
        Self::Nothing,
        Self::Harmless,
        Self::Exchange,
        Self::OneCategory,
        Self::Everywhere,
    ];

    /// The name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "no changed request",
            Self::Harmless => "harmless, changed requests",
            Self::Exchange => "harmless, examples exchanged",
            Self::OneCategory => "-10 points in one category",
            Self::Everywhere => "-3 points everywhere",
        }
    }
}

/// The tasks and the examples.
pub struct World {
    /// The gate tasks.
    pub tasks: Vec<Task>,
    rows: Vec<Row>,
    category: BTreeMap<String, String>,
}

impl World {
    /// Reads both files. Out-of-scope questions have no intent and are left out.
    pub fn read(folder: &Path) -> Outcome<Self> {
        let train = fs::read_to_string(folder.join("train.jsonl"))?;
        let rows: Vec<Row> = train.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let rows: Vec<Row> = rows.into_iter().filter(|row| row.reference_answer != "oos").collect();
        let mut intents: Vec<&str> = Vec::new();
        for row in &rows {
            if !intents.contains(&row.reference_answer.as_str()) {
                intents.push(&row.reference_answer);
            }
        }
        let size = intents.len().div_ceil(CATEGORIES);
        let category = intents.iter().enumerate();
        let category: BTreeMap<String, String> = category
            .map(|(at, intent)| ((*intent).to_owned(), format!("group {:02}", at / size)))
            .collect();
        let mut tasks = Vec::new();
        for line in fs::read_to_string(folder.join("val.jsonl"))?.lines() {
            let task: Task = serde_json::from_str(line)?;
            if let Some(group) = category.get(task.reference_answer.as_str()) {
                tasks.push(Task {
                    category: group.clone(),
                    agent: Some("clerk".to_owned()),
                    ..task
                });
            }
        }
        Ok(Self { tasks, rows, category })
    }

    /// The names of the categories.
    pub fn categories(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.category.values().map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The agents before and after a change. The seed chooses their examples.
    pub fn pair(&self, change: Change, temperature: f64, seed: u64) -> (Harness, Harness) {
        let drawn = shuffled(&self.rows, seed, 1, 0);
        let (own, rest) = drawn.split_at(EXAMPLES);
        let before = agent(own, temperature);
        let after = match change {
            Change::Nothing => before.clone(),
            Change::Harmless => {
                // No question has such words, so no answer changes.
                let odd = Row {
                    query: "xyzzy plugh frobnitz".to_owned(),
                    reference_answer: "nothing".to_owned(),
                };
                agent(&[own, &[odd]].concat(), temperature)
            }
            Change::Exchange => agent(&exchanged(own, rest), temperature),
            Change::OneCategory => {
                let names = self.categories();
                self.fallen(own, temperature, names[seed as usize % names.len()])
            }
            Change::Everywhere => agent(&self.spoilt(own, 0.03 * DAMAGE, |_| true), temperature),
        };
        (before, after)
    }

    /// The agent with the fewest spoilt examples after which the score of a category is 10 points lower.
    fn fallen(&self, own: &[Row], temperature: f64, chosen: &str) -> Harness {
        let spoilt = |step: u32| {
            let share = f64::from(step) / f64::from(STEPS);
            agent(&self.spoilt(own, share, |name| name == chosen), temperature)
        };
        let runs = if temperature > 0.0 { RUNS } else { 1 };
        let aim = self.score(&spoilt(0), chosen, runs) - 0.10;
        let (mut low, mut high) = (0, STEPS);
        while high - low > 1 {
            let middle = low.midpoint(high);
            match self.score(&spoilt(middle), chosen, runs) <= aim {
                true => high = middle,
                false => low = middle,
            }
        }
        spoilt(high)
    }

    /// The score in a category, as the mean of some runs.
    fn score(&self, harness: &Harness, category: &str, runs: u64) -> f64 {
        let student = Luck::new(false).prepare(harness);
        let tasks = self.tasks.iter().filter(|task| task.category == category);
        let correct = |task: &Task, seed: u64| {
            let attempt = student.attempt(task, Draw::first(seed));
            matches!(attempt, Attempt::Answered { answer, .. } if *answer == *task.reference_answer.as_str())
        };
        let scores = tasks.flat_map(|task| (0..runs).map(move |seed| (task, seed)));
        let scores: Vec<bool> = scores.map(|(task, seed)| correct(task, seed)).collect();
        scores.iter().filter(|correct| **correct).count() as f64 / scores.len() as f64
    }

    /// The examples, of which a share in some categories has an answer that no task has.
    fn spoilt(&self, own: &[Row], share: f64, of: impl Fn(&str) -> bool) -> Vec<Row> {
        let mut left: BTreeMap<&str, f64> = BTreeMap::new();
        let spoil = |row: &Row| {
            let name = self.category.get(&row.reference_answer).map_or("", String::as_str);
            if !of(name) {
                return row.clone();
            }
            // Each example takes its share of the damage, so that all intents of the category fall alike.
            let owed = left.entry(name).or_insert(0.0);
            *owed += share;
            match *owed >= 1.0 {
                true => {
                    *owed -= 1.0;
                    Row {
                        reference_answer: "spoilt".to_owned(),
                        ..row.clone()
                    }
                }
                false => row.clone(),
            }
        };
        own.iter().map(spoil).collect()
    }
}

/// The steps in which the share of spoilt examples is searched.
const STEPS: u32 = 64;

/// The runs by which the score of a noisy agent is measured in the search.
const RUNS: u64 = 16;

/// How many times its share of points the share of spoilt examples is: measured, because one example of several decides.
const DAMAGE: f64 = 1.6;

/// The examples with a part of them exchanged for others of the same intents.
fn exchanged(own: &[Row], rest: &[Row]) -> Vec<Row> {
    let mut rest: Vec<&Row> = rest.iter().collect();
    let exchange = |(at, row): (usize, &Row)| {
        let other = rest
            .iter()
            .position(|other| other.reference_answer == row.reference_answer);
        match other.filter(|_| at.is_multiple_of(10)) {
            Some(other) => rest.remove(other).clone(),
            None => row.clone(),
        }
    };
    own.iter().enumerate().map(exchange).collect()
}

fn agent(rows: &[Row], temperature: f64) -> Harness {
    let shots: Vec<_> = rows
        .iter()
        .map(|row| json!({"input": row.query, "output": row.reference_answer}))
        .collect();
    let config = format!(
        "[agent.clerk]\nmax_turns = 10\n[intelligence]\ndefault_model = \"base\"\n\
         [models.base]\nweighting = \"binary\"\nk = 5\ntemperature = {temperature:?}\n"
    );
    Harness::default()
        .with("config.toml", config)
        .with("agents/clerk/few_shot.json", json!(shots).to_string())
        .with("agents/clerk/system_prompt.md", "You name the intent.\n")
}
