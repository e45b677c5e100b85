//! What an edit of a promptfoo configuration may do with its prompts: change their texts, and name text files of the harness.

use serde_json::{Map, Value as Json};

use crate::manifest::relative_path::beside;

/// What promptfoo runs or fetches, by the scheme of a prompt or a provider.
pub(super) const PROGRAMS: [&str; 18] = [
    "exec",
    "python",
    "file",
    "javascript",
    "js",
    "node",
    "package",
    "golang",
    "go",
    "ruby",
    "http",
    "https",
    "ws",
    "wss",
    "websocket",
    "webhook",
    "browser",
    "mcp",
];
/// The fields of a prompt that an edit may write.
const FIELDS: [&str; 3] = ["id", "label", "raw"];
/// The endings of programs.
const CODE: [&str; 8] = [".py", ".js", ".mjs", ".cjs", ".ts", ".sh", ".rb", ".go"];

/// The prompts of a configuration before a change.
pub(super) struct PromptList<'a> {
    /// The configuration.
    pub path: &'a str,
    pub old: &'a Json,
    /// Whether a file is a text of the harness that edits may change.
    pub is_prompt_file: &'a dyn Fn(&str) -> bool,
}

/// A prompt that an edit may not add.
pub(super) struct PromptProblem {
    pub value: String,
    pub reason: &'static str,
}

impl PromptList<'_> {
    /// The first prompt of a changed list that is not allowed.
    pub(super) fn problem(&self, new: &Json) -> Option<PromptProblem> {
        let problem = |value: &str, reason| {
            let value = value.to_owned();
            Some(PromptProblem { value, reason })
        };
        if is_empty(new) && !is_empty(self.old) {
            return problem("prompts", "promptfoo needs a prompt; keep one");
        }
        let known = texts(self.old);
        let items: Vec<&Json> = match new {
            Json::Array(items) => items.iter().collect(),
            other => vec![other],
        };
        for item in items {
            if let Some(name) = item.as_object().and_then(|fields| self.foreign_field(new, fields)) {
                return problem(name, "an edit may only write `id`, `label` and `raw` of a prompt");
            }
            let is_new = |text: &&&str| !known.contains(text);
            let all = texts(item);
            if let Some(text) = all.iter().find(|text| is_new(text) && starts_something(text)) {
                return problem(text, "a prompt may not become a file or a program");
            }
            let mut prompts = prompts(item).into_iter();
            if let Some(text) = prompts.find(|text| is_new(&text) && self.is_foreign_file(text)) {
                return problem(
                    text,
                    "a prompt is a text, or the path of a text file that the harness has; a text with `/` or `*` that is \
                     meant as one takes two lines",
                );
            }
        }
        None
    }

    /// A field of a prompt that is neither its text nor its name, and that no prompt had with this value.
    fn foreign_field<'n>(&self, new: &Json, fields: &'n Map<String, Json>) -> Option<&'n str> {
        // A map has a label for each file.
        if new.is_object() {
            return None;
        }
        let known: Vec<&Json> = self.old.as_array().into_iter().flatten().collect();
        let is_known = |name: &str, value: &Json| known.iter().any(|item| item.get(name) == Some(value));
        let mut foreign = fields.iter();
        let foreign = foreign.find(|(name, value)| !FIELDS.contains(&name.as_str()) && !is_known(name, value));
        foreign.map(|(name, _)| name.as_str())
    }

    /// Whether promptfoo takes a text for the path of a file, and the harness has no such text.
    fn is_foreign_file(&self, text: &str) -> bool {
        let named = text.trim();
        if !is_path(named) {
            return false;
        }
        let named = named.strip_prefix("file://").unwrap_or(named);
        let is_own = |path: String| (self.is_prompt_file)(&path);
        !beside(self.path, named).is_some_and(is_own)
    }
}

fn is_empty(prompts: &Json) -> bool {
    match prompts {
        Json::Null => true,
        Json::String(text) => text.trim().is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// All texts of a value. The keys of a map of prompts are their files.
fn texts(value: &Json) -> Vec<&str> {
    match value {
        Json::String(text) => vec![text],
        Json::Array(items) => items.iter().flat_map(texts).collect(),
        Json::Object(fields) => fields.values().flat_map(texts).chain(files(fields)).collect(),
        _ => Vec::new(),
    }
}

/// What promptfoo reads as prompts of an item: the item, its `raw`, or its `id` if it has none.
fn prompts(item: &Json) -> Vec<&str> {
    match item {
        Json::String(text) => vec![text],
        Json::Object(fields) => match fields.get("raw").or_else(|| fields.get("id")) {
            Some(text) => text.as_str().into_iter().collect(),
            None => files(fields).collect(),
        },
        _ => Vec::new(),
    }
}

/// The files of a map of prompts.
fn files(fields: &Map<String, Json>) -> impl Iterator<Item = &str> {
    let is_map = !FIELDS.iter().any(|name| fields.contains_key(*name));
    fields.keys().map(String::as_str).filter(move |_| is_map)
}

/// Whether promptfoo reads a prompt from a program or another service.
fn starts_something(text: &str) -> bool {
    let text = text.trim_start();
    let scheme = text.split(':').next().unwrap_or_default();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let rest = text[scheme.len()..].strip_prefix(':');
    let has_program = PROGRAMS.iter().any(|program| scheme.eq_ignore_ascii_case(program));
    let is_address = rest.is_some_and(|rest| rest.starts_with("//")) && scheme.chars().all(is_name);
    let is_file = text.starts_with("file://");
    let last = text.split_whitespace().next_back().unwrap_or_default();
    let is_code = |end: &&str| last.ends_with(*end) || last.contains(&format!("{end}:"));
    let is_program = !text.contains('\n') && CODE.iter().any(is_code);
    is_program || !is_file && (is_address || has_program && rest.is_some())
}

/// Whether promptfoo may take a text for a path: on one line, with a scheme, a pattern, or the look of a path.
fn is_path(text: &str) -> bool {
    if text.contains('\n') {
        return false;
    }
    let starts = ["file://", "/", "./", "../", "~", ".\\", "..\\"];
    let is_pattern = text
        .split_whitespace()
        .any(|word| word.contains('*') && word.contains(['/', '\\']));
    let is_word = !text.contains(char::is_whitespace);
    let extension = text
        .rsplit_once('.')
        .map(|(_, end)| end)
        .filter(|_| !text.contains("{{"));
    let has_extension = extension.is_some_and(|end| (1..=6).contains(&end.len()));
    starts.iter().any(|start| text.starts_with(start))
        || is_pattern
        || is_word && (text.contains(['/', '\\', '*']) || has_extension)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_prompt_is_a_text_or_a_text_file_of_the_harness() {
        let old = json!(["Say {{q}}.", {"id": "own.py", "label": "own", "config": {"a": 1}}]);
        let list = PromptList {
            path: "e/promptfooconfig.yaml",
            old: &old,
            is_prompt_file: &|path| path == "e/prompts/a.txt",
        };
        for (prompt, is_allowed) in [
            (json!("Say {{q}}, yes/no."), true),
            (json!("{{q}}"), true),
            (json!("{{a.b}}"), true),
            (json!("Two\n* /etc/passwd"), true),
            (json!("prompts/a.txt"), true),
            (json!("file://prompts/a.txt"), true),
            (json!("file://./prompts/a.txt"), true),
            (json!("prompts/b.txt"), false),
            (json!("prompts/*"), false),
            (json!("*"), false),
            (json!("secrets/key.txt"), false),
            (json!("key.txt"), false),
            (json!("../e/prompts/a.txt"), true),
            (json!("../other/secret.txt"), false),
            (json!("/etc/passwd"), false),
            (json!("~/x"), false),
            (json!("./evil.sh {{q}}"), false),
            (json!("python prompts/p.py"), false),
            (json!("exec: x\ny"), false),
            (json!("langfuse://x"), false),
            (json!("file:///etc/passwd"), false),
            (json!({"raw": "Say {{q}}!", "label": "a", "id": "b"}), true),
            (json!({"id": "own.py", "label": "own", "config": {"a": 1}}), true),
            (json!({"id": "own.py", "config": {"a": 2}}), false),
            (
                json!({"raw": "x {{q}}", "config": {"functionToolCallbacks": {}}}),
                false,
            ),
            (json!({"raw": "x {{q}}", "function": "x"}), false),
            (json!({"id": "file://evil.py", "label": "x"}), false),
            (json!({"label": "p.py:main", "raw": "{{q}}"}), false),
            (json!({"raw": "key.txt"}), false),
        ] {
            let found = list.problem(&json!([prompt])).map(|problem| problem.value);
            assert_eq!(found.is_none(), is_allowed, "{prompt} {found:?}");
        }
    }

    #[test]
    fn one_prompt_stays_and_a_map_names_files() {
        let (one, map) = (json!("a {{q}}"), json!({"prompts/a.txt": "a"}));
        let problem = |old: &Json, new: Json| {
            let list = PromptList {
                path: "promptfooconfig.yaml",
                old,
                is_prompt_file: &|path| path == "prompts/b.txt",
            };
            list.problem(&new).map(|problem| problem.value)
        };
        for empty in [json!([]), Json::Null, json!(""), json!({})] {
            assert_eq!(problem(&one, empty).as_deref(), Some("prompts"));
        }
        assert_eq!(problem(&Json::Null, Json::Null), None);
        assert_eq!(problem(&map, json!({"prompts/b.txt": "b", "prompts/a.txt": "a"})), None);
        let foreign = problem(&map, json!({"key.txt": "b"}));
        assert_eq!(foreign.as_deref(), Some("key.txt"));
    }
}
