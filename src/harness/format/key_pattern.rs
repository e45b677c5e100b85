//! Patterns of keys: dotted paths in which `*` is any key and `[*]` any item of a list.

use serde_json::Value;

/// The parts of a pattern: `a.*.b[*]` has `a`, `*`, `b` and `[*]`.
pub(crate) fn parts(pattern: &str) -> impl Iterator<Item = &str> {
    pattern.split('.').flat_map(|part| match part.strip_suffix("[*]") {
        Some(key) => vec![key, "[*]"],
        None => vec![part],
    })
}

/// The values that a pattern finds.
pub(crate) fn values_at<'v>(value: &'v Value, pattern: &str) -> Vec<&'v Value> {
    parts(pattern).fold(vec![value], |values, part| {
        values.into_iter().flat_map(|value| below(value, part)).collect()
    })
}

fn below<'v>(value: &'v Value, part: &str) -> Vec<&'v Value> {
    match (value, part) {
        (Value::Object(map), "*") => map.values().collect(),
        (Value::Array(items), "[*]") => items.iter().collect(),
        (Value::Object(map), key) => map.get(key).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Whether a protected pattern covers a key or another pattern: both are equal, or it leads to a table that holds the other.
pub(crate) fn covers(protected: &str, key: &str) -> bool {
    leads_to(parts(protected), parts(key))
}

/// [`covers`] for patterns that are already split.
pub(crate) fn leads_to<'p, 'k>(
    mut protected: impl Iterator<Item = &'p str>,
    mut key: impl Iterator<Item = &'k str>,
) -> bool {
    protected.all(|part| key.next().is_some_and(|key| part == "*" || part == key))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
