//! Finds the files to import at a path. Walks folders, and skips hidden files and links in them.
#![allow(clippy::disallowed_methods)] // edge: the files of other programs

use std::fs::{self, File};
use std::io::{Read, Take};
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::sys::disk;
use crate::sys::disk::DiskError;

/// A file that was found, or an entry that is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ImportEntry {
    /// A file to import.
    File(PathBuf),
    /// A link in a folder, which is not followed.
    Link(PathBuf),
    /// An entry that cannot be read, and why.
    Unreachable(PathBuf, String),
}

/// The files at a path, sorted. Follows `path` itself if it is a link, but no links inside a folder.
pub(crate) fn visits(path: &Path) -> Vec<ImportEntry> {
    match fs::metadata(path) {
        Err(error) => vec![ImportEntry::Unreachable(path.to_owned(), error.to_string())],
        Ok(about) if !about.is_dir() => vec![ImportEntry::File(path.to_owned())],
        Ok(_) => {
            let is_hidden =
                |entry: &DirEntry| entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.');
            let walk = WalkDir::new(path).sort_by_file_name().into_iter();
            let entries = walk.filter_entry(move |entry| !is_hidden(entry));
            entries.filter_map(|entry| visit(path, entry)).collect()
        }
    }
}

fn visit(above: &Path, entry: walkdir::Result<DirEntry>) -> Option<ImportEntry> {
    match entry {
        Err(error) => {
            let path = error.path().unwrap_or(above).to_owned();
            let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
            Some(ImportEntry::Unreachable(path, reason))
        }
        Ok(entry) if entry.depth() > 0 && entry.path_is_symlink() => Some(ImportEntry::Link(entry.into_path())),
        Ok(entry) if entry.file_type().is_dir() => None,
        Ok(entry) => Some(ImportEntry::File(entry.into_path())),
    }
}

/// An open file, up to the length that it had when it was opened.
pub(crate) type OpenFile = Take<File>;

/// Opens a file at its current length: bytes that another program appends later are not read.
///
/// # Errors
/// It is missing or unreadable, or it is not a regular file.
pub(crate) fn open(path: &Path) -> Result<OpenFile, String> {
    let file = disk::open_named(path).map_err(|error| match error {
        // The report names the file.
        DiskError::Failed { source, .. } => source.to_string(),
        DiskError::Special { .. } => "it is not a regular file".to_owned(),
        other => other.to_string(),
    })?;
    let length = file.metadata().map_err(|error| error.to_string())?.len();
    Ok(file.take(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn folders_are_walked_in_order_and_links_in_them_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in ["b/2.json", "a.json", ".hidden/x.json", "b/.y.json", "b/1.json"] {
            fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            fs::write(root.join(name), "{}").unwrap();
        }
        std::os::unix::fs::symlink("/nowhere", root.join("broken")).unwrap();
        std::os::unix::fs::symlink(root, root.join("b/loop")).unwrap();
        let path = |name: &str| root.join(name);
        let wanted = [
            ImportEntry::File(path("a.json")),
            ImportEntry::File(path("b/1.json")),
            ImportEntry::File(path("b/2.json")),
            ImportEntry::Link(path("b/loop")),
            ImportEntry::Link(path("broken")),
        ];
        assert_eq!(visits(root), wanted);
        assert_eq!(visits(&path("a.json")), [ImportEntry::File(path("a.json"))]);
        assert!(matches!(visits(&path("broken"))[..], [ImportEntry::Unreachable(..)]));
        assert!(open(root).is_err() && open(&path("broken")).is_err());
    }
}
