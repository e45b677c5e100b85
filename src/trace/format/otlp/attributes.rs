//! Reads OTLP attributes as JSON values, and rebuilds lists from numbered keys.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::field::list;

/// Attributes by name.
pub(crate) type Attributes = BTreeMap<String, Value>;

/// Reads attributes in the form of OTLP, `[{"key": …, "value": {"stringValue": …}}]`, or as an object.
pub(crate) fn read(value: &Value) -> Attributes {
    match value {
        Value::Object(all) => all.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        Value::Array(pairs) => pairs
            .iter()
            .filter_map(|pair| Some((pair["key"].as_str()?.to_owned(), any(&pair["value"]))))
            .collect(),
        _ => Attributes::new(),
    }
}

/// Reads a typed value. OTLP writes 64-bit integers as text.
pub(crate) fn any(value: &Value) -> Value {
    let Some((kind, inner)) = value.as_object().and_then(|all| all.iter().next()) else {
        return Value::Null;
    };
    match kind.replace('_', "").to_ascii_lowercase().as_str() {
        "intvalue" => inner
            .as_str()
            .and_then(|text| text.parse::<i64>().ok())
            .map_or_else(|| inner.clone(), Value::from),
        "arrayvalue" => list(inner, "values").iter().map(any).collect(),
        "kvlistvalue" => read(&inner["values"]).into_iter().collect::<Map<_, _>>().into(),
        _ => inner.clone(),
    }
}

/// The maximum number of parts of a numbered key. No message nests deeper.
const DEEPEST: usize = 12;

/// Rebuilds nested lists from numbered keys that begin with `prefix`, such as `llm.input_messages.0.message.role`.
pub(crate) fn numbered(attributes: &Attributes, prefix: &str) -> Option<Value> {
    let mut root = Map::new();
    for (key, value) in attributes
        .range(prefix.to_owned()..)
        .take_while(|(key, _)| key.starts_with(prefix))
    {
        let path: Vec<&str> = key[prefix.len()..].split('.').collect();
        if path.len() <= DEEPEST {
            put(&mut root, &path, value);
        }
    }
    (!root.is_empty()).then(|| listed(Value::Object(root)))
}

fn put(into: &mut Map<String, Value>, path: &[&str], value: &Value) {
    match path {
        [] => {}
        [last] => {
            into.insert((*last).to_owned(), value.clone());
        }
        [first, rest @ ..] => {
            let inner = into.entry(*first).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// Turns objects whose keys are numbers into lists, in the order of the numbers.
fn listed(value: Value) -> Value {
    let Value::Object(all) = value else { return value };
    let numbers: Option<Vec<u64>> = all.keys().map(|key| key.parse().ok()).collect();
    let inner = all.into_iter().map(|(key, value)| (key, listed(value)));
    match numbers {
        Some(numbers) if !numbers.is_empty() => {
            let mut values: Vec<(u64, Value)> = numbers.into_iter().zip(inner.map(|(_, value)| value)).collect();
            values.sort_by_key(|(number, _)| *number);
            values.into_iter().map(|(_, value)| value).collect()
        }
        _ => Value::Object(inner.collect()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_of_every_type() {
        let read = read(&json!([
            {"key": "s", "value": {"stringValue": "a"}},
            {"key": "i", "value": {"intValue": "9007199254740993"}},
            {"key": "n", "value": {"intValue": 7}},
            {"key": "b", "value": {"boolValue": true}},
            {"key": "a", "value": {"arrayValue": {"values": [{"stringValue": "x"}, {"doubleValue": 1.5}]}}},
            {"key": "k", "value": {"kvlistValue": {"values": [{"key": "in", "value": {"stringValue": "y"}}]}}},
            {"key": "e", "value": {}},
            {"value": {"stringValue": "nameless"}},
        ]));
        let wanted = json!({"s": "a", "i": 9_007_199_254_740_993_i64, "n": 7, "b": true, "a": ["x", 1.5], "k": {"in": "y"}, "e": null});
        assert_eq!(json!(read), wanted);
    }

    #[test]
    fn numbered_keys_are_lists_whatever_the_numbers() {
        let deep = "m.".to_owned() + &"0.".repeat(100_000);
        let of = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), json!(value)))
                .collect()
        };
        let attributes: Attributes = of(&[
            ("m.10.role", "c"),
            ("m.2.role", "b"),
            ("m.2.calls.0.id", "x"),
            ("m.99999999999999999.role", "d"),
            (&deep, "deep"),
            ("other.0", "no"),
        ]);
        let wanted = json!([{"role": "b", "calls": [{"id": "x"}]}, {"role": "c"}, {"role": "d"}]);
        assert_eq!(numbered(&attributes, "m."), Some(wanted));
        assert_eq!(numbered(&attributes, "none."), None);
    }
}
