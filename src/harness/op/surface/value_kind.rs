//! The kinds of values that a key takes where the file does not show one: by its name, or by its neighbours.

use serde_json::Value as Json;

use super::document::Document;
use super::key::{kind, matching_pattern, names_of};
use crate::artifact::key_path::KeyPath;
use crate::harness::op::protected::bare;
use crate::manifest::surface::Surface;

/// Names of numbers, compared without case, `-` and `_`.
const NUMBERS: [&str; 11] = [
    "frequencypenalty",
    "maptokens",
    "maxcompletiontokens",
    "maxtokens",
    "maxturns",
    "presencepenalty",
    "seed",
    "steplimit",
    "temperature",
    "topk",
    "topp",
];

/// Names of texts.
const TEXTS: [&str; 30] = [
    "argumenthint",
    "backstory",
    "basesystemmessage",
    "custominstructions",
    "defaultmodel",
    "description",
    "developerinstructions",
    "editformat",
    "editormodel",
    "expectedoutput",
    "goal",
    "goosemodel",
    "instancetemplate",
    "instructions",
    "model",
    "modelname",
    "modelreasoningeffort",
    "modelverbosity",
    "prompt",
    "prompttemplate",
    "raw",
    "reasoningeffort",
    "role",
    "roledefinition",
    "rule",
    "smallmodel",
    "systemmessage",
    "systemtemplate",
    "template",
    "weakmodel",
];

/// Names of lists, which may also be texts with commas.
const LISTS: [&str; 4] = ["applyto", "globs", "paths", "tools"];

/// The kinds that the name of a key allows; `None` for a name that says nothing.
fn of_name(key: &KeyPath) -> Option<&'static [&'static str]> {
    let name = bare(names_of(key).last()?);
    let is_in = |names: &[&str]| names.contains(&name.as_str());
    match () {
        () if is_in(&NUMBERS) => Some(&["a number"]),
        () if is_in(&TEXTS) => Some(&["text"]),
        () if is_in(&LISTS) => Some(&["text", "a list"]),
        () if name == "alwaysapply" => Some(&["true or false"]),
        () => None,
    }
}

/// The kind of the values at the other keys of the same pattern, if they share one.
fn of_neighbours(key: &KeyPath, surface: &Surface, document: &Document) -> Option<&'static str> {
    let pattern = matching_pattern(surface, key)?;
    let keys = document.editable_keys(surface).into_iter();
    let neighbours = keys.filter(|other| other != key && matching_pattern(surface, other) == Some(pattern));
    let values = neighbours.filter_map(|other| document.value(&other).ok().flatten());
    let mut kinds: Vec<&str> = values
        .filter(|value| !value.is_null())
        .map(|value| kind(&value))
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    <[&str; 1]>::try_from(kinds).ok().map(|[kind]| kind)
}

/// The kind that a key has in place of that of a new value; `None` if the value fits, or nothing says the kind.
pub(super) fn other_kind(value: &Json, key: &KeyPath, surface: &Surface, document: &Document) -> Option<&'static str> {
    match of_name(key) {
        Some(kinds) => kinds.first().copied().filter(|_| !kinds.contains(&kind(value))),
        None => of_neighbours(key, surface, document).filter(|found| *found != kind(value)),
    }
}

/// Whether an empty text at a key says less to a host than none.
pub(super) fn needs_words(key: &KeyPath) -> bool {
    names_of(key)
        .last()
        .is_some_and(|name| matches!(bare(name).as_str(), "description" | "model"))
}
