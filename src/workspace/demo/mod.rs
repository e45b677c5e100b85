//! Creates the demo workspace: a small agent with tasks and traces in a new git repository.

use std::path::Path;

use crate::ledger::Git;
use crate::ledger::message::{SUMMARY, message};
use crate::ledger::port::Ledger;
use crate::manifest::{self, template};
use crate::sys::disk::Root;
use crate::teacher::schemas;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;

/// Creates the demo workspace in `folder`: a household assistant with its prompt, examples, tools, tasks and traces,
/// all committed to a new git repository. No session has run in it yet.
///
/// # Errors
/// The folder cannot be created, a file cannot be written, or git fails.
pub fn demo(folder: &Path) -> Result<Workspace, RunError> {
    let root = Root::make(folder)?;
    let files = files();
    for (path, bytes) in &files {
        root.publish(path, bytes)?;
    }
    Git::init(&root)?;
    let workspace = Workspace::open(&root)?;
    let paths: Vec<String> = files.into_iter().map(|(path, _)| path).collect();
    let text = "Its prompt, examples, tools, tasks and traces.";
    workspace
        .ledger
        .commit(&paths, &message(SUMMARY, "A household assistant", text, &[]))?;
    Ok(workspace)
}

/// Every file of the demo, as path and bytes: the manifest, the agent with its evidence, and the schemas.
fn files() -> Vec<(String, Vec<u8>)> {
    let settings = [
        ("ledger", "author", "\"kaizen demo <demo@localhost>\"".to_owned()),
        ("student", "engine", "\"nearest\"".to_owned()),
        ("teacher", "seed", "3".to_owned()),
    ];
    let text = template::with_schema(&template::manifest_text(&settings, &[]));
    let mut files = vec![(manifest::FILE.to_owned(), text.into_bytes())];
    let of_agent = agent().into_iter();
    files.extend(of_agent.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())));
    files.extend(schemas::files());
    files
}

/// A household assistant with traces and a benchmark, all of it written for kaizen.
fn agent() -> Vec<(&'static str, &'static str)> {
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
