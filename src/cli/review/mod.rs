//! `kaizen review`: goes through the edits that wait for a person, with one key press each.

mod ask;
mod desk;
mod edited_text;
mod editor;
mod evidence;
mod examples;
#[cfg(test)]
mod fixture;
mod keys;
mod lines;
mod list;
mod queue;
mod screen;
pub(crate) mod staleness;
mod verdict;

use clap::Args;
use console::Term;

use self::ask::ReviewResult;
use self::desk::Terminal;
use self::queue::QueueEntry;
use super::exit::{Code, CommandFailure};
use super::render::STRONG;
use super::visible::visible;
use super::{Setting, terminal};
use crate::pipeline::external_decision;
use crate::workspace::Workspace;
use crate::workspace::session::Session;

/// Review the edits that wait, one after another
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ReviewArgs {
    /// Review only the edits of this session
    #[arg(long)]
    session: Option<String>,
}

/// Runs the command: asks if there is a terminal, else prints a list.
///
/// # Errors
/// There is no workspace or no such session, or the harness cannot be read.
pub(crate) fn review(command: &ReviewArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace_of(command.session.as_deref())?;
    let waiting = || queue::queue(&workspace, command.session.as_deref());
    let mut queue = waiting()?;
    tell_external_decisions(&workspace, command.session.as_deref())?;
    if setting.is_json() {
        list::json(&queue);
    } else if queue.is_empty() {
        err!("Nothing waits for review.");
    } else if terminal::is_attended() {
        at_terminal(&workspace, &mut queue);
        let left = waiting()?.len();
        err!(
            "{}",
            if left == 0 {
                "Nothing is left to review.".into()
            } else {
                still(left)
            }
        );
        return Ok(code(left));
    } else {
        list::text(&queue);
        err!(
            "{}; run `kaizen review` at a terminal to decide one after another",
            still(queue.len())
        );
    }
    Ok(code(queue.len()))
}

/// Lists decisions that came with a commit from elsewhere, because the next run acts on them.
fn tell_external_decisions(workspace: &Workspace, only: Option<&str>) -> Result<(), CommandFailure> {
    let is_meant = |session: &Session| only.is_none_or(|only| session.id == only);
    for session in workspace.sessions()?.into_iter().filter(is_meant) {
        // `queue` has already reported an unreadable session.
        let Ok(pending) = session.waiting() else { continue };
        for (digest, decided) in external_decision::external_decisions(workspace, &session, &pending)? {
            let line = format!("{} of {} was {}", pending[&digest].edit.id, session.id, decided.words());
            err!("note: {}", visible(&line));
        }
    }
    Ok(())
}

fn code(left: usize) -> Code {
    match left {
        0 => Code::Settled,
        _ => Code::WaitingForReview,
    }
}

fn still(left: usize) -> String {
    match left {
        1 => "1 edit waits for review".into(),
        left => format!("{left} edits wait for review"),
    }
}

/// Asks about each entry, then prints a summary and the commands to run next.
fn at_terminal(workspace: &Workspace, queue: &mut [QueueEntry]) {
    let term = Term::stderr();
    let done = ask::ask(&mut Terminal { workspace, term }, queue);
    let (said, next) = (said(&done), next(&done, queue));
    if said.is_empty() {
        err!("Nothing was decided.");
        return;
    }
    err!("{said}");
    for (command, what) in next {
        err!("  {STRONG}{command}{STRONG:#}   # {what}");
    }
}

/// Counts of what was done, as text.
fn said(done: &[(usize, ReviewResult)]) -> String {
    let count = |what: ReviewResult| done.iter().filter(|(_, done)| *done == what).count();
    let parts = [
        (ReviewResult::Accepted, "accepted"),
        (ReviewResult::Rejected, "rejected"),
        (ReviewResult::Replaced, "changed"),
    ];
    let parts = parts.map(|(what, word)| (count(what), word));
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    parts.join(", ")
}

/// For each session with a decision: the command to run next, and what it will do.
fn next(done: &[(usize, ReviewResult)], queue: &[QueueEntry]) -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    for (at, _) in done {
        let entry = &queue[*at];
        let command = match entry.newest {
            true => "kaizen run".to_owned(),
            false => format!("kaizen run --session {}", entry.session.id),
        };
        if commands.iter().any(|(other, _)| *other == command) {
            continue;
        }
        let of_session = |what: ReviewResult| {
            done.iter()
                .any(|(other, done)| *done == what && queue[*other].session.id == entry.session.id)
        };
        let does = [
            (ReviewResult::Accepted, "gates and commits the accepted edits"),
            (ReviewResult::Rejected, "records the rejected edits"),
            (ReviewResult::Replaced, "asks about the changed edits"),
        ];
        let does: Vec<&str> = does
            .iter()
            .filter(|(what, _)| of_session(*what))
            .map(|(_, does)| *does)
            .collect();
        commands.push((command, does.join(", ")));
    }
    commands
}
