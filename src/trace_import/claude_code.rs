//! Claude Code: a transcript is a line a message. One prompt of the user is one trace, up to the next prompt.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::conversation::told;
use super::document::{Item, Items};
use super::field::{facts, lasted, list, text, time};
use super::message::{Message, Role, message};
use super::place::Skipped;
use super::{Found, blank};
use crate::artifact::trace::Trace;

/// How a text begins that the program puts into the user's mouth.
const NOT_TYPED: [&str; 5] = [
    "<command-name>",
    "<command-message>",
    "<local-command-stdout>",
    "<bash-",
    "[Request interrupted",
];

/// A prompt and what followed.
struct Prompt {
    session: String,
    /// The prompt's own id, else its number in the session.
    id: String,
    messages: Vec<Message>,
    model: Option<String>,
    /// Tokens by message: a message that is written piece by piece states them with each piece.
    tokens: BTreeMap<String, u64>,
    facts: Value,
    last_at: Option<f64>,
}

/// Reads all sessions of a file.
pub fn sessions(items: Items) -> Vec<Found> {
    let mut prompts: Vec<Prompt> = Vec::new();
    let mut found = Vec::new();
    for item in items {
        if let Err(skipped) = item.and_then(|item| add(&mut prompts, &item)) {
            found.push(Err(skipped));
        }
    }
    prompts
        .into_iter()
        .map(|prompt| Ok(trace(prompt)))
        .chain(found)
        .collect()
}

fn add(prompts: &mut Vec<Prompt>, item: &Item) -> Result<(), Skipped> {
    let value = &item.value;
    let session = text(value, "sessionId").unwrap_or_default();
    if let Some(reason) = bookkeeping(value) {
        return Err(item.place.passed_over(reason));
    }
    let unknown = || item.place.skipped("a message without a role");
    let mut said = message(&value["message"]).ok_or_else(unknown)?;
    said.at = time(&value["timestamp"]);
    if is_prompt(&said) {
        let number = prompts.iter().filter(|prompt| prompt.session == session).count() + 1;
        prompts.push(begin(value, session, number, said));
        return Ok(());
    }
    let open = prompts.iter_mut().rev().find(|prompt| prompt.session == session);
    follow(
        open.ok_or_else(|| item.place.skipped("it comes before the first prompt of its session"))?,
        value,
        said,
    );
    Ok(())
}

/// Why a line is no part of the conversation.
fn bookkeeping(value: &Value) -> Option<String> {
    let kind = value["type"].as_str().unwrap_or("line without a type");
    match kind {
        "user" | "assistant" if value["isSidechain"] == true => Some("a message of a sub-agent".to_owned()),
        "user" if value["isMeta"] == true || value["isCompactSummary"] == true => {
            Some("a note of the program".to_owned())
        }
        "user" | "assistant" => None,
        other => Some(format!("`{other}` is no message")),
    }
}

fn is_prompt(said: &Message) -> bool {
    let typed = said.text.trim_start();
    said.role == Role::User
        && said.answers.is_empty()
        && !typed.is_empty()
        && !NOT_TYPED.iter().any(|start| typed.starts_with(start))
}

fn begin(value: &Value, session: String, number: usize, said: Message) -> Prompt {
    Prompt {
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

fn follow(prompt: &mut Prompt, value: &Value, mut said: Message) {
    let inner = &value["message"];
    if said.role == Role::User && said.answers.is_empty() {
        if said.text.starts_with("[Request interrupted") {
            prompt.facts["interrupted"] = json!(true);
        }
        // What was not typed is no turn of the conversation.
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

/// All tokens in and out, those of the cache included.
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

fn trace(prompt: Prompt) -> Trace {
    let told = told(&prompt.messages);
    let started = prompt.messages.first().and_then(|first| first.at);
    let ended = prompt.last_at.filter(|_| prompt.messages.len() > 1);
    Trace {
        query: told.query,
        model: prompt.model,
        result: told.result,
        steps: told.steps,
        started_at: started,
        ended_at: ended,
        total_latency_seconds: lasted(started, ended),
        total_tokens: prompt.tokens.into_values().reduce(u64::saturating_add),
        metadata: prompt.facts,
        ..blank::trace(format!("claude_code:{}:{}", prompt.session, prompt.id))
    }
}
