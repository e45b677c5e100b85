//! `kaizen plan-gate`: estimates the smallest gain that the gate can detect, and the attempts that trials would take.

use clap::Args;
use serde::Serialize;

use super::Setting;
use super::exit::{Code, CommandFailure};
use super::render::{self, FAINT, Renderer, STRONG};
use super::visible::visible;
use crate::artifact::gate::settings::Mode;
use crate::gate::preview::{Budget, Category, EditPreview, GatePreview, points};
use crate::pipeline::preview::{PreviewResult, look};
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;

/// Estimate the smallest detectable gain and trial cost of a plan
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct PreviewArgs {
    /// Estimate the plan of this session instead of the newest one
    #[arg(long, value_name = "SESSION")]
    session: Option<String>,
}

/// The JSON output.
#[derive(Serialize)]
struct PreviewReport<'a> {
    session: &'a Option<String>,
    attempts: usize,
    #[serde(flatten)]
    preview: &'a GatePreview,
}

/// Runs the command.
///
/// # Errors
/// No gate task can be scored, the plan cannot be read, or the runs were stopped.
pub(crate) fn preview(command: &PreviewArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace_of(command.session.as_deref())?;
    let session = chosen(&workspace, command.session.as_deref())?;
    let name = session.as_ref().map_or("session", |session| &session.id);
    if Inputs::new(&workspace).gate(name)?.is_empty() {
        return Err(
            CommandFailure::not_ready("there are no gate tasks, so the gate cannot detect anything")
                .hint("tasks go in benchmark/*.jsonl; `kaizen bench synth` creates some from traces"),
        );
    }
    let renderer = Renderer::beside(setting.format, &workspace, "kaizen plan-gate");
    let listener = |event| match setting.is_json() {
        true => renderer.tell(&event),
        false => renderer.show(event),
    };
    let made = look(&workspace, session.as_ref(), &listener).map_err(failed)?;
    renderer.finish();
    if setting.is_json() {
        render::json(&PreviewReport {
            session: &made.session,
            attempts: made.attempts,
            preview: &made.preview,
        });
    } else {
        print(&made);
    }
    Ok(Code::Settled)
}

fn chosen(workspace: &Workspace, name: Option<&str>) -> Result<Option<Session>, CommandFailure> {
    match name {
        None => Ok(workspace.sessions()?.pop()),
        Some(name) => {
            let found = workspace.session(name)?;
            Ok(Some(found.ok_or_else(|| RunError::NoSuchSession(name.to_owned()))?))
        }
    }
}

fn failed(error: RunError) -> CommandFailure {
    let hint = match &error {
        RunError::Halted(_) => {
            "attempts so far are cached: the next `kaizen plan-gate` continues from there".to_owned()
        }
        _ => return error.into(),
    };
    CommandFailure::failed(error.to_string()).hint(hint)
}

fn print(made: &PreviewResult) {
    let found = &made.preview;
    let attempts = match made.attempts {
        0 => "this estimate needed no new attempts".to_owned(),
        1 => "this estimate made 1 attempt, which is cached".to_owned(),
        attempts => format!("this estimate made {attempts} attempts, which are cached"),
    };
    out!("{}; {attempts}", capital(&found.floor_line()));
    found.remarks.iter().for_each(|remark| out!("{}", capital(remark)));
    if let Some(budget) = &found.budget {
        out!("{}", spent(budget, found));
    }
    out!(
        "\n{STRONG}{:<20} tasks  baseline  headroom  smallest detectable gain{STRONG:#}",
        "category"
    );
    found.categories.iter().for_each(|one| out!("{}", category(one, found)));
    if found.edits.is_empty() {
        let none = match &made.session {
            Some(session) => format!("Every edit in the plan of {session} was already tried."),
            None => "There is no plan yet; `kaizen run --until plan` creates one.".to_owned(),
        };
        return out!("\n{none}");
    }
    out!(
        "\n{STRONG}{:<20} reaches  {:<14} hoped for    detectable  attempts: no effect, as hoped, maximum{STRONG:#}",
        "edit",
        "target"
    );
    found.edits.iter().for_each(print_edit);
    out!("\n{}", capital(&found.calls_line()));
}

fn category(one: &Category, found: &GatePreview) -> String {
    let seen = match one.smallest_visible {
        Some(least) => format!("{} points", points(least)),
        None if found.mode == Mode::Sample => "judged together with the others".into(),
        None if found.mode == Mode::Rule => "unknown: a comparison of means has no error rate".into(),
        None => "none".into(),
    };
    format!(
        "{:<20} {:>5} {:>7} % {:>7} %  {seen}",
        visible(&one.category),
        one.tasks,
        points(one.baseline),
        points(one.headroom)
    )
}

fn print_edit(edit: &EditPreview) {
    let seen = edit.smallest_visible.map_or("none".to_owned(), points);
    let calls = &edit.calls;
    out!(
        "{:<20} {:>7}  {:<14} {:>9}  {seen:>12}  {}, {}, {}",
        visible(&edit.edit),
        edit.reaches,
        visible(edit.target.as_deref().unwrap_or("all tasks")),
        points(edit.hoped),
        calls.nothing,
        calls.hoped,
        calls.most
    );
    if let Some(advice) = &edit.advice {
        out!("  {FAINT}{}{FAINT:#}", visible(advice));
    }
}

/// The line about the error budget. If no edit is left to try, it is the budget of the next session.
fn spent(budget: &Budget, found: &GatePreview) -> String {
    // An empty sum is -0.0; adding 0.0 makes it 0.
    let percent = |share: f64| format!("{} %", (10_000.0 * share).round() / 100.0 + 0.0);
    let next = match budget.log_e_needed {
        Some(_) if found.mode == Mode::Sample => {
            format!(
                "the next edit gets {0} and is accepted at p of at most {0}",
                percent(budget.alpha)
            )
        }
        Some(needed) => format!(
            "the next edit gets {} and is accepted at log e = {needed:.2}",
            percent(budget.alpha)
        ),
        None => "nothing is left for another edit".to_owned(),
    };
    format!(
        "Error budget{}: {} per session, {} spent; {next}",
        if found.edits.is_empty() {
            " of the next session"
        } else {
            ""
        },
        percent(budget.alpha_session),
        percent(budget.spent)
    )
}

/// A text that begins with a capital letter.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
