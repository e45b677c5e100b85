//! Refuses a bundle with an edit that the present gate tasks left undecided. It is in the bundle because it seemed to help
//! on these tasks, so they would confirm it too easily.

use std::collections::BTreeSet;

use super::{ExecuteContext, ExecuteInput};
use crate::artifact::counted;
use crate::artifact::edit::{Edit, Op};
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::record::GateRecord;
use crate::artifact::outcome::Outcome;
use crate::workspace::error::RunError;
use crate::workspace::session::OUTCOMES;

/// Why a bundle cannot be tried on the present gate tasks; `None` for other edits, and if none of its members was left
/// undecided on any of them, whatever the harness was.
///
/// # Errors
/// The sessions cannot be listed.
pub(super) fn refusal(
    edit: &Edit,
    input: &ExecuteInput,
    execution: &ExecuteContext,
) -> Result<Option<String>, RunError> {
    if edit.op != Op::Several {
        return Ok(None);
    }
    let gate: BTreeSet<&str> = input.gate.tasks.iter().map(|task| task.task_id.as_str()).collect();
    let sessions = execution.context.workspace.sessions()?;
    for (at, member) in edit.parts().iter().enumerate() {
        let file = format!("{OUTCOMES}{}.json", member.digest());
        for session in &sessions {
            // A session that cannot be read reports that itself.
            let outcome: Option<Outcome> = session.read(&file).ok().flatten();
            let record = outcome.and_then(|outcome| outcome.gate).filter(is_open);
            let tasks = record.map_or(0, |record| tried_on(&record, &gate));
            if tasks > 0 {
                return Ok(Some(format!(
                    "edits[{at}] ({}) was tried in {} on {} of this benchmark and left undecided, so the same tasks cannot \
                     confirm it; exchange all gate tasks (`kaizen bench refresh --share 1`) and propose it in a later session",
                    member.title(),
                    session.id,
                    counted(tasks, "gate task")
                )));
            }
        }
    }
    Ok(None)
}

/// Whether a trial ended between an accept and a reject, by what it saw.
fn is_open(record: &GateRecord) -> bool {
    matches!(
        record.reason,
        GateReason::Likely
            | GateReason::Open
            | GateReason::CategoryFell
            | GateReason::Inconclusive
            | GateReason::OverallUnproven
    )
}

/// The number of these tasks on which a trial ran.
fn tried_on(record: &GateRecord, gate: &BTreeSet<&str>) -> usize {
    let tried: BTreeSet<&str> = record.pairs.iter().map(|pair| pair.task.as_str()).collect();
    tried.intersection(gate).count()
}
