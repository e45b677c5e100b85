//! Free checks of what an op made, before the gate spends anything: what the host would insert or start, and after a generic
//! op the format, placeholders, links, and limits of the host.

mod attached_links;
mod expansion;
mod form;
mod host_limits;
mod links;
mod markdown_prose;
mod outside;
mod parses;
pub(super) mod placeholders;
mod references;
mod started;
mod text_reference;

use self::expansion::HostExpansion;
pub(crate) use self::host_limits::HostLimit;
pub(super) use self::host_limits::{limits, remarks};
use self::placeholders::{ChangedFile, FilledPlaceholders};
use super::OpRules;
use super::inapplicable::Inapplicable;
use crate::artifact::edit::{Edit, Op};
use crate::harness::{FileChange, Harness};
use crate::manifest::surface::SurfaceFormat;

/// Checks the result of an edit, after all its members.
///
/// # Errors
/// The host would insert something from outside or start a program, a file cannot be read in its format, a placeholder or a
/// link is broken, or the host would not read the file.
pub(super) fn check(edit: &Edit, before: &Harness, after: &Harness, rules: &OpRules) -> Result<(), Inapplicable> {
    let changes = before.changes(after);
    for change in changes.iter().filter(|change| change.after.is_some()) {
        check_expansion(change, after, rules)?;
    }
    if !edit.ops().iter().any(|op| op.is_generic()) {
        return Ok(());
    }
    for change in &changes {
        let surface = rules.surfaces.find(&change.path);
        let format = surface.map(|surface| surface.format_of(&change.path));
        let (old, new) = change.texts();
        if let (Some(_), Some(format)) = (&change.after, format) {
            parses::check(&change.path, format, &old, &new)?;
        }
        if let (Some(_), Some(_)) = (&change.before, &change.after) {
            let file = ChangedFile {
                path: &change.path,
                format,
                old: &old,
                new: &new,
                has_examples: edit.ops().contains(&Op::EditExamples),
                sets_values: edit.ops().contains(&Op::SetKey),
            };
            placeholders::check(&file, &FilledPlaceholders::of(&change.path, before, rules))?;
        }
        // In any other format, the check above is stricter.
        if format == Some(SurfaceFormat::Text) {
            form::check(change)?;
        }
        links::check(&change.path, before, after, rules)?;
        host_limits::check(&change.path, before, after)?;
    }
    links::check_removed(&changes, after)
}

/// Checks what the hosts of a changed file insert into it, or start, when they read it.
fn check_expansion(change: &FileChange, after: &Harness, rules: &OpRules) -> Result<(), Inapplicable> {
    let expansion = HostExpansion::of(&change.path, after, rules);
    let (old, new) = change.texts();
    let new = expansion.values(&new);
    let old = || expansion.values(&old);
    outside::check(&change.path, &old, &new, after)?;
    started::check(&change.path, &old, &new)
}
