//! Secrets of every kind: a test plants them in everything that a session reads, and searches for them in its outputs.

use serde_json::{Value, json};

use crate::server::{Reply, Server};
use crate::space::{Space, edit};
use kaizen::internals::{PlantedSecret, kinds};

/// Texts in the requests of the diagnosis, the plan and the student.
const DIAGNOSIS: &str = "Find out why the student fails";
const PLAN: &str = "you plan edits";
const STUDENT: &str = "You are short.";

/// A workspace whose traces, tasks and prompt contain every kind, and whose teacher and student are models.
fn space(server: &Server, kinds: &[PlantedSecret]) -> Space {
    let space = Space::empty();
    space.git(&["init", "-q", "-b", "main"]);
    let url = server.url();
    space.write(
        "kaizen.toml",
        &format!(
            "version = 1\n[session]\nmin_traces = 1\nautonomy = \"auto\"\n[traces]\nmost = 1000\n\
             [student]\nengine = \"chat\"\nbase_url = \"{url}\"\nmodel = \"gpt-4o-mini\"\nmax_tokens = 20\n\
             [teacher]\nengine = \"chat\"\nbase_url = \"{url}\"\nmodel = \"gpt-4o\"\nmax_tokens = 500\nmax_turns = 4\n"
        ),
    );
    space.write("config.toml", "[agent]\ndefault_agent = \"echo\"\n");
    let prompt: String = kinds.iter().map(|kind| format!("{}\n\n", kind.text)).collect();
    space.write("agents/echo/system_prompt.md", &format!("You are short.\n\n{prompt}"));
    let task = |(at, kind): (usize, &PlantedSecret)| {
        let split = ["train", "gate"][at % 2];
        let task = json!({"task_id": format!("{split}-{at}"), "query": format!("Say {at}.\n{}\nPlease.", kind.text),
            "reference_answer": "yes", "category": "all", "scorer": "contains", "split": split});
        format!("{task}\n")
    };
    space.write(
        "benchmark/tasks.jsonl",
        &kinds.iter().take(40).enumerate().map(task).collect::<String>(),
    );
    // A teacher lists at most a hundred traces, so each trace contains two kinds.
    let trace = |(at, two): (usize, &[PlantedSecret])| {
        let said: String = two.iter().map(|kind| format!("{}\n\n", kind.text)).collect();
        let trace = json!({"trace_id": format!("t{at}"), "query": format!("Ask {at}.\n{said}"), "outcome": "failure", "result": said,
            "steps": [{"step_type": "tool_call", "input": {"command": said}, "output": {"content": said}}]});
        format!("{trace}\n")
    };
    space.write(
        "traces/runs.jsonl",
        &kinds.chunks(2).enumerate().map(trace).collect::<String>(),
    );
    space.commit_all("The agent");
    space
}

fn diagnosis(kinds: &[PlantedSecret]) -> String {
    let read: Vec<String> = (0..kinds.len()).map(|at| format!("t{at}")).collect();
    let clusters = json!([{"id": "c1", "description": "It asks back.", "task_ids": ["train-0", "train-2"], "sample_trace_ids": read,
        "student_failure_rate": 1.0, "skill_gap": "It is not told to shout."}]);
    format!("# Diagnosis\n\nIt asks back.\n\n```json\n{clusters}\n```\n")
}

/// The files that kaizen wrote, and the history of the folders that it writes.
fn written(space: &Space) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    let own = ["sessions", ".kaizen", "pending_review", "triggers"];
    for entry in own
        .iter()
        .flat_map(|folder| walkdir::WalkDir::new(space.root.join(folder)))
        .filter_map(Result::ok)
    {
        let bytes = std::fs::read(entry.path()).unwrap_or_default();
        texts.push((
            entry.path().display().to_string(),
            String::from_utf8_lossy(&bytes).into_owned(),
        ));
    }
    let log = space.git(&[
        "log",
        "--all",
        "-p",
        "--",
        "sessions",
        "pending_review",
        "triggers",
        "benchmark/consultations.jsonl",
    ]);
    texts.push(("git log -p".into(), log));
    texts
}

/// The kinds that a text contains, literally or escaped as in JSON.
fn leaks(text: &str, kinds: &[PlantedSecret], personal: bool) -> Vec<&'static str> {
    let stands = |kind: &&PlantedSecret| {
        let escaped = Value::from(kind.secret.as_str()).to_string();
        // Four digits occur by chance.
        kind.secret.len() > 6 && (text.contains(&kind.secret) || text.contains(escaped.trim_matches('"')))
    };
    kinds
        .iter()
        .filter(|kind| kind.is_key || personal)
        .filter(stands)
        .map(|kind| kind.name)
        .collect()
}

#[test]
fn no_kind_reaches_a_request_a_file_or_git() {
    let (kinds, server) = (kinds(), Server::start());
    // A long list comes in parts.
    let part = |offset: usize| json!({"limit": 50, "offset": offset}).to_string();
    let plan = json!({"edits": [{"id": "shout", "op": "set_agent_param", "target": "agents.echo.max_turns",
        "payload": {"agent": "echo", "param": "max_turns", "value": 4}, "rationale": "It helps.", "expected_improvement": "c1"}]});
    server.on(PLAN, Reply::says(&plan.to_string()));
    server.on(r#"\"offset\":50"#, Reply::says(&diagnosis(&kinds)));
    server.on("call_1", Reply::calls("list_traces", &part(50)));
    server.on(DIAGNOSIS, Reply::calls("list_traces", &part(0)));
    server.on(STUDENT, Reply::says("What?"));
    let space = space(&server, &kinds);
    space.run(&[]);
    let requests: Vec<String> = server.received().iter().map(|one| one.body.clone()).collect();
    assert!(requests.len() > 10, "{}", requests.len());
    for request in &requests {
        let of_student = !request.contains(DIAGNOSIS) && !request.contains(PLAN);
        let found = leaks(request, &kinds, !of_student);
        assert!(found.is_empty(), "{found:?} in {}", &request[..request.len().min(2000)]);
    }
    let evidence = space.read(&format!("{}/evidence.jsonl", space.session()));
    assert!(
        evidence.lines().count() == kinds.len().div_ceil(2),
        "all traces were read: {} of {}",
        evidence.lines().count(),
        kinds.len()
    );
    for (name, text) in written(&space) {
        let found = leaks(&text, &kinds, !name.contains("calls.db"));
        assert!(found.is_empty(), "{found:?} in {name}");
    }
}

#[test]
fn a_teacher_that_answers_with_a_key_is_refused_and_nothing_keeps_it() {
    for kind in kinds()
        .into_iter()
        .filter(|kind| kind.is_key && kind.secret.len() > 6)
        .step_by(9)
    {
        let server = Server::start();
        let narrative = format!("# Diagnosis\n\nIt says:\n{}\n\n```json\n[]\n```\n", kind.text);
        server.on(DIAGNOSIS, Reply::says(&narrative));
        server.on(STUDENT, Reply::says("What?"));
        let all = [kind];
        let space = space(&server, &[]);
        space.write("benchmark/tasks.jsonl", &["train", "gate"].map(|split| {
            let task = json!({"task_id": split, "query": format!("Say {split}."), "reference_answer": "yes", "scorer": "contains", "split": split});
            format!("{task}\n")
        }).concat());
        space.write(
            "traces/runs.jsonl",
            "{\"trace_id\": \"t1\", \"query\": \"Say pine.\", \"outcome\": \"failure\", \"result\": \"?\"}\n",
        );
        space.commit_all("tasks");
        space.run(&[]).exits(1).says(&["phase diagnose: diagnosis.md:"]);
        for (name, text) in written(&space) {
            let found = leaks(&text, &all, true);
            assert!(found.is_empty(), "{found:?} in {name}");
        }
    }
}

#[test]
fn a_key_typed_into_a_file_stops_everything_and_stays_where_it_is() {
    let kinds: Vec<PlantedSecret> = kinds()
        .into_iter()
        .filter(|kind| kind.name == "github" || kind.name == "env password")
        .collect();
    for kind in &kinds {
        let space = Space::executed();
        let name = format!("{}/diagnosis.md", space.session());
        let (whole, before) = (space.read(&name), space.git(&["rev-parse", "HEAD"]));
        let typed = format!("Look:\n{}\n{whole}", kind.text);
        space.write(&name, &typed);
        let said = space.kaizen(&["run"]).exits(1).says(&["diagnosis.md:2:"]);
        assert!(!said.err.contains(&kind.secret) && !said.out.contains(&kind.secret));
        assert_eq!((space.read(&name), space.git(&["rev-parse", "HEAD"])), (typed, before));
        for (path, text) in written(&space).into_iter().filter(|(path, _)| !path.ends_with(&name)) {
            assert!(!text.contains(&kind.secret), "{path}");
        }
        space.write(&name, &whole);
        space.run(&[]).exits(3);
    }
}

/// A review question, which is committed, shows lines around the change, and the agent's files may contain keys.
#[test]
fn a_key_beside_a_change_is_not_in_the_question() {
    let space = Space::new();
    let key = format!("ghp_{}", "aB3dE5gH7jK9".repeat(3));
    let prompt = space.read("agents/assistant/system_prompt.md");
    space.write(
        "agents/assistant/system_prompt.md",
        &format!("{prompt}The token is {key}\n"),
    );
    space.commit_all("an agent that was told a key");
    space.kaizen(&["run", "--until", "plan"]).exits(0);
    let diff = "--- a/agents/assistant/system_prompt.md\n+++ b/agents/assistant/system_prompt.md\n\
                @@ -1,1 +1,2 @@\n You are the assistant of a house.\n+Be kind.\n";
    let payload = json!({"agent": "assistant", "diff": diff});
    let kind = edit("kind", "patch_system_prompt", "agents.assistant.system_prompt", payload);
    space.plan(&[kind]);
    space.kaizen(&["run"]).exits(3);
    let waits = &space.outcomes()[0];
    assert_eq!(waits["status"], "pending_review", "{waits}");
    let history = space.git(&["log", "--all", "-p", "--", "sessions"]);
    assert!(history.contains("+Be kind.") && !history.contains(&key), "{history}");
    // Other commands show diffs without redaction, because they are not written to a file.
    space.kaizen(&["show", "kind"]).exits(0);
}
