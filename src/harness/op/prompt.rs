//! The ops that change an agent's system prompt by a unified diff, or replace it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::diff_refusal::Refusal;
use super::edit_location::EditLocation;
use super::inapplicable::Inapplicable;
use super::originals::restored;
use super::{OpContext, OpRules, replacement, unified_diff};
use crate::artifact::edit::{Edit, Op};
use crate::harness::Harness;
use crate::llm::redact::Redactor;

/// Arguments of `patch_system_prompt`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Patch {
    /// The agent's name. If absent, it is the second part of the edit's target.
    #[serde(default)]
    pub agent: Option<String>,
    /// A unified diff against the current prompt.
    pub diff: String,
}

/// Arguments of `replace_system_prompt`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Replacement {
    /// The agent's name. If absent, it is the second part of the edit's target.
    #[serde(default)]
    pub agent: Option<String>,
    /// The complete new prompt.
    pub new_content: String,
}

/// The prompt before and after the diff is applied.
pub(super) fn patched(
    payload: &Patch,
    place: &EditLocation,
    harness: &Harness,
) -> Result<(String, String), Inapplicable> {
    let absent = || Inapplicable::Absent {
        path: place.path.clone(),
    };
    let before = place.text(harness)?.ok_or_else(absent)?;
    // The message becomes part of an outcome, which is committed.
    let redacted = |line: &str| Redactor::default().keys_only().text(line).into_owned();
    let refused = |refusal: Refusal| Inapplicable::Diff {
        path: place.path.clone(),
        refusal: refusal.with_text(redacted),
    };
    let named = unified_diff::files(&payload.diff);
    let is_other = |name: &&&str| **name != place.path && harness.get(name).is_some();
    if let Some(other) = named.iter().find(is_other) {
        return Err(refused(Refusal::OtherFile((*other).to_owned())));
    }
    let diff = restored(&payload.diff, &before, true)?;
    let after = unified_diff::apply(&before, &diff).map_err(refused)?;
    Ok((before, after))
}

pub(super) fn patch(payload: &Patch, context: &OpContext) -> Result<Harness, Inapplicable> {
    let agent = context.agent(payload.agent.as_deref())?;
    let place = EditLocation::of(context, &[("agent", agent)])?;
    let (before, patched) = patched(payload, &place, context.harness)?;
    if patched.trim().is_empty() && !before.trim().is_empty() {
        return Err(Inapplicable::Payload {
            problem: "`diff` removes the whole prompt".into(),
        });
    }
    place.with_text(context.harness, &patched)
}

pub(super) fn replace(payload: &Replacement, context: &OpContext) -> Result<Harness, Inapplicable> {
    let agent = context.agent(payload.agent.as_deref())?;
    let place = EditLocation::of(context, &[("agent", agent)])?;
    let old = place.text(context.harness)?.unwrap_or_default();
    let new = restored(&payload.new_content, &old, false)?;
    place.with_text(context.harness, &replacement::replacement(&old, &new)?)
}

/// What the prompt of an edit loses; `None` for other ops.
pub(super) fn losses(edit: &Edit, before: &Harness, after: &Harness, rules: &OpRules) -> Option<Vec<String>> {
    if !matches!(edit.op, Op::PatchSystemPrompt | Op::ReplaceSystemPrompt) {
        return None;
    }
    let context = OpContext {
        op: edit.op,
        target: &edit.target,
        harness: before,
        rules,
    };
    let agent = context
        .agent(edit.payload.get("agent").and_then(|agent| agent.as_str()))
        .ok()?;
    let place = EditLocation::of(&context, &[("agent", agent)]).ok()?;
    let text = |harness: &Harness| place.text(harness).ok().flatten();
    Some(replacement::losses(&text(before)?, &text(after)?))
}
