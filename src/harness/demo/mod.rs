//! The demo workspace: a household assistant with traces and a benchmark, all of it written for kaizen.

/// The files of the demo workspace, as (path relative to the workspace, contents), without a manifest.
pub(crate) fn files() -> Vec<(&'static str, &'static str)> {
    vec![
        ("config.toml", include_str!("config.toml")),
        ("agents/assistant/system_prompt.md", include_str!("system_prompt.md")),
        ("agents/assistant/few_shot.json", include_str!("few_shot.json")),
        ("tools/descriptions.toml", include_str!("descriptions.toml")),
        ("benchmark/tasks.jsonl", include_str!("tasks.jsonl")),
        ("traces/2026.jsonl", include_str!("traces.jsonl")),
    ]
}

#[cfg(test)]
mod tests;
