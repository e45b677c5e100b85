//! Benchmark of hashing files.
#![allow(clippy::disallowed_methods)] // a benchmark: files, processes, clocks

use std::fs::File;
use std::path::PathBuf;

use kaizen::Digest;

use crate::fixture::write;
use crate::measure::{Outcome, median, row, timed};

/// One large file, and many small ones.
pub fn hashing() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let large = folder.path().join("large");
    write(&large, &vec![7; 256 << 20])?;
    let whole = || -> Outcome<()> { Ok(Digest::of_reader(File::open(&large)?).map(|_| ())?) };
    row("hash one file of 256 MB", median(|| timed(whole))?);
    let small: Vec<PathBuf> = (0..2000).map(|at| folder.path().join(format!("{at}"))).collect();
    small.iter().try_for_each(|path| write(path, &[7; 2048]))?;
    let each = || {
        small
            .iter()
            .try_for_each(|path| -> Outcome<()> { Ok(Digest::of_reader(File::open(path)?).map(|_| ())?) })
    };
    row("hash 2,000 files of 2 kB", median(|| timed(each))?);
    Ok(())
}
