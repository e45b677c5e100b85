//! Reading the harness of a workspace from the disk.

use std::path::Path;

use super::Harness;
use crate::manifest::membership::Membership;
use crate::sys::disk::{DiskError, LARGEST_HARNESS_FILE, Root, ordinary};

impl Root {
    /// Reads the harness: the files that `membership` selects. A link in a place where a file could be a member is
    /// forbidden: an edit through it would change something else.
    ///
    /// # Errors
    /// A file cannot be read, is too large, or is neither a file nor a link.
    pub(crate) fn read_harness(&self, membership: &Membership) -> Result<Harness, DiskError> {
        let mut harness = Harness::default();
        self.walk(&mut |found| {
            if found.kind.is_dir() {
                return Ok(membership.may_hold(&found.path));
            }
            if found.kind.is_symlink() {
                if membership.selects(&found.path) || membership.may_hold(&found.path) {
                    harness.forbid(found.path, "a symbolic link");
                }
                return Ok(false);
            }
            if membership.selects(&found.path) {
                ordinary(found.kind, &self.join(&found.path))?;
                // A file that went in the meantime is not there.
                if let Some(bytes) = self.read_up_to(Path::new(&found.path), LARGEST_HARNESS_FILE)? {
                    harness = std::mem::take(&mut harness).with(found.path, bytes);
                }
            }
            Ok(false)
        })?;
        Ok(harness)
    }
}
