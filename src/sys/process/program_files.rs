//! Collects the files that a program wrote: plain files with plain names, limited in size and number.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::ProgramFiles;
use crate::sys::disk::ErrorWithRemedy;
use crate::sys::disk::plain_name::is_plain;

/// Limits for the files that a program writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileLimits {
    /// Maximum bytes of one file.
    pub file: u64,
    /// Maximum bytes of all files.
    pub total: u64,
    /// Maximum number of files in one folder.
    pub files: usize,
}

impl Default for FileLimits {
    fn default() -> Self {
        Self {
            file: 64 << 20,
            total: 256 << 20,
            files: 1000,
        }
    }
}

/// Why a program's files are not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProgramFilesError {
    /// The file does not exist.
    #[error("it did not write {name}")]
    Missing {
        /// The file.
        name: String,
    },
    /// The file cannot be read.
    #[error("{name}: {}", ErrorWithRemedy(source))]
    Unreadable {
        /// The file.
        name: String,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// A folder, link, pipe, socket or device where a file should be.
    #[error("{name} is {kind}, not a plain file")]
    NotPlain {
        /// The file.
        name: String,
        /// The kind of file.
        kind: &'static str,
    },
    /// A file or a link where a folder should be.
    #[error("{name} is {kind}, not a folder")]
    NotFolder {
        /// The folder, or a file in it.
        name: String,
        /// The kind of file.
        kind: &'static str,
    },
    /// A name with characters other than letters, digits, `.`, `_` and `-`.
    #[error(
        "{folder} contains a file named {name:?}; use ASCII letters, digits, `.`, `_` and `-`, and never start with `.`"
    )]
    Name {
        /// The folder.
        folder: String,
        /// The name.
        name: String,
    },
    /// A file above the limit of one file.
    #[error("{name} is larger than {} MiB; write less", limit >> 20)]
    TooLarge {
        /// The file.
        name: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// Files above the limit of all files together.
    #[error("with {name}, the files are larger than {} MiB together; write less", limit >> 20)]
    TooMuch {
        /// The file that exceeds the limit.
        name: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// A folder with too many files.
    #[error("{folder} contains more than {limit} files; write fewer")]
    TooMany {
        /// The folder.
        folder: String,
        /// The limit.
        limit: usize,
    },
}

/// Reads the declared writes from a folder. A missing log (`.jsonl`) or folder counts as empty.
///
/// # Errors
/// See [`ProgramFilesError`]; nothing is read beyond the limits.
pub(crate) fn take(scratch: &Path, writes: &[String], limits: FileLimits) -> Result<ProgramFiles, ProgramFilesError> {
    let mut left = limits.total;
    let mut files = ProgramFiles::new();
    for name in writes {
        for name in names(scratch, name, limits)? {
            let bytes = read(scratch, &name, limits, left)?;
            left -= bytes.len() as u64;
            files.push((name, bytes));
        }
    }
    Ok(files)
}

/// Reads one file that a program wrote; `None` if it does not exist.
///
/// # Errors
/// See [`ProgramFilesError`].
pub(crate) fn take_one(scratch: &Path, name: &str, limits: FileLimits) -> Result<Option<Vec<u8>>, ProgramFilesError> {
    match is_there(&scratch.join(name)) {
        true => read(scratch, name, limits, limits.total).map(Some),
        false => Ok(None),
    }
}

/// The files of a declared write.
fn names(scratch: &Path, write: &str, limits: FileLimits) -> Result<Vec<String>, ProgramFilesError> {
    if !write.ends_with('/') {
        return Ok(vec![write.to_owned()]);
    }
    let folder = scratch.join(write.trim_end_matches('/'));
    if !is_there(&folder) {
        return Ok(Vec::new());
    }
    plain_folders(scratch, write)?;
    let unreadable = |source| ProgramFilesError::Unreadable {
        name: write.to_owned(),
        source,
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        let name = name.to_string_lossy();
        if !is_plain(&name) {
            let (folder, name) = (write.to_owned(), name.into_owned());
            return Err(ProgramFilesError::Name { folder, name });
        }
        if names.len() == limits.files {
            let (folder, limit) = (write.to_owned(), limits.files);
            return Err(ProgramFilesError::TooMany { folder, limit });
        }
        names.push(format!("{write}{name}"));
    }
    names.sort();
    Ok(names)
}

fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Checks that no folder on the path is a link, so that a program cannot make kaizen publish a file from elsewhere.
fn plain_folders(scratch: &Path, name: &str) -> Result<(), ProgramFilesError> {
    let mut path = PathBuf::from(scratch);
    let (folders, _) = name.rsplit_once('/').unwrap_or_default();
    for part in folders.split('/').filter(|part| !part.is_empty()) {
        path.push(part);
        let kind = kind(&path, name)?;
        if kind != "a folder" {
            return Err(ProgramFilesError::NotFolder {
                name: name.to_owned(),
                kind,
            });
        }
    }
    Ok(())
}

fn read(scratch: &Path, name: &str, limits: FileLimits, left: u64) -> Result<Vec<u8>, ProgramFilesError> {
    let path = scratch.join(name);
    let unreadable = |source| ProgramFilesError::Unreadable {
        name: name.to_owned(),
        source,
    };
    if name.ends_with(".jsonl") && !is_there(&path) {
        // Logs and evidence are optional.
        return Ok(Vec::new());
    }
    if !is_there(&path) {
        return Err(ProgramFilesError::Missing { name: name.to_owned() });
    }
    plain_folders(scratch, name)?;
    let kind = kind(&path, name)?;
    if kind != PLAIN {
        return Err(ProgramFilesError::NotPlain {
            name: name.to_owned(),
            kind,
        });
    }
    let most = limits.file.min(left);
    let mut bytes = Vec::new();
    // The program has ended, so the file should not grow, but the read is limited anyway.
    let file = File::open(&path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.len() <= most {
        file.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 <= most {
            return Ok(bytes);
        }
    }
    let name = name.to_owned();
    Err(match limits.file <= left {
        true => ProgramFilesError::TooLarge {
            name,
            limit: limits.file,
        },
        false => ProgramFilesError::TooMuch {
            name,
            limit: limits.total,
        },
    })
}

const PLAIN: &str = "a file";

fn kind(path: &Path, name: &str) -> Result<&'static str, ProgramFilesError> {
    let unreadable = |source| ProgramFilesError::Unreadable {
        name: name.to_owned(),
        source,
    };
    let kind = fs::symlink_metadata(path).map_err(unreadable)?.file_type();
    Ok(match () {
        () if kind.is_file() => PLAIN,
        () if kind.is_dir() => "a folder",
        () if kind.is_symlink() => "a link",
        () => "a pipe, a socket or a device",
    })
}

#[cfg(test)]
#[path = "program_files_tests.rs"]
mod tests;
