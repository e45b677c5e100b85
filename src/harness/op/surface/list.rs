//! The op that adds items to a list of a file, and removes others.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::document::Document;
use super::key::{KeyArgument, SurfaceKey};
use super::target::{SurfaceTarget, list};
use crate::artifact::nearest::nearest;
use crate::harness::Harness;
use crate::harness::format::list::names_in;
use crate::harness::op::OpContext;
use crate::harness::op::inapplicable::{Inapplicable, shortened};

/// Arguments of `edit_list`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::harness::op) struct ListChange {
    /// The file.
    pub path: String,
    /// The key of a list, or of a text with commas such as `Read, Grep`, which stays one.
    pub key: KeyArgument,
    /// Items to add at the end, unless the list has them.
    #[serde(default)]
    pub add: Vec<Json>,
    /// Items to remove.
    #[serde(default)]
    pub remove: Vec<Json>,
}

pub(in crate::harness::op) fn edit(payload: &ListChange, context: &OpContext) -> Result<Harness, Inapplicable> {
    if payload.add.is_empty() && payload.remove.is_empty() {
        return Err(Inapplicable::Payload {
            problem: "`add` and `remove` are empty; name an item".into(),
        });
    }
    if let Some(both) = payload.add.iter().find(|item| payload.remove.contains(item)) {
        return Err(Inapplicable::Payload {
            problem: format!("{both} is in `add` and in `remove`; leave one of them out"),
        });
    }
    let (target, text) = SurfaceTarget::existing(&payload.path, context)?;
    let document = Document::of(&target, text)?;
    let key = SurfaceKey::of(&target, &payload.key, &document)?;
    check_names(payload, &key, &target)?;
    let changed = document.edit_list(&key.path, &payload.add, &payload.remove)?;
    Ok(match changed == text {
        true => context.harness.clone(),
        false => context.harness.clone().with(target.path, changed),
    })
}

/// Why items that an edit removes are not in the list; empty if they are.
pub(in crate::harness::op) fn absent_items(
    payload: &ListChange,
    context: &OpContext,
) -> Result<Vec<String>, Inapplicable> {
    let (target, text) = SurfaceTarget::existing(&payload.path, context)?;
    let document = Document::of(&target, text)?;
    let key = SurfaceKey::of(&target, &payload.key, &document)?;
    let items = items(key.value.as_ref());
    let absent = payload.remove.iter().filter(|item| !items.contains(&shown(item)));
    let of = |item: &Json| {
        let known = match nearest(&shown(item), items.iter().map(String::as_str)) {
            Some(nearest) => format!("the nearest is `{nearest}`"),
            None if items.is_empty() => "it is empty".to_owned(),
            None => format!("it has {}", list(items.iter().map(String::as_str))),
        };
        let (path, key) = (&target.path, &key.path);
        format!(
            "{path}: `remove` names `{}`, which is not in the list at `{key}`; {known}",
            shortened(&shown(item))
        )
    };
    Ok(absent.map(of).collect())
}

/// The items of a list, or of a text of names, as texts.
fn items(value: Option<&Json>) -> Vec<String> {
    match value {
        Some(Json::Array(items)) => items.iter().map(shown).collect(),
        Some(Json::String(names)) => names_in(names),
        _ => Vec::new(),
    }
}

fn shown(item: &Json) -> String {
    match item {
        Json::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    }
}

/// Refuses a name with a control character, which would be more than one line, in the lists that hosts read by lines or
/// commas.
fn check_names(payload: &ListChange, key: &SurfaceKey, target: &SurfaceTarget) -> Result<(), Inapplicable> {
    let is_of_names = target.format().is_headed() || matches!(key.value, Some(Json::String(_)));
    let mut names = payload.add.iter().filter_map(Json::as_str);
    match names.find(|name| is_of_names && name.contains(char::is_control)) {
        Some(name) => Err(Inapplicable::Payload {
            problem: format!("`add`: {} has a control character; name one item", Json::from(name)),
        }),
        None => Ok(()),
    }
}
