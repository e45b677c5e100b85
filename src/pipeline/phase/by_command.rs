//! Runs a program as the teacher: in a folder with the briefing, it writes a diagnosis and, when run again, a plan.

use std::time::Duration;

use serde_json::json;

use super::PhaseOutput;
use super::by_files::taken_plan;
use crate::artifact::{Artifact, counted, diagnosis};
use crate::manifest::programs;
use crate::pipeline::briefing;
use crate::pipeline::context::Context;
use crate::sys::process::Program;
use crate::teacher;
use crate::teacher::submitted;
use crate::workspace::error::RunError;

/// Lets the program diagnose.
pub(super) fn diagnosis(context: &Context) -> Result<PhaseOutput, RunError> {
    let text = ask(context, "diagnose", diagnosis::FILE)?;
    submitted::diagnosis(&text, &context.base_harness()?).map_err(context.failed("diagnose"))?;
    let clusters = teacher::plan::stated(&text);
    let read: Vec<String> = clusters
        .iter()
        .flat_map(|cluster| cluster.sample_trace_ids.clone())
        .collect();
    let evidence = teacher::diagnose::evidence(
        &context.inputs.evidence(context.moment()?)?,
        &read,
        &context.workspace.redactor,
    );
    let log = format!(
        "{}\n",
        json!({"call": "program", "run": context.manifest().teacher.run})
    );
    Ok(PhaseOutput {
        summary: format!(
            "{} of failures, by the program of [teacher]",
            counted(clusters.len(), "cluster")
        ),
        files: vec![
            (diagnosis::FILE.into(), text),
            ("evidence.jsonl".into(), evidence),
            ("teacher/diagnose.jsonl".into(), log),
        ],
    })
}

/// Lets the program plan.
pub(super) fn plan(context: &Context) -> Result<PhaseOutput, RunError> {
    let text = ask(context, "plan", "plan.json")?;
    let plan = taken_plan(context, &text, "command")?;
    let log = format!(
        "{}\n",
        json!({"call": "program", "run": context.manifest().teacher.run})
    );
    Ok(PhaseOutput {
        summary: format!("{}, by the program of [teacher]", counted(plan.edits.len(), "edit")),
        files: vec![("plan.json".into(), plan.to_text()), ("teacher/plan.jsonl".into(), log)],
    })
}

/// Runs the program. Its answer is the file that it writes or, without one, its standard output.
fn ask(context: &Context, phase: &'static str, file: &str) -> Result<String, RunError> {
    let (workspace, teacher) = (context.workspace, &context.manifest().teacher);
    let mut files = briefing::files(context, "this folder, the working directory of your program")?;
    if phase == "plan" {
        let text = context
            .inputs
            .held_out()?
            .artifact(diagnosis::FILE, &context.text(diagnosis::FILE)?);
        files.push((diagnosis::FILE.into(), text.into_bytes()));
    }
    let consent = workspace.permission.consent()?;
    let program = Program {
        consent: &consent,
        run: &teacher::command::from_folder(&teacher.run, &workspace.root, &programs::files_for_teacher()),
        folder: &workspace.own(&format!("scratch/teacher-{phase}")),
        withheld: &context.manifest().withheld(&teacher.env),
        // The path of the workspace is not passed, because a teacher must not read the benchmark in it.
        variables: vec![("KAIZEN_PHASE", phase.into())],
        timeout: Some(Duration::from_secs(teacher.timeout_seconds)),
        bounds: None,
    };
    let question = json!({"phase": phase, "session": context.session.id}).to_string();
    teacher::command::ask_teacher(&workspace.root, &program, files, &question, file).map_err(context.failed(phase))
}
