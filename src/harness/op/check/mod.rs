//! Free checks of what a generic op made, before the gate spends anything: placeholders, links, and limits of the host.

mod host_limits;
mod links;
mod placeholders;

pub(crate) use self::host_limits::HostLimit;
pub(super) use self::host_limits::{limits, remarks};
use super::OpRules;
use super::inapplicable::Inapplicable;
use crate::artifact::edit::Edit;
use crate::harness::Harness;

/// Checks the result of an edit, after all its members.
///
/// # Errors
/// A placeholder or a link is broken, or the host would not read the file.
pub(super) fn check(edit: &Edit, before: &Harness, after: &Harness, rules: &OpRules) -> Result<(), Inapplicable> {
    if !edit.ops().iter().any(|op| op.is_generic()) {
        return Ok(());
    }
    let changes = before.changes(after);
    for change in &changes {
        if let (Some(_), Some(_)) = (&change.before, &change.after) {
            let (old, new) = change.texts();
            let format = rules
                .surfaces
                .find(&change.path)
                .map(|surface| surface.format_of(&change.path));
            placeholders::check(&change.path, format, &old, &new)?;
        }
        links::check(&change.path, before, after, rules)?;
        host_limits::check(&change.path, before, after)?;
    }
    links::check_removed(&changes, after)
}
