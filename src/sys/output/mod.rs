//! Outputs: files that kaizen leaves where people keep their own. Nothing is deleted or replaced there that kaizen did not
//! write itself.

mod copy;
mod file;
mod folder;

use std::path::PathBuf;

pub(crate) use self::copy::{check_copy, copy};
pub(crate) use self::file::{Owner, check, create, keep_copy, write};
pub(crate) use self::folder::{clear, fill, is_ours};
use crate::sys::disk::DiskError;

/// An output was not written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// A person's file has this name.
    #[error("{} is there already, and kaizen did not write it", .0.display())]
    Taken(PathBuf),
    /// The content was replaced by other content between two readings.
    #[error("it changed while it was read; run the command again")]
    Changed,
    /// A file could not be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// What became of a file that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// It is there now, or was there before with the same bytes.
    There,
    /// It is there now; what a person had written in its place has this path.
    KeptAside(PathBuf),
}
