//! `session_status`: the state of the session and the next step.

use serde_json::{Map, Value, json};

use super::driven_session::{DrivenSession, failure};
use super::result::{FIRST, McpAnswer, REVIEW, outcomes, release};
use super::submission;
use crate::artifact::pending_review::PendingReview;
use crate::pipeline::context::Context;
use crate::pipeline::freshness::Freshness;
use crate::pipeline::next::{Next, next};
use crate::pipeline::state::{settled, state};
use crate::pipeline::submitted;
use crate::pipeline::unmet::{self, Unmet};
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;
use crate::workspace::running::OtherRun;
use crate::workspace::session::Session;

/// The files of a session that a client may want to read. None of them contains results of the gate.
const FILES: [&str; 5] = [
    "diagnosis.md",
    "diagnosis.check.md",
    "plan.json",
    "plan.check.md",
    "briefing/README.md",
];

/// Returns the state of the session.
pub(crate) fn status(driven: &DrivenSession) -> McpAnswer {
    answered(driven).unwrap_or_else(|answer| answer)
}

fn answered(driven: &DrivenSession) -> Result<McpAnswer, McpAnswer> {
    let stands = with_session(driven, |context| {
        let mut stands = stands(context, driven)?;
        // Messages may contain held-out tasks, which the client must not see.
        context.inputs.held_out()?.value(&mut stands);
        Ok(stands)
    })?;
    let Some((session, mut stands)) = stands else {
        return without_session(driven);
    };
    let replaced = submission::replaced(driven, &session)?;
    if !replaced.is_empty() {
        stands["notes"] = replaced.into();
    }
    Ok(McpAnswer::json(&stands))
}

fn without_session(driven: &DrivenSession) -> Result<McpAnswer, McpAnswer> {
    let waiting = left_over(driven)?;
    Ok(McpAnswer::json(&json!({
        "session": null, "workspace": driven.root, "next": first_words(&waiting), "waiting_for_review": waiting,
        "note": "submit_diagnosis starts a session and measures the baseline; until then there are no scores"
    })))
}

/// The edits of the newest session, which has settled, that wait for a person.
fn left_over(driven: &DrivenSession) -> Result<Vec<Value>, McpAnswer> {
    let newest = driven.workspace()?.sessions().map(|mut all| all.pop());
    let waiting = newest.and_then(|newest| newest.as_ref().map_or(Ok(Vec::new()), waiting));
    waiting.map_err(|error| failure(error.into()))
}

/// The next step without a session. `waiting` are the edits that wait for a person.
fn first_words(waiting: &[Value]) -> String {
    match waiting.is_empty() {
        true => FIRST.to_owned(),
        false => format!("{REVIEW}; for another session, {FIRST}"),
    }
}

/// The next step, as [`status`] names it.
///
/// # Errors
/// The session cannot be read.
pub(crate) fn next_step(driven: &DrivenSession) -> Result<String, McpAnswer> {
    let next = with_session(driven, |context| {
        let mut words = Value::from(next_words(context, driven)?);
        context.inputs.held_out()?.value(&mut words);
        Ok(words)
    })?;
    match next {
        Some((_, next)) => Ok(next.as_str().unwrap_or_default().to_owned()),
        None => Ok(first_words(&left_over(driven)?)),
    }
}

/// What `look` reads from the current session, with that session; `None` while there is no session.
fn with_session(
    driven: &DrivenSession,
    look: impl FnOnce(&Context) -> Result<Value, RunError>,
) -> Result<Option<(Session, Value)>, McpAnswer> {
    let Some(session) = driven.session()? else {
        return Ok(None);
    };
    let workspace = driven.onlooker()?;
    let (inputs, engines) = (Inputs::new(&workspace), workspace.engines());
    let context = Context::new(&workspace, &session, &inputs, &engines);
    let seen = look(&context).map_err(|error| failure(error.into()))?;
    Ok(Some((session, seen)))
}

fn stands(context: &Context, driven: &DrivenSession) -> Result<Value, RunError> {
    let states = state(context)?;
    let unmet: Vec<String> = unmet::of(&context.workspace.manifest.phases(), &states, context.session)
        .iter()
        .map(Unmet::words)
        .collect();
    let record = context.session.record()?;
    let current = states
        .iter()
        .find(|(_, fresh)| matches!(fresh, Freshness::Stale { .. }));
    let other = match driven.is_running() {
        true => None,
        false => OtherRun::of(context.workspace),
    };
    let status = match (current.filter(|_| driven.is_running()), &other) {
        (Some((phase, _)), _) => format!("running: {phase}").into(),
        (None, Some(run)) => run.words().into(),
        (None, None) => json!(record.as_ref().map(|record| record.status)),
    };
    let mut stands = json!({
        "session": context.session.id,
        "workspace": driven.root,
        "status": status,
        "error": record.as_ref().and_then(|record| record.error.as_ref()),
        "running": driven.is_running(),
        "phases": states.iter().map(|(phase, fresh)| (phase.clone(), word(fresh).into())).collect::<Map<_, _>>(),
        "next": next_words(context, driven)?,
        "waiting_for_review": waiting(context.session)?,
        "files": files(context.session),
    });
    if record.as_ref().is_some_and(settled) && !driven.is_running() {
        let (shown, more) = outcomes(context.session);
        stands["outcomes"] = shown.into();
        stands["more_outcomes"] = more.into();
    }
    if !unmet.is_empty() {
        stands["unmet"] = unmet.into();
    }
    Ok(stands)
}

/// The edits that wait for a person.
fn waiting(session: &Session) -> Result<Vec<Value>, RunError> {
    let undecided = session
        .waiting()?
        .into_values()
        .filter(|pending| pending.decision.is_none());
    let one = |pending: PendingReview| {
        let edit = pending.edit;
        json!({"edit": edit.id, "op": edit.op.name(), "target": edit.target})
    };
    Ok(undecided.map(one).collect())
}

fn word(fresh: &Freshness) -> &'static str {
    match fresh {
        Freshness::Fresh { .. } => "done",
        Freshness::Stale { .. } => "to do",
        Freshness::Kept { .. } => "kept as edited by hand",
        Freshness::Blocked { .. } => "waits",
    }
}

fn next_words(context: &Context, driven: &DrivenSession) -> Result<String, RunError> {
    if driven.is_running() {
        return Ok("poll_benchmark".to_owned());
    }
    if let Some(run) = OtherRun::of(context.workspace) {
        return Ok(format!("wait until {} ends, then session_status", run.process));
    }
    Ok(match next(context, None)? {
        Next::Write { file, .. } if file == submitted::PLAN => "submit_plan".to_owned(),
        Next::Write { .. } => FIRST.to_owned(),
        Next::Typed { file, problems } => {
            let first = problems.first().map(|one| one.message.as_str()).unwrap_or_default();
            format!("{file} cannot be used: {first}; submit it again")
        }
        // The diagnosis was submitted, and no run has taken it yet.
        Next::Run { .. } if lacks_plan(context.session) => "submit_plan".to_owned(),
        Next::Run { .. } => "start_benchmark, then poll_benchmark".to_owned(),
        Next::NotReady(problem) => problem,
        Next::Release => release(&context.session.id),
        Next::Nothing if !waiting(context.session)?.is_empty() => REVIEW.to_owned(),
        Next::Nothing => {
            let kept = state(context)?
                .into_iter()
                .find(|(_, phase)| matches!(phase, Freshness::Kept { .. }));
            let redo = kept.map_or_else(String::new, |(phase, _)| {
                format!(" unless a person asks for `kaizen run --redo {phase}`, which replaces what was edited by hand")
            });
            format!("nothing is left to do{redo}; another submit_diagnosis starts another session")
        }
    })
}

fn lacks_plan(session: &Session) -> bool {
    session.path("diagnosis.md").is_file() && !session.path("plan.json").is_file()
}

fn files(session: &Session) -> Vec<String> {
    let there = FILES.iter().filter(|name| session.path(name).is_file());
    there.map(|name| format!("{}/{name}", session.relative())).collect()
}
