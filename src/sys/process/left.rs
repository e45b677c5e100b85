//! What a program leaves in its folder: plain files with plain names, limited in size and in number.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::Files;
use crate::sys::disk::plain_name::is_plain;

/// How much a program may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Bytes of one file.
    pub file: u64,
    /// Bytes of all files.
    pub total: u64,
    /// Files in one folder.
    pub files: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file: 64 << 20,
            total: 256 << 20,
            files: 1000,
        }
    }
}

/// What a program left and kaizen does not take.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LeftError {
    /// The file is not there.
    #[error("it left no {name}")]
    Missing {
        /// The file.
        name: String,
    },
    /// The file cannot be read.
    #[error("{name}: {source}")]
    Unreadable {
        /// The file.
        name: String,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A folder, a link, a pipe, a socket or a device.
    #[error("{name} is {kind}, not a plain file")]
    NotPlain {
        /// The file.
        name: String,
        /// What it is.
        kind: &'static str,
    },
    /// A file or a link where a folder should be.
    #[error("{name} is {kind}, not a folder")]
    NotFolder {
        /// The folder, or a file in it.
        name: String,
        /// What it is.
        kind: &'static str,
    },
    /// A name with more than letters, digits, `.`, `_` and `-`.
    #[error(
        "{folder} holds a file named {name:?}; use ASCII letters, digits, `.`, `_` and `-`, and do not begin with `.`"
    )]
    Name {
        /// The folder.
        folder: String,
        /// The name.
        name: String,
    },
    /// More bytes than a file may have.
    #[error("{name} is larger than {} MiB; write less", limit >> 20)]
    TooLarge {
        /// The file.
        name: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// More bytes than all files together may have.
    #[error("with {name}, the files are larger than {} MiB together; write less", limit >> 20)]
    TooMuch {
        /// The file that is too much.
        name: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// More files than a folder may hold.
    #[error("{folder} holds more than {limit} files; write fewer")]
    TooMany {
        /// The folder.
        folder: String,
        /// The limit.
        limit: usize,
    },
}

/// Takes declared writes out of a folder. A log (`.jsonl`) that is not there is empty, and so is a folder.
///
/// # Errors
/// See [`LeftError`]; nothing is read beyond the limits.
pub(crate) fn take(scratch: &Path, writes: &[String], limits: Limits) -> Result<Files, LeftError> {
    let mut left = limits.total;
    let mut files = Files::new();
    for name in writes {
        for name in names(scratch, name, limits)? {
            let bytes = read(scratch, &name, limits, left)?;
            left -= bytes.len() as u64;
            files.push((name, bytes));
        }
    }
    Ok(files)
}

/// The text that a program left as one file; `None` when there is none.
///
/// # Errors
/// See [`LeftError`].
pub(crate) fn take_one(scratch: &Path, name: &str, limits: Limits) -> Result<Option<Vec<u8>>, LeftError> {
    match is_there(&scratch.join(name)) {
        true => read(scratch, name, limits, limits.total).map(Some),
        false => Ok(None),
    }
}

/// The files that a declared write stands for.
fn names(scratch: &Path, write: &str, limits: Limits) -> Result<Vec<String>, LeftError> {
    if !write.ends_with('/') {
        return Ok(vec![write.to_owned()]);
    }
    let folder = scratch.join(write.trim_end_matches('/'));
    if !is_there(&folder) {
        return Ok(Vec::new());
    }
    plain_folders(scratch, write)?;
    let unreadable = |source| LeftError::Unreadable {
        name: write.to_owned(),
        source,
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        let name = name.to_string_lossy();
        if !is_plain(&name) {
            let (folder, name) = (write.to_owned(), name.into_owned());
            return Err(LeftError::Name { folder, name });
        }
        if names.len() == limits.files {
            let (folder, limit) = (write.to_owned(), limits.files);
            return Err(LeftError::TooMany { folder, limit });
        }
        names.push(format!("{write}{name}"));
    }
    names.sort();
    Ok(names)
}

fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Every folder on the way to a file is one, and no link: a program cannot make kaizen publish a file from elsewhere.
fn plain_folders(scratch: &Path, name: &str) -> Result<(), LeftError> {
    let mut path = PathBuf::from(scratch);
    let (folders, _) = name.rsplit_once('/').unwrap_or_default();
    for part in folders.split('/').filter(|part| !part.is_empty()) {
        path.push(part);
        let kind = kind(&path, name)?;
        if kind != "a folder" {
            return Err(LeftError::NotFolder {
                name: name.to_owned(),
                kind,
            });
        }
    }
    Ok(())
}

fn read(scratch: &Path, name: &str, limits: Limits, left: u64) -> Result<Vec<u8>, LeftError> {
    let path = scratch.join(name);
    let unreadable = |source| LeftError::Unreadable {
        name: name.to_owned(),
        source,
    };
    if name.ends_with(".jsonl") && !is_there(&path) {
        // Logs and evidence are welcome, and not owed.
        return Ok(Vec::new());
    }
    if !is_there(&path) {
        return Err(LeftError::Missing { name: name.to_owned() });
    }
    plain_folders(scratch, name)?;
    let kind = kind(&path, name)?;
    if kind != PLAIN {
        return Err(LeftError::NotPlain {
            name: name.to_owned(),
            kind,
        });
    }
    let most = limits.file.min(left);
    let mut bytes = Vec::new();
    // The program has ended, and so the file does not grow; it is limited all the same.
    let file = File::open(&path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.len() <= most {
        file.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 <= most {
            return Ok(bytes);
        }
    }
    let name = name.to_owned();
    Err(match limits.file <= left {
        true => LeftError::TooLarge {
            name,
            limit: limits.file,
        },
        false => LeftError::TooMuch {
            name,
            limit: limits.total,
        },
    })
}

const PLAIN: &str = "a file";

fn kind(path: &Path, name: &str) -> Result<&'static str, LeftError> {
    let unreadable = |source| LeftError::Unreadable {
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
#[path = "left_tests.rs"]
mod tests;
