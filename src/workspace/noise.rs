//! Noise: whether today's student was seen to answer alike, as the newest baseline and the trials of its session say.

use crate::artifact::outcome::Outcome;
use crate::workspace::cache_epoch::own_baseline;
use crate::workspace::error::RunError;
use crate::workspace::{Workspace, session};

/// Whether two runs of the same thing differed; `None` where nobody looked.
///
/// # Errors
/// A session cannot be read.
pub(crate) fn noisy(workspace: &Workspace) -> Result<Option<bool>, RunError> {
    for session in session::all(&workspace.root)?.iter().rev() {
        let Some(probe) = own_baseline(session, &workspace.student.identity()).and_then(|baseline| baseline.probe)
        else {
            continue;
        };
        let flaky = session.outcomes()?.values().any(Outcome::is_flaky);
        return Ok(Some(flaky || probe.is_noisy()));
    }
    Ok(None)
}
