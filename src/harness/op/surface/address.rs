//! Addresses a file by its surface, as `surface` and the names of its placeholders, in place of `path`.

use std::borrow::Cow;

use globset::escape;
use serde_json::{Value as Json, json};

use super::target::list;
use crate::artifact::edit::{Edit, Op, Payload};
use crate::artifact::nearest::nearest;
use crate::harness::Harness;
use crate::harness::op::OpRules;
use crate::harness::op::inapplicable::{Inapplicable, shortened};
use crate::manifest::surface::{Surface, compiled};
use crate::manifest::surface_table::SurfaceTable;

/// The payload of a generic op with a path in place of its surface, or unchanged if it names no surface.
///
/// # Errors
/// There is no such surface, a name is missing, or several files are meant.
pub(in crate::harness::op) fn addressed<'p>(
    op: Op,
    payload: &'p Payload,
    harness: &Harness,
    rules: &OpRules,
) -> Result<Cow<'p, Payload>, Inapplicable> {
    let Some(stated) = stated(op, payload) else {
        return Ok(Cow::Borrowed(payload));
    };
    let (surface, rest) = found(stated, &rules.surfaces)?;
    let names = names(surface, rest, payload)?;
    let path = path_of(op, surface, &names, harness, rules)?;
    let mut payload = payload.clone();
    payload.remove("surface");
    names.iter().for_each(|(name, _)| drop(payload.remove(*name)));
    payload.insert("path".to_owned(), path.into());
    Ok(Cow::Owned(payload))
}

/// The edit with paths in its payload, variants and members, wherever the surface that they name is found. A path that is a
/// link, or leads through one, becomes that of the file.
pub(in crate::harness::op) fn with_paths(mut edit: Edit, harness: &Harness, rules: &OpRules) -> Edit {
    let op = edit.op;
    let replaced = |op: Op, payload: &mut Payload| {
        if let Ok(Cow::Owned(addressed)) = addressed(op, payload, harness, rules) {
            *payload = addressed;
        }
        let path = payload.get("path").and_then(Json::as_str).filter(|_| op.is_generic());
        if let Some(target) = path.and_then(|path| harness.followed(path)) {
            payload.insert("path".to_owned(), target.into());
        }
    };
    replaced(op, &mut edit.payload);
    edit.variants.iter_mut().for_each(|payload| replaced(op, payload));
    let members = edit.payload.get_mut("edits").and_then(Json::as_array_mut);
    for member in members.into_iter().flatten().filter(|_| op == Op::Several) {
        let op = serde_json::from_value::<Op>(member["op"].clone());
        if let (Ok(op), Some(Json::Object(payload))) = (op, member.get_mut("payload")) {
            replaced(op, payload);
        }
    }
    edit
}

/// A payload that the types of the ops can read: with an empty path if it names a surface.
pub(super) fn with_any_path(op: Op, payload: &Payload) -> Cow<'_, Payload> {
    match stated(op, payload) {
        Some(_) => {
            let mut payload = payload.clone();
            payload.insert("path".to_owned(), json!(""));
            Cow::Owned(payload)
        }
        None => Cow::Borrowed(payload),
    }
}

/// The surface that an edit names, if it names one in place of a path.
pub(super) fn surface_of<'t>(part: &Edit, surfaces: &'t SurfaceTable) -> Option<&'t Surface> {
    let (surface, _) = found(stated(part.op, &part.payload)?, surfaces).ok()?;
    Some(surface)
}

fn stated(op: Op, payload: &Payload) -> Option<&str> {
    let is_without_path = op.is_generic() && !payload.contains_key("path");
    payload
        .get("surface")
        .and_then(Json::as_str)
        .filter(|_| is_without_path)
}

fn refused(problem: String) -> Inapplicable {
    Inapplicable::Payload { problem }
}

/// The surface that a text names, and the names after it: `agents.reviewer` is the file `reviewer` of `agents`.
fn found<'t, 's>(stated: &'s str, surfaces: &'t SurfaceTable) -> Result<(&'t Surface, Option<&'s str>), Inapplicable> {
    let named = |name: &str| surfaces.all().find(|surface| surface.name == name);
    if let Some(surface) = named(stated) {
        return Ok((surface, None));
    }
    let ends = stated.match_indices('.').map(|(at, _)| at).rev();
    let mut prefixes = ends.filter_map(|at| Some((named(&stated[..at])?, Some(&stated[at + 1..]))));
    prefixes.next().ok_or_else(|| {
        let all = || surfaces.all().map(|surface| surface.name.as_str());
        let known = match nearest(stated.split('.').next().unwrap_or_default(), all()) {
            Some(nearest) => format!("the nearest is `{nearest}`"),
            None => format!("there are {}", list(all())),
        };
        refused(format!("`surface`: there is no `{}`; {known}", shortened(stated)))
    })
}

/// The placeholders of a surface's path.
fn placeholders(surface: &Surface) -> impl Iterator<Item = &str> {
    let pieces = surface.path.split('{').skip(1);
    pieces.filter_map(|piece| piece.split_once('}').map(|(name, _)| name))
}

/// The name for each placeholder, from the text after the surface or from the payload.
fn names<'s>(
    surface: &'s Surface,
    rest: Option<&str>,
    payload: &Payload,
) -> Result<Vec<(&'s str, String)>, Inapplicable> {
    let count = placeholders(surface).count();
    let given: Vec<&str> = match rest {
        Some(rest) => rest.splitn(count.max(1), '.').collect(),
        None => Vec::new(),
    };
    if given.len() > count {
        let problem = format!("`surface`: {} has no name for `{}`", surface.path, given.concat());
        return Err(refused(problem));
    }
    let name = |(at, what): (usize, &'s str)| {
        let in_payload = || payload.get(what).and_then(Json::as_str);
        let name = given.get(at).copied().or_else(in_payload).ok_or_else(|| {
            let Surface { name, path, .. } = surface;
            refused(format!("surface `{name}` needs `{what}`, the name in {path}"))
        })?;
        match name.is_empty() || name.contains(['/', '\\', '{', '}']) || name.starts_with('.') {
            true => Err(refused(format!("`{what}`: `{}` is no name of a file", shortened(name)))),
            false => Ok((what, name.to_owned())),
        }
    };
    placeholders(surface).enumerate().map(name).collect()
}

/// The only file of a surface with these names; for a new file, its path.
fn path_of(
    op: Op,
    surface: &Surface,
    names: &[(&str, String)],
    harness: &Harness,
    rules: &OpRules,
) -> Result<String, Inapplicable> {
    let with = |value: &dyn Fn(&str) -> String| {
        let place = |path: String, (what, name): &(&str, String)| path.replace(&format!("{{{what}}}"), &value(name));
        names.iter().fold(surface.path.clone(), place)
    };
    let glob = compiled(&with(&|name| escape(name))).map_err(|problem| refused(format!("`surface`: {problem}")))?;
    let glob = glob.compile_matcher();
    let is_own = |path: &&str| {
        let own = rules.surfaces.find(path).is_some_and(|own| own.name == surface.name);
        own && glob.is_match(path)
    };
    let paths: Vec<&str> = harness.files().map(|(path, _)| path).filter(is_own).collect();
    // A new file is made in the family's own folder.
    let new = with(&str::to_owned).replace("**/", "");
    match paths.as_slice() {
        [path] => Ok((*path).to_owned()),
        [] if !new.contains('*') => Ok(new),
        [] => Err(refused(format!(
            "surface `{}` has no file; name its `path`",
            surface.name
        ))),
        several => {
            let (name, several) = (&surface.name, list(several.iter().copied()));
            Err(refused(format!(
                "surface `{name}` has several such files: {several}; name the `path` in {}",
                op.name()
            )))
        }
    }
}
