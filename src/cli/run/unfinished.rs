//! Sessions that never finished and that this run does not go on with: a line says so.

use crate::artifact::record::Record;
use crate::cli::render;
use crate::pipeline::options::RunOptions;
use crate::workspace::session::Session;
use crate::workspace::{Workspace, session};

/// The line, naming the newest of them; `None` when there is nothing to say or the user named a session.
pub(crate) fn note(workspace: &Workspace, asked: &RunOptions) -> Option<String> {
    if asked.session.is_some() {
        return None;
    }
    let mut left = session::all(&workspace.root).ok()?;
    if !asked.new {
        left.pop();
    }
    let mut unfinished = left.iter().rev().filter_map(unfinished);
    let newest = unfinished.next()?;
    let (id, status) = (&newest.id, render::words(newest.status));
    let more = match unfinished.count() {
        0 => String::new(),
        more => format!("; so did {more} more, see `kaizen status --all`"),
    };
    Some(format!(
        "{id} stopped while {status}: `kaizen run --session {id}` continues it{more}"
    ))
}

/// The record of a session that is still under way. One that ever ended is not opened: there may be thousands.
fn unfinished(session: &Session) -> Option<Record> {
    if session.path("checkpoints/record.json").is_file() {
        return None;
    }
    let record = session.record().ok().flatten();
    record.filter(|record| record.status.is_under_way())
}
