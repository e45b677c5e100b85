//! Watches folders: collects file system events until each file is quiet. Events are hints only: the work to do is
//! computed from the files, and a rescan finds changes without an event.
#![allow(clippy::disallowed_methods)] // edge: the file system, the clock

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// A batch of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChangeBatch {
    /// Files and folders that may have changed and are quiet now.
    pub paths: BTreeSet<PathBuf>,
    /// Whether all files have to be checked, because a rescan is due or events were lost.
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

// `notify-debouncer-full` 0.7 cannot replace this. It delays each event by its timeout but does not wait until a file
// is quiet: it reports a file that is still being written. It does not watch a folder again that another folder
// replaced (on Linux it keeps no inodes), cannot change its timeout while it watches, and wakes up four times per
// timeout.

/// A watcher of folders.
pub(crate) struct FileWatcher {
    messages: Receiver<WatcherMessage>,
    // Keeps the channel open when there is no watcher; otherwise a wait would return at once.
    _sender: Sender<WatcherMessage>,
    watcher: Option<RecommendedWatcher>,
    /// Keys are `OsString`s, because comparing thousands of paths component by component is slow.
    watched: BTreeMap<OsString, FolderIdentity>,
    pending: BTreeMap<PathBuf, Instant>,
    quiet: Duration,
    rescan: Duration,
    last_scan: Instant,
}

/// Identifies the folder at a path: a folder that was replaced, or moved away and back, has to be watched again.
type FolderIdentity = (u64, u64);

impl FileWatcher {
    /// A watcher that reports a file when it has been quiet for `quiet`, and requests a check of all files every
    /// `rescan`. With `poll` it uses no events, for file systems that send none.
    ///
    /// # Errors
    /// The operating system refuses another watcher.
    pub(crate) fn new(poll: bool, quiet: Duration, rescan: Duration) -> Result<Self, WatcherError> {
        let (sender, messages) = channel();
        let watcher = if poll { None } else { Some(listener(sender.clone())?) };
        Ok(Self {
            messages,
            _sender: sender,
            watcher,
            watched: BTreeMap::new(),
            pending: BTreeMap::new(),
            quiet,
            rescan,
            last_scan: Instant::now(),
        })
    }

    /// Changes how long a file must be quiet, and how often all files are checked.
    pub(crate) fn tune(&mut self, quiet: Duration, rescan: Duration) {
        (self.quiet, self.rescan) = (quiet, rescan);
    }

    /// Watches exactly these folders, without their subfolders. A missing folder is watched by a later call, once it
    /// exists.
    ///
    /// # Errors
    /// The limit of watches is reached; the message says which setting to raise.
    pub(crate) fn listen(&mut self, folders: &BTreeSet<OsString>) -> Result<(), WatcherError> {
        let Some(watcher) = &mut self.watcher else {
            return Ok(());
        };
        for gone in self.watched.keys().filter(|path| !folders.contains(*path)) {
            // The folder may no longer exist.
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

    /// Waits until a changed file is quiet, the rescan is due, or `at_most` has passed.
    pub(crate) fn wait(&mut self, at_most: Duration) -> ChangeBatch {
        let end = Instant::now() + at_most;
        loop {
            let now = Instant::now();
            if now >= self.last_scan + self.rescan {
                self.last_scan = now;
                self.pending.clear();
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
            let next = self.pending.values().min().map_or(end, |at| *at + self.quiet);
            let until = next.min(end).min(self.last_scan + self.rescan);
            self.hear(until.saturating_duration_since(now));
        }
    }

    fn ripe(&mut self, now: Instant) -> BTreeSet<PathBuf> {
        let quiet = self.quiet;
        let ripe = |(path, at): (&PathBuf, &Instant)| (*at + quiet <= now).then(|| path.clone());
        let ripe: BTreeSet<PathBuf> = self.pending.iter().filter_map(ripe).collect();
        self.pending.retain(|path, _| !ripe.contains(path));
        ripe
    }

    /// Receives the first message within `at_most`, and all others that are already there.
    fn hear(&mut self, at_most: Duration) {
        let mut message = self.messages.recv_timeout(at_most).ok();
        while let Some(heard) = message {
            match heard {
                WatcherMessage::Paths(paths) => {
                    let now = Instant::now();
                    self.pending.extend(paths.into_iter().map(|path| (path, now)));
                }
                // Makes the rescan due for the next wait.
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
            // Reads are events too, and kaizen itself reads.
            Ok(event) if matches!(event.kind, EventKind::Access(_)) => return,
            Ok(event) if event.need_rescan() => WatcherMessage::Lost,
            Ok(event) => WatcherMessage::Paths(event.paths.into_iter().filter(|path| !is_ours(path)).collect()),
            Err(_) => WatcherMessage::Lost,
        };
        // Fails only if the process is about to end.
        let _ = sender.send(message);
    };
    notify::recommended_watcher(ring).map_err(|error| refused(Path::new("."), &error))
}

/// Whether a path is a temporary file of kaizen's atomic writes.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with(".kaizen")
}

fn refused(path: &Path, error: &notify::Error) -> WatcherError {
    let problem = match error.kind {
        notify::ErrorKind::MaxFilesWatch => {
            "the limit of file watches is reached; raise fs.inotify.max_user_watches, or use --poll".to_owned()
        }
        _ => format!("{error}; --poll works without file system events"),
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
        let mut watcher = FileWatcher::new(false, QUIET, LONG).unwrap();
        watcher.listen(&[folder.as_os_str().to_owned()].into()).unwrap();
        watcher
    }

    #[test]
    fn a_replaced_file_rings_once_it_is_quiet_and_reading_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("plan.json");
        let mut watcher = watcher(path.parent().unwrap());
        for text in ["1", "2", "3"] {
            fs::write(path.with_extension("new"), text).unwrap();
            fs::rename(path.with_extension("new"), &path).unwrap();
        }
        let mut seen = BTreeSet::new();
        while !seen.contains(&path) {
            seen.extend(watcher.wait(LONG).paths);
        }
        fs::read(&path).unwrap();
        assert_eq!(watcher.wait(QUIET * 3).paths, BTreeSet::new());
    }

    #[test]
    fn a_file_that_is_still_being_written_does_not_ring() {
        const STEP: Duration = Duration::from_millis(10);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("plan.json");
        let mut watcher = watcher(path.parent().unwrap());
        watcher.tune(QUIET * 4, LONG);
        let begin = Instant::now();
        let mut before = begin;
        while begin.elapsed() < QUIET * 12 {
            let now = Instant::now();
            fs::write(&path, format!("{now:?}")).unwrap();
            let batch = watcher.wait(STEP).paths;
            // On a busy machine, the file may be quiet between two steps.
            assert!(batch.is_empty() || before.elapsed() >= QUIET * 4, "{batch:?}");
            before = now;
        }
        assert!(watcher.wait(LONG).paths.contains(&path));
    }

    #[test]
    fn a_folder_that_was_moved_away_and_back_rings_again() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let (inside, away) = (root.join("in"), root.join("away"));
        fs::create_dir(&inside).unwrap();
        let mut watcher = FileWatcher::new(false, QUIET, LONG).unwrap();
        let folders: BTreeSet<OsString> = [root.clone(), inside.clone()].map(PathBuf::into_os_string).into();
        watcher.listen(&folders).unwrap();
        // As in the watch loop, call `listen` again only after the batch has arrived: when `notify` reads the move event, it
        // drops its watch of the folder, including a watch that was added before it read the event.
        for (from, to) in [(&inside, &away), (&away, &inside)] {
            fs::rename(from, to).unwrap();
            while watcher.wait(LONG).paths.is_empty() {}
            while !watcher.wait(QUIET * 3).paths.is_empty() {}
            watcher.listen(&folders).unwrap();
        }
        fs::write(inside.join("x"), "x").unwrap();
        // On a busy machine, an event of the moves may come first.
        let rings = |watcher: &mut FileWatcher| watcher.wait(LONG).paths.contains(&inside.join("x"));
        assert!(rings(&mut watcher) || rings(&mut watcher));
    }

    #[test]
    fn the_rescan_comes_without_any_event() {
        let mut watcher = FileWatcher::new(true, QUIET, QUIET).unwrap();
        assert!(watcher.wait(LONG).all);
        watcher.tune(QUIET, LONG);
        assert_eq!(watcher.wait(Duration::ZERO), ChangeBatch::default());
    }
}
