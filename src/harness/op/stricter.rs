//! Settings that only take rights away from a new agent, so that an edit may create one that has them.

use serde_json::Value as Json;

use super::protected::bare;

/// Keys whose value may take rights away.
const RESTRICTING: [&str; 7] = [
    "approvalpolicy",
    "disallowedtools",
    "permission",
    "permissionmode",
    "permissions",
    "readonly",
    "sandboxmode",
];

/// Whether a setting only takes rights away: a sandbox that only reads, permissions that are all denied, and tools that are
/// not allowed. The value is JSON text.
pub(super) fn is_stricter(keys: &[String], value: &str) -> bool {
    let (Some(key), Ok(value)) = (keys.last(), serde_json::from_str::<Json>(value)) else {
        return false;
    };
    match bare(key).as_str() {
        "sandboxmode" => value == "read-only",
        "readonly" => value == true,
        "permission" | "permissions" => is_denied(&value),
        "disallowedtools" => names_tools(&value),
        _ => false,
    }
}

/// Whether a setting may take rights away from an agent.
pub(super) fn restricts(keys: &[String]) -> bool {
    let key = keys.last().map(|key| bare(key)).unwrap_or_default();
    RESTRICTING.contains(&key.as_str())
}

fn is_denied(value: &Json) -> bool {
    match value {
        Json::String(word) => word == "deny",
        Json::Object(fields) => !fields.is_empty() && fields.values().all(is_denied),
        _ => false,
    }
}

fn names_tools(value: &Json) -> bool {
    let is_name = |text: &str| text.contains(char::is_alphanumeric) && !text.contains(char::is_control);
    match value {
        Json::String(names) => is_name(names),
        Json::Array(items) => !items.is_empty() && items.iter().all(|item| item.as_str().is_some_and(is_name)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_settings_that_take_rights_away_are_stricter() {
        for (key, value, wanted) in [
            ("sandbox_mode", "\"read-only\"", true),
            ("sandbox_mode", "\"workspace-write\"", false),
            ("permission", "\"deny\"", true),
            ("permission", "{\"edit\": \"deny\", \"bash\": {\"*\": \"deny\"}}", true),
            ("permission", "{\"edit\": \"deny\", \"bash\": \"ask\"}", false),
            ("permission", "{}", false),
            ("permission", "permission: deny", false),
            ("permissionMode", "\"deny\"", false),
            ("disallowedTools", "\"Bash, Edit\"", true),
            ("disallowedTools", "[\"Bash\"]", true),
            ("disallowedTools", "[]", false),
            ("readonly", "true", true),
            ("readonly", "false", false),
            ("hooks", "\"deny\"", false),
        ] {
            assert_eq!(is_stricter(&[key.to_owned()], value), wanted, "{key}: {value}");
        }
    }
}
