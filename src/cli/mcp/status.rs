//! `session_status`: where the driven session stands.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::driven::{Driven, failure};
use crate::freshness::Freshness;
use crate::pipeline::RunError;
use crate::pipeline::briefing;
use crate::pipeline::next::{Next, next};
use crate::pipeline::run_phase::Run;
use crate::pipeline::state::state;
use crate::session::Session;

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
pub fn status(driven: &Driven) -> Answer {
    let session = match driven.session() {
        Ok(Some(session)) => session,
        Ok(None) => {
            return Answer::json(&json!({
                "session": null, "workspace": driven.root,
                "next": "list_traces or list_personal_benchmark begins a session and measures the baseline"
            }));
        }
        Err(answer) => return answer,
    };
    let workspace = match driven.workspace() {
        Ok(workspace) => workspace,
        Err(answer) => return answer,
    };
    match briefing::within(&workspace, &session, |run| stands(run, driven)) {
        Ok(value) => Answer::json(&value),
        Err(error) => failure(error.into()),
    }
}

fn stands(run: &Run, driven: &Driven) -> Result<Value, RunError> {
    let session = run.session;
    let phases: Map<String, Value> = state(run.view, session)?
        .into_iter()
        .map(|(phase, fresh)| (phase, word(&fresh).into()))
        .collect();
    let record = session.record()?;
    Ok(json!({
        "session": session.id,
        "workspace": driven.root,
        "status": record.as_ref().map(|record| record.status),
        "error": record.and_then(|record| record.error),
        "running": driven.is_running(),
        "phases": phases,
        "next": next_words(&next(run.view, session, None)?, driven.is_running()),
        "files": files(session),
    }))
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
