//! What an edit of a promptfoo configuration may not do: start another program, or add and remove providers.

use serde_json::Value as Json;

use super::inapplicable::{Inapplicable, shortened};
use crate::harness::FileChange;
use crate::harness::layout::values;
use crate::harness::projection::is_promptfoo_config;

/// The keys that list providers; they mean the same.
const PROVIDERS: [&str; 2] = ["providers", "targets"];

/// Providers that are no model, but a program, a file or an address.
const PROGRAMS: [&str; 18] = [
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

/// Refuses a change of a promptfoo configuration that makes it start something else than a model.
///
/// # Errors
/// The first provider or prompt that is not allowed.
pub(super) fn check(change: &FileChange) -> Result<(), Inapplicable> {
    let name = change.path.rsplit('/').next().unwrap_or_default();
    if !name.starts_with("promptfooconfig.") && !is_promptfoo_config(&change.path) {
        return Ok(());
    }
    let (old, new) = change.texts();
    let read = |text: &str| values(&change.path, text).unwrap_or_default();
    let (old, new) = (read(&old), read(&new));
    let refused = |value: &str, problem| Inapplicable::NotAModel {
        path: change.path.clone(),
        value: shortened(value),
        problem,
    };
    for key in PROVIDERS {
        let (old, new) = (ids(&old[key]), ids(&new[key]));
        if old.len() != new.len() {
            return Err(refused(key, "an edit may not add or remove a provider"));
        }
        let changed = old.iter().zip(&new).filter(|(old, new)| old != new);
        if let Some((_, id)) = changed.into_iter().find(|(_, id)| !is_model(id)) {
            return Err(refused(
                id,
                "a provider may only become another model, as in `openai:gpt-4.1-mini`",
            ));
        }
    }
    let known = texts(&old["prompts"]);
    let new = texts(&new["prompts"]);
    match new.iter().find(|text| !known.contains(text) && starts_something(text)) {
        Some(text) => Err(refused(text, "a prompt may not become a file or a program")),
        None => Ok(()),
    }
}

/// The ids of providers: texts, objects with `id`, or objects whose only key is the id.
fn ids(value: &Json) -> Vec<String> {
    match value {
        Json::String(id) => vec![id.clone()],
        Json::Array(items) => items.iter().flat_map(ids).collect(),
        Json::Object(fields) => match fields.get("id") {
            Some(id) => ids(id),
            None => fields.keys().cloned().collect(),
        },
        _ => Vec::new(),
    }
}

/// All texts of a value.
fn texts(value: &Json) -> Vec<&String> {
    match value {
        Json::String(text) => vec![text],
        Json::Array(items) => items.iter().flat_map(texts).collect(),
        Json::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// Whether an id is `vendor:model`.
fn is_model(id: &str) -> bool {
    let is_part = |part: &str| {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '@');
        !part.is_empty() && part.chars().all(is_letter) && !part.starts_with(['/', '.']) && !part.contains("//")
    };
    let mut parts = id.split(':');
    let vendor = parts.next().unwrap_or_default();
    let models: Vec<&str> = parts.collect();
    let is_program = PROGRAMS.iter().any(|program| vendor.eq_ignore_ascii_case(program));
    // An SDK of a coding agent runs tools.
    let is_agent = models
        .iter()
        .any(|model| model.ends_with("sdk") || model.ends_with("app-server"));
    !is_program
        && !is_agent
        && is_part(vendor)
        && !vendor.contains(['.', '/'])
        && !models.is_empty()
        && models.into_iter().all(is_part)
}

/// Whether promptfoo reads a prompt from a file or a program.
fn starts_something(text: &str) -> bool {
    let text = text.trim_start();
    let has_scheme = PROGRAMS.iter().any(|program| {
        let rest = text
            .get(..program.len())
            .filter(|start| start.eq_ignore_ascii_case(program));
        rest.is_some_and(|_| text[program.len()..].starts_with(':'))
    });
    let last = text.split_whitespace().next_back().unwrap_or_default();
    let is_code = [".py", ".js", ".mjs", ".cjs", ".ts", ".sh", ".rb", ".go"];
    has_scheme
        || !text.contains('\n')
            && is_code
                .iter()
                .any(|end| last.ends_with(end) || last.contains(&format!("{end}:")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_becomes_another_model_and_nothing_else() {
        for (id, is_allowed) in [
            ("openai:gpt-4.1", true),
            ("anthropic:messages:claude-haiku-4-5", true),
            ("bedrock:us.anthropic.claude-3-5", true),
            ("openrouter:meta-llama/llama-3", true),
            ("ollama:chat:qwen3:4b", true),
            ("exec:python x.py", false),
            ("exec: x", false),
            ("python:x.py", false),
            ("PYTHON:x.py", false),
            ("file://x.py", false),
            ("https://x.org/v1", false),
            ("./x.js", false),
            ("gpt-4", false),
            ("anthropic:claude-agent-sdk", false),
            ("openai:codex-sdk", false),
        ] {
            let text = |id: &str| Some(format!("providers: ['{id}']\nprompts: [a]\n").into_bytes());
            for path in [
                "promptfooconfig.yaml",
                "promptfooconfig-b.yml",
                "e/support.promptfoo.yaml",
            ] {
                let change = FileChange {
                    path: path.into(),
                    before: text("openai:gpt-4.1-mini"),
                    after: text(id),
                };
                assert_eq!(check(&change).is_ok(), is_allowed, "{path}: {id}");
            }
        }
    }

    #[test]
    fn providers_stay_in_number_and_prompts_stay_texts() {
        let check = |before: &str, after: &str| {
            check(&FileChange {
                path: "a/promptfooconfig.yaml".into(),
                before: Some(before.as_bytes().to_vec()),
                after: Some(after.as_bytes().to_vec()),
            })
        };
        let base = "providers:\n  - id: openai:a\nprompts:\n  - file://p.txt\n";
        assert_eq!(check(base, &base.replace("openai:a", "openai:b")), Ok(()));
        assert_eq!(check(base, &base.replace("file://p.txt", "Say {{q}}.")), Ok(()));
        for after in [
            format!("{base}targets: [openai:b]\n"),
            base.replace("  - id: openai:a\n", ""),
            base.replace("file://p.txt", "file://evil.py:run"),
            base.replace("file://p.txt", "'exec: rm'"),
            base.replace("file://p.txt", "evil.js"),
        ] {
            assert!(check(base, &after).is_err(), "{after}");
        }
    }
}
