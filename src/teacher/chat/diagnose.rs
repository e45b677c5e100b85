//! Diagnoses with a language model: the tool loop, one repair, and failure rates measured on the train tasks of each
//! cluster.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::log::CallLog;
use super::tool_loop::{LoopEnd, LoopLimits, ToolLoopResult, tool_loop};
use super::{ChatTeacher, prompt};
use crate::artifact::diagnosis::FailureCluster;
use crate::artifact::task::Task;
use crate::llm::chat::{Message, Request};
use crate::llm::model::AskError;
use crate::teacher::reply::ParsedClusters;
use crate::teacher::tool::{OwnAnswer, ToolContext};
use crate::teacher::{Briefing, TeacherDiagnosis, TeacherFailure, reply, tool};

/// The largest number of a cluster's tasks on which the student is run.
const MOST: usize = 20;

/// What the tools recorded during a diagnosis.
#[derive(Default)]
struct DiagnosisEvidence {
    traces: BTreeSet<String>,
    /// The scores of the teacher's answers to train tasks.
    own: BTreeMap<String, f64>,
}

pub(super) fn diagnose(teacher: &ChatTeacher, briefing: &Briefing) -> Result<TeacherDiagnosis, TeacherFailure> {
    let (log, seen) = (CallLog::new(), RefCell::new(DiagnosisEvidence::default()));
    let looped = look(teacher, briefing, &log, &seen);
    if let LoopEnd::Failed(error) = &looped.ended {
        return Err(log.failure(error.to_string()));
    }
    let text = match looped.ended {
        LoopEnd::Done => looped.content.clone(),
        _ => last_word(teacher, &looped, &log).map_err(|error| log.failure(error.to_string()))?,
    };
    let parsed = match reply::clusters(&text) {
        Ok(parsed) => parsed,
        Err(problem) => ParsedClusters {
            narrative: reply::spoken(&text),
            ..repaired(teacher, &looped, &text, &problem.to_string(), &log)?
        },
    };
    for dropped in &parsed.dropped {
        log.note(json!({"call": "dropped", "cluster": dropped.index, "reason": dropped.reason}));
    }
    let seen = seen.into_inner();
    Ok(TeacherDiagnosis {
        narrative: match parsed.narrative.is_empty() {
            true => "# Diagnosis".to_owned(),
            false => parsed.narrative,
        },
        clusters: parsed
            .clusters
            .into_iter()
            .map(|cluster| measured(cluster, briefing, &seen.own))
            .collect(),
        traces_read: seen.traces.into_iter().collect(),
        cost_usd: log.cost_usd(),
        log: log.lines(),
    })
}

/// Runs the tool loop with the diagnostic tools.
fn look(
    teacher: &ChatTeacher,
    briefing: &Briefing,
    log: &CallLog,
    seen: &RefCell<DiagnosisEvidence>,
) -> ToolLoopResult {
    let answer = |task: &Task, max_tokens: u64| own_answer(teacher, briefing, task, max_tokens, log, seen);
    let desk = ToolContext {
        briefing,
        redactor: &teacher.redactor,
        answer: Some(&answer),
        compare: teacher.compare.as_deref().map(|compare| compare as _),
    };
    let limits = LoopLimits {
        max_turns: teacher.max_turns,
        max_cost_usd: None,
    };
    let mut ask = |messages: &[Message]| log.ask(teacher.model.as_ref(), "model", &request(messages, true));
    let mut call = |name: &str, arguments: &Map<String, Value>| {
        let result = tool::call(&desk, name, arguments);
        let text = result.whole();
        seen.borrow_mut().traces.extend(result.traces);
        text
    };
    let opening = vec![Message::user(prompt::diagnosis(briefing))];
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

/// Lets the teacher answer a train task, and records the score.
fn own_answer(
    teacher: &ChatTeacher,
    briefing: &Briefing,
    task: &Task,
    max_tokens: u64,
    log: &CallLog,
    seen: &RefCell<DiagnosisEvidence>,
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
        reasoning: answer.reply.thoughts,
        cost_usd: answer.cost_usd,
        tokens: answer.reply.usage.map(|usage| usage.total()),
    })
}

/// Asks a model that used up its turns for its diagnosis, without tools.
fn last_word(teacher: &ChatTeacher, looped: &ToolLoopResult, log: &CallLog) -> Result<String, AskError> {
    let mut messages = looped.messages.clone();
    messages.push(Message::user(prompt::NO_TURNS.trim()));
    let answer = log.ask(teacher.model.as_ref(), "model", &request(&messages, false))?;
    Ok(answer.reply.text)
}

/// Asks once for the clusters that a diagnosis lacks, or whose list cannot be read.
fn repaired(
    teacher: &ChatTeacher,
    looped: &ToolLoopResult,
    text: &str,
    problem: &str,
    log: &CallLog,
) -> Result<ParsedClusters, TeacherFailure> {
    let mut messages = looped.messages.clone();
    if looped.ended != LoopEnd::Done {
        messages.push(Message::Assistant {
            text: text.to_owned(),
            calls: Vec::new(),
        });
    }
    let words = prompt::REPAIR_DIAGNOSIS.replace("{problem}", problem);
    messages.push(Message::user(words.trim()));
    let answer = log.ask(teacher.model.as_ref(), "repair", &request(&messages, false));
    let answer = answer.map_err(|error| log.failure(error.to_string()))?;
    reply::clusters(&answer.reply.text).map_err(|problem| {
        log.failure(format!(
            "the teacher's diagnosis has no list of clusters that can be read, and its second attempt has none either: \
             {problem}. Its replies are in teacher/diagnose.jsonl. Try another model, or write diagnosis.md by hand"
        ))
    })
}

/// The cluster with the rates measured on its train tasks. `own`: the scores of the teacher's answers. A cluster
/// without a train task keeps the rates that the teacher stated; `measured_tasks` is then 0.
fn measured(cluster: FailureCluster, briefing: &Briefing, own: &BTreeMap<String, f64>) -> FailureCluster {
    let tasks = tasks(&cluster, briefing);
    let scores: Vec<f64> = match tasks.is_empty() {
        true => Vec::new(),
        false => (briefing.run_student)(briefing.harness, &tasks)
            .iter()
            .filter_map(|attempted| attempted.score)
            .collect(),
    };
    let mut cluster = cluster;
    cluster.extra.insert("measured_tasks".into(), scores.len().into());
    if !scores.is_empty() {
        cluster.student_failure_rate = 1.0 - mean(&scores);
    }
    let own: Vec<f64> = tasks
        .iter()
        .filter_map(|task| own.get(&task.task_id).copied())
        .collect();
    if !own.is_empty() {
        cluster.teacher_success_rate = mean(&own);
    }
    cluster
}

/// The train tasks that a cluster names; other names are ignored.
fn tasks<'b>(cluster: &FailureCluster, briefing: &'b Briefing) -> Vec<&'b Task> {
    let named = cluster.extra.get("task_ids").and_then(Value::as_array);
    let named: Vec<&str> = named.into_iter().flatten().filter_map(Value::as_str).collect();
    let wanted = |task: &&Task| named.contains(&task.task_id.as_str());
    briefing.train.iter().filter(wanted).take(MOST).collect()
}

fn mean(scores: &[f64]) -> f64 {
    scores.iter().sum::<f64>() / scores.len() as f64
}
