//! The sessions that work on branches of their own, each with what became of its branch and the next step.

use serde::Serialize;

use crate::artifact::outcome::OutcomeStatus;
use crate::artifact::record::{SessionRecord, SessionStatus};
use crate::cli::Setting;
use crate::cli::exit::CommandFailure;
use crate::cli::render::{self, FAINT};
use crate::cli::session_workspace::branches;
use crate::cli::visible::visible;
use crate::pipeline::branch::{BranchFate, fate};
use crate::workspace::Workspace;
use crate::workspace::session_branch::SessionBranch;

/// A session with a branch of its own, as one line of output.
#[derive(Serialize)]
struct BranchLine {
    session: String,
    branch: Option<String>,
    /// `open`, `merged` or `deleted`.
    branch_state: &'static str,
    status: Option<SessionStatus>,
    worktree: String,
    next: String,
}

/// Prints the branches of the sessions of a checkout.
///
/// # Errors
/// git fails, or a file of a session cannot be read.
pub(super) fn print(checkout: &Workspace, setting: &Setting) -> Result<(), CommandFailure> {
    let all = branches(checkout)?;
    for (at, open) in all.iter().enumerate() {
        let line = line(checkout, open, at + 1 == all.len())?;
        if setting.is_json() {
            render::json(&line);
            continue;
        }
        let branch = line
            .branch
            .as_deref()
            .map_or_else(String::new, |branch| format!("on branch {branch}, "));
        out!("{} is {}in {}", line.session, visible(&branch), visible(&line.worktree));
        out!("  {FAINT}{}{FAINT:#}", visible(&line.next));
    }
    Ok(())
}

fn line(checkout: &Workspace, open: &SessionBranch, is_newest: bool) -> Result<BranchLine, CommandFailure> {
    let record = open.session.record().ok().flatten();
    let worktree = open.folder.strip_prefix(&*checkout.checkout).unwrap_or(&open.folder);
    let worktree = worktree.display().to_string();
    let (state, branch, next) = match fate(checkout, open)? {
        BranchFate::Merged => (
            "merged",
            None,
            "merged; the next `kaizen run` removes its worktree".to_owned(),
        ),
        BranchFate::Deleted => {
            let next = "its branch was deleted; the next `kaizen run` removes its worktree";
            ("deleted", None, next.to_owned())
        }
        BranchFate::Open { branch } => {
            let name = if is_newest {
                String::new()
            } else {
                format!(" {}", open.session.id)
            };
            let next = next(record.as_ref(), &name, &worktree, branch.as_deref().unwrap_or_default());
            ("open", branch, next)
        }
    };
    Ok(BranchLine {
        session: open.session.id.clone(),
        branch,
        branch_state: state,
        status: record.map(|record| record.status),
        worktree,
        next,
    })
}

/// The next step of a session whose branch is open. `name` is empty for the session that commands take by default.
fn next(record: Option<&SessionRecord>, name: &str, worktree: &str, branch: &str) -> String {
    let has = |status| {
        let mut outcomes = record.iter().flat_map(|record| &record.edit_outcomes);
        outcomes.any(|outcome| outcome.status == status)
    };
    let session = if name.is_empty() {
        String::new()
    } else {
        format!(" --session{name}")
    };
    match record.map(|record| record.status) {
        None => format!("`kaizen run{name}` continues it"),
        Some(status) if status.is_under_way() => format!("`kaizen run{name}` continues it"),
        Some(SessionStatus::AwaitingReview) if !has(OutcomeStatus::Applied) => {
            format!("`kaizen review{session}` asks about the edits that wait")
        }
        Some(SessionStatus::AwaitingReview) => format!(
            "`kaizen review{session}` asks about the edits that wait; `kaizen pr{name}` prepares its pull request without them"
        ),
        Some(_) if has(OutcomeStatus::Applied) => format!("`kaizen pr{name}` prepares its pull request"),
        Some(SessionStatus::Failed) => format!("`kaizen run{name}` tries it again"),
        Some(_) => format!(
            "no edit is applied, so there is nothing to merge: `git worktree remove --force {worktree}` and \
             `git branch -D {branch}` discard it"
        ),
    }
}
