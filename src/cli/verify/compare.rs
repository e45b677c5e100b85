//! Compares the values in a file with the values computed from its sources, field by field.

use serde::Serialize;
use serde_json::Value;

/// Tolerance for numbers, because files contain rounded values and sums may use another order.
const TOLERANCE: f64 = 1e-9;

/// One line for each field that differs; `source` describes where the expected values come from.
pub(crate) fn differences(found: &impl Serialize, expected: &impl Serialize, source: &str) -> Vec<String> {
    let (found, expected) = (value(found), value(expected));
    let (Value::Object(found), Value::Object(expected)) = (&found, &expected) else {
        return one("it", &found, &expected, source).into_iter().collect();
    };
    let field = |(key, expected): (&String, &Value)| one(key, found.get(key).unwrap_or(&Value::Null), expected, source);
    expected.iter().filter_map(field).collect()
}

fn value(any: &impl Serialize) -> Value {
    serde_json::to_value(any).unwrap_or_default()
}

fn one(name: &str, found: &Value, expected: &Value, source: &str) -> Option<String> {
    (!same(found, expected)).then(|| format!("{name} is {}, but {source} gives {}", short(found), short(expected)))
}

/// Whether two values are equal up to rounding.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => (one - other).abs() <= TOLERANCE,
            _ => one == other,
        },
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let held = |(key, value): (&String, &Value)| other.get(key).is_some_and(|other| same(value, other));
            one.len() == other.len() && one.iter().all(held)
        }
        _ => one == other,
    }
}

/// A value as text, cut to 120 bytes.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(120) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rounding_is_no_difference_and_all_else_is() {
        for (found, expected, count) in [
            (
                json!({"a": 0.3, "b": {"c": [1]}}),
                json!({"a": 0.1 + 0.2, "b": {"c": [1]}}),
                0,
            ),
            (json!({"a": 0.3}), json!({"a": 0.31}), 1),
            (json!({"a": 1.0}), json!({"a": null}), 1),
            (json!({"a": {"x": 1.0}}), json!({"a": {"x": 1.0, "y": 0.0}}), 1),
            (json!({"a": {"x": 1.0, "y": 0.0}}), json!({"a": {"x": 1.0}}), 1),
            (json!({"a": [1.0, 2.0]}), json!({"a": [2.0, 1.0]}), 1),
            (json!({}), json!({"a": 1, "b": "x"}), 2),
            (json!(null), json!({"a": 1}), 1),
        ] {
            let found_differences = differences(&found, &expected, "the source");
            assert_eq!(
                found_differences.len(),
                count,
                "{found} {expected}: {found_differences:?}"
            );
        }
    }
}
