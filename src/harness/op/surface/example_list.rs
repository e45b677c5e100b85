//! The op that replaces the examples of a file, or under a key.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::document::Document;
use super::example_lines::with_examples;
use super::key::{KeyArgument, SurfaceKey};
use super::target::SurfaceTarget;
use super::text_place::check_body;
use crate::artifact::edit::Edit;
use crate::harness::Harness;
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
    pub exemplars: Vec<Map<String, Json>>,
}

pub(in crate::harness::op) fn edit(payload: &NewExamples, context: &OpContext) -> Result<Harness, Inapplicable> {
    if payload.exemplars.is_empty() {
        return Err(Inapplicable::Payload {
            problem: "`exemplars` is empty, which would remove all examples; give all that shall stay".into(),
        });
    }
    let (target, text) = SurfaceTarget::existing(&payload.path, context)?;
    let exemplars = originals(&payload.exemplars, text)?;
    let changed = match &payload.key {
        Some(key) => {
            let document = Document::of(&target, text)?;
            let key = SurfaceKey::of(&target, key, &document)?;
            let list = Json::from(exemplars.into_iter().map(Json::Object).collect::<Vec<_>>());
            match key.value.as_ref() == Some(&list) {
                true => text.to_owned(),
                false => document.set(&key.path, &list)?,
            }
        }
        None => {
            check_body(&target)?;
            in_file(&target, text, &exemplars)?
        }
    };
    Ok(match changed == text {
        true => context.harness.clone(),
        false => context.harness.clone().with(target.path, changed),
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
    let texts = payload.exemplars.into_iter().flat_map(Map::into_iter);
    let texts = texts.filter_map(|(_, value)| value.as_str().map(str::to_owned));
    Some(texts.filter(|text| !old.contains(text.as_str())).collect())
}
