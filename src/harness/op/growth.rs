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
    surfaces: SurfaceTable,
    most: f64,
}

impl GrowthCaps {
    /// The caps for texts of surfaces: `most` times the size that they have in `base`, the harness of the last commit that
    /// kaizen did not make, and never less than a text may have freely. A text that is new since then is compared with its
    /// present size.
    pub(crate) fn of(base: &Harness, surfaces: &SurfaceTable, most: f64) -> Self {
        let texts = base.files().filter(|(path, _)| surfaces.is_prose(path));
        Self {
            caps: texts.map(|(path, bytes)| (path.to_owned(), cap(bytes, most))).collect(),
            surfaces: surfaces.clone(),
            most,
        }
    }

    /// The cap of a text; `None` for a file that is no text or does not exist yet.
    fn cap(&self, path: &str, before: &Harness) -> Option<usize> {
        let of_present = || {
            let present = before.get(path).filter(|_| self.surfaces.is_prose(path))?;
            Some(cap(present, self.most))
        };
        self.caps.get(path).copied().or_else(of_present)
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
        for change in before.changes(after) {
            let new = size(after, &change.path);
            let path = change.path;
            match self.cap(&path, before) {
                Some(cap) if new > cap && new > size(before, &path) => {
                    return Err(Inapplicable::Growth { path, size: new, cap });
                }
                _ => {}
            }
        }
        Ok(())
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

/// The size that a text may have. Sizes of files are far below the precision of a float.
fn cap(text: &[u8], most: f64) -> usize {
    FREE.max((text.len() as f64 * most).floor() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::HarnessSection;

    #[test]
    fn a_small_text_has_a_cap_too() {
        let section: HarnessSection =
            toml::from_str("[[surface]]\nname = 'm'\npath = '*.md'\n[[surface]]\nname = 'e'\npath = '*.jsonl'\n")
                .unwrap();
        let of = |path: &str, size: usize| match size {
            0 => Harness::default(),
            size => Harness::default().with(path, "x".repeat(size)),
        };
        let edit: Edit = serde_json::from_value(serde_json::json!({
            "id": "e", "op": "replace_text", "payload": {}, "rationale": "", "expected_improvement": ""
        }))
        .unwrap();
        for (path, base, before, after, is_refused) in [
            ("a.md", 3000, 3000, 4096, false),
            ("a.md", 3000, 3000, 4500, false),
            ("a.md", 3000, 3000, 4501, true),
            ("a.md", 10, 10, 4096, false),
            ("a.md", 10, 10, 4097, true),
            ("a.md", 10, 9000, 8000, false),
            ("a.md", 8000, 8000, 12_000, false),
            ("a.md", 8000, 8000, 12_001, true),
            ("a.jsonl", 10, 10, 9000, false),
            ("new.md", 0, 0, 90_000, false),
            ("new.md", 0, 10, 4097, true),
            ("new.md", 0, 8000, 12_000, false),
            ("new.md", 0, 8000, 12_001, true),
        ] {
            let caps = GrowthCaps::of(&of(path, base), &SurfaceTable::of(&section), 1.5);
            let checked = caps.check(&edit, &of(path, before), &of(path, after));
            assert_eq!(checked.is_err(), is_refused, "{path} {base} {before} {after}");
        }
    }
}
