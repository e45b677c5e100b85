//! Ops on an agent's system prompt: patch it, or replace it.

use serde_json::json;

use super::inapplicable::Inapplicable;
use super::place::place;
use super::{Rules, changed_line_ratio, payload, unified_diff};
use crate::artifact::edit::{Edit, Op};
use crate::harness::Harness;

/// A patch that changes a larger share of lines than this is a replacement.
const MOST_OF_A_PATCH: f64 = 0.5;

pub(super) fn patch(edit: &Edit, harness: &Harness, rules: &Rules) -> Result<Harness, Inapplicable> {
    let diff = payload::text(&edit.payload, "diff")?;
    let place = place(edit, harness, rules)?;
    let patched = patched(diff, harness, &place.path)?;
    Ok(harness.clone().with(place.path, patched))
}

/// Applying twice is applying once: a prompt that the diff's reverse fits, and the diff does not, has it already.
fn patched(diff: &str, harness: &Harness, path: &str) -> Result<String, Inapplicable> {
    let problem = || Inapplicable::File {
        path: path.to_owned(),
        problem: "it is not there, or not UTF-8".into(),
    };
    let prompt = harness.text(path).ok_or_else(problem)?;
    match unified_diff::apply(prompt, diff) {
        Ok(patched) => Ok(patched),
        Err(_) if unified_diff::is_applied(prompt, diff) => Ok(prompt.to_owned()),
        Err(refused) => Err(refused.into()),
    }
}

pub(super) fn replace(edit: &Edit, harness: &Harness, rules: &Rules) -> Result<Harness, Inapplicable> {
    let content = payload::text(&edit.payload, "new_content")?;
    let place = place(edit, harness, rules)?;
    Ok(harness.clone().with(place.path, content))
}

/// The replacement that a large patch amounts to; `None` for a small one, and for one that does not apply.
pub(super) fn downgraded(edit: &Edit, harness: &Harness, rules: &Rules) -> Option<Edit> {
    let path = place(edit, harness, rules).ok()?.path;
    let before = harness.text(&path)?;
    let after = unified_diff::apply(before, payload::text(&edit.payload, "diff").ok()?).ok()?;
    if changed_line_ratio(before, &after) <= MOST_OF_A_PATCH {
        return None;
    }
    let mut payload = edit.payload.clone();
    payload.remove("diff");
    payload.insert("new_content".into(), json!(after));
    Some(Edit {
        op: Op::ReplaceSystemPrompt,
        payload,
        ..edit.clone()
    })
}
