//! Plan, with a briefing.

use super::brief::{brief, gave_up, log_text};
use super::{Author, PhaseOutput, Run, by_command, by_files};
use crate::artifact::{Artifact, diagnosis};
use crate::teacher;
use crate::teacher::submitted;
use crate::workspace::error::RunError;

pub(super) fn plan(run: &Run) -> Result<PhaseOutput, RunError> {
    match run.author("plan")? {
        Author::Files => return by_files::plan(run),
        Author::Command => return by_command::plan(run),
        Author::Teacher => {}
    }
    let diagnosis = run.text(diagnosis::FILE)?;
    // A person may have written about gate tasks; the teacher may not read of them.
    let shown = run.view.inputs.held_out()?.artifact(diagnosis::FILE, &diagnosis);
    let traces = run.view.inputs.evidence(run.moment()?)?;
    let teacher = run.view.workspace.teacher.as_ref();
    let (planned, runs) = brief(run, &traces, |briefing| {
        teacher::plan::plan(teacher, briefing, run.manifest(), &shown)
    })?;
    let (planned, clusters) = planned.or_else(|failure| gave_up(run, "plan", failure, &runs))?;
    let log = log_text(&planned.log, &runs);
    let summary = format!("{} edits", planned.edits.len());
    let name = teacher.identity()["engine"].as_str().unwrap_or("teacher").to_owned();
    let plan = teacher::plan::artifact(
        &run.session.id,
        &diagnosis,
        clusters,
        planned,
        &name,
        run.view.workspace.clock.stamp(),
    );
    let text = plan.to_text();
    submitted::without_secrets("plan.json", &text, &run.base_harness()?).map_err(run.failed("plan"))?;
    Ok(PhaseOutput {
        files: vec![("plan.json".into(), text), ("teacher/plan.jsonl".into(), log)],
        summary,
    })
}
