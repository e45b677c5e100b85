//! `session_status`: the state of the session and the next step.

use serde_json::{Map, Value, json};

use super::driven_session::{DrivenSession, failure};
use super::result::McpAnswer;
use crate::pipeline::context::Context;
use crate::pipeline::freshness::Freshness;
use crate::pipeline::next::{Next, next};
use crate::pipeline::state::state;
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

/// Returns the state of the session.
pub(crate) fn status(driven: &DrivenSession) -> McpAnswer {
    let session = match driven.session() {
        Ok(Some(session)) => session,
        Ok(None) => {
            return McpAnswer::json(&json!({
                "session": null, "workspace": driven.root,
                "next": "examine the evidence, then submit_diagnosis",
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
    let context = Context::new(&workspace, &session, &inputs, &engines);
    match stands(&context, driven) {
        Ok(value) => McpAnswer::json(&value),
        Err(error) => failure(error.into()),
    }
}

fn stands(context: &Context, driven: &DrivenSession) -> Result<Value, RunError> {
    let states = state(context)?;
    let unmet: Vec<String> = unmet::of(&context.workspace.manifest.phases(), &states, context.session)
        .iter()
        .map(Unmet::words)
        .collect();
    let phases: Map<String, Value> = states
        .into_iter()
        .map(|(phase, fresh)| (phase, word(&fresh).into()))
        .collect();
    let record = context.session.record()?;
    let mut stands = json!({
        "session": context.session.id,
        "workspace": driven.root,
        "status": record.as_ref().map(|record| record.status),
        "error": record.and_then(|record| record.error),
        "running": driven.is_running(),
        "phases": phases,
        "next": next_words(&next(context, None)?, driven.is_running()),
        "files": files(context.session),
    });
    if !unmet.is_empty() {
        stands["unmet"] = unmet.into();
    }
    // Messages may contain held-out tasks, which the client must not see.
    context.inputs.held_out()?.value(&mut stands);
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
        Next::Write { .. } => "examine the evidence, then submit_diagnosis".to_owned(),
        Next::Typed { file, problems } => {
            let first = problems.first().map(|one| one.message.as_str()).unwrap_or_default();
            format!("{file} cannot be used: {first}; submit it again")
        }
        Next::Run { .. } => "start_benchmark, then poll_benchmark".to_owned(),
        Next::NotReady(problem) => problem.clone(),
        Next::Release => "a person has to release the plan: kaizen release".to_owned(),
        Next::Nothing => "nothing is left to do; another submit_diagnosis starts another session".to_owned(),
    }
}

fn files(session: &Session) -> Vec<String> {
    let there = FILES.iter().filter(|name| session.path(name).is_file());
    there.map(|name| format!("{}/{name}", session.relative())).collect()
}
