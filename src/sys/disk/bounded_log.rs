//! A log of limited size: lines are appended, and the older half is cut off when the log grows too large. It is for
//! viewers only, so nothing is synced, and a line may be lost.
#![allow(clippy::disallowed_methods)] // edge: the file system, the clock

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use cap_std::fs::{Dir, OpenOptions};

use super::OWN_FOLDER;
use super::error::{DiskError, failed};
use super::publish::create;
use super::root::Root;

/// How long to wait for another process that appends.
const PATIENCE: Duration = Duration::from_millis(100);
/// Delay between two attempts.
const STEP: Duration = Duration::from_millis(5);

impl Root {
    /// Appends a line to a log, and first cuts its older half off if it would become larger than `most` bytes. A reader
    /// sees the log before the cut or after it. The folder must exist.
    ///
    /// # Errors
    /// The log cannot be written, or another process keeps it locked.
    pub(crate) fn log_line(&self, path: &Path, line: &str, most: u64) -> Result<(), DiskError> {
        let relative = self.relative(path)?;
        let path = self.join(&relative);
        let error = failed("append to", &path);
        let Some((folder, name)) = self.parent(&relative)? else {
            return Err(error(ErrorKind::NotFound.into()));
        };
        let begun = Instant::now();
        loop {
            let mut options = OpenOptions::new();
            options.read(true).append(true).create(true);
            let gone = || failed("append to", &path)(ErrorKind::NotFound.into());
            let mut file = self.open_in(&folder, name, &relative, &options)?.ok_or_else(gone)?;
            match file.try_lock() {
                // Another process may have replaced the file before the lock was taken.
                Ok(()) if is_same(&folder, Path::new(name), &file) => {
                    let own = self.folder(Path::new(OWN_FOLDER))?;
                    return append(
                        own.as_ref().unwrap_or(&folder),
                        (&folder, Path::new(name)),
                        &mut file,
                        line,
                        most,
                    )
                    .map_err(error);
                }
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => std::thread::sleep(STEP),
                Err(TryLockError::Error(problem)) => return Err(error(problem)),
            }
            if begun.elapsed() > PATIENCE {
                return Err(error(ErrorKind::WouldBlock.into()));
            }
        }
    }

    /// Removes a file that nobody needs any more, without syncing.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(crate) fn forget(&self, path: &Path) -> Result<(), DiskError> {
        let relative = self.relative(path)?;
        match self.parent(&relative)? {
            Some((folder, name)) => folder
                .remove_file(name)
                .map_err(failed("remove", &self.join(&relative))),
            None => Ok(()),
        }
    }
}

#[cfg(unix)]
fn is_same(folder: &Dir, name: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    use cap_std::fs::MetadataExt;
    match (folder.symlink_metadata(name), file.metadata()) {
        (Ok(there), Ok(here)) => (there.dev(), there.ino()) == (here.dev(), here.ino()),
        _ => false,
    }
}

/// On other systems, an open file cannot be replaced.
#[cfg(not(unix))]
fn is_same(_: &Dir, _: &Path, _: &File) -> bool {
    true
}

fn append(
    temporary: &Dir,
    (folder, name): (&Dir, &Path),
    file: &mut File,
    line: &str,
    most: u64,
) -> std::io::Result<()> {
    let length = file.metadata()?.len();
    // The line ends what a killed process left of another one.
    let mut text = format!("{line}\n").into_bytes();
    if length + text.len() as u64 <= most {
        if length > 0 && !ends_in_a_line(file, length)? {
            text.insert(0, b'\n');
        }
        return file.write_all(&text);
    }
    let mut bytes = Vec::new();
    file.take(most.max(length)).read_to_end(&mut bytes)?;
    let mut kept = newer_half(&bytes, most as usize).to_vec();
    if kept.last().is_some_and(|last| *last != b'\n') {
        kept.push(b'\n');
    }
    kept.append(&mut text);
    let (draft, mut new) = create(temporary)?;
    let replaced = new
        .write_all(&kept)
        .and_then(|()| temporary.rename(&draft, folder, name));
    if replaced.is_err() {
        let _ = temporary.remove_file(&draft);
    }
    replaced
}

fn ends_in_a_line(file: &mut File, length: u64) -> std::io::Result<bool> {
    use std::io::{Seek, SeekFrom};
    file.seek(SeekFrom::Start(length - 1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// The last lines of a log, at most half of `most` bytes.
fn newer_half(bytes: &[u8], most: usize) -> &[u8] {
    let rest = &bytes[bytes.len().saturating_sub(most / 2)..];
    match rest.iter().position(|byte| *byte == b'\n') {
        Some(end) => &rest[end + 1..],
        None => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(OWN_FOLDER)).unwrap();
        let root = Root::open(folder.path()).unwrap();
        (folder, root)
    }

    #[test]
    fn a_log_keeps_its_newest_whole_lines_and_never_outgrows_its_limit() {
        let (_folder, root) = root();
        let path = Path::new(".kaizen/log");
        for number in 0..500 {
            root.log_line(path, &format!("line {number:03}"), 200).unwrap();
            let text = root.read_text(path).unwrap().unwrap();
            assert!(text.len() <= 200, "{}", text.len());
            let lines: Vec<usize> = text.lines().map(|line| line[5..].parse().unwrap()).collect();
            assert_eq!(lines.last(), Some(&number));
            assert!(lines.windows(2).all(|two| two[0] + 1 == two[1]), "{text}");
            assert!(number < 20 || lines.len() >= 10, "half of it stays: {text}");
        }
        assert_eq!(root.listed(OWN_FOLDER).unwrap(), ["log"], "no temporary file stays");
    }

    #[test]
    fn a_line_that_was_cut_off_stays_alone_and_a_huge_one_does_no_harm() {
        let (folder, root) = root();
        let path = Path::new(".kaizen/log");
        std::fs::write(folder.path().join(path), "one\ncut o").unwrap();
        root.log_line(path, "two", 200).unwrap();
        assert_eq!(root.read_text(path).unwrap().unwrap(), "one\ncut o\ntwo\n");
        std::fs::write(folder.path().join(path), "x".repeat(1000)).unwrap();
        root.log_line(path, "three", 200).unwrap();
        assert_eq!(root.read_text(path).unwrap().unwrap(), "three\n");
    }

    #[test]
    fn processes_that_append_at_once_lose_no_line_to_a_cut() {
        let (_folder, root) = root();
        std::thread::scope(|scope| {
            for name in ["a", "b"] {
                let root = &root;
                scope.spawn(move || {
                    for number in 0..200 {
                        root.log_line(Path::new(".kaizen/log"), &format!("{name}{number:03}"), 4000)
                            .unwrap();
                    }
                });
            }
        });
        let text = root.read_text(".kaizen/log").unwrap().unwrap();
        for name in ["a", "b"] {
            let numbers: Vec<usize> = text
                .lines()
                .filter_map(|line| line.strip_prefix(name)?.parse().ok())
                .collect();
            assert_eq!(numbers.last(), Some(&199));
            assert!(numbers.windows(2).all(|two| two[0] + 1 == two[1]), "{numbers:?}");
        }
    }

    #[test]
    fn what_cannot_be_written_is_an_error_and_nothing_else() {
        let (folder, root) = root();
        std::fs::create_dir(folder.path().join(".kaizen/log")).unwrap();
        assert!(root.log_line(Path::new(".kaizen/log"), "x", 200).is_err());
        assert!(root.log_line(Path::new("no/log"), "x", 200).is_err());
        let locked = std::fs::File::create(folder.path().join(".kaizen/held")).unwrap();
        locked.lock().unwrap();
        assert!(
            root.log_line(Path::new(".kaizen/held"), "x", 200).is_err(),
            "it waits, but not for ever"
        );
    }
}
