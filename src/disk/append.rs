//! Append: whole lines at the end of a file that only grows.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::{DiskError, effect, failed};

/// Appends whole lines in one write under the file's lock, so that lines of two processes do not mix. The folder must exist:
/// it is not made anew when somebody took it away.
///
/// # Errors
/// The file cannot be written.
pub fn append(path: &Path, lines: &str) -> Result<(), DiskError> {
    effect("append");
    let open = OpenOptions::new().read(true).append(true).create(true).open(path);
    let written = open.and_then(|mut file| {
        file.lock()?;
        // A line that a crash cut off must not take the next one with it.
        let break_first = if ends_in_a_line(&mut file)? { "" } else { "\n" };
        file.write_all(format!("{break_first}{lines}").as_bytes())
    });
    written.map_err(failed("append to", path))
}

fn ends_in_a_line(file: &mut File) -> std::io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_cut_off_stays_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        append(&path, "one\n").unwrap();
        append(&path, "cut o").unwrap();
        append(&path, "two\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ncut o\ntwo\n");
        assert!(
            append(&folder.path().join("no/log"), "x").is_err(),
            "the folder is not made anew"
        );
    }
}
