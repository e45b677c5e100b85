//! The disk: atomic publishing, tolerant reading, and the harness on disk.
#![allow(clippy::disallowed_methods)] // edge: the file system

mod append;
mod folder;
mod links;
mod lock;
mod private;
mod published;
mod whole;

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

pub use append::{append, append_if};
pub use folder::{fill_folder, remove_folder};
pub use links::links_outside;
pub use lock::{Lock, LockError, lock, lock_within};
pub use private::{make_private, make_private_folder};
pub use published::take_published;
pub use whole::{hold_still, try_hold_still};

use crate::harness::Harness;

/// kaizen's own folder in a workspace; git does not see it.
pub const OWN_FOLDER: &str = ".kaizen";

/// The file system said no.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", path.display())]
pub struct DiskError {
    action: &'static str,
    path: PathBuf,
    source: std::io::Error,
}

pub(crate) fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> DiskError {
    let path = path.to_owned();
    move |source| DiskError { action, path, source }
}

/// Ends the process before the n-th effect when `KAIZEN_CRASH_BEFORE` says n; only in debug builds, for the
/// test that a rerun converges from everywhere. With `KAIZEN_EFFECTS` every effect is named in that file.
pub fn effect(name: &str) {
    #[cfg(debug_assertions)]
    {
        use std::sync::atomic::{AtomicU64, Ordering};
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(log) = std::env::var_os("KAIZEN_EFFECTS") {
            let file = fs::OpenOptions::new().create(true).append(true).open(log);
            let _ = file.and_then(|mut file| writeln!(file, "{number} {name}"));
        }
        if std::env::var("KAIZEN_CRASH_BEFORE")
            .ok()
            .and_then(|text| text.parse().ok())
            == Some(number)
        {
            std::process::abort();
        }
    }
    tracing::trace!(name, "effect");
}

/// Writes a file so that a reader sees either the old bytes or the new ones; mode and link target are kept.
///
/// # Errors
/// The folder cannot be made, or the file not written.
pub fn publish(path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    publish_if(path, bytes, &|_| Ok(true)).map(|_| ())
}

/// The same in the place of `expected`; `false`, and nothing is written, when somebody saved other bytes there.
///
/// # Errors
/// The folder cannot be made, or the file not written.
pub fn publish_over(path: &Path, bytes: &[u8], expected: Option<&[u8]>) -> Result<bool, DiskError> {
    publish_if(path, bytes, &|path| Ok(read(path)?.as_deref() == expected))
}

/// Whether a file may be replaced, asked at the last moment.
type Condition<'a> = &'a dyn Fn(&Path) -> Result<bool, DiskError>;

fn publish_if(path: &Path, bytes: &[u8], is_due: Condition) -> Result<bool, DiskError> {
    // A link is followed, else the rename would put a plain file in its place.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().unwrap_or(Path::new("."));
    effect(&format!(
        "publish {}",
        path.file_name().unwrap_or_default().to_string_lossy()
    ));
    let _whole = hold_still();
    fs::create_dir_all(folder).map_err(failed("create", folder))?;
    // What a killed process leaves half-written lies in nobody's way there, and in nobody's commit.
    let mut own = path.ancestors().skip(1).map(|above| above.join(OWN_FOLDER));
    let hidden = own.find(|own| own.is_dir());
    match hidden.map(|hidden| replace(path, bytes, &hidden, is_due)) {
        Some(Ok(replaced)) => Ok(replaced),
        _ => replace(path, bytes, folder, is_due),
    }
}

/// Writes a file beside others in `folder`, and moves it to where it belongs; another file system is an error.
fn replace(path: &Path, bytes: &[u8], folder: &Path, is_due: Condition) -> Result<bool, DiskError> {
    let mut file = tempfile::Builder::new()
        .prefix(".kaizen-")
        .tempfile_in(folder)
        .map_err(failed("write in", folder))?;
    file.write_all(bytes).map_err(failed("write", path))?;
    file.as_file().sync_data().map_err(failed("write", path))?;
    keep_mode(file.as_file(), path)?;
    let replaced = is_due(path)?;
    if replaced {
        file.persist(path)
            .map_err(|error| failed("replace", path)(error.error))?;
        published::note(path, bytes);
    }
    Ok(replaced)
}

/// A temporary file is private; the one that it becomes has the mode of its predecessor, or that of an ordinary file.
fn keep_mode(file: &File, path: &Path) -> Result<(), DiskError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).map_or(0o644, |old| old.permissions().mode());
        file.set_permissions(fs::Permissions::from_mode(mode))
            .map_err(failed("set the mode of", path))?;
    }
    Ok(())
}

/// Removes a file; one that is not there is no error.
///
/// # Errors
/// The file cannot be removed.
pub fn remove(path: &Path) -> Result<(), DiskError> {
    if !path.exists() && !path.is_symlink() {
        return Ok(());
    }
    effect(&format!(
        "remove {}",
        path.file_name().unwrap_or_default().to_string_lossy()
    ));
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Makes a folder, and those above it, where they are not there yet.
///
/// # Errors
/// It cannot be made.
pub fn make_folder(path: &Path) -> Result<(), DiskError> {
    fs::create_dir_all(path).map_err(failed("create", path))
}

/// The bytes of a file; `None` when it is not there.
///
/// # Errors
/// The file is there and cannot be read.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, DiskError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(failed("read", path)(error)),
    }
}

/// The text of a file; `None` when it is not there.
///
/// # Errors
/// The file is there and cannot be read, or is not UTF-8.
pub fn read_text(path: &Path) -> Result<Option<String>, DiskError> {
    let not_text = |_| failed("read as UTF-8", path)(std::io::Error::from(ErrorKind::InvalidData));
    read(path)?
        .map(|bytes| String::from_utf8(bytes).map_err(not_text))
        .transpose()
}

/// The names in a folder, sorted; none when it is not there. Names that begin with a dot are left out.
///
/// # Errors
/// The folder cannot be read.
pub fn names(folder: &Path) -> Result<Vec<String>, DiskError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Vec::new()),
        Err(error) => return Err(failed("list", folder)(error)),
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    Ok(names)
}

/// The files below `root` that match a glob, as relative paths with `/`, sorted; hidden folders are left out.
pub fn matching(root: &Path, globs: &globset::GlobSet) -> Vec<String> {
    let visible =
        |entry: &walkdir::DirEntry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.');
    walkdir::WalkDir::new(root)
        .max_depth(8)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(visible)
        .filter_map(Result::ok)
        .filter(|entry| !entry.file_type().is_dir())
        .filter_map(|entry| {
            Some(
                entry
                    .path()
                    .strip_prefix(root)
                    .ok()?
                    .to_string_lossy()
                    .replace('\\', "/"),
            )
        })
        .filter(|path| globs.is_match(path))
        .collect()
}

/// Reads the harness: the files below `root` that `editable` matches. Links are not followed: they are forbidden,
/// since an edit through them would change something outside.
///
/// # Errors
/// A file cannot be read.
pub fn read_harness(
    root: &Path,
    editable: &globset::GlobSet,
    skip: &dyn Fn(&str) -> bool,
) -> Result<Harness, DiskError> {
    let mut harness = Harness::default();
    let walk = walkdir::WalkDir::new(root).max_depth(8).sort_by_file_name().into_iter();
    let relative = |path: &Path| {
        path.strip_prefix(root)
            .map(|path| path.to_string_lossy().replace('\\', "/"))
            .unwrap_or_default()
    };
    for entry in walk
        .filter_entry(|entry| !skip(&relative(entry.path())))
        .filter_map(Result::ok)
    {
        let path = relative(entry.path());
        if entry.path_is_symlink() {
            harness.forbid(path, "a symbolic link");
        } else if entry.file_type().is_file() && editable.is_match(&path) {
            let bytes = fs::read(entry.path()).map_err(failed("read", entry.path()))?;
            harness = harness.with(path, bytes);
        }
    }
    Ok(harness)
}

/// Whether a folder holds nothing at all, or is not there.
///
/// # Errors
/// The folder cannot be read.
pub fn is_empty(folder: &Path) -> Result<bool, DiskError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(failed("list", folder)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_bytes_than_expected_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.json");
        assert!(publish_over(&path, b"1", None).unwrap());
        assert!(!publish_over(&path, b"2", None).unwrap());
        assert!(!publish_over(&path, b"2", Some(b"0")).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"1");
        assert!(publish_over(&path, b"2", Some(b"1")).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"2");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_is_made_in_the_workspaces_own_folder_and_where_there_is_none_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join(OWN_FOLDER)).unwrap();
        let path = folder.path().join("sessions/s/plan.json");
        // Seen at the moment at which both files are there.
        let halfway = |path: &Path| Ok(names_of(path.parent().unwrap()).is_empty());
        assert!(publish_if(&path, b"1", &halfway).unwrap());
        assert_eq!(names_of(path.parent().unwrap()), ["plan.json"]);
        assert!(names_of(&folder.path().join(OWN_FOLDER)).is_empty());
    }

    fn names_of(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}
