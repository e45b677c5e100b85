//! A queue entry for tests.

use std::path::Path;

use serde_json::{Value, json};

use super::queue::QueueEntry;
use super::staleness::Staleness;
use crate::sys::disk::Root;
use crate::workspace::session::Session;

/// An entry with this label; `more` overrides fields of its edit.
pub(crate) fn entry(id: &str, diff: &str, more: Value) -> QueueEntry {
    let mut edit = json!({"id": id, "pillar": "agent", "op": "replace_system_prompt",
        "target": "agents.assistant.system_prompt", "payload": {"new_content": id}, "rationale": "It helps.",
        "expected_improvement": "home", "risk_tier": "review", "references": ["run-1"]});
    for (name, value) in more.as_object().into_iter().flatten() {
        edit[name] = value.clone();
    }
    let cluster = json!({"id": "home", "description": "Lamps stay dark.", "student_failure_rate": 0.5,
        "teacher_success_rate": 1.0});
    let pending =
        json!({"session_id": "s", "edit_digest": "0".repeat(40), "edit": edit, "diff": diff, "cluster": cluster});
    QueueEntry {
        session: Session::at(&Root::open(Path::new("/")).unwrap(), "session-20260301T100000_00000000"),
        newest: true,
        name: id.to_owned(),
        pending: serde_json::from_value(pending).unwrap(),
        today: Some(diff.to_owned()),
        staleness: Staleness::Fresh,
        examples: None,
    }
}
