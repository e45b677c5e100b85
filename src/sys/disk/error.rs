//! What can go wrong on the disk, each with the path and, where a person can act, the remedy.

use std::path::{Path, PathBuf};

/// A file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// The file system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Failed {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// A symbolic link where only plain files and folders may be.
    #[error(
        "{} is a symbolic link, and kaizen follows no links here; put a plain file or folder in its place",
        path.display()
    )]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// A pipe, socket or device.
    #[error("{} is {kind}; put a plain file in its place", path.display())]
    Special {
        /// The file.
        path: PathBuf,
        /// What it is, with its article.
        kind: &'static str,
    },
    /// More bytes than are read.
    #[error("{} is larger than {} MiB, the most that is read; shorten or split it", path.display(), limit >> 20)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// A text that is no UTF-8.
    #[error("{} is not UTF-8 text (the first wrong byte is byte {at}); save it as UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Offset of the first wrong byte, from 0.
        at: usize,
    },
    /// A path that leads out of the folder it is relative to.
    #[error("{} leads out of {}", path.display(), root.display())]
    Outside {
        /// The path.
        path: PathBuf,
        /// The folder.
        root: PathBuf,
    },
}

/// Turns the operating system's error into one that names action and path.
pub(crate) fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> DiskError {
    let path = path.to_owned();
    move |source| DiskError::Failed { action, path, source }
}
