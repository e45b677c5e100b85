//! The gate's verdict on an edit in the current harness. Records no decision; only attempts are cached.

use super::queue::QueueEntry;
use crate::artifact::gate::verdict::Verdict;
use crate::artifact::task::Task;
use crate::cli::Format;
use crate::cli::exit::CommandFailure;
use crate::cli::render::Renderer;
use crate::eval::run::evaluate;
use crate::gate;
use crate::gate::trial;
use crate::harness::op;
use crate::pipeline::gate_policy::rule;
use crate::workspace::Workspace;
use crate::workspace::event::Event;
use crate::workspace::inputs::Inputs;

/// Evaluates the harness without and with the edit, on the gate tasks of its session.
///
/// # Errors
/// The edit cannot be applied, or the tasks cannot be read, run or scored.
pub(crate) fn verdict(workspace: &Workspace, entry: &QueueEntry) -> Result<Verdict, CommandFailure> {
    let edit = &entry.pending.edit;
    let head = workspace.harness()?;
    let candidate = op::apply(edit, &head, &workspace.rules())
        .map_err(|reason| CommandFailure::failed(format!("it cannot be applied now: {reason}")))?;
    let gate = Inputs::new(workspace).gate(&entry.session.id)?;
    let tasks: Vec<&Task> = gate.iter().collect();
    workspace.may_evaluate(&gate)?;
    let renderer = Renderer::beside(Format::Text, workspace, "kaizen review");
    let (memo, score) = (workspace.memo(), |task: &Task, answer: &str| {
        workspace.score(task, answer)
    });
    let progress = |done, of| {
        let what = "gate".to_owned();
        renderer.show(Event::Progress { what, done, of });
    };
    let evaluator = workspace.evaluator(memo.as_ref(), &score, &progress);
    evaluator.student.check(&head, &tasks).map_err(CommandFailure::failed)?;
    let score =
        |harness| evaluate(&evaluator, harness, &tasks).map_err(|halted| CommandFailure::failed(halted.to_string()));
    let (before, after) = (score(&head)?, score(&candidate)?);
    renderer.finish();
    if before.task_count == 0 {
        let reasons = before.unscored().unwrap_or_default();
        return Err(CommandFailure::failed(format!(
            "no gate task could be scored ({reasons})"
        )));
    }
    let clusters: Vec<_> = entry.pending.cluster.iter().cloned().collect();
    let target = trial::target_among(edit, &clusters, |name| before.category_scores.contains_key(name));
    Ok(gate::decide(
        &before,
        &after,
        &rule(&workspace.manifest),
        target.as_deref(),
    ))
}
