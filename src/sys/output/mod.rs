//! Outputs: files that kaizen writes among people's own files. It deletes or replaces only files that it wrote itself.

mod copy;
mod file;
mod folder;

use std::path::PathBuf;

pub(crate) use self::copy::{check_copy, copy};
pub(crate) use self::file::{Owner, check, create, keep_copy, write};
pub(crate) use self::folder::{clear, fill, is_ours};
use crate::sys::disk::DiskError;

/// Why an output was not written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// A person's file has this path.
    #[error("{} already exists, and kaizen did not write it", .0.display())]
    Taken(PathBuf),
    /// The content changed between two reads.
    #[error("the content changed while it was read; run the command again")]
    Changed,
    /// A file could not be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// The result of writing a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WriteOutcome {
    /// The file was written, or existed already with the same bytes.
    Written,
    /// The file was written; a person's file was renamed to this path.
    BackedUp(PathBuf),
}
