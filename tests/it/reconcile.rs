//! Reconcile: a plan that a person edits, and a person's own changes in git.

use serde_json::json;

use crate::space::{Space, bold, edit, helping, hostile, names, shots, shy, sums};

const PROMPT: &str = "agents/assistant/system_prompt.md";

/// An edit with a new prompt that knows the label of `trip`; with autonomy `auto`, nobody is asked.
fn trips(id: &str, line: &str) -> serde_json::Value {
    let prompt = format!(
        "You are the assistant of a house.\n\n- lights_on: switch the lamp on\n- list_add: put on the shopping list\n{line}\nBe brief.\n"
    );
    let replaced = edit(
        id,
        "replace_system_prompt",
        "agents.assistant.system_prompt",
        json!({"agent": "assistant", "new_content": prompt}),
    );
    helping("trip", replaced)
}

/// A space in which kaizen has replaced the prompt.
fn prompted() -> Space {
    let space = Space::planned();
    space.plan(&[bold(), trips("trips", "- trip_book: book me a train to town\n")]);
    space.run(&["--autonomy", "auto"]).exits(0);
    assert_eq!(space.statuses()["trips"], "applied");
    space
}

#[test]
fn the_first_run_does_what_each_edit_deserves() {
    let space = Space::executed();
    let statuses = space.statuses();
    for (edit, status) in [
        ("bold", "applied"),
        ("shy", "rejected_by_gate"),
        ("shots", "pending_review"),
        ("hostile", "inapplicable"),
    ] {
        assert_eq!(statuses[edit], status);
    }
    assert!(space.read("config.toml").contains("refuse_below = 0.0 # too shy"));
    assert_eq!(
        names(space.root.parent().unwrap()),
        ["home", "work"],
        "nothing was written outside"
    );
    let session = space.artifact("session.json");
    assert_eq!(session["status"], "awaiting_review");
    assert_eq!(session["edit_outcomes"].as_array().unwrap().len(), 4);
}

#[test]
fn adding_changing_and_deleting() {
    let space = Space::executed();
    space.plan(&[bold(), shy(), shots(), hostile(), sums()]);
    space.run(&[]).exits(3);
    assert_eq!(space.statuses()["sums"], "applied");

    // A changed payload makes a different edit: the old one is reverted, and the new one is tried.
    let commits = space.subjects().len();
    space.plan(&[crate::space::refuse_below("bold", 0.1), shots(), sums()]);
    space.run(&[]).exits(3);
    assert!(space.read("config.toml").contains("refuse_below = 0.1 # too shy"));
    assert!(space.read("config.toml").contains("calculator"));
    assert_eq!(
        space.subjects().len(),
        commits + 3,
        "a revert, an edit, a record: {:?}",
        space.subjects()
    );

    space.plan(&[]);
    space.run(&[]).exits(0);
    let start = space.git(&["rev-list", "--max-parents=0", "HEAD"]);
    let changed = space.git(&[
        "diff",
        "--name-only",
        start.trim(),
        "--",
        "config.toml",
        "agents",
        "tools",
    ]);
    assert_eq!(changed, "", "an empty plan restores the original harness");
    assert_eq!(space.artifact("session.json")["status"], "rolled_back");
}

#[test]
fn order_and_words_are_no_news() {
    let space = Space::executed();
    let (before, outcomes) = (space.state(), space.outcomes());
    let mut reworded = bold();
    reworded["rationale"] = json!("put more clearly");
    reworded["id"] = json!("braver");
    space.plan(&[hostile(), shots(), reworded, shy()]);
    let edits = |space: &Space| {
        let subjects = space.subjects();
        subjects
            .into_iter()
            .filter(|subject| !subject.starts_with("kaizen: record"))
            .collect::<Vec<_>>()
    };
    let commits = edits(&space);
    let said = space.run(&[]).exits(3);
    let settled = said
        .events()
        .into_iter()
        .filter(|event| event["event"] == "edit_settled")
        .count();
    assert_eq!(settled, 0);
    assert_eq!(edits(&space), commits);
    let mut renamed = outcomes;
    for outcome in renamed.iter_mut().filter(|outcome| outcome["edit_id"] == "bold") {
        outcome["edit_id"] = json!("braver");
    }
    assert_eq!(space.outcomes(), renamed, "only the label follows the plan");
    assert_eq!(space.read("config.toml"), before["config.toml"]);
}

#[test]
fn deleted_and_wanted_again() {
    let space = Space::executed();
    space.plan(&[shots()]);
    space.run(&[]).exits(3);
    assert_eq!(space.statuses()["bold"], "rolled_back");
    space.plan(&[bold(), shots()]);
    space.run(&[]).exits(3);
    assert_eq!(space.statuses()["bold"], "applied");
    assert!(space.read("config.toml").contains("refuse_below = 0.0 # too shy"));
}

#[test]
fn a_users_commit_survives_a_revert() {
    let space = prompted();
    space.replace(PROMPT, "Be brief.", "Be brief, and kind.");
    space.commit_all("mine");
    space.plan(&[bold()]);
    space.run(&[]).exits(0);
    let prompt = space.read(PROMPT);
    assert!(
        prompt.contains("Be brief, and kind.") && !prompt.contains("trip_book"),
        "{prompt}"
    );
    assert_eq!(space.statuses()["trips"], "rolled_back");
}

#[test]
fn a_users_commit_in_the_way_stops_the_revert() {
    let space = prompted();
    space.replace(
        PROMPT,
        "- trip_book: book me a train to town",
        "- trip_book: reserve a seat",
    );
    space.commit_all("mine");
    space.plan(&[bold()]);
    let (commits, prompt, config) = (space.subjects(), space.read(PROMPT), space.read("config.toml"));
    space.run(&[]).exits(1).says(&[PROMPT]);
    assert_eq!(
        (space.subjects(), space.read(PROMPT), space.read("config.toml")),
        (commits, prompt, config)
    );
    assert_eq!(space.statuses()["trips"], "applied");
    assert!(!space.root.join(".kaizen/intent.json").exists());
}

/// The commit of an edit.
fn commit_of(space: &Space, label: &str) -> String {
    let outcomes = space.outcomes();
    let outcome = outcomes.iter().find(|outcome| outcome["edit_id"] == label).unwrap();
    outcome["commit"].as_str().unwrap().to_owned()
}

#[test]
fn a_users_git_revert_is_respected() {
    let space = Space::executed();
    space.git(&["revert", "--no-edit", &commit_of(&space, "bold")]);
    space.run(&[]).exits(3);
    assert_eq!(space.statuses()["bold"], "rolled_back");
    let outcomes = space.outcomes();
    let bold = outcomes.iter().find(|outcome| outcome["edit_id"] == "bold").unwrap();
    assert_eq!(bold["rolled_back_by"], "git");
    assert!(space.read("config.toml").contains("refuse_below = 0.9 # too shy"));
    assert_eq!(space.run(&[]).exits(3).phases(), Vec::<String>::new());
}

#[test]
fn a_users_reset_is_respected() {
    let space = Space::executed();
    // The session's files were committed after the edit; restore them after the reset, as if they were uncommitted.
    let session = space.session();
    let kept = space.copy();
    space.git(&["reset", "-q", "--hard", &format!("{}~1", commit_of(&space, "bold"))]);
    for name in [
        "plan.json",
        "diagnosis.md",
        "session.json",
        "trigger.json",
        "readiness.json",
        "baseline.json",
        "evidence.jsonl",
    ] {
        space.write(&format!("{session}/{name}"), &kept.read(&format!("{session}/{name}")));
    }
    for folder in ["checkpoints", "outcomes", "pending_review", "teacher"] {
        for name in names(&kept.root.join(&session).join(folder)) {
            let name = format!("{session}/{folder}/{name}");
            space.write(&name, &kept.read(&name));
        }
    }
    space.run(&[]).exits(3);
    assert_eq!(space.statuses()["bold"], "rolled_back");
    assert!(space.read("config.toml").contains("refuse_below = 0.9 # too shy"));
    assert_eq!(space.run(&[]).exits(3).phases(), Vec::<String>::new());
}

#[test]
fn what_was_taken_back_on_another_branch_is_taken_back_here_as_well() {
    let space = Space::executed();
    space.git(&["switch", "-q", "-c", "side"]);
    space.plan(&[shots()]);
    space.kaizen(&["run", "--until", "execute"]);
    assert!(space.read("config.toml").contains("refuse_below = 0.9 # too shy"));
    // The session's files are not committed yet, so git keeps them when the branch changes.
    space.git(&["switch", "-q", "main"]);
    assert!(space.read("config.toml").contains("refuse_below = 0.0 # too shy"));
    space.run(&[]).exits(3);
    assert!(space.read("config.toml").contains("refuse_below = 0.9 # too shy"));
    assert_eq!(space.run(&[]).exits(3).phases(), Vec::<String>::new());
    space.kaizen(&["verify"]).exits(0);
}
