//! The harness of the last commit that kaizen did not make, with which edits are compared besides the present one.

use super::growth::GrowthCaps;
use super::inapplicable::Inapplicable;
use super::{OpRules, family_file, protected};
use crate::artifact::edit::Edit;
use crate::harness::Harness;

/// What edits are compared with, so that many small edits do not do what one may not.
#[derive(Clone, Debug, Default)]
pub(crate) struct EditBase {
    harness: Harness,
    caps: GrowthCaps,
}

impl EditBase {
    /// The harness of the last commit that kaizen did not make, and how far its texts may grow.
    pub(crate) fn new(harness: Harness, caps: GrowthCaps) -> Self {
        Self { harness, caps }
    }

    /// How far the texts may grow.
    pub(crate) fn caps(&self) -> &GrowthCaps {
        &self.caps
    }

    /// Applies an edit that lets no text grow beyond its cap, and creates no file that had other rights.
    ///
    /// # Errors
    /// The edit cannot be applied.
    pub(crate) fn apply(&self, edit: &Edit, harness: &Harness, rules: &OpRules) -> Result<Harness, Inapplicable> {
        let after = super::apply(edit, harness, rules)?;
        self.caps.check(edit, harness, &after)?;
        protected::check_created(&self.harness, harness, &after, rules)?;
        family_file::check_returned(&self.harness, harness, &after, rules)?;
        Ok(after)
    }
}
