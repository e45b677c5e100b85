//! Freshness: which changes make a phase run again.

use serde_json::{Value, json};

use crate::space::{Space, bold, first_plan, names, sums};

const MANIFEST: &str = "[ledger]\nauthor = \"t <t@t>\"\n";

/// A change that a person may make: its name, the change, and which of the first two phases run again.
type Change = (&'static str, fn(&Space), &'static [&'static str]);

const CHANGES: &[Change] = &[
    ("a word in the readme", |space| space.write("README.md", "words"), &[]),
    (
        "an author",
        |space| space.write("kaizen.toml", "[ledger]\nauthor = \"u <u@u>\"\n"),
        &[],
    ),
    (
        "concurrency",
        |space| space.write("kaizen.toml", &format!("{MANIFEST}[student]\nconcurrency = 1\n")),
        &[],
    ),
    (
        "the gate's rule",
        |space| space.write("kaizen.toml", &format!("{MANIFEST}[gate]\nmin_improvement = 0.2\n")),
        &[],
    ),
    ("traces after ready", |space| add_trace(space), &[]),
    ("tasks in another order of files", |space| move_tasks(space), &[]),
    (
        "min_traces",
        |space| space.write("kaizen.toml", &format!("{MANIFEST}[session]\nmin_traces = 5\n")),
        &["readiness"],
    ),
    (
        "the seed",
        |space| space.write("kaizen.toml", &format!("{MANIFEST}[benchmark]\nseed = 5\n")),
        &["baseline"],
    ),
    (
        "a train task",
        |space| add_task(space, "train"),
        &["readiness", "baseline"],
    ),
    (
        "a gate task",
        |space| add_task(space, "gate"),
        &["readiness", "baseline"],
    ),
    (
        "the agent",
        |space| space.replace("config.toml", "k = 1\nrefuse_below = 0.9 # too shy", "k = 2"),
        &["baseline"],
    ),
    (
        "readiness gone",
        |space| remove(space, "readiness.json"),
        &["readiness"],
    ),
    ("baseline gone", |space| remove(space, "baseline.json"), &["baseline"]),
    (
        "a checkpoint gone",
        |space| remove(space, "checkpoints/baseline.json"),
        &["baseline"],
    ),
];

#[test]
fn each_ingredient_counts_where_it_is_read() {
    let base = Space::new();
    base.run(&["--until", "baseline"]).exits(0);
    assert_eq!(
        base.run(&["--until", "baseline"]).exits(0).phases(),
        Vec::<String>::new()
    );
    for (name, change, expected) in CHANGES {
        let space = base.copy();
        change(&space);
        space.git(&["add", "-A", "."]);
        space.git(&["commit", "-q", "--allow-empty", "-m", "mine"]);
        let said = space.run(&["--until", "baseline"]).exits(0);
        assert_eq!(said.phases(), *expected, "{name}: {}", said.out);
    }
}

fn remove(space: &Space, name: &str) {
    std::fs::remove_file(space.root.join(space.session()).join(name)).unwrap();
}

fn add_trace(space: &Space) {
    let runs = space.read("traces/runs.jsonl");
    space.write(
        "traces/runs.jsonl",
        &format!("{runs}{}\n", json!({"trace_id": "late", "query": "a late one"})),
    );
}

fn move_tasks(space: &Space) {
    space.write("benchmark/all.jsonl", &space.read("benchmark/tasks.jsonl"));
    std::fs::remove_file(space.root.join("benchmark/tasks.jsonl")).unwrap();
}

fn add_task(space: &Space, split: &str) {
    let tasks = space.read("benchmark/tasks.jsonl");
    let task =
        json!({"task_id": "late", "query": "one more lamp please", "reference_answer": "lights_on", "split": split});
    space.write("benchmark/tasks.jsonl", &format!("{tasks}{task}\n"));
}

/// A space with the teacher's own plan.
fn by_the_teacher() -> Space {
    let space = Space::new();
    space.write("kaizen.toml", &format!("{MANIFEST}[teacher]\nmax_edits = 1\n"));
    space.commit_all("one edit");
    space.run(&["--until", "plan"]).exits(0);
    space
}

#[test]
fn an_edited_diagnosis_is_planned_for_anew_unless_the_plan_was_edited_too() {
    let space = by_the_teacher();
    let diagnosis = format!("{}/diagnosis.md", space.session());
    let text = space.read(&diagnosis);
    space.write(&diagnosis, &format!("A word of mine first.\n\n{text}"));
    assert_eq!(space.run(&["--until", "plan"]).exits(0).phases(), ["plan"]);
    assert!(
        space.read(&diagnosis).starts_with("A word of mine"),
        "the person's edit is kept"
    );

    space.write(&diagnosis, &format!("Another word.\n\n{text}"));
    space.plan(&[bold()]);
    let plan = space.read(&format!("{}/plan.json", space.session()));
    assert_eq!(space.run(&["--until", "plan"]).exits(0).phases(), Vec::<String>::new());
    assert_eq!(space.read(&format!("{}/plan.json", space.session())), plan);

    let said = space.run(&["--until", "plan", "--redo", "plan"]).exits(0);
    assert_eq!(said.phases(), ["plan"]);
    assert_ne!(space.read(&format!("{}/plan.json", space.session())), plan);
    assert!(attic(&space).contains(&plan), "the person's plan is not lost");
}

/// The texts in the attic.
fn attic(space: &Space) -> Vec<String> {
    let folder = format!("{}/attic", space.session());
    names(&space.root.join(&folder))
        .iter()
        .map(|name| space.read(&format!("{folder}/{name}")))
        .collect()
}

#[test]
fn a_missing_output_is_made_again() {
    let space = Space::executed();
    let commits = space.subjects();
    let outcome = names(&space.root.join(space.session()).join("outcomes"))[0].clone();
    for name in [
        "session.json".to_owned(),
        "evidence.jsonl".to_owned(),
        format!("outcomes/{outcome}"),
    ] {
        let space = space.copy();
        remove(&space, &name);
        let before = space.artifact("baseline.json");
        assert!(!space.run(&[]).exits(3).phases().is_empty(), "{name}");
        assert_eq!(space.artifact("baseline.json"), before);
        assert_eq!(space.artifact("session.json")["status"], "awaiting_review");
        assert!(space.root.join(space.session()).join(&name).exists(), "{name}");
        let edits = |subjects: &[String]| subjects.iter().filter(|subject| !subject.contains("record")).count();
        assert_eq!(edits(&space.subjects()), edits(&commits));
    }
}

#[test]
fn a_settled_session_is_history() {
    let space = Space::executed();
    add_trace(&space);
    add_task(&space, "gate");
    space.write(
        "kaizen.toml",
        &format!("{MANIFEST}[session]\nmin_traces = 5\n[teacher]\nmax_edits = 3\n"),
    );
    space.commit_all("mine");
    assert_eq!(space.run(&[]).exits(3).phases(), Vec::<String>::new());
}

/// Tasks and settings change after a session has settled; then a person answers, edits the plan, or reverts.
#[test]
fn what_a_session_recorded_stays_when_it_executes_again() {
    let answer: fn(&Space) = |space| {
        space.kaizen(&["accept", "shots"]).exits(0);
    };
    let edited: fn(&Space) = |space| space.plan(&first_plan()[1..]);
    let revert: fn(&Space) = |space| {
        space.kaizen(&["revert", "bold"]).exits(0);
    };
    for (name, act) in [
        ("a late answer", answer),
        ("an edited plan", edited),
        ("a revert", revert),
    ] {
        let space = Space::executed();
        let kept = ["baseline.json", "diagnosis.md", "readiness.json"];
        let before = kept.map(|file| space.read(&format!("{}/{file}", space.session())));
        add_task(&space, "train");
        space.write("kaizen.toml", &format!("{MANIFEST}[benchmark]\nsubsample = 20\n"));
        space.commit_all("mine");
        act(&space);
        space.kaizen(&["run"]);
        assert_eq!(
            kept.map(|file| space.read(&format!("{}/{file}", space.session()))),
            before,
            "{name}"
        );
        let plan = space.artifact("plan.json");
        let ids: Vec<&str> = plan["edits"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|edit| edit["id"].as_str())
            .collect();
        assert!(ids.contains(&"shots"), "{name}: {ids:?}");
        let log = space.git(&["log", "--format=%s"]);
        assert_eq!(log.contains("revert"), name != "a late answer", "{name}: {log}");
        space.kaizen(&["verify"]).exits(0);
    }
}

/// The texts of files of the session.
fn texts(space: &Space, names: &[&str]) -> Vec<String> {
    let text = |name: &&str| space.read(&format!("{}/{name}", space.session()));
    names.iter().map(text).collect()
}

/// A person improves the prompt while an edit waits; then the edit is answered.
#[test]
fn an_answer_that_comes_late_is_judged_on_today_and_earns_the_session_nothing_else() {
    for (answer, status) in [("accept", "applied"), ("reject", "rejected_by_user")] {
        let space = Space::executed();
        let before = (
            texts(&space, &["baseline.json", "after.json"]),
            space.artifact("session.json"),
        );
        space.replace("config.toml", "max_turns = 3", "max_turns = 4");
        add_task(&space, "gate");
        space.commit_all("mine");
        space.kaizen(&[answer, "shots"]).exits(0);
        let said = space.kaizen(&["run"]).exits(0).out;
        let shown = space.kaizen(&["show"]).exits(0).out;
        let words = match answer {
            "accept" => "judged on the harness and benchmark at the time of the answer",
            _ => "answered after the harness and benchmark had changed since the session's baseline; it was not judged",
        };
        for said in [said, shown] {
            assert_eq!(said.matches(words).count(), 1, "{answer}: {said}");
            assert!(said.contains("the session's score stays"), "{answer}: {said}");
        }
        assert_eq!(space.statuses()["shots"], status);
        let record = space.artifact("session.json");
        assert_eq!(texts(&space, &["baseline.json", "after.json"]), before.0, "{answer}");
        for number in [
            "benchmark_before",
            "benchmark_after",
            "harness_after",
            "git_checkpoint_post",
        ] {
            assert_eq!(record[number], before.1[number], "{answer}: {number}");
        }
        let late = |label: &str| {
            let outcomes = space.outcomes();
            outcomes.iter().find(|outcome| outcome["edit_id"] == label).unwrap()["late"].clone()
        };
        let (shots, baseline) = (late("shots"), space.artifact("baseline.json"));
        for (name, digest) in [("harness", &baseline["harness"]), ("benchmark", &baseline["benchmark"])] {
            assert_eq!(&shots["proposed_for"][name], digest, "{answer}: {shots}");
            assert_ne!(&shots["judged_on"][name], digest, "{answer}: {shots}");
        }
        assert_eq!(late("bold"), Value::Null, "what was decided in time stays as it is");
        assert!(
            space
                .kaizen(&["show", "shots"])
                .exits(0)
                .out
                .contains("the answer came later")
        );
        space.kaizen(&["verify"]).exits(0);
    }
}

/// A version with corrected scorers has another definition of the baseline.
#[test]
fn corrected_scorers_measure_an_open_session_again_but_no_settled_one() {
    let earlier = |space: &Space| {
        let path = format!("{}/checkpoints/baseline.json", space.session());
        let mut checkpoint: Value = serde_json::from_str(&space.read(&path)).unwrap();
        checkpoint["definition"] = checkpoint["reads"]["@gate"].clone();
        assert!(checkpoint["definition"].is_string(), "{checkpoint}");
        space.write(&path, &format!("{checkpoint}\n"));
    };
    let space = Space::new();
    space.run(&["--until", "baseline"]).exits(0);
    earlier(&space);
    assert_eq!(space.run(&["--until", "baseline"]).exits(0).phases(), ["baseline"]);
    let space = Space::executed();
    let before = texts(&space, &["baseline.json", "after.json", "session.json"]);
    earlier(&space);
    assert_eq!(space.run(&[]).phases(), Vec::<String>::new());
    assert_eq!(texts(&space, &["baseline.json", "after.json", "session.json"]), before);
}

#[test]
fn an_answer_in_time_raises_the_score_of_its_session() {
    let space = Space::executed();
    let before = space.artifact("session.json")["benchmark_after"]["overall_score"].clone();
    space.kaizen(&["accept", "shots"]).exits(0);
    space.run(&[]).exits(0);
    let after = space.artifact("session.json")["benchmark_after"]["overall_score"].clone();
    assert!(after.as_f64() > before.as_f64(), "{before} to {after}");
}

/// A revert sets the status, and leaves the evidence and the scores.
#[test]
fn a_revert_keeps_what_the_gate_and_the_session_measured() {
    let space = Space::executed();
    let of_bold = |space: &Space| {
        let outcomes = space.outcomes();
        outcomes
            .into_iter()
            .find(|outcome| outcome["edit_id"] == "bold")
            .unwrap()
    };
    let before = (
        of_bold(&space),
        space.artifact("session.json"),
        texts(&space, &["after.json"]),
    );
    space.kaizen(&["revert", "bold"]).exits(0);
    let (bold, record) = (of_bold(&space), space.artifact("session.json"));
    assert_eq!(bold["status"], "rolled_back");
    for field in ["gate", "benchmark_delta", "cluster_deltas", "commit", "applied_at"] {
        assert_eq!(bold[field], before.0[field], "{field}");
    }
    for field in ["benchmark_before", "benchmark_after", "harness_after"] {
        assert_eq!(record[field], before.1[field], "{field}");
    }
    assert_eq!(texts(&space, &["after.json"]), before.2);
    space.kaizen(&["verify"]).exits(0);
}

/// Lost checkpoints do not replace a settled session's results, and truncated files are not committed.
#[test]
fn a_truncated_file_is_noticed_and_plans_nothing_anew() {
    let kept = ["baseline.json", "diagnosis.md", "plan.json"];
    for name in [
        "trigger.json",
        "after.json",
        "baseline.json",
        "checkpoints/baseline.json",
        "checkpoints/diagnose.json",
        "checkpoints/plan.json",
    ] {
        let space = Space::executed();
        let before = texts(&space, &kept);
        let head = space.git(&["rev-parse", "HEAD"]);
        let path = format!("{}/{name}", space.session());
        let text = space.read(&path);
        space.write(&path, &text[..text.len() / 2]);
        space.run(&[]).exits(1).says(&[name, "git restore"]);
        assert_eq!(space.git(&["rev-parse", "HEAD"]), head, "{name}");
        space.git(&["restore", &path]);
        space.run(&[]).exits(3);
        assert!(texts(&space, &kept) == before, "{name}");
    }
    let space = Space::executed();
    let before = texts(&space, &kept);
    std::fs::remove_dir_all(space.root.join(space.session()).join("checkpoints")).unwrap();
    assert_eq!(space.run(&[]).exits(3).phases(), ["execute", "record"]);
    assert!(texts(&space, &kept) == before);
}

/// A settled session is recorded once, however often branches switch.
#[test]
fn switching_branches_records_nothing_again() {
    let space = Space::executed();
    space.git(&["branch", "other", "HEAD~1"]);
    space.git(&["branch", "start", "HEAD~2"]);
    let head = space.git(&["rev-parse", "HEAD"]);
    for branch in ["other", "main", "start", "main"] {
        space.git(&["checkout", "-q", branch]);
        if branch == "main" {
            space
                .kaizen_with("KAIZEN_NOW", "2026-03-05T10:00:00Z", &["run"])
                .exits(3);
        }
    }
    assert_eq!(space.git(&["rev-parse", "HEAD"]), head);
    assert_eq!(space.git(&["status", "--porcelain"]), "");
    for settings in [
        "[gate]\nmin_improvement = 0.2\n",
        "[harness]\nfiles = [\"config.toml\", \"agents/**\"]\n",
    ] {
        space.write("kaizen.toml", &format!("{MANIFEST}{settings}"));
        let record = texts(&space, &["session.json"]);
        space
            .kaizen_with("KAIZEN_NOW", "2026-03-06T10:00:00Z", &["run"])
            .exits(3);
        assert_eq!(texts(&space, &["session.json"]), record, "{settings}");
    }
}

#[test]
fn a_new_session_after_one_without_tasks_is_the_same() {
    let space = Space::new();
    space.write("benchmark/tasks.jsonl", "");
    for _ in 0..3 {
        space.run(&["--new"]).exits(4);
    }
    assert_eq!(names(&space.root.join("sessions")).len(), 1);
}

#[test]
fn an_answer_waits_while_the_gate_tasks_are_missing() {
    let space = Space::executed();
    space.kaizen(&["accept", "shots"]).exits(0);
    let record = space.read(&format!("{}/session.json", space.session()));
    let tasks = space.read("benchmark/tasks.jsonl");
    space.write("benchmark/tasks.jsonl", "");
    space.run(&[]).exits(4).says(&["no gate tasks"]);
    assert_eq!(space.statuses()["shots"], "pending_review");
    assert_eq!(space.read(&format!("{}/session.json", space.session())), record);
    space.write("benchmark/tasks.jsonl", &tasks);
    space.run(&[]).exits(0);
    assert_eq!(space.statuses()["shots"], "applied");
}

#[test]
fn autonomy_auto_gates_what_waits() {
    let space = Space::executed();
    let said = space.run(&["--autonomy", "auto"]).exits(0);
    assert_eq!(said.phases()[0], "execute");
    assert_eq!(space.statuses()["shots"], "applied");
    assert_eq!(space.artifact("session.json")["autonomy_mode"], "auto");
    assert_eq!(space.run(&[]).exits(0).phases(), Vec::<String>::new());
}

/// Writes an answer by hand into the question about `shots`.
fn answer(space: &Space, decision: &Value) {
    let pending = names(&space.root.join(space.session()).join("pending_review"));
    assert_eq!(pending.len(), 1);
    let name = format!("pending_review/{}", pending[0]);
    let mut question = space.artifact(&name);
    question["decision"] = decision.clone();
    space.write(&format!("{}/{name}", space.session()), &question.to_string());
}

#[test]
fn a_decision_by_hand_counts_for_the_edit_that_was_shown() {
    let other = "0".repeat(40);
    for (decision, code, status) in [
        (json!({"decision": "accept"}), 0, "applied"),
        (json!("accept"), 0, "applied"),
        (json!("reject"), 0, "rejected_by_user"),
        (json!({"decision": "reject", "why": "no"}), 0, "rejected_by_user"),
        (json!({"decision": "accept", "edit_digest": other}), 3, "pending_review"),
        (json!({"decision": "reject", "edit_digest": other}), 3, "pending_review"),
        (Value::Null, 3, "pending_review"),
    ] {
        let space = Space::executed();
        answer(&space, &decision);
        space.run(&[]).exits(code);
        assert_eq!(space.statuses()["shots"], status, "{decision}");
        assert_eq!(space.run(&[]).exits(code).phases(), Vec::<String>::new());
    }
}

#[test]
fn redoing_execute_tries_again_what_was_not_applied() {
    let space = Space::executed();
    let said = space.run(&["--redo", "execute"]).exits(3);
    let settled: Vec<Value> = said
        .events()
        .into_iter()
        .filter(|event| event["event"] == "edit_settled")
        .collect();
    let labels: Vec<&str> = settled.iter().map(|event| event["edit"].as_str().unwrap()).collect();
    assert_eq!(labels, ["shy", "hostile"]);
}

#[test]
fn a_new_edit_alone_is_tried() {
    let space = Space::executed();
    let mut edits = first_plan();
    edits.push(sums());
    space.plan(&edits);
    let said = space.run(&[]).exits(3);
    assert_eq!(said.phases(), ["execute", "record"]);
    let settled = said
        .events()
        .into_iter()
        .filter(|event| event["event"] == "edit_settled")
        .count();
    assert_eq!(settled, 1, "{}", said.out);
}
