//! Calls the diagnostic tools: read-only ones work without a session; others use the session's briefing.

use serde_json::{Map, Value, json};

use super::driven_session::{DrivenSession, failure};
use super::result::McpAnswer;
use super::tools::only_reads;
use crate::manifest::programs::ManifestPart;
use crate::pipeline::phase::CALLS;
use crate::pipeline::state::settled;
use crate::pipeline::{briefing, offline_briefing, permissions};
use crate::teacher::tool::{ToolContext, ToolOutput};
use crate::teacher::{Briefing, tool};
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::session::Session;

/// Calls a diagnostic tool.
pub(crate) fn call(driven: &DrivenSession, name: &str, arguments: &Map<String, Value>) -> McpAnswer {
    let answer = match only_reads(name) {
        true => looked(driven, name, arguments),
        false => worked(driven, name, arguments),
    };
    match answer {
        Ok(answer) => McpAnswer {
            is_error: answer.text.starts_with("{\"error\":"),
            text: answer.text,
            note: answer.note,
        },
        Err(answer) => answer,
    }
}

/// Calls a tool that only reads. It needs no session, starts none and writes nothing. The call is logged once there is
/// a session.
fn looked(driven: &DrivenSession, name: &str, arguments: &Map<String, Value>) -> Result<ToolOutput, McpAnswer> {
    let workspace = driven.onlooker()?;
    let session = driven.session()?;
    let ask = |briefing: &Briefing| match briefing.traces.is_empty() && name.ends_with("_traces") {
        true => Err(McpAnswer::error(
            "there are no usable traces; add some with kaizen traces import or [traces] in kaizen.toml",
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
    let answer = offline_briefing::look(&workspace, session.as_ref(), ask).map_err(|error| failure(error.into()))??;
    driven.note(line(&workspace, name, arguments, &answer));
    Ok(answer)
}

/// Calls a tool that runs the agent or asks a judge. Starts a session if none is open.
fn worked(driven: &DrivenSession, name: &str, arguments: &Map<String, Value>) -> Result<ToolOutput, McpAnswer> {
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
    let answer = briefing::within(&workspace, &session, |run| briefing::lend(run, ask));
    let answer = answer.map_err(|error| failure(error.into()))?;
    driven.note(line(&workspace, name, arguments, &answer));
    write_notes(driven, &session);
    Ok(answer)
}

/// Refuses a tool that needs the student or the judge, if that is not approved.
fn may_call(workspace: &Workspace, name: &str) -> Result<(), RunError> {
    match name {
        "run_student_on_task" => permissions::without_teacher(workspace, &["baseline"]),
        "compare_outputs" => Ok(workspace.permission.check(&[ManifestPart::Judge])?),
        _ => workspace.may_read(),
    }
}

fn line(workspace: &Workspace, name: &str, arguments: &Map<String, Value>, answer: &ToolOutput) -> String {
    let mut line =
        json!({"call": name, "arguments": arguments, "characters": answer.text.len(), "traces": answer.traces});
    workspace.redactor.value(&mut line["arguments"]);
    format!("{line}\n")
}

/// Appends the log lines so far to the session's call log, if the session is open. A failure is only logged, so that
/// the client gets its answer anyway.
pub(crate) fn write_notes(driven: &DrivenSession, session: &Session) {
    if session.record().ok().flatten().as_ref().is_none_or(settled) {
        return;
    }
    let path = session.path(CALLS);
    let folder = path
        .parent()
        .map_or(Ok(()), |folder| session.root().make_folder(folder));
    if let Err(error) = folder.and_then(|()| session.root().append(&path, &driven.take_notes())) {
        tracing::warn!(%error, "cannot write the log of calls");
    }
}
