//! A prompt in a Claude Code transcript and the messages that followed it, which become one trace.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::conversation::conversation_run;
use super::super::document::Item;
use super::super::field::{facts, lasted, list, text};
use super::super::groups::{Room, too_long};
use super::super::location::SourceLocation;
use super::super::message::{MessageRole, RecordedMessage};
use super::super::{TraceResult, field};
use crate::artifact::trace::Trace;

/// A prompt and the messages that followed it.
pub(super) struct ClaudeCodePrompt {
    pub place: SourceLocation,
    /// The memory that further messages may take.
    pub room: Room,
    id: String,
    messages: Vec<RecordedMessage>,
    model: Option<String>,
    /// Tokens by message id. Several lines may belong to one message, and each states the message's tokens.
    tokens: BTreeMap<String, u64>,
    /// The ids of the calls so far.
    calls: BTreeSet<String>,
    /// The id of the model's message to which the last line belongs.
    message_id: Option<String>,
    facts: Value,
    last_at: Option<f64>,
    /// Whether the model's turn ended without an answer: by an interruption, or by an error of the service.
    is_cut_off: bool,
}

impl ClaudeCodePrompt {
    /// Starts the `number`-th prompt of a session.
    pub(super) fn begin(item: &Item, session: &str, number: usize, said: RecordedMessage) -> Self {
        let value = &item.value;
        Self {
            place: item.place.clone(),
            room: Room::default(),
            id: id(session, text(value, "uuid"), number),
            last_at: said.at,
            messages: vec![said],
            model: None,
            tokens: BTreeMap::new(),
            calls: BTreeSet::new(),
            message_id: None,
            facts: facts([
                ("session_id", session.into()),
                ("prompt", number.into()),
                ("folder", text(value, "cwd").into()),
                ("branch", text(value, "gitBranch").into()),
                ("version", text(value, "version").into()),
            ]),
            is_cut_off: false,
        }
    }

    /// Records that the prompt is the slash command with this name.
    pub(super) fn note_command(&mut self, name: String) {
        self.facts["command"] = json!(name);
    }

    /// Drops the messages, because the trace is too long.
    pub(super) fn drop_messages(&mut self) {
        self.messages.truncate(1);
    }

    /// Records that the person interrupted the model.
    pub(super) fn interrupt(&mut self, at: Option<f64>) {
        self.facts["interrupted"] = json!(true);
        self.is_cut_off = true;
        self.last_at = at.or(self.last_at);
    }

    /// Records an error of the service, which the program writes as a message of the model.
    pub(super) fn fail(&mut self, error: &RecordedMessage) {
        self.facts["error"] = json!(error.text);
        self.is_cut_off = true;
        self.last_at = error.at.or(self.last_at);
    }

    /// Adds the results of tools.
    pub(super) fn take_results(&mut self, value: &Value, mut said: RecordedMessage) {
        // The user did not type the text beside results, so it does not count as a turn.
        said.text.clear();
        if list(&value["message"], "content")
            .iter()
            .any(|block| block["is_error"] == true)
        {
            let errors = self.facts["tool_errors"].as_u64().unwrap_or(0);
            self.facts["tool_errors"] = json!(errors + 1);
        }
        self.last_at = said.at.or(self.last_at);
        self.message_id = None;
        self.messages.push(said);
    }

    /// Adds a line of the model. The program writes one line for each block of a message, and may repeat a block that
    /// was not complete.
    pub(super) fn take_answer(&mut self, value: &Value, mut said: RecordedMessage) {
        let inner = &value["message"];
        self.is_cut_off = false;
        self.model = text(inner, "model").or(self.model.take());
        self.last_at = said.at.or(self.last_at);
        let id = text(inner, "id");
        if let Some(tokens) = tokens(&inner["usage"]) {
            let key = id.clone().unwrap_or_else(|| format!("#{}", self.messages.len()));
            self.tokens.insert(key, tokens);
        }
        said.calls
            .retain(|call| call.id.as_ref().is_none_or(|id| self.calls.insert(id.clone())));
        let is_same = id.is_some() && id == self.message_id;
        self.message_id = id;
        match self.messages.last_mut().filter(|_| is_same) {
            Some(last) => merge(last, said),
            None => self.messages.push(said),
        }
    }

    pub(super) fn trace(self) -> TraceResult {
        if self.room.is_exceeded() {
            return Err(too_long(&self.place));
        }
        let run = conversation_run(&self.messages);
        let started = self.messages.first().and_then(|first| first.at);
        let has_more = self.messages.len() > 1 || self.is_cut_off;
        let ended = self.last_at.filter(|_| has_more);
        Ok(Trace {
            query: run.query,
            model: self.model,
            result: run.result.filter(|_| !self.is_cut_off),
            steps: run.steps,
            started_at: started,
            ended_at: ended,
            total_latency_seconds: lasted(started, ended),
            total_tokens: self.tokens.into_values().reduce(u64::saturating_add),
            metadata: self.facts,
            ..field::empty_trace(self.id)
        })
    }
}

/// The id of a prompt's trace. A resumed session repeats its history under a new session id, so a UUID is enough. Other
/// ids, and the number that replaces a missing one, are unique only in their session.
fn id(session: &str, own: Option<String>, number: usize) -> String {
    match own {
        Some(own) if uuid::Uuid::try_parse(&own).is_ok() => format!("claude_code:{own}"),
        Some(own) => format!("claude_code:{session}:{own}"),
        None => format!("claude_code:{session}:{number}"),
    }
}

/// Adds a further line of the same message. Text that begins with the text so far replaces it.
fn merge(message: &mut RecordedMessage, more: RecordedMessage) {
    match more.text {
        text if text.starts_with(&message.text) => message.text = text,
        text if message.text.ends_with(&text) => {}
        text => message.text = format!("{}\n{text}", message.text),
    }
    message.calls.extend(more.calls);
    message.role = MessageRole::Assistant;
    message.at = more.at.or(message.at);
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
