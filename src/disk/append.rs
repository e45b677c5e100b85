//! Append: whole lines at the end of a file that only grows.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use super::{DiskError, effect, failed};

/// Appends text in one write, so that lines of two processes do not mix. The folder must exist: it is not made anew when
/// somebody took it away.
///
/// # Errors
/// The file cannot be written.
pub fn append(path: &Path, text: &str) -> Result<(), DiskError> {
    effect("append");
    let open = OpenOptions::new().append(true).create(true).open(path);
    let written = open.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(failed("append to", path))
}
