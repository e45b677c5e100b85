//! The ops that change a text of a surface by a unified diff, or replace it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::text_place::{TextAddress, TextPlace};
use crate::artifact::edit::Payload;
use crate::harness::Harness;
use crate::harness::op::diff_refusal::Refusal;
use crate::harness::op::inapplicable::Inapplicable;
use crate::harness::op::originals::restored;
use crate::harness::op::{OpContext, payload, replacement, unified_diff};
use crate::llm::redact::Redactor;

/// Arguments of `patch_text`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::harness::op) struct TextPatch {
    /// The text.
    #[serde(flatten)]
    pub address: TextAddress,
    /// A unified diff against the current text. The text of a Markdown file does not contain its front matter.
    pub diff: String,
}

/// Arguments of `replace_text`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::harness::op) struct NewText {
    /// The text.
    #[serde(flatten)]
    pub address: TextAddress,
    /// The complete new text, without the front matter of a Markdown file, which stays as it is.
    pub new_content: String,
}

pub(in crate::harness::op) fn patch(payload: &TextPatch, context: &OpContext) -> Result<Harness, Inapplicable> {
    let place = TextPlace::of(&payload.address, context)?;
    let patched = applied(payload, &place, context)?;
    if patched.trim().is_empty() && !place.text.trim().is_empty() {
        return Err(Inapplicable::Payload {
            problem: "`diff` removes the whole text".into(),
        });
    }
    place.with(&patched, context.harness)
}

/// The text of a patch before and after it.
pub(in crate::harness::op) fn patched(
    payload: &Payload,
    context: &OpContext,
) -> Result<(String, String), Inapplicable> {
    let payload: TextPatch = payload::read(payload)?;
    let place = TextPlace::of(&payload.address, context)?;
    let after = applied(&payload, &place, context)?;
    Ok((place.text, after))
}

fn applied(payload: &TextPatch, place: &TextPlace, context: &OpContext) -> Result<String, Inapplicable> {
    // The message becomes part of an outcome, which is committed.
    let redacted = |line: &str| Redactor::default().keys_only().text(line).into_owned();
    let refused = |refusal: Refusal| Inapplicable::Diff {
        path: place.path().to_owned(),
        refusal: refusal.of_generic_op().with_text(redacted),
    };
    let named = unified_diff::files(&payload.diff);
    let is_other = |name: &&&str| **name != place.path() && context.harness.get(name).is_some();
    if let Some(other) = named.iter().find(is_other) {
        return Err(refused(Refusal::OtherFile((*other).to_owned())));
    }
    let diff = restored(&payload.diff, &place.text, true)?;
    unified_diff::apply(&place.text, &diff).map_err(|refusal| refused(in_head(refusal, place)))
}

/// The refusal of a line that is not in the text, but in the front matter, with the op that changes it.
fn in_head(refusal: Refusal, place: &TextPlace) -> Refusal {
    let Refusal::NotFound(line) = refusal else {
        return refusal;
    };
    let words = line.text.get(1..).unwrap_or_default().trim();
    let same = place
        .head_line(words)
        .filter(|_| words.contains(|c: char| c.is_alphanumeric()));
    match same {
        Some(remedy) => Refusal::InHead { line, remedy },
        None => Refusal::NotFound(line),
    }
}

pub(in crate::harness::op) fn replace(payload: &NewText, context: &OpContext) -> Result<Harness, Inapplicable> {
    let place = TextPlace::of(&payload.address, context)?;
    let new = restored(&payload.new_content, &place.text, false)?;
    let new = place.without_head(&new)?;
    let text = replacement::replacement(&place.text, new)?;
    place.with(&text, context.harness)
}
