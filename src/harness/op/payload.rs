//! Reading an op's payload: untrusted JSON into a typed struct.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use super::inapplicable::Inapplicable;

/// Most bytes of one payload value.
const LARGEST_VALUE: usize = 1 << 20;

/// Refuses values that no file should get: too large, or with NUL bytes.
pub(super) fn check(payload: &Map<String, Json>) -> Result<(), Inapplicable> {
    for (key, value) in payload {
        let key = || key.chars().take(40).collect::<String>();
        if size(value) > LARGEST_VALUE {
            return Err(Inapplicable::TooLarge {
                key: key(),
                limit: LARGEST_VALUE,
            });
        }
        if has_nul(value) {
            return Err(Inapplicable::Nul { key: key() });
        }
    }
    Ok(())
}

/// The payload as the op's struct; the message names the key at fault. Unknown keys are ignored.
pub(super) fn read<P: DeserializeOwned>(payload: &Map<String, Json>) -> Result<P, Inapplicable> {
    parse(payload).map_err(|problem| {
        // The parser does not say which key it was at: it is the one without which it says something else.
        let at_fault = |key: &&String| {
            let without = payload
                .iter()
                .filter(|(other, _)| other != key)
                .map(|(k, v)| (k.clone(), v.clone()));
            parse::<P>(&without.collect()).err().as_ref() != Some(&problem)
        };
        let problem = match payload
            .keys()
            .take(8)
            .find(at_fault)
            .filter(|_| !problem.starts_with("missing"))
        {
            Some(key) => format!("`{key}`: {problem}"),
            None => problem.clone(),
        };
        Inapplicable::Payload { problem }
    })
}

fn parse<P: DeserializeOwned>(payload: &Map<String, Json>) -> Result<P, String> {
    serde_json::from_value(Json::Object(payload.clone())).map_err(|error| error.to_string())
}

fn size(value: &Json) -> usize {
    match value {
        Json::String(text) => text.len(),
        Json::Array(items) => items.iter().map(|item| size(item) + 2).sum(),
        Json::Object(fields) => fields.iter().map(|(key, value)| key.len() + size(value) + 2).sum(),
        Json::Null | Json::Bool(_) | Json::Number(_) => 8,
    }
}

fn has_nul(value: &Json) -> bool {
    match value {
        Json::String(text) => text.contains('\0'),
        Json::Array(items) => items.iter().any(has_nul),
        Json::Object(fields) => fields.iter().any(|(key, value)| key.contains('\0') || has_nul(value)),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}
