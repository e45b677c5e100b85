//! The arguments of a tool call: untrusted JSON, checked against the tool's schema.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::llm::chat::ToolSpec;

/// The largest number of rows that one call shows.
const MOST_ROWS: f64 = 100.0;

/// Arguments with the right types. A null counts as absent.
pub(super) struct ToolArguments<'a>(BTreeMap<&'a str, &'a Value>);

impl<'a> ToolArguments<'a> {
    /// Checks the arguments of a call.
    ///
    /// # Errors
    /// An argument is missing, unknown or of the wrong type; the message is for the caller.
    pub(crate) fn checked(spec: &ToolSpec, given: &'a Map<String, Value>) -> Result<Self, String> {
        let properties = spec.parameters["properties"].as_object();
        let known = |name: &str| properties.and_then(|all| all.get(name));
        let present = given.iter().filter(|(_, value)| !value.is_null());
        let arguments = Self(present.map(|(name, value)| (name.as_str(), value)).collect());
        for (name, value) in &arguments.0 {
            let property = known(name).ok_or_else(|| unknown(spec, name, properties))?;
            check_type(name, value, property["type"].as_str().unwrap_or_default())?;
        }
        let required = spec.parameters["required"].as_array().into_iter().flatten();
        let missing = required
            .filter_map(Value::as_str)
            .find(|name| arguments.get(name).is_none());
        missing.map_or(Ok(arguments), |name| {
            Err(format!("`{name}` is missing: {} needs it", spec.name))
        })
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).copied()
    }

    /// A text; empty if it is optional and absent.
    pub(crate) fn text(&self, name: &str) -> &'a str {
        self.optional_text(name).unwrap_or_default()
    }

    /// An optional text.
    pub(crate) fn optional_text(&self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_str()
    }

    /// An optional number.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.get(name)?.as_f64()
    }

    /// The number of rows that the caller wants, from 1 to 100.
    pub(crate) fn limit(&self, default: usize) -> usize {
        let wanted = self.number("limit").unwrap_or(default as f64);
        wanted.clamp(1.0, MOST_ROWS) as usize
    }
}

fn unknown(spec: &ToolSpec, name: &str, known: Option<&Map<String, Value>>) -> String {
    let names: Vec<&str> = known.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let takes = if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    };
    format!("`{name}` is not an argument of {}; it takes {takes}", spec.name)
}

fn check_type(name: &str, value: &Value, wanted: &str) -> Result<(), String> {
    let whole = |value: &Value| value.as_f64().is_some_and(|number| number.fract() == 0.0);
    let (right, must_be) = match wanted {
        "string" => (value.is_string(), "a text"),
        "integer" => (whole(value), "a whole number"),
        _ => (value.is_number(), "a number"),
    };
    let found = match value {
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number with a fraction",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        _ => "an object",
    };
    let found = if wanted == "string" && value.is_number() {
        "a number"
    } else {
        found
    };
    right
        .then_some(())
        .ok_or_else(|| format!("`{name}` must be {must_be}, not {found}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::teacher::tool::Tool;

    fn check(given: Value) -> Result<(usize, Option<f64>), String> {
        let tool = Tool {
            name: "look",
            about: "",
            parameters: || json!({"limit": {"type": "integer"}, "least": {"type": "number"}, "id": {"type": "string"}}),
            required: &["id"],
            call: |_, _| unreachable!("only its arguments are checked"),
        };
        let given = given.as_object().cloned().unwrap_or_default();
        ToolArguments::checked(&tool.spec(), &given).map(|given| (given.limit(20), given.number("least")))
    }

    #[test]
    fn absent_ones_have_defaults_and_limits_are_clamped() {
        assert_eq!(check(json!({"id": "a"})), Ok((20, None)));
        assert_eq!(check(json!({"id": "a", "limit": null, "least": null})), Ok((20, None)));
        for (limit, rows) in [
            (json!(3), 3),
            (json!(3.0), 3),
            (json!(0), 1),
            (json!(-7), 1),
            (json!(u64::MAX), 100),
        ] {
            assert_eq!(
                check(json!({"id": "a", "limit": limit, "least": 0})),
                Ok((rows, Some(0.0)))
            );
        }
    }

    #[test]
    fn the_message_names_the_argument_and_what_it_must_be() {
        for (given, problem) in [
            (json!({"id": 3}), "`id` must be a text, not a number"),
            (
                json!({"id": "a", "limit": "3"}),
                "`limit` must be a whole number, not a text",
            ),
            (
                json!({"id": "a", "limit": 2.5}),
                "`limit` must be a whole number, not a number with a fraction",
            ),
            (json!({"id": "a", "least": [1]}), "`least` must be a number, not a list"),
            (json!({"id": null}), "`id` is missing: look needs it"),
            (
                json!({"id": "a", "ids": "b"}),
                "`ids` is not an argument of look; it takes id, least, limit",
            ),
        ] {
            assert_eq!(check(given), Err(problem.to_owned()));
        }
    }
}
