//! Runs the conversation of one attempt: asks the model and calls its tools, until it answers or has no turns left.

use serde_json::{Map, Value};

use super::agent::AgentRequest;
use super::source::RequestSources;
use super::tool::error;
use crate::artifact::evaluation::{Attempt, AttemptUsage};
use crate::llm::chat::{Message, Reply, Request, Stop, ToolCall};
use crate::llm::model::{AskError, Model, ModelAnswer, RefusedPart};

/// Calls a tool. An error is an infrastructure failure.
pub(super) type ToolCaller<'a> = &'a dyn Fn(&str, &Map<String, Value>) -> Result<String, String>;

/// Asks the model until it answers. The last request still offers the tools, because some servers refuse a conversation
/// with tool calls but no tools. A model that calls a tool in the last turn has not answered.
pub(super) fn talk(model: &dyn Model, asked: AgentRequest, call: ToolCaller) -> Attempt {
    let AgentRequest {
        mut request,
        turns,
        model: name,
        sources,
    } = asked;
    let mut tool = None;
    let mut used: Option<AttemptUsage> = None;
    for turn in 1..=turns {
        let answer = match model.ask(&request) {
            Ok(answer) => answer,
            Err(problem) => return lost(problem, turn, &sources),
        };
        let of_turn = usage(&answer);
        let so_far = used.map_or(of_turn, |used| used.and(of_turn));
        used = Some(so_far);
        let reply = answer.reply;
        if reply.calls.is_empty() || request.tools.is_empty() {
            return concluded(reply, name, tool, so_far.known());
        }
        tool = reply.calls.last().map(|call| call.name.clone());
        if turn < turns
            && let Err(reason) = follow(&mut request, reply, call)
        {
            return Attempt::Infra { reason };
        }
    }
    Attempt::Failed {
        reason: format!("no answer after {turns} turns"),
    }
}

fn usage(answer: &ModelAnswer) -> AttemptUsage {
    AttemptUsage {
        seconds: answer.seconds,
        tokens: answer.reply.usage,
        cost_usd: answer.cost_usd,
    }
}

/// The attempt for a question that the model did not answer. What a filter stops is a result of the agent, as is a later
/// turn that is refused for what the model and its tools wrote.
fn lost(problem: AskError, turn: u64, sources: &RequestSources) -> Attempt {
    let reason = problem.to_string();
    match problem {
        AskError::Filtered(_) => Attempt::Failed { reason },
        AskError::Refused(refusal) => match refusal.part {
            RefusedPart::Length | RefusedPart::Unknown if turn > 1 => Attempt::Failed { reason },
            part => Attempt::Refused {
                reason: match sources.of(&part) {
                    Some(source) => format!("{reason} (set by {source})"),
                    None => reason,
                },
            },
        },
        AskError::OverBudget(_) | AskError::Unreachable(_) | AskError::Late(_) | AskError::Malformed(_) => {
            Attempt::Infra { reason }
        }
    }
}

/// The attempt for a final reply. An empty reply counts as an answer, except if the model reached the token limit or
/// called a tool that it does not have, which are failures of the agent.
fn concluded(reply: Reply, model: String, tool: Option<String>, used: Option<AttemptUsage>) -> Attempt {
    let failed = |reason: &str| Attempt::Failed {
        reason: reason.to_owned(),
    };
    match reply.text.trim().is_empty() {
        true if reply.stop == Stop::Length => failed("the token limit was reached before the first word of an answer"),
        true if !reply.calls.is_empty() => failed("it called a tool, but has none"),
        _ => Attempt::Answered {
            answer: reply.text,
            model: Some(model).filter(|model| !model.is_empty()),
            tool,
            used,
        },
    }
}

/// Adds the model's reply and the results of its tool calls to the conversation.
fn follow(request: &mut Request, reply: Reply, call: ToolCaller) -> Result<(), String> {
    let cut_off = reply.stop == Stop::Length;
    let results = reply
        .calls
        .iter()
        .map(|wanted| {
            Ok(Message::Tool {
                call_id: wanted.id.clone(),
                name: wanted.name.clone(),
                text: result(request, wanted, cut_off, call)?,
            })
        })
        .collect::<Result<Vec<_>, String>>()?;
    request.messages.push(Message::Assistant {
        text: reply.text,
        calls: reply.calls,
    });
    request.messages.extend(results);
    Ok(())
}

/// The result of one tool call for the model. Never runs a program with incomplete or invalid arguments.
fn result(request: &Request, wanted: &ToolCall, cut_off: bool, call: ToolCaller) -> Result<String, String> {
    if !request.tools.iter().any(|tool| tool.name == wanted.name) {
        return Ok(error(&format!("Unknown tool: {}", wanted.name)));
    }
    if cut_off {
        return Ok(error(
            "the call was cut off by the token limit; call again, and be brief",
        ));
    }
    match wanted.arguments() {
        Ok(arguments) => call(&wanted.name, &arguments),
        Err(problem) => Ok(error(&problem)),
    }
}
