//! Readiness, with the inputs that it judges.

use crate::artifact::Artifact;
use crate::phase;
use crate::pipeline::RunError;

use super::{Left, Run};

pub(super) fn readiness(run: &Run) -> Result<Left, RunError> {
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
    let readiness = phase::readiness::readiness(usable, pin, benchmark);
    Ok(Left {
        files: vec![("readiness.json".into(), readiness.to_text())],
        summary: readiness.message,
    })
}
