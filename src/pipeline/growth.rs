//! The caps on the growth of texts, from the last commit that kaizen did not make.

use crate::harness::op::growth::GrowthCaps;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;

/// How far edits may let the texts of this workspace grow. Without such a commit, the texts may grow freely.
///
/// # Errors
/// git fails.
pub(crate) fn growth_caps(workspace: &Workspace, inputs: &Inputs) -> Result<GrowthCaps, RunError> {
    let rules = workspace.rules();
    if rules.surfaces.all().next().is_none() {
        return Ok(GrowthCaps::default());
    }
    let Some(commit) = workspace.ledger.newest_of_people()? else {
        return Ok(GrowthCaps::default());
    };
    let base = inputs.harness_at(&commit)?;
    Ok(GrowthCaps::of(
        &base,
        &rules.surfaces,
        workspace.manifest.harness.max_growth,
    ))
}
