//! Plans a refresh: draws the tasks and computes the new files, before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use super::RefreshError;
use super::rows::{Rows, TaskFile};
use crate::artifact::holdout_use::{HoldoutUse, RefreshLine};
use crate::artifact::task::Split;
use crate::eval::holdout;
use crate::eval::holdout::HoldoutWear;
use crate::eval::refresh::{Exchange, RefreshDraw, exchange, gate_after, with_lines, with_split, with_splits};
use crate::workspace::transaction::TaskFileChange;
use crate::workspace::{Workspace, holdout_log};

/// The planned refresh.
pub(crate) struct RefreshPlan {
    pub exchange: Exchange,
    pub line: RefreshLine,
    pub changes: Vec<TaskFileChange>,
    pub before: HoldoutWear,
    pub after: HoldoutWear,
}

/// Draws the tasks and computes the new files.
///
/// # Errors
/// There are no tasks to exchange.
pub(crate) fn planned(workspace: &Workspace, rows: &Rows, share: f64) -> Result<RefreshPlan, RefreshError> {
    let mut lines = holdout_log::read(workspace)?;
    let (gate, pool) = (rows.of(Split::Gate), rows.pool());
    if gate.is_empty() {
        return Err(RefreshError::NoGate);
    }
    let ids = || gate.iter().map(|task| task.task_id.as_str());
    let drawn = exchange(&RefreshDraw {
        gate: &gate,
        consulted: &holdout::counts(&lines, ids()),
        reserve: &pool,
        share,
        refreshes: holdout::refreshes(&lines),
    });
    if drawn.drawn.is_empty() {
        let short: Vec<&str> = drawn.short.keys().map(String::as_str).collect();
        return Err(RefreshError::NoReserve(short.join(", ")));
    }
    let worn_after = workspace.manifest.gate.worn_after;
    let before = holdout::wear(&lines, ids(), worn_after);
    let line = RefreshLine {
        at: workspace.clock.stamp(),
        retired: drawn.retired.clone(),
        drawn: drawn.drawn.clone(),
        extra: Default::default(),
    };
    lines.push(HoldoutUse::Refresh(line.clone()));
    Ok(RefreshPlan {
        changes: changes(rows, &drawn),
        before,
        after: holdout::wear(&lines, gate_after(&gate, &drawn), worn_after),
        exchange: drawn,
        line,
    })
}

/// The changed files with their new text.
fn changes(rows: &Rows, exchange: &Exchange) -> Vec<TaskFileChange> {
    let set = |ids: &[String]| -> BTreeSet<String> { ids.iter().cloned().collect() };
    let (retired, drawn) = (set(&exchange.retired), set(&exchange.drawn));
    let split = |id: &String| match () {
        () if retired.contains(id) => Some(Split::Train),
        () if drawn.contains(id) => Some(Split::Gate),
        () => None,
    };
    // The tasks of the file to draw from are added to the first file with gate tasks; those not needed become reserve
    // there.
    let of_gate = |file: &&TaskFile| file.tasks.values().any(|task| task.split() == Split::Gate);
    let home = rows.files.iter().find(of_gate).map(|file| file.path.as_str());
    let added = rows.offered.iter().filter_map(|(line, task)| {
        let split = split(&task.task_id).unwrap_or(Split::Reserve);
        with_split(line, split)
    });
    let added: Vec<String> = added.collect();
    let change = |file: &TaskFile| {
        let splits: BTreeMap<usize, Split> = file
            .tasks
            .iter()
            .filter_map(|(line, task)| Some((*line, split(&task.task_id)?)))
            .collect();
        let added = if home == Some(&file.path) { &added[..] } else { &[] };
        let text = with_lines(&with_splits(&file.text, &splits), added);
        (text != file.text).then(|| TaskFileChange::new(&file.path, &file.text, text))
    };
    rows.files.iter().filter_map(change).collect()
}
