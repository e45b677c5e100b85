//! Accepts a diagnosis or a plan that a person, an agent or a program wrote.

use std::path::Path;

use serde_json::{Map, Value};

use super::plan::in_order;
use crate::artifact::plan::Plan;
use crate::artifact::{Artifact, diagnosis};
use crate::harness::Harness;
use crate::manifest::Manifest;
use crate::teacher::check;
use crate::teacher::check::{plan, secret};

/// What kaizen knows about a plan, so that the file may omit it.
pub(crate) struct PlanContext<'a> {
    /// The name of the session.
    pub session: &'a str,
    /// The text of `diagnosis.md`.
    pub diagnosis: &'a str,
    /// The author, unless the plan has one.
    pub teacher: &'a str,
    /// The present time.
    pub now: String,
}

/// The complete plan. A list of edits is enough; the rest is filled in, and edits and clusters are normalised as for
/// any teacher.
///
/// # Errors
/// The problems of the plan, with line and column.
pub(crate) fn plan(text: &str, around: PlanContext, harness: &Harness, manifest: &Manifest) -> Result<Plan, String> {
    first("plan.json", &secret::in_json(text, harness))?;
    first("plan.json", &plan::problems_of_bare(text))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut fields: Map<String, Value> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    fields.insert("session_id".into(), around.session.into());
    let plan = Plan::from_text(Path::new("plan.json"), &Value::Object(fields).to_string());
    let plan = plan.map_err(|error| error.to_string())?;
    let or = |given: String, other: &str| if given.is_empty() { other.to_owned() } else { given };
    let (edits, failure_clusters) = in_order(plan.edits, around.diagnosis, harness, manifest);
    Ok(Plan {
        diagnosis_summary: diagnosis::narrative(around.diagnosis).to_owned(),
        teacher_model: or(plan.teacher_model, around.teacher),
        created_at: or(plan.created_at, &around.now),
        failure_clusters,
        edits,
        ..plan
    })
}

/// Checks a diagnosis without changing it.
///
/// # Errors
/// The problems of the diagnosis, with line and column.
pub(crate) fn diagnosis(text: &str, harness: &Harness) -> Result<(), String> {
    first(diagnosis::FILE, &secret::in_text(text, harness))?;
    first(diagnosis::FILE, &check::diagnosis_problems(text))
}

/// Refuses a teacher's answer that contains a key or a password.
///
/// # Errors
/// The line and the kind of each one.
pub(crate) fn without_secrets(file: &str, text: &str, harness: &Harness) -> Result<(), String> {
    let found = match file {
        diagnosis::FILE => secret::in_text(text, harness),
        _ => secret::in_json(text, harness),
    };
    first(file, &found)
}

fn first(file: &str, problems: &[check::Problem]) -> Result<(), String> {
    let line = |one: &check::Problem| format!("{file}:{}:{}: {}", one.line, one.column, one.message);
    let lines: Vec<String> = problems.iter().map(line).collect();
    lines.is_empty().then_some(()).ok_or_else(|| lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::artifact::edit::{Pillar, RiskTier};

    const DIAGNOSIS: &str = "# What fails\n\nSums.\n\n```json\n[{\"id\": \"c\", \"description\": \"d\", \
        \"student_failure_rate\": 0.5}, {\"id\": \"z\", \"description\": \"d\"}]\n```\n";

    fn taken(text: &str) -> Result<Plan, String> {
        let around = PlanContext {
            session: "session-1",
            diagnosis: DIAGNOSIS,
            teacher: "files",
            now: "now".into(),
        };
        plan(text, around, &Harness::default(), &Manifest::default())
    }

    #[test]
    fn a_list_of_edits_is_enough_and_is_put_into_order() {
        let edit = json!({"id": "e", "pillar": "tools", "op": "set_agent_class", "target": "agents.a", "rationale": "r",
            "payload": {"new_class": "x"}, "expected_improvement": "c", "risk_tier": "auto"});
        let plan = taken(&json!({"edits": [edit], "mood": 1}).to_string()).unwrap();
        let [edit] = &plan.edits[..] else { panic!() };
        assert_eq!((edit.pillar, edit.risk_tier), (Pillar::Agent, RiskTier::Review));
        assert_eq!(
            (plan.session_id.as_str(), plan.created_at.as_str()),
            ("session-1", "now")
        );
        assert_eq!(
            (plan.teacher_model.as_str(), plan.diagnosis_summary.as_str()),
            ("files", "# What fails\n\nSums.")
        );
        assert_eq!(plan.failure_clusters[0].addressed_by_edit_ids, ["e"]);
        assert!(
            plan.failure_clusters[1]
                .skill_gap
                .starts_with("dropped: insufficient evidence")
        );
        assert_eq!(plan.extra["mood"], 1);
        // An accepted plan is accepted again without changes.
        assert_eq!(taken(&plan.to_text()).unwrap(), plan);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, problem) in [
            ("", "plan.json:1:1: "),
            ("[]", "plan.json:1:1: "),
            ("{}", "plan.json:1:1: missing field `edits`"),
            ("{\"edits\": 3}", "plan.json:1:"),
            ("{\n\"edits\": [{}]}", "plan.json:2:"),
            ("{\"version\": 9, \"edits\": []}", "plan.json:1:1: format version 9"),
        ] {
            let found = taken(text).unwrap_err();
            assert!(found.starts_with(problem), "{text}: {found}");
        }
        assert!(
            diagnosis("no block", &Harness::default())
                .unwrap_err()
                .starts_with("diagnosis.md:1:1: ")
        );
    }
}
