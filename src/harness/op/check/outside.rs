//! Refuses an edit that makes a host insert what is not part of the workspace: a file outside of it, a hidden or secret
//! file, or an environment variable.

use std::collections::BTreeMap;

use super::expansion::ExpandedValue;
use super::references::references;
use super::text_reference::{ReferencedSource, TextReference};
use crate::harness::Harness;
use crate::harness::op::inapplicable::Inapplicable;
use crate::harness::op::is_protected_file;
use crate::manifest::membership::{Membership, is_credential};
use crate::manifest::relative_path::{beside, within};

const OUTSIDE: &str = "a file outside the workspace";
const SECRET: &str = "a file that may hold secrets";
const RESERVED: &str = "a file of kaizen, or evidence";
const HIDDEN: &str = "a hidden file that is not part of the harness";
const VARIABLE: &str = "a variable of the environment";

/// Refuses a reference that the old values of a file do not have.
///
/// # Errors
/// [`Inapplicable::Outside`] for the first one.
pub(super) fn check(
    path: &str,
    old: &dyn Fn() -> Vec<ExpandedValue>,
    new: &[ExpandedValue],
    after: &Harness,
) -> Result<(), Inapplicable> {
    let new = outside(path, new, after);
    if new.is_empty() {
        return Ok(());
    }
    let old = outside(path, &old(), after);
    match new.into_iter().find(|(text, _)| !old.contains_key(text)) {
        None => Ok(()),
        Some((reference, inserted)) => Err(Inapplicable::Outside {
            path: path.to_owned(),
            reference,
            inserted,
        }),
    }
}

/// What the host inserts from outside, with what it is.
fn outside(path: &str, values: &[ExpandedValue], harness: &Harness) -> BTreeMap<String, &'static str> {
    let all = values.iter().flat_map(|value| references(path, value));
    all.filter_map(|reference| Some((reference.text.clone(), kind(path, &reference, harness)?)))
        .collect()
}

/// Why a reference may not be added; `None` if it may.
fn kind(path: &str, reference: &TextReference, harness: &Harness) -> Option<&'static str> {
    let target = match &reference.source {
        ReferencedSource::Variable => return Some(VARIABLE),
        ReferencedSource::BesideFile(target) => (is_inside(target).then(|| beside(path, target)).flatten(), None),
        ReferencedSource::InWorkspace(target) => {
            let known = beside(path, target).filter(|path| harness.get(path).is_some());
            (is_inside(target).then(|| within("", target)).flatten(), known)
        }
    };
    let Some(target) = target.1.or(target.0) else {
        return Some(OUTSIDE);
    };
    let target = harness.followed(&target).unwrap_or(target);
    match &*target {
        "" => None,
        path if harness.forbidden(path).is_some() => Some(OUTSIDE),
        path if is_credential(path) || is_protected_file(path) => Some(SECRET),
        path if harness.get(path).is_some() => None,
        path if !Membership::everything().selects(path) => Some(RESERVED),
        path if is_hidden(path, harness) => Some(HIDDEN),
        _ => None,
    }
}

/// Whether a path may be relative to a folder of the workspace, before `..` counts.
fn is_inside(target: &str) -> bool {
    let drive = target.as_bytes();
    let has_drive =
        drive.len() > 2 && drive[0].is_ascii_alphabetic() && drive[1] == b':' && matches!(drive[2], b'/' | b'\\');
    !target.starts_with(['/', '~', '\\']) && !has_drive && !target.contains('%') && !target.contains("..\\")
}

/// Whether a path leads into a hidden folder of which the harness has nothing, or to a hidden file.
fn is_hidden(path: &str, harness: &Harness) -> bool {
    let is_last = |end: usize| end == path.len();
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    let has_some = |folder: &str| {
        let mut files = harness.files();
        files.any(|(file, _)| file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
    };
    let mut hidden = ends.filter(|end| {
        path[..*end]
            .rsplit('/')
            .next()
            .is_some_and(|name| name.starts_with('.'))
    });
    hidden.any(|end| is_last(end) && !has_some(path) || !is_last(end) && !has_some(&path[..end]))
}

#[cfg(test)]
#[path = "outside_tests.rs"]
mod tests;
