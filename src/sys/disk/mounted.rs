//! Writes files that are mount points, as single files in a container are. They cannot be replaced or removed, only
//! written in place, so a copy of the old content is kept until the new content is complete.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::io::{ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};

use cap_std::fs::OpenOptions;

use super::error::{DiskError, failed};
use super::publish::create;
use super::root::Root;
use super::{OWN_FOLDER, effect};
use crate::digest::Digest;

/// The copies, each named by its digest. A copy that is still here belongs to a write that was interrupted.
pub(super) const COPIES: &str = "mounted";

/// Whether an operation failed because the file is a mount point.
pub(super) fn is_mounted(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::ResourceBusy
}

impl Root {
    /// Writes a file in place and returns the digest of the new content. A reader may see a mixture of both.
    pub(super) fn overwrite(&self, relative: &Path, content: &mut (impl Read + Seek)) -> Result<Digest, DiskError> {
        let path = self.join(relative);
        let old = self.read(relative)?.unwrap_or_default();
        let kept = self.keep_copy_of(&old)?;
        effect("overwrite");
        let options = OpenOptions::new().write(true).clone();
        let gone = || failed("write", &path)(ErrorKind::NotFound.into());
        let mut file = self.open_plain(relative, &options)?.ok_or_else(gone)?;
        content.rewind().map_err(failed("copy to", &path))?;
        let written = Digest::of_copy(content, &file).map_err(failed("write", &path))?;
        effect("shorten");
        let length = file.stream_position().map_err(failed("write", &path))?;
        file.set_len(length).map_err(failed("write", &path))?;
        file.sync_all().map_err(failed("write", &path))?;
        effect("forget copy");
        self.forget_copy_of(kept);
        Ok(written)
    }

    /// Whether a write in place of a file that had this content was interrupted.
    ///
    /// # Errors
    /// kaizen's own folder cannot be read.
    pub(crate) fn has_copy_of(&self, content: Digest) -> Result<bool, DiskError> {
        self.has_file(copy(content))
    }

    /// Removes the copy of a file that is whole again.
    pub(crate) fn forget_copy_of(&self, content: Digest) {
        if let Ok(Some((folder, name))) = self.parent(&copy(content)) {
            // Best effort: a leftover copy only matters to a write that was interrupted.
            let _ = folder.remove_file(name);
        }
    }

    /// Removes all copies, once no interrupted write needs one. What was kept for a person stays.
    ///
    /// # Errors
    /// kaizen's own folder cannot be read. Copies that cannot be removed stay.
    pub(crate) fn forget_copies(&self) -> Result<(), DiskError> {
        let Some(folder) = self.folder(&Path::new(OWN_FOLDER).join(COPIES))? else {
            return Ok(());
        };
        for entry in folder.entries().into_iter().flatten().flatten() {
            let name = entry.file_name();
            if name.to_str().is_some_and(|name| name.parse::<Digest>().is_ok()) {
                let _ = folder.remove_file(name);
            }
        }
        Ok(())
    }

    /// Keeps a copy of content until [`Self::forget_copy_of`]. Returns its digest.
    fn keep_copy_of(&self, content: &[u8]) -> Result<Digest, DiskError> {
        let digest = Digest::of_bytes(content);
        let to = copy(digest);
        let path = self.join(&to);
        let folder = self.made_folder(to.parent().unwrap_or(Path::new("")))?;
        let (temporary, file) = create(&folder).map_err(failed("write a copy in", &path))?;
        Digest::of_copy(&mut &content[..], &file).map_err(failed("write", &path))?;
        file.sync_all().map_err(failed("write", &path))?;
        let name = to.file_name().unwrap_or_default();
        let renamed = folder.rename(&temporary, &folder, name);
        renamed.map(|()| digest).map_err(failed("write", &path))
    }
}

fn copy(content: Digest) -> PathBuf {
    Path::new(OWN_FOLDER).join(COPIES).join(content.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn a_file_is_written_in_place_and_its_copy_goes_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let name = Path::new("config.toml");
        for (old, new) in [
            ("longer than before", "short"),
            ("short", "longer than before"),
            ("same", "same"),
        ] {
            root.publish(name, old.as_bytes()).unwrap();
            let written = root.overwrite(name, &mut Cursor::new(new)).unwrap();
            assert_eq!(written, Digest::of_bytes(new.as_bytes()));
            assert_eq!(root.read_text(name).unwrap().unwrap(), new);
            assert!(!root.has_copy_of(Digest::of_bytes(old.as_bytes())).unwrap());
        }
        root.keep_copy_of(b"old").unwrap();
        assert!(root.has_copy_of(Digest::of_bytes(b"old")).unwrap());
        root.publish(".kaizen/mounted/edited.kept", b"a person's").unwrap();
        root.forget_copies().unwrap();
        assert!(!root.has_copy_of(Digest::of_bytes(b"old")).unwrap());
        assert!(root.has_file(".kaizen/mounted/edited.kept").unwrap());
    }
}
