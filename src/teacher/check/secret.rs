//! Finds keys and passwords in a submitted diagnosis or plan, which would be committed to git.

use serde_json::Value;

use crate::harness::Harness;
use crate::llm::redact;
use crate::llm::redact::FindingKind;
use crate::teacher::check::Problem;

/// A key or password in a submitted text.
struct Secret {
    line: usize,
    column: usize,
    kind: FindingKind,
}

/// Every key and password in the text of a diagnosis, except those that a file of the harness already contains: a new
/// prompt may repeat the old one.
pub(crate) fn in_text(text: &str, harness: &Harness) -> Vec<Problem> {
    let column = |at: usize| at - text[..at].rfind('\n').map_or(0, |end| end + 1) + 1;
    let found = redact::keys(text)
        .into_iter()
        .filter(|key| !stands_in(&text[key.range.clone()], harness));
    let secret = |key: redact::Key| Secret {
        line: key.line,
        column: column(key.range.start),
        kind: key.kind,
    };
    found.map(secret).map(|secret| problem(&secret)).collect()
}

/// Every key and password in the text of a plan. Its JSON strings and its fields are checked; the text itself would make the
/// name of a field and the value of the next one a pair.
pub(crate) fn in_json(text: &str, harness: &Harness) -> Vec<Problem> {
    let found = in_text(text, harness);
    let Ok(value) = serde_json::from_str::<Value>(text.strip_prefix('\u{feff}').unwrap_or(text)) else {
        return found;
    };
    let in_values = in_value(&value, harness).into_iter().map(|(_, problem)| problem);
    let mut in_values: Vec<Problem> = in_values.collect();
    if in_values.is_empty() {
        in_values = in_fields(&value, harness);
    }
    match found.is_empty() {
        // The text has the better places.
        false if !in_values.is_empty() => found,
        _ => {
            let at_the_start = |problem| Problem {
                line: 1,
                column: 1,
                ..problem
            };
            in_values.into_iter().map(at_the_start).collect()
        }
    }
}

/// Every password whose name and value are different parts of a value: a field, such as `"password": "…"`, or two fields,
/// such as `"key": "api_token", "value": "…"`. The field `key` of an edit holds a path.
pub(crate) fn in_fields(value: &Value, harness: &Harness) -> Vec<Problem> {
    let inner = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) => fields.values().collect(),
        _ => Vec::new(),
    };
    let mut found: Vec<Problem> = inner.into_iter().flat_map(|value| in_fields(value, harness)).collect();
    let Value::Object(fields) = value else { return found };
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let named = ["key", "name"]
        .map(text)
        .into_iter()
        .flatten()
        .zip(std::iter::repeat(text("value").unwrap_or_default()));
    let own = fields.iter().filter(|(name, _)| *name != "key");
    let own = own.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    for (name, value) in own.chain(named) {
        found.extend(in_text(&format!("{name}: {value}"), harness));
    }
    found
}

/// Every key and password in the strings of a value, each with the path of its string: `payload.new_content`.
pub(crate) fn in_value(value: &Value, harness: &Harness) -> Vec<(String, Problem)> {
    let mut found = Vec::new();
    walk(value, &mut String::new(), &mut |place, text| {
        found.extend(
            in_text(text, harness)
                .into_iter()
                .map(|problem| (place.to_owned(), problem)),
        );
    });
    found
}

fn walk(value: &Value, place: &mut String, visit: &mut impl FnMut(&str, &str)) {
    let length = place.len();
    match value {
        Value::String(text) => visit(place, text),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                *place += &format!("[{at}]");
                walk(item, place, visit);
                place.truncate(length);
            }
        }
        Value::Object(fields) => {
            for (name, item) in fields {
                if !place.is_empty() {
                    place.push('.');
                }
                place.push_str(name);
                walk(item, place, visit);
                place.truncate(length);
            }
        }
        _ => {}
    }
}

/// Whether a file of the harness contains the value, as it is or unescaped.
fn stands_in(value: &str, harness: &Harness) -> bool {
    let plain = value.replace("\\n", "\n").replace("\\\"", "\"").replace("\\\\", "\\");
    let mut texts = harness.files().filter_map(|(_, bytes)| std::str::from_utf8(bytes).ok());
    texts.any(|text| text.contains(value) || text.contains(&plain))
}

fn problem(secret: &Secret) -> Problem {
    let what = match secret.kind {
        FindingKind::Secret => "a password or secret".to_owned(),
        kind => format!("a key ({})", kind.name()),
    };
    Problem {
        line: secret.line,
        column: secret.column,
        edit: None,
        message: format!("this contains {what}, which would be committed to git; remove it, or say where it is kept"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> String {
        format!("ghp_{}", "a1b2c3d4e5".repeat(3))
    }

    #[test]
    fn a_key_is_named_by_line_and_kind_and_never_shown() {
        let text = format!(
            "# What fails\n\nThe agent lacks {}.\nIts password is hunter22!\n",
            key()
        );
        let found = in_text(&text, &Harness::default());
        let told: Vec<_> = found.iter().map(|one| (one.line, one.column)).collect();
        assert_eq!(told, [(3, 17), (4, 17)]);
        assert!(found[0].message.contains("(api_key)") && !found[0].message.contains("ghp_"));
        assert!(!found[1].message.contains("hunter22"));
    }

    #[test]
    fn what_the_harness_says_already_and_what_is_no_key_is_taken() {
        let harness = Harness::default().with("prompt.md", format!("Use {} here.", key()));
        assert_eq!(in_text(&format!("Always use {}.", key()), &harness), []);
        for text in [
            "Ask for `password: str` and the token.",
            "The form has a password field; mail ada@example.org",
            "password: [redacted:secret]",
        ] {
            assert_eq!(in_text(text, &Harness::default()), [], "{text}");
        }
    }

    #[test]
    fn the_name_of_a_field_and_the_value_of_the_next_one_are_no_pair() {
        for model in [
            "claude-sonnet-4-5-20250929",
            "openai/gpt-5.2-codex-high",
            "gemini-2.5-flash-lite",
        ] {
            let plan = format!(
                "{{\"edits\":[{{\"payload\":{{\"path\":\"a.md\",\"key\":\"model\",\"value\":\"{model}\"}}}}]}}"
            );
            assert_eq!(in_json(&plan, &Harness::default()), [], "{model}");
        }
        for plan in [
            "{\"payload\":{\"password\":\"hunter22!\"}}",
            "{\"payload\":{\"path\":\"a.toml\",\"key\":\"server.password\",\"value\":\"hunter22!\"}}",
            "{\"edits\":[\n{\"name\": \"password\",\n \"value\": \"hunter22!\"}]}",
        ] {
            assert_ne!(in_json(plan, &Harness::default()), [], "{plan}");
        }
    }

    #[test]
    fn strings_of_a_plan_count_however_they_are_escaped() {
        let escaped = format!(
            "{{\"edits\": [\n{{\"payload\": {{\"new_content\": \"Use \\u0067{}\"}}}}]}}",
            &key()[1..]
        );
        assert_eq!(in_json(&escaped, &Harness::default()).len(), 1);
        let plain = format!(
            "{{\"edits\": [\n{{\"payload\": {{\"new_content\": \"Use {}\"}}}}]}}",
            key()
        );
        assert_eq!(in_json(&plain, &Harness::default())[0].line, 2);
        let value = serde_json::json!({"payload": {"list": ["x", key()]}});
        assert_eq!(in_value(&value, &Harness::default())[0].0, "payload.list[1]");
    }
}
