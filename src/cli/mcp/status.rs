//! `session_status`: where the driven session stands.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::driven::{Driven, failure};
use crate::pipeline::freshness::Freshness;
use crate::pipeline::next::{Next, next};
use crate::pipeline::state::{View, state};
use crate::pipeline::unmet::{self, Unmet};
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;

/// The files of a session that a client may want to read.
const FILES: [&str; 6] = [
    "diagnosis.md",
    "diagnosis.check.md",
    "plan.json",
    "plan.check.md",
    "session.json",
    "briefing/README.md",
];

/// Tells where the session stands.
pub(crate) fn status(driven: &Driven) -> Answer {
    let session = match driven.session() {
        Ok(Some(session)) => session,
        Ok(None) => {
            return Answer::json(&json!({
                "session": null, "workspace": driven.root,
                "next": "look at the evidence, then submit_diagnosis",
                "note": "submit_diagnosis starts a session and measures the baseline; until then there are no scores"
            }));
        }
        Err(answer) => return answer,
    };
    let workspace = match driven.onlooker() {
        Ok(workspace) => workspace,
        Err(answer) => return answer,
    };
    let (inputs, engines) = (Inputs::new(&workspace), workspace.engines());
    let view = View::present(&workspace, &inputs, &engines);
    match stands(&view, &session, driven) {
        Ok(value) => Answer::json(&value),
        Err(error) => failure(error.into()),
    }
}

fn stands(view: &View, session: &Session, driven: &Driven) -> Result<Value, RunError> {
    let states = state(view, session)?;
    let unmet: Vec<String> = unmet::of(&view.workspace.manifest.phases(), &states, session)
        .iter()
        .map(Unmet::words)
        .collect();
    let phases: Map<String, Value> = states
        .into_iter()
        .map(|(phase, fresh)| (phase, word(&fresh).into()))
        .collect();
    let record = session.record()?;
    let mut stands = json!({
        "session": session.id,
        "workspace": driven.root,
        "status": record.as_ref().map(|record| record.status),
        "error": record.and_then(|record| record.error),
        "running": driven.is_running(),
        "phases": phases,
        "next": next_words(&next(view, session, None)?, driven.is_running()),
        "files": files(session),
    });
    if !unmet.is_empty() {
        stands["unmet"] = unmet.into();
    }
    // What went wrong may name a task that the client is not to know.
    view.inputs.held_out()?.value(&mut stands);
    Ok(stands)
}

fn word(fresh: &Freshness) -> &'static str {
    match fresh {
        Freshness::Fresh { .. } => "done",
        Freshness::Stale { .. } => "to do",
        Freshness::Kept { .. } => "kept as edited by hand",
        Freshness::Blocked { .. } => "waits",
    }
}

fn next_words(next: &Next, running: bool) -> String {
    match next {
        _ if running => "poll_benchmark".to_owned(),
        Next::Write { file, .. } if *file == "plan.json" => "submit_plan".to_owned(),
        Next::Write { .. } => "look at the evidence, then submit_diagnosis".to_owned(),
        Next::Typed { file, problems } => {
            let first = problems.first().map(|one| one.message.as_str()).unwrap_or_default();
            format!("{file} cannot be used: {first}; submit it again")
        }
        Next::Run { .. } => "start_benchmark, then poll_benchmark".to_owned(),
        Next::NotReady(problem) => problem.clone(),
        Next::Release => "a person lets the plan run: kaizen release".to_owned(),
        Next::Nothing => "nothing is left to do; another submit_diagnosis begins another session".to_owned(),
    }
}

fn files(session: &Session) -> Vec<String> {
    let there = FILES.iter().filter(|name| session.path(name).is_file());
    there.map(|name| format!("{}/{name}", session.relative())).collect()
}
