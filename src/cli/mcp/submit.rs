//! Submissions: writes a diagnosis or a plan to the session's directory.

use serde_json::{Map, Value, json};

use super::diagnostic_tools;
use super::driven_session::{DrivenSession, failure};
use super::result::McpAnswer;
use super::submission::{self, Submission};
use crate::pipeline::briefing;
use crate::pipeline::context::Context;
use crate::pipeline::submitted::{self, SubmissionResult};
use crate::teacher::tool::ArgumentProblem;
use crate::workspace::error::RunError;
use crate::workspace::session::Session;

/// Checks a submission and writes it.
type Writing<'a> = dyn Fn(&Context) -> Result<SubmissionResult, RunError> + 'a;

/// Submits a diagnosis. `unfit` are the problems of its arguments.
pub(crate) fn diagnosis(driven: &DrivenSession, given: &Map<String, Value>, unfit: &[ArgumentProblem]) -> McpAnswer {
    let list = given.get("clusters").and_then(Value::as_array);
    // An empty list beside `markdown` is an argument that a client cannot leave out.
    let clusters = list.filter(|list| !list.is_empty() || !given.contains_key("markdown"));
    let problems = submitted::cluster_problems(clusters.map_or(&[], Vec::as_slice), unfit);
    if !problems.is_empty() {
        return McpAnswer::problems(&problems);
    }
    let write: Box<Writing> = match (given.get("narrative"), clusters, given.get("markdown")) {
        (Some(Value::String(narrative)), Some(clusters), None) => {
            Box::new(move |context| submitted::clusters(context, narrative, clusters))
        }
        (None, None, Some(Value::String(text))) => Box::new(move |context| submitted::markdown(context, text)),
        _ => {
            return McpAnswer::error(
                "give `narrative` (a text) with `clusters` (a list), or `markdown` (a text) alone",
            );
        }
    };
    let call = SubmitCall {
        name: "submit_diagnosis",
        file: submitted::DIAGNOSIS,
        next: "submit_plan",
    };
    take(driven, driven.open(), &call, &*write)
}

/// Submits a plan. `unfit` are the problems of its arguments.
pub(crate) fn plan(driven: &DrivenSession, given: &Map<String, Value>, unfit: &[ArgumentProblem]) -> McpAnswer {
    let Some(Value::Array(mut edits)) = given.get("edits").cloned() else {
        let messages: Vec<String> = unfit.iter().map(|problem| problem.message.clone()).collect();
        return McpAnswer::problems(&messages);
    };
    // The schema of a payload depends on the op, so lists in it may still be text.
    for edit in &mut edits {
        edit.get_mut("payload").map(unpack);
        let variants = edit.get_mut("variants").and_then(Value::as_array_mut);
        variants.into_iter().flatten().for_each(unpack);
    }
    match driven.session() {
        Ok(Some(session)) if session.path(submitted::DIAGNOSIS).is_file() => {}
        Ok(_) => return McpAnswer::error("there is no diagnosis yet: submit_diagnosis first"),
        Err(answer) => return answer,
    }
    let session = driven.ready();
    let author = driven.author();
    let write = |context: &Context| submitted::plan(context, &edits, unfit, &author);
    let call = SubmitCall {
        name: "submit_plan",
        file: submitted::PLAN,
        next: "start_benchmark, then poll_benchmark",
    };
    take(driven, session, &call, &write)
}

/// Reads the list of examples in a payload if it is text.
fn unpack(payload: &mut Value) {
    if let Some(exemplars) = payload.get_mut("exemplars") {
        let packed = exemplars.as_str().and_then(|text| serde_json::from_str(text).ok());
        *exemplars = packed.filter(Value::is_array).unwrap_or_else(|| exemplars.take());
    }
}

/// A tool that submits a file.
struct SubmitCall {
    name: &'static str,
    file: &'static str,
    next: &'static str,
}

fn take(driven: &DrivenSession, session: Result<Session, McpAnswer>, call: &SubmitCall, write: &Writing) -> McpAnswer {
    if driven.is_running() {
        return McpAnswer::error("a run is in progress: poll_benchmark until it is done");
    }
    session
        .and_then(|session| taken(driven, &session, call, write))
        .unwrap_or_else(|answer| answer)
}

fn taken(
    driven: &DrivenSession,
    session: &Session,
    call: &SubmitCall,
    write: &Writing,
) -> Result<McpAnswer, McpAnswer> {
    let workspace = driven.workspace()?;
    diagnostic_tools::write_notes(driven, session);
    let others = submission::in_its_place(driven, session, call.file)?;
    let mut notes = match briefing::within(&workspace, session, write).map_err(|error| failure(error.into()))? {
        Ok(notes) => notes,
        Err(problems) => return Ok(McpAnswer::problems(&problems)),
    };
    let submission = Submission::of(driven, session, call.name, call.file)?;
    driven.note(submission.line());
    driven.remember(submission);
    diagnostic_tools::write_notes(driven, session);
    notes.extend(others);
    notes.extend(submission::replaced(driven, session)?);
    Ok(McpAnswer::json(&json!({
        "written": format!("{}/{}", session.relative(), call.file), "notes": notes, "next": call.next
    })))
}
