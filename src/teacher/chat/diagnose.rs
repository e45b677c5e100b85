//! Diagnose with a language model: the tool loop, one repair, and rates measured again.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::log::Log;
use super::measured::measured;
use super::tool_loop::{Ended, Limits, Looped, tool_loop};
use super::{ChatTeacher, opening, prompt};
use crate::artifact::cluster::FailureCluster;
use crate::artifact::diagnosis;
use crate::artifact::task::Task;
use crate::llm::chat::{Message, Request};
use crate::llm::model::AskError;
use crate::teacher::tool::{OwnAnswer, ToolContext};
use crate::teacher::{Briefing, Diagnosed, TeacherFailure, reply, tool};

/// What came to light during a diagnosis, beside the words.
#[derive(Default)]
struct Seen {
    traces: BTreeSet<String>,
    /// What the teacher's own answers to train tasks were worth.
    own: BTreeMap<String, f64>,
}

pub(super) fn diagnose(teacher: &ChatTeacher, briefing: &Briefing) -> Result<Diagnosed, TeacherFailure> {
    let (log, seen) = (Log::new(), RefCell::new(Seen::default()));
    let looped = look(teacher, briefing, &log, &seen);
    if let Ended::Failed(error) = &looped.ended {
        return Err(log.failure(error.to_string()));
    }
    let text = match looped.ended {
        Ended::Done => looped.content.clone(),
        _ => last_word(teacher, &looped, &log).map_err(|error| log.failure(error.to_string()))?,
    };
    let clusters = match stated(&text) {
        Some(clusters) => clusters,
        None => repaired(teacher, &looped, &text, &log)?,
    };
    let seen = seen.into_inner();
    Ok(Diagnosed {
        narrative: narrative(&text),
        clusters: clusters
            .into_iter()
            .map(|cluster| measured(cluster, briefing, &seen.own))
            .collect(),
        traces_read: seen.traces.into_iter().collect(),
        cost_usd: log.cost_usd(),
        log: log.lines(),
    })
}

/// The loop with the diagnostic tools.
fn look(teacher: &ChatTeacher, briefing: &Briefing, log: &Log, seen: &RefCell<Seen>) -> Looped {
    let answer = |task: &Task, max_tokens: u64| own_answer(teacher, briefing, task, max_tokens, log, seen);
    let desk = ToolContext {
        briefing,
        redactor: &teacher.redactor,
        answer: Some(&answer),
        compare: teacher.compare.as_deref().map(|compare| compare as _),
    };
    let limits = Limits {
        max_turns: teacher.max_turns,
        max_cost_usd: None,
    };
    let mut ask = |messages: &[Message]| log.ask(teacher.model.as_ref(), "model", &request(messages, true));
    let mut call = |name: &str, arguments: &Map<String, Value>| {
        let told = tool::call(&desk, name, arguments);
        seen.borrow_mut().traces.extend(told.traces);
        told.text
    };
    let opening = vec![Message::user(opening::diagnosis(briefing))];
    tool_loop(opening, limits, &mut ask, &mut call, &mut |record| log.tool(record))
}

fn request(messages: &[Message], with_tools: bool) -> Request {
    Request {
        system: prompt::DIAGNOSE.to_owned(),
        messages: messages.to_vec(),
        tools: if with_tools { tool::specs() } else { Vec::new() },
        ..Request::default()
    }
}

/// The teacher's own answer to a train task, and what it is worth.
fn own_answer(
    teacher: &ChatTeacher,
    briefing: &Briefing,
    task: &Task,
    max_tokens: u64,
    log: &Log,
    seen: &RefCell<Seen>,
) -> Result<OwnAnswer, String> {
    let request = Request {
        messages: vec![Message::user(task.query.clone())],
        max_tokens: Some(max_tokens),
        ..Request::default()
    };
    let answer = log.ask(teacher.own.as_ref(), "run_self", &request);
    let answer = answer.map_err(|error| error.to_string())?;
    if let Ok(score) = (briefing.score)(task, &answer.reply.text) {
        seen.borrow_mut().own.insert(task.task_id.clone(), score);
    }
    Ok(OwnAnswer {
        output: answer.reply.text,
        reasoning: String::new(),
        cost_usd: answer.cost_usd,
        tokens: answer.reply.usage.map(|usage| usage.total()),
    })
}

/// A model that used up its turns is asked for its diagnosis once more, without tools.
fn last_word(teacher: &ChatTeacher, looped: &Looped, log: &Log) -> Result<String, AskError> {
    let mut messages = looped.messages.clone();
    messages.push(Message::user(prompt::NO_TURNS.trim()));
    let answer = log.ask(teacher.model.as_ref(), "model", &request(&messages, false))?;
    Ok(answer.reply.text)
}

/// A diagnosis without clusters is asked for them once.
fn repaired(
    teacher: &ChatTeacher,
    looped: &Looped,
    text: &str,
    log: &Log,
) -> Result<Vec<FailureCluster>, TeacherFailure> {
    let mut messages = looped.messages.clone();
    if looped.ended != Ended::Done {
        messages.push(Message::Assistant {
            text: text.to_owned(),
            calls: Vec::new(),
        });
    }
    messages.push(Message::user(prompt::REPAIR_DIAGNOSIS.trim()));
    let answer = log.ask(teacher.model.as_ref(), "repair", &request(&messages, false));
    let answer = answer.map_err(|error| log.failure(error.to_string()))?;
    stated(&answer.reply.text).ok_or_else(|| {
        log.failure(
            "the teacher's diagnosis holds no list of clusters, and neither does its second try; teacher/diagnose.jsonl has its \
             words. Another model may do better, or write diagnosis.md by hand",
        )
    })
}

/// The clusters that a text states; `None` when it states no list at all, which is not the same as an empty one.
fn stated(text: &str) -> Option<Vec<FailureCluster>> {
    let clusters = reply::clusters(text);
    let block = diagnosis::block(text).unwrap_or(text).trim();
    (!clusters.is_empty() || block == "[]").then_some(clusters)
}

/// The words without the closing block. Fences inside could be taken for the block that closes the file.
fn narrative(text: &str) -> String {
    let words = match diagnosis::block(text) {
        Some(_) => diagnosis::narrative(text),
        None => text,
    };
    let words = words.replace("```json", "```").trim().to_owned();
    if words.is_empty() {
        "# Diagnosis".to_owned()
    } else {
        words
    }
}
