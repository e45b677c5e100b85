//! Errors of file operations, each with the path and, where a person can act, the remedy.

use std::path::{Path, PathBuf};

use super::remedy::ErrorWithRemedy;
use super::stored_form::StoredForm;

/// A file operation failed.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// The operating system reported an error.
    #[error("cannot {action} {}: {}", path.display(), ErrorWithRemedy(source))]
    Failed {
        /// The operation, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// A symbolic link where only plain files and folders are allowed.
    #[error(
        "{} is a symbolic link, which kaizen does not follow here; replace it with a plain file or folder",
        path.display()
    )]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// A pipe, socket or device.
    #[error("{} is {kind}; replace it with a plain file", path.display())]
    Special {
        /// The file.
        path: PathBuf,
        /// The kind of file, with its article.
        kind: &'static str,
    },
    /// Something else where a folder should be.
    #[error("{} is {kind}, not a folder; move it away", path.display())]
    NotFolder {
        /// The path.
        path: PathBuf,
        /// What it is, with its article.
        kind: &'static str,
    },
    /// A file that holds what a git filter keeps in the repository instead of its content.
    #[error("{} holds {form}, not its content; {}", path.display(), form.remedy())]
    Stored {
        /// The file.
        path: PathBuf,
        /// What it holds.
        form: StoredForm,
    },
    /// A file that is a mount point, as single files in a container are.
    #[error("{} is a mount point, so it cannot be removed; mount its folder instead", path.display())]
    Mounted {
        /// The file.
        path: PathBuf,
    },
    /// A file above the size limit.
    #[error("{} is larger than the limit of {} MiB; shorten or split it", path.display(), limit >> 20)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// A text that is not UTF-8.
    #[error("{} is not UTF-8 text (the first invalid byte is byte {at}); save it as UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Offset of the first invalid byte, from 0.
        at: usize,
    },
    /// A text in UTF-16, in which Windows programs may save.
    #[error("{} is UTF-16 text; save it as UTF-8", path.display())]
    Utf16 {
        /// The file.
        path: PathBuf,
    },
    /// A path that leads outside its root folder.
    #[error("{} is outside {}", path.display(), root.display())]
    Outside {
        /// The path.
        path: PathBuf,
        /// The folder.
        root: PathBuf,
    },
}

impl DiskError {
    /// The error for something that should be a folder.
    pub(super) fn of_folder(self) -> Self {
        match self {
            Self::Special { path, kind } => Self::NotFolder { path, kind },
            other => other,
        }
    }
}

/// Adds the operation and the path to an error of the operating system.
pub(crate) fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> DiskError {
    let path = path.to_owned();
    move |source| DiskError::Failed { action, path, source }
}

/// Refuses content that a git filter keeps in the repository instead of the file's own, by its first bytes.
pub(crate) fn refuse_stored(bytes: &[u8], path: &Path) -> Result<(), DiskError> {
    match StoredForm::of(bytes) {
        None => Ok(()),
        Some(form) => Err(DiskError::Stored {
            path: path.to_owned(),
            form,
        }),
    }
}
