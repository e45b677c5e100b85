//! A program as the teacher: it works in a folder that holds the briefing, and leaves a diagnosis, then a plan.

use std::time::Duration;

use serde_json::json;

use super::by_files::taken_plan;
use super::{PhaseOutput, Run};
use crate::artifact::{Artifact, diagnosis};
use crate::manifest::programs;
use crate::pipeline::briefing;
use crate::sys::process::Program;
use crate::teacher;
use crate::teacher::submitted;
use crate::workspace::error::RunError;

/// Lets the program diagnose.
pub(super) fn diagnosis(run: &Run) -> Result<PhaseOutput, RunError> {
    let text = ask(run, "diagnose", diagnosis::FILE)?;
    submitted::diagnosis(&text, &run.base_harness()?).map_err(run.failed("diagnose"))?;
    let clusters = teacher::plan::stated(&text);
    let read: Vec<String> = clusters
        .iter()
        .flat_map(|cluster| cluster.sample_trace_ids.clone())
        .collect();
    let evidence = teacher::diagnose::evidence(
        &run.view.inputs.evidence(run.moment()?)?,
        &read,
        &run.view.workspace.redactor,
    );
    let log = format!("{}\n", json!({"call": "program", "run": run.manifest().teacher.run}));
    Ok(PhaseOutput {
        summary: format!("{} clusters of failures, by the program of [teacher]", clusters.len()),
        files: vec![
            (diagnosis::FILE.into(), text),
            ("evidence.jsonl".into(), evidence),
            ("teacher/diagnose.jsonl".into(), log),
        ],
    })
}

/// Lets the program plan.
pub(super) fn plan(run: &Run) -> Result<PhaseOutput, RunError> {
    let text = ask(run, "plan", "plan.json")?;
    let plan = taken_plan(run, &text, "command")?;
    let log = format!("{}\n", json!({"call": "program", "run": run.manifest().teacher.run}));
    Ok(PhaseOutput {
        summary: format!("{} edits, by the program of [teacher]", plan.edits.len()),
        files: vec![("plan.json".into(), plan.to_text()), ("teacher/plan.jsonl".into(), log)],
    })
}

/// Runs the program; what it leaves as `file`, or prints, is its answer.
fn ask(run: &Run, phase: &'static str, file: &str) -> Result<String, RunError> {
    let (workspace, teacher) = (run.view.workspace, &run.manifest().teacher);
    let mut files = briefing::files(run, "this folder, the one that your program works in")?;
    if phase == "plan" {
        let text = run
            .view
            .inputs
            .held_out()?
            .artifact(diagnosis::FILE, &run.text(diagnosis::FILE)?);
        files.push((diagnosis::FILE.into(), text.into_bytes()));
    }
    let consent = workspace.permission.consent()?;
    let program = Program {
        consent: &consent,
        run: &teacher::command::from_folder(&teacher.run, &workspace.root, &programs::given_to_teacher()),
        folder: &workspace.own(&format!("scratch/teacher-{phase}")),
        withheld: &run.manifest().withheld(&teacher.env),
        // Not where the workspace is: a teacher has no business with the benchmark that lies there.
        variables: vec![("KAIZEN_PHASE", phase.into())],
        timeout: Some(Duration::from_secs(teacher.timeout_seconds)),
    };
    let question = json!({"phase": phase, "session": run.session.id}).to_string();
    teacher::command::ask_teacher(&workspace.root, &program, files, &question, file).map_err(run.failed(phase))
}
