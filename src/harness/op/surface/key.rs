//! The key that a generic op changes, and whether its surface opens it.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::document::Document;
use super::target::{SurfaceTarget, list};
use crate::artifact::edit::{Edit, RiskTier};
use crate::artifact::key_path::{KeyPath, Segment};
use crate::artifact::nearest::nearest;
use crate::harness::format::key_pattern::parts;
use crate::harness::op::inapplicable::Inapplicable;
use crate::manifest::surface::Surface;

/// A key of a file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::harness::op) enum KeyArgument {
    /// Names with dots between them, such as `profiles.fast.model` or `models[name=main].model`. Quotes protect dots.
    Dotted(String),
    /// The names in order; an object with one field picks the member of a list that has it: `["models", {"name": "main"},
    /// "model"]`.
    Segments(Vec<Json>),
}

impl KeyArgument {
    /// The key.
    ///
    /// # Errors
    /// It is not written like a key.
    pub(super) fn path(&self) -> Result<KeyPath, Inapplicable> {
        let json = match self {
            Self::Dotted(text) => Json::from(text.as_str()),
            Self::Segments(segments) => Json::from(segments.clone()),
        };
        KeyPath::from_json(&json).map_err(|problem| Inapplicable::Payload {
            problem: format!("`key`: {problem}"),
        })
    }
}

/// The file and the key that a generic op names; `None` for a part that it does not name, or that cannot be read.
pub(crate) fn place_of(part: &Edit) -> (Option<&str>, Option<KeyPath>) {
    let path = part.payload.get("path").and_then(Json::as_str);
    let key = part.payload.get("key").cloned();
    let key = key.and_then(|key| serde_json::from_value::<KeyArgument>(key).ok());
    (
        path.map(|path| path.strip_prefix("./").unwrap_or(path)),
        key.and_then(|key| key.path().ok()),
    )
}

/// A key that a surface opens.
#[derive(Clone, Debug)]
pub(super) struct SurfaceKey {
    pub path: KeyPath,
    /// The present value; `None` if the key is absent.
    pub value: Option<Json>,
}

impl SurfaceKey {
    /// Finds a key of a file.
    ///
    /// # Errors
    /// The surface does not open the key, a table or member that it names is absent, or the file cannot be read.
    pub(super) fn of(target: &SurfaceTarget, key: &KeyArgument, document: &Document) -> Result<Self, Inapplicable> {
        let path = key.path()?;
        let Some(pattern) = pattern_of(target.surface, &path) else {
            return Err(closed(target, &path, document));
        };
        // A name in the place of `*` is one that exists, unless it is the last one.
        let wild = pattern.iter().rposition(|part| is_wild(part));
        let is_list = pattern.last().is_some_and(|part| *part == "[*]");
        let stem = wild.map_or(0, |at| (at + 1).min(pattern.len() - usize::from(!is_list)));
        let owner = KeyPath {
            segments: path.segments[..stem].to_vec(),
        };
        if stem > 0 && document.value(&owner)?.is_none() {
            return Err(Inapplicable::NoKey {
                path: target.path.clone(),
                known: near_keys(&path, target.surface, document),
                key: path.to_string(),
            });
        }
        let value = document.value(&path)?;
        Ok(Self { path, value })
    }

    /// The text under the key.
    ///
    /// # Errors
    /// The key is absent, or its value is not text.
    pub(super) fn text(&self, target: &SurfaceTarget, document: &Document) -> Result<String, Inapplicable> {
        match &self.value {
            Some(Json::String(text)) => Ok(text.clone()),
            Some(other) => Err(Inapplicable::Payload {
                problem: format!("`{}` is {}, not text; use set_key or edit_list", self.path, kind(other)),
            }),
            None => Err(Inapplicable::NoKey {
                path: target.path.clone(),
                known: near_keys(&self.path, target.surface, document),
                key: self.path.to_string(),
            }),
        }
    }
}

/// Whether a surface says that the value of a key is text.
pub(super) fn is_text(surface: &Surface, key: &KeyPath) -> bool {
    surface.text.iter().any(|pattern| matches(pattern, key))
}

/// Whether a surface opens a key, something below it, or a table that holds it.
pub(in crate::harness::op) fn opens(surface: &Surface, keys: &[String]) -> bool {
    let is_same = |(part, key): (&str, &String)| is_wild(part) || part == key;
    surface.keys.keys().any(|pattern| parts(pattern).zip(keys).all(is_same))
}

/// Who decides on edits of a key; `None` if the surface does not open it. The strictest of the patterns that match decides.
pub(super) fn editable(surface: &Surface, key: &KeyPath) -> Option<RiskTier> {
    let tiers = surface.keys.iter();
    let tiers = tiers.filter(|(pattern, _)| matches(pattern, key));
    tiers.map(|(_, tier)| *tier).max()
}

/// The most exact pattern of the surface that matches a key.
fn pattern_of<'s>(surface: &'s Surface, key: &KeyPath) -> Option<Vec<&'s str>> {
    let patterns = surface.keys.keys().filter(|pattern| matches(pattern, key));
    let wild = |pattern: &Vec<&str>| pattern.iter().filter(|part| is_wild(part)).count();
    patterns.map(|pattern| parts(pattern).collect()).min_by_key(wild)
}

/// The pattern of a surface that matches a key, as the surface states it.
pub(super) fn matching_pattern<'s>(surface: &'s Surface, key: &KeyPath) -> Option<&'s str> {
    let mut patterns = surface.keys.keys().map(String::as_str);
    patterns.find(|pattern| matches(pattern, key))
}

fn is_wild(part: &str) -> bool {
    matches!(part, "*" | "[*]")
}

fn matches(pattern: &str, key: &KeyPath) -> bool {
    let pattern: Vec<&str> = parts(pattern).collect();
    let is_same = |(part, segment): (&&str, &Segment)| match segment {
        Segment::Name(name) => *part == "*" || part == name,
        _ => *part == "[*]",
    };
    pattern.len() == key.segments.len() && pattern.iter().zip(&key.segments).all(is_same)
}

/// The names of a key, as protected keys are compared.
pub(super) fn names_of(key: &KeyPath) -> Vec<String> {
    let name = |segment: &Segment| match segment {
        Segment::Name(name) => Some(name.clone()),
        _ => None,
    };
    key.segments.iter().filter_map(name).collect()
}

/// The refusal of a key that is not editable: a typing error, a protected key, or another one.
fn closed(target: &SurfaceTarget, key: &KeyPath, document: &Document) -> Inapplicable {
    let names = names_of(key);
    if let Some(kind) = crate::harness::op::protected_kind(&names) {
        return Inapplicable::Protected {
            path: target.path.clone(),
            key: key.to_string(),
            kind,
        };
    }
    Inapplicable::KeyClosed {
        path: target.path.clone(),
        known: near_keys(key, target.surface, document),
        key: key.to_string(),
    }
}

/// The editable keys that a key may mean, for a message.
fn near_keys(key: &KeyPath, surface: &Surface, document: &Document) -> String {
    let mut keys: Vec<String> = document
        .editable_keys(surface)
        .iter()
        .map(ToString::to_string)
        .collect();
    let literal = surface.keys.keys().filter(|pattern| !pattern.contains('*')).cloned();
    keys.extend(literal);
    keys.sort();
    keys.dedup();
    match nearest(&key.to_string(), keys.iter().map(String::as_str)) {
        Some(nearest) => format!("the nearest is `{nearest}`"),
        None if keys.is_empty() => "no key of this file is editable".to_owned(),
        None => format!("editable: {}", list(keys.iter().map(String::as_str))),
    }
}

/// The kind of a value, for a message.
pub(super) fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "empty",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "a table",
    }
}
