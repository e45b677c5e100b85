//! What edits are compared with besides the present harness: the last commit that kaizen did not make.

use crate::harness::op::base::EditBase;
use crate::harness::op::growth::GrowthCaps;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;

/// The base of edits of this workspace. Without such a commit, texts may grow freely.
///
/// # Errors
/// git fails.
pub(crate) fn edit_base(workspace: &Workspace, inputs: &Inputs) -> Result<EditBase, RunError> {
    let rules = workspace.rules();
    if rules.surfaces.all().next().is_none() {
        return Ok(EditBase::default());
    }
    let Some(commit) = workspace.ledger.newest_of_people()? else {
        return Ok(EditBase::default());
    };
    let base = inputs.harness_at(&commit)?;
    let caps = GrowthCaps::of(&base, &rules.surfaces, workspace.manifest.harness.max_growth);
    Ok(EditBase::new(base, caps))
}
