//! `kaizen blame FILE`: one row per range of lines that come from the same commit.

use serde::Serialize;

use super::history::BlameHistory;
use super::story::{CUT, CommitStory, FilePast};
use crate::artifact::outcome::Outcome;
use crate::artifact::short_id;
use crate::cli::Setting;
use crate::cli::exit::CommandFailure;
use crate::cli::render::{self, FAINT, STRONG, change};
use crate::digest::Digest;
use crate::ledger::BlamedLine;
use crate::workspace::Workspace;
use crate::workspace::inputs::Inputs;

/// Consecutive lines that come from the same commit.
#[derive(Serialize)]
struct BlameRow<'a> {
    file: &'a str,
    from: usize,
    to: usize,
    /// Absent for uncommitted lines.
    commit: Option<&'a str>,
    /// Whether the lines may be older than the commit, because the history of this clone ends there.
    or_older: bool,
    date: &'a str,
    who: &'a str,
    subject: &'a str,
    edit_id: Option<String>,
    edit_digest: Option<Digest>,
    session: Option<String>,
    delta: Option<f64>,
    interval: Option<[f64; 2]>,
    lines: Vec<&'a str>,
}

/// Shows the rows.
///
/// # Errors
/// git fails.
pub(crate) fn show(
    workspace: &Workspace,
    path: &str,
    lines: &[BlamedLine],
    setting: &Setting,
) -> Result<(), CommandFailure> {
    let inputs = Inputs::new(workspace);
    let history = BlameHistory::new(workspace, &inputs)?;
    let past = FilePast::of(&history, path, lines)?;
    if lines.is_empty() && !setting.is_json() {
        err!("{path} is empty");
    }
    let mut from = 1;
    for range in past.ranges(lines) {
        let row = row(path, from, range, past.story(&range[0]));
        from += range.len();
        if setting.is_json() {
            render::json(&row);
        } else {
            print(&row);
        }
    }
    Ok(())
}

fn row<'a>(file: &'a str, from: usize, range: &'a [BlamedLine], story: CommitStory) -> BlameRow<'a> {
    let origin = &range[0].origin;
    let outcome = story.known.and_then(|known| known.outcome);
    let delta = outcome.as_ref().and_then(|outcome| outcome.benchmark_delta);
    let interval = outcome.as_ref().and_then(Outcome::interval);
    BlameRow {
        file,
        from,
        to: from + range.len() - 1,
        commit: origin.commit.as_deref(),
        or_older: origin.is_cut,
        date: &origin.written_at,
        who: &origin.author,
        subject: &origin.subject,
        edit_id: story.edit_id,
        edit_digest: story.edit_digest,
        session: story.session,
        delta,
        interval: interval.filter(|_| delta.is_some()),
        lines: range.iter().map(|line| line.text.as_str()).collect(),
    }
}

fn print(row: &BlameRow) {
    let commit = row.commit.map_or("not committed yet", |commit| short_id(commit));
    let mut words = vec![format!("{STRONG}{commit}{STRONG:#}")];
    if row.or_older {
        words[0].push_str(" or older");
    } else if row.commit.is_some() {
        words.push(row.date.get(..10).unwrap_or(row.date).to_owned());
        words.push(row.who.to_owned());
    }
    match (&row.edit_id, &row.session) {
        (Some(edit), Some(session)) => words.push(format!("{edit} of {session}")),
        _ if row.or_older => words.push(CUT.to_owned()),
        _ if row.commit.is_some() => words.push(row.subject.to_owned()),
        _ => {}
    }
    words.extend(change(row.delta, row.interval));
    out!("{}", words.join("  "));
    for (number, text) in (row.from..).zip(&row.lines) {
        out!("{FAINT}{number:>5}{FAINT:#}  {text}");
    }
}
