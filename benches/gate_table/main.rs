//! What the gate can see: edits of known effect and sessions of ten, beside the ancestor's rule, as a table in Markdown.
//!
//! `cargo bench --bench gate_table [-- --seeds N --only single|sessions]`. Tasks and examples are those of CLINC150, found
//! below `KAIZEN_DATA`; the student is the embedded one, at a temperature that makes it noisy. The same command prints
//! the same table, whatever the number of processors.
#![allow(clippy::disallowed_methods)] // a benchmark: files, the environment

mod data;
mod edits;
mod home;
mod luck;
mod put;
mod sessions;
mod single;
mod spread;
mod truth;
mod world;

use kaizen::gate::Preset;

use data::Data;
use put::Gate;
use spread::{Seeds, each};
use world::{Shape, World};

/// Errors are messages, so that they can come from any thread.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What makes the embedded student as noisy as the study's mixed student, v = 0.14.
const NOISY: f64 = 0.14;

/// Seeds of each figure, unless told otherwise.
const SEEDS: usize = 200;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("run `cargo bench --bench gate_table`");
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
        "{} seeds: {} worlds of 50 tasks, {} seeds of chance in each.\n",
        seeds.all(),
        seeds.worlds,
        seeds.chances
    );
    if wants("single") {
        let presets = [Preset::Default, Preset::Thrifty, Preset::Strict, Preset::Patient];
        let gates: Vec<Gate> = presets.map(Gate::Auto).into_iter().chain([Gate::Rule]).collect();
        single::single(&noisy, seeds, &gates)?;
    }
    if wants("sessions") {
        by_session(&data, &noisy, seeds)?;
    }
    Ok(())
}

fn by_session(data: &Data, noisy: &[World], seeds: Seeds) -> Outcome<()> {
    let [thrifty, default] = [Preset::Thrifty, Preset::Default].map(Gate::Auto);
    sessions::print_head();
    let title = "noisy, one agent";
    sessions::sessions(title, noisy, Shape::One, seeds, &[thrifty, default, Gate::Rule])?;
    for (shape, title) in [
        (Shape::Several, "deterministic, an agent a cluster"),
        (Shape::One, "deterministic, one agent"),
    ] {
        let worlds = worlds(data, seeds, shape, 0.0);
        sessions::sessions(title, &worlds, shape, seeds, &[default, Gate::Rule])?;
    }
    Ok(())
}

fn worlds(data: &Data, seeds: Seeds, shape: Shape, temperature: f64) -> Vec<World> {
    each(seeds.worlds, |number| {
        World::draw(data, number as u64, shape, temperature)
    })
}
