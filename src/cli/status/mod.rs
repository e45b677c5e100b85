//! `kaizen status`: where the sessions stand, and what the newest one needs next.

mod history;
mod present;

use clap::Args;
pub(crate) use present::words;
use serde::Serialize;

use self::history::State;
use self::present::Present;
use super::Setting;
use super::exit::{Code, Failure};
use super::render::{self, FAINT, STRONG};
use super::visible::visible;
use crate::artifact::outcome::OutcomeStatus;
use crate::artifact::record::{Record, Status as Word};
use crate::eval::holdout::HoldoutWear;
use crate::pipeline::state::{Depth, View};
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;
use crate::workspace::{Workspace, holdout_log, session};

/// Sessions that are shown without `--all`.
const SHOWN: usize = 10;

/// Show the state of the sessions
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Status {
    /// Show every session, not only the last ten and the stale ones
    #[arg(long)]
    all: bool,
}

/// One session in one line.
#[derive(Serialize)]
struct Line {
    session: String,
    status: Option<Word>,
    score_before: Option<f64>,
    score_after: Option<f64>,
    applied: usize,
    waiting: usize,
    state: State,
    problem: Option<String>,
    #[serde(flatten)]
    present: Option<Present>,
    /// How worn the gate split is, beside the newest session.
    #[serde(skip_serializing_if = "Option::is_none")]
    gate_split: Option<GateSplit>,
}

/// How worn the gate split is, or why nobody knows.
#[derive(Serialize)]
#[serde(untagged)]
enum GateSplit {
    Known(HoldoutWear),
    Unknown { problem: String },
}

/// Runs the command.
///
/// # Errors
/// There is no workspace, or what the newest session relies on cannot be read.
pub(crate) fn status(command: &Status, setting: &Setting) -> Result<Code, Failure> {
    let workspace = setting.workspace()?;
    let sessions = session::all(&workspace.root)?;
    let (inputs, engines) = (Inputs::new(&workspace), workspace.engines());
    let view = |depth| View {
        workspace: &workspace,
        inputs: &inputs,
        engines: &engines,
        depth,
        autonomy: None,
    };
    let Some((newest, older)) = sessions.split_last() else {
        return Ok(none(setting));
    };
    let states = history::states(&view(Depth::History), older);
    let recent = sessions.len().saturating_sub(SHOWN);
    let shown = |at: usize, state: &State| command.all || at >= recent || *state == State::Stale;
    for (at, (session, state)) in older.iter().zip(states).enumerate() {
        if shown(at, &state) {
            print(&line(session, state), setting);
        }
    }
    let present = present::present(&view(Depth::Present), newest)?;
    let state = present.state();
    let line = Line {
        present: Some(present),
        gate_split: gate_split(&workspace),
        ..line(newest, state)
    };
    print(&line, setting);
    Ok(Code::Settled)
}

fn none(setting: &Setting) -> Code {
    if !setting.is_json() {
        out!("No session yet; `kaizen run` starts one.");
    }
    Code::Settled
}

fn line(session: &Session, state: State) -> Line {
    let (record, problem) = match session.record() {
        Ok(record) => (record, None),
        Err(error) => (None, Some(error.to_string())),
    };
    let score = |side: fn(&Record) -> &Option<crate::artifact::record::Snapshot>| {
        let snapshot = record.as_ref().and_then(|record| side(record).as_ref());
        snapshot.map(|snapshot| snapshot.overall_score)
    };
    let count = |status| {
        let outcomes = record.iter().flat_map(|record| &record.edit_outcomes);
        outcomes.filter(|outcome| outcome.status == status).count()
    };
    Line {
        session: session.id.clone(),
        status: record.as_ref().map(|record| record.status),
        score_before: score(|record| &record.benchmark_before),
        score_after: score(|record| &record.benchmark_after),
        applied: count(OutcomeStatus::Applied),
        waiting: count(OutcomeStatus::PendingReview),
        state,
        problem: problem.or_else(|| record.as_ref().and_then(|record| record.error.clone())),
        present: None,
        gate_split: None,
    }
}

/// What cannot be read hides nothing else.
fn gate_split(workspace: &Workspace) -> Option<GateSplit> {
    match holdout_log::wear(workspace) {
        Ok(wear) => wear.map(GateSplit::Known),
        Err(error) => Some(GateSplit::Unknown {
            problem: error.to_string(),
        }),
    }
}

fn print(line: &Line, setting: &Setting) {
    if setting.is_json() {
        return render::json(line);
    }
    let words = line.status.map_or("unreadable", short_words);
    out!(
        "{STRONG}{}{STRONG:#}  {words:<15}  {:<17}  {}{}",
        line.session,
        scores(line),
        edits(line),
        mark(line)
    );
    if let Some(problem) = &line.problem {
        out!("  {FAINT}{}{FAINT:#}", render::shortened(problem));
    }
    match &line.gate_split {
        Some(GateSplit::Known(wear)) => out!("  {}", wear.words()),
        Some(GateSplit::Unknown { problem }) => out!("  {}", visible(problem)),
        None => {}
    }
    if let Some(present) = &line.present {
        present.print();
    }
}

/// One or two words for a status, for a column.
fn short_words(status: Word) -> &'static str {
    match status {
        Word::AwaitingReview => "awaiting review",
        other => render::words(other),
    }
}

fn scores(line: &Line) -> String {
    let percent = |score: Option<f64>| score.map_or("?".to_owned(), |score| format!("{:.1} %", 100.0 * score));
    match (line.score_before, line.score_after) {
        (None, None) => "no score".to_owned(),
        (before, after) => format!("{} → {}", percent(before), percent(after)),
    }
}

fn edits(line: &Line) -> String {
    match line.waiting {
        0 => format!("{} applied", line.applied),
        waiting => format!("{} applied, {waiting} waiting", line.applied),
    }
}

/// What is said of a session of the past that is not settled as it stands.
fn mark(line: &Line) -> String {
    if line.present.is_some() {
        return String::new();
    }
    let session = &line.session;
    match line.state {
        State::Settled => String::new(),
        State::Stale => format!("  stale: kaizen run --session {session}"),
        State::Unfinished => format!("  {FAINT}unfinished: kaizen run --session {session}{FAINT:#}"),
        State::Unreadable => "  unreadable: kaizen verify".to_owned(),
    }
}
