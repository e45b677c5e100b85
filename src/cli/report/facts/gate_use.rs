//! How often the gate split was used, and by what.

use super::source::ReportSource;
use crate::artifact::holdout_use::HoldoutUse;
use crate::artifact::task::Split;
use crate::eval::holdout::{self, HoldoutWear};
use crate::workspace::error::RunError;

/// The uses of the gate split.
#[derive(Clone, Debug)]
pub(crate) struct GateUse {
    /// The number of gate tasks.
    pub tasks: usize,
    /// The uses in words.
    pub words: String,
    /// The wear.
    pub wear: HoldoutWear,
    /// Trials of edits, audits and prunes.
    pub kinds: [(&'static str, usize); 3],
}

impl GateUse {
    /// The uses so far.
    ///
    /// # Errors
    /// The benchmark cannot be read.
    pub(crate) fn of(source: &ReportSource) -> Result<Option<Self>, RunError> {
        if source.uses.is_empty() {
            return Ok(None);
        }
        let gate = source.inputs.benchmark()?.split(Split::Gate);
        let ids = gate.iter().map(|task| task.task_id.as_str());
        let wear = holdout::wear(&source.uses, ids, source.workspace.manifest.gate.worn_after);
        let count = |is: fn(&HoldoutUse) -> bool| source.uses.iter().filter(|line| is(line)).count();
        Ok(Some(Self {
            tasks: gate.len(),
            words: wear.words(),
            kinds: [
                ("trials of edits", count(|line| matches!(line, HoldoutUse::Edit(_)))),
                (
                    "audits",
                    count(|line| matches!(line, HoldoutUse::Audit(audit) if audit.split == Split::Gate.name())),
                ),
                ("prunes", count(|line| matches!(line, HoldoutUse::Prune(_)))),
            ],
            wear,
        }))
    }
}
