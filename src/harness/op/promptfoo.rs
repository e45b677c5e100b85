//! What an edit of a promptfoo configuration may not do: start another program, or add and remove providers.

use serde_json::Value as Json;

use super::OpRules;
use super::inapplicable::{Inapplicable, shortened};
use super::promptfoo_prompt::{PROGRAMS, PromptList};
use crate::harness::layout::model_ids::ModelIds;
use crate::harness::layout::values;
use crate::harness::projection::is_promptfoo_config;
use crate::harness::{FileChange, Harness};
use crate::manifest::surface::BodyTier;

/// The keys that list providers; they mean the same.
const PROVIDERS: [&str; 2] = ["providers", "targets"];

/// Refuses a change of a promptfoo configuration that makes it start something else than a model.
///
/// # Errors
/// The first provider or prompt that is not allowed.
pub(super) fn check(change: &FileChange, after: &Harness, rules: &OpRules) -> Result<(), Inapplicable> {
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
        for (_, id) in changed {
            if let Some(problem) = other_than_model(id, &old) {
                return Err(refused(id, problem));
            }
        }
    }
    let is_prompt_file = |path: &str| {
        let surface = rules.surfaces.find(path).filter(|_| after.get(path).is_some());
        surface.is_some_and(|surface| surface.body_of(path) != BodyTier::Off)
    };
    let prompts = PromptList {
        path: &change.path,
        old: &old["prompts"],
        is_prompt_file: &is_prompt_file,
    };
    match prompts.problem(&new["prompts"]) {
        Some(problem) => Err(refused(&problem.value, problem.reason)),
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

/// Why an id is not `vendor:model`, of a known vendor or of one that the file has already.
fn other_than_model(id: &str, known: &[String]) -> Option<&'static str> {
    const NO_MODEL: &str = "a provider may only become another model, as in `openai:gpt-4.1-mini`";
    const UNKNOWN: &str = "no vendor of models is known by this name; enter one of its models yourself, and edits may choose \
                           another of them";
    let ids = ModelIds::built_in();
    let is_part = |part: &str| {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '@');
        !part.is_empty() && part.chars().all(is_letter) && !part.starts_with(['/', '.']) && !part.contains("//")
    };
    let Some((vendor, model)) = id.split_once(':') else {
        return Some(NO_MODEL);
    };
    let has_model = model.split(':').all(|part| is_part(part) && !ids.is_other_kind(part));
    if !has_model || is_program(vendor) {
        return Some(NO_MODEL);
    }
    let is_known = ids.has_vendor(vendor) || known.iter().any(|other| is_of_vendor(other, vendor));
    (!is_known).then_some(UNKNOWN)
}

/// Whether an id of a file is of a vendor.
fn is_of_vendor(id: &str, vendor: &str) -> bool {
    id.split_once(':').is_some_and(|(own, _)| own == vendor)
}

/// Whether the first part of an id names a program, a file or an address.
fn is_program(vendor: &str) -> bool {
    PROGRAMS.iter().any(|program| vendor.eq_ignore_ascii_case(program))
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
            ("slack:C123", false),
            ("sequence:x", false),
            ("openai:agents:evil", false),
            ("openai:image:dall-e-3", false),
            ("bedrock:anthropic.claude-3-5-sonnet-v2:0", true),
            ("nscale:openai/gpt-oss-120b", true),
            ("openai:codex-mini-latest", true),
            ("snowflake:mistral-large2", true),
            ("hf:chat:deepseek-ai/DeepSeek-R1", true),
            ("anthropic:claude-code-x", false),
            ("openai:chatkit:wf_1", false),
            ("openai:codex", false),
            ("opencode:sdk", false),
            ("mcp:server", false),
            ("webhook:x.org/y", false),
            ("transformers:text-generation:x", false),
            ("elevenlabs:tts:x", false),
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
                assert_eq!(
                    check(&change, &Harness::default(), &OpRules::default()).is_ok(),
                    is_allowed,
                    "{path}: {id}"
                );
            }
        }
    }

    #[test]
    fn providers_stay_in_number_and_prompts_stay_texts() {
        let check = |before: &str, after: &str| {
            let change = FileChange {
                path: "a/promptfooconfig.yaml".into(),
                before: Some(before.as_bytes().to_vec()),
                after: Some(after.as_bytes().to_vec()),
            };
            check(&change, &Harness::default(), &OpRules::default())
        };
        let base = "providers:\n  - id: openai:a\nprompts:\n  - file://p.txt\n";
        assert_eq!(check(base, &base.replace("openai:a", "openai:b")), Ok(()));
        let own = base.replace("openai:a", "acme:a");
        assert_eq!(check(&own, &own.replace("acme:a", "acme:b")), Ok(()));
        let unknown = check(base, &own).map_err(|reason| reason.to_string());
        assert!(unknown.is_err_and(|reason| reason.contains("no vendor of models")));
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
