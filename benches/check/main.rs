//! Measures the verdicts of `kaizen check` on CLINC150: how often each change is called better, no worse or worse, and how
//! many attempts that takes. Prints a Markdown table.
//!
//! `cargo bench --bench check [-- --seeds N]`. The gate tasks are the 3,000 questions of `val.jsonl` in 15 categories of 200,
//! under `KAIZEN_DATA`; the agent has examples from `train.jsonl`. The student is the built-in one, at temperature 0 and at
//! one that makes it noisy. The same command always prints the same table.
#![allow(clippy::disallowed_methods, unreachable_pub)] // a benchmark: files, the environment

#[allow(dead_code)] // shared with the benchmark `gate_table`
#[path = "../gate_table/noisy_student.rs"]
mod noisy_student;
#[allow(dead_code)] // shared with the benchmark `gate_table`
#[path = "../gate_table/spread.rs"]
mod spread;
mod world;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kaizen::artifact::Task;
use kaizen::internals::{CheckOutcome, Evaluator, check_verdict};
use noisy_student::{Luck, Remembers};
use spread::each;
use world::{Change, World};

/// A result whose error can be sent between threads.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The temperature that makes the built-in student noisy: one run then has a variance of about 0.14.
const NOISY: f64 = 0.14;

/// Default number of seeds of a row.
const SEEDS: usize = 200;

/// The verdicts, in the order of the table.
const VERDICTS: [&str; 4] = ["better", "no worse", "worse", "cannot tell"];

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("run `cargo bench --bench check`");
        return Ok(());
    }
    let others = arguments.iter().skip(1).filter(|argument| !argument.starts_with("--"));
    let seeds = match arguments.iter().position(|argument| argument == "--seeds") {
        Some(at) => arguments.get(at + 1).map_or(Ok(SEEDS), |seeds| seeds.parse())?,
        // The name of another benchmark: `cargo bench -- search` runs this program too.
        None if others.count() > 0 => return Ok(()),
        None => SEEDS,
    };
    let folder = folder();
    if !folder.is_dir() {
        println!("skipped: there is no {}; set KAIZEN_DATA", folder.display());
        return Ok(());
    }
    let world = World::read(&folder)?;
    println!(
        "{} gate tasks in {} categories, {seeds} seeds a row.\n",
        world.tasks.len(),
        world.categories().len()
    );
    println!(
        "| student | change | {} | attempts, share of both arms |",
        VERDICTS.join(" | ")
    );
    println!("|---|---|---:|---:|---:|---:|---:|");
    for temperature in [0.0, NOISY] {
        for change in Change::ALL {
            row(&world, temperature, change, seeds);
        }
    }
    Ok(())
}

fn row(world: &World, temperature: f64, change: Change, seeds: usize) {
    let outcomes = each(seeds, |seed| outcome(world, temperature, change, seed as u64));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    outcomes
        .iter()
        .for_each(|one| *counts.entry(one.verdict).or_default() += 1);
    let attempts: usize = outcomes.iter().map(|one| one.attempts).sum();
    let share = attempts as f64 / (2 * world.tasks.len() * seeds) as f64;
    let counted = VERDICTS.map(|verdict| counts.get(verdict).copied().unwrap_or_default().to_string());
    println!(
        "| temperature {temperature} | {} | {} | {:.0} % |",
        change.name(),
        counted.join(" | "),
        100.0 * share
    );
}

fn outcome(world: &World, temperature: f64, change: Change, seed: u64) -> CheckOutcome {
    // As for a language model, each harness has random numbers of its own.
    let student = Luck::new(false);
    let (before, after) = world.pair(change, temperature, seed);
    let memo = Remembers::default();
    let score = |task: &Task, answer: &str| kaizen::internals::score(task, answer).map_err(|error| error.to_string());
    let evaluator = Evaluator {
        student: &student,
        memo: &memo,
        score: &score,
        seed,
        epoch: 0,
        concurrency: 1,
        progress: &|_, _| {},
        gauge: &Default::default(),
        halted: &|| None,
    };
    check_verdict(&evaluator, &before, &after, &world.tasks)
}

/// The folder of the files, under `KAIZEN_DATA`.
fn folder() -> PathBuf {
    let data = std::env::var_os("KAIZEN_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    data.join("tasks/intent/clinc150")
}
