//! Submissions: writes a diagnosis or a plan to the session's directory.

use serde_json::{Map, Value, json};

use super::diagnostic_tools;
use super::driven_session::{DrivenSession, failure};
use super::result::McpAnswer;
use crate::pipeline::briefing;
use crate::pipeline::context::Context;
use crate::pipeline::submitted::{self, SubmissionResult};
use crate::workspace::error::RunError;
use crate::workspace::session::Session;

/// Checks a submission and writes it.
type Writing<'a> = dyn Fn(&Context) -> Result<SubmissionResult, RunError> + 'a;

/// Submits a diagnosis.
pub(crate) fn diagnosis(driven: &DrivenSession, arguments: &Map<String, Value>) -> McpAnswer {
    // Some clients send every optional argument, empty.
    let given = |name: &str| arguments.get(name).filter(|value| !value.is_null() && *value != "");
    let clusters = given("clusters").map(unpacked);
    let clusters = clusters.filter(|clusters| given("markdown").is_none() || *clusters != json!([]));
    let write: Box<Writing> = match (given("narrative"), clusters, given("markdown")) {
        (Some(Value::String(narrative)), Some(Value::Array(clusters)), None) => {
            Box::new(move |context| submitted::clusters(context, narrative, &clusters))
        }
        (None, None, Some(Value::String(text))) => Box::new(move |context| submitted::markdown(context, text)),
        _ => {
            return McpAnswer::error(
                "give `narrative` (a text) with `clusters` (a list), or `markdown` (a text) alone",
            );
        }
    };
    take(driven, driven.open(), submitted::DIAGNOSIS, "submit_plan", &*write)
}

/// A list or an object, which some clients send as JSON text.
fn unpacked(value: &Value) -> Value {
    let packed = value.as_str().and_then(|text| serde_json::from_str(text).ok());
    let packed = packed.filter(|found: &Value| found.is_array() || found.is_object());
    packed.unwrap_or_else(|| value.clone())
}

/// Submits a plan.
pub(crate) fn plan(driven: &DrivenSession, arguments: &Map<String, Value>) -> McpAnswer {
    let Some(Value::Array(mut edits)) = arguments.get("edits").map(unpacked) else {
        return McpAnswer::error("`edits` must be a list of edits");
    };
    edits.iter_mut().for_each(|edit| *edit = unpacked(edit));
    for payload in edits.iter_mut().filter_map(|edit| edit.get_mut("payload")) {
        *payload = unpacked(payload);
        if let Some(exemplars) = payload.get_mut("exemplars") {
            *exemplars = unpacked(exemplars);
        }
    }
    match driven.session() {
        Ok(Some(session)) if session.path(submitted::DIAGNOSIS).is_file() => {}
        Ok(_) => return McpAnswer::error("there is no diagnosis yet: submit_diagnosis first"),
        Err(answer) => return answer,
    }
    let session = driven.ready();
    let author = driven.author();
    let write = |context: &Context| submitted::plan(context, &edits, &author);
    take(
        driven,
        session,
        submitted::PLAN,
        "start_benchmark, then poll_benchmark",
        &write,
    )
}

fn take(
    driven: &DrivenSession,
    session: Result<Session, McpAnswer>,
    file: &str,
    next: &str,
    write: &Writing,
) -> McpAnswer {
    if driven.is_running() {
        return McpAnswer::error("a run is in progress: poll_benchmark until it is done");
    }
    let taken = session.and_then(|session| {
        let workspace = driven.workspace()?;
        diagnostic_tools::write_notes(driven, &session);
        let checked = briefing::within(&workspace, &session, write).map_err(|error| failure(error.into()))?;
        Ok((session, checked))
    });
    match taken {
        Ok((session, Ok(notes))) => McpAnswer::json(&json!({
            "written": format!("{}/{file}", session.relative()), "notes": notes, "next": next
        })),
        Ok((_, Err(problems))) => McpAnswer::problems(&problems),
        Err(answer) => answer,
    }
}
