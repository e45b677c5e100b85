//! Reads the edits from a teacher's plan.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::artifact::edit::{Edit, Op, RiskTier};
use crate::llm::json as scan;
use crate::llm::json::JsonValues;

/// The edits of a reply, and the items that were dropped.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ParsedEdits {
    /// Well-formed edits, in order.
    pub edits: Vec<Edit>,
    /// Items that are not valid edits.
    pub dropped: Vec<DroppedItem>,
}

/// An item of the list that is not a valid edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DroppedItem {
    /// Position in the list, from 0.
    pub index: usize,
    /// Why it is not valid.
    pub reason: String,
}

/// A reply without a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReplyError {
    /// The reply contains no JSON.
    #[error("the reply contains no JSON; expected an object {{\"edits\": [...]}}")]
    NoJson,
    /// The reply ends in the middle of a value.
    #[error("the reply is cut off inside its JSON; raise the teacher's token limit")]
    CutOff,
    /// The reply contains JSON, but no list of edits.
    #[error("the reply contains JSON, but no list `edits`; expected an object {{\"edits\": [...]}}")]
    WrongShape,
}

/// Reads the edits of a plan: an object with `edits` or a bare list of edits, either alone, fenced or in prose.
///
/// # Errors
/// See [`ReplyError`]. An invalid item in a valid list is not an error: it is dropped with a reason.
pub(crate) fn edits(text: &str) -> Result<ParsedEdits, ReplyError> {
    let JsonValues { values, cut_off } = scan::find(text);
    let wrapped = values.iter().find_map(|value| value.get("edits")?.as_array());
    match wrapped.or_else(|| values.iter().filter_map(Value::as_array).find(|list| holds_edits(list))) {
        Some(list) => Ok(read(list)),
        None if cut_off => Err(ReplyError::CutOff),
        None if values.is_empty() => Err(ReplyError::NoJson),
        None => Err(ReplyError::WrongShape),
    }
}

/// Whether a bare list is a plan: at least one item has an `op`.
fn holds_edits(list: &[Value]) -> bool {
    list.iter().any(|item| item.get("op").is_some())
}

fn read(list: &[Value]) -> ParsedEdits {
    let mut parsed = ParsedEdits::default();
    for (index, item) in list.iter().enumerate() {
        match edit(item) {
            Ok(edit) => parsed.edits.push(edit),
            Err(reason) => parsed.dropped.push(DroppedItem { index, reason }),
        }
    }
    parsed
}

/// One edit. A valid tier is kept and an invalid one replaced; the manifest overrides either later.
fn edit(item: &Value) -> Result<Edit, String> {
    let mut fields = item.as_object().ok_or("not an object")?.clone();
    let stated = fields
        .get("risk_tier")
        .and_then(|tier| RiskTier::deserialize(tier).ok());
    let own = || fields.get("op").and_then(|op| Op::deserialize(op).ok()).map(Op::tier);
    let tier = stated.or_else(own).unwrap_or_default();
    fields.insert("risk_tier".to_owned(), json!(tier));
    Edit::deserialize(Value::Object(fields)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDIT: &str = r#"{"id": "e", "pillar": "agent", "op": "set_agent_class", "target": "agents.a",
        "payload": {"new_class": "x"}, "rationale": "r", "expected_improvement": "c"}"#;

    #[test]
    fn a_reply_without_a_plan_is_an_error() {
        for (text, error) in [
            ("sorry", ReplyError::NoJson),
            ("{\"edits\": null}", ReplyError::WrongShape),
            (&format!("{{\"edits\": [{EDIT}, {{\"id\": \"e"), ReplyError::CutOff),
        ] {
            assert_eq!(edits(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_plan_is_found_bare_wrapped_or_in_prose() {
        for text in [
            format!("[{EDIT}]"),
            format!("a {{\"n\": 1}} b {{\"edits\": [\"x\", {EDIT}]}} c"),
        ] {
            let parsed = edits(&text).unwrap();
            assert_eq!(parsed.edits.len(), 1);
            assert_eq!(parsed.edits[0].risk_tier, RiskTier::Review);
        }
    }
}
