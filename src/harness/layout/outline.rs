//! Reads the values of a file to recognise it.

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
}
