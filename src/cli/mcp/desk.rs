//! The diagnostic tools, on the driven session's briefing; every call is noted in the session.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::driven::{Driven, failure};
use crate::diagnostic::{self, Desk, Told};
use crate::manifest::programs::Part;
use crate::pipeline::RunError;
use crate::pipeline::briefing;
use crate::pipeline::permitted;
use crate::pipeline::run_phase::CALLS;
use crate::pipeline::state::settled;
use crate::pipeline::workspace::Workspace;
use crate::session::Session;

/// Calls a diagnostic tool.
pub fn call(driven: &Driven, name: &str, arguments: &Map<String, Value>) -> Answer {
    match told(driven, name, arguments) {
        Ok(told) => Answer {
            is_error: told.text.starts_with("{\"error\":"),
            text: told.text,
        },
        Err(answer) => answer,
    }
}

fn told(driven: &Driven, name: &str, arguments: &Map<String, Value>) -> Result<Told, Answer> {
    let session = driven.ready()?;
    let workspace = driven.workspace()?;
    may_call(&workspace, name).map_err(|error| failure(error.into()))?;
    let compare = |student: &str, teacher: &str, query: &str| workspace.compare(student, teacher, query);
    let ask = |briefing: &crate::port::Briefing| {
        let desk = Desk {
            briefing,
            redactor: &workspace.redactor,
            answer: None,
            compare: workspace.judge.is_some().then_some(&compare),
        };
        diagnostic::call(&desk, name, arguments)
    };
    let told = briefing::within(&workspace, &session, |run| briefing::lend(run, ask));
    let told = told.map_err(|error| failure(error.into()))?;
    note(&workspace, &session, name, arguments, &told);
    Ok(told)
}

/// Refuses a tool that asks the student or the judge, where nobody approved it.
fn may_call(workspace: &Workspace, name: &str) -> Result<(), RunError> {
    match name {
        "run_student_on_task" => permitted::without_teacher(workspace, &["baseline"]),
        "compare_outputs" => Ok(workspace.permission.check(&[Part::Judge])?),
        _ => workspace.may_read(),
    }
}

/// Notes a call, for as long as the session is open. What cannot be noted is no reason to keep the answer back.
fn note(workspace: &Workspace, session: &Session, name: &str, arguments: &Map<String, Value>, told: &Told) {
    if session.record().ok().flatten().as_ref().is_none_or(settled) {
        return;
    }
    let mut line = json!({"call": name, "arguments": arguments, "characters": told.text.len(), "traces": told.traces});
    workspace.redactor.value(&mut line["arguments"]);
    let path = session.path(CALLS);
    let root = &workspace.root;
    let folder = path.parent().map_or(Ok(()), |folder| root.make_folder(folder));
    if let Err(error) = folder.and_then(|()| root.append(&path, &format!("{line}\n"))) {
        tracing::warn!(%error, "a call could not be noted");
    }
}
