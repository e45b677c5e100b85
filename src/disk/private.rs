//! Private: what holds other people's words is for the eyes of its owner alone.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::fs;
use std::path::Path;

use super::{DiskError, failed};

/// Makes a file that only its owner can read, when there is none yet; what is published in its place stays so.
///
/// # Errors
/// It cannot be made.
pub fn make_private(path: &Path) -> Result<(), DiskError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed("create", folder))?;
    }
    let mut options = fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path).map(|_| ()).map_err(failed("make", path))
}

/// Makes a folder into which only its owner can look.
///
/// # Errors
/// It cannot be made.
pub fn make_private_folder(path: &Path) -> Result<(), DiskError> {
    fs::create_dir_all(path).map_err(failed("create", path))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let private = fs::Permissions::from_mode(0o700);
        fs::set_permissions(path, private).map_err(failed("set the mode of", path))?;
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_private_stays_so_when_it_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("in/log.jsonl");
        make_private(&path).unwrap();
        crate::disk::publish(&path, b"words").unwrap();
        make_private(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"words");
        make_private_folder(&folder.path().join("in")).unwrap();
        for (place, wanted) in [(path.as_path(), 0o600), (path.parent().unwrap(), 0o700)] {
            assert_eq!(fs::metadata(place).unwrap().permissions().mode() & 0o777, wanted);
        }
    }
}
