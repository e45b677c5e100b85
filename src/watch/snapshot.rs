//! Snapshots of files: the state at the last check, and whether another program or person has written to a file since.
#![allow(clippy::disallowed_methods)] // edge: the file system, the clock

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::digest::Digest;
use crate::sys::disk;
use crate::sys::disk::Root;
use crate::trace::evidence::logged_database;

/// The largest file whose content is compared, in bytes; larger ones are compared by size and time only.
const LARGEST: u64 = 4 << 20;
/// The resolution of file times: a change within this time can leave the time as it was.
const GRAIN: Duration = Duration::from_secs(1);

/// The state of one file.
#[derive(Clone, Debug)]
struct FileSnapshot {
    length: u64,
    modified: Option<SystemTime>,
    node: u64,
    looked: SystemTime,
    digest: Option<Digest>,
}

impl FileSnapshot {
    /// Whether two snapshots agree without a look at the content.
    fn is_like(&self, other: &FileSnapshot) -> bool {
        (self.length, self.modified, self.node) == (other.length, other.modified, other.node)
    }

    /// Whether a change after the snapshot would have a different time, because the file's time is not that of the
    /// snapshot.
    fn is_settled(&self) -> bool {
        let is_apart = |time: SystemTime| time + GRAIN < self.looked || self.looked + GRAIN < time;
        self.modified.is_some_and(is_apart)
    }
}

/// The states of many files. Keys are `OsString`s, because comparing thousands of paths component by component is slow.
pub(crate) struct FileSnapshots {
    root: Root,
    seen: BTreeMap<OsString, FileSnapshot>,
}

impl FileSnapshots {
    /// Snapshots of no file yet. Files below `root` are read without following links.
    pub(crate) fn new(root: &Root) -> Self {
        Self {
            root: root.clone(),
            seen: BTreeMap::new(),
        }
    }

    /// Checks files again. Returns those that were written, created or removed by anything but this process.
    pub(crate) fn changed(&mut self, paths: impl IntoIterator<Item = PathBuf>) -> BTreeSet<PathBuf> {
        paths.into_iter().filter(|path| self.has_changed(path)).collect()
    }

    /// Checks all known and all given files.
    pub(crate) fn all_changed(&mut self, paths: impl IntoIterator<Item = PathBuf>) -> BTreeSet<PathBuf> {
        let given = paths.into_iter().map(PathBuf::into_os_string);
        let known: BTreeSet<OsString> = self.seen.keys().cloned().chain(given).collect();
        self.changed(known.into_iter().map(PathBuf::from))
    }

    /// Whether one of the paths is or was a folder, whose files are not listed one by one.
    pub(crate) fn is_about_folders(&self, paths: &BTreeSet<PathBuf>) -> bool {
        let held_files = |path: &PathBuf| {
            let below = path.join("").into_os_string();
            let after = self.seen.range::<OsString, _>(&below..).next();
            after.is_some_and(|(known, _)| known.as_encoded_bytes().starts_with(below.as_encoded_bytes()))
        };
        paths.iter().any(|path| path.is_dir() || held_files(path))
    }

    fn has_changed(&mut self, path: &Path) -> bool {
        let before = self.seen.get(path.as_os_str());
        let ours = disk::take_published(path);
        let Some(now) = look(&self.root, path, before) else {
            return self.seen.remove(path.as_os_str()).is_some();
        };
        let is_ours = ours.is_some() && ours == now.digest;
        let changed = !is_ours && before.is_none_or(|before| differs(before, &now));
        self.seen.insert(path.as_os_str().to_owned(), now);
        changed
    }
}

/// Whether a file changed. A rewritten file counts even with the same bytes, because its content may have differed in
/// between. So does a file that is not read and was written just before its last snapshot.
fn differs(before: &FileSnapshot, now: &FileSnapshot) -> bool {
    let is_sure = before.digest.is_some() || before.is_settled();
    !before.is_like(now) || before.digest != now.digest || !is_sure
}

/// Takes a snapshot of a file; `None` if there is no file. A file that is reached through a link is compared by size and
/// time only, and never read. A file that looks unchanged, and was old enough at the last snapshot, is not read again. An
/// empty write-ahead log counts as no file, because programs that only read a database create and remove it.
fn look(root: &Root, path: &Path, before: Option<&FileSnapshot>) -> Option<FileSnapshot> {
    let looked = SystemTime::now();
    let facts = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    if facts.len() == 0 && logged_database(path).is_some() {
        return None;
    }
    let now = FileSnapshot {
        length: facts.len(),
        modified: facts.modified().ok(),
        node: node(&facts),
        looked,
        digest: None,
    };
    let digest = match before.filter(|before| before.is_settled() && before.is_like(&now)) {
        Some(before) => before.digest,
        None if now.length > LARGEST || path.is_symlink() => None,
        None => bytes(root, path).map(|bytes| Digest::of_bytes(&bytes)),
    };
    Some(FileSnapshot { digest, ..now })
}

/// The bytes of a file. Files outside the workspace are files of git, or targets of approved links.
fn bytes(root: &Root, path: &Path) -> Option<Vec<u8>> {
    match path.starts_with(root) {
        true => root.read(path).ok().flatten(),
        false => fs::read(path).ok(),
    }
}

#[cfg(unix)]
fn node(facts: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(facts)
}

#[cfg(not(unix))]
fn node(_: &fs::Metadata) -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An operation of another program on a file.
    #[derive(Clone, Copy, Debug)]
    enum FileOp {
        Write(u8),
        Append(u8),
        Truncate,
        RenameOver(u8),
        Remove,
        Touch,
    }

    fn file_op() -> impl Strategy<Value = FileOp> {
        prop_oneof![
            (0..3_u8).prop_map(FileOp::Write),
            (0..3_u8).prop_map(FileOp::Append),
            Just(FileOp::Truncate),
            (0..3_u8).prop_map(FileOp::RenameOver),
            Just(FileOp::Remove),
            Just(FileOp::Touch),
        ]
    }

    fn apply(op: FileOp, path: &Path) {
        let new = path.with_extension("new");
        // An operation on a missing file changes nothing.
        let _ = match op {
            FileOp::Write(byte) => fs::write(path, [byte]),
            FileOp::Append(byte) => fs::write(path, [fs::read(path).unwrap_or_default(), vec![byte]].concat()),
            FileOp::Truncate => fs::write(path, ""),
            FileOp::RenameOver(byte) => fs::write(&new, [byte]).and_then(|()| fs::rename(&new, path)),
            FileOp::Remove => fs::remove_file(path),
            FileOp::Touch => fs::File::open(path).and_then(|file| file.set_modified(SystemTime::now())),
        };
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn whatever_differs_from_the_last_look_is_a_change(
            rounds in proptest::collection::vec(proptest::collection::vec((file_op(), 0..2_usize), 0..4), 1..6)
        ) {
            let folder = tempfile::tempdir().unwrap();
            let files = ["a", "b.db-wal"].map(|name| folder.path().join(name));
            let mut snapshots = FileSnapshots::new(&Root::open(folder.path()).unwrap());
            // An empty write-ahead log counts as no file.
            let content = |path: &PathBuf| {
                fs::read(path).ok().filter(|bytes| !bytes.is_empty() || !path.ends_with("b.db-wal"))
            };
            let mut before = files.each_ref().map(content);
            for round in rounds {
                round.iter().for_each(|(op, file)| apply(*op, &files[*file]));
                let changed = snapshots.all_changed(files.clone());
                let now = files.each_ref().map(content);
                for (file, path) in files.iter().enumerate() {
                    prop_assert!(changed.contains(path) || before[file] == now[file], "{}", path.display());
                    let is_touched = round.iter().any(|(_, other)| *other == file);
                    prop_assert!(is_touched || !changed.contains(path), "{}", path.display());
                }
                before = now;
            }
        }
    }

    #[test]
    fn what_others_write_is_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let path = folder.path().join("a");
        let mut snapshots = FileSnapshots::new(&root);
        let mut changed = || !snapshots.changed([path.clone()]).is_empty();
        assert!(!changed());
        fs::write(&path, "1").unwrap();
        assert!(changed() && !changed());
        // The same length, and possibly the same file time.
        fs::write(&path, "2").unwrap();
        assert!(changed());
        std::thread::sleep(Duration::from_millis(20));
        fs::write(&path, "other").unwrap();
        fs::write(&path, "2").unwrap();
        assert!(changed() && !changed(), "there and back again is a change");
        fs::remove_file(&path).unwrap();
        assert!(changed() && !changed());
        root.publish(&path, b"3").unwrap();
        assert!(!changed(), "our own");
        root.publish(&path, b"4").unwrap();
        fs::write(&path, "5").unwrap();
        assert!(changed(), "somebody else's after ours");
        fs::write(&path, "4").unwrap();
        assert!(changed(), "somebody else's, though it is what we wrote");
    }
}
