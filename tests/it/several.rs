//! The op `several`: several changes as one edit, in one commit; bundles of undecided edits need new gate tasks.

use serde_json::{Value, json};

use crate::revert::{sessions, statuses};
use crate::sample::{GATE, model, says, space, task};
use crate::space::{Space, bold, edit};

/// One edit with the changes of others.
fn several(id: &str, members: &[Value]) -> Value {
    let part = |member: &Value| json!({"op": member["op"], "target": member["target"], "payload": member["payload"]});
    let parts: Vec<Value> = members.iter().map(part).collect();
    edit(id, "several", "agents.assistant", json!({"edits": parts}))
}

#[test]
fn several_changes_are_one_question_one_commit_and_one_revert() {
    let space = Space::planned();
    let prompt = space.read("agents/assistant/system_prompt.md");
    let config = space.read("config.toml");
    let longer = json!({"agent": "assistant", "new_content": format!("{prompt}\nThank you.\n")});
    let longer = edit(
        "longer",
        "replace_system_prompt",
        "agents.assistant.system_prompt",
        longer,
    );
    space.plan(&[several("both", &[bold(), longer])]);
    assert!(space.kaizen(&["plan-gate"]).exits(0).out.contains("both"));
    space.run(&[]).exits(3);
    let name =
        "several: set_model_param models.base.refuse_below, replace_system_prompt agents.assistant.system_prompt";
    for arguments in [&["review"][..], &["show", "both"]] {
        let said = space.kaizen(arguments).out;
        assert!(
            said.contains("review") && said.contains("replace_system_prompt agents.assistant"),
            "{said}"
        );
    }
    assert!(space.kaizen(&["review"]).out.contains(name));
    space.kaizen(&["accept", "both"]).exits(0);
    space.run(&[]).exits(0);
    let applied: Vec<String> = space
        .subjects()
        .into_iter()
        .filter(|subject| subject.contains("several"))
        .collect();
    assert_eq!(applied.len(), 1, "{applied:?}");
    assert!(space.read("agents/assistant/system_prompt.md").contains("Thank you"));
    let said = space.kaizen(&["blame", "config.toml:17"]).exits(0).out;
    assert!(
        said.contains("edits[0]  set_model_param") && said.contains("edits[1]  replace_system_prompt"),
        "{said}"
    );
    let pruned = space
        .kaizen(&["prune", "--older-than", "0", "--format", "json"])
        .exits(0)
        .events();
    assert_eq!(
        (&pruned[0]["edit"], &pruned[0]["goes"]),
        (&json!("both"), &json!(false)),
        "{}",
        pruned[0]
    );
    space.kaizen(&["verify"]).exits(0);
    space.kaizen(&["revert", "both"]).exits(0);
    assert_eq!(
        (
            space.read("agents/assistant/system_prompt.md"),
            space.read("config.toml")
        ),
        (prompt, config)
    );
    space.kaizen(&["verify"]).exits(0);
}

/// A later session with these edits, which goes to its end.
fn later(space: &Space, edits: &[Value]) -> String {
    let before = sessions(space);
    space.kaizen(&["run", "--new"]).exits(3);
    let session = sessions(space).into_iter().find(|name| !before.contains(name)).unwrap();
    let clusters = json!([{"id": "c1", "description": "It fails.", "sample_trace_ids": ["run-000"],
        "student_failure_rate": 1.0, "teacher_success_rate": 1.0, "skill_gap": "x", "task_ids": ["train-1000"]}]);
    let diagnosis = format!("It fails.\n\n```json\n{clusters}\n```\n");
    space.write(&format!("sessions/{session}/diagnosis.md"), &diagnosis);
    space.kaizen(&["run", "--session", &session]).exits(3);
    space.write(
        &format!("sessions/{session}/plan.json"),
        &json!({"edits": edits}).to_string(),
    );
    space.kaizen(&["run", "--session", &session, "--autonomy", "auto"]);
    session
}

#[test]
fn a_bundle_with_an_undecided_edit_needs_tasks_on_which_it_was_not_tried() {
    let server = model();
    let space = space(&server, "screen = 0", GATE, &[says("TRADE")]);
    space.kaizen(&["run", "--autonomy", "auto"]);
    let first = sessions(&space)[0].clone();
    assert_eq!(statuses(&space, &first)["trade"], "undecided");
    let longer = json!({"agent": "assistant", "param": "max_tokens", "value": 99});
    let longer = edit("longer", "set_agent_param", "agents.assistant.max_tokens", longer);
    let bundle = [several("both", &[longer, says("TRADE")])];

    let second = later(&space, &bundle);
    assert_eq!(statuses(&space, &second)["both"], "inapplicable");
    let said = space.kaizen(&["show", "both"]).exits(0).out;
    for words in [
        "edits[1] (replace_system_prompt",
        &first,
        "120 gate tasks",
        "kaizen bench refresh --share 1",
        "later session",
    ] {
        assert!(said.contains(words), "no {words:?} in {said}");
    }

    let fresh = (2000..2000 + GATE).map(|number| task(number, "gate"));
    let train = (1000..1040).map(|number| task(number, "train"));
    let lines: String = fresh.chain(train).map(|task| format!("{task}\n")).collect();
    space.write("benchmark/tasks.jsonl", &lines);
    space.commit_all("new gate tasks");
    let third = later(&space, &bundle);
    assert_eq!(statuses(&space, &third)["both"], "undecided", "it is tried");
    space.kaizen(&["verify"]).exits(0);
}
