//! JSON values as TOML: how they are written, and when they are equal.

use serde_json::Value as Json;

/// A value as TOML on one line; `Err` says what cannot be written.
///
/// # Errors
/// `null`, and integers beyond 64 signed bits, anywhere in the value.
pub(crate) fn render(value: &Json) -> Result<String, &'static str> {
    match value {
        Json::Null => Err("null"),
        Json::Bool(flag) => Ok(flag.to_string()),
        Json::Number(number) => match (number.as_i64(), number.is_f64()) {
            (Some(integer), _) => Ok(integer.to_string()),
            (None, true) => Ok(format!("{:?}", number.as_f64().unwrap_or_default())),
            (None, false) => Err("an integer beyond 64 signed bits"),
        },
        Json::String(text) => Ok(quote(text)),
        Json::Array(items) => Ok(format!("[{}]", join(items.iter().map(render))?)),
        Json::Object(fields) if fields.is_empty() => Ok("{}".into()),
        Json::Object(fields) => {
            let field = |(name, value): (&String, &Json)| Ok(format!("{} = {}", key(name), render(value)?));
            Ok(format!("{{ {} }}", join(fields.iter().map(field))?))
        }
    }
}

fn join(parts: impl Iterator<Item = Result<String, &'static str>>) -> Result<String, &'static str> {
    Ok(parts.collect::<Result<Vec<_>, _>>()?.join(", "))
}

/// A TOML basic string; JSON's escapes are TOML's, but for the delete character.
pub(crate) fn quote(text: &str) -> String {
    Json::from(text).to_string().replace('\u{7f}', "\\u007F")
}

/// One TOML key, quoted where it must be.
pub(crate) fn key(name: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !name.is_empty() && name.bytes().all(bare) {
        name.to_owned()
    } else {
        quote(name)
    }
}

/// A dotted TOML key.
pub(crate) fn dotted(keys: &[String]) -> String {
    keys.iter().map(|name| key(name)).collect::<Vec<_>>().join(".")
}

/// Whether a TOML value is the same as a JSON value, type by type.
pub(crate) fn same(found: &toml_edit::Value, wanted: &Json) -> bool {
    use toml_edit::Value as Toml;
    match (found, wanted) {
        (Toml::String(text), Json::String(other)) => text.value() == other,
        (Toml::Boolean(flag), Json::Bool(other)) => flag.value() == other,
        (Toml::Integer(number), Json::Number(other)) => !other.is_f64() && Some(*number.value()) == other.as_i64(),
        (Toml::Float(number), Json::Number(other)) => other.is_f64() && Some(*number.value()) == other.as_f64(),
        (Toml::Array(items), Json::Array(others)) => {
            items.len() == others.len() && items.iter().zip(others).all(|(item, other)| same(item, other))
        }
        (Toml::InlineTable(table), Json::Object(others)) => {
            let field = |(name, other): (&String, &Json)| table.get(name).is_some_and(|item| same(item, other));
            table.len() == others.len() && others.iter().all(field)
        }
        _ => false,
    }
}
