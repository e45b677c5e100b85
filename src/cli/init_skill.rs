//! `kaizen init --skill`: a skill that teaches a coding agent to write a diagnosis and a plan.

use std::path::Path;

use super::exit::{Code, Failure};
use super::{Setting, render};
use crate::disk::Root;

/// Where coding agents look for skills.
pub const FOLDER: &str = ".claude/skills/kaizen";
/// The skill.
const TEXT: &str = include_str!("init_skill.md");

/// Writes the skill into a folder; one that somebody changed is left alone.
///
/// # Errors
/// There is another file of its name, or the disk says no.
pub fn write(folder: &Path, setting: &Setting) -> Result<Code, Failure> {
    let path = folder.join("SKILL.md");
    let root = Root::make(folder)?;
    let present = root.read("SKILL.md")?;
    if present.is_some_and(|present| present != TEXT.as_bytes()) {
        let problem = format!("{} is there already, and is another", path.display());
        return Err(Failure::usage(problem).hint("remove it, or name another folder"));
    }
    root.publish("SKILL.md", TEXT.as_bytes())?;
    match setting.is_json() {
        true => render::json(&serde_json::json!({"skill": path})),
        false => anstream::println!("wrote {}", path.display()),
    }
    Ok(Code::Settled)
}
