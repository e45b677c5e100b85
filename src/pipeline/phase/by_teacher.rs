//! Runs a built-in teacher: writes its diagnosis and plan, and a log of its calls.

use super::PhaseOutput;
use super::brief::{brief, gave_up, log_text};
use super::by_files::with_categories;
use crate::artifact::{Artifact, counted, diagnosis};
use crate::manifest::TeacherEngine;
use crate::pipeline::context::Context;
use crate::teacher;
use crate::teacher::{submitted, targets};
use crate::workspace::error::RunError;
use crate::workspace::event::Event;

pub(super) fn diagnose(context: &Context) -> Result<PhaseOutput, RunError> {
    tell(context, "diagnoses");
    let traces = context.inputs.evidence(context.moment()?)?;
    let workspace = context.workspace;
    let (teacher, redactor) = (workspace.teacher.as_ref(), &workspace.redactor);
    let (diagnosed, runs) = brief(context, &traces, |briefing| {
        teacher::diagnose::diagnose(teacher, briefing, redactor)
    })?;
    let diagnosed = diagnosed.or_else(|failure| gave_up(context, "diagnose", failure, &runs))?;
    submitted::without_secrets(diagnosis::FILE, &diagnosed.markdown, &context.base_harness()?)
        .map_err(context.failed("diagnose"))?;
    let summary = format!(
        "{} of failures",
        counted(teacher::plan::stated(&diagnosed.markdown).len(), "cluster")
    );
    let files = vec![
        (diagnosis::FILE.to_owned(), diagnosed.markdown),
        ("evidence.jsonl".to_owned(), diagnosed.evidence),
        ("teacher/diagnose.jsonl".to_owned(), log_text(&diagnosed.log, &runs)),
    ];
    Ok(PhaseOutput { files, summary })
}

/// Says that a language model works, because its answers can take minutes.
fn tell(context: &Context, does: &str) {
    let teacher = &context.manifest().teacher;
    if let Some(model) = teacher.model.as_ref().filter(|_| teacher.engine == TeacherEngine::Chat) {
        let url = teacher.chat().url().to_owned();
        let text = format!("the teacher {model} at {url} {does}; each answer may take minutes");
        (context.listener)(Event::Note { text });
    }
}

pub(super) fn plan(context: &Context) -> Result<PhaseOutput, RunError> {
    tell(context, "plans");
    let diagnosis = context.text(diagnosis::FILE)?;
    // A person may have mentioned gate tasks in the diagnosis; the teacher must not see them.
    let shown = context.inputs.held_out()?.artifact(diagnosis::FILE, &diagnosis);
    let traces = context.inputs.evidence(context.moment()?)?;
    let teacher = context.workspace.teacher.as_ref();
    let (planned, runs) = brief(context, &traces, |briefing| {
        teacher::plan::plan(teacher, briefing, context.manifest(), &shown)
    })?;
    let (planned, clusters) = planned.or_else(|failure| gave_up(context, "plan", failure, &runs))?;
    let log = log_text(&planned.log, &runs);
    let summary = match planned.beyond_the_limit {
        0 if planned.edits.is_empty() && context.manifest().teacher.engine == TeacherEngine::Rules => {
            let layout = &context.manifest().harness.layout;
            format!("0 edits: {}", targets::why_empty(layout, !clusters.is_empty()))
        }
        0 => counted(planned.edits.len(), "edit"),
        more => format!(
            "{}; {more} more were dropped, because [teacher] max_edits allows no more",
            counted(planned.edits.len(), "edit")
        ),
    };
    let name = teacher.identity()["engine"].as_str().unwrap_or("teacher").to_owned();
    let plan = with_categories(
        context,
        teacher::plan::artifact(
            &context.session.id,
            &diagnosis,
            clusters,
            planned,
            &name,
            context.workspace.clock.stamp(),
        ),
    )?;
    let text = plan.to_text();
    submitted::without_secrets("plan.json", &text, &context.base_harness()?).map_err(context.failed("plan"))?;
    Ok(PhaseOutput {
        files: vec![("plan.json".into(), text), ("teacher/plan.jsonl".into(), log)],
        summary,
    })
}
