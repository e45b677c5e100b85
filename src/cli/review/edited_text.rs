//! Reads and checks an edit that a person changed in an editor, and replaces the original in the plan. Pure.

use std::path::Path;

use super::staleness::diff_of;
use crate::artifact::edit::Edit;
use crate::artifact::plan::Plan;
use crate::artifact::{ArtifactError, schema_reference};
use crate::digest::Digest;
use crate::harness::{Harness, op};
use crate::manifest::Manifest;

/// The edit as text for the editor, with a `$schema` so that editors can complete and check it.
pub(crate) fn text(edit: &Edit) -> String {
    let fields = serde_json::to_string_pretty(edit).unwrap_or_default();
    let rest = fields.strip_prefix("{\n").unwrap_or(&fields);
    format!("{{\n  \"$schema\": \"{}\",\n{rest}\n", schema_reference("edit", 1))
}

/// The context that a changed edit is checked in.
pub(crate) struct Against<'a> {
    /// The current harness.
    pub harness: &'a Harness,
    /// Rules for applying ops.
    pub rules: &'a op::OpRules,
    /// The manifest, for the risk tier.
    pub manifest: &'a Manifest,
    /// The plan that contains the edit.
    pub plan: &'a Plan,
    /// The digest of the edit before the change.
    pub was: Digest,
}

/// Parses the changed edit and checks that it can be applied.
///
/// # Errors
/// A message that describes the problem, with the line if it is known.
pub(crate) fn read(path: &Path, text: &str, against: &Against) -> Result<Edit, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut edit: Edit = serde_json::from_str(text).map_err(|error| malformed(path, text, error))?;
    edit.extra.remove("$schema");
    edit.pillar = edit.op.pillar();
    edit.risk_tier = op::tier(&edit, &against.manifest.harness);
    let digest = edit.digest();
    if digest == against.was {
        return Ok(edit);
    }
    // What a person wrote is the payload; a variant must not replace it.
    edit.variants.clear();
    let same = against.plan.edits.iter().find(|other| other.digest() == digest);
    if let Some(other) = same {
        return Err(format!("this is the same as edit `{}` of the plan", other.id));
    }
    match diff_of(&edit, against.harness, against.rules) {
        Ok(_) => Ok(edit),
        Err(reason) => Err(format!("it cannot be applied: {reason}")),
    }
}

/// The parser's message, with the line that it refers to.
fn malformed(path: &Path, text: &str, source: serde_json::Error) -> String {
    let (line, column) = (source.line(), source.column());
    let shown = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let error = ArtifactError::Malformed {
        path: path.file_name().unwrap_or_default().into(),
        line,
        column,
        source,
    };
    format!("{error}\n  {}", shown.trim())
}

/// The plan with one edit replaced, or `None` if the plan no longer contains it. Clusters that refer to the old label
/// get the new one, unless another edit still has the old label.
pub(crate) fn replaced(mut plan: Plan, was: Digest, edit: &Edit) -> Option<Plan> {
    let mut before = None;
    for place in plan.edits.iter_mut().filter(|other| other.digest() == was) {
        before = Some(std::mem::replace(place, edit.clone()).id);
    }
    let before = before?;
    let still_used = plan.edits.iter().any(|other| other.id == before);
    if !still_used {
        let labels = plan
            .failure_clusters
            .iter_mut()
            .flat_map(|cluster| &mut cluster.addressed_by_edit_ids);
        labels
            .filter(|label| **label == before)
            .for_each(|label| label.clone_from(&edit.id));
    }
    Some(plan)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn edit(id: &str, content: &str) -> Edit {
        serde_json::from_value(json!({"id": id, "pillar": "agent", "op": "replace_system_prompt",
            "target": "agents.a.system_prompt", "payload": {"agent": "a", "new_content": content}, "rationale": "r",
            "expected_improvement": "c", "mood": "kept"}))
        .unwrap()
    }

    fn plan() -> Plan {
        serde_json::from_value(
            json!({"session_id": "s", "edits": [edit("e1", "one\n"), edit("e2", "two\n")],
            "failure_clusters": [{"id": "c", "description": "d", "addressed_by_edit_ids": ["e1", "e2"]}]}),
        )
        .unwrap()
    }

    fn check(text: &str) -> Result<Edit, String> {
        let harness = Harness::default().with("agents/a/system_prompt.md", "now\n");
        let manifest = Manifest::default();
        let rules = op::OpRules {
            layout: manifest.harness.layout.clone(),
            membership: crate::manifest::membership::Membership::new(&manifest).unwrap(),
            ..op::OpRules::default()
        };
        let against = Against {
            harness: &harness,
            rules: &rules,
            manifest: &manifest,
            plan: &plan(),
            was: edit("e1", "one\n").digest(),
        };
        read(Path::new("x/edit.json"), text, &against)
    }

    #[test]
    fn what_is_written_is_read_back() {
        let written = text(&edit("e1", "one\n"));
        assert!(
            written.contains("\"$schema\": \"../schemas/edit.schema.json\""),
            "{written}"
        );
        let back = check(&written).unwrap();
        assert_eq!(back.digest(), edit("e1", "one\n").digest());
        assert_eq!(serde_json::to_value(&back).unwrap()["mood"], "kept");
        assert!(back.extra.get("$schema").is_none());
        assert!(check(&text(&edit("e1", "three\n"))).is_ok());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let broken = text(&edit("e1", "one\n")).replace("\"op\": ", "\"op\" ");
        let problem = check(&broken).unwrap_err();
        assert!(
            problem.starts_with("edit.json:5:") && problem.contains("replace_system_prompt"),
            "{problem}"
        );
        let unknown = text(&edit("e1", "one\n")).replace("replace_system_prompt", "vibes");
        assert!(check(&unknown).unwrap_err().contains("vibes"));
        assert!(
            check(&text(&edit("e1", "two\n")))
                .unwrap_err()
                .contains("`e2` of the plan")
        );
        assert!(
            check(&text(&edit("e1", "now\n")))
                .unwrap_err()
                .contains("already as the edit")
        );
        let outside = text(&edit("e1", "x\n")).replace("\"agent\": \"a\"", "\"agent\": \"../b\"");
        assert!(check(&outside).unwrap_err().contains("cannot be applied"));
    }

    #[test]
    fn the_plan_holds_the_new_edit_in_the_same_place() {
        let was = edit("e1", "one\n").digest();
        let plan = replaced(plan(), was, &edit("e9", "nine\n")).unwrap();
        let ids: Vec<&str> = plan.edits.iter().map(|edit| edit.id.as_str()).collect();
        assert_eq!(ids, ["e9", "e2"]);
        assert_eq!(plan.failure_clusters[0].addressed_by_edit_ids, ["e9", "e2"]);
        assert!(
            replaced(plan, was, &edit("e9", "nine\n")).is_none(),
            "it has left the plan"
        );
    }
}
