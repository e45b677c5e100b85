//! `[notify]`: the program and the webhook that learn when a session needs a person.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::trust::Way;

/// `[notify]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NotifySection {
    /// The program and its arguments; it gets the notice as JSON on its standard input. Empty: none.
    pub run: Vec<String>,
    /// Environment variables with keys that the program inherits.
    pub env: Vec<String>,
    /// The URL to which the notice is posted as JSON.
    pub webhook: Option<String>,
}

impl NotifySection {
    /// Checks the constraints that the types do not express.
    ///
    /// # Errors
    /// The problem, and the remedy.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.run.first().is_some_and(|program| program.trim().is_empty()) {
            return Err("[notify] run begins with an empty word; name a program, as in run = [\"notify-send\"]".into());
        }
        if !self.env.is_empty() && self.run.is_empty() {
            return Err("[notify] env needs a program in [notify] run, which gets these variables".into());
        }
        match &self.webhook {
            Some(url) if Way::to(url, &[]) == Way::Open => {
                Err("[notify] webhook must begin with https://, or with http:// for a server on this machine".into())
            }
            _ => Ok(()),
        }
    }
}
