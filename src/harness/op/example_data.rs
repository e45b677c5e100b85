//! The data of examples in a file: an example may show a call of a tool with its `tools` or `env`, which no host reads.

use serde_json::Value as Json;

use super::protected_keys::FileSettings;
use crate::harness::layout::guard::{FileGuard, is_place};
use crate::manifest::surface::SurfaceFormat;

/// Names of what an example asks; a conversation is both question and answer.
const QUESTIONS: [&str; 10] = [
    "input",
    "inputs",
    "instruction",
    "messages",
    "prompt",
    "q",
    "query",
    "question",
    "text",
    "user",
];
/// Names of what it answers.
const ANSWERS: [&str; 10] = [
    "a",
    "answer",
    "assistant",
    "completion",
    "expected",
    "label",
    "messages",
    "output",
    "outputs",
    "response",
];

/// The keys of a file that are data of examples.
pub(super) struct ExampleData<'g> {
    guards: &'g [FileGuard<'g>],
    /// The lists of examples.
    lists: Vec<Vec<String>>,
}

impl<'g> ExampleData<'g> {
    /// Finds the examples of a file before a change: those that its layout names, and in a file whose settings no host reads,
    /// the lists that hold only examples.
    pub(super) fn of(path: &str, old: &FileSettings, guards: &'g [FileGuard<'g>]) -> Self {
        let lists = match guards.iter().any(FileGuard::has_settings) {
            true => Vec::new(),
            false => lists(path, old),
        };
        Self { guards, lists }
    }

    /// Whether a key is in an example.
    pub(super) fn has(&self, keys: &[String]) -> bool {
        let is_in = |list: &Vec<String>| keys.len() > list.len() && keys.starts_with(list);
        self.lists.iter().any(is_in) || self.guards.iter().any(|guard| guard.is_data(keys))
    }
}

fn lists(path: &str, old: &FileSettings) -> Vec<Vec<String>> {
    let values = || old.values().map(|(keys, value)| (keys, value));
    let is_list = |value: &Json| {
        let items = value.as_array();
        items.is_some_and(|items| !items.is_empty() && items.iter().all(is_example))
    };
    let inner = values()
        .filter(|(_, value)| is_list(value))
        .map(|(keys, _)| keys.clone());
    let mut top = values().filter(|(keys, _)| keys.len() == 1).peekable();
    let is_top_list = top.peek().is_some() && top.all(|(keys, value)| is_place(&keys[0]) && is_example(value));
    // No host reads settings in lines.
    let is_all = is_top_list || SurfaceFormat::of(path) == SurfaceFormat::Jsonl;
    inner.chain(is_all.then(Vec::new)).collect()
}

fn is_example(value: &Json) -> bool {
    let has = |names: &[&str]| {
        names
            .iter()
            .any(|name| value.get(name).is_some_and(|value| !value.is_null()))
    };
    value.is_object() && has(&QUESTIONS) && has(&ANSWERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_known_by_what_they_ask_and_answer() {
        for (path, text, key, is_data) in [
            ("a.json", r#"[{"input": "x", "output": "y"}]"#, "0.tools", true),
            ("a.json", r#"[{"messages": []}]"#, "1.env.HOME", true),
            ("a.json", r#"[{"command": "x", "env": {}}]"#, "0.env", false),
            ("a.json", "[]", "0.env", false),
            (
                "a.json",
                r#"{"shots": [{"q": "x", "a": "y"}], "env": {}}"#,
                "shots.0.env",
                true,
            ),
            (
                "a.json",
                r#"{"shots": [{"q": "x", "a": "y"}], "env": {}}"#,
                "env",
                false,
            ),
            (
                "a.json",
                r#"{"shots": [{"q": "x", "a": "y"}, {"command": "z"}]}"#,
                "shots.0.env",
                false,
            ),
            ("a.yaml", "- question: x\n  answer: y\n", "0.permissions", true),
            ("a.jsonl", "{\"tools\": []}\n", "0.tools", true),
        ] {
            let old = FileSettings::of(path, None, text);
            let data = ExampleData::of(path, &old, &[]);
            let keys: Vec<String> = key.split('.').map(str::to_owned).collect();
            assert_eq!(data.has(&keys), is_data, "{text} {key}");
        }
    }
}
