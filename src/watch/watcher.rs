//! Watches folders: collects file system events until each file is quiet. Events are hints only: the work to do is
//! computed from the files, and a rescan finds changes without an event.
#![allow(clippy::disallowed_methods)] // edge: the file system, the clock

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant, SystemTime};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// A batch of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChangeBatch {
    /// Files and folders that may have changed and are quiet now.
    pub paths: BTreeSet<PathBuf>,
    /// Whether all files have to be checked, because a rescan is due or events were lost.
    pub all: bool,
}

/// Why the file system reports no events any more, so that all files are checked regularly instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EventLoss {
    /// The limit of watches is reached.
    Watches,
    /// The limit of watchers or of open files is reached.
    Watchers,
    /// Another problem with a folder.
    Folder {
        /// The folder.
        path: PathBuf,
        /// The problem.
        problem: String,
    },
}

impl fmt::Display for EventLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Watches => f.write_str("the system has no more file watches (fs.inotify.max_user_watches)"),
            Self::Watchers => f.write_str(
                "the system has no more file watchers or open files (fs.inotify.max_user_instances, ulimit -n)",
            ),
            Self::Folder { path, problem } => write!(f, "{} cannot be watched: {problem}", path.display()),
        }
    }
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
    /// `None` while polling.
    watcher: Option<RecommendedWatcher>,
    /// Why it polls though it was not asked to, until this is reported.
    loss: Option<EventLoss>,
    /// Keys are `OsString`s, because comparing thousands of paths component by component is slow.
    watched: BTreeMap<OsString, FolderIdentity>,
    pending: BTreeMap<PathBuf, Instant>,
    quiet: Duration,
    rescan: Duration,
    last_scan: Instant,
}

/// Identifies the folder at a path: device, number and time of creation, because numbers are used again. A folder that
/// was replaced has to be watched again.
type FolderIdentity = (u64, u64, Option<SystemTime>);

impl FileWatcher {
    /// A watcher that reports a file when it has been quiet for `quiet`, and requests a check of all files every
    /// `rescan`. With `poll` it uses no events, for file systems that send none. It uses none either if the operating
    /// system refuses; [`Self::listen`] returns the reason.
    pub(crate) fn new(poll: bool, quiet: Duration, rescan: Duration) -> Self {
        let (sender, messages) = channel();
        let watcher = (!poll).then(|| listener(sender.clone())).transpose();
        let (watcher, loss) = match watcher {
            Ok(watcher) => (watcher, None),
            Err(error) => (None, Some(loss(Path::new("the workspace"), &error))),
        };
        Self {
            messages,
            _sender: sender,
            watcher,
            loss,
            watched: BTreeMap::new(),
            pending: BTreeMap::new(),
            quiet,
            rescan,
            last_scan: Instant::now(),
        }
    }

    /// Whether it uses no events.
    pub(crate) fn is_polling(&self) -> bool {
        self.watcher.is_none()
    }

    /// Changes how long a file must be quiet, and how often all files are checked.
    pub(crate) fn tune(&mut self, quiet: Duration, rescan: Duration) {
        (self.quiet, self.rescan) = (quiet, rescan);
    }

    /// Watches exactly these folders, without their subfolders. A missing folder is watched by a later call, once it
    /// exists. A folder that is new here is reported as changed, because files may have appeared in it before.
    ///
    /// Returns, once, why there are no events any more. Then the watcher polls, and frees its watches for other programs.
    pub(crate) fn listen(&mut self, folders: &BTreeSet<OsString>) -> Option<EventLoss> {
        if self.is_polling() {
            return self.loss.take();
        }
        let is_first = self.watched.is_empty();
        let present = folders
            .iter()
            .filter_map(|name| Some((name, identity(Path::new(name))?)));
        let present: BTreeMap<&OsString, FolderIdentity> = present.collect();
        let is_stale = |(name, identity): &(&OsString, &FolderIdentity)| present.get(name) != Some(identity);
        let stale: Vec<OsString> = self
            .watched
            .iter()
            .filter(is_stale)
            .map(|(name, _)| name.clone())
            .collect();
        stale.iter().for_each(|name| self.forget(name));
        let mut known: BTreeSet<FolderIdentity> = self.watched.values().copied().collect();
        for (name, identity) in present {
            // Two watches of one folder would share their events, under only one of its names.
            if known.insert(identity) {
                self.watch(name, identity);
                self.pending.extend((!is_first).then(|| (name.into(), Instant::now())));
            }
        }
        self.loss.take()
    }

    fn watch(&mut self, name: &OsStr, identity: FolderIdentity) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        let path = Path::new(name);
        match watcher.watch(path, RecursiveMode::NonRecursive) {
            Ok(()) => {
                self.watched.insert(name.to_owned(), identity);
            }
            // It was removed in the meantime.
            Err(_) if !path.is_dir() => {}
            Err(error) => {
                self.loss = Some(loss(path, &error));
                self.watcher = None;
                self.watched.clear();
            }
        }
    }

    /// Stops watching a folder; nothing happens if it is not watched.
    fn forget(&mut self, name: &OsStr) {
        let was_watched = self.watched.remove(name).is_some();
        if let Some(watcher) = self.watcher.as_mut().filter(|_| was_watched) {
            // The folder may no longer exist.
            let _ = watcher.unwatch(Path::new(name));
        }
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
                    // When a folder is moved or removed, `notify` drops its watch of that path, even if the path has been
                    // watched again since. So it has to be watched again after the event.
                    paths.iter().for_each(|path| self.forget(path.as_os_str()));
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

fn listener(sender: Sender<WatcherMessage>) -> notify::Result<RecommendedWatcher> {
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
    notify::recommended_watcher(ring)
}

/// Whether a path is a temporary file of kaizen's atomic writes.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with(".kaizen")
}

fn loss(path: &Path, error: &notify::Error) -> EventLoss {
    match &error.kind {
        notify::ErrorKind::MaxFilesWatch => EventLoss::Watches,
        notify::ErrorKind::Io(error) if is_about_open_files(error) => EventLoss::Watchers,
        _ => EventLoss::Folder {
            path: path.to_owned(),
            problem: error.to_string(),
        },
    }
}

/// Whether there are too many watchers or open files, of this process, this user or the system.
#[cfg(unix)]
fn is_about_open_files(error: &std::io::Error) -> bool {
    use rustix::io::Errno;
    [Errno::MFILE, Errno::NFILE]
        .map(|errno| Some(errno.raw_os_error()))
        .contains(&error.raw_os_error())
}

#[cfg(not(unix))]
fn is_about_open_files(_: &std::io::Error) -> bool {
    false
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<FolderIdentity> {
    use std::os::unix::fs::MetadataExt;
    let facts = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_dir)?;
    Some((facts.dev(), facts.ino(), facts.created().ok()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<FolderIdentity> {
    use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
    let of_path = BuildHasherDefault::<DefaultHasher>::default().hash_one(path);
    path.is_dir().then_some((0, of_path, None))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const QUIET: Duration = Duration::from_millis(60);
    const LONG: Duration = Duration::from_secs(20);

    fn watcher(folder: &Path) -> FileWatcher {
        let mut watcher = FileWatcher::new(false, QUIET, LONG);
        assert_eq!(watcher.listen(&[folder.as_os_str().to_owned()].into()), None);
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
        let mut watcher = FileWatcher::new(false, QUIET, LONG);
        let folders: BTreeSet<OsString> = [root.clone(), inside.clone()].map(PathBuf::into_os_string).into();
        assert_eq!(watcher.listen(&folders), None);
        for (from, to) in [(&inside, &away), (&away, &inside)] {
            fs::rename(from, to).unwrap();
            // Before the events arrive, and after.
            assert_eq!(watcher.listen(&folders), None);
            while watcher.wait(LONG).paths.is_empty() {}
            while !watcher.wait(QUIET * 3).paths.is_empty() {}
            assert_eq!(watcher.listen(&folders), None);
        }
        fs::write(inside.join("x"), "x").unwrap();
        // On a busy machine, an event of the moves may come first.
        let rings = |watcher: &mut FileWatcher| watcher.wait(LONG).paths.contains(&inside.join("x"));
        assert!(rings(&mut watcher) || rings(&mut watcher));
    }

    #[test]
    fn a_folder_that_was_removed_and_created_again_rings_again() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let inside = root.join("in");
        fs::create_dir(&inside).unwrap();
        let mut watcher = FileWatcher::new(false, QUIET, LONG);
        let folders: BTreeSet<OsString> = [root, inside.clone()].map(PathBuf::into_os_string).into();
        for _ in 0..3 {
            assert_eq!(watcher.listen(&folders), None);
            fs::remove_dir_all(&inside).unwrap();
            fs::create_dir(&inside).unwrap();
            // Before the events arrive, and after.
            assert_eq!(watcher.listen(&folders), None);
            while !watcher.wait(QUIET * 3).paths.is_empty() {
                assert_eq!(watcher.listen(&folders), None);
            }
            fs::write(inside.join("x"), "x").unwrap();
            assert!(watcher.wait(LONG).paths.contains(&inside.join("x")));
        }
    }

    #[test]
    fn the_rescan_comes_without_any_event() {
        let mut watcher = FileWatcher::new(true, QUIET, QUIET);
        assert!(watcher.wait(LONG).all);
        watcher.tune(QUIET, LONG);
        assert_eq!(watcher.wait(Duration::ZERO), ChangeBatch::default());
    }
}
