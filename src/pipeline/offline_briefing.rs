//! Creates the briefing for read-only diagnostic tools, with or without a session. Writes, runs and sends nothing.

use super::context::moment_of;
use super::phase::brief::search;
use super::rejected_edits::rejected_edits;
use super::state::settled;
use crate::artifact::baseline::Baseline;
use crate::artifact::task::{Split, Task};
use crate::harness::{Harness, op};
use crate::manifest::surface_table::SurfaceTable;
use crate::teacher::Briefing;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;

/// Calls `use_it` with a teacher's briefing in which neither the student nor a scorer can be run.
///
/// # Errors
/// An input cannot be read.
pub(crate) fn look<T>(
    workspace: &Workspace,
    session: Option<&Session>,
    use_it: impl FnOnce(&Briefing) -> T,
) -> Result<T, RunError> {
    let inputs = Inputs::new(workspace);
    let open = session.filter(|session| !session.record().ok().flatten().as_ref().is_some_and(settled));
    let now = workspace.clock.now().timestamp_micros() as f64 / 1e6;
    let moment = open.map_or(Ok(now), |session| moment_of(&workspace.manifest, session))?;
    let harness = harness(workspace, &inputs, open)?;
    let (train, traces) = (inputs.benchmark()?.split(Split::Train), inputs.evidence(moment)?);
    let rejected = rejected_edits(workspace, &inputs, open.map(|session| session.id.as_str()))?;
    let layout = &workspace.manifest.harness.layout;
    let offers = op::offers::offers(&harness, &workspace.rules(), &workspace.manifest.harness);
    let ops = op::offers::ops_of(&offers);
    let search_traces =
        |terms: &str, most: usize| search(workspace, &inputs, moment, terms, most).map_err(|error| error.to_string());
    Ok(use_it(&Briefing {
        harness: &harness,
        layout,
        surfaces: &SurfaceTable::of(&workspace.manifest.harness),
        ops: &ops,
        offers: &offers,
        train: &train,
        traces: &traces,
        rejected: &rejected,
        run_student: &|_, _| Vec::new(),
        search_traces: &search_traces,
        score: &|task: &Task, _| Err(format!("a read-only tool cannot score {}", task.task_id)),
        tell: &|_| {},
        session: session.map_or("", |session| session.id.as_str()),
        seed: 0,
    }))
}

/// The harness that edits have to apply to: the base of the open session, else that at HEAD, else the files on disk.
fn harness(workspace: &Workspace, inputs: &Inputs, session: Option<&Session>) -> Result<Harness, RunError> {
    let baseline: Option<Baseline> = session.and_then(|session| session.read("baseline.json").ok().flatten());
    match baseline
        .map(|baseline| baseline.harness_commit)
        .or(inputs.head()?.cloned())
    {
        Some(commit) => inputs.harness_at(&commit),
        None => workspace.harness(),
    }
}
