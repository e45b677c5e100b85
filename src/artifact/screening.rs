//! `screening.json`: how the edits of a session did on train tasks, before any of them reached the gate.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Extra, artifact, first_version};
use crate::digest::Digest;

/// The file's name in a session.
pub(crate) const FILE: &str = "screening.json";

/// How one edit did on train tasks. These numbers can only drop an edit, because the teacher may know the tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScreenedEdit {
    /// The teacher's label of the edit.
    pub edit_id: String,
    /// The edit's identity.
    pub edit_digest: Digest,
    /// Digest of the comparison, which covers head, student and tasks.
    pub comparison: Digest,
    /// Tasks that gained.
    pub wins: usize,
    /// Tasks that lost.
    pub losses: usize,
    /// Tasks with equal scores.
    pub ties: usize,
    /// Whether the edit goes on to the gate: it changed something, and lost no more than it won.
    pub goes_on: bool,
}

/// How the payloads of one edit did on train tasks. The choice between them costs no error budget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScreenedVariants {
    /// The teacher's label of the edit.
    pub edit_id: String,
    /// Digest of op, target and all payloads, in any order.
    pub family: Digest,
    /// The identity of the edit with the best payload, which became `payload` in the plan.
    pub chosen: Digest,
    /// The number of train tasks.
    pub tasks: usize,
    /// The payloads as the plan listed them: `payload`, then the variants.
    pub payloads: Vec<ScreenedPayload>,
}

/// How one payload did on train tasks, compared with the harness before the session's edits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScreenedPayload {
    /// The identity of the edit with this payload.
    pub edit_digest: Digest,
    /// The mean change of the score, -1 to 1; null if the payload could not be tried.
    pub gain: Option<f64>,
    /// Tasks that gained.
    pub wins: usize,
    /// Tasks that lost.
    pub losses: usize,
    /// Tasks with equal scores.
    pub ties: usize,
    /// Why it could not be tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The screening of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Screening {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// The edits, in the order of the plan.
    pub edits: Vec<ScreenedEdit>,
    /// The choices between the payloads of edits with variants.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<ScreenedVariants>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

artifact!(Screening, "screening", version 1, depth 2);

impl Default for Screening {
    fn default() -> Self {
        Self {
            version: 1,
            edits: Vec::new(),
            variants: Vec::new(),
            extra: Extra::default(),
        }
    }
}

impl Screening {
    /// The result of an edit in a comparison.
    pub(crate) fn of(&self, edit: &Digest, comparison: &Digest) -> Option<&ScreenedEdit> {
        let is_it = |one: &&ScreenedEdit| one.edit_digest == *edit && one.comparison == *comparison;
        self.edits.iter().find(is_it)
    }

    /// The choice between these payloads.
    pub(crate) fn choice(&self, family: &Digest) -> Option<&ScreenedVariants> {
        self.variants.iter().find(|one| one.family == *family)
    }

    /// Adds a result, in place of an earlier one of the same edit.
    pub(crate) fn note(&mut self, result: ScreenedEdit) {
        match self.edits.iter_mut().find(|one| one.edit_digest == result.edit_digest) {
            Some(known) => *known = result,
            None => self.edits.push(result),
        }
    }
}
