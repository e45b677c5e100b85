//! Verify: reports every change in a settled session that no longer follows from the other files.

use serde_json::{Value, json};

use crate::space::{Space, first_plan, names};

/// The path of the outcome with a label, relative to the session.
fn outcome(space: &Space, label: &str) -> String {
    let names = names(&space.root.join(space.session()).join("outcomes"));
    let of_label = |name: &String| space.artifact(&format!("outcomes/{name}"))["edit_id"] == label;
    format!("outcomes/{}", names.into_iter().find(of_label).unwrap())
}

/// Changes one value of a JSON file of the session.
fn change(space: &Space, name: &str, pointer: &str, value: Value) {
    let mut artifact = space.artifact(name);
    let place = artifact.pointer_mut(pointer);
    *place.unwrap_or_else(|| panic!("no {pointer} in {name}")) = value;
    space.write(&format!("{}/{name}", space.session()), &artifact.to_string());
}

/// Asserts that `verify` fails and says this about the file, with the session's real id in the remedy.
#[track_caller]
fn named(space: &Space, file: &str, words: &str) {
    let said = space.kaizen(&["verify", "--format", "json"]).exits(1);
    let (events, session) = (said.events(), space.session());
    let of_file = |found: &&Value| found["kind"] == "failure" && found["file"] == format!("{session}/{file}");
    let findings: Vec<&Value> = events.iter().filter(of_file).collect();
    let says = |found: &&Value| found["problem"].as_str().unwrap().contains(words);
    assert!(findings.iter().any(says), "no {words:?} about {file} in {}", said.out);
    for found in findings {
        let remedy = found["remedy"].as_str().unwrap();
        assert!(!remedy.is_empty() && !remedy.contains("session ID"), "{remedy}");
    }
}

#[test]
fn an_untouched_session_has_nothing_to_say() {
    let said = Space::executed().kaizen(&["verify"]).exits(0);
    assert!(
        said.out.ends_with("1 session checked: 0 failures, 1 remark\n"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("plan.json: changed since phase plan wrote it"),
        "{}",
        said.out
    );
}

#[test]
fn a_gain_follows_from_the_verdict_and_the_verdict_from_its_tasks() {
    let cases: &[(&str, Value, &str)] = &[
        ("/benchmark_delta", json!(0.9), "benchmark_delta"),
        ("/benchmark_delta", json!(null), "benchmark_delta"),
        ("/cluster_deltas/home", json!(0.9), "cluster_deltas"),
        ("/cluster_deltas", json!({}), "cluster_deltas"),
        ("/verdict/overall_delta", json!(0.9), "overall_delta"),
        ("/verdict/cluster_deltas/home", json!(-0.9), "cluster_deltas"),
        ("/verdict/before", json!(0.9), "before"),
        ("/verdict/after", json!(0.9), "after"),
        ("/verdict/tasks", json!(7), "tasks"),
        ("/verdict/wins", json!(0), "wins"),
        ("/verdict/ties", json!(0), "ties"),
        ("/verdict/categories/home/after", json!(0.0), "categories"),
        ("/verdict/changed/0/after", json!(0.0), "categories"),
        ("/verdict/decision", json!("reject"), "the verdict is Reject"),
        ("/verdict", json!(null), "has no verdict"),
    ];
    let space = Space::planned();
    let manifest = space.read("kaizen.toml");
    space.write("kaizen.toml", &format!("{manifest}\n[gate]\nmode = \"rule\"\n"));
    space.run(&[]).exits(3);
    each_is_named(&space, cases);
}

/// Asserts that `verify` reports each change of the outcome of `bold` with these words.
#[track_caller]
fn each_is_named(space: &Space, cases: &[(&str, Value, &str)]) {
    let bold = outcome(space, "bold");
    for (pointer, value, words) in cases {
        let space = space.copy();
        change(&space, &bold, pointer, value.clone());
        named(&space, &bold, words);
    }
}

#[test]
fn a_decision_follows_from_its_pairs() {
    let cases: &[(&str, Value, &str)] = &[
        ("/benchmark_delta", json!(0.9), "benchmark_delta"),
        ("/cluster_deltas/home", json!(0.9), "cluster_deltas"),
        ("/gate/decision", json!("reject"), "the decision is Reject"),
        ("/gate/reason", json!("futile"), "its pairs give improved"),
        ("/gate/stage", json!(2), "stage"),
        ("/gate/target", json!("shop"), "comes next"),
        ("/gate/numbers/target/wins", json!(0), "target.wins"),
        ("/gate/numbers/log_e", json!(9.0), "log_e"),
        ("/gate/numbers/interval_target/0", json!(0.9), "interval_target"),
        ("/gate/pairs/0/x", json!(0.0), "its pairs give"),
        ("/gate/pairs/0/x", json!(7.0), "is not between 0 and 1"),
        (
            "/gate/pairs/0/y",
            json!(0.5),
            "has a score without the edit that differs",
        ),
        ("/gate/pairs/0/task", json!("nobody"), "nobody"),
        ("/gate/pairs", json!([]), "its pairs give no decision"),
        ("/gate", json!(null), "has no verdict"),
    ];
    let space = Space::executed();
    space.kaizen(&["recompute"]).exits(0);
    each_is_named(&space, cases);
    change(&space, &outcome(&space, "bold"), "/gate/pairs/0/x", json!(0.0));
    let said = space.kaizen(&["recompute"]).exits(1);
    assert!(said.out.contains("bold  DOES NOT FOLLOW"), "{}", said.out);
    let space = Space::executed();
    change(&space, &outcome(&space, "bold"), "/benchmark_delta", json!(0.9));
    space.kaizen(&["recompute"]).exits(1);
}

#[test]
fn the_record_follows_from_the_baseline_and_the_outcomes() {
    let space = Space::executed();
    let cases: &[(&str, Value, &str)] = &[
        (
            "/benchmark_before/overall_score",
            json!(0.4),
            "benchmark_before: overall_score",
        ),
        (
            "/benchmark_before/cluster_scores/home",
            json!(0.4),
            "benchmark_before: cluster_scores",
        ),
        ("/benchmark_before", json!(null), "benchmark_before"),
        (
            "/benchmark_after/overall_score",
            json!(0.99),
            "benchmark_after: overall_score",
        ),
        (
            "/benchmark_after/cluster_scores/trip",
            json!(0.99),
            "benchmark_after: cluster_scores",
        ),
        ("/benchmark_after", json!(null), "benchmark_after is missing"),
        ("/edit_outcomes/0/status", json!("rolled_back"), "bold"),
        ("/edit_outcomes/0/benchmark_delta", json!(0.99), "benchmark_delta"),
        ("/edit_outcomes/0/commit", json!("0123456"), "commit"),
        ("/edit_outcomes/3/error", json!("another reason"), "error"),
        ("/edit_outcomes", json!([]), "is missing"),
        ("/status", json!("completed"), "status"),
        ("/git_checkpoint_pre", json!("0123456"), "git_checkpoint_pre"),
    ];
    for (pointer, value, words) in cases {
        let space = space.copy();
        change(&space, "session.json", pointer, value.clone());
        named(&space, "session.json", words);
    }
    change(&space, "baseline.json", "/evaluation/overall_score", json!(0.4));
    named(&space, "baseline.json", "the list of its tasks");
    named(&space, "session.json", "benchmark_before: overall_score");
}

#[test]
fn a_session_without_an_applied_edit_ends_where_it_began() {
    let space = Space::planned();
    space.plan(&first_plan()[1..2]);
    space.run(&[]).exits(0);
    space.kaizen(&["verify"]).exits(0);
    change(&space, "session.json", "/benchmark_after/overall_score", json!(0.99));
    named(&space, "session.json", "benchmark_after: overall_score");
}

#[test]
fn what_came_after_is_not_mistaken_for_a_fault() {
    let space = Space::executed();
    space.kaizen(&["accept", "shots"]).exits(0);
    space.kaizen(&["verify"]).exits(0);
    space.run(&[]).exits(0);
    space.kaizen(&["verify"]).exits(0);
    space.replace("config.toml", "max_turns = 3", "max_turns = 4");
    space.commit_all("mine");
    space.plan(&first_plan()[1..]);
    space.kaizen(&["verify"]).exits(0);
    space.run(&[]).exits(0);
    assert_eq!(space.statuses()["bold"], "rolled_back");
    space.kaizen(&["verify"]).exits(0);
}

#[test]
fn evidence_logs_diagnosis_and_intent_are_read() {
    let space = Space::executed();
    for (file, text, words) in [
        ("evidence.jsonl", "{}\n{\"cut", "line 2 is not JSON"),
        ("teacher/diagnose.jsonl", "garbage\n", "line 1 is not JSON"),
        ("teacher/plan.jsonl", "{}\n\n}\n", "line 3 is not JSON"),
        ("diagnosis.md", "# Diagnosis\n", "does not end in a fenced"),
        (
            "diagnosis.md",
            "# Diagnosis\n\n```json\n[{]\n```\n",
            "not a list of clusters",
        ),
    ] {
        let space = space.copy();
        space.write(&format!("{}/{file}", space.session()), text);
        named(&space, file, words);
    }
    space.write(".kaizen/intent.json", "{\"files\": 7}");
    let said = space.kaizen(&["verify"]).exits(1);
    assert!(said.out.contains("failure: .kaizen/intent.json: "), "{}", said.out);
    let intent =
        json!({"version": 1, "session_id": "s", "files": [{"path": "config.toml", "before": null, "after": null}]});
    space.write(".kaizen/intent.json", &intent.to_string());
    let said = space.kaizen(&["verify"]).exits(0);
    assert!(
        said.out.contains("remark: .kaizen/intent.json: writing config.toml"),
        "{}",
        said.out
    );
}
