//! Submissions: a diagnosis and a plan, written into the session's directory and nowhere else.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::desk;
use super::driven::{Driven, failure};
use crate::pipeline::briefing;
use crate::pipeline::run_phase::Run;
use crate::pipeline::submitted::{self, Checked};
use crate::workspace::error::RunError;
use crate::workspace::session::Session;

/// Checks a submission and writes it.
type Writing<'a> = dyn Fn(&Run) -> Result<Checked, RunError> + 'a;

/// Takes a diagnosis.
pub(crate) fn diagnosis(driven: &Driven, arguments: &Map<String, Value>) -> Answer {
    let given = |name: &str| arguments.get(name).filter(|value| !value.is_null());
    let write: Box<Writing> = match (given("narrative"), given("clusters"), given("markdown")) {
        (Some(Value::String(narrative)), Some(Value::Array(clusters)), None) => {
            Box::new(move |run| submitted::clusters(run, narrative, clusters))
        }
        (None, None, Some(Value::String(text))) => Box::new(move |run| submitted::markdown(run, text)),
        _ => {
            return Answer::error("give `narrative` (a text) with `clusters` (a list), or `markdown` (a text) alone");
        }
    };
    take(driven, driven.open(), submitted::DIAGNOSIS, "submit_plan", &*write)
}

/// Takes a plan.
pub(crate) fn plan(driven: &Driven, arguments: &Map<String, Value>) -> Answer {
    let Some(Value::Array(edits)) = arguments.get("edits") else {
        return Answer::error("`edits` must be a list of edits");
    };
    match driven.session() {
        Ok(Some(session)) if session.path(submitted::DIAGNOSIS).is_file() => {}
        Ok(_) => return Answer::error("there is no diagnosis yet: submit_diagnosis first"),
        Err(answer) => return answer,
    }
    let session = driven.ready();
    let author = driven.author();
    let write = |run: &Run| submitted::plan(run, edits, &author);
    take(
        driven,
        session,
        submitted::PLAN,
        "start_benchmark, then poll_benchmark",
        &write,
    )
}

fn take(driven: &Driven, session: Result<Session, Answer>, file: &str, next: &str, write: &Writing) -> Answer {
    if driven.is_running() {
        return Answer::error("a run is under way: poll_benchmark until it is done");
    }
    let taken = session.and_then(|session| {
        let workspace = driven.workspace()?;
        desk::write_notes(driven, &session);
        let checked = briefing::within(&workspace, &session, write).map_err(|error| failure(error.into()))?;
        Ok((session, checked))
    });
    match taken {
        Ok((session, Ok(notes))) => Answer::json(&json!({
            "written": format!("{}/{file}", session.relative()), "notes": notes, "next": next
        })),
        Ok((_, Err(problems))) => Answer::problems(&problems),
        Err(answer) => answer,
    }
}
