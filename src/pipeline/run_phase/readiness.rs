//! Readiness, with the inputs that it judges.

use super::{PhaseOutput, Run};
use crate::artifact::Artifact;
use crate::artifact::task::{Scorer, Split};
use crate::pipeline::phase;
use crate::workspace::NO_JUDGE;
use crate::workspace::error::RunError;

pub(super) fn readiness(run: &Run) -> Result<PhaseOutput, RunError> {
    let inputs = run.view.inputs;
    let (counted, pin, benchmark) = (
        inputs.usable_traces(run.moment()?)?,
        inputs.trace_pin()?.clone(),
        inputs.benchmark()?.pin(),
    );
    let usable = phase::readiness::Usable {
        count: counted.usable,
        left_out: counted.left_out,
        needed: run.manifest().session.min_traces,
    };
    let readiness = phase::readiness::readiness(usable, pin, benchmark, unjudged(run)?);
    Ok(PhaseOutput {
        files: vec![("readiness.json".into(), readiness.to_text())],
        summary: readiness.message,
    })
}

/// A hint when tasks of a session want a judge and there is none.
fn unjudged(run: &Run) -> Result<Option<String>, RunError> {
    if run.view.workspace.judge.is_some() {
        return Ok(None);
    }
    let benchmark = run.view.inputs.benchmark()?;
    let tasks = [Split::Train, Split::Gate].map(|split| benchmark.split(split));
    let count = tasks
        .iter()
        .flatten()
        .filter(|task| task.scorer == Scorer::Judge)
        .count();
    Ok((count > 0).then(|| format!("{count} tasks have scorer `judge` and will have no score: {NO_JUDGE}.")))
}
