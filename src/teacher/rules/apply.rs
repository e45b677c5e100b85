//! What a candidate edit makes of a harness, for measuring on train tasks.

use crate::artifact::edit::Edit;
use crate::harness::{Harness, op};
use crate::manifest::layout::Layout;
use crate::manifest::membership::Membership;

/// The harness with the edit applied; `None` where it does not apply. Which files may really be edited is for the
/// manifest to say, when the edit is tried.
pub(crate) fn applied(edit: &Edit, harness: &Harness, layout: &Layout) -> Option<Harness> {
    let rules = op::Rules {
        layout: layout.clone(),
        membership: Membership::everything(),
    };
    op::apply(edit, harness, &rules).ok()
}
