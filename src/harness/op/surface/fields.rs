//! Refuses fields of a payload that its op does not use, because the edit would do something else than its author meant.

use crate::artifact::edit::{Op, Payload};
use crate::artifact::nearest::nearest;
use crate::harness::op::inapplicable::{Inapplicable, shortened};

/// The fields that each generic op uses.
const FIELDS: [(Op, &[&str]); 10] = [
    (Op::PatchText, &["path", "key", "diff"]),
    (Op::ReplaceText, &["path", "key", "new_content"]),
    (Op::InsertSection, &["path", "key", "section", "content", "after"]),
    (Op::DeleteSection, &["path", "key", "section"]),
    (Op::SetKey, &["path", "key", "value"]),
    (Op::UnsetKey, &["path", "key"]),
    (Op::EditList, &["path", "key", "add", "remove"]),
    (Op::EditExamples, &["path", "key", "exemplars"]),
    (Op::CreateFile, &["path", "content"]),
    (Op::RemoveFile, &["path"]),
];

/// The fields of an edit itself.
const BESIDE: [&str; 9] = [
    "id",
    "op",
    "target",
    "pillar",
    "variants",
    "rationale",
    "expected_improvement",
    "references",
    "risk_tier",
];

/// Refuses the first field that a generic op does not use; a field that is null counts as absent. The payload of another op
/// may have any fields.
///
/// # Errors
/// The field, and the ops that use it.
pub(in crate::harness::op) fn check_fields(op: Op, payload: &Payload) -> Result<(), Inapplicable> {
    let Some((_, used)) = FIELDS.iter().find(|(known, _)| *known == op) else {
        return Ok(());
    };
    let stated = payload.iter().filter(|(_, value)| !value.is_null());
    match stated
        .map(|(field, _)| field.as_str())
        .find(|field| !used.contains(field))
    {
        Some(field) => Err(Inapplicable::Payload {
            problem: problem(op, field, used),
        }),
        None => Ok(()),
    }
}

fn problem(op: Op, field: &str, used: &[&str]) -> String {
    let (name, field) = (op.name(), shortened(field));
    if field == "surface" {
        return format!("`surface`: {name} names the file by `path` already; leave one of them out");
    }
    if BESIDE.contains(&&*field) {
        return format!("`{field}` is a field of the edit, beside `payload`; move it out of the payload");
    }
    let others: Vec<&str> = FIELDS
        .iter()
        .filter(|(_, fields)| fields.contains(&&*field))
        .map(|(op, _)| op.name())
        .collect();
    if let Some((last, others)) = others.split_last() {
        let ops = match others {
            [] => format!("{last} does"),
            others => format!("{} and {last} do", others.join(", ")),
        };
        return format!("`{field}`: {name} does not use it, {ops}; leave it out, or use the other op");
    }
    let known = match nearest(&field, used.iter().copied()) {
        Some(nearest) => format!("the nearest is `{nearest}`"),
        None => format!("it has `{}`", used.join("`, `")),
    };
    format!("`{field}`: {name} has no such field; {known}")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::harness::op::payload_schema;

    #[test]
    fn the_fields_are_those_of_the_schemas() {
        for (op, used) in FIELDS {
            let schema = payload_schema(op);
            let properties = schema.get("properties").and_then(Json::as_object).unwrap();
            let mut stated: Vec<&str> = properties.keys().map(String::as_str).collect();
            let mut used = used.to_vec();
            stated.sort_unstable();
            used.sort_unstable();
            assert_eq!(stated, used, "{}", op.name());
        }
        assert_eq!(FIELDS.len(), Op::ALL.into_iter().filter(|op| op.is_generic()).count());
    }

    #[test]
    fn a_field_that_is_not_used_is_refused_with_the_op_that_uses_it() {
        for (op, payload, words) in [
            (
                Op::ReplaceText,
                json!({"path": "a", "new_content": "x", "section": "Rules"}),
                "`section`: replace_text does not use it, insert_section and delete_section do",
            ),
            (
                Op::CreateFile,
                json!({"path": "a", "content": "x", "key": "model"}),
                "`key`: create_file does not use it, patch_text, replace_text",
            ),
            (
                Op::UnsetKey,
                json!({"path": "a", "key": "b", "value": 1}),
                "`value`: unset_key does not use it, set_key does",
            ),
            (
                Op::SetKey,
                json!({"path": "a", "key": "b", "vale": 1}),
                "`vale`: set_key has no such field; the nearest is `value`",
            ),
            (
                Op::UnsetKey,
                json!({"path": "a", "key": "b", "rationale": "x"}),
                "`rationale` is a field of the edit, beside `payload`; move it out",
            ),
            (Op::RemoveFile, json!({"path": "a", "zzzzzzz": 1}), "it has `path`"),
            (
                Op::RemoveFile,
                json!({"path": "a", "surface": "b"}),
                "leave one of them out",
            ),
        ] {
            let refused = check_fields(op, payload.as_object().unwrap()).unwrap_err().to_string();
            assert!(refused.contains(words), "{refused}");
        }
        let with_null = json!({"path": "a", "new_content": "x", "key": null, "section": null});
        assert_eq!(check_fields(Op::ReplaceText, with_null.as_object().unwrap()), Ok(()));
        let named = json!({"agent": "a", "mood": 1});
        assert_eq!(check_fields(Op::SetAgentParam, named.as_object().unwrap()), Ok(()));
    }
}
