//! A teacher's edit applies completely or not at all, and a person's lines stay.

use serde_json::{Value, json};

use crate::fixture::PROMPT;
use crate::space::{Space, edit, names};

const FILE: &str = "agents/assistant/system_prompt.md";

fn replacing(id: &str, text: &str) -> Value {
    edit(
        id,
        "replace_system_prompt",
        "agents.assistant.system_prompt",
        json!({"agent": "assistant", "new_content": text}),
    )
}

fn patching(id: &str, diff: &str) -> Value {
    edit(
        id,
        "patch_system_prompt",
        "agents.assistant.system_prompt",
        json!({"agent": "assistant", "diff": diff}),
    )
}

/// The only question of the session.
fn question(space: &Space) -> Value {
    let files = names(&space.root.join(space.session()).join("pending_review"));
    assert_eq!(files.len(), 1, "{files:?}");
    space.artifact(&format!("pending_review/{}", files[0]))
}

fn error_of(space: &Space, id: &str) -> String {
    let outcomes = space.outcomes();
    let one = outcomes.iter().find(|one| one["edit_id"] == id);
    one.and_then(|one| one["error"].as_str()).unwrap_or_default().to_owned()
}

#[test]
fn a_replacement_asks_again_before_it_removes_a_line_that_came_meanwhile() {
    for skip in [true, false] {
        let space = Space::planned();
        space.plan(&[replacing("rewrite", &format!("{PROMPT}Answer with a label.\n"))]);
        space.run(&[]).exits(3);
        space.write(FILE, &format!("{PROMPT}Never share keys.\n"));
        space.commit_all("a rule of mine");
        let accept: &[&str] = if skip {
            &["accept", "rewrite", "--skip-gate"]
        } else {
            &["accept", "rewrite"]
        };
        space.kaizen(accept).exits(0).says(&["changed since"]);
        space.run(&[]).exits(3);
        assert!(space.read(FILE).contains("Never share keys."));
        let asked = question(&space);
        assert_eq!(asked["decision"], Value::Null);
        assert!(
            asked["remarks"][0].as_str().unwrap().contains("`Never share keys.`"),
            "{asked}"
        );
        assert!(asked["diff"].as_str().unwrap().contains("-Never share keys."));
        let shown = space.kaizen(&["show", "rewrite"]).exits(0).out;
        assert!(shown.contains("note: it would remove lines"), "{shown}");
        // Nothing happens without an answer; the second answer was given with the line in view.
        space.run(&[]).exits(3);
        space.kaizen(&["accept", "rewrite", "--skip-gate"]).exits(0);
        space.run(&[]).exits(0);
        assert_eq!(space.read(FILE), format!("{PROMPT}Answer with a label.\n"));
        space.kaizen(&["verify"]).exits(0);
    }
}

#[test]
fn what_a_prompt_carries_besides_words_is_kept_or_named() {
    let space = Space::new();
    let front = "---\nname: assistant\ntools: [calculator]\n---\n";
    space.write(FILE, &format!("\u{feff}{front}{PROMPT}Help {{user}} in ${{LANG}}.\n"));
    space.commit_all("front matter");
    space.kaizen(&["run", "--until", "plan"]);
    space.plan(&[replacing("rewrite", "```markdown\nBe kind to {user}.\n```")]);
    space.run(&[]).exits(3);
    for command in [&["show", "rewrite"][..], &["review"]] {
        let said = space.kaizen(command).out;
        assert!(said.contains("no longer has the template variable `${LANG}`"), "{said}");
    }
    space.kaizen(&["accept", "rewrite", "--skip-gate"]).exits(0);
    space.run(&[]).exits(0);
    assert_eq!(space.read(FILE), format!("\u{feff}{front}Be kind to {{user}}.\n"));
}

#[test]
fn an_edit_that_can_never_apply_does_not_wait_for_a_person() {
    let space = Space::planned();
    space.plan(&[
        patching("first", "@@\n-Be brief.\n+Be very brief.\n"),
        patching("builds", "@@\n-Be very brief.\n+Be most brief.\n"),
        patching("lost", "@@\n-Be rude.\n+Be kind.\n"),
        replacing("empty", " \n"),
        edit(
            "nobody",
            "set_agent_param",
            "agents.assistent.max_turns",
            json!({"agent": "assistent", "param": "max_turns", "value": 9}),
        ),
    ]);
    space.run(&["--autonomy", "manual"]).exits(3);
    let statuses = space.statuses();
    for (id, status) in [
        ("first", "pending_review"),
        ("builds", "pending_review"),
        ("lost", "inapplicable"),
        ("empty", "inapplicable"),
        ("nobody", "inapplicable"),
    ] {
        assert_eq!(statuses[id], status, "{id}: {}", error_of(&space, id));
    }
    assert!(error_of(&space, "lost").contains("line 2 of the diff (`-Be rude.`)"));
    assert!(error_of(&space, "empty").contains("is empty"));
    assert!(error_of(&space, "nobody").contains("there is no agent `assistent`; the harness has `assistant`"));
    for id in ["first", "builds"] {
        space.kaizen(&["accept", id, "--skip-gate"]).exits(0);
    }
    space.run(&["--autonomy", "manual"]).exits(0);
    assert!(space.read(FILE).ends_with("Be most brief.\n"));
    assert!(!space.read("config.toml").contains("assistent"));
}

#[test]
fn an_example_of_a_held_out_task_is_refused_without_naming_it() {
    let shots = |id: &str, input: &str| {
        edit(
            id,
            "edit_few_shot_exemplars",
            "agents.assistant.few_shot",
            json!({"agent": "assistant", "exemplars": [
                {"input": "book me a train from the kitchen to town", "output": "trip_book"}, {"input": input, "output": "x"}]}),
        )
    };
    let space = Space::planned();
    space.plan(&[
        shots("gate", "Book me  a train from the HALL to town"),
        shots("train", "book me a train from the attic to town"),
    ]);
    space.run(&[]).exits(3);
    assert_eq!(space.statuses()["gate"], "inapplicable");
    assert_eq!(space.statuses()["train"], "pending_review");
    let error = error_of(&space, "gate");
    assert!(
        error.contains("held out") && !error.to_lowercase().contains("hall"),
        "{error}"
    );
    let found = space.kaizen(&["plan-gate", "--format", "json"]).exits(0).events();
    let found = found.last().unwrap()["edits"].as_array().unwrap().clone();
    assert_eq!(found.len(), 1, "the edit that waits is still to be tried");
    assert_eq!(found[0]["edit"], "train");
}
