//! `kaizen eval`: scores the current harness on a split.

use clap::{Args, ValueEnum};

use super::Setting;
use super::exit::{Code, CommandFailure};
use super::render::{self, Renderer};
use crate::artifact::evaluation::Evaluation;
use crate::artifact::task::{Scorer, Split, Task};
use crate::eval::benchmark::Benchmark;
use crate::eval::run::evaluate;
use crate::ledger::port::Ledger;
use crate::workspace::event::Event;
use crate::workspace::{NO_JUDGE, Workspace};

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
/// The benchmark or the harness cannot be read, or the split is empty.
pub(crate) fn eval(command: &EvalArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace()?;
    let split = Split::from(command.split);
    workspace.may_read()?;
    let tasks = Benchmark::load(&workspace.root, &workspace.manifest.benchmark.files)?.split(split);
    if tasks.is_empty() {
        let message = format!("there are no {} tasks", split.name());
        return Err(CommandFailure::not_ready(message).hint("tasks go in benchmark/*.jsonl"));
    }
    workspace.may_evaluate(&tasks)?;
    if split == Split::Test {
        record_opening(&workspace)?;
    }
    let renderer = Renderer::new(setting.format);
    let (memo, score) = (workspace.memo(), |task: &Task, answer: &str| {
        workspace.score(task, answer)
    });
    let progress = |done, of| {
        if !setting.is_json() {
            renderer.show(Event::Progress { done, of });
        }
    };
    let evaluator = workspace.evaluator(memo.as_ref(), &score, &progress);
    let (harness, tasks) = (workspace.harness()?, tasks.iter().collect::<Vec<_>>());
    for line in workspace.left_out(&harness) {
        err!("{line}");
    }
    let wants_judge = tasks.iter().any(|task| task.scorer == Scorer::Judge);
    if wants_judge && workspace.judge.is_none() {
        err!("tasks have scorer `judge`, and {NO_JUDGE}");
    }
    evaluator
        .student
        .check(&harness, &tasks)
        .map_err(CommandFailure::failed)?;
    let evaluation =
        evaluate(&evaluator, &harness, &tasks).map_err(|halted| CommandFailure::failed(halted.to_string()))?;
    renderer.finish();
    if let Some(text) = workspace.calls.changed_questions() {
        err!("{text}");
    }
    if evaluation.task_count == 0 {
        let message = format!("none of the {} {} tasks could be scored", tasks.len(), split.name());
        return Err(CommandFailure::failed(message).hint(
            "scorer `command` needs [benchmark] scorer_command; scorer `judge` needs a [judge] model or a teacher with engine = \"chat\"",
        ));
    }
    show(&evaluation, split, setting);
    Ok(Code::Settled)
}

fn show(evaluation: &Evaluation, split: Split, setting: &Setting) {
    if setting.is_json() {
        render::json(&serde_json::json!({
            "split": split, "overall_score": evaluation.overall_score, "category_scores": evaluation.category_scores,
            "task_count": evaluation.task_count, "infra_errors": evaluation.infra_errors
        }));
        return;
    }
    out!(
        "{} score {:.1} % over {} tasks",
        split.name(),
        100.0 * evaluation.overall_score,
        evaluation.task_count
    );
    for (category, score) in &evaluation.category_scores {
        out!("  {category:<24} {:>5.1} %", 100.0 * score);
    }
    if evaluation.infra_errors > 0 {
        out!(
            "  {} tasks could not be scored because of infrastructure failures",
            evaluation.infra_errors
        );
    }
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
        workspace
            .ledger
            .commit(&[OPENINGS.to_owned()], "kaizen: open the sealed test split\n")?;
    }
    Ok(())
}
