//! Reads the edits from a teacher's plan.

use serde::Deserialize;
use serde_json::{Value, json};

use super::answers::{FoundValue, search};
use super::error::{ReplyError, broken, missing};
use crate::artifact::edit::{Edit, Op, RiskTier};

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

/// Parts of a plan, by which a broken one is recognised.
const MARKS: [&str; 6] = ["\"edits\"", "'edits'", "{edits", "edits:", "\"op\"", "'op'"];

/// Reads the edits of a plan: an object with `edits` or a bare list of edits, either alone, fenced or in prose. Of
/// several plans, the last one counts.
///
/// # Errors
/// See [`ReplyError`]. An invalid item in a valid list is not an error: it is dropped with a reason.
pub(crate) fn edits(text: &str) -> Result<ParsedEdits, ReplyError> {
    let found = search(text);
    let list = |one: &FoundValue| -> Option<Vec<Value>> {
        let wrapped = one.value.get("edits").and_then(Value::as_array);
        let bare = one.value.as_array().filter(|list| holds_edits(list));
        wrapped.or(bare).cloned()
    };
    let last = found
        .values
        .iter()
        .rev()
        .find_map(|one| Some((list(one)?, one.range.end)));
    let Some((list, end)) = last else {
        return Err(missing(text, &found, &MARKS, "object {\"edits\": [...]}"));
    };
    match broken(text, &found, end, &MARKS) {
        Some(withdrawn) => Err(withdrawn),
        None => Ok(read(&list)),
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

    fn problem(text: &str) -> String {
        edits(text).map(drop).unwrap_err().to_string()
    }

    #[test]
    fn a_reply_without_a_plan_is_an_error_with_its_place() {
        for (text, part) in [
            ("sorry", "no JSON"),
            ("{\"edits\": null}", "but no object {\"edits\""),
            (
                &format!("{{\"edits\": [{EDIT}, {{\"id\": \"e"),
                "cut off inside its JSON, which begins at line 1",
            ),
            (&format!("Yes:\n{{\"edits\": [{EDIT} {EDIT}]}}"), "line 3, column"),
            ("{'edits': []}", "line 1, column 2 of the reply: a key in double quotes"),
            (
                &format!("{{\"edits\": [{EDIT}]}} No, better:\n{{\"edits\": [{{\"id\": }}]}}"),
                "line 3, column 19",
            ),
            (
                &format!("{{\"edits\": [{EDIT}]}} No, better:\n{{\"edits\": [{{"),
                "cut off",
            ),
            (
                &format!("<think>\n{{\"edits\": [{EDIT}]}}"),
                "ends inside its reasoning",
            ),
            (
                &format!("<think>\n{{\"edits\": [{EDIT}]}}</think> I cannot."),
                "no JSON",
            ),
        ] {
            assert!(problem(text).contains(part), "{text}: {}", problem(text));
        }
    }

    #[test]
    fn the_last_plan_outside_of_the_reasoning_counts() {
        let plan = |class: &str| format!("{{\"edits\": [{}]}}", EDIT.replace("\"x\"", &format!("\"{class}\"")));
        let (draft, last) = (plan("draft"), plan("last"));
        for text in [
            format!("<think>{draft}</think>{last}"),
            format!("<thinking>\nmaybe {draft}?\n</thinking>\n```json\n{last}\n```"),
            format!("maybe {draft}\n</think>\n{last}"),
            format!("```json\n{draft}\n```\nLet me reconsider.\n```json\n{last}\n```\nSee [1] and {{name}}."),
            format!("{draft}\n{last}\n"),
            format!("The 12\" rule. {draft}\n{last}"),
        ] {
            let parsed = edits(&text).unwrap();
            assert_eq!(parsed.edits[0].payload["new_class"], "last", "{text}");
        }
        // Tags, fences, constants and commas inside a string are its content.
        let words = "Use <think>a</think>.\n```json\n{\"edits\": [NaN, ]}\n``` // Infinity";
        let text = format!(
            "I kept the 12\" rule.\n{}",
            plan("x").replace("\"x\"", &Value::from(words).to_string())
        );
        assert_eq!(edits(&text).unwrap().edits[0].payload["new_class"], words);
        let raw = plan("one\ntwo");
        assert_eq!(edits(&raw).unwrap().edits[0].payload["new_class"], "one\ntwo");
        assert_eq!(edits(&format!("{{\"edits\": [{EDIT},], }}")).unwrap().edits.len(), 1);
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
