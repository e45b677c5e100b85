//! The diagnostic tools: on what is there already, or on the driven session's briefing where the agent or a judge is run.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::driven::{Driven, failure};
use super::tools::only_reads;
use crate::manifest::programs::Part;
use crate::pipeline::run_phase::CALLS;
use crate::pipeline::state::settled;
use crate::pipeline::{briefing, looking, permitted};
use crate::teacher::tool::{ToolContext, ToolOutput};
use crate::teacher::{Briefing, tool};
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::session::Session;

/// Calls a diagnostic tool.
pub(crate) fn call(driven: &Driven, name: &str, arguments: &Map<String, Value>) -> Answer {
    let told = match only_reads(name) {
        true => looked(driven, name, arguments),
        false => worked(driven, name, arguments),
    };
    match told {
        Ok(told) => Answer {
            is_error: told.text.starts_with("{\"error\":"),
            text: told.text,
        },
        Err(answer) => answer,
    }
}

/// A tool that only reads: it needs no session, begins none and writes nothing. The call is noted once there is a session.
fn looked(driven: &Driven, name: &str, arguments: &Map<String, Value>) -> Result<ToolOutput, Answer> {
    let workspace = driven.onlooker()?;
    let session = driven.session()?;
    let ask = |briefing: &Briefing| match briefing.traces.is_empty() && name.ends_with("_traces") {
        true => Err(Answer::error(
            "there are no traces that can be evidence; kaizen traces import or [traces] in kaizen.toml brings some",
        )),
        false => {
            let desk = ToolContext {
                briefing,
                redactor: &workspace.redactor,
                answer: None,
                compare: None,
            };
            Ok(tool::call(&desk, name, arguments))
        }
    };
    let told = looking::look(&workspace, session.as_ref(), ask).map_err(|error| failure(error.into()))??;
    driven.note(line(&workspace, name, arguments, &told));
    Ok(told)
}

/// A tool that runs the agent or asks a judge: it begins a session if none is open.
fn worked(driven: &Driven, name: &str, arguments: &Map<String, Value>) -> Result<ToolOutput, Answer> {
    let session = driven.ready()?;
    let workspace = driven.workspace()?;
    may_call(&workspace, name).map_err(|error| failure(error.into()))?;
    let compare = |student: &str, teacher: &str, query: &str| workspace.compare(student, teacher, query);
    let ask = |briefing: &Briefing| {
        let desk = ToolContext {
            briefing,
            redactor: &workspace.redactor,
            answer: None,
            compare: workspace.judge.is_some().then_some(&compare),
        };
        tool::call(&desk, name, arguments)
    };
    let told = briefing::within(&workspace, &session, |run| briefing::lend(run, ask));
    let told = told.map_err(|error| failure(error.into()))?;
    driven.note(line(&workspace, name, arguments, &told));
    write_notes(driven, &session);
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

fn line(workspace: &Workspace, name: &str, arguments: &Map<String, Value>, told: &ToolOutput) -> String {
    let mut line = json!({"call": name, "arguments": arguments, "characters": told.text.len(), "traces": told.traces});
    workspace.redactor.value(&mut line["arguments"]);
    format!("{line}\n")
}

/// Writes the calls that were noted so far into the session, for as long as it is open. What cannot be noted is no reason
/// to keep an answer back.
pub(crate) fn write_notes(driven: &Driven, session: &Session) {
    if session.record().ok().flatten().as_ref().is_none_or(settled) {
        return;
    }
    let path = session.path(CALLS);
    let folder = path
        .parent()
        .map_or(Ok(()), |folder| session.root().make_folder(folder));
    if let Err(error) = folder.and_then(|()| session.root().append(&path, &driven.take_notes())) {
        tracing::warn!(%error, "calls could not be noted");
    }
}
