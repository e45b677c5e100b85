//! Stat data of files and folders, by which content that did not change is recognised without reading it, as git's index
//! does.
#![allow(clippy::disallowed_methods)] // edge: the file system, and the clock by which it stamps files

use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::root::Root;

/// Nanoseconds in a second.
const SECOND: i64 = 1_000_000_000;

/// Size, time of the last change of the content, time of the last change of anything, and number of a file.
///
/// No program can set the time of the last change of anything, so equal stamps mean the same bytes, unless the file changed
/// twice within one tick of the file system's clock. [`FileStamp::is_calm`] excludes that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[i64; 4]", into = "[i64; 4]")]
pub(crate) struct FileStamp {
    size: i64,
    modified: i64,
    changed: i64,
    number: i64,
}

impl From<[i64; 4]> for FileStamp {
    fn from([size, modified, changed, number]: [i64; 4]) -> Self {
        Self {
            size,
            modified,
            changed,
            number,
        }
    }
}

impl From<FileStamp> for [i64; 4] {
    fn from(stamp: FileStamp) -> Self {
        [stamp.size, stamp.modified, stamp.changed, stamp.number]
    }
}

/// A moment, as file systems stamp their files, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StampTime(i64);

impl StampTime {
    /// The present moment.
    pub(crate) fn now() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self(since.map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)))
    }
}

impl FileStamp {
    /// The stamp of a plain file outside of a workspace, such as git's index. `None` if the file does not exist, or the
    /// system does not say.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let folder = Root::open(path.parent()?).ok()?;
        folder.stamp(path.file_name()?.to_str()?)
    }

    /// Whether the last change is so long ago that another one after `now` gets another stamp: a second, or more if the
    /// file system counts only whole or double seconds.
    pub(crate) fn is_calm(&self, now: StampTime) -> bool {
        let last = self.modified.max(self.changed);
        let margin = if last % SECOND == 0 { 3 * SECOND } else { SECOND };
        last < now.0 - margin
    }
}

impl Root {
    /// The stamp of a plain file, or of a folder if the path ends with `/`. `None` if there is no such file or folder, or
    /// the system does not say. The path is relative to this folder; links in its folders are followed, so it shows only
    /// whether something changed.
    pub(crate) fn stamp(&self, path: &str) -> Option<FileStamp> {
        let is_folder = path.ends_with('/');
        self.stamp_of(path.trim_end_matches('/'), is_folder)
    }

    #[cfg(unix)]
    fn stamp_of(&self, path: &str, is_folder: bool) -> Option<FileStamp> {
        use rustix::fs::{AtFlags, FileType, statat};
        let facts = statat(self.dir(), path, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        let wanted = if is_folder {
            FileType::Directory
        } else {
            FileType::RegularFile
        };
        // The types of the fields differ between systems.
        #[allow(clippy::unnecessary_cast)]
        (FileType::from_raw_mode(facts.st_mode as _) == wanted).then(|| FileStamp {
            size: facts.st_size as i64,
            modified: nanoseconds(facts.st_mtime as i64, facts.st_mtime_nsec as i64),
            changed: nanoseconds(facts.st_ctime as i64, facts.st_ctime_nsec as i64),
            number: facts.st_ino as i64,
        })
    }

    #[cfg(not(unix))]
    fn stamp_of(&self, path: &str, is_folder: bool) -> Option<FileStamp> {
        let facts = std::fs::symlink_metadata(self.join(path)).ok()?;
        let since = |time: std::io::Result<SystemTime>| {
            let since = time.ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
            i64::try_from(since.as_nanos()).ok()
        };
        let kind = facts.file_type();
        let is_wanted = if is_folder { kind.is_dir() } else { kind.is_file() };
        is_wanted.then_some(FileStamp {
            size: facts.len() as i64,
            modified: since(facts.modified())?,
            changed: since(facts.created())?,
            number: 0,
        })
    }

    /// The stamps of a folder and of everything below it, by path relative to the folder; folders end with `/`, and the
    /// folder itself is the empty path. `None` if anything there is neither a plain file nor a folder, or cannot be listed.
    pub(crate) fn stamps_below(&self, folder: &str) -> Option<Vec<(String, FileStamp)>> {
        let mut found = vec![(String::new(), self.stamp(&format!("{folder}/"))?)];
        let mut open = vec![String::new()];
        while let Some(inner) = open.pop() {
            for (name, kind) in self.entries(&Path::new(folder).join(&inner)).ok()? {
                let slash = if kind.is_dir() { "/" } else { "" };
                let path = format!("{inner}{name}{slash}");
                found.push((path.clone(), self.stamp(&format!("{folder}/{path}"))?));
                open.extend(kind.is_dir().then_some(path));
            }
        }
        Some(found)
    }
}

#[cfg(unix)]
fn nanoseconds(seconds: i64, rest: i64) -> i64 {
    seconds.saturating_mul(SECOND).saturating_add(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_just_now_may_change_again_unseen() {
        let at = |last: i64| FileStamp {
            modified: last,
            ..FileStamp::default()
        };
        let now = StampTime(100 * SECOND);
        for (last, expected) in [
            (98 * SECOND + 1, true),
            (99 * SECOND - 1, true),
            (99 * SECOND + 1, false),
            (98 * SECOND, false),
            (97 * SECOND, false),
            (96 * SECOND, true),
            (101 * SECOND + 1, false),
        ] {
            assert_eq!(at(last).is_calm(now), expected, "{last}");
        }
        let changed = FileStamp {
            changed: 99 * SECOND + 1,
            ..at(1)
        };
        assert!(!changed.is_calm(now));
    }

    #[test]
    fn every_way_to_change_a_file_changes_a_stamp_below_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let path = folder.path().join("s/inner/file");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "one").unwrap();
        let stamps = || root.stamps_below("s").unwrap();
        let paths: Vec<String> = stamps().into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["", "inner/", "inner/file"]);
        // Longer than a tick of the file system's clock.
        let tick = || std::thread::sleep(std::time::Duration::from_millis(20));
        let changes: [&dyn Fn(); 4] = [
            &|| std::fs::write(&path, "two").unwrap(),
            &|| std::fs::write(path.with_file_name("other"), "").unwrap(),
            &|| std::fs::rename(path.with_file_name("other"), &path).unwrap(),
            &|| std::fs::remove_file(&path).unwrap(),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let before = stamps();
            tick();
            change();
            assert_ne!(before, stamps(), "{number}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_have_no_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        std::fs::create_dir(folder.path().join("s")).unwrap();
        assert!(root.stamp("s/").is_some() && root.stamp("s").is_none() && root.stamp("gone").is_none());
        std::os::unix::fs::symlink("nowhere", folder.path().join("s/link")).unwrap();
        assert_eq!(root.stamps_below("s"), None);
    }
}
