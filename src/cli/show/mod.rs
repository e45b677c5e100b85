//! `kaizen show`: a session, or one edit with its evidence.

mod chart;
pub(crate) mod edit;
mod session;
pub(crate) mod worth;

use clap::Args;

use self::worth::TestedWorth;
use super::Setting;
use super::accept::session_of;
use super::exit::{Code, CommandFailure};
use crate::pipeline::external_decision;
use crate::workspace::Workspace;
use crate::workspace::session::Session;

/// Show a session, or one edit with its evidence
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ShowArgs {
    /// A session, or an edit (its label, or at least four digits of its digest); the default is the newest session
    #[arg(value_name = "SESSION|EDIT")]
    what: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// There is no such session or edit, or its files cannot be read.
pub(crate) fn show(command: &ShowArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = match command.what.as_deref() {
        None => setting.workspace_of(None)?,
        Some(name) => setting.workspace_with(&|workspace| {
            let sessions = workspace.sessions()?;
            Ok(sessions.iter().any(|session| session.id == name) || edit::find(&sessions, name).is_ok())
        })?,
    };
    let sessions = workspace.sessions()?;
    let named = |name: &str| sessions.iter().any(|session| session.id == name);
    match command.what.as_deref() {
        Some(name) if !named(name) => {
            let mut known = edit::find(&sessions, name)?;
            known.decided_elsewhere = decided_elsewhere(&workspace, &known)?;
            if let Some(digest) = known.edit_digest {
                known.worth = TestedWorth::of(&workspace, digest)?;
            }
            edit::show(&known, setting);
        }
        name => session::show(&session_of(&workspace, name)?, setting)?,
    }
    Ok(Code::Settled)
}

/// Describes the decision on an edit and the commit that brought it, if it was made elsewhere.
fn decided_elsewhere(workspace: &Workspace, known: &edit::EditDetails) -> Result<Option<String>, CommandFailure> {
    let Some(pending) = &known.pending_review else {
        return Ok(None);
    };
    let session = Session::at(&workspace.root, &known.session);
    let asked = [(pending.edit_digest, pending.clone())].into();
    let found = external_decision::external_decisions(workspace, &session, &asked)?;
    Ok(found.values().next().map(external_decision::ExternalDecision::words))
}
