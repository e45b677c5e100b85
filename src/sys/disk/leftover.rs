//! Removes the temporary files that dead processes of kaizen left in its own folder.
#![allow(clippy::disallowed_methods)] // edge: the file system, processes, the clock

use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use super::OWN_FOLDER;
use super::error::DiskError;
use super::root::Root;

/// The beginning of the names of temporary files; the id of the process and a number follow.
pub(super) const TEMPORARY: &str = ".kaizen-";

/// The time before which this process has created no file. File systems may date a file a little earlier.
static BEGAN: LazyLock<SystemTime> = LazyLock::new(|| SystemTime::now() - Duration::from_secs(1));

/// Notes that this process creates temporary files from now on.
pub(super) fn begin() {
    LazyLock::force(&BEGAN);
}

impl Root {
    /// Removes the temporary files in kaizen's own folder whose process is dead.
    ///
    /// # Errors
    /// The folder is not usable. Files that cannot be removed stay.
    pub(crate) fn remove_leftovers(&self) -> Result<(), DiskError> {
        begin();
        let Some(folder) = self.folder(Path::new(OWN_FOLDER))? else {
            return Ok(());
        };
        for entry in folder.entries().into_iter().flatten().flatten() {
            let name = entry.file_name();
            let Some(process) = name.to_str().and_then(process_of) else {
                continue;
            };
            let made = entry.metadata().and_then(|facts| facts.modified());
            let is_older = made.is_ok_and(|made| made.into_std() < *BEGAN);
            // In containers, an earlier kaizen often had the same process id.
            let is_dead = match process == std::process::id() {
                true => is_older,
                false => !is_alive(process),
            };
            if is_dead {
                let _ = folder.remove_file(name);
            }
        }
        Ok(())
    }
}

/// The process that created a temporary file with this name.
fn process_of(name: &str) -> Option<u32> {
    let (process, number) = name.strip_prefix(TEMPORARY)?.split_once('-')?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then_some(())?;
    process.parse().ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn only_files_of_dead_processes_are_removed() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let dead = child.id();
        child.wait().unwrap();
        let (folder, own) = (tempfile::tempdir().unwrap(), std::process::id());
        let root = Root::open(folder.path()).unwrap();
        let [left, ours, reused, parent] = [
            format!("{dead}-0"),
            format!("{own}-1000000"),
            format!("{own}-1000001"),
            format!("{}-0", std::os::unix::process::parent_id()),
        ]
        .map(|name| format!("{OWN_FOLDER}/{TEMPORARY}{name}"));
        let other = format!("{OWN_FOLDER}/{TEMPORARY}notes");
        for name in [&left, &ours, &reused, &parent, &other] {
            root.publish(name, b"x").unwrap();
        }
        let file = std::fs::File::open(folder.path().join(&reused)).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        root.remove_leftovers().unwrap();
        let stands = |name: &String| folder.path().join(name).exists();
        assert!(!stands(&left) && !stands(&reused));
        assert!(stands(&ours) && stands(&parent) && stands(&other));
    }
}
