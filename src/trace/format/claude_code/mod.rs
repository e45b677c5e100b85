//! Reads Claude Code transcripts, one message per line. Each prompt that a person typed starts a trace, up to the next
//! prompt.

mod prompt;
mod typed;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use self::prompt::ClaudeCodePrompt;
use self::typed::{UserText, is_flagged, user_text};
use super::TraceResult;
use super::document::{Item, Items};
use super::field::{list, text, time};
use super::groups::found_with;
use super::location::SkippedPart;
use super::message::{MessageRole, RecordedMessage, message};
use crate::digest::Digest;

/// Reads all sessions of a file. A trace ends at the next prompt of its session.
pub(crate) fn sessions(items: Items<'_>) -> impl Iterator<Item = TraceResult> + '_ {
    let mut sessions = Sessions::default();
    found_with(items, move |item| match item {
        Some(Ok(item)) => sessions.add(&item),
        Some(Err(skipped)) => vec![Err(skipped)],
        None => sessions.end(),
    })
}

/// The open prompts of a file.
#[derive(Default)]
struct Sessions {
    sessions: BTreeMap<String, OpenSession>,
    /// The lines so far that have an id. A resumed session may repeat them in the same file.
    seen: BTreeSet<Digest>,
}

#[derive(Default)]
struct OpenSession {
    /// The number of prompts so far.
    prompts: usize,
    /// The last prompt.
    open: Option<ClaudeCodePrompt>,
    /// A command that was typed after it. It is a prompt if the model answers.
    command: Option<ClaudeCodePrompt>,
}

impl Sessions {
    /// Adds a line. Returns the previous prompt if the line starts a new one, or why the line is left out.
    fn add(&mut self, item: &Item) -> Vec<TraceResult> {
        let value = &item.value;
        if value["uuid"].is_string() && !self.seen.insert(Digest::of_value(&json!([value["uuid"], said(value)]))) {
            return vec![Err(item.place.passed_over("a repetition of an earlier line"))];
        }
        if let Some(reason) = bookkeeping(value) {
            return vec![Err(item.place.passed_over(reason))];
        }
        let Some(mut said) = message(&said(value)) else {
            return vec![Err(item.place.skipped("a message without a role"))];
        };
        said.at = time(&value["timestamp"]).or_else(|| time(&value["attachment"]["timestamp"]));
        let name = text(value, "sessionId").unwrap_or_default();
        let session = self.sessions.entry(name.clone()).or_default();
        match said.role {
            MessageRole::User if said.answers.is_empty() && is_flagged(value) => vec![Err(note(item))],
            MessageRole::User if said.answers.is_empty() => session.heard(item, &name, said),
            _ => session.follow(item, said),
        }
    }

    fn end(&mut self) -> Vec<TraceResult> {
        let sessions = std::mem::take(&mut self.sessions).into_values();
        let ended = sessions.flat_map(|mut session| {
            let dropped = session.drop_command();
            session.open.map(ClaudeCodePrompt::trace).into_iter().chain(dropped)
        });
        ended.collect()
    }
}

impl OpenSession {
    /// Adds a message in the role of the user that holds no results of tools.
    fn heard(&mut self, item: &Item, name: &str, mut said: RecordedMessage) -> Vec<TraceResult> {
        match user_text(&said.text) {
            UserText::Typed(typed) => {
                said.text = typed;
                self.prompt(item, name, said)
            }
            // The trace has no query, but the answer is no answer to the prompt before it.
            UserText::Note if has_media(&item.value) => {
                said.text.clear();
                self.prompt(item, name, said)
            }
            UserText::Command { typed, name: command } => {
                let dropped = self.drop_command();
                said.text = typed;
                let mut prompt = ClaudeCodePrompt::begin(item, name, self.prompts + 1, said);
                command.into_iter().for_each(|name| prompt.note_command(name));
                self.command = Some(prompt);
                dropped.into_iter().collect()
            }
            UserText::CarriedOut => self.drop_command().into_iter().collect(),
            UserText::Interruption => self.with_open(item, |open| open.interrupt(said.at)),
            UserText::Note => vec![Err(note(item))],
        }
    }

    fn prompt(&mut self, item: &Item, name: &str, said: RecordedMessage) -> Vec<TraceResult> {
        let dropped = self.drop_command();
        self.prompts += 1;
        let prompt = ClaudeCodePrompt::begin(item, name, self.prompts, said);
        let over = self.open.replace(prompt).map(ClaudeCodePrompt::trace);
        dropped.into_iter().chain(over).collect()
    }

    /// Adds a line of the model, or results of tools.
    fn follow(&mut self, item: &Item, said: RecordedMessage) -> Vec<TraceResult> {
        let value = &item.value;
        if said.role == MessageRole::Assistant {
            return match is_made_up(value) {
                true if said.text == "No response requested." => vec![Err(note(item))],
                true => self.with_open(item, |open| open.fail(&said)),
                false => self.with_open(item, |open| open.take_answer(value, said)),
            };
        }
        let (at, is_interrupted) = (said.at, user_text(&said.text) == UserText::Interruption);
        // They belong to calls of the prompt before a command.
        self.with_last(item, |open| {
            open.take_results(value, said);
            if is_interrupted {
                open.interrupt(at);
            }
        })
    }

    /// Changes the prompt that a line belongs to: the command, if one was typed since the last prompt. Returns the prompt
    /// before the command, which is over.
    fn with_open(&mut self, item: &Item, change: impl FnOnce(&mut ClaudeCodePrompt)) -> Vec<TraceResult> {
        let mut over = None;
        if let Some(command) = self.command.take() {
            self.prompts += 1;
            over = self.open.replace(command).map(ClaudeCodePrompt::trace);
        }
        over.into_iter().chain(self.with_last(item, change)).collect()
    }

    /// Changes the last prompt.
    fn with_last(&mut self, item: &Item, change: impl FnOnce(&mut ClaudeCodePrompt)) -> Vec<TraceResult> {
        let Some(open) = &mut self.open else {
            return vec![Err(item
                .place
                .skipped("it comes before the first prompt of its session"))];
        };
        match open.room.takes(item) {
            true => change(open),
            false => open.drop_messages(),
        }
        Vec::new()
    }

    /// Drops a command that the model did not answer.
    fn drop_command(&mut self) -> Option<TraceResult> {
        let command = self.command.take()?;
        Some(Err(command
            .place
            .passed_over("a command that the model did not answer")))
    }
}

/// The message of a line. A prompt that was typed while the model worked is an attachment.
fn said(value: &Value) -> Cow<'_, Value> {
    match is_queued(value) {
        true => Cow::Owned(json!({"role": "user", "content": value["attachment"]["prompt"]})),
        false => Cow::Borrowed(&value["message"]),
    }
}

fn is_queued(value: &Value) -> bool {
    let attachment = &value["attachment"];
    let is_typed = attachment["commandMode"].as_str().is_none_or(|mode| mode == "prompt") && !is_flagged(attachment);
    value["type"] == "attachment" && attachment["type"] == "queued_command" && is_typed
}

/// The reason why a line is not part of the conversation, if it is not.
fn bookkeeping(value: &Value) -> Option<String> {
    match value["type"].as_str().unwrap_or("line without a type") {
        "user" | "assistant" if value["isSidechain"] == true => Some("a message of a sub-agent".to_owned()),
        "user" | "assistant" => None,
        _ if is_queued(value) => None,
        other => Some(format!("`{other}` is not a message")),
    }
}

fn note(item: &Item) -> SkippedPart {
    item.place.passed_over("an internal note of the program")
}

/// Whether the program wrote this message of the model, such as an error of the service.
fn is_made_up(value: &Value) -> bool {
    value["isApiErrorMessage"] == true || value["message"]["model"] == "<synthetic>"
}

fn has_media(value: &Value) -> bool {
    let is_media = |block: &Value| matches!(block["type"].as_str(), Some("image" | "document"));
    list(&value["message"], "content").iter().any(is_media)
}

#[cfg(test)]
mod tests;
