//! The ops that set and remove a key of a file.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::document::Document;
use super::key::{KeyArgument, SurfaceKey, is_text, kind};
use super::target::SurfaceTarget;
use super::value_kind::{needs_words, other_kind};
use crate::artifact::key_path::KeyPath;
use crate::harness::Harness;
use crate::harness::op::OpContext;
use crate::harness::op::inapplicable::Inapplicable;
use crate::harness::op::originals::restored;
use crate::harness::skills::is_skill;

/// Arguments of `set_key`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::harness::op) struct NewValue {
    /// The file.
    pub path: String,
    /// The key.
    pub key: KeyArgument,
    /// The new value, of the same type as the old one.
    pub value: Json,
}

/// Arguments of `unset_key`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::harness::op) struct OldKey {
    /// The file.
    pub path: String,
    /// The key.
    pub key: KeyArgument,
}

pub(in crate::harness::op) fn set(payload: &NewValue, context: &OpContext) -> Result<Harness, Inapplicable> {
    let (target, text) = SurfaceTarget::existing(&payload.path, context)?;
    let document = Document::of(&target, text)?;
    let key = SurfaceKey::of(&target, &payload.key, &document)?;
    let value = match (&payload.value, &key.value) {
        (Json::String(new), Some(Json::String(old))) => restored(new, old, false)?.into(),
        (new, _) => new.clone(),
    };
    check_type(&value, &key, &target, &document)?;
    let changed = match key.value.as_ref() == Some(&value) {
        true => return Ok(context.harness.clone()),
        false => document.set(&key.path, &value)?,
    };
    Ok(context.harness.clone().with(target.path, changed))
}

pub(in crate::harness::op) fn unset(payload: &OldKey, context: &OpContext) -> Result<Harness, Inapplicable> {
    let (target, text) = SurfaceTarget::existing(&payload.path, context)?;
    let document = Document::of(&target, text)?;
    let key = SurfaceKey::of(&target, &payload.key, &document)?;
    if key.value.is_none() {
        return Ok(context.harness.clone());
    }
    if is_description_of_agent(&target.path, &key.path) {
        return Err(Inapplicable::Payload {
            problem: format!("`{}` of an agent says when it is used; use set_key", key.path),
        });
    }
    let changed = document.unset(&key.path)?;
    Ok(context.harness.clone().with(target.path, changed))
}

/// Whether a key is the description by which a host, or another agent, chooses an agent.
fn is_description_of_agent(path: &str, key: &KeyPath) -> bool {
    let mut folders = path.rsplit('/').skip(1);
    folders.any(|folder| matches!(folder, "agent" | "agents")) && key.to_string() == "description"
}

/// Refuses a value of another type than the present one, or than the surface, the name of the key or its neighbours state.
fn check_type(value: &Json, key: &SurfaceKey, target: &SurfaceTarget, document: &Document) -> Result<(), Inapplicable> {
    let is_text = is_text(target.surface, &key.path);
    let is_blank = value.as_str().is_some_and(|text| text.trim().is_empty());
    let is_absent = key.value.as_ref().is_none_or(Json::is_null);
    let other = other_kind(value, &key.path, target.surface, document).filter(|_| is_absent && !is_text);
    let problem = match (&key.value, value) {
        (_, Json::Null) => "`value` is null; use unset_key to remove a key".to_owned(),
        // The limits of a skill say more.
        (old, new) if is_blank && old.as_ref() != Some(new) && needs_words(&key.path) && !is_skill(&target.path) => {
            format!("`value` is empty; give a text for `{}`", key.path)
        }
        (_, Json::String(_)) if is_text => return Ok(()),
        (_, new) if is_text => format!("`value` is {}, but `{}` is text", kind(new), key.path),
        (Some(old), new) if !old.is_null() && kind(old) != kind(new) => format!(
            "`value` is {}, but `{}` is {}; give a value of that type (`several` of unset_key and set_key changes the type)",
            kind(new),
            key.path,
            kind(old)
        ),
        (_, new) => match other {
            Some(other) => format!("`value` is {}, but `{}` is {other}", kind(new), key.path),
            None => return Ok(()),
        },
    };
    Err(Inapplicable::Payload { problem })
}
