//! Normalises a proposed edit for the plan phase: sets its pillar and tier by its op, and turns a patch that changes
//! more than half of the lines into a replacement.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::edit_location::EditLocation;
use super::prompt::{Patch, patched};
use super::{OpContext, OpRules, payload, steps, surface};
use crate::artifact::edit::{Edit, Op, RiskTier};
use crate::harness::Harness;
use crate::llm::redact::Redactor;

/// The maximum share of lines that a patch may change.
const LARGEST_PATCH: f64 = 0.5;
/// The maximum number of cells of the comparison table. Beyond it, all lines between the common start and end count as
/// changed.
const MOST_CELLS: usize = 16_000_000;

/// Sets an edit's pillar and tier by its op, whatever the teacher set; `raises` may raise a tier, but not lower it.
/// Turns a patch that changes more than half of the lines into a replacement with the patched text. A patch that does
/// not apply stays unchanged, and is refused later.
#[must_use]
pub(crate) fn normalise(edit: Edit, harness: &Harness, rules: &OpRules, raises: &BTreeMap<Op, RiskTier>) -> Edit {
    let edit = surface::with_paths(edit, harness, rules);
    let mut edit = match edit.op {
        Op::Several => with_replacements(edit, harness, rules),
        _ => replaced(edit, harness, rules),
    };
    edit.target = edit.place();
    edit.pillar = edit.op.pillar();
    edit.risk_tier = surface::tier_under(&edit, raises, &rules.surfaces);
    edit
}

fn replaced(edit: Edit, harness: &Harness, rules: &OpRules) -> Edit {
    match replacement(&edit, harness, rules) {
        Some(new_content) => as_replacement(edit, new_content),
        None => edit,
    }
}

/// Replaces large patches among the members of `several`; each member is compared with what those before it left.
fn with_replacements(mut edit: Edit, harness: &Harness, rules: &OpRules) -> Edit {
    let parts = steps(&edit, harness, rules).into_iter();
    let parts: Vec<Edit> = parts.map(|(part, before)| replaced(part, &before, rules)).collect();
    let members = edit.payload.get_mut("edits").and_then(Json::as_array_mut);
    // What cannot be read has no parts, and stays as it is.
    for (member, part) in members.into_iter().flatten().zip(parts) {
        if member["op"] != part.op.name() {
            member["op"] = part.op.name().into();
            member["payload"] = part.payload.into();
        }
    }
    edit
}

/// The patched text, if the edit is a patch that applies and changes too many lines.
fn replacement(edit: &Edit, harness: &Harness, rules: &OpRules) -> Option<String> {
    // All payloads of an edit are for the same op.
    if !edit.op.is_patch() || !edit.variants.is_empty() {
        return None;
    }
    payload::check(&edit.payload).ok()?;
    // A field that the patch does not use is refused when the edit is tried, and must not get lost here.
    surface::check_fields(edit.op, &edit.payload).ok()?;
    let context = OpContext {
        op: edit.op,
        target: &edit.target,
        harness,
        rules,
    };
    let (before, after) = match edit.op {
        Op::PatchText => surface::patched(&edit.payload, &context).ok()?,
        _ => {
            let payload: Patch = payload::read(&edit.payload).ok()?;
            let agent = context.agent(payload.agent.as_deref()).ok()?;
            let place = EditLocation::of(&context, &[("agent", agent)]).ok()?;
            patched(&payload, &place, harness).ok()?
        }
    };
    // Lines that the diff does not change may contain secrets, which must not be in a plan. They become marks, which
    // applying the edit replaces by the original values.
    (changed_line_ratio(&before, &after) > LARGEST_PATCH)
        .then(|| Redactor::default().keys_only().text(&after).into_owned())
}

fn as_replacement(mut edit: Edit, new_content: String) -> Edit {
    edit.op = match edit.op {
        Op::PatchText => Op::ReplaceText,
        _ => Op::ReplaceSystemPrompt,
    };
    edit.payload.remove("diff");
    edit.payload.insert("new_content".into(), new_content.into());
    edit
}

/// The share of lines that changed, from 0 to 1: the lines of the longer text outside the longest common subsequence,
/// divided by all its lines. Line ends are not compared.
///
/// Lines are not compared by position, because an insertion would then change all lines after it.
pub(crate) fn changed_line_ratio(original: &str, modified: &str) -> f64 {
    let (before, after): (Vec<&str>, Vec<&str>) = (lines(original), lines(modified));
    let longest = before.len().max(after.len());
    if longest == 0 {
        return 0.0;
    }
    (longest - common_subsequence(&before, &after)) as f64 / longest as f64
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

/// The length of the longest common subsequence.
fn common_subsequence(before: &[&str], after: &[&str]) -> usize {
    let head = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let (before, after) = (&before[head..], &after[head..]);
    let tail = before
        .iter()
        .rev()
        .zip(after.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (before, after) = (&before[..before.len() - tail], &after[..after.len() - tail]);
    if before.len().saturating_mul(after.len()) > MOST_CELLS {
        return head + tail;
    }
    let mut row = vec![0; after.len() + 1];
    for old in before {
        let mut diagonal = 0;
        for (at, new) in after.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if old == new { diagonal + 1 } else { above.max(row[at]) };
            diagonal = above;
        }
    }
    head + tail + row[after.len()]
}
