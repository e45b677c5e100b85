//! Golden cases of ops: appliers, unified diffs, changed lines, downgrades.

use serde_json::{Map, Value, json};

use super::{Outcome, close, defect, same};
use crate::artifact::edit::Edit;
use crate::harness::{Harness, op};
use crate::manifest::HarnessSection;

fn rules() -> op::OpRules {
    let section = HarnessSection::default();
    op::OpRules {
        layout: section.layout,
        membership: crate::manifest::membership::Membership::of_files(&section.files).unwrap(),
        ..op::OpRules::default()
    }
}

fn edit(op: &Value, target: &str, payload: &Value) -> Edit {
    serde_json::from_value(json!({
        "id": "e", "pillar": "agent", "op": op, "target": target, "payload": payload, "rationale": "", "expected_improvement": ""
    }))
    .unwrap()
}

fn files(value: &Value) -> Harness {
    let file = |(path, text): (&String, &Value)| (path.clone(), text.as_str().unwrap().as_bytes().to_vec());
    Harness::new(value.as_object().unwrap().iter().map(file))
}

/// One edit on a small tree of files. Where OpenJarvis is wrong, the file has the correct result.
pub(crate) fn appliers(_: &Value, case: &Value) -> Outcome {
    let before = files(&case["files_before"]);
    let edit = edit(&case["op"], case["target"].as_str().unwrap(), &case["payload"]);
    let applied = op::apply(&edit, &before, &rules());
    match defect(case) {
        Some("h" | "f" | "g") => return refused(applied),
        Some("ah") if !case["payload"].get("exemplars").is_none_or(Value::is_array) => return refused(applied),
        // The folder of a known agent is missing and is created.
        Some("ah") => return applied.map(|_| ()).map_err(|reason| format!("refused: {reason}")),
        None if case["valid"] == json!(false) => return refused(applied),
        _ => {}
    }
    let after = applied.map_err(|reason| format!("refused: {reason}"))?;
    let again = op::apply(&edit, &after, &rules()).map_err(|reason| format!("refused the second time: {reason}"))?;
    same("applied twice", again == after, true)?;
    toml_by_value(case, &after)?;
    text_files(case, &after)
}

fn refused(applied: Result<Harness, op::Inapplicable>) -> Outcome {
    applied.map_or(Ok(()), |_| Err("it was applied, and should have been refused".into()))
}

fn toml_by_value(case: &Value, after: &Harness) -> Outcome {
    let right = case.get("expected_toml_after").unwrap_or(&case["toml_after"]);
    for (path, expected) in right.as_object().into_iter().flatten() {
        let text = after.text(path).ok_or(format!("{path} is missing"))?;
        let found: Value = toml::from_str(text).map_err(|error| format!("{path}: {error}"))?;
        same(path, &found, expected)?;
    }
    Ok(())
}

fn text_files(case: &Value, after: &Harness) -> Outcome {
    let empty = Map::new();
    let expected = case["files_after"].as_object().unwrap_or(&empty);
    let texts = expected.iter().filter(|(path, _)| !path.ends_with(".toml"));
    for (path, text) in texts {
        same(path, after.text(path), text.as_str())?;
    }
    let untold: Vec<&str> = after
        .files()
        .map(|(path, _)| path)
        .filter(|path| !expected.contains_key(*path))
        .collect();
    same("files that should not be there", untold, vec![])
}

/// Where OpenJarvis and `git apply` differ, `git apply --recount` or a refusal is correct.
pub(crate) fn unified_diff(_: &Value, case: &Value) -> Outcome {
    let (original, diff) = (case["original"].as_str().unwrap(), case["diff"].as_str().unwrap());
    let found = op::unified_diff::apply(original, diff).ok();
    if case["agree"] == json!(true) {
        return same("text", found.as_deref(), case["upstream"].as_str());
    }
    let referee = [case["git_apply"].as_str(), case["git_apply_recount"].as_str()];
    let note = case["note"].as_str().unwrap_or_default();
    let keeps_ends = note.contains("keep CRLF")
        && found
            .as_ref()
            .is_some_and(|text| !text.replace("\r\n", "").contains('\n'));
    match found.as_deref() {
        text if referee.contains(&text) => Ok(()),
        None if note.contains("refuse") => Ok(()),
        Some(_) if keeps_ends => Ok(()),
        other => Err(format!("found {other:?}, the referees say {referee:?}")),
    }
}

/// An insertion that shifts lines is defect `q` of the measure: our ratio must then be smaller.
pub(crate) fn changed_line_ratio(_: &Value, case: &Value) -> Outcome {
    let ratio =
        op::normalise::changed_line_ratio(case["original"].as_str().unwrap(), case["modified"].as_str().unwrap());
    let recorded = case["ratio"].as_f64().unwrap();
    match defect(case) {
        None => close("ratio", ratio, recorded, 1e-12),
        Some(_) => same("a smaller ratio", ratio < recorded, true),
    }
}

/// A patch of more than half of the lines becomes a replacement. A patch that does not apply stays a patch and is
/// refused.
pub(crate) fn downgrade(_: &Value, case: &Value) -> Outcome {
    let agent = case["payload"]["agent"].as_str().unwrap_or("a");
    let path = format!("agents/{agent}/system_prompt.md");
    let before = Harness::default().with(path, case["prompt"].as_str().unwrap());
    let proposed = edit(&case["op"], &format!("agents.{agent}.system_prompt"), &case["payload"]);
    let normal = op::normalise(proposed.clone(), &before, &rules(), &Default::default());
    if defect(case).is_some() {
        same("op", normal.op, proposed.op)?;
        return match defect(case) {
            Some("g") => refused(op::apply(&normal, &before, &rules())),
            _ => op::apply(&normal, &before, &rules())
                .map(|_| ())
                .map_err(|reason| reason.to_string()),
        };
    }
    same("op", json!(normal.op), case["result_op"].clone())?;
    same("payload", Value::Object(normal.payload), case["result_payload"].clone())
}
