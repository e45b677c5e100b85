//! `[student.sandbox]`: a folder outside the workspace for each attempt of a program.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::student::StudentSection;

/// `[student.sandbox]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SandboxSection {
    /// An absolute path of the folder for sandboxes; empty: the system's folder for temporary files.
    pub place: String,
    /// What a sandbox contains besides the agent's files.
    pub base: SandboxBase,
    /// Whether the agent's files are committed to a git repository of the sandbox. Programs that look for files in parent
    /// folders stop at its root.
    pub git: bool,
}

/// What a sandbox contains besides the agent's files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SandboxBase {
    /// Nothing.
    #[default]
    Empty,
}

impl Default for SandboxSection {
    fn default() -> Self {
        Self {
            place: String::new(),
            base: SandboxBase::Empty,
            git: true,
        }
    }
}

/// Names of variables that a program gets from kaizen.
const OWN: [&str; 2] = ["KAIZEN_HARNESS", "KAIZEN_WORKSPACE"];

/// Checks the sandbox and the variables of a student.
///
/// # Errors
/// One of them cannot be used; the message names the key and the remedy.
pub(super) fn check(student: &StudentSection) -> Result<(), String> {
    if let Some(name) = student.set.keys().find(|name| !is_variable(name)) {
        return Err(format!(
            "[student] set: `{name}` cannot be set; use letters, digits and `_`, and none of {}",
            OWN.join(" and ")
        ));
    }
    if student.sandbox.is_none() && student.set.values().any(|value| value.contains("{sandbox}")) {
        return Err("[student] set: `{sandbox}` needs a section [student.sandbox]".to_owned());
    }
    let place = student.sandbox.as_ref().map_or("", |sandbox| sandbox.place.as_str());
    match place.is_empty() || Path::new(place).is_absolute() {
        true => Ok(()),
        false => Err(format!(
            "[student.sandbox] place = \"{place}\" must be an absolute path"
        )),
    }
}

fn is_variable(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty()
        && name.chars().all(is_letter)
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !OWN.contains(&name)
}

#[cfg(test)]
mod tests {
    use crate::manifest::Manifest;

    #[test]
    fn what_cannot_be_used_is_refused_with_a_remedy() {
        for (text, part) in [
            ("[student.sandbox]\nplace = \"tmp\"", "absolute path"),
            ("[student.sandbox]\nbase = \"workspace\"", "unknown variant"),
            ("[student.sandbox]\nwrap = []", "unknown field"),
            ("[student.set]\nA = \"{sandbox}/x\"", "needs a section"),
            ("[student.set]\n\"A=B\" = \"x\"", "letters, digits"),
            ("[student.set]\nKAIZEN_HARNESS = \"x\"", "cannot be set"),
            ("[student.sandbox]\n[student.set]\nA = \"{sandbox}/x\"", ""),
        ] {
            let parsed = Manifest::parse("kaizen.toml".as_ref(), text).map_err(|error| error.to_string());
            let message = parsed.map(|_| String::new()).unwrap_or_else(|message| message);
            assert!(
                message.contains(part) && message.is_empty() == part.is_empty(),
                "{text}: {message}"
            );
        }
    }
}
