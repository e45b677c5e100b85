//! `kaizen init --skill`: a skill that teaches a coding agent to write a diagnosis and a plan.

use std::path::Path;

use super::exit::{Code, Failure};
use super::{Setting, render};
use crate::sys::disk::Root;
use crate::sys::output;
use crate::sys::output::OutputError;

/// Where coding agents look for skills.
pub(crate) const FOLDER: &str = ".claude/skills/kaizen";
/// The skill.
const TEXT: &str = include_str!("init_skill.md");

/// Writes the skill into a folder; one that somebody changed is left alone.
///
/// # Errors
/// There is another file of its name, or the disk says no.
pub(crate) fn write(folder: &Path, setting: &Setting) -> Result<Code, Failure> {
    let path = folder.join("SKILL.md");
    // The usual place is in a repository, which may hold links; another one is the user's own.
    let root = match folder.ends_with(FOLDER) {
        true => Root::open(&setting.directory)?,
        false => Root::make(folder)?,
    };
    match output::create(&root, &path, TEXT.as_bytes()) {
        Err(OutputError::Taken(_)) => {
            let problem = format!("{} is there already, and is another", path.display());
            return Err(Failure::usage(problem).hint("remove it, or name another folder"));
        }
        written => written?,
    }
    match setting.is_json() {
        true => render::json(&serde_json::json!({"skill": path})),
        false => out!("wrote {}", path.display()),
    }
    Ok(Code::Settled)
}
