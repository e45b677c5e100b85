//! Benchmark of growth: the teacher `rules` with more agents, and a session with more edits. The time should grow as the
//! size does.
#![allow(clippy::disallowed_methods)] // a benchmark: files, processes, clocks

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::fixture::{commit, git, lines, write};
use crate::measure::{Outcome, row};
use crate::sessions::command;

/// The words of the queries; each is a label, too.
const WORDS: [&str; 8] = ["alpha", "beta", "gamma", "delta", "eps", "zeta", "eta", "theta"];

/// Plans with 30, 100 and 300 agents, and sessions of 200, 600 and 2,000 edits, measured once each.
pub fn scaling() -> Outcome<()> {
    for agents in [30, 100, 300] {
        row(
            &format!("`rules` plans for {agents} agents of ten tasks"),
            planned(agents)?,
        );
    }
    for edits in [200, 600, 2000] {
        row(
            &format!("a session of {edits} edits, judged and recorded"),
            judged(edits)?,
        );
    }
    Ok(())
}

fn planned(agents: usize) -> Outcome<Duration> {
    let folder = tempfile::tempdir()?;
    let root = folder.path();
    let rules = "[student]\nengine = \"nearest\"\n[teacher]\nengine = \"rules\"\nseed = 1\n[session]\nmin_traces = 1\n";
    workspace(root, agents, &format!("{rules}autonomy = \"auto\"\n"))?;
    command(root, &["run", "--until", "plan"])
}

fn judged(edits: usize) -> Outcome<Duration> {
    let folder = tempfile::tempdir()?;
    let root = folder.path();
    let files = "[student]\nengine = \"nearest\"\n[teacher]\nengine = \"files\"\n[session]\nmin_traces = 1\n";
    workspace(root, 1, &format!("{files}autonomy = \"auto\"\n"))?;
    // Exit code 3: the session waits for a diagnosis.
    let _ = command(root, &["run"]);
    let session = fs::read_dir(root.join("sessions"))?
        .filter_map(Result::ok)
        .find(|entry| entry.path().is_dir())
        .ok_or("no session began")?
        .path();
    write(&session.join("diagnosis.md"), diagnosis().as_bytes())?;
    let _ = command(root, &["run"]);
    let plan = json!({"edits": (0..edits).map(edit).collect::<Vec<_>>()});
    write(&session.join("plan.json"), plan.to_string().as_bytes())?;
    command(root, &["run"])
}

fn diagnosis() -> String {
    let cluster = json!([{"id": "c1", "description": "It fails.", "sample_trace_ids": [],
        "student_failure_rate": 1.0, "teacher_success_rate": 1.0, "skill_gap": "none"}]);
    format!("# Diagnosis\n\n```json\n{cluster}\n```\n")
}

fn edit(number: usize) -> serde_json::Value {
    let prompt = format!("You are helpful.\n- beta: variant {number} of the question\n");
    json!({"id": format!("e{number}"), "op": "replace_system_prompt", "target": "agents.a0.system_prompt",
        "pillar": "agent", "payload": {"agent": "a0", "new_content": prompt}, "rationale": "It may help.",
        "expected_improvement": "c1"})
}

fn workspace(root: &Path, agents: usize, manifest: &str) -> Outcome<()> {
    let name = |agent: usize| format!("a{}", agent % agents);
    let config: String = (0..agents).map(|agent| format!("[agent.{}]\n", name(agent))).collect();
    write(&root.join("config.toml"), config.as_bytes())?;
    let author = "[ledger]\nauthor = \"bench <bench@example.org>\"\nhooks = false\n";
    write(&root.join("kaizen.toml"), format!("{manifest}{author}").as_bytes())?;
    for agent in 0..agents {
        let folder = root.join("agents").join(name(agent));
        write(&folder.join("system_prompt.md"), b"You are helpful.\n")?;
        let examples = json!([{"input": "alpha question", "output": "alpha"}]);
        write(&folder.join("few_shot.json"), examples.to_string().as_bytes())?;
    }
    let task = |at: usize| {
        let (word, second) = (WORDS[at % 8], WORDS[at / 8 % 8]);
        let split = if (at / 8).is_multiple_of(2) { "train" } else { "gate" };
        json!({"task_id": format!("t{at}"), "query": format!("{word} question {second} number {at}"),
            "agent": name(at), "reference_answer": word, "category": word,
            "split": split})
    };
    let trace = |at: usize| {
        json!({"trace_id": format!("r{at}"), "query": format!("{} other {at}", WORDS[at % 8]), "result": "dunno",
            "outcome": "failure", "agent": name(at)})
    };
    let tasks = lines((0..(10 * agents).max(40)).map(task));
    write(&root.join("benchmark/tasks.jsonl"), tasks.as_bytes())?;
    write(&root.join("traces/t.jsonl"), lines((0..100).map(trace)).as_bytes())?;
    git(root, &["init", "--quiet"])?;
    commit(root)
}
