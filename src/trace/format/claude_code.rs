//! Reads Claude Code transcripts, one message per line. Each prompt of the user starts a trace, up to the next prompt.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::conversation::conversation_run;
use super::document::{Item, Items};
use super::field::{facts, lasted, list, text, time};
use super::groups::{Room, found_with, too_long};
use super::location::{SkippedPart, SourceLocation};
use super::message::{MessageRole, RecordedMessage, message};
use super::{TraceResult, field};
use crate::artifact::trace::Trace;

/// The beginnings of messages that have the role of the user, but were written by Claude Code.
const NOT_TYPED: [&str; 5] = [
    "<command-name>",
    "<command-message>",
    "<local-command-stdout>",
    "<bash-",
    "[Request interrupted",
];

/// A prompt and the messages that followed it.
struct ClaudeCodePrompt {
    place: SourceLocation,
    /// The memory that further messages may take.
    room: Room,
    session: String,
    /// The prompt's id, or its number in the session.
    id: String,
    messages: Vec<RecordedMessage>,
    model: Option<String>,
    /// Tokens by message id. Several lines may belong to one message, and each states the message's tokens.
    tokens: BTreeMap<String, u64>,
    facts: Value,
    last_at: Option<f64>,
}

/// Reads all sessions of a file. A trace ends at the next prompt of its session.
pub(crate) fn sessions(items: Items<'_>) -> impl Iterator<Item = TraceResult> + '_ {
    let mut sessions = Sessions::default();
    found_with(items, move |item| match item {
        Some(item) => match item.and_then(|item| sessions.add(&item)) {
            Ok(over) => over.map(trace).into_iter().collect(),
            Err(skipped) => vec![Err(skipped)],
        },
        None => std::mem::take(&mut sessions.open).into_values().map(trace).collect(),
    })
}

/// The last prompt of each session, and the number of prompts so far.
#[derive(Default)]
struct Sessions {
    open: BTreeMap<String, ClaudeCodePrompt>,
    prompts: BTreeMap<String, usize>,
}

impl Sessions {
    /// Adds a line. Returns the previous prompt if the line starts a new one.
    fn add(&mut self, item: &Item) -> Result<Option<ClaudeCodePrompt>, SkippedPart> {
        let value = &item.value;
        let session = text(value, "sessionId").unwrap_or_default();
        if let Some(reason) = bookkeeping(value) {
            return Err(item.place.passed_over(reason));
        }
        let unknown = || item.place.skipped("a message without a role");
        let mut said = message(&value["message"]).ok_or_else(unknown)?;
        said.at = time(&value["timestamp"]);
        if is_prompt(&said) {
            let number = self.prompts.entry(session.clone()).or_default();
            *number += 1;
            let prompt = begin(item, session.clone(), *number, said);
            return Ok(self.open.insert(session, prompt));
        }
        let early = || item.place.skipped("it comes before the first prompt of its session");
        let open = self.open.get_mut(&session).ok_or_else(early)?;
        match open.room.takes(item) {
            true => follow(open, value, said),
            false => open.messages.truncate(1),
        }
        Ok(None)
    }
}

/// The reason why a line is not part of the conversation, if it is not.
fn bookkeeping(value: &Value) -> Option<String> {
    let kind = value["type"].as_str().unwrap_or("line without a type");
    match kind {
        "user" | "assistant" if value["isSidechain"] == true => Some("a message of a sub-agent".to_owned()),
        "user" if value["isMeta"] == true || value["isCompactSummary"] == true => {
            Some("an internal note of the program".to_owned())
        }
        "user" | "assistant" => None,
        other => Some(format!("`{other}` is not a message")),
    }
}

fn is_prompt(said: &RecordedMessage) -> bool {
    let typed = said.text.trim_start();
    said.role == MessageRole::User
        && said.answers.is_empty()
        && !typed.is_empty()
        && !NOT_TYPED.iter().any(|start| typed.starts_with(start))
}

fn begin(item: &Item, session: String, number: usize, said: RecordedMessage) -> ClaudeCodePrompt {
    let value = &item.value;
    ClaudeCodePrompt {
        place: item.place.clone(),
        room: Room::default(),
        id: text(value, "uuid").unwrap_or_else(|| number.to_string()),
        last_at: said.at,
        messages: vec![said],
        model: None,
        tokens: BTreeMap::new(),
        facts: facts([
            ("session_id", session.clone().into()),
            ("prompt", number.into()),
            ("folder", text(value, "cwd").into()),
            ("branch", text(value, "gitBranch").into()),
            ("version", text(value, "version").into()),
        ]),
        session,
    }
}

fn follow(prompt: &mut ClaudeCodePrompt, value: &Value, mut said: RecordedMessage) {
    let inner = &value["message"];
    if said.role == MessageRole::User && said.answers.is_empty() {
        if said.text.starts_with("[Request interrupted") {
            prompt.facts["interrupted"] = json!(true);
        }
        // The user did not type this text, so it does not count as a turn.
        said.text.clear();
    }
    if list(inner, "content").iter().any(|block| block["is_error"] == true) {
        let errors = prompt.facts["tool_errors"].as_u64().unwrap_or(0);
        prompt.facts["tool_errors"] = json!(errors + 1);
    }
    let model = text(inner, "model").filter(|model| model != "<synthetic>");
    prompt.model = model.or(prompt.model.take());
    if let Some(tokens) = tokens(&inner["usage"]) {
        let id = text(inner, "id").unwrap_or_else(|| format!("#{}", prompt.messages.len()));
        prompt.tokens.insert(id, tokens);
    }
    prompt.last_at = said.at.or(prompt.last_at);
    prompt.messages.push(said);
}

/// All input and output tokens, including cached ones.
fn tokens(usage: &Value) -> Option<u64> {
    let keys = [
        "input_tokens",
        "cache_creation_input_tokens",
        "cache_read_input_tokens",
        "output_tokens",
    ];
    let counts: Vec<u64> = keys.iter().filter_map(|key| usage[key].as_u64()).collect();
    counts.into_iter().reduce(u64::saturating_add)
}

fn trace(prompt: ClaudeCodePrompt) -> TraceResult {
    if prompt.room.is_exceeded() {
        return Err(too_long(&prompt.place));
    }
    let run = conversation_run(&prompt.messages);
    let started = prompt.messages.first().and_then(|first| first.at);
    let ended = prompt.last_at.filter(|_| prompt.messages.len() > 1);
    Ok(Trace {
        query: run.query,
        model: prompt.model,
        result: run.result,
        steps: run.steps,
        started_at: started,
        ended_at: ended,
        total_latency_seconds: lasted(started, ended),
        total_tokens: prompt.tokens.into_values().reduce(u64::saturating_add),
        metadata: prompt.facts,
        ..field::empty_trace(format!("claude_code:{}:{}", prompt.session, prompt.id))
    })
}
