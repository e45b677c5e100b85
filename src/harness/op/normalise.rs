//! The plan phase normalises each proposed edit: the op sets pillar and tier, and a patch that changes more than half of
//! the lines becomes a replacement.

use std::collections::BTreeMap;

use super::place::EditLocation;
use super::prompt::{Patch, patched};
use super::{Context, Rules, payload};
use crate::artifact::edit::{Edit, Op, RiskTier};
use crate::harness::Harness;
use crate::llm::redact::Redactor;

/// The largest share of changed lines that is still a patch.
const LARGEST_PATCH: f64 = 0.5;
/// Most cells of the comparison table; beyond it the differing middle counts as changed.
const MOST_CELLS: usize = 16_000_000;

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
    let payload: Patch = payload::read(&edit.payload).ok()?;
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

/// The share of lines that changed, 0 to 1: the longer text's lines that have no partner in the other, in order,
/// divided by the longer text's lines. Line ends are not compared.
///
/// A real diff and not a comparison by position, so that an insertion does not shift everything after it.
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
