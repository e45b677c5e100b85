//! Publishes files: replaces each atomically, so that a reader sees either the old bytes or the new ones, and records
//! its digest, so that a watcher recognises writes of this process.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Cursor, ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use cap_std::fs::{Dir, Metadata, OpenOptions};

use super::error::{DiskError, failed};
use super::leftover::{self, TEMPORARY};
use super::mounted::is_mounted;
use super::root::{Root, found, ordinary};
use super::{OWN_FOLDER, effect, hold_still};
use crate::digest::Digest;

/// Digests of published files by path, until they are taken.
static PUBLISHED: Mutex<BTreeMap<PathBuf, Digest>> = Mutex::new(BTreeMap::new());
/// The size at which that map is cleared. One turn of the watcher publishes fewer files.
const MOST_PUBLISHED: usize = 10_000;

/// Whether a file may be replaced by bytes with this digest; checked just before the replacement.
type Condition<'a> = &'a dyn Fn(&Digest) -> Result<bool, DiskError>;

impl Root {
    /// Writes a file atomically and keeps its mode. It is an error if the path is a link. Only a file that is a mount
    /// point is written in place, because it cannot be replaced.
    ///
    /// # Errors
    /// The folder cannot be created, or the file cannot be written.
    pub(crate) fn publish(&self, path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), DiskError> {
        self.publish_if(path.as_ref(), &mut Cursor::new(bytes), &|_| Ok(true))
            .map(|_| ())
    }

    /// Replaces a file whose content is `expected` (`None`: no file); `false`, without writing, if the content differs.
    ///
    /// # Errors
    /// The folder cannot be created, or the file cannot be written.
    pub(crate) fn publish_over(
        &self,
        path: impl AsRef<Path>,
        bytes: &[u8],
        expected: Option<&[u8]>,
    ) -> Result<bool, DiskError> {
        let path = path.as_ref();
        let is_due = |_: &Digest| Ok(self.read(path)?.as_deref() == expected);
        self.publish_if(path, &mut Cursor::new(bytes), &is_due)
    }

    /// Replaces a file that has the digest `expected` by content of any size that has the digest `wanted`; `false`,
    /// without writing, if either digest differs.
    ///
    /// # Errors
    /// The content cannot be read, the folder cannot be created, or the file cannot be written.
    pub(crate) fn publish_copy(
        &self,
        path: impl AsRef<Path>,
        content: &mut (impl Read + Seek),
        wanted: &Digest,
        expected: Option<Digest>,
    ) -> Result<bool, DiskError> {
        let path = path.as_ref();
        let is_due = |written: &Digest| Ok(written == wanted && self.digest(path)? == expected);
        self.publish_if(path, content, &is_due)
    }

    fn publish_if(&self, path: &Path, content: &mut (impl Read + Seek), is_due: Condition) -> Result<bool, DiskError> {
        let relative = self.relative(path)?;
        let kind = if is_cached(&relative) { "remember" } else { "publish" };
        let name = relative.file_name().unwrap_or_default().to_string_lossy();
        effect(&format!("{kind} {name}"));
        let _whole = hold_still();
        let target = Target {
            root: self,
            folder: self.made_folder(relative.parent().unwrap_or(Path::new("")))?,
            relative: &relative,
        };
        // Temporary files go to kaizen's own folder, so that a killed process leaves nothing that could be committed.
        let own = self.folder(Path::new(OWN_FOLDER))?;
        let replaced = match own.map(|own| target.replace(content, &own, is_due)) {
            Some(Ok(replaced)) => Ok(replaced),
            // kaizen's own folder is on another file system, or cannot be written.
            _ => target.replace(content, &target.folder, is_due),
        };
        let replaced = match replaced {
            Err(DiskError::Failed { source, .. }) if is_mounted(&source) => {
                return target.overwrite(content, is_due);
            }
            replaced => replaced?,
        };
        if replaced && !is_cached(&relative) {
            sync_folder(&target.folder).map_err(failed("sync", &target.path()))?;
        }
        Ok(replaced)
    }

    /// Removes a file, and the folders above it that it leaves empty, as git does; a missing one is not an error.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub(crate) fn remove_with_folders(&self, path: impl AsRef<Path>) -> Result<(), DiskError> {
        let relative = self.relative(path.as_ref())?;
        self.remove(&relative)?;
        let folders = relative.ancestors().skip(1);
        for folder in folders.take_while(|folder| !folder.as_os_str().is_empty()) {
            if !self.remove_empty_folder(folder)? {
                break;
            }
        }
        Ok(())
    }

    /// Removes a file or link; a missing one is not an error.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub(crate) fn remove(&self, path: impl AsRef<Path>) -> Result<(), DiskError> {
        let relative = self.relative(path.as_ref())?;
        let Some((folder, name)) = self.parent(&relative)? else {
            return Ok(());
        };
        let path = self.join(&relative);
        let facts = found(folder.symlink_metadata(name)).map_err(failed("remove", &path))?;
        if facts.is_none() {
            return Ok(());
        }
        effect(&format!("remove {}", name.to_string_lossy()));
        match folder.remove_file(name).and_then(|()| sync_folder(&folder)) {
            Err(error) if is_mounted(&error) => Err(DiskError::Mounted { path }),
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("remove", &path)(error)),
            _ => Ok(()),
        }
    }
}

/// A file that is about to be replaced.
struct Target<'a> {
    root: &'a Root,
    folder: Dir,
    relative: &'a Path,
}

impl Target<'_> {
    fn name(&self) -> &OsStr {
        self.relative.file_name().unwrap_or_default()
    }

    /// Writes a temporary file in `beside` and moves it into place, which fails across file systems.
    fn replace(&self, content: &mut (impl Read + Seek), beside: &Dir, is_due: Condition) -> Result<bool, DiskError> {
        let (temporary, file) = create(beside).map_err(failed("write a temporary file for", &self.path()))?;
        let replaced = self.fill(file, content).and_then(|written| match is_due(&written)? {
            true => self.take(beside, &temporary, written).map(|()| true),
            false => Ok(false),
        });
        if !matches!(replaced, Ok(true)) {
            // Best effort: a leftover file is never read.
            let _ = beside.remove_file(&temporary);
        }
        replaced
    }

    fn fill(&self, file: File, content: &mut (impl Read + Seek)) -> Result<Digest, DiskError> {
        let path = self.path();
        // A failed attempt in the other folder may have read it already.
        content.rewind().map_err(failed("copy to", &path))?;
        let written = Digest::of_copy(content, &file).map_err(failed("write", &path))?;
        self.keep_mode(&file)?;
        if !is_cached(self.relative) {
            file.sync_data().map_err(failed("write", &path))?;
        }
        Ok(written)
    }

    fn take(&self, beside: &Dir, temporary: &str, written: Digest) -> Result<(), DiskError> {
        self.refuse_odd()?;
        let path = self.path();
        beside
            .rename(temporary, &self.folder, self.name())
            .map_err(failed("replace", &path))?;
        note(&path, written);
        Ok(())
    }

    /// Writes the file in place, because it is a mount point and cannot be replaced.
    fn overwrite(&self, content: &mut (impl Read + Seek), is_due: Condition) -> Result<bool, DiskError> {
        content.rewind().map_err(failed("copy to", &self.path()))?;
        let wanted = Digest::of_reader(&mut *content).map_err(failed("copy to", &self.path()))?;
        if !is_due(&wanted)? {
            return Ok(false);
        }
        self.refuse_odd()?;
        let written = self.root.overwrite(self.relative, content)?;
        note(&self.path(), written);
        Ok(true)
    }

    /// Refuses to replace a link or a special file, which its owner created on purpose.
    fn refuse_odd(&self) -> Result<(), DiskError> {
        match self.facts()? {
            Some(facts) => ordinary(facts.file_type(), &self.path()),
            None => Ok(()),
        }
    }

    /// Gives the new file the mode of the old one, or the default mode.
    fn keep_mode(&self, file: &File) -> Result<(), DiskError> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;

            use cap_std::fs::PermissionsExt;
            let mode = self.facts()?.map_or(0o644, |old| old.permissions().mode() & 0o7777);
            file.set_permissions(std::fs::Permissions::from_mode(mode))
                .map_err(failed("set the mode of", &self.path()))?;
        }
        Ok(())
    }

    fn facts(&self) -> Result<Option<Metadata>, DiskError> {
        found(self.folder.symlink_metadata(self.name())).map_err(failed("read", &self.path()))
    }

    fn path(&self) -> std::path::PathBuf {
        self.root.join(self.relative)
    }
}

/// Whether a file need not survive a loss of power, because a command that misses it makes it again.
fn is_cached(relative: &Path) -> bool {
    relative.starts_with(Path::new(OWN_FOLDER).join("cache"))
}

/// Waits until the names in a folder are on the disk, because a rename alone may not survive a loss of power. Does
/// nothing where the system or the file system has no such call.
pub(super) fn sync_folder(folder: &Dir) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use rustix::fs::{Mode, OFlags, fsync, openat};
        // The handle of a folder is only a place in the tree on Linux (`O_PATH`), which cannot be synced.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match openat(folder, c".", flags, Mode::empty()).and_then(fsync) {
            // A folder that cannot be listed, or a file system without this call.
            Err(rustix::io::Errno::ACCESS | rustix::io::Errno::INVAL | rustix::io::Errno::NOTSUP) => {}
            synced => synced?,
        }
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Creates a private file with a unique name, which shows which process left it.
pub(super) fn create(folder: &Dir) -> std::io::Result<(String, File)> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    cap_std::fs::OpenOptionsExt::mode(&mut options, 0o600);
    loop {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{TEMPORARY}{}-{number}", leftover::mark());
        match folder.open_with(&name, &options) {
            Ok(file) => return Ok((name, file.into_std())),
            // A leftover of an earlier process with the same mark.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// Records the digest published at a path.
fn note(path: &Path, digest: Digest) {
    let mut published = PUBLISHED.lock().unwrap_or_else(PoisonError::into_inner);
    if published.len() >= MOST_PUBLISHED {
        published.clear();
    }
    published.insert(path.to_owned(), digest);
}

/// Removes and returns the digest that this process last published at a path; `None` if it published nothing there
/// since the last call.
pub(crate) fn take_published(path: &Path) -> Option<Digest> {
    PUBLISHED.lock().unwrap_or_else(PoisonError::into_inner).remove(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_of(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn other_bytes_than_expected_stay() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        assert!(root.publish_over("plan.json", b"1", None).unwrap());
        assert!(!root.publish_over("plan.json", b"2", None).unwrap());
        assert!(!root.publish_over("plan.json", b"2", Some(b"0")).unwrap());
        assert_eq!(root.read("plan.json").unwrap().unwrap(), b"1");
        assert!(root.publish_over("plan.json", b"2", Some(b"1")).unwrap());
        assert_eq!(root.read("plan.json").unwrap().unwrap(), b"2");
        assert_eq!(names_of(folder.path()), ["plan.json"]);
    }

    #[test]
    fn a_file_is_written_in_the_own_folder_first_and_beside_its_place_where_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        root.make_folder(OWN_FOLDER).unwrap();
        let session = folder.path().join("sessions/s");
        // Called while both files exist.
        let halfway = |_: &Digest| Ok(names_of(&session).is_empty());
        assert!(
            root.publish_if(Path::new("sessions/s/plan.json"), &mut Cursor::new(b"1"), &halfway)
                .unwrap()
        );
        assert_eq!(names_of(&session), ["plan.json"]);
        assert!(names_of(&folder.path().join(OWN_FOLDER)).is_empty());
    }
}
