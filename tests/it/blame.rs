//! Blame: every line of the harness can be traced to a person, or to an edit with its evidence.

use serde_json::{Value, json};

use crate::space::{Space, bold};

/// A space with an applied edit that names a cluster and traces.
fn evidenced() -> Space {
    let space = Space::planned();
    let mut plan = space.artifact("plan.json");
    let mut bold = bold();
    bold["references"] = json!(["run-001", "run-gone"]);
    bold["rationale"] = json!("it knows the answer and does not say it");
    plan["edits"] = json!([bold]);
    plan["failure_clusters"] = json!([{"id": "home", "description": "lamps stay off", "student_failure_rate": 1.0,
        "teacher_success_rate": 0.5, "sample_trace_ids": ["run-000"]}]);
    space.write(&format!("{}/plan.json", space.session()), &plan.to_string());
    space.run(&[]).exits(0);
    space
}

fn line_of(space: &Space, words: &str) -> usize {
    let config = space.read("config.toml");
    1 + config.lines().position(|line| line.contains(words)).unwrap()
}

fn rows(space: &Space) -> Vec<Value> {
    space
        .kaizen(&["blame", "config.toml", "--format", "json"])
        .exits(0)
        .events()
}

#[test]
fn a_file_is_told_by_ranges() {
    let space = evidenced();
    space.replace("config.toml", "max_turns = 3", "max_turns = 4");
    let rows = rows(&space);
    let lines: usize = rows.iter().map(|row| row["lines"].as_array().unwrap().len()).sum();
    assert_eq!(lines, space.read("config.toml").lines().count());
    let row = |words: &str| {
        let of = |row: &&Value| row["lines"].to_string().contains(words);
        rows.iter().find(of).unwrap()
    };
    let edited = row("refuse_below = 0.0");
    assert_eq!((&edited["edit_id"], &edited["from"]), (&json!("bold"), &edited["to"]));
    assert!(edited["delta"].as_f64().unwrap() > 0.0 && edited["session"].as_str().unwrap().starts_with("session-"));
    let mine = row("# Mine.");
    assert_eq!(
        (&mine["who"], &mine["edit_id"], &mine["subject"]),
        (&json!("u"), &Value::Null, &json!("start"))
    );
    assert_eq!(mine["date"], "2026-02-01T10:00:00Z");
    assert_eq!(row("max_turns = 4")["commit"], Value::Null);
    let text = space.kaizen(&["blame", "config.toml"]).exits(0).out;
    let numbered = format!("{:>5}  refuse_below = 0.0", line_of(&space, "refuse_below = 0.0"));
    for words in [
        "bold of session-",
        "points",
        "2026-02-01",
        "not committed yet",
        &numbered,
    ] {
        assert!(text.contains(words), "no {words:?} in {text}");
    }
}

#[test]
fn a_line_is_told_whole() {
    let space = evidenced();
    let place = format!("config.toml:{}", line_of(&space, "refuse_below = 0.0"));
    let text = space.kaizen(&["blame", &place]).exits(0).out;
    for words in [
        "refuse_below = 0.0 # too shy",
        "kaizen: set_model_param models.base.refuse_below",
        "it knows the answer",
        "home: lamps stay off",
        "100 % of its train tasks fail, the teacher solves 50 %",
        "applied, +",
        "run-001  ",
        "run-gone  (no longer in the store)",
        "kaizen show ",
        "kaizen revert ",
    ] {
        assert!(text.contains(words), "no {words:?} in {text}");
    }
    let told = &space.kaizen(&["blame", &place, "--format", "json"]).exits(0).events()[0];
    assert_eq!(told["edit"]["edit"]["id"], "bold");
    assert!(told["traces"][0]["query"].is_string() && told["traces"][1]["query"].is_null());
    // The suggested commands work.
    for command in told["commands"].as_array().unwrap() {
        let words: Vec<&str> = command.as_str().unwrap().split(' ').skip(1).collect();
        space.kaizen(&words).exits(0);
    }
    // A line that a revert restored belongs to the revert, and its session is named.
    let place = format!("config.toml:{}", line_of(&space, "refuse_below = 0.9 # too shy"));
    let text = space.kaizen(&["blame", &place]).exits(0).out;
    assert!(
        text.contains("kaizen: revert bold") && text.contains("kaizen show session-"),
        "{text}"
    );
}

#[test]
fn a_session_that_is_gone_leaves_the_commit() {
    let space = evidenced();
    std::fs::remove_dir_all(space.root.join(space.session())).unwrap();
    let place = format!("config.toml:{}", line_of(&space, "refuse_below = 0.0"));
    let text = space.kaizen(&["blame", &place]).exits(0).out;
    assert!(
        text.contains("bold, digest") && text.contains("no longer contains this edit"),
        "{text}"
    );
}

#[test]
fn from_a_folder_below_and_under_odd_names() {
    let space = evidenced();
    for name in ["notes [1]*.md", "odd:3", "-n", ":(top)x"] {
        space.write(&format!("agents/{name}"), "one\ntwo\n");
    }
    space.commit_all("odd");
    let agents = space.root.join("agents");
    let agents = agents.to_str().unwrap();
    for place in ["notes [1]*.md:2", "odd:3:2", ":(top)x:2", "./-n:2"] {
        let text = space.kaizen(&["-C", agents, "blame", place]).exits(0).out;
        assert!(text.contains("two"), "{place}: {text}");
    }
    let all = space.kaizen(&["-C", agents, "blame", "odd:3"]).exits(0).out;
    assert!(all.contains("one") && all.contains("two"), "{all}");
}

#[test]
fn what_cannot_be_blamed_is_said_with_a_remedy() {
    let space = evidenced();
    space.write("new.md", "mine\n");
    space.write("../outside.md", "theirs\n");
    for (place, words) in [
        ("nothing.md", "there is no file nothing.md"),
        ("nothing.md:3", "there is no file nothing.md"),
        ("new.md", "git does not track new.md"),
        ("config.toml:0", "no line 0"),
        ("config.toml:9999", "no line 9999"),
        ("agents", "agents is a folder"),
        ("../outside.md", "outside the workspace"),
    ] {
        space.kaizen(&["blame", place]).exits(2).says(&[words, "hint: "]);
    }
    // Once the file is staged, all of its lines are uncommitted.
    space.git(&["add", "new.md"]);
    let text = space.kaizen(&["blame", "new.md"]).exits(0).out;
    assert!(text.contains("not committed yet") && text.contains("mine"), "{text}");
}
