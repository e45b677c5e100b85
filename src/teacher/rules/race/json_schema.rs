//! Derives a JSON Schema from values.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// The largest number of texts that a schema lists.
const MOST_TEXTS: usize = 12;
/// Each listed text occurs at least this often on average.
const TIMES: usize = 3;

/// The schema of these values; `None` if there is none, or one is not an object.
pub(super) fn of_objects(values: &[Value]) -> Option<Value> {
    let all_objects = !values.is_empty() && values.iter().all(Value::is_object);
    all_objects.then(|| of(&values.iter().collect::<Vec<_>>()))
}

fn of(values: &[&Value]) -> Value {
    let kinds: BTreeSet<&str> = values.iter().map(|value| kind(value)).collect();
    let kinds: Vec<&str> = match kinds.contains("number") {
        true => kinds.into_iter().filter(|kind| *kind != "integer").collect(),
        false => kinds.into_iter().collect(),
    };
    match kinds[..] {
        ["object"] => object(values),
        ["array"] => {
            let items: Vec<&Value> = values.iter().filter_map(|value| value.as_array()).flatten().collect();
            match items.is_empty() {
                true => json!({"type": "array"}),
                false => json!({"type": "array", "items": of(&items)}),
            }
        }
        ["string"] => text(values),
        [one] => json!({"type": one}),
        _ => json!({"type": kinds}),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn object(values: &[&Value]) -> Value {
    let mut keys: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for (key, value) in values.iter().filter_map(|value| value.as_object()).flatten() {
        keys.entry(key).or_default().push(value);
    }
    let required: Vec<&str> = keys
        .iter()
        .filter(|(_, of_key)| of_key.len() == values.len())
        .map(|(key, _)| *key)
        .collect();
    let properties: Map<String, Value> = keys
        .iter()
        .map(|(key, of_key)| ((*key).to_owned(), of(of_key)))
        .collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// A text, or one of a few texts that return again and again.
fn text(values: &[&Value]) -> Value {
    let texts: BTreeSet<&str> = values.iter().filter_map(|value| value.as_str()).collect();
    match texts.len() <= MOST_TEXTS && values.len() >= TIMES * texts.len() {
        true => json!({"type": "string", "enum": texts}),
        false => json!({"type": "string"}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_admits_the_values_that_it_comes_from() {
        let values = [
            json!({"order": "A-1", "amount": 3, "paid": true, "lines": [{"sku": "x"}], "size": "big"}),
            json!({"order": "B-2", "amount": 2.5, "paid": null, "lines": [], "size": "big"}),
            json!({"order": "C-3", "amount": 1, "paid": false, "lines": [{"sku": "y", "n": 1}], "size": "big", "x": []}),
        ];
        let schema = of_objects(&values).unwrap();
        assert_eq!(schema["properties"]["order"], json!({"type": "string"}));
        assert_eq!(schema["properties"]["amount"], json!({"type": "number"}));
        assert_eq!(schema["properties"]["paid"], json!({"type": ["boolean", "null"]}));
        assert_eq!(schema["properties"]["size"], json!({"type": "string", "enum": ["big"]}));
        assert_eq!(schema["properties"]["lines"]["items"]["required"], json!(["sku"]));
        assert_eq!(schema["required"], json!(["amount", "lines", "order", "paid", "size"]));
        let validator = jsonschema::validator_for(&schema).unwrap();
        assert!(values.iter().all(|value| validator.is_valid(value)));
        assert!(!validator.is_valid(&json!({"order": "D"})));
        assert_eq!(of_objects(&[]), None);
        assert_eq!(of_objects(&[json!({}), json!([])]), None);
    }
}
