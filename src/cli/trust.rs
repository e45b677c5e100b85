//! `kaizen trust`: shows what this workspace would start, send and read, and approves it.

use std::path::Path;

use clap::Args;
use serde_json::json;

use super::Setting;
use super::exit::{Code, CommandFailure};
use super::render::{self, STRONG};
use super::visible::visible;
use crate::artifact::counted;
use crate::manifest::trust::TrustList;
use crate::sys::clock::Clock;
use crate::sys::disk::Root;
use crate::workspace::consent::{ApprovalStore, Permission, WorkspaceIdentity};
use crate::workspace::{find, read_manifest};

/// Show what this workspace would start, send and read; approve it
///
/// An approval covers only this list, on this machine. A different program, argument, server or variable needs a new
/// approval; so does a change of a workspace file that is an argument. Files that a program loads are not covered.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct TrustArgs {
    /// Approve the list without asking
    #[arg(long)]
    yes: bool,
    /// Print only the digest of the list, for `--trust`
    #[arg(long, conflicts_with_all = ["yes", "list", "revoke"])]
    digest: bool,
    /// Show all approvals on this machine
    #[arg(long, conflicts_with_all = ["yes", "revoke"])]
    list: bool,
    /// Remove the approvals of this workspace
    #[arg(long, conflicts_with = "yes")]
    revoke: bool,
}

/// Runs the command.
///
/// # Errors
/// There is no workspace, the list was not approved, or the approvals cannot be read or written.
pub(crate) fn trust(command: &TrustArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let root = find(&setting.directory);
    if command.list {
        return all(root.as_deref(), setting);
    }
    let root = Root::open(&setting.root()?)?;
    let permission = Permission::new(&root, &read_manifest(&root)?, None, None);
    if command.revoke {
        return revoke(&permission, setting);
    }
    let list = permission.list()?;
    if command.digest {
        out!("{}", list.digest());
        return Ok(Code::Settled);
    }
    approve(&permission, &list, command.yes, setting)
}

fn approve(permission: &Permission, list: &TrustList, yes: bool, setting: &Setting) -> Result<Code, CommandFailure> {
    let known = permission.approves(list)?;
    if !setting.is_json() {
        print(permission.root(), list, known);
    }
    let approved = known || yes || (!setting.is_json() && asked(list)?);
    if approved && !list.is_empty() && !known {
        permission.approve(list, Clock::from_environment()?.stamp())?;
    }
    if setting.is_json() {
        let digest = list.digest();
        render::json(&json!({
            "event": "trust", "workspace": permission.root(), "digest": digest, "needed": !list.is_empty(),
            "approved": approved, "list": list
        }));
    } else if approved && !known {
        out!("Approved.");
    }
    match approved {
        true => Ok(Code::Settled),
        false => Err(CommandFailure::not_ready("nothing was approved").hint("`kaizen trust --yes` approves the list")),
    }
}

fn print(root: &Path, list: &TrustList, known: bool) {
    let root = visible(&root.display().to_string()).into_owned();
    if list.is_empty() {
        return out!("{root} starts no programs, calls no servers and reads no keys, so it needs no approval.");
    }
    out!("{STRONG}{root} would use{STRONG:#}\n\n{list}\n");
    out!(
        "Files that a program loads (modules, scripts, its configuration) are not covered: check them too.\n\
         Programs run with your rights and inherit your environment, except variables with keys that they are not given.\n\
         git, its hooks and your editor are your own and not in this list."
    );
    out!("digest {}", list.digest());
    if known {
        out!("Already approved.");
    }
}

/// Asks for approval; fails if there is no terminal.
fn asked(list: &TrustList) -> Result<bool, CommandFailure> {
    if !super::terminal::is_attended() {
        let hint = format!(
            "`kaizen trust --yes` approves the list; `--trust {}` approves it for one command",
            list.digest()
        );
        return Err(
            CommandFailure::not_ready("nothing was approved, because there is no terminal to ask on").hint(hint),
        );
    }
    super::terminal::err(format_args!("Approve? [y/N] "));
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    read.map_err(|error| CommandFailure::failed(format!("the answer cannot be read: {error}")))?;
    Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}

fn revoke(permission: &Permission, setting: &Setting) -> Result<Code, CommandFailure> {
    let count = permission.store()?.revoke(permission.identity()?)?;
    match setting.is_json() {
        true => render::json(&json!({"event": "revoked", "approvals": count})),
        false => out!("{} removed", counted(count, "approval")),
    }
    Ok(Code::Settled)
}

/// Prints all approvals, and marks those for this workspace and for its current list.
fn all(root: Option<&Path>, setting: &Setting) -> Result<Code, CommandFailure> {
    let store = ApprovalStore::from_environment(root)?;
    let here = root.map(WorkspaceIdentity::of).transpose()?;
    let present = root.and_then(|root| {
        let root = Root::open(root).ok()?;
        let manifest = read_manifest(&root).ok()?;
        Some(Permission::new(&root, &manifest, None, None).list().ok()?.digest())
    });
    let approvals = store.all(None)?;
    for approval in &approvals {
        let is_here = Some(&approval.workspace) == here.as_ref();
        let applies = is_here && Some(approval.digest) == present;
        if setting.is_json() {
            render::json(&json!({
                "event": "approval", "workspace": approval.workspace, "root": approval.root, "digest": approval.digest,
                "approved_at": approval.approved_at, "here": is_here, "applies": applies
            }));
            continue;
        }
        let mark = match (is_here, applies) {
            (_, true) => "  this workspace, current list",
            (true, false) => "  this workspace, another list",
            (false, false) => "",
        };
        let place = approval.workspace.to_string();
        out!(
            "{}  {}  {}{mark}",
            approval.digest.short(),
            approval.approved_at,
            visible(&place)
        );
    }
    if approvals.is_empty() && !setting.is_json() {
        out!("Nothing is approved on this machine.");
    }
    Ok(Code::Settled)
}
