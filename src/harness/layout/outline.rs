//! Reads the values of a file to recognise it, and looks keys up by dotted patterns.

use serde_json::Value;

use crate::harness::format;
use crate::manifest::surface::SurfaceFormat;

/// The values of a file in its format; `None` if it has none, or they cannot be read.
pub(super) fn values_of(format: SurfaceFormat, text: &str) -> Option<Value> {
    let format = match format {
        SurfaceFormat::Jsonl => return None,
        // Hosts often read comments in files that are called JSON.
        SurfaceFormat::Json => SurfaceFormat::Jsonc,
        format => format,
    };
    let is_empty = |values: &Value| values.as_object().is_some_and(serde_json::Map::is_empty);
    format::values(format, text).ok().filter(|values| !is_empty(values))
}

/// The segments of a dotted path; `[*]` is a segment of its own.
pub(super) fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('.').flat_map(|part| match part.strip_suffix("[*]") {
        Some(key) => vec![key, "[*]"],
        None => vec![part],
    })
}

/// The values at a dotted path, in which `*` is any key and `[*]` any item.
pub(super) fn values_at<'v>(value: &'v Value, path: &str) -> Vec<&'v Value> {
    segments(path).fold(vec![value], |values, segment| {
        values.into_iter().flat_map(|value| below(value, segment)).collect()
    })
}

fn below<'v>(value: &'v Value, segment: &str) -> Vec<&'v Value> {
    match (value, segment) {
        (Value::Object(map), "*") => map.values().collect(),
        (Value::Array(items), "[*]") => items.iter().collect(),
        (Value::Object(map), key) => map.get(key).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Whether a protected path covers a key: it equals the key or leads to a table that holds it. `*` in the protected path
/// is any key.
pub(super) fn covers(protected: &str, key: &str) -> bool {
    let mut key = segments(key);
    segments(protected).all(|part| key.next().is_some_and(|key| part == "*" || part == key))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn comments_and_trailing_commas_are_no_obstacle() {
        let text = "{ // one\n \"a\": \"x // no, /* y\", /* two\n */ \"b\": [1, 2, ],\n}";
        let value = values_of(SurfaceFormat::Jsonc, text).unwrap();
        assert_eq!(value, json!({"a": "x // no, /* y", "b": [1, 2]}));
    }

    #[test]
    fn front_matter_ends_at_its_fence() {
        let of = |text| values_of(SurfaceFormat::FrontMatter, text);
        assert_eq!(of("---\nname: x\n---\nname: y\n"), Some(json!({"name": "x"})));
        assert_eq!(of("---\r\nname: x\r\n---\r\nbody"), Some(json!({"name": "x"})));
        assert_eq!(of("---\nname: x\n"), None);
        assert_eq!(of("# Title\n"), None);
    }

    #[test]
    fn patterns_find_keys_at_any_name_and_item() {
        let value = json!({"a": {"x": {"k": 1}, "y": {"k": 2}}, "l": [{"n": 3}, {"n": 4}], "p.q": 5});
        assert_eq!(values_at(&value, "a.*.k"), [&json!(1), &json!(2)]);
        assert_eq!(values_at(&value, "l[*].n"), [&json!(3), &json!(4)]);
        assert!(values_at(&value, "a.x.k.z").is_empty() && values_at(&value, "none").is_empty());
    }

    #[test]
    fn a_protected_table_covers_all_keys_in_it() {
        for (protected, key) in [
            ("hooks", "hooks"),
            ("hooks", "hooks.pre.run"),
            ("*.tools", "cook.tools"),
            ("customModes[*].groups", "customModes[*].groups"),
        ] {
            assert!(covers(protected, key), "{protected} {key}");
        }
        for (protected, key) in [("hooks", "hook"), ("*.tools", "*.role"), ("a.b", "a")] {
            assert!(!covers(protected, key), "{protected} {key}");
        }
    }
}
