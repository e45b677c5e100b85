//! What servers turned out to reject: fields on which the answer does not depend are left out or renamed, once for each
//! server and model, instead of failing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};

use super::rejected::{self, ServerModel};
use crate::llm::model::{RefusedPart, RefusedRequest};
use crate::sys::disk::Root;

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

/// Fields that enforce the form of an answer. They are dispensable if kaizen sent them, since the prompt states the
/// form.
const SHAPES: [&str; 3] = ["format", "response_format", "tool_choice"];

/// Two names of one field.
const NAMES: [&str; 2] = ["max_tokens", "max_completion_tokens"];

/// The fields that each server rejects, also remembered in a file for the next process.
pub(super) struct Dialects {
    root: Root,
    known: Mutex<Option<RejectedFields>>,
}

/// The rejected fields by server.
#[derive(Default)]
struct RejectedFields(BTreeMap<ServerModel, BTreeSet<String>>);

impl Dialects {
    /// What earlier processes learned in this workspace. The first request reads their file.
    pub(super) fn of(root: &Root) -> Self {
        Self {
            root: root.clone(),
            known: Mutex::new(None),
        }
    }

    /// Changes a body to what the server is known to accept. `shaped`: whether kaizen enforces the form of the answer.
    pub(super) fn apply(&self, server: &ServerModel, body: &mut Value, shaped: bool) {
        let rejected = self.with(|known| known.0.get(server).cloned());
        for field in rejected.into_iter().flatten() {
            change(body, &field, shaped);
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
        if self.with(|known| known.note(server.clone(), field)) {
            tracing::warn!("{}; {done}", refusal.words);
            rejected::remember(&self.root, server, field);
        }
        Some(field.clone())
    }

    fn with<T>(&self, work: impl FnOnce(&mut RejectedFields) -> T) -> T {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        work(known.get_or_insert_with(|| RejectedFields::remembered(&self.root)))
    }
}

impl RejectedFields {
    fn remembered(root: &Root) -> Self {
        let mut known = Self::default();
        for (server, field) in rejected::remembered(root) {
            known.note(server, &field);
        }
        known
    }

    /// Notes a rejected field; returns whether that is new. Of two names, the one that was rejected last counts.
    fn note(&mut self, server: ServerModel, field: &str) -> bool {
        let rejected = self.0.entry(server).or_default();
        if let Some(at) = NAMES.iter().position(|name| *name == field) {
            rejected.remove(NAMES[1 - at]);
        }
        rejected.insert(field.to_owned())
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
            let folder = tempfile::tempdir().unwrap();
            let root = Root::open(folder.path()).unwrap();
            let (dialects, words) = (Dialects::of(&root), "no".to_owned());
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
            for (dialects, what) in [
                (&dialects, "remembered"),
                (&Dialects::of(&root), "by the next process too"),
            ] {
                let mut next = body.clone();
                dialects.apply(&server(), &mut next, true);
                assert_eq!(&next, after.as_ref().unwrap_or(&body), "{what}");
            }
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
        let folder = tempfile::tempdir().unwrap();
        let dialects = Dialects::of(&Root::open(folder.path()).unwrap());
        assert_eq!(dialects.learn(server, &mut body, false, &refusal), None);
        assert!(body.get("response_format").is_some());
    }

    #[test]
    fn of_two_names_the_one_that_was_rejected_last_counts() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let server = || ("u".to_owned(), "m".to_owned());
        for (field, other) in [(NAMES[0], NAMES[1]), (NAMES[1], NAMES[0]), (NAMES[0], NAMES[1])] {
            let (dialects, part) = (Dialects::of(&root), RefusedPart::Field(field.into()));
            let words = String::new();
            let learned = dialects.learn(server(), &mut json!({field: 5}), false, &RefusedRequest { part, words });
            assert_eq!(learned.as_deref(), Some(field));
            let mut body = json!({field: 5});
            Dialects::of(&root).apply(&server(), &mut body, false);
            assert_eq!(body, json!({other: 5}));
        }
    }
}
