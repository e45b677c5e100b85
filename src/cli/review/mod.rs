//! `kaizen review`: the edits that wait for a person, one after another, one key press each.

mod ask;
mod changed;
mod desk;
mod editor;
mod evidence;
mod examples;
#[cfg(test)]
mod fixture;
mod judge;
mod keys;
mod lines;
mod list;
mod queue;
mod screen;
pub(crate) mod standing;

use clap::Args;
use console::Term;

use self::ask::Done;
use self::desk::Terminal;
use self::queue::Entry;
use super::exit::{Code, Failure};
use super::render::STRONG;
use super::visible::visible;
use super::{Setting, terminal};
use crate::artifact::outcome::OutcomeStatus;
use crate::digest::Digest;
use crate::pipeline::decided;
use crate::workspace::session::Session;
use crate::workspace::{Workspace, session};

/// Review the edits that wait, one after another
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Review {
    /// Review only the edits of this session
    #[arg(long)]
    session: Option<String>,
}

/// Runs the command: asks at a terminal, lists elsewhere.
///
/// # Errors
/// There is no workspace or no such session, or the harness cannot be read.
pub(crate) fn review(command: &Review, setting: &Setting) -> Result<Code, Failure> {
    let workspace = setting.workspace()?;
    let waiting = || queue::queue(&workspace, command.session.as_deref());
    let mut queue = waiting()?;
    tell_decided_elsewhere(&workspace, command.session.as_deref())?;
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
                "Nothing waits any more.".into()
            } else {
                still(left)
            }
        );
        return Ok(code(left));
    } else {
        list::text(&queue);
        err!(
            "{}; at a terminal, `kaizen review` asks about one after another",
            still(queue.len())
        );
    }
    Ok(code(queue.len()))
}

/// Names the answers that nobody gave at this machine, and that the next run acts on.
fn tell_decided_elsewhere(workspace: &Workspace, only: Option<&str>) -> Result<(), Failure> {
    let is_meant = |session: &Session| only.is_none_or(|only| session.id == only);
    for session in session::all(&workspace.root)?.into_iter().filter(is_meant) {
        // A session that cannot be read was named with the queue.
        let (Ok(mut pending), Ok(outcomes)) = (session.pending(), session.outcomes()) else {
            continue;
        };
        let waits = |digest: &Digest| {
            outcomes
                .get(digest)
                .is_some_and(|one| one.status == OutcomeStatus::PendingReview)
        };
        pending.retain(|digest, _| waits(digest));
        for (digest, decided) in decided::elsewhere(workspace, &session, &pending)? {
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

/// Asks, then says what was decided and which command acts on it.
fn at_terminal(workspace: &Workspace, queue: &mut [Entry]) {
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

/// What was done, in numbers.
fn said(done: &[(usize, Done)]) -> String {
    let count = |what: Done| done.iter().filter(|(_, done)| *done == what).count();
    let parts = [
        (Done::Accepted, "accepted"),
        (Done::Rejected, "rejected"),
        (Done::Replaced, "changed"),
    ];
    let parts = parts.map(|(what, word)| (count(what), word));
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    parts.join(", ")
}

/// The command that acts on the answers, for each session concerned, and what it will do.
fn next(done: &[(usize, Done)], queue: &[Entry]) -> Vec<(String, String)> {
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
        let of_session = |what: Done| {
            done.iter()
                .any(|(other, done)| *done == what && queue[*other].session.id == entry.session.id)
        };
        let does = [
            (Done::Accepted, "gates and commits what was accepted"),
            (Done::Rejected, "records what was rejected"),
            (Done::Replaced, "asks about what was changed"),
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
