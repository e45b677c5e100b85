//! Plans with a language model: one call with the JSON Schema of a plan, and one repair when the reply does not parse.

use serde_json::{Value, json};

use super::log::CallLog;
use super::{ChatTeacher, prompt};
use crate::artifact::Money;
use crate::artifact::diagnosis::FailureCluster;
use crate::artifact::edit::Op;
use crate::harness::op;
use crate::llm::chat::{Message, Reply, Request, Shape, Stop};
use crate::llm::model::ModelAnswer;
use crate::teacher::reply::ParsedEdits;
use crate::teacher::{Briefing, TeacherFailure, TeacherPlan, reply};

pub(super) fn plan(
    teacher: &ChatTeacher,
    briefing: &Briefing,
    diagnosis: &str,
    clusters: &[FailureCluster],
) -> Result<TeacherPlan, TeacherFailure> {
    if clusters.is_empty() || teacher.max_edits == 0 {
        return Ok(TeacherPlan {
            cost_usd: Some(Money::ZERO),
            ..TeacherPlan::default()
        });
    }
    let log = CallLog::new();
    let candidates = teacher
        .candidates
        .as_ref()
        .map_or(Ok(Vec::new()), |rules| rules.candidates(briefing))?;
    let first = Request {
        system: prompt::PLAN.to_owned(),
        messages: vec![Message::user(prompt::plan(
            briefing,
            diagnosis,
            teacher.max_edits,
            &candidates,
        ))],
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
    let beyond_the_limit = parsed.edits.len().saturating_sub(teacher.max_edits);
    if beyond_the_limit > 0 {
        log.note(json!({"call": "dropped", "reason": format!("{beyond_the_limit} edits beyond max_edits")}));
    }
    Ok(TeacherPlan {
        beyond_the_limit,
        edits: parsed.edits.into_iter().take(teacher.max_edits).collect(),
        cost_usd: log.cost_usd(),
        log: log.lines(),
        model,
    })
}

fn ask(teacher: &ChatTeacher, call: &str, request: &Request, log: &CallLog) -> Result<ModelAnswer, TeacherFailure> {
    let answer = log.ask(teacher.model.as_ref(), call, request);
    answer.map_err(|error| log.failure(error.to_string()))
}

/// The edits of a reply. A list without a valid item is an error.
fn parsed(said: &Reply) -> Result<ParsedEdits, String> {
    if said.stop == Stop::Length {
        return Err("it was cut off by the token limit; plan fewer or shorter edits".to_owned());
    }
    let parsed = reply::edits(&said.text).map_err(|error| error.to_string())?;
    match parsed.dropped.first() {
        Some(first) if parsed.edits.is_empty() => Err(format!(
            "none of its edits is valid; edit {}: {}",
            first.index + 1,
            first.reason
        )),
        _ => Ok(parsed),
    }
}

fn repair(first: Request, answer: &ModelAnswer, problem: &str) -> Request {
    let mut request = first;
    request.messages.push(Message::Assistant {
        text: answer.reply.text.clone(),
        calls: Vec::new(),
    });
    let words = prompt::REPAIR_PLAN.replace("{problem}", problem);
    request.messages.push(Message::user(words.trim()));
    request
}

fn refusal(log: &CallLog, problem: &str) -> TeacherFailure {
    log.failure(format!(
        "the teacher's plan cannot be read, and its second attempt failed too: {problem}. Its replies are in \
         teacher/plan.jsonl. Try another model or a higher max_tokens, or write plan.json by hand"
    ))
}

/// The JSON Schema of the reply: a list of edits, each with an op that the layout supports.
fn plan_shape(ops: &[Op], max_edits: usize) -> Shape {
    let edits: Vec<Value> = ops.iter().copied().map(edit).collect();
    Shape {
        name: "submit_plan".into(),
        schema: json!({
            "type": "object", "required": ["edits"], "additionalProperties": false,
            "properties": {"edits": {"type": "array", "maxItems": max_edits, "items": {"anyOf": edits}}}
        }),
    }
}

fn edit(op: Op) -> Value {
    let text = json!({"type": "string"});
    json!({
        "type": "object",
        "required": ["id", "op", "pillar", "target", "payload", "rationale", "expected_improvement"],
        "properties": {
            "id": text, "op": {"const": op.name()}, "pillar": {"const": op.pillar()}, "target": text,
            "payload": op::payload_schema(op), "rationale": text, "expected_improvement": text,
        }
    })
}
