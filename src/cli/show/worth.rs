//! What `kaizen prune` last found an edit to be worth, and whether that holds for the present harness.

use serde::Serialize;

use crate::artifact::holdout_use::{EditWorth, HoldoutUse};
use crate::cli::exit::CommandFailure;
use crate::digest::Digest;
use crate::gate::prune::worth_words;
use crate::workspace::{Workspace, holdout_log};

/// The newest measurement of an edit.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TestedWorth {
    /// When, RFC 3339.
    at: String,
    /// Whether the harness is still the one that was tested.
    is_present: bool,
    /// The numbers.
    #[serde(flatten)]
    worth: EditWorth,
}

impl TestedWorth {
    /// That of an edit; `None` if no prune measured it.
    ///
    /// # Errors
    /// The log of consultations or the harness cannot be read.
    pub(crate) fn of(workspace: &Workspace, edit: Digest) -> Result<Option<Self>, CommandFailure> {
        let lines = holdout_log::read(workspace)?;
        let Some((at, worth)) = newest(&lines, edit) else {
            return Ok(None);
        };
        let is_present = workspace.harness()?.digest() == worth.harness;
        Ok(Some(Self { at, is_present, worth }))
    }

    /// The same, from the lines of the log and the digest of the present harness.
    pub(crate) fn among(lines: &[HoldoutUse], edit: Digest, present: Digest) -> Option<Self> {
        let (at, worth) = newest(lines, edit)?;
        Some(Self {
            is_present: present == worth.harness,
            at,
            worth,
        })
    }

    /// The numbers and when they were measured, in two lines.
    pub(crate) fn lines(&self) -> [String; 2] {
        let harness = match self.is_present {
            true => "the present harness".to_owned(),
            false => format!("an older harness, {}", self.worth.harness.short()),
        };
        [
            worth_words(&self.worth),
            format!("tested by `kaizen prune` at {} on {harness}", self.at),
        ]
    }
}

/// The newest measurement of an edit, and when it was made.
fn newest(lines: &[HoldoutUse], edit: Digest) -> Option<(String, EditWorth)> {
    lines.iter().rev().find_map(|line| match line {
        HoldoutUse::Prune(line) if line.edit_digest == edit => Some((line.at.clone(), line.worth.clone()?)),
        _ => None,
    })
}
