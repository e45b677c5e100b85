//! `[[harness.protected]]`: files and keys that no edit changes, besides those that the built-in layouts protect.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Misfit;
use super::surface::compiled;

/// `[[harness.protected]]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProtectedFiles {
    /// Globs relative to the workspace.
    pub files: Vec<String>,
    /// The protected keys of these files, as dotted paths in which `*` is any key; what is under them is protected as well.
    /// Absent: the whole files are protected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
}

impl ProtectedFiles {
    /// Checks the constraints that the types do not express.
    ///
    /// # Errors
    /// The problem, and the remedy.
    pub(super) fn check(&self) -> Result<(), Misfit> {
        let misfit = |value: &str, problem: String| Misfit {
            value: value.to_owned(),
            problem: format!("[[harness.protected]] {problem}"),
        };
        if self.files.is_empty() {
            return Err(misfit("harness.protected", "`files` names no file; add a glob".into()));
        }
        for glob in &self.files {
            compiled(glob).map_err(|problem| misfit(glob, problem))?;
        }
        match self.keys.iter().find(|key| key.split('.').any(str::is_empty)) {
            Some(key) => Err(misfit(
                key,
                format!("`{key}` is not a key; write names with `.` between them"),
            )),
            None => Ok(()),
        }
    }
}
