//! `kaizen status`: the state of each session, and the next step of the newest one.

mod branches;
mod porcelain;
mod present;
mod warnings;

use std::borrow::Cow;
use std::collections::BTreeMap;

use clap::Args;
pub(crate) use present::words;
use serde::Serialize;

use self::present::NewestSession;
use self::warnings::warnings;
use super::Setting;
use super::exit::{Code, CommandFailure};
use super::render::{self, FAINT, STRONG, columns};
use super::visible::visible;
use crate::artifact::egress::LlmRole;
use crate::artifact::readiness::{self, UnscorableTask};
use crate::artifact::record::SessionStatus as Word;
use crate::artifact::spending::RoleSpending;
use crate::artifact::summary::SessionSummary;
use crate::eval::holdout::HoldoutWear;
use crate::pipeline::context::Context;
use crate::pipeline::survey::{HistoryState, survey};
use crate::workspace::inputs::Inputs;
use crate::workspace::running::OtherRun;
use crate::workspace::session::{Session, SessionError};
use crate::workspace::{Workspace, holdout_log};

/// Number of recent sessions that are shown without `--all`.
const SHOWN: usize = 10;

/// Show the state of the sessions
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct StatusArgs {
    /// Show every session, not only the last ten and the stale ones
    #[arg(long)]
    all: bool,
    /// Print the newest session in lines of a key and a value, for prompts and status bars
    #[arg(long, conflicts_with = "all")]
    porcelain: bool,
}

/// A session as one line of output.
#[derive(Serialize)]
struct StatusLine {
    session: String,
    status: Option<Word>,
    score_before: Option<f64>,
    score_after: Option<f64>,
    /// How many tasks have no score, if any.
    #[serde(skip_serializing_if = "String::is_empty")]
    unscored: String,
    applied: usize,
    waiting: usize,
    state: HistoryState,
    problem: Option<String>,
    #[serde(flatten)]
    present: Option<NewestSession>,
    /// What language models cost so far, by role; only on the newest session's line.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    spending: BTreeMap<LlmRole, RoleSpending>,
    /// How worn the gate split is; only on the newest session's line.
    #[serde(skip_serializing_if = "Option::is_none")]
    gate_split: Option<GateSplit>,
    /// Tasks that their scorers cannot use; only on the newest session's line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unscorable: Vec<UnscorableTask>,
    /// What a person should know about the texts of the harness; only on the newest session's line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    /// Commands that work beside a run, such as an audit; only on the newest session's line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    beside: Vec<OtherRun>,
}

/// How worn the gate split is, or why that is unknown.
#[derive(Serialize)]
#[serde(untagged)]
enum GateSplit {
    Known(HoldoutWear),
    Unknown { problem: String },
}

/// Runs the command.
///
/// # Errors
/// There is no workspace, or an input of the newest session cannot be read.
pub(crate) fn status(command: &StatusArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let checkout = setting.workspace()?;
    let workspace = setting.newest_workspace(&checkout)?;
    let workspace = workspace.as_ref().unwrap_or(&checkout);
    if command.porcelain {
        porcelain::print(workspace)?;
        return Ok(Code::Settled);
    }
    let (inputs, engines) = (Inputs::new(workspace), workspace.engines());
    let (running, beside) = (OtherRun::of(workspace), OtherRun::beside(workspace));
    let Some(newest) = workspace.newest_session()? else {
        return Ok(none(running, beside, &warnings(workspace, &inputs)?, setting));
    };
    let context = Context::new(workspace, &newest, &inputs, &engines);
    let (sessions, present) = std::thread::scope(|scope| {
        // The others are looked at while git answers questions about the newest.
        let sessions = scope.spawn(|| survey(workspace, &inputs, &engines));
        let present = present::present(&context, running);
        let sessions = sessions.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (sessions, present)
    });
    let (mut sessions, present) = (sessions?, present?);
    sessions.retain(|one| one.session.id < newest.id);
    let recent = (sessions.len() + 1).saturating_sub(SHOWN);
    let shown = |at: usize, state: HistoryState| command.all || at >= recent || state == HistoryState::Stale;
    let rows = sessions.iter().enumerate().filter(|(at, one)| shown(*at, one.state));
    let mut lines: Vec<StatusLine> = rows
        .map(|(_, one)| line(&one.session, one.summary(), one.state))
        .collect();
    let record = newest.record();
    let spending = render::spent_so_far(&newest, record.as_ref().ok().and_then(Option::as_ref))?;
    let summary = record.map(|record| record.map(|record| Cow::Owned(SessionSummary::of(&record))));
    let state = present.state();
    lines.push(StatusLine {
        present: Some(present),
        gate_split: gate_split(workspace),
        // A benchmark that cannot be read is already the problem of `gate_split`.
        unscorable: inputs
            .benchmark()
            .map(|tasks| tasks.unscorable.clone())
            .unwrap_or_default(),
        warnings: warnings(workspace, &inputs)?,
        beside,
        spending,
        ..line(&newest, summary, state)
    });
    workspace.keep_history();
    print_all(&lines, setting);
    if !setting.is_json() {
        render::undecided::ask(&newest)?;
    }
    branches::print(&checkout, setting)?;
    Ok(Code::Settled)
}

/// What a person has to do before a run of the session can continue, and the next command, whatever runs now.
///
/// # Errors
/// An input of the session cannot be read.
pub(crate) fn outlook(
    workspace: &Workspace,
    inputs: &Inputs,
    session: &Session,
) -> Result<(Option<String>, String), CommandFailure> {
    let engines = workspace.engines();
    let context = Context::new(workspace, session, inputs, &engines);
    Ok(present::present(&context, None)?.outlook())
}

fn none(running: Option<OtherRun>, beside: Vec<OtherRun>, warnings: &[String], setting: &Setting) -> Code {
    let running = running.or_else(|| beside.into_iter().next());
    match (running, setting.is_json()) {
        (Some(running), true) => render::json(&serde_json::json!({"running": running})),
        (None, true) if warnings.is_empty() => {}
        (None, true) => render::json(&serde_json::json!({"warnings": warnings})),
        (Some(running), false) => out!("No session yet; {}", visible(&running.words())),
        (None, false) => out!("No session yet; `kaizen run` starts one."),
    }
    if !setting.is_json() {
        warn(warnings);
    }
    Code::Settled
}

fn line(
    session: &Session,
    summary: Result<Option<Cow<SessionSummary>>, SessionError>,
    state: HistoryState,
) -> StatusLine {
    let (summary, problem) = match summary {
        Ok(summary) => (summary, None),
        Err(error) => (None, Some(error.to_string())),
    };
    let summary = summary.as_deref();
    StatusLine {
        session: session.id.clone(),
        status: summary.map(|summary| summary.status),
        score_before: summary.and_then(|summary| summary.score_before),
        score_after: summary.and_then(|summary| summary.score_after),
        unscored: summary.map_or_else(String::new, |summary| summary.unscored.clone()),
        applied: summary.map_or(0, |summary| summary.applied),
        waiting: summary.map_or(0, |summary| summary.waiting),
        state,
        problem: problem.or_else(|| summary.and_then(|summary| summary.error.clone())),
        present: None,
        spending: BTreeMap::new(),
        gate_split: None,
        unscorable: Vec::new(),
        warnings: Vec::new(),
        beside: Vec::new(),
    }
}

fn warn(warnings: &[String]) {
    warnings
        .iter()
        .for_each(|warning| out!("  warning: {}", visible(warning)));
}

/// The wear of the gate split. An error is part of the output, so that it does not hide the rest.
fn gate_split(workspace: &Workspace) -> Option<GateSplit> {
    match holdout_log::wear(workspace) {
        Ok(wear) => wear.map(GateSplit::Known),
        Err(error) => Some(GateSplit::Unknown {
            problem: error.to_string(),
        }),
    }
}

fn print_all(lines: &[StatusLine], setting: &Setting) {
    if setting.is_json() {
        return lines.iter().for_each(render::json);
    }
    let rows: Vec<[String; 3]> = lines.iter().map(cells).collect();
    let width = |column: usize| columns::width(rows.iter().map(|row| row[column].as_str()), 0);
    let (session, status, score) = (width(0), width(1), width(2));
    for (line, [name, words, scores]) in lines.iter().zip(&rows) {
        let rest = format!("{}{}", edits(line), mark(line));
        out!("{STRONG}{name:<session$}{STRONG:#}  {words:<status$}  {scores:<score$}  {rest}");
        print_details(line);
    }
}

/// The session, its status and its scores.
fn cells(line: &StatusLine) -> [String; 3] {
    let words = line.status.map_or("unreadable", short_words);
    [line.session.clone(), words.to_owned(), scores(line)]
}

fn print_details(line: &StatusLine) {
    if !line.unscored.is_empty() {
        out!("  gate tasks: {}", line.unscored);
    }
    if let Some(problem) = &line.problem {
        out!("  {FAINT}{}{FAINT:#}", render::shortened(problem));
    }
    if let Some(unscorable) = readiness::unscorable(&line.unscorable) {
        out!("  {}", visible(&unscorable));
    }
    render::spending(&line.spending);
    match &line.gate_split {
        Some(GateSplit::Known(wear)) => out!("  {}", wear.words()),
        Some(GateSplit::Unknown { problem }) => out!("  {}", visible(problem)),
        None => {}
    }
    warn(&line.warnings);
    for run in &line.beside {
        out!("  {}", visible(&run.words()));
    }
    if let Some(present) = &line.present {
        present.print();
    }
}

/// A status in one or two words, for a column.
fn short_words(status: Word) -> &'static str {
    match status {
        Word::AwaitingReview => "awaiting review",
        other => render::words(other),
    }
}

fn scores(line: &StatusLine) -> String {
    let percent = |score: Option<f64>| score.map_or("?".to_owned(), |score| format!("{:.1} %", 100.0 * score));
    match (line.score_before, line.score_after) {
        (None, None) => "no score".to_owned(),
        (Some(_), None) if line.status.is_some_and(Word::is_settled) => {
            format!("{} → not measured", percent(line.score_before))
        }
        (before, after) => format!("{} → {}", percent(before), percent(after)),
    }
}

fn edits(line: &StatusLine) -> String {
    match line.waiting {
        0 => format!("{} applied", line.applied),
        waiting => format!("{} applied, {waiting} waiting", line.applied),
    }
}

/// The remark on an older session that is not settled.
fn mark(line: &StatusLine) -> String {
    if line.present.is_some() {
        return String::new();
    }
    let session = &line.session;
    match line.state {
        HistoryState::Settled => String::new(),
        HistoryState::Stale => format!("  stale: kaizen run --session {session}"),
        HistoryState::Unfinished => format!("  {FAINT}unfinished: kaizen run --session {session}{FAINT:#}"),
        HistoryState::Unreadable => "  unreadable: kaizen verify".to_owned(),
    }
}
