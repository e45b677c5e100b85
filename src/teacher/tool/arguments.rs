//! The arguments of a tool call: untrusted JSON, brought into the types of the tool's schema.
//!
//! Some clients send every optional argument, empty; some send lists, objects and numbers as text. What they mean is
//! clear, so it is accepted.

use serde_json::{Map, Value};

use super::page::RowRange;
use crate::llm::chat::ToolSpec;
use crate::teacher::schemas::required;

/// Arguments with the right types. An optional argument that is empty counts as absent.
pub(super) struct ToolArguments(Map<String, Value>);

impl ToolArguments {
    /// Checks the arguments of a call.
    ///
    /// # Errors
    /// An argument is missing, unknown or of the wrong type; the message is for the caller.
    pub(crate) fn checked(spec: &ToolSpec, given: &Map<String, Value>) -> Result<Self, String> {
        match shaped(spec, given) {
            (arguments, problems) if problems.is_empty() => Ok(Self(arguments)),
            (_, problems) => Err(joined(&problems)),
        }
    }

    /// A text; empty if it is optional and absent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.optional_text(name).unwrap_or_default()
    }

    /// An optional text.
    pub(crate) fn optional_text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// An optional number.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.0.get(name)?.as_f64()
    }

    /// The part of a list that the caller wants: `limit` rows from row `offset`.
    ///
    /// # Errors
    /// A number is out of its range.
    pub(crate) fn page(&self, default: usize) -> Result<RowRange, String> {
        RowRange::new(self.number("offset"), self.number("limit"), default)
    }
}

/// A problem of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ArgumentProblem {
    /// Where it is, such as `edits[2].payload`.
    pub path: String,
    /// What is wrong, with the path.
    pub message: String,
}

impl ArgumentProblem {
    /// Whether the problem is in the item of a list.
    pub(crate) fn is_in(&self, list: &str, at: usize) -> bool {
        let item = format!("{list}[{at}]");
        self.path
            .strip_prefix(&item)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }
}

/// All problems in one line.
pub(crate) fn joined(problems: &[ArgumentProblem]) -> String {
    let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    messages.join("; ")
}

/// The arguments in the types of the tool's schema, and the problems of those that do not fit, each with its path.
pub(crate) fn shaped(spec: &ToolSpec, given: &Map<String, Value>) -> (Map<String, Value>, Vec<ArgumentProblem>) {
    let mut problems: Vec<ArgumentProblem> = given.keys().filter_map(|name| unknown(spec, name)).collect();
    let arguments = object(&spec.parameters, given.clone(), "", &mut problems);
    (arguments, problems)
}

fn unknown(spec: &ToolSpec, name: &str) -> Option<ArgumentProblem> {
    let known = spec.parameters["properties"].as_object()?;
    let names: Vec<&str> = known.keys().map(String::as_str).collect();
    let takes = match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    };
    let message = || format!("`{name}` is not an argument of {}; it takes {takes}", spec.name);
    (!known.contains_key(name)).then(|| at(name, message()))
}

fn at(path: &str, message: String) -> ArgumentProblem {
    let path = path.to_owned();
    ArgumentProblem { path, message }
}

/// An object with the properties of a schema. Other properties stay as they are.
fn object(
    schema: &Value,
    given: Map<String, Value>,
    path: &str,
    problems: &mut Vec<ArgumentProblem>,
) -> Map<String, Value> {
    let required = required(schema);
    let within = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    let mut shaped = Map::new();
    for (name, value) in given {
        match schema["properties"].get(&name) {
            Some(_) if value.is_null() => {}
            Some(property) if !required.contains(&name.as_str()) && is_empty(property, &value) => {}
            Some(property) => {
                let value = fitting(property, value, &within(&name), problems);
                shaped.insert(name, value);
            }
            None => drop(shaped.insert(name, value)),
        }
    }
    let missing = required.iter().filter(|name| !shaped.contains_key(**name));
    problems.extend(missing.map(|name| at(&within(name), format!("`{}` is missing", within(name)))));
    shaped
}

/// Whether the value of an optional property means that it is absent.
fn is_empty(schema: &Value, value: &Value) -> bool {
    let is = |kind: &str| schema["type"] == kind;
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty() && !is("array"),
        Value::Object(fields) => fields.is_empty() && !is("object"),
        _ => false,
    }
}

/// A value in the type of a schema.
fn fitting(schema: &Value, value: Value, path: &str, problems: &mut Vec<ArgumentProblem>) -> Value {
    let must_be = match (schema["type"].as_str().unwrap_or_default(), unpacked(schema, &value)) {
        ("object", Value::Object(fields)) => return Value::Object(object(schema, fields, path, problems)),
        ("array", Value::Array(items)) => {
            let item = |(at, item)| fitting(&schema["items"], item, &format!("{path}[{at}]"), problems);
            return items.into_iter().enumerate().map(item).collect();
        }
        ("string", Value::String(text)) => {
            problems.extend(not_among(schema, &text, path));
            return Value::String(text);
        }
        ("integer", Value::Number(number)) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => {
            problems.extend(out_of_range(schema, &number, path));
            return whole(&number);
        }
        ("number", Value::Number(number)) => {
            problems.extend(out_of_range(schema, &number, path));
            return Value::Number(number);
        }
        ("boolean", Value::Bool(yes)) => return Value::Bool(yes),
        ("", value) => return value,
        ("object", _) => "an object",
        ("array", _) => "a list",
        ("string", _) => "a text",
        ("integer", _) => "a whole number",
        ("boolean", _) => "true or false",
        _ => "a number",
    };
    problems.push(at(
        path,
        format!("`{path}` must be {must_be}, not {}", kind(schema, &value)),
    ));
    value
}

/// A value that is written as text, and an empty list for an empty object or the reverse, which some languages cannot
/// tell apart.
fn unpacked(schema: &Value, value: &Value) -> Value {
    let wanted = schema["type"].as_str().unwrap_or_default();
    let packed = match value {
        Value::String(text) if wanted != "string" => serde_json::from_str(text.trim()).ok(),
        Value::Array(list) if wanted == "object" && list.is_empty() => Some(Value::Object(Map::new())),
        Value::Object(fields) if wanted == "array" && fields.is_empty() => Some(Value::Array(Vec::new())),
        _ => None,
    };
    packed.unwrap_or_else(|| value.clone())
}

/// A whole number without a fraction of zero.
fn whole(number: &serde_json::Number) -> Value {
    let fits = |number: &f64| number.abs() < 9e15;
    match number.as_f64().filter(|_| number.is_f64()).filter(fits) {
        Some(number) => Value::from(number as i64),
        None => Value::Number(number.clone()),
    }
}

fn not_among(schema: &Value, text: &str, path: &str) -> Option<ArgumentProblem> {
    let values = schema["enum"].as_array()?;
    let words: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
    (!words.contains(&text)).then(|| {
        at(
            path,
            format!("`{path}` must be one of {}, not `{text}`", words.join(", ")),
        )
    })
}

fn out_of_range(schema: &Value, number: &serde_json::Number, path: &str) -> Option<ArgumentProblem> {
    let (least, most) = (schema["minimum"].as_f64(), schema["maximum"].as_f64());
    let value = number.as_f64()?;
    let is_in = least.is_none_or(|least| value >= least) && most.is_none_or(|most| value <= most);
    let range = match (least, most) {
        (Some(least), Some(most)) => format!("from {least} to {most}"),
        (Some(least), None) => format!("at least {least}"),
        (None, most) => format!("at most {}", most?),
    };
    (!is_in).then(|| at(path, format!("`{path}` must be {range}, not {number}")))
}

fn kind(schema: &Value, value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) if schema["type"] == "integer" => "a number with a fraction",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec() -> ToolSpec {
        let rate = json!({"type": "number", "minimum": 0, "maximum": 1});
        let part = json!({"type": "object", "properties": {"id": {"type": "string"}, "rate": rate}, "required": ["id", "rate"]});
        ToolSpec {
            name: "look".to_owned(),
            description: String::new(),
            parameters: json!({"type": "object", "required": ["id"], "properties": {
                "id": {"type": "string"}, "limit": {"type": "integer"}, "least": {"type": "number"},
                "kind": {"type": "string", "enum": ["a", "b"]}, "deep": {"type": "boolean"},
                "parts": {"type": "array", "items": part}, "any": {"type": "object"},
            }}),
        }
    }

    #[test]
    fn what_clients_write_becomes_what_they_mean() {
        for (given, meant) in [
            (json!({"id": ""}), json!({"id": ""})),
            (
                json!({"id": "a", "limit": null, "kind": "", "least": "", "any": [], "deep": {}}),
                json!({"id": "a"}),
            ),
            (json!({"id": "a", "parts": []}), json!({"id": "a", "parts": []})),
            (json!({"id": "a", "parts": {}}), json!({"id": "a"})),
            (json!({"id": "a", "parts": ""}), json!({"id": "a"})),
            (json!({"id": "5", "limit": 3.0}), json!({"id": "5", "limit": 3})),
            (
                json!({"id": "a", "limit": "5", "least": "0.5", "deep": "true"}),
                json!({"id": "a", "limit": 5, "least": 0.5, "deep": true}),
            ),
            (
                json!({"id": "a", "limit": u64::MAX}),
                json!({"id": "a", "limit": u64::MAX}),
            ),
            (
                json!({"id": "a", "parts": "[{\"id\": \"x\", \"rate\": \"1\", \"more\": \"\"}]"}),
                json!({"id": "a", "parts": [{"id": "x", "rate": 1, "more": ""}]}),
            ),
            (
                json!({"id": "a", "parts": ["{\"id\": \"x\", \"rate\": 0.5}"], "any": "{\"k\": \"5\"}"}),
                json!({"id": "a", "parts": [{"id": "x", "rate": 0.5}], "any": {"k": "5"}}),
            ),
        ] {
            let found = shaped(&spec(), given.as_object().unwrap());
            assert_eq!((Value::Object(found.0), found.1), (meant, Vec::new()), "{given}");
        }
    }

    #[test]
    fn every_problem_is_named_with_its_path() {
        for (given, problems) in [
            (json!({"id": 3}), vec!["`id` must be a text, not a number"]),
            (
                json!({"id": "a", "limit": "three"}),
                vec!["`limit` must be a whole number, not a text"],
            ),
            (
                json!({"id": "a", "limit": 2.5}),
                vec!["`limit` must be a whole number, not a number with a fraction"],
            ),
            (
                json!({"id": "a", "least": [1], "deep": "maybe"}),
                vec![
                    "`deep` must be true or false, not a text",
                    "`least` must be a number, not a list",
                ],
            ),
            (
                json!({"id": null, "kind": "c"}),
                vec!["`kind` must be one of a, b, not `c`", "`id` is missing"],
            ),
            (
                json!({"id": "a", "ids": "b"}),
                vec!["`ids` is not an argument of look; it takes any, deep, id, kind, least, limit, parts"],
            ),
            (
                json!({"id": "a", "parts": [{"rate": 7}, 5, {"id": "b", "rate": true}]}),
                vec![
                    "`parts[0].rate` must be from 0 to 1, not 7",
                    "`parts[0].id` is missing",
                    "`parts[1]` must be an object, not a number",
                    "`parts[2].rate` must be a number, not a boolean",
                ],
            ),
        ] {
            let found = shaped(&spec(), given.as_object().unwrap()).1;
            let messages: Vec<&str> = found.iter().map(|problem| problem.message.as_str()).collect();
            assert_eq!(messages, problems, "{given}");
            assert!(found.iter().all(|problem| problem.message.contains(&problem.path)));
        }
    }
}
