//! Measures wall-clock times and prints medians as rows.
#![allow(clippy::disallowed_methods)] // a benchmark: files, processes, clocks

use std::error::Error;
use std::time::{Duration, Instant};

/// The result of a measurement.
pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// One group of measurements.
pub type Part = fn() -> Outcome<()>;

/// Number of runs per measurement.
pub const RUNS: usize = 5;

/// The median of five runs.
pub fn median(mut run: impl FnMut() -> Outcome<Duration>) -> Outcome<Duration> {
    let mut times = (0..RUNS).map(|_| run()).collect::<Outcome<Vec<_>>>()?;
    times.sort();
    Ok(times[RUNS / 2])
}

/// The time that the work takes.
pub fn timed(work: impl FnOnce() -> Outcome<()>) -> Outcome<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

/// Prints a row.
pub fn row(what: &str, time: Duration) {
    println!("{what:<58} {:>8.1} ms", time.as_secs_f64() * 1e3);
}
