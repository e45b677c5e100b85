//! Diagnose, with a briefing.

use super::brief::{brief, gave_up, log_text};
use super::{Author, PhaseOutput, Run, by_command, by_files};
use crate::artifact::diagnosis;
use crate::teacher;
use crate::teacher::submitted;
use crate::workspace::error::RunError;

pub(super) fn diagnose(run: &Run) -> Result<PhaseOutput, RunError> {
    match run.author("diagnose")? {
        Author::Files => return by_files::diagnosis(run),
        Author::Command => return by_command::diagnosis(run),
        Author::Teacher => {}
    }
    let traces = run.view.inputs.evidence(run.moment()?)?;
    let workspace = run.view.workspace;
    let (teacher, redactor) = (workspace.teacher.as_ref(), &workspace.redactor);
    let (diagnosed, runs) = brief(run, &traces, |briefing| {
        teacher::diagnose::diagnose(teacher, briefing, redactor)
    })?;
    let diagnosed = diagnosed.or_else(|failure| gave_up(run, "diagnose", failure, &runs))?;
    submitted::without_secrets(diagnosis::FILE, &diagnosed.markdown, &run.base_harness()?)
        .map_err(run.failed("diagnose"))?;
    let summary = format!(
        "{} clusters of failures",
        teacher::plan::stated(&diagnosed.markdown).len()
    );
    let files = vec![
        (diagnosis::FILE.to_owned(), diagnosed.markdown),
        ("evidence.jsonl".to_owned(), diagnosed.evidence),
        ("teacher/diagnose.jsonl".to_owned(), log_text(&diagnosed.log, &runs)),
    ];
    Ok(PhaseOutput { files, summary })
}
