//! Audit: compares the present harness with an earlier state of it.

use serde_json::{Value, json};

use crate::fixture::MANIFEST;
use crate::revert::{another, json_of, sessions};
use crate::space::{Said, Space, bold, sums};

fn audit(space: &Space, arguments: &[&str]) -> Value {
    json_of(
        &space
            .kaizen(&[&["audit", "--format", "json"], arguments].concat())
            .exits(0),
    )
}

/// The audits in the log of consultations.
fn noted(space: &Space) -> Vec<Value> {
    let lines = std::fs::read_to_string(space.root.join("benchmark/consultations.jsonl")).unwrap_or_default();
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["kind"] == "audit").collect()
}

/// All state that counts, except the log of consultations.
fn state(space: &Space) -> std::collections::BTreeMap<String, String> {
    let mut state = space.state();
    state.remove("benchmark/consultations.jsonl");
    state.remove("git status");
    state
}

/// A student that samples its answers. The manifest sets the mode, because a student that refuses everything looks
/// deterministic.
pub fn noisy() -> Space {
    let space = Space::new();
    space.replace(
        "config.toml",
        "refuse_below = 0.9 # too shy",
        "refuse_below = 0.9 # too shy\ntemperature = 0.2",
    );
    space.write("kaizen.toml", &format!("{MANIFEST}\n[gate]\nmode = \"sequential\"\n"));
    space.commit_all("noisy");
    space
}

#[test]
fn what_a_session_did_to_a_student_that_answers_alike_is_a_fact() {
    let space = Space::executed();
    let before = state(&space);
    let said = space.kaizen(&["audit"]).exits(0).out;
    for words in [
        "compared with its state before session-",
        "kaizen: set_model_param models.base.refuse_below",
        "bold",
        "48 runs in 1 round of pairs",
        "24 gate tasks: the request changed for 24",
        "score: ",
        " at 90 %",
        "before",
        "for tasks like these",
        "The score on these tasks rose: +50.0 points.",
    ] {
        assert!(said.contains(words), "no {words:?} in {said}");
    }
    assert!(!said.contains("kaizen: record"), "{said}");
    let found = audit(&space, &[]);
    assert_eq!((&found["basis"], &found["finding"]), (&json!("fact"), &json!("gained")));
    let level = |side: &str| found["overall"]["levels"][side]["mean"].as_f64().unwrap();
    let rise = found["overall"]["mean"].as_f64().unwrap();
    assert!((level("after") - level("before") - rise).abs() < 1e-9, "{found}");
    assert!(found["categories"]["trip"]["levels"]["before"]["interval"].is_array());
    assert_eq!(
        (&found["categories"]["trip"]["mean"], &found["fallen"]),
        (&json!(0.0), &json!([]))
    );
    assert_eq!(
        state(&space),
        before,
        "nothing is written except the log of consultations"
    );
    let noted = noted(&space);
    assert_eq!(
        (noted.len(), &noted[0]["split"], &noted[0]["pairs"]),
        (2, &json!("gate"), &json!(24))
    );
    space.kaizen(&["verify"]).exits(0);
}

#[test]
fn slow_damage_is_named_and_uncommitted_files_are_judged_as_they_are() {
    let space = Space::executed();
    space.replace(
        "config.toml",
        "refuse_below = 0.0 # too shy",
        "refuse_below = 0.95 # too shy",
    );
    let said = space.kaizen(&["audit", "--since", "HEAD"]).exits(0).out;
    for words in [
        "uncommitted changes are included: config.toml",
        "no commit changed the harness since then",
        "The score on these tasks fell: -50.0 points. These categories fell: home, shop.",
    ] {
        assert!(said.contains(words), "no {words:?} in {said}");
    }
    // Compared with the state before the session, the gain is gone.
    assert_eq!(audit(&space, &[])["finding"], "unchanged");
    space.git(&["checkout", "-q", "config.toml"]);
    space.replace(
        "config.toml",
        "k = 1\nrefuse_below = 0.9\n",
        "k = 2\nrefuse_below = 0.9\n",
    );
    let said = space.kaizen(&["audit", "--since", "HEAD"]).exits(0).out;
    assert!(
        said.contains("Nothing changed: the requests of all tasks are the same."),
        "{said}"
    );
    assert!(said.contains("files that differ: config.toml"), "{said}");
}

#[test]
fn a_commit_by_hand_is_part_of_what_happened() {
    let space = Space::executed();
    space.replace("config.toml", "max_turns = 3", "max_turns = 4");
    space.commit_all("More turns, by hand");
    let said = space.kaizen(&["audit"]).exits(0).out;
    for words in [
        "by hand  More turns, by hand",
        "kaizen: set_model_param models.base.refuse_below",
    ] {
        assert!(said.contains(words), "no {words:?} in {said}");
    }
    assert!(!said.contains("kaizen: record"), "{said}");
    let steps = audit(&space, &[])["steps"].clone();
    assert_eq!(
        (&steps[1]["session"], &steps[1]["edit"], &steps[1]["subject"]),
        (&json!(""), &Value::Null, &json!("More turns, by hand"))
    );
    space.write("config.toml", "[agent\n");
    let said = space.kaizen(&["audit"]).exits(2).says(&["config.toml"]);
    assert!(!said.err.contains("tries the phase again"), "{}", said.err);
}

#[test]
fn a_noisy_student_is_run_anew_until_it_can_be_told() {
    let space = noisy();
    another(&space, &[bold()]);
    let found = audit(&space, &[]);
    assert_eq!(
        (&found["basis"], &found["finding"]),
        (&json!("runs"), &json!("gained")),
        "{found}"
    );
    let pairs = found["pairs"].as_u64().unwrap();
    assert_eq!(pairs, 24 * found["rounds"].as_u64().unwrap(), "only whole rounds");
    assert_eq!(
        found["runs_made"],
        2 * pairs,
        "the runs by which the edit was accepted are not used again"
    );
    let again = audit(&space, &[]);
    assert_eq!((&again["runs_made"], &again["overall"]), (&json!(0), &found["overall"]));
}

#[test]
fn what_cannot_be_told_is_said_and_more_rounds_go_on_from_there() {
    let space = noisy();
    another(&space, &[bold()]);
    // The fallback is in every request but is never used, because the agent refuses nothing.
    space.replace("config.toml", "fallback = \"none\"", "fallback = \"nothing\"");
    let found = audit(&space, &["--since", "HEAD", "--runs", "2"]);
    assert_eq!(
        (&found["finding"], &found["rounds"], &found["runs_made"]),
        (&json!("unknown"), &json!(2), &json!(96))
    );
    let words = found["words"].as_str().unwrap();
    assert!(
        words.contains("Undecided") && words.contains("more runs would hardly help"),
        "{words}"
    );
    let found = audit(&space, &["--since", "HEAD", "--runs", "3"]);
    assert_eq!((&found["rounds"], &found["runs_made"]), (&json!(3), &json!(48)));
}

#[test]
fn a_state_some_sessions_ago_or_at_a_commit() {
    let space = Space::new();
    let commit = space.git(&["rev-parse", "HEAD"]);
    let old = another(&space, &[bold()]);
    let new = another(&space, &[sums()]);
    assert_eq!(sessions(&space).len(), 2);
    let one = audit(&space, &[]);
    assert_eq!(
        (&one["since"]["session"], one["steps"].as_array().unwrap().len()),
        (&json!(new), 1)
    );
    let two = audit(&space, &["--sessions", "2"]);
    assert_eq!(
        (&two["since"]["session"], &two["steps"][0]["edit"]),
        (&json!(old), &json!("bold"))
    );
    assert_eq!(
        (&two["since"]["commit"], two["steps"].as_array().unwrap().len()),
        (&json!(commit.trim()), 2)
    );
    assert_eq!(audit(&space, &["--since", commit.trim()])["overall"], two["overall"]);
    let said = space.kaizen(&["audit", "--sessions", "9"]).exits(0).out;
    assert!(said.contains("only 2 sessions settled so far"), "{said}");
}

#[test]
fn the_sealed_split_is_opened_by_its_name_alone() {
    let space = Space::executed();
    space
        .kaizen(&["audit", "--split", "test"])
        .exits(4)
        .says(&["there are no test tasks", "\"split\": \"test\""]);
    assert!(noted(&space).is_empty());
    let task = json!({"task_id": "sealed", "query": "please switch the lamp on in the barn", "category": "home",
        "reference_answer": "lights_on", "scorer": "exact", "split": "test"});
    space.write("benchmark/sealed.jsonl", &format!("{task}\n"));
    assert_eq!(audit(&space, &[])["overall"]["tasks"], 24);
    let found = audit(&space, &["--split", "test"]);
    assert_eq!(
        (&found["overall"]["tasks"], &found["finding"]),
        (&json!(1), &json!("gained"))
    );
    let splits: Vec<Value> = noted(&space).iter().map(|line| line["split"].clone()).collect();
    assert_eq!(splits, ["gate", "test"]);
}

#[test]
fn what_is_not_there_is_said() {
    let space = Space::new();
    let refused = |said: Said, code: i32, words: &[&str]| drop(said.exits(code).says(words));
    refused(
        space.kaizen(&["audit"]),
        4,
        &["no session has settled", "kaizen audit --since COMMIT"],
    );
    for name in ["nowhere", "0123456", "--all", "HEAD..HEAD"] {
        let since = format!("--since={name}");
        refused(space.kaizen(&["audit", &since]), 2, &["there is no commit", name]);
    }
    let found = audit(&space, &["--since", "HEAD"]);
    assert_eq!((&found["finding"], &found["files"]), (&json!("unchanged"), &json!([])));
    assert!(noted(&space).is_empty(), "the student was not run");
}
