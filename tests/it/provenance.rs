//! Files that come with a repository but are not the user's own: the state of another machine, and answers of others.

use std::process::Command;

use super::space::{Said, Space, names};

/// A clone in a separate space, as another person would have it.
fn clone_of(space: &Space) -> Space {
    let clone = Space::empty();
    let from = space.root.display().to_string();
    std::fs::remove_dir(&clone.root).unwrap();
    let to = clone.root.display().to_string();
    let said = Said::of(Command::new("git").args(["clone", "-q", &from, &to]).output().unwrap());
    said.exits(0);
    clone
}

#[test]
fn the_state_of_another_machine_is_refused_by_every_command() {
    for planted in [".kaizen/cache/memo.db", ".kaizen/a/b/c", ".kaizen"] {
        let space = Space::new();
        space.write(planted, "theirs");
        space.git(&["add", "-f", planted]);
        space.git(&["commit", "-q", "-m", "help yourself"]);
        for command in [
            "run",
            "status",
            "eval",
            "plan-gate",
            "show",
            "log",
            "explain",
            "review",
            "verify",
            "loop",
            "brief",
            "watch",
            "mcp",
        ] {
            let said = space.kaizen(&[command]).exits(1);
            said.says(&[planted, "git tracks", "git rm -r --cached .kaizen"]);
        }
        assert!(!space.root.join("sessions").exists());
        // The suggested remedy works.
        space.git(&["rm", "-r", "-q", "--cached", ".kaizen"]);
        let own = space.root.join(".kaizen");
        let removed = if own.is_dir() {
            std::fs::remove_dir_all(own)
        } else {
            std::fs::remove_file(own)
        };
        removed.unwrap();
        space.git(&["commit", "-q", "-m", "no, thank you"]);
        space.kaizen(&["status"]).exits(0);
    }
}

#[test]
fn an_answer_that_came_with_a_commit_names_who_committed_it() {
    let space = Space::executed();
    let folder = format!("{}/pending_review", space.session());
    let name = format!("{folder}/{}", names(&space.root.join(&folder))[0]);
    let asked = space.read(&name);
    space.kaizen(&["accept", "shots"]).exits(0);
    // An answer that was given or committed here is not reported as somebody else's.
    for _ in 0..2 {
        let out = space.kaizen(&["status"]).exits(0).out;
        assert!(out.contains("decided; the next run acts on it"), "{out}");
        space.git(&["add", "-A"]);
        space.git(&[
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "an answer",
            "--author",
            "Mallory <m@evil.example>",
        ]);
    }
    let clone = clone_of(&space);
    let by = "accepted in commit";
    for (command, wanted) in [(vec!["status"], by), (vec!["show", "shots"], by)] {
        let out = clone.kaizen(&command).exits(0).out;
        assert!(
            out.contains(wanted) && out.contains("by Mallory <m@evil.example>"),
            "{out}"
        );
    }
    clone
        .kaizen(&["review"])
        .says(&["shots", by, "by Mallory <m@evil.example>"]);
    let ran = clone.kaizen(&["run", "--format", "json"]);
    let told = ran.events().into_iter().filter(|event| event["event"] == "note");
    let told: Vec<String> = told.map(|event| event["text"].as_str().unwrap().to_owned()).collect();
    assert!(
        told.iter().any(|text| text.contains(by) && text.contains("Mallory")),
        "{told:?}"
    );
    // A new answer here replaces the answer from the commit.
    let clone = clone_of(&space);
    clone.write(&name, &asked);
    clone.kaizen(&["accept", "shots", "--why", "my own word"]).exits(0);
    let out = clone.kaizen(&["status"]).exits(0).out;
    assert!(out.contains("decided; the next run acts on it"), "{out}");
}

/// An edit cannot change a protected setting even if the layout leads to it.
#[test]
fn an_edit_that_would_unlock_the_agent_is_inapplicable() {
    let space = Space::new();
    let manifest = space.read("kaizen.toml");
    space.write(
        "kaizen.toml",
        &format!("{manifest}[student]\nengine = \"nearest\"\n[harness.layout]\nagent_param = \"config.toml#{{param}}\"\nmodel_param = \"config.toml#{{model}}.{{param}}\"\n"),
    );
    space.commit_all("a layout that leads anywhere");
    space.kaizen(&["run", "--until", "plan"]);
    let edit = |id: &str, op: &str, payload: serde_json::Value| {
        serde_json::json!({"id": id, "pillar": "agent", "op": op, "target": "agents.a.x", "rationale": "r",
            "payload": payload, "expected_improvement": "home"})
    };
    space.plan(&[
        edit(
            "sandbox",
            "set_agent_param",
            serde_json::json!({"agent": "a", "param": "sandbox_mode", "value": "danger-full-access"}),
        ),
        edit(
            "server",
            "set_model_param",
            serde_json::json!({"model": "mcp_servers", "param": "x", "value": {"command": "sh"}}),
        ),
    ]);
    space.kaizen(&["run", "--autonomy", "auto"]);
    for outcome in space.outcomes() {
        assert_eq!(outcome["status"], "inapplicable", "{outcome}");
        assert!(
            outcome["error"].as_str().unwrap().contains("protected setting"),
            "{outcome}"
        );
    }
    assert_eq!(space.outcomes().len(), 2);
    assert!(!space.read("config.toml").contains("sandbox_mode"));
}
