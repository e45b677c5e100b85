//! Folders that are kaizen's own, with all that they hold.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::{DiskError, failed, make_private_folder};

/// Removes a folder of ours with all that it holds; an absent one is no error, and a link goes without what it leads to.
///
/// # Errors
/// It cannot be removed.
pub fn remove_folder(path: &Path) -> Result<(), DiskError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Fills a folder of ours anew, so that it holds these files and no others. Only its owner can look into it.
///
/// # Errors
/// It cannot be emptied, or a file not written.
pub fn fill_folder<'a>(path: &Path, files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<(), DiskError> {
    remove_folder(path)?;
    make_private_folder(path)?;
    for (name, bytes) in files {
        let file = path.join(name);
        let folder = file.parent().unwrap_or(path);
        fs::create_dir_all(folder).map_err(failed("create", folder))?;
        fs::write(&file, bytes).map_err(failed("write", &file))?;
    }
    Ok(())
}
