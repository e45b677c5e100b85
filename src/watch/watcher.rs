//! The bell: events of the file system, collected until each file is quiet. They only ring: what is to be done is
//! computed from the files, and a rescan covers whatever did not ring.
#![allow(clippy::disallowed_methods)] // edge: the file system, the clock

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// What rang.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChangeBatch {
    /// Files and folders that may have changed and are quiet now.
    pub paths: BTreeSet<PathBuf>,
    /// Everything is to be looked at: it is time, or events were lost.
    pub all: bool,
}

/// The file system cannot be watched.
#[derive(Debug, thiserror::Error)]
#[error("cannot watch {}: {problem}", path.display())]
pub(crate) struct WatcherError {
    path: PathBuf,
    problem: String,
}

enum WatcherMessage {
    Paths(Vec<PathBuf>),
    Lost,
}

// `notify-debouncer-full` 0.7 cannot replace this. It delays each event by its timeout but does not wait until a file is
// quiet: it reports a file that is still being written. It does not watch a folder again that another folder replaced (on
// Linux it keeps no inodes), cannot change its timeout while it watches, and wakes up four times per timeout.

/// A bell.
pub(crate) struct FileWatcher {
    messages: Receiver<WatcherMessage>,
    // Without a watcher nobody would hold the sending end, and waiting would not wait.
    _sender: Sender<WatcherMessage>,
    watcher: Option<RecommendedWatcher>,
    /// Keys are compared as bytes: paths are compared part by part, which is dear for thousands.
    watched: BTreeMap<OsString, FolderIdentity>,
    ringing: BTreeMap<PathBuf, Instant>,
    quiet: Duration,
    rescan: Duration,
    last_scan: Instant,
}

/// Which folder stands at a path: one that was moved away and back, or replaced, has to be watched anew.
type FolderIdentity = (u64, u64);

impl FileWatcher {
    /// A bell that tells of a file when it was quiet for `quiet`, and of everything at least every `rescan`. With
    /// `poll` it does not listen at all, for file systems that tell nothing.
    ///
    /// # Errors
    /// The operating system has no more watchers to give.
    pub(crate) fn new(poll: bool, quiet: Duration, rescan: Duration) -> Result<Self, WatcherError> {
        let (sender, messages) = channel();
        let watcher = if poll { None } else { Some(listener(sender.clone())?) };
        Ok(Self {
            messages,
            _sender: sender,
            watcher,
            watched: BTreeMap::new(),
            ringing: BTreeMap::new(),
            quiet,
            rescan,
            last_scan: Instant::now(),
        })
    }

    /// Changes how long a file must be quiet, and how often everything is looked at.
    pub(crate) fn tune(&mut self, quiet: Duration, rescan: Duration) {
        (self.quiet, self.rescan) = (quiet, rescan);
    }

    /// Listens to exactly these folders, not to those below them. A folder that is not there is listened to once it is.
    ///
    /// # Errors
    /// The operating system has no more watches to give; the message says what to raise.
    pub(crate) fn listen(&mut self, folders: &BTreeSet<OsString>) -> Result<(), WatcherError> {
        let Some(watcher) = &mut self.watcher else {
            return Ok(());
        };
        for gone in self.watched.keys().filter(|path| !folders.contains(*path)) {
            // It may be gone from the disk as well.
            let _ = watcher.unwatch(Path::new(gone));
        }
        self.watched.retain(|path, _| folders.contains(path));
        for name in folders {
            let path = Path::new(name);
            let Some(identity) = identity(path) else {
                self.watched.remove(name);
                continue;
            };
            if self.watched.get(name) != Some(&identity) {
                let _ = watcher.unwatch(path);
                watcher
                    .watch(path, RecursiveMode::NonRecursive)
                    .map_err(|error| refused(path, &error))?;
                self.watched.insert(name.clone(), identity);
            }
        }
        Ok(())
    }

    /// Waits until something rang and is quiet, the rescan is due, or `at_most` is over.
    pub(crate) fn wait(&mut self, at_most: Duration) -> ChangeBatch {
        let end = Instant::now() + at_most;
        loop {
            let now = Instant::now();
            if now >= self.last_scan + self.rescan {
                self.last_scan = now;
                self.ringing.clear();
                return ChangeBatch {
                    paths: BTreeSet::new(),
                    all: true,
                };
            }
            let ripe = self.ripe(now);
            if !ripe.is_empty() || now >= end {
                return ChangeBatch {
                    paths: ripe,
                    all: false,
                };
            }
            let next = self.ringing.values().min().map_or(end, |rang| *rang + self.quiet);
            let until = next.min(end).min(self.last_scan + self.rescan);
            self.hear(until.saturating_duration_since(now));
        }
    }

    fn ripe(&mut self, now: Instant) -> BTreeSet<PathBuf> {
        let quiet = self.quiet;
        let ripe = |(path, rang): (&PathBuf, &Instant)| (*rang + quiet <= now).then(|| path.clone());
        let ripe: BTreeSet<PathBuf> = self.ringing.iter().filter_map(ripe).collect();
        self.ringing.retain(|path, _| !ripe.contains(path));
        ripe
    }

    /// Takes in what comes within `at_most`, and whatever came with it.
    fn hear(&mut self, at_most: Duration) {
        let mut message = self.messages.recv_timeout(at_most).ok();
        while let Some(heard) = message {
            match heard {
                WatcherMessage::Paths(paths) => {
                    let now = Instant::now();
                    self.ringing.extend(paths.into_iter().map(|path| (path, now)));
                }
                // The next wait finds the rescan due.
                WatcherMessage::Lost => {
                    self.last_scan = self.last_scan.checked_sub(self.rescan).unwrap_or(self.last_scan)
                }
            }
            message = self.messages.try_recv().ok();
        }
    }
}

fn listener(sender: Sender<WatcherMessage>) -> Result<RecommendedWatcher, WatcherError> {
    let ring = move |event: notify::Result<notify::Event>| {
        let message = match event {
            // Reading a file is an event too, and we read.
            Ok(event) if matches!(event.kind, EventKind::Access(_)) => return,
            Ok(event) if event.need_rescan() => WatcherMessage::Lost,
            Ok(event) => WatcherMessage::Paths(event.paths.into_iter().filter(|path| !is_ours(path)).collect()),
            Err(_) => WatcherMessage::Lost,
        };
        // Nobody listens any more: the process is about to end.
        let _ = sender.send(message);
    };
    notify::recommended_watcher(ring).map_err(|error| refused(Path::new("."), &error))
}

/// The temporary files of our own atomic writes.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with(".kaizen")
}

fn refused(path: &Path, error: &notify::Error) -> WatcherError {
    let problem = match error.kind {
        notify::ErrorKind::MaxFilesWatch => {
            "the system has no more watches to give; raise fs.inotify.max_user_watches, or use --poll".to_owned()
        }
        _ => format!("{error}; --poll works without the file system's help"),
    };
    WatcherError {
        path: path.to_owned(),
        problem,
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<FolderIdentity> {
    use std::os::unix::fs::MetadataExt;
    let facts = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_dir)?;
    Some((facts.dev(), facts.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<FolderIdentity> {
    path.is_dir().then_some((0, 0))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const QUIET: Duration = Duration::from_millis(60);
    const LONG: Duration = Duration::from_secs(20);

    fn watcher(folder: &Path) -> FileWatcher {
        let mut bell = FileWatcher::new(false, QUIET, LONG).unwrap();
        bell.listen(&[folder.as_os_str().to_owned()].into()).unwrap();
        bell
    }

    #[test]
    fn a_replaced_file_rings_once_it_is_quiet_and_reading_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("plan.json");
        let mut bell = watcher(path.parent().unwrap());
        for text in ["1", "2", "3"] {
            fs::write(path.with_extension("new"), text).unwrap();
            fs::rename(path.with_extension("new"), &path).unwrap();
        }
        let mut seen = BTreeSet::new();
        while !seen.contains(&path) {
            seen.extend(bell.wait(LONG).paths);
        }
        fs::read(&path).unwrap();
        assert_eq!(bell.wait(QUIET * 3).paths, BTreeSet::new());
    }

    #[test]
    fn a_file_that_is_still_being_written_does_not_ring() {
        const STEP: Duration = Duration::from_millis(10);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("plan.json");
        let mut bell = watcher(path.parent().unwrap());
        bell.tune(QUIET * 4, LONG);
        let begin = Instant::now();
        let mut before = begin;
        while begin.elapsed() < QUIET * 12 {
            let now = Instant::now();
            fs::write(&path, format!("{now:?}")).unwrap();
            let rang = bell.wait(STEP).paths;
            // On a busy machine, the file may really be quiet between two steps.
            assert!(rang.is_empty() || before.elapsed() >= QUIET * 4, "{rang:?}");
            before = now;
        }
        assert!(bell.wait(LONG).paths.contains(&path));
    }

    #[test]
    fn a_folder_that_was_moved_away_and_back_rings_again() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let (inside, away) = (root.join("in"), root.join("away"));
        fs::create_dir(&inside).unwrap();
        let mut bell = FileWatcher::new(false, QUIET, LONG).unwrap();
        let folders: BTreeSet<OsString> = [root.clone(), inside.clone()].map(PathBuf::into_os_string).into();
        bell.listen(&folders).unwrap();
        fs::rename(&inside, &away).unwrap();
        bell.listen(&folders).unwrap();
        fs::rename(&away, &inside).unwrap();
        bell.listen(&folders).unwrap();
        while !bell.wait(QUIET * 3).paths.is_empty() {}
        fs::write(inside.join("x"), "x").unwrap();
        // On a busy machine, an event of the moves may come first.
        let rings = |bell: &mut FileWatcher| bell.wait(LONG).paths.contains(&inside.join("x"));
        assert!(rings(&mut bell) || rings(&mut bell));
    }

    #[test]
    fn the_rescan_comes_without_any_event() {
        let mut bell = FileWatcher::new(true, QUIET, QUIET).unwrap();
        assert!(bell.wait(LONG).all);
        bell.tune(QUIET, LONG);
        assert_eq!(bell.wait(Duration::ZERO), ChangeBatch::default());
    }
}
