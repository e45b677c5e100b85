//! `kaizen eval`: scores the current harness on a split.

use clap::{Args, ValueEnum};

use super::exit::{Code, CommandFailure};
use super::render::{self, Renderer, columns};
use super::visible::visible;
use super::{Format, Setting};
use crate::artifact::counted;
use crate::artifact::evaluation::{Evaluation, TaskScore};
use crate::artifact::readiness::{self, UnscorableTask};
use crate::artifact::task::{Split, Task};
use crate::eval::run::evaluate;
use crate::ledger::message::message;
use crate::ledger::port::Ledger;
use crate::workspace::Workspace;
use crate::workspace::event::Event;
use crate::workspace::inputs::{Inputs, present_harness};

/// The record of each use of the sealed test split.
const OPENINGS: &str = "sessions/openings.jsonl";

/// Score the current harness
#[derive(Clone, Debug, Args)]
pub(crate) struct EvalArgs {
    /// The split to score on; opening `test` is recorded in sessions/openings.jsonl
    #[arg(long, value_enum, default_value = "gate")]
    split: EvalSplit,
}

/// A split by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum EvalSplit {
    Train,
    Gate,
    Test,
}

impl From<EvalSplit> for Split {
    fn from(name: EvalSplit) -> Self {
        match name {
            EvalSplit::Train => Split::Train,
            EvalSplit::Gate => Split::Gate,
            EvalSplit::Test => Split::Test,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// The benchmark or the harness cannot be read, the split is empty, or no task could be scored.
pub(crate) fn eval(command: &EvalArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace()?;
    let split = Split::from(command.split);
    workspace.may_read()?;
    if split == Split::Test && workspace.manifest.ledger.commit_sessions {
        workspace.ledger.check_branch()?;
    }
    let inputs = Inputs::new(&workspace);
    let (tasks, unscorable) = (
        inputs.benchmark()?.split(split),
        inputs.benchmark()?.unscorable_in(split),
    );
    if let Some(unscorable) = readiness::unscorable(&unscorable) {
        err!("{}", visible(&unscorable));
    }
    if tasks.is_empty() {
        let message = format!("there are no {} tasks", split.name());
        return Err(CommandFailure::not_ready(message).hint("tasks go in benchmark/*.jsonl"));
    }
    workspace.may_evaluate(&tasks)?;
    if split == Split::Test {
        record_opening(&workspace)?;
    }
    let evaluation = evaluated(&workspace, &tasks, split)?;
    if let Some(text) = workspace.calls.changed_questions() {
        err!("{text}");
    }
    if evaluation.task_count == 0 {
        let reasons = evaluation.unscored().unwrap_or_default();
        let message = format!("no {} task could be scored ({reasons})", split.name());
        return Err(CommandFailure::failed(message));
    }
    show(&evaluation, &unscorable, split, setting);
    Ok(Code::Settled)
}

/// Scores the current harness on tasks.
fn evaluated(workspace: &Workspace, tasks: &[Task], split: Split) -> Result<Evaluation, CommandFailure> {
    // With JSON as well, progress goes to stderr.
    let renderer = Renderer::beside(Format::Text, workspace, "kaizen eval");
    let (memo, score) = (workspace.memo(), |task: &Task, answer: &str| {
        workspace.score(task, answer)
    });
    let progress = |done, of| {
        let what = split.name().to_owned();
        renderer.show(Event::Progress { what, done, of });
    };
    let evaluator = workspace.evaluator(memo.as_ref(), &score, &progress);
    let harness = present_harness(workspace, &Inputs::new(workspace))?;
    let tasks = tasks.iter().collect::<Vec<_>>();
    for line in workspace.left_out(&harness) {
        err!("{line}");
    }
    evaluator
        .student
        .check(&harness, &tasks)
        .map_err(CommandFailure::failed)?;
    let evaluation = evaluate(&evaluator, &harness, &tasks);
    renderer.finish();
    evaluation.map_err(|halted| CommandFailure::failed(halted.to_string()))
}

fn show(evaluation: &Evaluation, unscorable: &[UnscorableTask], split: Split, setting: &Setting) {
    if setting.is_json() {
        render::json(&serde_json::json!({
            "split": split, "overall_score": evaluation.overall_score, "category_scores": evaluation.category_scores,
            "task_count": evaluation.task_count, "infra_errors": evaluation.infra_errors,
            "unscored": reasons(evaluation, |task| task.unscored.as_ref()),
            "failed": reasons(evaluation, |task| task.failed.as_ref()), "unscorable": unscorable,
        }));
        return;
    }
    let unscored = evaluation.unscored().map(|unscored| format!("; {unscored}"));
    out!(
        "{} score {:.1} % over {}{}",
        split.name(),
        100.0 * evaluation.overall_score,
        counted(evaluation.task_count, "task"),
        visible(&unscored.unwrap_or_default())
    );
    let width = columns::width(evaluation.category_scores.keys().map(String::as_str), 24);
    for (category, score) in &evaluation.category_scores {
        out!("  {:<width$} {:>5.1} %", visible(category), 100.0 * score);
    }
    if let Some(failed) = evaluation.failed() {
        out!("  {}", visible(&failed));
    }
}

/// The tasks that have a reason, with it.
fn reasons(evaluation: &Evaluation, of: fn(&TaskScore) -> Option<&String>) -> Vec<serde_json::Value> {
    let reason = |task: &TaskScore| Some(serde_json::json!({"task_id": task.task_id, "reason": of(task)?}));
    evaluation.tasks.iter().filter_map(reason).collect()
}

/// Appends a line for this use of the test split, because frequent use wears it out.
fn record_opening(workspace: &Workspace) -> Result<(), CommandFailure> {
    let path = workspace.root.join(OPENINGS);
    let mut text = workspace.root.read_text(&path)?.unwrap_or_default();
    let harness = workspace.harness()?.digest();
    let head = workspace.ledger.head()?;
    let line =
        serde_json::json!({"opened_at": workspace.clock.stamp(), "split": "test", "harness": harness, "commit": head});
    text += &format!("{line}\n");
    workspace.root.publish(&path, text.as_bytes())?;
    if workspace.manifest.ledger.commit_sessions {
        workspace.ledger.commit(
            &[OPENINGS.to_owned()],
            &message(workspace.ledger.subject(), "open the sealed test split", "", &[]),
        )?;
    }
    Ok(())
}
