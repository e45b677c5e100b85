//! Tells which files of other programs could be imported.
#![allow(clippy::disallowed_methods)] // edge: the files of other programs

use std::collections::BTreeSet;
use std::path::Path;

use super::{ORIGINALS, files, place_of, recognise};
use crate::digest::Digest;
use crate::sys::disk::Root;

/// The files that were imported into a workspace.
#[derive(Clone, Debug)]
pub(crate) struct ImportedFiles<'r> {
    root: &'r Root,
    /// The sizes of their copies. Only a file of one of these sizes needs to be read.
    sizes: BTreeSet<u64>,
}

impl<'r> ImportedFiles<'r> {
    /// Looks at the copies in a workspace.
    pub(crate) fn of(root: &'r Root) -> Self {
        let copies = std::fs::read_dir(root.join(ORIGINALS)).into_iter().flatten();
        let sizes = copies.filter_map(|copy| Some(copy.ok()?.metadata().ok()?.len()));
        Self {
            root,
            sizes: sizes.collect(),
        }
    }

    /// Whether a file was imported as it is now.
    pub(crate) fn contains(&self, path: &Path) -> bool {
        let digest = || Digest::of_reader(files::open(path).ok()?).ok();
        let size = std::fs::metadata(path).map(|about| about.len());
        size.is_ok_and(|size| self.sizes.contains(&size))
            && digest().is_some_and(|digest| self.root.join(place_of(&digest)).exists())
    }
}

/// Whether a file begins with values of a known format.
pub(crate) fn is_readable(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    files::open(path).is_ok_and(|mut file| recognise(&name, &mut file).is_ok())
}
