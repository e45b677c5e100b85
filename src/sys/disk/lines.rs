//! Lines of text files: appends whole lines, and reads lines of limited length.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::fs::File;
use std::io::{self, BufRead, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

use cap_std::fs::OpenOptions;

use super::effect;
use super::error::{DiskError, failed};
use super::root::{LARGEST_ARTIFACT, Root};

/// The byte order mark with which some programs start UTF-8 text.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Root {
    /// Appends whole lines in one write under the file's lock, so that lines of two processes do not mix. The folder
    /// must exist and is not created, because it may have been removed on purpose.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn append(&self, path: impl AsRef<Path>, lines: &str) -> Result<(), DiskError> {
        let path = path.as_ref();
        effect("append");
        let mut file = self.open_for_lines(path)?;
        write(&mut file, lines).map_err(failed("append to", &self.join(path)))
    }

    /// Like [`Self::append`], but only if `is_due` accepts the present text. The check runs under the lock, so that
    /// only one of two processes writes the same line. Returns whether it was written.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub(crate) fn append_if(
        &self,
        path: impl AsRef<Path>,
        lines: &str,
        is_due: &dyn Fn(&str) -> bool,
    ) -> Result<bool, DiskError> {
        let path = path.as_ref();
        let mut file = self.open_for_lines(path)?;
        let mut work = || {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            let due = is_due(&String::from_utf8_lossy(&bytes));
            if due {
                effect("append");
                write(&mut file, lines)?;
            }
            Ok(due)
        };
        work().map_err(failed("append to", &self.join(path)))
    }

    fn open_for_lines(&self, path: &Path) -> Result<File, DiskError> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        let missing = || failed("append to", &self.join(path))(ErrorKind::NotFound.into());
        let file = self.open_plain(&self.relative(path)?, &options)?.ok_or_else(missing)?;
        file.lock().map_err(failed("lock", &self.join(path)))?;
        Ok(file)
    }
}

fn write(file: &mut File, lines: &str) -> std::io::Result<()> {
    // Start a new line if a crash truncated the last one.
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

/// Reads the next line, with its ending, into `line`, replacing its content. Returns the number of bytes read: 0 at the
/// end of the file, and [`LARGEST_ARTIFACT`] + 1 if the line is longer than [`LARGEST_ARTIFACT`].
///
/// # Errors
/// The reader fails.
pub(crate) fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<u64> {
    line.clear();
    let length = reader.take(LARGEST_ARTIFACT + 1).read_until(b'\n', line)?;
    Ok(length as u64)
}

/// The bytes without a leading byte order mark.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

/// Removes a leading byte order mark.
pub(crate) fn remove_mark(bytes: &mut Vec<u8>) {
    let mark = bytes.len() - without_mark(bytes).len();
    bytes.drain(..mark);
}

/// Whether text begins as UTF-16 does: with its byte order mark, or with two ASCII characters, which have zeros.
pub(crate) fn is_utf16(bytes: &[u8]) -> bool {
    const ASCII: std::ops::RangeInclusive<u8> = 1..=0x7f;
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
        [one, 0, two, 0, ..] | [0, one, 0, two, ..] => ASCII.contains(one) && ASCII.contains(two),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_text_and_utf16_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let read = |bytes: &[u8]| {
            std::fs::write(folder.path().join("a.md"), bytes).unwrap();
            root.read_text("a.md").map_err(|error| error.to_string())
        };
        assert_eq!(read(b"\xef\xbb\xbfa\xef\xbb\xbf\n"), Ok(Some("a\u{feff}\n".to_owned())));
        for utf16 in [&b"\xff\xfea\0"[..], b"\xfe\xff\0a"] {
            let error = read(utf16).unwrap_err();
            assert!(error.ends_with("a.md is UTF-16 text; save it as UTF-8"), "{error}");
        }
        assert!(read(b"a\xff").unwrap_err().contains("the first invalid byte is byte 1"));
    }

    #[test]
    fn a_line_that_was_cut_off_stays_alone() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let text = || root.read_text("log.jsonl").unwrap().unwrap();
        root.append("log.jsonl", "one\n").unwrap();
        root.append("log.jsonl", "cut o").unwrap();
        root.append("log.jsonl", "two\n").unwrap();
        assert_eq!(text(), "one\ncut o\ntwo\n");
        let twice = |text: &str| !text.contains("three");
        assert!(root.append_if("log.jsonl", "three\n", &twice).unwrap());
        assert!(!root.append_if("log.jsonl", "three\n", &twice).unwrap());
        assert_eq!(text(), "one\ncut o\ntwo\nthree\n");
        assert!(root.append("no/log", "x").is_err(), "the folder is not created again");
    }
}
