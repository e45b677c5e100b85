//! What an edit of a promptfoo configuration may not do: start another program, or add and remove providers.

use serde_json::Value as Json;

use super::OpRules;
use super::inapplicable::{Inapplicable, shortened};
use super::promptfoo_prompt::{PROGRAMS, PromptList};
use crate::harness::layout::values;
use crate::harness::projection::is_promptfoo_config;
use crate::harness::{FileChange, Harness};
use crate::manifest::surface::BodyTier;

/// The keys that list providers; they mean the same.
const PROVIDERS: [&str; 2] = ["providers", "targets"];

/// Vendors whose ids name a model.
const VENDORS: [&str; 40] = [
    "ai21",
    "aimlapi",
    "alibaba",
    "alicloud",
    "anthropic",
    "azure",
    "azureopenai",
    "bedrock",
    "cerebras",
    "cloudflare-ai",
    "cohere",
    "databricks",
    "deepinfra",
    "deepseek",
    "docker",
    "fireworks",
    "github",
    "google",
    "groq",
    "huggingface",
    "hyperbolic",
    "litellm",
    "lmstudio",
    "llama",
    "localai",
    "mistral",
    "moonshot",
    "novita",
    "ollama",
    "openai",
    "openrouter",
    "perplexity",
    "replicate",
    "sambanova",
    "together",
    "togetherai",
    "vertex",
    "vllm",
    "watsonx",
    "xai",
];
/// Parts of an id that make a vendor run something else than a chat with a model.
const OTHER_KINDS: [&str; 24] = [
    "agent",
    "agents",
    "assistant",
    "assistants",
    "audio",
    "classification",
    "codex",
    "deep-research",
    "embedding",
    "embeddings",
    "foundry-agent",
    "image",
    "images",
    "kb",
    "knowledge-base",
    "live",
    "moderation",
    "moderations",
    "realtime",
    "sora",
    "speech",
    "transcription",
    "video",
    "workflow",
];

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
        if let Some((_, id)) = changed.into_iter().find(|(_, id)| !is_model(id, &old)) {
            return Err(refused(
                id,
                "a provider may only become another model, as in `openai:gpt-4.1-mini`",
            ));
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

/// Whether an id is `vendor:model`, of a known vendor or of one that the file has already.
fn is_model(id: &str, known: &[String]) -> bool {
    let is_part = |part: &str| {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '@');
        !part.is_empty() && part.chars().all(is_letter) && !part.starts_with(['/', '.']) && !part.contains("//")
    };
    let is_other = |part: &str| {
        // An SDK of a coding agent runs tools.
        OTHER_KINDS.contains(&part) || part.ends_with("sdk") || part.ends_with("app-server")
    };
    let Some((vendor, model)) = id.split_once(':') else {
        return false;
    };
    let has_vendor = |other: &String| is_model_of_vendor(other, vendor);
    let is_vendor = VENDORS.contains(&vendor) || known.iter().any(has_vendor);
    is_vendor && model.split(':').all(|part| is_part(part) && !is_other(part))
}

/// Whether an id of a file names a model of a vendor, rather than a program, a file or an address.
fn is_model_of_vendor(id: &str, vendor: &str) -> bool {
    let is_own = id.split_once(':').is_some_and(|(own, _)| own == vendor);
    is_own && !PROGRAMS.iter().any(|program| vendor.eq_ignore_ascii_case(program))
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
