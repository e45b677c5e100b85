//! What the plan phase makes of a proposed edit: pillar and tier from the table, a large patch as a replacement.

use std::collections::BTreeMap;

use super::changed_lines::changed_line_ratio;
use super::patch_system_prompt::{Payload, patched};
use super::place::EditLocation;
use super::{Context, Rules, payload};
use crate::artifact::edit::{Edit, Op, RiskTier};
use crate::harness::Harness;
use crate::llm::redact::Redactor;

/// The largest share of changed lines that is still a patch.
const LARGEST_PATCH: f64 = 0.5;

/// The edit with pillar and tier set from the op, whatever the teacher said; `raises` may raise a tier, never lower it.
/// A patch that changes more than half of the lines becomes a replacement by the patched text; a patch that does not
/// apply stays as it is, to be refused later.
#[must_use]
pub(crate) fn normalise(edit: Edit, harness: &Harness, rules: &Rules, raises: &BTreeMap<Op, RiskTier>) -> Edit {
    let mut edit = match replacement(&edit, harness, rules) {
        Some(new_content) => as_replacement(edit, new_content),
        None => edit,
    };
    edit.pillar = edit.op.pillar();
    edit.risk_tier = edit.op.tier().max(raises.get(&edit.op).copied().unwrap_or_default());
    edit
}

/// The patched text, when the edit is a patch that applies and is too large for one.
fn replacement(edit: &Edit, harness: &Harness, rules: &Rules) -> Option<String> {
    if edit.op != Op::PatchSystemPrompt {
        return None;
    }
    payload::check(&edit.payload).ok()?;
    let context = Context {
        op: edit.op,
        target: &edit.target,
        harness,
        rules,
    };
    let payload: Payload = payload::read(&edit.payload).ok()?;
    let place = EditLocation::of(&context, &[("agent", context.agent(payload.agent.as_deref()).ok()?)]).ok()?;
    let (before, after) = patched(&payload, &place, harness).ok()?;
    // What the diff left alone may hold keys, which a plan may not: a line with a mark stands for the one in the file.
    (changed_line_ratio(&before, &after) > LARGEST_PATCH)
        .then(|| Redactor::default().keys_only().text(&after).into_owned())
}

fn as_replacement(mut edit: Edit, new_content: String) -> Edit {
    edit.op = Op::ReplaceSystemPrompt;
    edit.payload.remove("diff");
    edit.payload.insert("new_content".into(), new_content.into());
    edit
}
