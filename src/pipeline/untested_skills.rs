//! What the output says of edits of skill descriptions if no gate task tests which skills are loaded.

use crate::artifact::edit::Edit;
use crate::artifact::task::Task;
use crate::harness::op::place_of;
use crate::harness::skills::is_skill;

/// One line that names these edits; `None` without such an edit, or if a gate task has `loads`.
pub(super) fn note(edits: &[&Edit], gate: &[Task]) -> Option<String> {
    if gate.iter().any(|task| task.loads.is_some()) {
        return None;
    }
    let changes = |edit: &&&Edit| edit.parts().iter().any(changes_description);
    let names: Vec<String> = edits
        .iter()
        .filter(changes)
        .map(|edit| format!("`{}`", edit.id))
        .collect();
    match names.is_empty() {
        true => None,
        false => Some(format!(
            "{} changes what an agent knows of a skill before it loads it, and no gate task has `loads`: the ordinary tasks decide",
            names.join(", ")
        )),
    }
}

fn changes_description(part: &Edit) -> bool {
    let (path, key) = place_of(part);
    path.is_some_and(is_skill) && key.is_some_and(|key| key.to_string() == "description")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn edit(id: &str, payload: Value) -> Edit {
        let edit = json!({
            "id": id, "pillar": "agent", "op": "set_agent_param", "target": "t", "payload": payload, "rationale": "", "expected_improvement": ""
        });
        serde_json::from_value(edit).unwrap()
    }

    #[test]
    fn a_changed_description_without_trigger_tasks_is_told() {
        let described = edit(
            "a",
            json!({"path": "skills/x/SKILL.md", "key": "description", "value": "new"}),
        );
        let listed = edit(
            "b",
            json!({"path": "x/skill.md", "key": ["description"], "value": "new"}),
        );
        let body = edit("c", json!({"path": "skills/x/SKILL.md", "new_content": "new"}));
        let other = edit(
            "d",
            json!({"path": "agents/x.md", "key": "description", "value": "new"}),
        );
        let task = |loads: Value| -> Vec<Task> {
            let task = json!({"task_id": "t", "query": "q", "reference_answer": "r", "loads": loads});
            vec![serde_json::from_value(task).unwrap()]
        };
        let ordinary = task(Value::Null);
        let told = note(&[&described, &listed, &body, &other], &ordinary).unwrap();
        assert!(told.starts_with("`a`, `b` changes"), "{told}");
        assert_eq!(note(&[&body, &other], &ordinary), None);
        assert_eq!(note(&[&described], &task(json!([]))), None);
    }
}
