//! Takes the diagnosis and the plan from files that a person or an agent wrote.

use std::collections::BTreeMap;

use super::PhaseOutput;
use crate::artifact::plan::Plan;
use crate::artifact::{Artifact, counted, diagnosis};
use crate::pipeline::context::Context;
use crate::teacher;
use crate::teacher::submitted;
use crate::workspace::error::RunError;

/// The log of an agent's calls of kaizen's diagnostic tools.
pub(crate) const CALLS: &str = "teacher/calls.jsonl";

/// Takes the diagnosis without changing its bytes.
pub(super) fn diagnosis(context: &Context) -> Result<PhaseOutput, RunError> {
    let text = context.text(diagnosis::FILE)?;
    submitted::diagnosis(&text, &context.base_harness()?).map_err(context.failed("diagnose"))?;
    let clusters = teacher::plan::stated(&text);
    let log = context.session.text(CALLS)?.unwrap_or_default();
    let mut read: Vec<String> = clusters
        .iter()
        .flat_map(|cluster| cluster.sample_trace_ids.clone())
        .collect();
    read.extend(shown(&log));
    let evidence = teacher::diagnose::evidence(
        &context.inputs.evidence(context.moment()?)?,
        &read,
        &context.workspace.redactor,
    );
    Ok(PhaseOutput {
        files: vec![
            ("evidence.jsonl".into(), evidence),
            ("teacher/diagnose.jsonl".into(), log),
        ],
        summary: format!(
            "{} of failures, as written in {}",
            counted(clusters.len(), "cluster"),
            diagnosis::FILE
        ),
    })
}

/// The ids of the traces that kaizen's tools showed to an agent.
fn shown(log: &str) -> Vec<String> {
    let calls = log
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    calls
        .filter_map(|call| serde_json::from_value::<Vec<String>>(call["traces"].clone()).ok())
        .flatten()
        .collect()
}

/// Parses a plan that somebody wrote, and completes it.
pub(crate) fn taken_plan(context: &Context, text: &str, teacher: &str) -> Result<Plan, RunError> {
    let around = submitted::PlanContext {
        session: &context.session.id,
        diagnosis: &context.text(diagnosis::FILE)?,
        teacher,
        now: context.workspace.clock.stamp(),
    };
    let plan = submitted::plan(text, around, &context.base_harness()?, context.manifest());
    with_categories(context, plan.map_err(context.failed("plan"))?)
}

/// The plan, in which a cluster without a category has the one that its tasks share.
pub(super) fn with_categories(context: &Context, plan: Plan) -> Result<Plan, RunError> {
    let tasks = &context.inputs.benchmark()?.tasks;
    let categories: BTreeMap<&str, &str> = tasks
        .iter()
        .map(|task| (task.task_id.as_str(), task.category.as_str()))
        .collect();
    Ok(plan.with_categories(|task| categories.get(task).copied()))
}

/// Takes the plan and completes it. If that changes the file, the author's version goes to the attic.
pub(super) fn plan(context: &Context) -> Result<PhaseOutput, RunError> {
    let text = context.text("plan.json")?;
    let plan = taken_plan(context, &text, "files")?;
    Ok(PhaseOutput {
        summary: format!("{}, as written in plan.json", counted(plan.edits.len(), "edit")),
        files: vec![
            ("plan.json".into(), plan.to_text()),
            ("teacher/plan.jsonl".into(), String::new()),
        ],
    })
}
