//! Prints events, summaries and the cost of language models, as text or as JSON lines.

pub(crate) mod columns;
mod line;
mod next;
mod plan;
mod progress;
pub(crate) mod scores;
pub(crate) mod undecided;

use std::collections::BTreeMap;
use std::path::Path;

use anstyle::AnsiColor;
pub(crate) use line::change;
pub(crate) use line::line;
use progress::ProgressDisplay;
pub(crate) use progress::clear_progress;
pub(crate) use scores::scores;

use super::exit::CommandFailure;
use super::style::Style;
use super::visible::visible;
use super::{Format, terminal};
use crate::artifact::egress::LlmRole;
use crate::artifact::label::SharedLabels;
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::artifact::record::{EditOutcome, SessionRecord, SessionStatus};
use crate::artifact::spending::{self, RoleSpending};
use crate::artifact::{Money, counted, short_id};
use crate::ledger::extent::CloneExtent;
use crate::llm::client;
use crate::pipeline::edit_states::census::UnseenEdit;
use crate::pipeline::options::RunResult;
use crate::workspace::Workspace;
use crate::workspace::event::Event;
use crate::workspace::notice_board::NoticeBoard;
use crate::workspace::session::Session;

/// Prints one JSON value as a line on stdout.
pub(crate) fn json(value: &impl serde::Serialize) {
    terminal::json(&serde_json::to_string(value).unwrap_or_default());
}

/// Bold, for the most important text.
pub(crate) const STRONG: Style = Style::STRONG;
/// Dimmed, for details.
pub(crate) const FAINT: Style = Style::FAINT;

/// The colour of an outcome. The word next to it has the same meaning, so nothing depends on colour.
pub(crate) fn colour(status: OutcomeStatus) -> Style {
    let colour = match status {
        OutcomeStatus::Applied => AnsiColor::Green,
        OutcomeStatus::PendingReview | OutcomeStatus::Undecided => AnsiColor::Yellow,
        OutcomeStatus::Skipped | OutcomeStatus::RolledBack => AnsiColor::Cyan,
        _ => AnsiColor::Red,
    };
    colour.into()
}

/// Says that git does not show whether edits are still applied, with the remedy if there is one.
pub(crate) fn unseen(edits: &[UnseenEdit], extent: CloneExtent) -> String {
    let names: Vec<String> = edits
        .iter()
        .map(|one| format!("{} of {}", one.edit, one.session))
        .collect();
    let remedy = extent.remedy().map(|remedy| format!("; {remedy}")).unwrap_or_default();
    format!(
        "git does not show whether these edits are still applied: {}{remedy}",
        names.join(", ")
    )
}

/// Says that edits are older than the history of a clone, with the remedy.
pub(crate) fn older(edits: &[UnseenEdit], extent: CloneExtent) -> String {
    let names: Vec<&str> = edits.iter().map(|one| one.edit.as_str()).collect();
    let remedy = extent.remedy().map(|remedy| format!("; {remedy}")).unwrap_or_default();
    format!(
        "the files contain {}, applied before the history of this clone begins{remedy}",
        names.join(", ")
    )
}

/// Prints events as they happen.
pub(crate) struct Renderer<'a> {
    format: Format,
    progress: ProgressDisplay,
    /// Tells other processes, if nothing else does.
    board: Option<NoticeBoard<'a>>,
}

impl<'a> Renderer<'a> {
    /// A renderer for the events of a run, which tells other processes itself.
    pub(crate) fn new(format: Format) -> Self {
        Self {
            format,
            progress: ProgressDisplay::new(),
            board: None,
        }
    }

    /// A renderer for the events of a command that works beside the runs; it also tells other processes.
    pub(crate) fn beside(format: Format, workspace: &'a Workspace, command: &str) -> Self {
        Self {
            board: Some(NoticeBoard::beside(workspace, command)),
            ..Self::new(format)
        }
    }

    /// Shows an event.
    pub(crate) fn show(&self, event: Event) {
        self.tell(&event);
        let progress = self.progress.hear(&event);
        match (&event, self.format) {
            // One line per task would bury the other events.
            (Event::Progress { done, of, .. }, Format::Json) if done != of && !self.progress.is_due(&progress) => {}
            (Event::Evidence { .. }, _) => {}
            (_, Format::Json) => json(&event),
            (Event::Progress { .. }, _) => self.progress.show(&progress),
            // The summary reports these.
            (Event::SessionSettled { .. } | Event::PlanHeld { .. } | Event::FileAwaited { .. }, _) => {}
            _ => {
                self.finish();
                if let Some(line) = line(&event) {
                    err!("{line}");
                }
            }
        }
    }

    /// Tells other processes about an event without showing it.
    pub(crate) fn tell(&self, event: &Event) {
        if let Some(board) = &self.board {
            board.hear(event);
        }
    }

    /// Removes the progress bar.
    pub(crate) fn finish(&self) {
        self.progress.finish();
    }
}

/// The first line of a text, escaped for the terminal and cut to 100 characters.
pub(crate) fn shortened(text: &str) -> String {
    let text = visible(text);
    let first = text.lines().next().unwrap_or_default();
    if first.chars().count() <= 100 {
        first.to_owned()
    } else {
        first.chars().take(99).chain(['…']).collect()
    }
}

/// Context of a run, for its summary.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SummaryContext<'a> {
    /// The directory to change to before the next commands.
    pub elsewhere: Option<&'a Path>,
    /// The phase given by `--until`.
    pub until: Option<&'a str>,
}

/// The summary of a run: scores, edits, commits, and the next commands.
///
/// # Errors
/// The session cannot be read.
pub(crate) fn summary(workspace: &Workspace, ended: &RunResult, around: &SummaryContext) -> Result<(), CommandFailure> {
    let record = &ended.record;
    if record.status.is_under_way() || ended.waits.is_some() {
        return plan::show(workspace, ended);
    }
    if !ended.changed {
        let up_to = around.until.map(|phase| format!(" up to {phase}")).unwrap_or_default();
        let review = match record.status {
            SessionStatus::AwaitingReview => "`kaizen review` asks about them; ",
            _ => "",
        };
        out!(
            "Nothing is stale{up_to}: {} is {}. {review}`kaizen run --new` starts another session.",
            record.id,
            words(record.status)
        );
        return Ok(());
    }
    out!();
    scores(&ended.session, record);
    spending(&record.spending);
    edits(&ended.session, record);
    undecided::ask(&ended.session)?;
    let there = workspace
        .root
        .strip_prefix(&*workspace.checkout)
        .unwrap_or(&workspace.root);
    next::show(record, around.elsewhere, workspace.is_of_a_branch().then_some(there));
    Ok(())
}

/// The name of a status, for people.
pub(crate) fn words(status: SessionStatus) -> &'static str {
    match status {
        SessionStatus::Initiated => "initiated",
        SessionStatus::Diagnosing => "diagnosing",
        SessionStatus::Planning => "planning",
        SessionStatus::Executing => "executing",
        SessionStatus::AwaitingReview => "settled except for edits that wait for review",
        SessionStatus::Completed => "completed",
        SessionStatus::Failed => "failed",
        SessionStatus::RolledBack => "rolled back",
    }
}

/// The labels that more than one edit of a session has.
fn shared_labels(record: &SessionRecord) -> SharedLabels {
    let outcomes = record.edit_outcomes.iter();
    SharedLabels::of(outcomes.map(|outcome| (outcome.edit_id.as_str(), outcome.edit_digest)))
}

fn edits(session: &Session, record: &SessionRecord) {
    let shared = shared_labels(record);
    // An outcome that cannot be read leaves its edit without op and target; `kaizen verify` says why.
    let outcomes = session.outcomes().unwrap_or_default();
    out!("\n{STRONG}Edits{STRONG:#}");
    let gain = |outcome: &EditOutcome| change(outcome.benchmark_delta, outcome.interval).unwrap_or_default();
    let label = |outcome: &EditOutcome| shared.shown(&outcome.edit_id, &outcome.edit_digest);
    let all = &record.edit_outcomes;
    let (labels, gains): (Vec<String>, Vec<String>) = all.iter().map(|one| (label(one), gain(one))).unzip();
    let label_width = columns::width(labels.iter().map(String::as_str), 6);
    let gain_width = columns::width(gains.iter().map(String::as_str), 0);
    for ((outcome, label), delta) in all.iter().zip(&labels).zip(&gains) {
        let style = colour(outcome.status);
        let reason = outcome.error.as_deref().map(shortened).unwrap_or_default();
        let full = outcomes.get(&outcome.edit_digest);
        out!(
            "  {:<label_width$} {style}{:<17}{style:#} {delta:<gain_width$} {}{reason}",
            visible(label),
            outcome.status.words(),
            name(full, outcome)
        );
        if let Some(late) = full.and_then(Outcome::late_words) {
            out!("         {FAINT}{late}{FAINT:#}");
        }
    }
    let commits = record
        .edit_outcomes
        .iter()
        .filter(|outcome| outcome.status == OutcomeStatus::Applied)
        .count();
    match commits {
        0 => out!("  No commits; `kaizen show EDIT` shows the numbers of an edit"),
        _ => out!(
            "  {}; `git log` shows each with its evidence, `kaizen show EDIT` the numbers",
            counted(commits, "commit")
        ),
    }
}

/// Op and target, if known, and the commit.
fn name(full: Option<&Outcome>, outcome: &EditOutcome) -> String {
    let what = full
        .map(|full| format!("{} {} ", full.op.name(), visible(&full.target)))
        .unwrap_or_default();
    let commit = outcome
        .commit
        .as_deref()
        .map(|commit| format!("{} ", short_id(commit)))
        .unwrap_or_default();
    format!("{what}{commit}")
}

/// The spending of a session by role: that of its logs, which also have the calls that a killed run cut off, else that of
/// its record.
///
/// # Errors
/// A log cannot be read.
pub(crate) fn spent_so_far(
    session: &Session,
    record: Option<&SessionRecord>,
) -> Result<BTreeMap<LlmRole, RoleSpending>, CommandFailure> {
    let logged = spending::sums(&client::spent(session.root(), &session.path(""))?);
    let recorded = record.map(|record| record.spending.clone()).unwrap_or_default();
    Ok(if logged.is_empty() { recorded } else { logged })
}

/// Prints a line for each role that called a language model.
pub(crate) fn spending(roles: &BTreeMap<LlmRole, RoleSpending>) {
    for (role, spent) in roles {
        let (role, tokens) = (role.name().replace('_', " "), spent.usage.total());
        out!(
            "  {role:<13}{:>6} calls {tokens:>9} tokens  {}",
            spent.calls,
            cost(spent)
        );
    }
}

/// The cost of a role. If a part is unknown, the known costs and the estimates of the others.
pub(crate) fn cost(spent: &RoleSpending) -> String {
    let about = match (spent.cost_usd, spent.counted()) {
        (Some(cost), _) => format!("{cost} USD"),
        (None, Money::ZERO) => "cost unknown".to_owned(),
        (None, about) => format!("about {about} USD, a part is estimated"),
    };
    match spent.cut_off {
        0 => about,
        cut_off => format!(
            "{about}; {} cut off, which may be charged for",
            counted(cut_off as usize, "more call")
        ),
    }
}

/// An amount in dollars; an unknown cost is shown as unknown, not as 0.
pub(crate) fn dollars(cost_usd: Option<Money>) -> String {
    cost_usd.map_or_else(|| "unknown".to_owned(), |cost| format!("{cost} USD"))
}
