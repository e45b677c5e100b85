//! `kaizen loop`: runs one session after another until the gate score stagnates.

use clap::Args;
use serde_json::json;

use super::Setting;
use super::exit::{Code, CommandFailure};
use super::number;
use super::render::{self, FAINT, Renderer, STRONG};
use super::run::autonomy;
use super::session_workspace::refuse_branches;
use crate::artifact::loop_record;
use crate::artifact::loop_record::{LoopRecord, LoopStep, StopReason};
use crate::artifact::outcome::OutcomeStatus;
use crate::artifact::record::{Autonomy, SessionRecord, without_score};
use crate::artifact::{Money, counted};
use crate::maintenance::looping;
use crate::maintenance::looping::{LoopOptions, run_sessions};
use crate::workspace::event::Event;
use crate::workspace::session::Session;
use crate::workspace::{Workspace, holdout_log};

/// Run one session after another until the gate score stagnates
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct LoopArgs {
    /// The autonomy of new sessions: auto, tiered or manual
    #[arg(long, value_parser = autonomy, value_name = "MODE")]
    autonomy: Option<Autonomy>,
    /// Stop after this many sessions
    #[arg(long, value_name = "N", value_parser = number::count)]
    max_sessions: Option<usize>,
    /// The gate score stagnates when it rises by no more than this
    #[arg(long, value_name = "SHARE", value_parser = number::share)]
    stagnation_eps: Option<f64>,
    /// Stop after this many stagnant sessions in a row
    #[arg(long, value_name = "N", value_parser = number::count)]
    stagnation_k: Option<usize>,
    /// Stop once this many dollars are spent
    #[arg(long, value_name = "USD", value_parser = number::dollars)]
    max_total_cost_usd: Option<Money>,
}

/// Runs the command.
///
/// # Errors
/// The settings are invalid, or a session cannot start or resume.
pub(crate) fn looping(command: &LoopArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let mut workspace = setting.workspace()?;
    refuse_branches(
        &workspace,
        "kaizen loop",
        "`kaizen run --new` starts one session on a branch of its own",
    )?;
    workspace.holder = "kaizen loop";
    workspace.ledger.check_branch()?;
    let renderer = Renderer::new(setting.format);
    let asked = LoopOptions {
        autonomy: command.autonomy,
        max_sessions: command.max_sessions,
        stagnation_eps: command.stagnation_eps,
        stagnation_k: command.stagnation_k,
        max_total_cost_usd: command.max_total_cost_usd,
    };
    let listener = |event: Event| {
        // In text output, one line per session is enough; `kaizen show` has the details.
        if setting.is_json() || matches!(event, Event::Progress { .. } | Event::Note { .. }) {
            renderer.show(event);
        }
    };
    if let Some(warning) = holdout_log::warning(&workspace)? {
        listener(warning);
    }
    let record = run_sessions(&workspace, &asked, &listener, &|record, step| {
        renderer.finish();
        print_step(&workspace, record, step, setting);
    });
    renderer.finish();
    summary(&workspace, &record?, setting)
}

fn print_step(workspace: &Workspace, record: &LoopRecord, step: &LoopStep, setting: &Setting) {
    let number = record.steps.len();
    let recorded = session_record(workspace, step);
    let unscored = unscored(recorded.as_ref(), recorded.as_ref());
    if setting.is_json() {
        let mut event = json!(step);
        event["unscored"] = json!(unscored);
        event["event"] = "loop_step".into();
        event["number"] = number.into();
        return render::json(&event);
    }
    let still = match step.standing_still {
        0 => String::new(),
        still => format!("  stagnant {still} of {}", record.stagnation_k),
    };
    out!(
        "{STRONG}{number:>3}  {}{STRONG:#}  {}{}  {}{still}{FAINT}  {}{FAINT:#}",
        step.session,
        scores(step.score_before, step.score_after),
        in_brackets(unscored),
        edits(recorded.as_ref()),
        cost(step.cost_usd, step.counted_usd.unwrap_or_default())
    );
    if let Some(error) = &step.error {
        out!("     {}", render::shortened(error));
    }
}

fn scores(before: Option<f64>, after: Option<f64>) -> String {
    let percent = |score: Option<f64>| score.map_or("?".to_owned(), |score| format!("{:.1} %", 100.0 * score));
    format!("{} → {}", percent(before), percent(after))
}

/// How many tasks have no score before the first of two sessions and after the last; `None` if all have one.
fn unscored(first: Option<&SessionRecord>, last: Option<&SessionRecord>) -> Option<String> {
    let before = first.and_then(|record| record.benchmark_before.as_ref());
    without_score(before, last.and_then(|record| record.benchmark_after.as_ref()))
}

fn in_brackets(unscored: Option<String>) -> String {
    unscored.map(|unscored| format!(" ({unscored})")).unwrap_or_default()
}

fn session_record(workspace: &Workspace, step: &LoopStep) -> Option<SessionRecord> {
    Session::at(&workspace.root, &step.session).record().ok().flatten()
}

fn edits(record: Option<&SessionRecord>) -> String {
    let count = |status| {
        let outcomes = record.into_iter().flat_map(|record| &record.edit_outcomes);
        outcomes.filter(|outcome| outcome.status == status).count()
    };
    match (count(OutcomeStatus::Applied), count(OutcomeStatus::PendingReview)) {
        (applied, 0) => format!("{applied} applied"),
        (applied, waiting) => format!("{applied} applied, {waiting} waiting"),
    }
}

/// The cost of a session or of all; if a part is unknown, what the limit counts instead.
fn cost(dollars: Option<Money>, counted: Money) -> String {
    match dollars {
        Some(dollars) => format!("{dollars} USD"),
        None if counted == Money::ZERO => "cost unknown".to_owned(),
        None => format!("about {counted} USD, a part is unknown"),
    }
}

fn summary(workspace: &Workspace, record: &LoopRecord, setting: &Setting) -> Result<Code, CommandFailure> {
    let (progress, _) = looping::progress(record);
    let first_step = record.steps.iter().find(|step| step.score_before.is_some());
    let last_step = record.steps.iter().rev().find(|step| step.score_after.is_some());
    let first = first_step.and_then(|step| step.score_before);
    let last = last_step.and_then(|step| step.score_after);
    let unscored = first_step.zip(last_step).and_then(|(first, last)| {
        let (first, last) = (session_record(workspace, first), session_record(workspace, last));
        unscored(first.as_ref(), last.as_ref())
    });
    if setting.is_json() {
        render::json(&json!({
            "event": "loop_stopped", "reason": record.stop_reason, "sessions": record.steps.len(),
            "score_first": first, "score_last": last, "unscored": unscored, "best_score": progress.best,
            "total_cost_usd": record.total_cost_usd, "known_cost_usd": progress.counted_usd,
            "max_total_cost_usd": record.max_total_cost_usd, "record": record
        }));
    } else {
        print_summary(record, &(scores(first, last) + &in_brackets(unscored)));
    }
    let error = record.steps.last().and_then(|step| step.error.clone());
    let ended = |code, hint: &str| {
        let message = error.clone().unwrap_or_else(|| "the last session failed".into());
        let hint = Some(hint.to_owned());
        Err(CommandFailure { code, message, hint })
    };
    match record.stop_reason {
        Some(StopReason::Failed) => ended(Code::Failed, "`kaizen loop` starts again with that session"),
        Some(StopReason::NotReady) => ended(Code::NotReady, "fix this, then `kaizen loop` continues that session"),
        Some(StopReason::Held) => Ok(Code::WaitingForReview),
        _ => Ok(Code::Settled),
    }
}

fn print_summary(record: &LoopRecord, scores: &str) {
    let reason = record.stop_reason.map_or("interrupted", looping::words);
    out!(
        "\n{STRONG}Stopped: {reason}.{STRONG:#} {}, gate score {scores}, {}",
        counted(record.steps.len(), "session"),
        cost(record.total_cost_usd, looping::progress(record).0.counted_usd)
    );
    if record.total_cost_usd.is_none() && looping::is_limited(record) {
        out!(
            "A part of the cost is unknown. It counts towards the limit of {} USD with its estimate, or not at all if a \
            program does not report it.",
            record.max_total_cost_usd.usd()
        );
    }
    out!(
        "  kaizen log; kaizen status --all; {FAINT}{}{FAINT:#}",
        loop_record::FILE
    );
}
