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
    let written = open(path).and_then(|mut file| write(&mut file, lines));
    written.map_err(failed("append to", path))
}

/// The same, unless what stands in the file says that it is not due; asked under the lock, so that of two processes
/// with the same line one writes it. Tells whether it was written.
///
/// # Errors
/// The file cannot be read or written.
pub fn append_if(path: &Path, lines: &str, is_due: &dyn Fn(&str) -> bool) -> Result<bool, DiskError> {
    let written = open(path).and_then(|mut file| {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let due = is_due(&String::from_utf8_lossy(&bytes));
        if due {
            effect("append");
            write(&mut file, lines)?;
        }
        Ok(due)
    });
    written.map_err(failed("append to", path))
}

fn open(path: &Path) -> std::io::Result<File> {
    let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    file.lock()?;
    Ok(file)
}

fn write(file: &mut File, lines: &str) -> std::io::Result<()> {
    // A line that a crash cut off must not take the next one with it.
    let break_first = if ends_in_a_line(file)? { "" } else { "\n" };
    file.write_all(format!("{break_first}{lines}").as_bytes())
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
        let twice = |text: &str| !text.contains("three");
        assert!(append_if(&path, "three\n", &twice).unwrap());
        assert!(!append_if(&path, "three\n", &twice).unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ncut o\ntwo\nthree\n");
        assert!(
            append(&folder.path().join("no/log"), "x").is_err(),
            "the folder is not made anew"
        );
    }
}
