//! `kaizen brief`: writes a folder with instructions and evidence, for a person or an agent who will diagnose and plan.

use std::path::PathBuf;

use clap::Args;

use super::Setting;
use super::exit::{Code, CommandFailure};
use super::render::{self, Renderer, STRONG};
use crate::pipeline::advance::advance;
use crate::pipeline::options::{RunOptions, WaitingFor};
use crate::pipeline::{briefing, permissions};
use crate::sys::disk::{DiskError, Root};

/// Write a folder that briefs a person or agent to diagnose and plan
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct BriefArgs {
    /// Brief for this session instead of the newest one
    #[arg(value_name = "SESSION")]
    name: Option<String>,
    /// Write into this directory instead of the session's. It must be new, empty or an older briefing; files that you
    /// added or edited there are kept
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs the command. If the session has no baseline yet, measures it first.
///
/// # Errors
/// The session is not ready for a briefing, or the folder cannot be written.
pub(crate) fn brief(command: &BriefArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace()?;
    let folder = command.out.as_ref().map(|out| ours(setting.directory.join(out)));
    let folder = folder.transpose()?;
    let renderer = Renderer::new(setting.format);
    let asked = RunOptions {
        session: command.name.clone(),
        until: Some("baseline".to_owned()),
        ..RunOptions::default()
    };
    // The briefing contains the student's answers, so the student may have to run.
    permissions::without_teacher(&workspace, &["baseline"])?;
    let ended = advance(&workspace, &asked, &|event| renderer.show(event))?;
    renderer.finish();
    if let Some(WaitingFor::NotReady(message)) = ended.waits {
        return Err(CommandFailure::not_ready(message));
    }
    let session = &ended.session;
    let workspace = setting.workspace_of(Some(&session.id))?;
    let folder = folder.unwrap_or_else(|| session.path(briefing::FOLDER));
    // The user may choose any folder, but the session's own folder must stay inside the workspace.
    let root = match &command.out {
        Some(_) => Root::make(folder.parent().unwrap_or(&folder))?,
        None => session.root().clone(),
    };
    for backup in briefing::within(&workspace, session, |run| briefing::write(run, &root, &folder))? {
        err!("note: your file was in the way and is now {}", backup.display());
    }
    tell(setting, &session.relative(), &folder);
    Ok(Code::Settled)
}

/// Accepts a folder for the briefing if it does not exist yet, is empty or already holds a briefing.
fn ours(folder: PathBuf) -> Result<PathBuf, CommandFailure> {
    if folder.is_symlink() {
        return Err(DiskError::Link { path: folder }.into());
    }
    if !folder.exists() {
        return Ok(folder);
    }
    let root = Root::open(&folder)?;
    match briefing::is_one(&root)? || root.is_empty()? {
        true => Ok(folder),
        false => Err(
            CommandFailure::usage(format!("{} contains other files", folder.display()))
                .hint("choose a folder that is new, empty, or an older briefing"),
        ),
    }
}

fn tell(setting: &Setting, session: &str, folder: &std::path::Path) {
    if setting.is_json() {
        return render::json(&serde_json::json!({"event": "result", "session": session, "briefing": folder}));
    }
    out!("{}", folder.display());
    out!("\n{STRONG}Next{STRONG:#}");
    out!("  read README.md there; write {session}/diagnosis.md, then {session}/plan.json");
    out!("  kaizen run   # checks these files, and tries each edit");
}
