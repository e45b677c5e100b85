//! The conversation of one attempt: the model is asked, its tools are called, until it answers or its turns are used up.

use serde_json::{Map, Value};

use super::agent::Asked;
use super::tool::error;
use crate::artifact::evaluation::Attempt;
use crate::llm::chat::{Message, Reply, Request, Stop, ToolCall};
use crate::llm::model::{AskError, Model};

/// Calls a tool; an error is one of infrastructure.
pub(super) type Call<'a> = &'a dyn Fn(&str, &Map<String, Value>) -> Result<String, String>;

/// Asks until there is an answer. The tools stay on offer in the last turn: without them the request would be another
/// one, which some servers refuse; an agent that still calls one has not answered.
pub(super) fn talk(model: &dyn Model, asked: Asked, call: Call) -> Attempt {
    let Asked {
        mut request,
        turns,
        model: name,
    } = asked;
    let mut tool = None;
    for turn in 1..=turns {
        let reply = match model.ask(&request) {
            Ok(answer) => answer.reply,
            Err(problem) => return lost(problem),
        };
        if reply.calls.is_empty() || request.tools.is_empty() {
            return concluded(reply, name, tool);
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

/// A request that the server refuses is the harness's doing; anything else is the world's.
fn lost(problem: AskError) -> Attempt {
    let reason = problem.to_string();
    match problem {
        AskError::Refused(_) => Attempt::Failed { reason },
        AskError::OverBudget(_) | AskError::Unreachable(_) | AskError::Late(_) | AskError::Malformed(_) => {
            Attempt::Infra { reason }
        }
    }
}

/// An agent that says nothing has answered, and wrongly; one that ran into its limit before its first word has failed.
fn concluded(reply: Reply, model: String, tool: Option<String>) -> Attempt {
    let failed = |reason: &str| Attempt::Failed {
        reason: reason.to_owned(),
    };
    match reply.text.trim().is_empty() {
        true if reply.stop == Stop::Length => failed("the token limit was reached before the first word of an answer"),
        true if !reply.calls.is_empty() => failed("it called a tool, and has none"),
        _ => Attempt::Answered {
            answer: reply.text,
            model: Some(model).filter(|model| !model.is_empty()),
            tool,
        },
    }
}

/// Adds what the model said and what the tools gave back to the conversation.
fn follow(request: &mut Request, reply: Reply, call: Call) -> Result<(), String> {
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

/// What the model is told of one call. A program is never run with arguments that the model did not give.
fn result(request: &Request, wanted: &ToolCall, cut_off: bool, call: Call) -> Result<String, String> {
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
