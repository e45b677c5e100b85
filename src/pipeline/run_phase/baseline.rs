//! Baseline, at the commit that the session builds on.

use crate::artifact::Artifact;
use crate::phase;
use crate::pipeline::RunError;
use crate::pipeline::event::Event;
use crate::pipeline::state;

use super::{Left, Run};

pub(super) fn baseline(run: &Run) -> Result<Left, RunError> {
    let commit = state::base(run.view, run.session)?
        .ok_or_else(|| RunError::Unknown("the repository has no commit yet; commit the harness first".into()))?;
    let harness = run.view.inputs.harness_at(&commit)?;
    for text in run.view.workspace.left_out(&harness) {
        (run.listener)(Event::Note { text });
    }
    let digest = run.view.inputs.benchmark()?.pin().digest;
    let gate = run.view.inputs.gate(&run.session.id)?;
    let judge = run.view.engines.judge.clone();
    let baseline = run
        .evaluating(|evaluator| phase::baseline::baseline(&evaluator, commit, &harness, digest, &gate, judge))
        .map_err(run.failed("baseline"))?;
    if let Some(text) = run.view.workspace.calls.changed_questions() {
        (run.listener)(Event::Note { text });
    }
    if baseline.evaluation.task_count == 0 {
        let problem =
            "no gate task could be scored: is there an engine for their scorer? `kaizen eval` counts them".to_owned();
        return Err(RunError::Phase {
            phase: "baseline".into(),
            problem,
        });
    }
    let summary = format!(
        "{:.1} % of {} gate tasks",
        100.0 * baseline.evaluation.overall_score,
        baseline.evaluation.task_count
    );
    Ok(Left {
        files: vec![("baseline.json".into(), baseline.to_text())],
        summary,
    })
}
