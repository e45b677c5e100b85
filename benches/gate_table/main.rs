//! Measures what the gate detects: single edits of known effect, and sessions of ten edits, compared with the
//! rule of OpenJarvis. Prints Markdown tables.
//!
//! `cargo bench --bench gate_table [-- --seeds N --only single|sessions]`. Tasks and examples come from CLINC150 under
//! `KAIZEN_DATA`; the student is the built-in one, at a temperature that makes it noisy. The same command always prints
//! the same table, on any number of processors.
#![allow(clippy::disallowed_methods, unreachable_pub)] // a benchmark: files, the environment

mod apply;
mod data;
mod edits;
mod ground_truth;
mod noisy_student;
mod sessions;
mod single_edit;
mod spread;
mod workspace;
mod world;

use apply::Gate;
use data::Data;
use kaizen::internals::Preset;
use sessions::Sitting;
use spread::{Seeds, each};
use world::{Shape, World};

/// A result whose error can be sent between threads.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The temperature that makes the built-in student noisy: one run then has a variance of about 0.14.
const NOISY: f64 = 0.14;

/// Default number of seeds per figure.
const SEEDS: usize = 200;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("run `cargo bench --bench gate_table`");
        return Ok(());
    }
    if is_for_another(&arguments) {
        return Ok(());
    }
    let folder = data::folder();
    if !folder.is_dir() {
        println!("skipped: there is no {}; set KAIZEN_DATA", folder.display());
        return Ok(());
    }
    let after = |name: &str| {
        arguments
            .iter()
            .position(|one| one == name)
            .and_then(|at| arguments.get(at + 1))
    };
    let seeds = Seeds::of(after("--seeds").map_or(Ok(SEEDS), |seeds| seeds.parse())?);
    let only = after("--only").map(String::as_str);
    let data = data::read(&folder)?;
    let wants = |part: &str| only.is_none_or(|only| only == part);
    let noisy = worlds(&data, seeds, Shape::One, NOISY);
    println!(
        "{} seeds: {} worlds of 50 tasks, {} random seeds in each.\n",
        seeds.all(),
        seeds.worlds,
        seeds.chances
    );
    if wants("single") {
        let presets = [Preset::Default, Preset::Thrifty, Preset::Strict];
        let gates: Vec<Gate> = presets.map(Gate::Auto).into_iter().chain([Gate::Rule]).collect();
        single_edit::single(&noisy, seeds, &gates)?;
    }
    if wants("sessions") {
        by_session(&data, &noisy, seeds)?;
    }
    Ok(())
}

/// Whether the arguments name other benchmarks only: `cargo bench -- search` runs this program too.
fn is_for_another(arguments: &[String]) -> bool {
    let is_value = |at: usize| at > 0 && ["--seeds", "--only"].contains(&arguments[at - 1].as_str());
    let named = |at: &usize| !arguments[*at].starts_with('-') && !is_value(*at);
    let mut names = (1..arguments.len()).filter(named).peekable();
    names.peek().is_some() && !names.any(|at| "gate_table".contains(arguments[at].as_str()))
}

fn by_session(data: &Data, noisy: &[World], seeds: Seeds) -> Outcome<()> {
    let [thrifty, default] = [Preset::Thrifty, Preset::Default].map(Gate::Auto);
    let several = worlds(data, seeds, Shape::Several, NOISY);
    let [still_one, still_several] = [Shape::One, Shape::Several].map(|shape| worlds(data, seeds, shape, 0.0));
    let one = Sitting {
        title: "noisy, one agent",
        worlds: noisy,
        shape: Shape::One,
        shared: false,
        gates: &[thrifty, default, Gate::Rule],
    };
    let each_its_own = Sitting {
        title: "noisy, one agent per cluster",
        worlds: &several,
        shape: Shape::Several,
        gates: &[thrifty, default],
        ..one
    };
    let one_shared = Sitting {
        title: "noisy, shared seed, one agent",
        shared: true,
        gates: &[thrifty, default],
        ..one
    };
    let each_shared = Sitting {
        title: "noisy, shared seed, one agent per cluster",
        shared: true,
        ..each_its_own
    };
    sessions::print_head();
    for sitting in [one, each_its_own, one_shared, each_shared] {
        sessions::sessions(&sitting, seeds)?;
    }
    for (title, worlds, like) in [
        ("deterministic, one agent per cluster", &still_several, each_shared),
        ("deterministic, one agent", &still_one, one_shared),
    ] {
        let gates = &[default, Gate::Rule];
        sessions::sessions(
            &Sitting {
                title,
                worlds,
                gates,
                ..like
            },
            seeds,
        )?;
    }
    Ok(())
}

fn worlds(data: &Data, seeds: Seeds, shape: Shape, temperature: f64) -> Vec<World> {
    each(seeds.worlds, |number| {
        World::draw(data, number as u64, shape, temperature)
    })
}
