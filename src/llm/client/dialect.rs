//! What servers turned out to reject: fields on which the answer does not depend are left out or renamed, once for each
//! server and model, instead of failing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

use crate::llm::model::{RefusedPart, RefusedRequest};

/// Fields that only make an answer repeatable, or serve the server's own accounts.
const DISPENSABLE: [&str; 7] = [
    "metadata",
    "parallel_tool_calls",
    "seed",
    "service_tier",
    "store",
    "stream_options",
    "user",
];

/// Fields that enforce the form of an answer. They are dispensable if kaizen sent them, since the prompt states the form.
const SHAPES: [&str; 3] = ["format", "response_format", "tool_choice"];

/// Two names of one field.
const NAMES: [&str; 2] = ["max_tokens", "max_completion_tokens"];

/// A server's address and a model.
type ServerModel = (String, String);

/// The fields that each server rejects, as far as this process knows.
#[derive(Default)]
pub(super) struct Dialects(Mutex<BTreeMap<ServerModel, BTreeSet<String>>>);

impl Dialects {
    /// Changes a body to what the server is known to accept. `shaped`: whether kaizen enforces the form of the answer.
    pub(super) fn apply(&self, server: &ServerModel, body: &mut Value, shaped: bool) {
        for field in self.known().get(server).into_iter().flatten() {
            change(body, field, shaped);
        }
    }

    /// Changes a body that the server refused, if the answer does not depend on the rejected field, and returns that
    /// field.
    pub(super) fn learn(
        &self,
        server: ServerModel,
        body: &mut Value,
        shaped: bool,
        refusal: &RefusedRequest,
    ) -> Option<String> {
        let field = match &refusal.part {
            RefusedPart::Field(field) => field,
            // A schema may be rejected for its content, and a seed for its range.
            RefusedPart::ValueOf(field) if !NAMES.contains(&field.as_str()) => field,
            _ => return None,
        };
        let done = change(body, field, shaped)?;
        if self.known().entry(server).or_default().insert(field.clone()) {
            tracing::warn!("{}; {done}", refusal.words);
        }
        Some(field.clone())
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<ServerModel, BTreeSet<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leaves a field out of a body or renames it, and says so; `None` if the answer depends on it.
fn change(body: &mut Value, field: &str, shaped: bool) -> Option<String> {
    let fields = body.as_object_mut()?;
    if let Some(at) = NAMES.iter().position(|name| *name == field) {
        let other = NAMES[1 - at];
        let value = fields.get(field).filter(|_| !fields.contains_key(other))?.clone();
        fields.remove(field);
        fields.insert(other.to_owned(), value);
        return Some(format!("kaizen sends `{other}` instead"));
    }
    let of_shape = shaped && SHAPES.contains(&field);
    if !(of_shape || DISPENSABLE.contains(&field)) {
        return None;
    }
    if field == "tool_choice" {
        forced_tool(fields);
    }
    let options = fields.get_mut("options").and_then(Value::as_object_mut);
    let in_options = options.and_then(|options| options.remove(field));
    fields.remove(field).or(in_options)?;
    Some(format!(
        "kaizen asks without `{field}`, on which the answer does not depend"
    ))
}

/// Removes the tool that only enforces the form of the answer.
fn forced_tool(fields: &mut Map<String, Value>) {
    let forced = fields.get("tool_choice").and_then(|choice| choice.get("name")).cloned();
    if let (Some(forced), Some(tools)) = (forced, fields.get_mut("tools").and_then(Value::as_array_mut)) {
        tools.retain(|tool| tool.get("name") != Some(&forced));
        if tools.is_empty() {
            fields.remove("tools");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_answer_does_not_depend_on_is_left_out_or_renamed_once() {
        let field = |name: &str| RefusedPart::Field(name.into());
        let value = |name: &str| RefusedPart::ValueOf(name.into());
        let tool = json!({"tools": [{"name": "plan"}], "tool_choice": {"type": "tool", "name": "plan"}, "model": "m"});
        for (body, part, after) in [
            (
                json!({"seed": 1, "model": "m"}),
                field("seed"),
                Some(json!({"model": "m"})),
            ),
            (
                json!({"options": {"seed": 1}}),
                field("seed"),
                Some(json!({"options": {}})),
            ),
            (
                json!({"response_format": {}}),
                value("response_format"),
                Some(json!({})),
            ),
            (
                json!({"max_tokens": 5}),
                field("max_tokens"),
                Some(json!({"max_completion_tokens": 5})),
            ),
            (
                json!({"max_completion_tokens": 5}),
                field("max_completion_tokens"),
                Some(json!({"max_tokens": 5})),
            ),
            (tool, value("tool_choice"), Some(json!({"model": "m"}))),
            (json!({"max_tokens": 5}), value("max_tokens"), None),
            (json!({"temperature": 2}), field("temperature"), None),
            (json!({"temperature": 2}), RefusedPart::Model, None),
            (json!({}), field("seed"), None),
        ] {
            let (dialects, words) = (Dialects::default(), "no".to_owned());
            let server = || ("u".to_owned(), "m".to_owned());
            let mut changed = body.clone();
            let refusal = RefusedRequest { part, words };
            let learned = dialects.learn(server(), &mut changed, true, &refusal);
            assert_eq!(learned.is_some(), after.is_some(), "{body}");
            assert_eq!(changed, after.clone().unwrap_or(body.clone()));
            assert_eq!(
                dialects.learn(server(), &mut changed.clone(), true, &refusal),
                None,
                "once: {body}"
            );
            let mut next = body.clone();
            dialects.apply(&server(), &mut next, true);
            assert_eq!(next, after.unwrap_or(body), "remembered");
        }
    }

    #[test]
    fn a_form_that_the_harness_asks_for_stays() {
        let mut body = json!({"response_format": {"type": "json_object"}});
        let refusal = RefusedRequest {
            part: RefusedPart::Field("response_format".into()),
            words: String::new(),
        };
        let server = ("u".to_owned(), "m".to_owned());
        assert_eq!(Dialects::default().learn(server, &mut body, false, &refusal), None);
        assert!(body.get("response_format").is_some());
    }
}
