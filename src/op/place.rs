//! Places: from a layout's template and an edit's names to a file and a key, with every name checked.

use crate::artifact::edit::Edit;
use crate::harness::Harness;

use super::inapplicable::Inapplicable;
use super::{Rules, home, payload};

/// A file, and a key in it when the file is TOML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Path relative to the harness root.
    pub path: String,
    /// Key path; empty for a whole file.
    pub keys: Vec<String>,
}

/// Where an edit lands.
///
/// # Errors
/// A name that is missing or could leave its place, a path that is not editable.
pub fn place(edit: &Edit, harness: &Harness, rules: &Rules) -> Result<Place, Inapplicable> {
    let template = home(edit.op, &rules.layout).ok_or(Inapplicable::NoHome(edit.op.name()))?;
    let (path, keys) = template.split_once('#').unwrap_or((template, ""));
    let fill = |part: &str| filled(part, edit);
    let place = Place {
        path: path.split('/').map(fill).collect::<Result<Vec<_>, _>>()?.join("/"),
        keys: keys
            .split('.')
            .filter(|key| !key.is_empty())
            .map(fill)
            .collect::<Result<Vec<_>, _>>()?,
    };
    permitted(&place.path, harness, rules)?;
    Ok(place)
}

/// A template's part with the edit's names in it.
fn filled(part: &str, edit: &Edit) -> Result<String, Inapplicable> {
    let mut filled = part.to_owned();
    for (hole, what, key) in [
        ("{agent}", "an agent", "agent"),
        ("{model}", "a model", "model"),
        ("{param}", "a parameter", "param"),
        ("{query_class}", "a query class", "query_class"),
        ("{tool}", "a tool", "tool_name"),
    ] {
        if filled.contains(hole) {
            filled = filled.replace(hole, checked(what, name(edit, key)?)?);
        }
    }
    Ok(filled)
}

/// The agent's name is the payload's, else the second part of the target `agents.<name>.…`.
fn name<'a>(edit: &'a Edit, key: &'static str) -> Result<&'a str, Inapplicable> {
    let in_target = || {
        edit.target
            .strip_prefix("agents.")
            .and_then(|rest| rest.split('.').next())
    };
    match (key, edit.payload.contains_key(key)) {
        ("agent", false) => in_target()
            .filter(|name| !name.is_empty())
            .ok_or(Inapplicable::Missing(key)),
        _ => payload::text(&edit.payload, key),
    }
}

fn checked<'a>(what: &'static str, name: &'a str) -> Result<&'a str, Inapplicable> {
    let problem = if name.trim().is_empty() {
        "it is empty"
    } else if name.chars().count() > 128 {
        "it is longer than 128 characters"
    } else if name.contains(['/', '\\']) {
        "it holds a path separator"
    } else if name.contains("..") || name.starts_with(['.', '~']) {
        "it could leave its folder"
    } else if name.chars().any(char::is_control) {
        "it holds a control character"
    } else {
        return Ok(name);
    };
    Err(Inapplicable::Name {
        what,
        name: name.chars().take(40).collect(),
        problem,
    })
}

fn permitted(path: &str, harness: &Harness, rules: &Rules) -> Result<(), Inapplicable> {
    let forbidden = |reason: &str| {
        Err(Inapplicable::Forbidden {
            path: path.to_owned(),
            reason: reason.to_owned(),
        })
    };
    if let Some(reason) = harness.forbidden(path) {
        return forbidden(reason);
    }
    match crate::manifest::globs(&rules.editable) {
        Ok(globs) if globs.is_match(path) => Ok(()),
        _ => forbidden("it is not among [harness] files"),
    }
}
