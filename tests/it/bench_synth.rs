//! `kaizen bench synth`: creates tasks from traces that somebody rated highly.

use std::fs;

use serde_json::{Value, json};

use crate::fixture::MANIFEST;
use crate::space::{Space, names};

const OUT: &str = "benchmark/synth.jsonl";

/// The tiny workspace with twelve good answers, and with traces that do not become tasks.
fn rated() -> Space {
    let space = Space::new();
    let trace = |id: String, query: String, agent: &str, feedback: f64| {
        let trace = json!({"trace_id": id, "query": query, "agent": agent, "result": format!("answer of {id}"), "feedback": feedback});
        format!("{trace}\n")
    };
    let good = (0..12).map(|n| {
        let agent = if n < 9 { "assistant" } else { "diary" };
        trace(
            format!("good-{n:02}"),
            format!("mail ada{n}@example.org, letter {n}"),
            agent,
            0.7 + f64::from(n) / 50.0,
        )
    });
    let mut lines: String = good.collect();
    lines += &trace("poor".into(), "what is bad".into(), "assistant", 0.6);
    // Once the address is redacted, this is the question of `good-03`.
    lines += &trace(
        "twin".into(),
        "Mail  bob@example.org, letter 3".into(),
        "assistant",
        0.7,
    );
    lines += &trace("old".into(), "what is 2 times 3".into(), "assistant", 1.0);
    space.write("traces/rated.jsonl", &lines);
    space
}

fn tasks(space: &Space) -> Vec<Value> {
    let lines = space.read(OUT);
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn synth(space: &Space, more: &[&str]) -> Value {
    let said = space
        .kaizen(&[&["bench", "synth", "--format", "json"], more].concat())
        .exits(0);
    said.events().remove(0)
}

#[test]
fn good_answers_become_tasks_that_a_session_reads() {
    let space = rated();
    let report = synth(&space, &[]);
    let wanted = json!({"out": OUT, "written": true, "kept_copy": null, "tasks": 12, "traces": 39, "not_eligible": 0,
        "high_feedback": 14, "classes": 13, "left_out": {"same_class": 1, "known": 1}});
    for (key, value) in wanted.as_object().unwrap() {
        assert_eq!(&report[key], value, "{key} of {report}");
    }
    let tasks = tasks(&space);
    assert_eq!(
        (&tasks[0]["task_id"], &tasks[0]["category"]),
        (&json!("good-11"), &json!("diary"))
    );
    assert_eq!(tasks[0]["query"], "mail [redacted:email], letter 11");
    assert!(tasks.iter().all(|task| task["scorer"] == "judge"));
    for category in ["assistant", "diary"] {
        for split in ["train", "gate"] {
            let held = |task: &&Value| task["category"] == category && task["split"] == split;
            assert!(tasks.iter().any(|task| held(&task)), "{category} {split}: {tasks:?}");
        }
    }
    let listed = space.kaizen(&["bench", "synth"]).exits(0).out;
    for words in [
        "39 traces, 14 with feedback of 0.7 or more, 13 query classes",
        "benchmark/synth.jsonl already contains 12 tasks",
        "excluded: 1 already in the benchmark",
    ] {
        assert!(listed.contains(words), "{listed}");
    }
    space.run(&["--until", "readiness"]).exits(0);
    let pin = &space.artifact("readiness.json")["benchmark"];
    let count = |split: &str| tasks.iter().filter(|task| task["split"] == split).count();
    assert_eq!(
        (&pin["train"], &pin["gate"]),
        (&json!(24), &json!(24)),
        "there is no judge"
    );
    assert_eq!(
        space.artifact("readiness.json")["unscorable"].as_array().unwrap().len(),
        12
    );
    synth(&space, &["--scorer", "contains", "--force"]);
    space.run(&["--until", "readiness"]).exits(0);
    let pin = &space.artifact("readiness.json")["benchmark"];
    assert_eq!(pin["train"], 24 + count("train"));
    assert_eq!(pin["gate"], 24 + count("gate"));
}

#[test]
fn a_benchmark_without_a_split_that_sessions_need_is_told() {
    let space = rated();
    fs::remove_file(space.root.join("benchmark/tasks.jsonl")).unwrap();
    let said = space
        .kaizen(&["bench", "synth", "--scorer", "contains", "--split", "gate=1"])
        .exits(0);
    said.says(&["no train tasks to learn from"]);
    let said = space
        .kaizen(&["bench", "synth", "--split", "train=1", "--force"])
        .exits(0);
    said.says(&[
        "of these tasks cannot be scored",
        "there is no judge",
        "no train tasks",
        "no gate tasks to judge edits by",
    ]);
    let said = space
        .kaizen(&["bench", "synth", "--scorer", "contains", "--force"])
        .exits(0);
    assert!(!said.err.contains("note:"), "{}", said.err);
}

#[test]
fn no_file_of_kaizen_is_replaced_even_by_force() {
    let space = rated();
    let manifest = space.read("kaizen.toml");
    for out in [
        "kaizen.toml",
        "./kaizen.toml",
        "KAIZEN.TOML",
        "config.toml",
        "benchmark/consultations.jsonl",
        "sessions/x.jsonl",
        "sessions/loop.json",
        ".kaizen/x.jsonl",
        "pending_review/x.jsonl",
        "schemas/x.jsonl",
        "triggers/x.jsonl",
        "traces/rated.jsonl",
        "agents/assistant/few_shot.json",
        "../x.jsonl",
        "/tmp/x.jsonl",
        "README.md",
    ] {
        space.kaizen(&["bench", "synth", "--force", "--out", out]).exits(2);
    }
    assert_eq!(space.read("kaizen.toml"), manifest);
    space
        .kaizen(&["bench", "synth", "--limit", "0"])
        .exits(2)
        .says(&["from 1 to"]);
}

#[test]
fn the_traces_of_gate_tasks_are_no_evidence_any_more() {
    let space = rated();
    space.run(&["--until", "readiness"]).exits(0);
    assert_eq!(space.artifact("readiness.json")["usable_traces"], 39);
    synth(&space, &["--split", "gate=1"]);
    space.run(&["--until", "readiness"]).exits(0);
    // The twelve, and the twin, whose question is the same after redaction.
    assert_eq!(space.artifact("readiness.json")["usable_traces"], 39 - 13);
}

#[test]
fn twice_gives_the_same_bytes_in_any_order_of_traces() {
    let space = rated();
    assert_eq!(synth(&space, &[])["written"], true);
    let first = space.read(OUT);
    assert_eq!(synth(&space, &[])["written"], false);
    let traces = space.read("traces/rated.jsonl");
    let backwards: Vec<&str> = traces.lines().rev().collect();
    space.write("traces/rated.jsonl", &backwards.join("\n"));
    fs::remove_file(space.root.join(OUT)).unwrap();
    assert_eq!(synth(&space, &[])["written"], true);
    assert_eq!(space.read(OUT), first);
}

#[test]
fn a_file_that_somebody_edited_is_kept() {
    let space = rated();
    synth(&space, &[]);
    let edited = space.read(OUT).replace("answer of", "my answer of");
    space.write(OUT, &edited);
    let said = space.kaizen(&["bench", "synth"]).exits(4);
    said.says(&["already exists and differs", "--force"]);
    assert_eq!(space.read(OUT), edited);
    let report = synth(&space, &["--force"]);
    let copy = report["kept_copy"].as_str().unwrap();
    assert_eq!(space.read(copy), edited);
    assert!(!space.read(OUT).contains("my answer"));
    // The copy is not part of the benchmark; otherwise, all of its tasks would exist twice.
    space.run(&["--until", "readiness"]).exits(0);
    let found = names(&space.root.join("benchmark"));
    assert_eq!(found.len(), 3, "{found:?}");
}

#[test]
fn what_privacy_leaves_out_is_no_task() {
    let space = rated();
    space.write(
        "kaizen.toml",
        &format!("{MANIFEST}[privacy]\nexclude_agents = [\"diary\"]\nredact = ['letter \\d+']\n"),
    );
    let said = space.kaizen(&["bench", "synth"]).exits(0);
    assert!(said.out.contains("3 by [privacy]"), "{}", said.out);
    let tasks = tasks(&space);
    // Without the letter's number, all questions are the same.
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0]["query"], "mail [redacted:email], [redacted:own]");
    space.write("kaizen.toml", &format!("{MANIFEST}[privacy]\nagents = [\"diary\"]\n"));
    let said = space.kaizen(&["bench", "synth", "--force"]).exits(4);
    said.says(&[
        "at least 10 high-feedback traces",
        "Have 3 so far",
        "[privacy] excludes",
        "--min-samples",
    ]);
}

#[test]
fn options_choose_and_are_checked() {
    let space = rated();
    let options = [
        "--limit",
        "4",
        "--min-feedback",
        "0.8",
        "--min-samples",
        "1",
        "--scorer",
        "contains",
        "--out",
        "mine/x.jsonl",
    ];
    let said = space.kaizen(&[&["bench", "synth"], &options[..]].concat()).exits(0);
    let said = said.says(&["[benchmark] files does not match mine/x.jsonl"]);
    assert!(
        said.out.contains("4 tasks in mine/x.jsonl") && said.out.contains("over the limit"),
        "{}",
        said.out
    );
    let lines = space.read("mine/x.jsonl");
    assert!(lines.lines().count() == 4 && lines.lines().all(|line| line.contains("\"contains\"")));
    for (options, word) in [
        (["--out", "../x.jsonl"], "cannot be used as an output file"),
        (["--out", ".git/config"], "cannot be used as an output file"),
        (["--out", "benchmark/consultations.jsonl"], "cannot contain tasks"),
        (["--split", "train=0.5"], "add up to 1"),
        (["--scorer", "taste"], "taste"),
        (["--min-feedback", "NaN"], "from 0 to 1"),
    ] {
        space
            .kaizen(&[&["bench", "synth"], &options[..]].concat())
            .exits(2)
            .says(&[word]);
    }
}
