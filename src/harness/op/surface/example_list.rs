//! The op that replaces the examples of a file, or under a key.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::document::Document;
use super::example_lines::with_examples;
use super::key::{KeyArgument, SurfaceKey, kind};
use super::target::{SurfaceTarget, list};
use super::text_place::check_body;
use crate::artifact::edit::Edit;
use crate::harness::Harness;
use crate::harness::format;
use crate::harness::op::examples::rewritten_objects;
use crate::harness::op::inapplicable::Inapplicable;
use crate::harness::op::originals::restored;
use crate::harness::op::{OpContext, OpRules, payload};
use crate::manifest::surface::SurfaceFormat;

/// Arguments of `edit_examples`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::harness::op) struct NewExamples {
    /// The file.
    pub path: String,
    /// The key of the list of examples; absent: the file is the list, or has one example a line.
    #[serde(default)]
    pub key: Option<KeyArgument>,
    /// All examples, in order, each an object like the present ones, such as `{"input": …, "output": …}`. They replace the
    /// old ones.
    #[schemars(with = "Vec<Map<String, Json>>")]
    pub exemplars: Vec<Json>,
}

pub(in crate::harness::op) fn edit(payload: &NewExamples, context: &OpContext) -> Result<Harness, Inapplicable> {
    if payload.exemplars.is_empty() {
        return Err(Inapplicable::Payload {
            problem: "`exemplars` is empty, which would remove all examples; give all that shall stay".into(),
        });
    }
    let (target, text) = SurfaceTarget::existing(&payload.path, context)?;
    let exemplars = originals(&objects(&payload.exemplars)?, text)?;
    let changed = match &payload.key {
        Some(key) => {
            let document = Document::of(&target, text)?;
            let key = SurfaceKey::of(&target, key, &document)?;
            check_kind(&key.path.to_string(), key.value.as_ref(), &payload.exemplars)?;
            let list = Json::from(exemplars.into_iter().map(Json::Object).collect::<Vec<_>>());
            match key.value.as_ref() == Some(&list) {
                true => text.to_owned(),
                false => document.set(&key.path, &list)?,
            }
        }
        None => {
            check_body(&target)?;
            let list = format::values(target.format(), text).ok();
            check_kind(&target.path, list.as_ref(), &payload.exemplars)?;
            in_file(&target, text, &exemplars)?
        }
    };
    Ok(match changed == text {
        true => context.harness.clone(),
        false => context.harness.clone().with(target.path, changed),
    })
}

/// The examples as objects.
fn objects(exemplars: &[Json]) -> Result<Vec<Map<String, Json>>, Inapplicable> {
    let object = |(at, one): (usize, &Json)| match one {
        Json::Object(fields) => Ok(fields.clone()),
        other => Err(Inapplicable::Payload {
            problem: format!(
                "`exemplars[{at}]` is {}; each example is an object such as {{\"input\": …, \"output\": …}}",
                kind(other)
            ),
        }),
    };
    exemplars.iter().enumerate().map(object).collect()
}

/// Refuses a list that holds no examples, and new examples that have no field of the present ones.
fn check_kind(place: &str, present: Option<&Json>, new: &[Json]) -> Result<(), Inapplicable> {
    let refused = |problem: String| Err(Inapplicable::Payload { problem });
    for items in [present.and_then(Json::as_array).map(Vec::as_slice), Some(new)]
        .into_iter()
        .flatten()
    {
        if let Some(other) = other_than_examples(place, items) {
            return refused(format!("`{place}` has {}, no examples; {}", other.what, other.remedy));
        }
    }
    let names = |item: &Json| {
        item.as_object()
            .into_iter()
            .flat_map(Map::keys)
            .cloned()
            .collect::<Vec<_>>()
    };
    let known: Vec<String> = present
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .flat_map(names)
        .collect();
    let is_alike = |item: &Json| names(item).iter().any(|name| known.contains(name));
    match new
        .iter()
        .position(|item| !is_alike(item))
        .filter(|_| !known.is_empty())
    {
        Some(at) => refused(format!(
            "`exemplars[{at}]` has none of the fields of the present examples: {}; use these",
            list(known.iter().collect::<BTreeSet<_>>().into_iter().map(String::as_str))
        )),
        None => Ok(()),
    }
}

/// A list that is no list of examples.
pub(super) struct OtherList {
    what: &'static str,
    remedy: &'static str,
}

/// What a list has in place of examples; `None` if it may be a list of examples. The place is its key, or the file.
pub(super) fn other_than_examples(place: &str, items: &[Json]) -> Option<OtherList> {
    let is_message = |item: &Json| {
        item.get("role").is_some_and(Json::is_string)
            && ["content", "parts"].iter().any(|name| item.get(name).is_some())
    };
    if items.iter().any(|item| !item.is_object()) {
        let (what, remedy) = ("items that are no objects", "use edit_list, or set_key of one item");
        return Some(OtherList { what, remedy });
    }
    if items.iter().any(is_message) {
        let remedy = "use replace_text or patch_text of the file, or set_key of the key";
        return Some(OtherList {
            what: "chat messages",
            remedy,
        });
    }
    let is_of_prompts = place.rsplit('.').next() == Some("prompts");
    let is_prompt = |item: &Json| item.get("raw").is_some_and(Json::is_string);
    (is_of_prompts || items.iter().any(is_prompt)).then_some(OtherList {
        what: "prompts",
        remedy: "use edit_list, or set_key of one item such as `prompts[0]`",
    })
}

/// The text of a file of examples with others.
fn in_file(target: &SurfaceTarget, text: &str, exemplars: &[Map<String, Json>]) -> Result<String, Inapplicable> {
    match target.format() {
        SurfaceFormat::Json => Ok(rewritten_objects(text, exemplars)),
        SurfaceFormat::Jsonl => Ok(with_examples(text, exemplars)),
        other => Err(Inapplicable::Payload {
            problem: format!(
                "a {} file is no list of examples; name the `key` of the list",
                other.name()
            ),
        }),
    }
}

/// The examples with the values behind the marks that a teacher saw.
fn originals(exemplars: &[Map<String, Json>], text: &str) -> Result<Vec<Map<String, Json>>, Inapplicable> {
    let field = |(name, value): (&String, &Json)| {
        let value = match value {
            Json::String(words) => restored(words, text, false)?.into(),
            other => other.clone(),
        };
        Ok((name.clone(), value))
    };
    exemplars
        .iter()
        .map(|example| example.iter().map(field).collect())
        .collect()
}

/// The texts of an edit's examples that the present file does not have.
pub(in crate::harness::op) fn new_texts(edit: &Edit, harness: &Harness, rules: &OpRules) -> Option<Vec<String>> {
    let payload: NewExamples = payload::read(&edit.payload).ok()?;
    let context = OpContext {
        op: edit.op,
        target: &edit.target,
        harness,
        rules,
    };
    let (_, old) = SurfaceTarget::existing(&payload.path, &context).ok()?;
    let texts = objects(&payload.exemplars).ok()?.into_iter().flat_map(Map::into_iter);
    let texts = texts.filter_map(|(_, value)| value.as_str().map(str::to_owned));
    Some(texts.filter(|text| !old.contains(text.as_str())).collect())
}
