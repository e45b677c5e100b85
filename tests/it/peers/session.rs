//! Whole sessions with a chat teacher and a chat student.

use std::fs;

use serde_json::{Value, json};

use super::peer::{self, Peer};
use super::script;
use super::space::Space;

/// A workspace and its two servers.
pub struct Stage {
    pub space: Space,
    // Stopped when the stage is dropped.
    _peers: (Peer, Peer),
}

/// Prepares a workspace and its servers: `before` are the replies before each of the student's answers, `teacher` are
/// additional arguments of the teacher's server.
pub fn stage(before: &[Value], teacher: &[&str]) -> Option<Stage> {
    let folder = peer::installed("aimock")?;
    peer::installed("stubllm")?;
    let fixtures = tempfile::tempdir().unwrap();
    let (ours, theirs) = (
        fixtures.path().join("student.json"),
        fixtures.path().join("teacher.json"),
    );
    fs::write(&ours, script::student(before)).unwrap();
    fs::write(&theirs, script::teacher()).unwrap();
    let (student, teacher) = (peer::stubllm(&folder, &ours), peer::aimock(&folder, &theirs, teacher));
    let space = Space::new(&format!(
        "[student]\nengine = \"chat\"\nbase_url = \"{}/v1\"\nmodel = \"gpt-4o-mini\"\nconcurrency = 4\n\
         [teacher]\nengine = \"chat\"\napi = \"anthropic\"\nbase_url = \"{}\"\nmodel = \"claude-sonnet-4-5\"\nmax_turns = 8\n",
        student.url, teacher.url
    ));
    Some(Stage {
        space,
        _peers: (student, teacher),
    })
}

/// The part of the plan that is the same in every session of this script, regardless of faults.
pub fn plan_of(space: &Space) -> Value {
    let plan = space.json("plan.json");
    let clusters = plan["failure_clusters"].clone();
    let edits: Vec<Value> = plan["edits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edit| json!([edit["id"], edit["op"], edit["payload"], edit["risk_tier"]]))
        .collect();
    json!([clusters, edits])
}

pub fn outcomes_of(space: &Space) -> Vec<Value> {
    let record = space.json("session.json");
    let outcomes = record["edit_outcomes"].as_array().unwrap().clone();
    outcomes
        .iter()
        .map(|outcome| json!([outcome["edit_id"], outcome["status"]]))
        .collect()
}

#[test]
fn a_chat_teacher_teaches_a_chat_student() {
    let Some(stage) = stage(&[], &[]) else { return };
    let space = &stage.space;
    let ended = space.kaizen(&["run"]);
    assert!(ended.status.success());
    let record = space.json("session.json");
    assert_eq!(record["benchmark_before"]["overall_score"], 0.0);
    assert_eq!(record["benchmark_after"]["overall_score"], 1.0);
    assert_eq!(
        json!(outcomes_of(space)),
        json!([
            ["tell", "applied"],
            ["cooler", "rejected_by_gate"],
            ["ssh", "inapplicable"],
            ["walk", "inapplicable"],
            ["garbled", "inapplicable"]
        ])
    );
    let cluster = &space.json("plan.json")["failure_clusters"][0];
    assert_eq!(
        (&cluster["student_failure_rate"], &cluster["teacher_success_rate"]),
        (&json!(1.0), &json!(1.0))
    );
    money_is_counted(space, &record);
    what_left_is_written_down(space);
    space.holds_no_key();
    let again = space.kaizen(&["run"]);
    assert!(again.status.success());
    assert_eq!(
        space.json("session.json")["spending"],
        record["spending"],
        "a rerun costs nothing"
    );
}

/// Asserts that the record contains every call of every role, in tokens and dollars.
fn money_is_counted(space: &Space, record: &Value) {
    let spending = &record["spending"];
    assert_eq!(spending["teacher"]["calls"], 5, "four turns and a plan");
    assert_eq!(spending["teacher_task"]["calls"], 1);
    // claude-sonnet-4-5: $3 and $15 per million tokens; 400 tokens in and 50 out per call.
    let teacher = 5.0 * (400.0 * 3.0 + 50.0 * 15.0) / 1e6;
    assert!((spending["teacher"]["cost_usd"].as_f64().unwrap() - teacher).abs() < 1e-9);
    let student = spending["student"]["calls"].as_u64().unwrap() as f64;
    let dear = student * (20.0 * 0.15 + 2.0 * 0.6) / 1e6;
    assert!((spending["student"]["cost_usd"].as_f64().unwrap() - dear).abs() < 1e-9);
    assert_eq!(space.lines("spending.jsonl").len() as f64, student + 6.0);
}

/// Asserts that `egress.jsonl` lists every request, and that `kaizen egress` shows its exact text.
fn what_left_is_written_down(space: &Space) {
    let egress = space.lines("egress.jsonl");
    assert_eq!(egress.len(), space.lines("spending.jsonl").len());
    let teacher = egress.iter().rev().find(|line| line["role"] == "teacher").unwrap();
    let shown = space.kaizen(&["egress", teacher["request"].as_str().unwrap()]);
    let text = String::from_utf8(shown.stdout).unwrap();
    assert_eq!(text.trim_end().len() as u64, teacher["bytes"].as_u64().unwrap());
    let all: String = egress
        .iter()
        .map(|line| space.kaizen(&["egress", line["request"].as_str().unwrap()]).stdout)
        .map(|text| String::from_utf8(text).unwrap())
        .collect();
    assert!(all.contains("[redacted:email]") && !all.contains("ada@example.org"));
    assert!(
        !all.contains("gate-1\\\",\\\"query"),
        "a gate task was shown to the teacher"
    );
}
