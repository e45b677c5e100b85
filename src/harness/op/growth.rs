//! How far an edit may let a text grow, compared with the last commit that kaizen did not make.

use std::collections::BTreeMap;

use super::inapplicable::Inapplicable;
use crate::artifact::edit::{Edit, Op};
use crate::harness::Harness;
use crate::manifest::surface_table::SurfaceTable;

/// The size of a text up to which it may grow freely, in bytes.
const FREE: usize = 4096;

/// The caps of the texts of a harness.
#[derive(Clone, Debug, Default)]
pub(crate) struct GrowthCaps {
    caps: BTreeMap<String, usize>,
}

impl GrowthCaps {
    /// The caps for texts of surfaces: `most` times the size that they have in `base`, the harness of the last commit that
    /// kaizen did not make.
    pub(crate) fn of(base: &Harness, surfaces: &SurfaceTable, most: f64) -> Self {
        let texts = base
            .files()
            .filter(|(path, bytes)| surfaces.is_prose(path) && bytes.len() > FREE);
        // Sizes of files are far below the precision of a float.
        let cap = |bytes: &[u8]| (bytes.len() as f64 * most).floor() as usize;
        Self {
            caps: texts.map(|(path, bytes)| (path.to_owned(), cap(bytes))).collect(),
        }
    }

    /// Refuses an edit that lets a text grow beyond its cap.
    ///
    /// # Errors
    /// The text, its size and its cap.
    pub(super) fn check(&self, edit: &Edit, before: &Harness, after: &Harness) -> Result<(), Inapplicable> {
        if !edit.ops().iter().any(|op| op.is_generic() && *op != Op::EditExamples) {
            return Ok(());
        }
        let size = |harness: &Harness, path: &str| harness.get(path).map_or(0, <[u8]>::len);
        let over = self.caps.iter().find(|(path, cap)| {
            let new = size(after, path);
            new > **cap && new > size(before, path)
        });
        match over {
            Some((path, cap)) => Err(Inapplicable::Growth {
                path: path.clone(),
                size: size(after, path),
                cap: *cap,
            }),
            None => Ok(()),
        }
    }

    /// The texts that are larger than their caps, each with its size and cap.
    pub(crate) fn exceeded<'a>(&'a self, harness: &'a Harness) -> impl Iterator<Item = (&'a str, usize, usize)> {
        let size = |path: &str| harness.get(path).map_or(0, <[u8]>::len);
        let sizes = self
            .caps
            .iter()
            .map(move |(path, cap)| (path.as_str(), size(path), *cap));
        sizes.filter(|(_, size, cap)| size > cap)
    }
}
