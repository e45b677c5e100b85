//! Checks of the judge and of the prices of language models.

use super::{DoctorRow, bad, failed, good};
use crate::artifact::counted;
use crate::artifact::task::{Scorer, Split};
use crate::eval::score::NO_JUDGE;
use crate::harness::home::ParsedHome;
use crate::llm::price;
use crate::manifest::StudentEngine;
use crate::pipeline::student_choice;
use crate::workspace::Workspace;
use crate::workspace::inputs::Inputs;

/// Whether there is a judge if a task needs one.
pub(super) fn judge(workspace: &Workspace, inputs: &Inputs) -> DoctorRow {
    let tasks = match inputs.benchmark() {
        Ok(benchmark) => &benchmark.tasks,
        Err(error) => return failed("judge", error),
    };
    let judged = tasks
        .iter()
        .filter(|task| task.scorer == Scorer::Judge && task.split() != Split::Reserve);
    let (count, model) = (judged.count(), workspace.manifest.judge().and_then(|judge| judge.model));
    match (count, model) {
        (0, _) => good("judge", "no task needs one".to_owned()),
        (_, Some(model)) => good("judge", format!("{model}, for {}", counted(count, "task"))),
        (_, None) => bad("judge", format!("{} need one", counted(count, "task")), NO_JUDGE),
    }
}

/// Whether the prices of all models are known: without them, a limit of the cost cannot be kept.
pub(super) fn prices(workspace: &Workspace) -> DoctorRow {
    let manifest = &workspace.manifest;
    let stated = manifest.models().into_iter().filter_map(|(_, chat)| chat.model);
    let mut unknown: Vec<String> = stated
        .chain(model_of_harness(workspace))
        .filter(|model| price::of(model, &manifest.prices).is_none())
        .collect();
    unknown.dedup();
    match (unknown.first(), manifest.session.max_cost_usd) {
        (None, _) => good("prices", "all are known".to_owned()),
        (Some(_), None) => good(
            "prices",
            format!("unknown for {}; no limit of the cost is set", unknown.join(", ")),
        ),
        (Some(model), Some(_)) => bad(
            "prices",
            format!(
                "unknown for {}, so [session] max_cost_usd cannot be kept",
                unknown.join(", ")
            ),
            format!(
                "set [prices.\"{model}\"]: input and output in dollars per million tokens, 0.0 for your own server"
            ),
        ),
    }
}

/// The model that the agent's own files name for a chat student.
fn model_of_harness(workspace: &Workspace) -> Option<String> {
    let manifest = &workspace.manifest;
    let harness = workspace.harness().ok()?;
    let named = student_choice::foreign_model(&ParsedHome::new(&harness, &manifest.harness.layout));
    named.filter(|_| manifest.student.engine() == StudentEngine::Chat)
}
