//! The workspace for benchmarks.
#![allow(clippy::disallowed_methods)] // a benchmark: files, processes, clocks

use std::fs;
use std::path::Path;
use std::process::Command;

use kaizen::Digest;
use kaizen::internals::starter;
use serde_json::json;

use crate::measure::Outcome;

/// A git repository with a starter agent, 100 gate tasks, 10 train tasks and 25 traces.
pub fn make_workspace(root: &Path) -> Outcome<()> {
    for (path, bytes) in starter(&["yes".into(), "no".into()], "intent").files() {
        write(&root.join(path), bytes)?;
    }
    let gate = (0..100).map(|at| {
        json!({"task_id": format!("gate-{at}"), "query": format!("gate {at}"),
        "reference_answer": "yes", "split": "gate"})
    });
    let train = (0..10).map(|at| {
        json!({"task_id": format!("train-{at}"), "query": format!("train {at}"),
        "reference_answer": "yes", "split": "train"})
    });
    write(&root.join("benchmark/tasks.jsonl"), lines(gate.chain(train)).as_bytes())?;
    let traces = (0..25).map(|at| json!({"trace_id": format!("t{at}"), "query": format!("trace {at}")}));
    write(&root.join("traces/traces.jsonl"), lines(traces).as_bytes())?;
    let manifest = "version = 1\n[ledger]\nauthor = \"bench <bench@example.org>\"\nhooks = false\n";
    write(&root.join("kaizen.toml"), manifest.as_bytes())?;
    git(root, &["init", "--quiet"])?;
    commit(root)
}

/// Commits everything.
pub fn commit(root: &Path) -> Outcome<()> {
    git(root, &["add", "."])?;
    let who = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"];
    git(root, &[&who[..], &["commit", "--quiet", "--message", "start"]].concat())
}

/// Runs git.
pub fn git(root: &Path, arguments: &[&str]) -> Outcome<()> {
    let status = Command::new("git").arg("-C").arg(root).args(arguments).status()?;
    status
        .success()
        .then_some(())
        .ok_or_else(|| format!("git {arguments:?}: {status}").into())
}

/// Formats rows as JSON Lines.
pub fn lines(rows: impl Iterator<Item = serde_json::Value>) -> String {
    rows.map(|row| format!("{row}\n")).collect()
}

/// Writes a file, and creates its folder.
pub fn write(path: &Path, bytes: &[u8]) -> Outcome<()> {
    path.parent().map(fs::create_dir_all).transpose()?;
    Ok(fs::write(path, bytes)?)
}

/// Random words that depend on a seed; words with low numbers are more frequent.
pub fn sentence(seed: usize, length: usize) -> String {
    let word = |at: usize| {
        let drawn = Digest::of_value(&(seed, at)).seed();
        format!("word{}", (drawn % 1000) * (drawn / 1000 % 1000) / 1000)
    };
    (0..length).map(word).collect::<Vec<_>>().join(" ")
}
