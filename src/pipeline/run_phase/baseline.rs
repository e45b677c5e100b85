//! Baseline, at the commit that the session builds on.

use super::{PhaseOutput, Run};
use crate::artifact::Artifact;
use crate::artifact::drift_check::DriftCheck;
use crate::artifact::probe::Probe;
use crate::pipeline::{phase, state};
use crate::workspace::cache_epoch;
use crate::workspace::error::RunError;
use crate::workspace::event::Event;

pub(super) fn baseline(run: &Run) -> Result<PhaseOutput, RunError> {
    let commit = state::base(run.view, run.session)?.ok_or(RunError::NoCommit)?;
    let harness = run.view.inputs.harness_at(&commit)?;
    let workspace = run.view.workspace;
    let mut left_out = workspace.left_out(&harness);
    left_out.extend(workspace.left_out(&workspace.harness()?));
    left_out.sort();
    left_out.dedup();
    for text in left_out {
        (run.listener)(Event::Note { text });
    }
    let gate = run.view.inputs.gate(&run.session.id)?;
    let wanted = phase::baseline::BaselineSpec {
        session: &run.session.id,
        before: cache_epoch::own_baseline(run.session, &run.view.workspace.student.identity()),
        commit,
        harness: &harness,
        benchmark: run.view.inputs.benchmark()?.pin().digest,
        gate: &gate,
        judge: run.view.engines.judge.clone(),
        probe: run.manifest().gate.probes(),
    };
    let baseline = run
        .evaluating(|evaluator| phase::baseline::baseline(&evaluator, wanted))
        .map_err(run.failed("baseline"))?;
    if let Some(text) = baseline.drift.as_ref().and_then(drifted) {
        (run.listener)(Event::Note { text });
    }
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
        "{:.1} % of {} gate tasks{}",
        100.0 * baseline.evaluation.overall_score,
        baseline.evaluation.task_count,
        baseline.probe.as_ref().map(probed).unwrap_or_default()
    );
    Ok(PhaseOutput {
        files: vec![("baseline.json".into(), baseline.to_text())],
        summary,
    })
}

/// What two runs of the same thing say of the student.
fn probed(probe: &Probe) -> String {
    match probe.disagreed.len() {
        0 => ", run twice without a difference".to_owned(),
        count => format!(", run twice: {count} differ"),
    }
}

/// What a person should know of a student that answers unlike before.
fn drifted(found: &DriftCheck) -> Option<String> {
    let moved = match found.log_e_above > found.log_e_below {
        true => "better",
        false => "worse",
    };
    let text = format!(
        "the student has drifted: {} tasks asked again scored {moved} than remembered, by more than chance explains; its \
         remembered answers are not used any more, and the baseline was made anew. Earlier scores do not compare with this \
         session's: the model behind its name, its server or its settings may have changed",
        found.tasks
    );
    found.dropped.then_some(text)
}
