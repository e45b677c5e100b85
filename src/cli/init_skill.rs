//! `kaizen init --skill`: writes a skill that teaches a coding agent to diagnose and plan.

use std::path::Path;

use super::exit::{Code, CommandFailure};
use super::{Setting, render};
use crate::sys::disk::Root;
use crate::sys::output;
use crate::sys::output::OutputError;

/// The default folder, where coding agents look for skills.
pub(crate) const FOLDER: &str = ".claude/skills/kaizen";
const TEXT: &str = include_str!("init_skill.md");

/// Writes the skill into a folder. Never replaces a file.
///
/// # Errors
/// A different file of that name exists, or the file cannot be written.
pub(crate) fn write(folder: &Path, setting: &Setting) -> Result<Code, CommandFailure> {
    let path = folder.join("SKILL.md");
    // The default folder is in the repository, which may contain symlinks; any other folder is the user's choice.
    let root = match folder.ends_with(FOLDER) {
        true => Root::open(&setting.directory)?,
        false => Root::make(folder)?,
    };
    match output::create(&root, &path, TEXT.as_bytes()) {
        Err(OutputError::Taken(_)) => {
            let problem = format!("{} already exists with different content", path.display());
            return Err(CommandFailure::usage(problem).hint("remove it, or choose another folder"));
        }
        written => written?,
    }
    match setting.is_json() {
        true => render::json(&serde_json::json!({"skill": path})),
        false => out!("wrote {}", path.display()),
    }
    Ok(Code::Settled)
}
