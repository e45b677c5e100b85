//! Plan with a language model: one call with the schema of an edit, and one repair when the reply does not parse.

use serde_json::json;

use super::log::Log;
use super::{ChatTeacher, opening, plan_shape, prompt};
use crate::artifact::cluster::FailureCluster;
use crate::llm::chat::{Message, Reply, Request, Stop};
use crate::llm::model::Answer;
use crate::teacher::reply::ParsedEdits;
use crate::teacher::{Briefing, Planned, TeacherFailure, reply};

pub(super) fn plan(
    teacher: &ChatTeacher,
    briefing: &Briefing,
    diagnosis: &str,
    clusters: &[FailureCluster],
) -> Result<Planned, TeacherFailure> {
    if clusters.is_empty() || teacher.max_edits == 0 {
        return Ok(Planned {
            cost_usd: Some(0.0),
            ..Planned::default()
        });
    }
    let log = Log::new();
    let first = Request {
        system: prompt::PLAN.to_owned(),
        messages: vec![Message::user(opening::plan(briefing, diagnosis, teacher.max_edits))],
        shape: Some(plan_shape(briefing.ops, teacher.max_edits)),
        ..Request::default()
    };
    let answer = ask(teacher, "model", &first, &log)?;
    let (parsed, model) = match parsed(&answer.reply) {
        Ok(parsed) => (parsed, answer.reply.model),
        Err(problem) => {
            let again = ask(teacher, "repair", &repair(first, &answer, &problem), &log)?;
            let parsed = parsed(&again.reply).map_err(|problem| refusal(&log, &problem))?;
            (parsed, again.reply.model)
        }
    };
    for dropped in &parsed.dropped {
        log.note(json!({"call": "dropped", "edit": dropped.index, "reason": dropped.reason}));
    }
    if parsed.edits.len() > teacher.max_edits {
        log.note(json!({"call": "dropped", "reason": format!("{} edits beyond max_edits", parsed.edits.len() - teacher.max_edits)}));
    }
    Ok(Planned {
        edits: parsed.edits.into_iter().take(teacher.max_edits).collect(),
        cost_usd: log.cost_usd(),
        log: log.lines(),
        model,
    })
}

fn ask(teacher: &ChatTeacher, call: &str, request: &Request, log: &Log) -> Result<Answer, TeacherFailure> {
    let answer = log.ask(teacher.model.as_ref(), call, request);
    answer.map_err(|error| log.failure(error.to_string()))
}

/// The edits of a reply. A list of which every item is bad is a bad reply.
fn parsed(said: &Reply) -> Result<ParsedEdits, String> {
    if said.stop == Stop::Length {
        return Err("it was cut off by the token limit; plan fewer or shorter edits".to_owned());
    }
    let parsed = reply::edits(&said.text).map_err(|error| error.to_string())?;
    match parsed.dropped.first() {
        Some(first) if parsed.edits.is_empty() => Err(format!(
            "none of its edits is one; edit {}: {}",
            first.index + 1,
            first.reason
        )),
        _ => Ok(parsed),
    }
}

fn repair(first: Request, answer: &Answer, problem: &str) -> Request {
    let mut request = first;
    request.messages.push(Message::Assistant {
        text: answer.reply.text.clone(),
        calls: Vec::new(),
    });
    let words = prompt::REPAIR_PLAN.replace("{problem}", problem);
    request.messages.push(Message::user(words.trim()));
    request
}

fn refusal(log: &Log, problem: &str) -> TeacherFailure {
    log.failure(format!(
        "the teacher's plan cannot be read, and neither can its second try: {problem}. teacher/plan.jsonl has its words; another \
         model or a higher max_tokens may do better, or write plan.json by hand"
    ))
}
