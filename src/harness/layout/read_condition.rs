//! Files that a host reads only when they match what it works on, though it reads others of their surface when it starts.

use serde::Deserialize;
use serde_json::Value;

use super::HostLayout;
use super::foreign::joined;
use super::outline::values_of;
use super::search::HomeSearch;
use crate::manifest::surface::{SurfaceFormat, compiled};

/// When a host reads a file of a surface only if it matches.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadCondition {
    /// The surface.
    pub surface: String,
    /// Only files that this glob matches, relative to the home.
    pub path: Option<String>,
    /// A key of the front matter with the condition; without one, every such file.
    pub key: Option<String>,
    /// Values of the key by which the host reads the file when it starts after all.
    #[serde(default)]
    pub always: Vec<String>,
    /// Whether a file without the key is read only if it matches as well.
    #[serde(default)]
    pub required: bool,
    /// Keys that each are a condition in a file without the key.
    #[serde(default)]
    pub instead: Vec<String>,
    /// Whether the host ignores a value of the key that is no list, as if the file did not have it.
    #[serde(default)]
    pub only_lists: bool,
}

impl ReadCondition {
    /// Whether a file with this text is read only if it matches.
    fn holds(&self, text: &str) -> bool {
        let Some(key) = &self.key else { return true };
        let values = values_of(SurfaceFormat::FrontMatter, text).unwrap_or_default();
        match &values[key] {
            value if is_empty(value) || (self.only_lists && !value.is_array()) => {
                self.required || self.instead.iter().any(|key| !is_empty(&values[key]))
            }
            Value::String(value) => !self.is_always(value),
            Value::Array(items) => !items.iter().filter_map(Value::as_str).any(|item| self.is_always(item)),
            other => !self.is_always(&other.to_string()),
        }
    }

    fn is_always(&self, value: &str) -> bool {
        self.always.iter().any(|always| always == value)
    }
}

/// Whether a key has no value, or is not there.
fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty)
}

impl HomeSearch<'_, '_> {
    /// Notes the files of a layout that its host reads only if they match.
    pub(super) fn note_matched(&mut self, layout: &HostLayout) {
        for condition in &layout.read_when {
            let glob = |folder: &str| {
                let glob = joined(folder, condition.path.as_ref()?);
                Some(compiled(&glob).ok()?.compile_matcher())
            };
            let own = self.found.files.iter();
            let own = own.filter(|(path, file)| {
                let is_own = file.home.layout.name == layout.name && file.surface.name == condition.surface;
                is_own && glob(&file.home.folder).is_none_or(|glob| glob.is_match(path))
            });
            let own: Vec<String> = own.map(|(path, _)| path.clone()).collect();
            for path in own {
                let holds =
                    condition.key.is_none() || self.contents.text(&path).is_some_and(|text| condition.holds(text));
                if holds {
                    self.found.matched.insert(path);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_when_a_file_is_read() {
        let condition = |key: &str, always: &[&str], required: bool| ReadCondition {
            surface: "rules".into(),
            path: None,
            key: Some(key.into()),
            always: always.iter().map(|value| (*value).to_owned()).collect(),
            required,
            instead: vec!["globs".into(), "regex".into()],
            only_lists: key == "lists",
        };
        for (condition, head, holds) in [
            (condition("paths", &["**"], false), "paths: src/**\n", true),
            (condition("paths", &["**"], false), "paths: [\"**\"]\n", false),
            (condition("paths", &["**"], false), "other: 1\n", false),
            (condition("paths", &["**"], false), "paths:\n", false),
            (condition("alwaysApply", &["true"], true), "alwaysApply: false\n", true),
            (condition("alwaysApply", &["true"], true), "alwaysApply: true\n", false),
            (condition("alwaysApply", &["true"], true), "description: x\n", true),
            (condition("alwaysApply", &["true"], false), "globs: \"*.ts\"\n", true),
            (condition("alwaysApply", &["true"], false), "regex: [x]\n", true),
            (condition("alwaysApply", &["true"], false), "globs: \"\"\n", false),
            (
                condition("alwaysApply", &["true"], false),
                "alwaysApply: true\nglobs: x\n",
                false,
            ),
            (condition("lists", &[], false), "lists: src/**\n", false),
            (condition("lists", &[], false), "lists: [src/**]\n", true),
            (condition("lists", &[], false), "lists: []\n", true),
        ] {
            assert_eq!(condition.holds(&format!("---\n{head}---\nBody\n")), holds, "{head}");
        }
    }
}
