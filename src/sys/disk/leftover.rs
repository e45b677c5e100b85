//! Removes the temporary files and folders that dead processes of kaizen left in its own folder.
#![allow(clippy::disallowed_methods)] // edge: the file system, processes, the clock

use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use cap_std::fs::Dir;

use super::OWN_FOLDER;
use super::error::{DiskError, failed};
use super::mounted::COPIES;
use super::root::Root;
use super::scratch::SCRATCH;
use crate::sys::boot::{PROCESS_IDS, is_name};

/// The beginning of the names of temporary files; the mark of the process and a number follow.
pub(super) const TEMPORARY: &str = ".kaizen-";

/// The age at which a leftover of another machine or container counts as abandoned: no process needs it so long.
const ABANDONED: Duration = Duration::from_secs(7 * 24 * 3600);

/// The time before which this process has created no file. File systems may date a file a little earlier.
static BEGAN: LazyLock<SystemTime> = LazyLock::new(|| SystemTime::now() - Duration::from_secs(1));

/// The mark of this process in the names of its temporary files and folders: no other running process has it, on any
/// machine or in any container that shares the folder.
pub(super) fn mark() -> String {
    LazyLock::force(&BEGAN);
    format!("{}-{}", PROCESS_IDS.as_str(), std::process::id())
}

impl Root {
    /// Removes temporary files and folders in kaizen's own folder whose process is dead.
    ///
    /// # Errors
    /// The folder is not usable. Files that cannot be removed stay.
    pub(crate) fn remove_leftovers(&self) -> Result<(), DiskError> {
        LazyLock::force(&BEGAN);
        let own = Path::new(OWN_FOLDER);
        for folder in [own.to_owned(), own.join(COPIES), own.join(SCRATCH)] {
            if let Some(opened) = self.folder(&folder)? {
                self.sweep(&folder, &opened);
            }
        }
        Ok(())
    }

    fn sweep(&self, folder: &Path, opened: &Dir) {
        for entry in opened.entries().into_iter().flatten().flatten() {
            let name = entry.file_name();
            let (Some(maker), Ok(facts)) = (name.to_str().and_then(LeftoverMaker::of), entry.metadata()) else {
                continue;
            };
            let made = facts.modified().map(cap_std::time::SystemTime::into_std);
            if made.is_ok_and(|made| maker.is_dead(made)) {
                // Best effort: what stays is looked at again by the next command.
                let _ = match facts.is_dir() {
                    true => self.remove_folder(folder.join(&name)),
                    false => opened.remove_file(&name).map_err(failed("remove", folder)),
                };
            }
        }
    }
}

/// The process that created a temporary file or folder, from its name.
#[derive(Debug, PartialEq, Eq)]
struct LeftoverMaker {
    /// Whether its process id is one of ours.
    is_near: bool,
    process: u32,
}

impl LeftoverMaker {
    /// Reads a name that ends in a mark and a number. Earlier versions did not say whose process id it is.
    fn of(name: &str) -> Option<Self> {
        let (start, number) = name.rsplit_once('-')?;
        let (start, process) = start.rsplit_once('-')?;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let process = process.parse().ok().filter(|_| is_number(number))?;
        let system = start.rsplit('-').next().filter(|system| is_name(system));
        (system.is_some() || format!("{start}-") == TEMPORARY).then(|| Self {
            is_near: system.is_some_and(|system| PROCESS_IDS.is(system)),
            process,
        })
    }

    fn is_dead(&self, made: SystemTime) -> bool {
        match self.is_near {
            // An earlier process may have had our own id.
            true if self.process == std::process::id() => made < *BEGAN,
            true => !is_alive(self.process),
            false => made.elapsed().is_ok_and(|age| age > ABANDONED),
        }
    }
}

#[cfg(unix)]
fn is_alive(process: u32) -> bool {
    use rustix::process::{Pid, test_kill_process};
    let process = i32::try_from(process).ok().and_then(Pid::from_raw);
    // A process of another user exists, too, although this one may not send it a signal.
    process.is_some_and(|process| test_kill_process(process) != Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn is_alive(_: u32) -> bool {
    true
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_leftovers_of_dead_processes_are_removed() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let dead = child.id();
        child.wait().unwrap();
        let (folder, own) = (tempfile::tempdir().unwrap(), std::process::id());
        let root = Root::open(folder.path()).unwrap();
        let here = PROCESS_IDS.as_str();
        let parent = std::os::unix::process::parent_id();
        let rows = [
            (format!("{TEMPORARY}{here}-{dead}-0"), false, false),
            (format!("{COPIES}/{TEMPORARY}{here}-{dead}-0"), false, false),
            (format!("{SCRATCH}/harness-{here}-{dead}-0/a.md"), false, false),
            (format!("{TEMPORARY}{here}-{own}-1000000"), false, true),
            (format!("{TEMPORARY}{here}-{own}-1000001"), true, false),
            (format!("{TEMPORARY}{here}-{parent}-0"), true, true),
            // Of another container or machine, and of an earlier version, in which the process may be alive.
            (format!("{TEMPORARY}0123abcd-{dead}-0"), false, true),
            (format!("{TEMPORARY}0123abcd-{dead}-1"), true, false),
            (format!("{TEMPORARY}unknown0-{dead}-0"), false, true),
            (format!("{TEMPORARY}{dead}-0"), false, true),
            (format!("{TEMPORARY}{dead}-1"), true, false),
            // Something else.
            (format!("{TEMPORARY}notes"), true, true),
            (format!("{SCRATCH}/plan-{dead}-0/a.md"), true, true),
        ];
        for (name, is_old, _) in &rows {
            let path = folder.path().join(OWN_FOLDER).join(name);
            root.publish(&path, b"x").unwrap();
            if *is_old {
                let file = std::fs::File::open(&path).unwrap();
                file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
            }
        }
        root.remove_leftovers().unwrap();
        for (name, _, stays) in rows {
            assert_eq!(folder.path().join(OWN_FOLDER).join(&name).exists(), stays, "{name}");
        }
    }
}
