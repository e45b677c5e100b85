//! Benchmarks of kaizen's own cost: status, no-op runs, long histories, a session without a model, hashing, homes, redaction,
//! trace search, evaluation, students, watching, growth.
//!
//! `cargo bench` runs all of them, `cargo bench -- search` those with `search` in their name. Times are medians of five
//! runs in wall-clock time.
#![allow(clippy::disallowed_methods, unreachable_pub)] // a benchmark: files, processes, clocks

mod beside;
mod engines;
mod evaluation;
mod fifty_edits;
mod finished;
mod fixture;
mod hashing;
mod history;
mod homes;
mod measure;
mod redaction;
mod scaling;
mod search;
#[path = "../../tests/it/server.rs"]
mod server;
mod sessions;
mod students;
mod watching;

use std::ffi::OsStr;
use std::path::Path;

use measure::{Outcome, Part};

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let name = Path::new(&arguments[0]).file_name();
    if name == Some(OsStr::new("git")) {
        return fifty_edits::timed_git();
    }
    if arguments.get(1).is_some_and(|first| first == fifty_edits::ONE_SESSION) {
        return fifty_edits::one_session(Path::new(&arguments[2]));
    }
    if arguments.get(1).is_some_and(|first| first == finished::GENERATE) {
        return finished::finished(Path::new(&arguments[2]), arguments[3].parse()?);
    }
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("run `cargo bench`");
        return Ok(());
    }
    let wanted: Vec<&String> = arguments[1..].iter().filter(|name| !name.starts_with('-')).collect();
    let all: [(&str, Part); 12] = [
        ("sessions", sessions::sessions),
        ("history", history::history),
        ("fifty edits", fifty_edits::fifty_edits),
        ("beside others", beside::beside),
        ("hashing", hashing::hashing),
        ("homes", homes::homes),
        ("redaction", redaction::redaction),
        ("search", search::search),
        ("evaluation", evaluation::evaluation),
        ("students", students::students),
        ("watching", watching::watching),
        ("scaling", scaling::scaling),
    ];
    println!("{:<58} {:>11}", "median of 5", "time");
    for (name, bench) in all {
        if wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str())) {
            bench()?;
        }
    }
    Ok(())
}
