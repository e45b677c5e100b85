//! No number of the gate, no gate task and no category of gate tasks reaches a teacher: not in the briefing, not in the
//! prompts of a language model, and not through MCP.

use serde_json::{Value, json};
use walkdir::WalkDir;

use crate::fixture::MANIFEST;
use crate::mcp::{Client, diagnosis};
use crate::server::{Reply, Server};
use crate::space::{Space, bold, shy};

/// A category that only gate tasks have, and a part of their ids.
const CATEGORY: &str = "zebra_gate_only";
const ID: &str = "gate-zebra-";

/// A workspace in which some categories exist only in the gate.
fn space() -> Space {
    let space = Space::new();
    let tasks = space.read("benchmark/tasks.jsonl");
    let gate = tasks.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let gate = gate.filter(|task| task["split"] == "gate" && task["category"] == "home");
    let more = gate.take(5).enumerate().map(|(number, mut task)| {
        task["task_id"] = format!("{ID}{number}").into();
        task["category"] = CATEGORY.into();
        task["query"] = format!("{} right away", task["query"].as_str().unwrap()).into();
        format!("{task}\n")
    });
    let more: String = more.collect();
    space.write("benchmark/tasks.jsonl", &format!("{tasks}{more}"));
    space.commit_all("more gate tasks");
    space
}

/// The fractions in a value, as they are written in JSON, if they are long enough to be found by their digits.
fn fractions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Number(number) if number.to_string().len() > 5 && number.is_f64() => found.push(number.to_string()),
        Value::Array(values) => values.iter().for_each(|value| fractions(value, found)),
        Value::Object(map) => map.values().for_each(|value| fractions(value, found)),
        _ => {}
    }
}

/// The numbers of the gate in the outcomes of the session.
fn numbers(space: &Space) -> Vec<String> {
    let mut found = Vec::new();
    for outcome in space.outcomes() {
        for name in ["benchmark_delta", "cluster_deltas", "gate", "verdict"] {
            fractions(&outcome[name], &mut found);
        }
    }
    assert!(found.len() > 2, "{found:?}");
    found
}

#[track_caller]
fn hides(text: &str, what: &str, numbers: &[String]) {
    for secret in [CATEGORY, ID].into_iter().chain(numbers.iter().map(String::as_str)) {
        assert!(!text.contains(secret), "{what} shows {secret}: {text}");
    }
}

/// Runs a session over MCP; returns it with everything that the client saw.
fn session_over_mcp(space: &Space) -> Vec<(String, Value)> {
    let mut client = Client::start(space);
    let mut seen = Vec::new();
    let mut ask = |client: &mut Client, tool: &str, arguments: Value| {
        let (said, _) = client.call(tool, arguments);
        seen.push((tool.to_owned(), said.clone()));
        said
    };
    ask(&mut client, "submit_diagnosis", diagnosis());
    ask(&mut client, "submit_plan", json!({"edits": [bold(), shy()]}));
    ask(&mut client, "start_benchmark", json!({}));
    while ask(&mut client, "poll_benchmark", json!({"wait_seconds": 5}))["running"] == true {}
    for (tool, arguments) in [
        ("session_status", json!({})),
        ("list_traces", json!({"limit": 100})),
        ("search_traces", json!({"query": "lamp"})),
        ("get_trace", json!({"trace_id": "run-001"})),
        ("get_current_config", json!({})),
        ("get_agent_prompt", json!({"agent_name": "assistant"})),
        ("get_tool_description", json!({"tool_name": "calculator"})),
        ("list_available_tools", json!({})),
        ("list_personal_benchmark", json!({"limit": 100})),
        ("run_self_on_task", json!({"task_id": "home-0"})),
        ("run_student_on_task", json!({"task_id": "home-0"})),
        (
            "compare_outputs",
            json!({"student_output": "a", "teacher_output": "b", "task": "home-0"}),
        ),
    ] {
        ask(&mut client, tool, arguments);
    }
    seen
}

#[test]
fn mcp_shows_one_number_per_edit_of_a_settled_session() {
    let space = space();
    let seen = session_over_mcp(&space);
    let outcomes = space.outcomes();
    let numbers = numbers(&space);
    for (tool, said) in &seen {
        hides(&said.to_string(), tool, &[]);
        // While the session runs, no number at all.
        hides(&said["events"].to_string(), tool, &numbers);
        if !["poll_benchmark", "session_status"].contains(&tool.as_str()) {
            hides(&said.to_string(), tool, &numbers);
        }
    }
    let (_, polled) = seen.iter().rfind(|(tool, _)| tool == "poll_benchmark").unwrap();
    let (_, status) = seen.iter().find(|(tool, _)| tool == "session_status").unwrap();
    assert_eq!(polled["result"]["outcomes"], status["outcomes"]);
    for outcome in outcomes {
        let shown = status["outcomes"].as_array().unwrap();
        let shown = shown.iter().find(|one| one["edit"] == outcome["edit_id"]).unwrap();
        assert_eq!(
            (&shown["delta"], &shown["reason"]),
            (&outcome["benchmark_delta"], &outcome["gate"]["reason"])
        );
    }
    assert!(!status["files"].to_string().contains("session.json"), "{status}");
}

#[test]
fn the_next_teacher_learns_what_was_rejected_and_no_number() {
    let space = space();
    session_over_mcp(&space);
    let numbers = numbers(&space);
    let outcomes = space.outcomes();
    let rejected = outcomes.iter().find(|one| one["edit_id"] == "shy").unwrap();
    let class = rejected["gate"]["reason"].as_str().unwrap().to_owned();

    let server = Server::start();
    let clusters = json!([{"id": "c1", "description": "d", "student_failure_rate": 1.0, "task_ids": ["trip-0"]}]);
    server.on("you plan edits", Reply::says("{\"edits\": []}"));
    server.on(
        "Find out why",
        Reply::says(&format!("# Why\n\n```json\n{clusters}\n```\n")),
    );
    let teacher = format!(
        "[teacher]\nengine = \"chat\"\nmodel = \"m\"\nbase_url = \"{}\"\n",
        server.url()
    );
    space.write("kaizen.toml", &format!("{MANIFEST}{teacher}"));
    space.commit_all("a model as teacher");
    space.kaizen(&["trust", "--yes"]);
    // The session over MCP has the time of the day.
    space
        .kaizen_with("KAIZEN_NOW", "2099-03-01T10:00:00Z", &["run", "--new"])
        .exits(0);
    let requests: Vec<String> = server
        .received()
        .iter()
        .map(|request| request.json().to_string())
        .collect();
    assert!(requests.len() >= 2, "{requests:?}");
    for request in &requests {
        hides(request, "a prompt", &numbers);
        for part in ["Edits that were not kept", "models.base.refuse_below", &class, "0.95"] {
            assert!(request.contains(part), "no {part} in {request}");
        }
    }

    space.kaizen(&["brief", "--out", "briefing"]).exits(0);
    let mut names = Vec::new();
    for entry in WalkDir::new(space.root.join("briefing"))
        .into_iter()
        .map(Result::unwrap)
    {
        if entry.file_type().is_file() {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            hides(&text, &entry.path().to_string_lossy(), &numbers);
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    assert!(names.contains(&"rejected.json".to_owned()), "{names:?}");
    let listed: Value = serde_json::from_str(&space.read("briefing/rejected.json")).unwrap();
    assert_eq!(
        listed,
        json!([{"op": "set_model_param", "target": "models.base.refuse_below", "reason": class,
        "payload": {"model": "base", "param": "refuse_below", "value": 0.95}}])
    );
    assert!(
        space
            .read("briefing/README.md")
            .contains("- `rejected.json`: 1 edit of earlier sessions that was not kept")
    );
}
