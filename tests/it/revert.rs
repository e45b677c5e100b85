//! Revert: new commits revert applied edits, of the newest session and of older ones.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::space::{Space, bold, edit, names, refuse_below, shots, sums};

/// An edit of another model parameter, on the line before that of `bold`.
fn two_neighbours() -> Value {
    let payload = json!({"model": "base", "param": "k", "value": 2});
    edit("two", "set_model_param", "models.base.k", payload)
}

/// The sessions, oldest first.
pub fn sessions(space: &Space) -> Vec<String> {
    let all = names(&space.root.join("sessions"));
    all.into_iter().filter(|name| name.starts_with("session-")).collect()
}

/// Runs another session with these edits, and applies them without the gate.
pub fn another(space: &Space, edits: &[Value]) -> String {
    let before = sessions(space);
    space.kaizen(&["run", "--new", "--until", "plan"]).exits(0);
    let session = sessions(space).into_iter().find(|name| !before.contains(name)).unwrap();
    let name = format!("sessions/{session}/plan.json");
    let mut plan: Value = serde_json::from_str(&space.read(&name)).unwrap();
    plan["edits"] = edits.into();
    space.write(&name, &plan.to_string());
    space
        .kaizen(&["run", "--session", &session, "--autonomy", "manual"])
        .exits(3);
    for edit in edits {
        space
            .kaizen(&["accept", "--skip-gate", edit["id"].as_str().unwrap()])
            .exits(0);
    }
    space.kaizen(&["run", "--session", &session]).exits(0);
    session
}

/// The statuses of one session's outcomes.
pub fn statuses(space: &Space, session: &str) -> BTreeMap<String, String> {
    let folder = format!("sessions/{session}/outcomes");
    let read = |name: &String| -> Value { serde_json::from_str(&space.read(&format!("{folder}/{name}"))).unwrap() };
    let all = names(&space.root.join(&folder));
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    all.iter()
        .map(read)
        .map(|outcome| (word(&outcome["edit_id"]), word(&outcome["status"])))
        .collect()
}

pub fn json_of(said: &crate::space::Said) -> Value {
    serde_json::from_str(said.out.lines().last().unwrap()).unwrap()
}

#[test]
fn an_edit_of_the_newest_session() {
    let space = Space::executed();
    let plan = space.read(&format!("{}/plan.json", space.session()));
    let said = space.kaizen(&["revert", "bold"]).exits(0);
    assert!(
        said.out.contains("bold of session-") && said.out.contains("in commit"),
        "{}",
        said.out
    );
    assert_eq!(space.statuses()["bold"], "rolled_back");
    assert_eq!(space.statuses()["shots"], "pending_review");
    assert!(space.read("config.toml").contains("refuse_below = 0.9 # too shy"));
    assert!(space.subjects().contains(&"kaizen: revert bold".to_owned()));
    assert_eq!(space.git(&["status", "--porcelain"]), "");
    let attic = format!("{}/attic", space.session());
    let kept = names(&space.root.join(&attic));
    assert!(
        kept.iter().any(|name| space.read(&format!("{attic}/{name}")) == plan),
        "the old plan is in the attic"
    );
    space.kaizen(&["verify"]).exits(0);

    let before = space.state();
    let said = space.kaizen(&["revert", "bold"]).exits(0);
    assert!(said.out.contains("already reverted"), "{}", said.out);
    assert_eq!(space.state(), before);
}

#[test]
fn a_dry_run_prints_the_diff_and_writes_nothing() {
    let space = Space::executed();
    let everything = |space: &Space| -> BTreeMap<String, Vec<u8>> {
        let files = walkdir::WalkDir::new(&space.root).into_iter().map(Result::unwrap);
        files
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| (entry.path().display().to_string(), std::fs::read(entry.path()).unwrap()))
            .collect()
    };
    space.git(&["status"]);
    let before = everything(&space);
    let said = space.kaizen(&["revert", "bold", "--dry-run"]).exits(0);
    assert!(
        said.out.contains("-refuse_below = 0.0 # too shy") && said.out.contains("+refuse_below = 0.9 # too shy"),
        "{}",
        said.out
    );
    let of_json = json_of(
        &space
            .kaizen(&["revert", "bold", "--dry-run", "--format", "json"])
            .exits(0),
    );
    assert_eq!(of_json["diff"], said.out.as_str());
    assert!(
        everything(&space) == before,
        "nothing was written, not even in .git and .kaizen"
    );
    // The revert makes the change that the dry run showed.
    let head = space.git(&["rev-parse", "HEAD"]);
    let did = json_of(&space.kaizen(&["revert", "bold", "--format", "json"]).exits(0));
    let commit = did["commit"].as_str().unwrap();
    let diff = space.git(&["diff", "--no-color", head.trim(), commit, "--", "config.toml"]);
    for line in said.out.lines().filter(|line| line.starts_with(['+', '-'])) {
        assert!(diff.contains(line), "no {line:?} in {diff}");
    }
}

#[test]
fn a_whole_session() {
    let space = Space::executed();
    space.plan(&[bold(), shots(), sums()]);
    space.run(&[]).exits(3);
    let session = sessions(&space).remove(0);
    let did = json_of(&space.kaizen(&["revert", &session, "--format", "json"]).exits(0));
    assert_eq!(did["edits"].as_array().unwrap().len(), 2);
    let statuses = space.statuses();
    assert_eq!(
        (&*statuses["bold"], &*statuses["sums"], &*statuses["shots"]),
        ("rolled_back", "rolled_back", "pending_review")
    );
    let plan = space.artifact("plan.json");
    assert_eq!(
        plan["edits"].as_array().unwrap().len(),
        1,
        "an edit that was not applied stays in the plan"
    );
    let again = space.kaizen(&["revert", &session]).exits(0);
    assert!(again.out.contains("nothing to revert"), "{}", again.out);
}

#[test]
fn an_older_session_under_a_newer_one_that_touched_other_keys() {
    let space = Space::new();
    let old = another(&space, &[bold()]);
    // The newer sessions change the line above that of `bold`, and other places.
    let new = another(&space, &[sums(), shots()]);
    let with_neighbour = another(&space, &[two_neighbours()]);
    assert_eq!(statuses(&space, &with_neighbour)["two"], "applied");
    space.kaizen(&["revert", "bold", "--session", &old]).exits(0);
    let config = space.read("config.toml");
    assert!(
        config.contains("refuse_below = 0.9 # too shy") && config.contains("calculator"),
        "{config}"
    );
    assert!(config.contains("k = 2\n"), "{config}");
    assert_eq!(statuses(&space, &old)["bold"], "rolled_back");
    assert_eq!(statuses(&space, &new)["sums"], "applied");
    assert!(!space.read("agents/assistant/few_shot.json").starts_with("[]"));
    assert_eq!(space.git(&["status", "--porcelain"]), "");
    space.kaizen(&["verify"]).exits(0);
    // The later edits can be reverted as well, after which the harness is the original one.
    space.kaizen(&["revert", &new]).exits(0);
    space.kaizen(&["revert", &with_neighbour]).exits(0);
    let start = space.git(&["rev-list", "--max-parents=0", "HEAD"]);
    assert_eq!(
        space.git(&["diff", "--name-only", start.trim(), "--", "config.toml", "agents"]),
        ""
    );
}

#[test]
fn a_later_edit_of_the_same_line_is_named_and_nothing_is_written() {
    let space = Space::new();
    let old = another(&space, &[refuse_below("bold", 0.5)]);
    let new = another(&space, &[refuse_below("bolder", 0.0)]);
    assert_eq!(statuses(&space, &new)["bolder"], "applied");
    let before = space.state();
    for arguments in [
        &["revert", "bold", "--session", &old][..],
        &["revert", &old],
        &["revert", &old, "--dry-run"],
    ] {
        space.kaizen(arguments).exits(1).says(&[
            "config.toml",
            "later edit bolder",
            &new,
            "nothing was written",
            "hint: ",
        ]);
        assert_eq!(space.state(), before, "{arguments:?}");
    }
    // In the order that the hint suggests, it works.
    space.kaizen(&["revert", "bolder"]).exits(0);
    space.kaizen(&["revert", &old]).exits(0);
    assert!(space.read("config.toml").contains("refuse_below = 0.9 # too shy"));
}

#[test]
fn digits_mean_the_session_that_applied_it() {
    let space = Space::new();
    let old = another(&space, &[bold()]);
    // The same edit in another session would not change the harness.
    let new = another(&space, &[bold(), sums()]);
    assert_eq!(statuses(&space, &new)["bold"], "inapplicable");
    space
        .kaizen(&["revert", "bold"])
        .exits(2)
        .says(&["was not applied: inapplicable"]);
    let outcomes = names(&space.root.join(format!("sessions/{old}/outcomes")));
    space.kaizen(&["revert", &outcomes[0][..8]]).exits(0);
    assert_eq!(statuses(&space, &old)["bold"], "rolled_back");
    space
        .kaizen(&["revert", "nobody"])
        .exits(2)
        .says(&["no edit or session `nobody`"]);
}

#[test]
fn a_label_of_two_edits_names_neither() {
    let space = Space::executed();
    let twin = Value::Object({
        let mut twin = sums().as_object().unwrap().clone();
        twin.insert("id".into(), json!("bold"));
        twin
    });
    space.plan(&[bold(), twin]);
    space.run(&[]).exits(0);
    let before = space.state();
    space
        .kaizen(&["revert", "bold"])
        .exits(2)
        .says(&["more than one edit", "set_model_param", "add_tool_to_agent"]);
    assert_eq!(space.state(), before);
}

#[test]
fn what_a_run_would_refuse_or_do_first_is_refused() {
    let space = Space::executed();
    space.replace("config.toml", "max_turns = 3", "max_turns = 4");
    let plan = space.artifact("plan.json");
    for arguments in [&["revert", "bold"][..], &["revert", "bold", "--dry-run"]] {
        space
            .kaizen(arguments)
            .exits(4)
            .says(&["uncommitted changes in config.toml"]);
        assert_eq!(space.artifact("plan.json"), plan);
    }
    space.git(&["checkout", "-q", "config.toml"]);
    space.plan(&[bold(), sums()]);
    let plan = space.artifact("plan.json");
    space
        .kaizen(&["revert", "bold"])
        .exits(4)
        .says(&["not settled", "plan.json", "kaizen run --session"]);
    assert_eq!(space.artifact("plan.json"), plan);
    space
        .kaizen(&["revert", "shots"])
        .exits(2)
        .says(&["was not applied: waits for review"]);
}

#[test]
fn what_git_took_back_is_back_already() {
    let space = Space::executed();
    let commit = space
        .outcomes()
        .iter()
        .find_map(|outcome| outcome["commit"].as_str().map(str::to_owned));
    space.git(&["revert", "--no-edit", &commit.unwrap()]);
    let said = space.kaizen(&["revert", "bold"]).exits(0);
    assert!(said.out.contains("already reverted in git"), "{}", said.out);
}

#[test]
fn a_crash_anywhere_is_gone_on_with() {
    let before = Space::executed();
    let undisturbed = before.copy();
    let log = undisturbed.root.parent().unwrap().join("effects");
    undisturbed
        .kaizen_with("KAIZEN_EFFECTS", log.to_str().unwrap(), &["revert", "bold"])
        .exits(0);
    let end = undisturbed.state();
    let effects = std::fs::read_to_string(log).unwrap();
    assert!(
        effects.contains("publish plan.json") && effects.contains("git commit"),
        "{effects}"
    );
    for effect in effects.lines() {
        let (number, name) = effect.split_once(' ').unwrap();
        let space = before.copy();
        let crashed = space.kaizen_with("KAIZEN_CRASH_BEFORE", number, &["revert", "bold"]);
        assert_eq!(crashed.code, None, "before {name}");
        space.kaizen(&["revert", "bold"]).exits(0);
        assert_eq!(space.git(&["status", "--porcelain"]), "", "before {name}");
        space.kaizen(&["run"]).exits(3);
        space.ends_as(&end, effect);
    }
}
