//! Readiness, with the inputs that it judges.

use crate::artifact::Artifact;
use crate::phase;
use crate::pipeline::RunError;

use super::{Left, Run};

pub(super) fn readiness(run: &Run) -> Result<Left, RunError> {
    let inputs = run.view.inputs;
    let (usable, pin, benchmark) = (
        inputs.usable_traces()?,
        inputs.trace_pin()?.clone(),
        inputs.benchmark()?.pin(),
    );
    let readiness = phase::readiness::readiness(usable, run.manifest().session.min_traces, pin, benchmark);
    Ok(Left {
        files: vec![("readiness.json".into(), readiness.to_text())],
        summary: readiness.message,
    })
}
