//! `kaizen egress`: what left this machine, to whom, and its exact text.

use std::path::PathBuf;

use clap::Args;

use super::Setting;
use super::exit::{Code, Failure};
use super::render;
use crate::artifact::egress::Egress;
use crate::calls;
use crate::pipeline::workspace::Workspace;
use crate::session;

/// Show what was sent to language models, and its exact text
#[derive(Clone, Debug, Default, Args)]
pub struct ShowEgress {
    /// The first digits of a digest: print exactly what was sent
    #[arg(value_name = "DIGEST")]
    digest: Option<String>,
    /// What this session sent, instead of the newest
    #[arg(long, value_name = "SESSION", conflicts_with = "digest")]
    session: Option<String>,
    /// What was sent outside of sessions, as by `kaizen eval`
    #[arg(long, conflicts_with_all = ["session", "digest"])]
    outside: bool,
}

/// Runs the command.
///
/// # Errors
/// The record cannot be read, or there is no such digest.
pub fn egress(command: &ShowEgress, setting: &Setting) -> Result<Code, Failure> {
    let workspace = setting.workspace()?;
    if let Some(digits) = &command.digest {
        let (digest, text) = workspace.calls.sent(digits).map_err(Failure::usage)?;
        match setting.is_json() {
            true => render::json(&serde_json::json!({"request": digest, "text": text})),
            // Exactly that: a copy of it is what the server was sent.
            false => anstream::println!("{text}"),
        }
        return Ok(Code::Settled);
    }
    let lines = calls::egress(&workspace.root, &folder(command, &workspace)?)?;
    if lines.is_empty() && !setting.is_json() {
        anstream::println!("Nothing was sent.");
    }
    for line in &lines {
        match setting.is_json() {
            true => render::json(line),
            false => anstream::println!("{}", row(line)),
        }
    }
    if !lines.is_empty() && !setting.is_json() {
        let bytes: u64 = lines.iter().map(|line| line.bytes).sum();
        anstream::eprintln!(
            "{} times, {bytes} bytes; `kaizen egress DIGEST` prints exactly what was sent",
            lines.len()
        );
    }
    Ok(Code::Settled)
}

fn folder(command: &ShowEgress, workspace: &Workspace) -> Result<PathBuf, Failure> {
    if command.outside {
        return Ok(workspace.own(""));
    }
    let session = match &command.session {
        Some(id) => session::find(&workspace.root, id),
        None => session::all(&workspace.root)?.pop(),
    };
    let session = session.ok_or_else(|| {
        Failure::usage("there is no such session")
            .hint("`kaizen log` lists them; `kaizen egress --outside` shows the rest")
    })?;
    Ok(session.path(""))
}

fn row(line: &Egress) -> String {
    let at: String = line.at.chars().take(19).collect();
    let (role, digest) = (line.role.name(), line.request.short());
    format!(
        "{at}  {role:<12} {digest}  {:>8} bytes  {} at {}",
        line.bytes, line.model, line.to
    )
}
