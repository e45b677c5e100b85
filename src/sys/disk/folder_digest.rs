//! The digest of a folder: the names, contents and links of its files, and which of them are programs.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::fs::{self, File};
use std::io;
use std::path::Path;

use walkdir::WalkDir;

use crate::digest::Digest;

/// The digest of all files in a folder, except those of git. Links are not followed.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn folder_digest(folder: &Path) -> io::Result<Digest> {
    let mut parts: Vec<(String, bool, Digest)> = Vec::new();
    let is_git = |entry: &walkdir::DirEntry| entry.depth() == 1 && entry.file_name() == ".git";
    let entries = WalkDir::new(folder).min_depth(1).sort_by_file_name().into_iter();
    for entry in entries.filter_entry(|entry| !is_git(entry)) {
        let entry = entry?;
        let path = entry.path();
        let digest = match entry.file_type() {
            kind if kind.is_dir() => Digest::of_bytes(b"folder"),
            kind if kind.is_symlink() => Digest::of_bytes(fs::read_link(path)?.as_os_str().as_encoded_bytes()),
            kind if kind.is_file() => Digest::of_reader(File::open(path)?)?,
            _ => Digest::of_bytes(b"special"),
        };
        let name = path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned();
        parts.push((name, is_program(&entry)?, digest));
    }
    Ok(Digest::of_value(&parts))
}

#[cfg(unix)]
fn is_program(entry: &walkdir::DirEntry) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(entry.file_type().is_file() && entry.metadata()?.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(_: &walkdir::DirEntry) -> io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_contents_count() {
        let folder = tempfile::tempdir().unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for (path, text) in [("a", "1"), ("a", "2"), ("b", ""), ("sub/a", "1")] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
            assert!(seen.insert(folder_digest(folder.path()).unwrap()));
        }
        fs::create_dir(folder.path().join(".git")).unwrap();
        fs::write(folder.path().join(".git/index"), "x").unwrap();
        assert!(
            seen.contains(&folder_digest(folder.path()).unwrap()),
            "git's own files do not"
        );
        assert!(folder_digest(&folder.path().join("missing")).is_err());
    }
}
