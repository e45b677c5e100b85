//! Providers' formats: renders requests to JSON and parses replies from JSON, as pure functions.

mod anthropic;
mod complaint;
mod json;
mod ollama;
mod openai;
mod stream;
mod thoughts;

use serde_json::{Map, Value};

pub(crate) use self::complaint::Complaint;
pub(crate) use self::json::whole as token_count;
use crate::llm::chat::{Reply, Request};
use crate::manifest::chat::{Api, ChatSettings};

/// Default limit for the tokens in one answer, for providers that require a limit and for estimates.
pub(crate) const DEFAULT_MAX_TOKENS: u64 = 8192;
/// The names under which a request limits the tokens of its answer.
pub(crate) const ANSWER_LIMITS: [&str; 3] = ["max_tokens", "max_completion_tokens", "num_predict"];

/// A rendered HTTP request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HttpRequest {
    /// The URL.
    pub url: String,
    /// The headers, except the one with the key.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Value,
}

/// Why a body is not a valid reply. The message is for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoReply {
    /// The body is not in the provider's format.
    #[error("{0}")]
    Garbled(String),
    /// The body reports a failure, although it came with a success.
    #[error("the reply is an error: {}", .0.line)]
    Failure(Complaint),
}

/// Renders a request in the provider's format.
pub(crate) fn render(settings: &ChatSettings, request: &Request) -> HttpRequest {
    match settings.api {
        Api::Openai => openai::render(settings, request),
        Api::Anthropic => anthropic::render(settings, request),
        Api::Ollama => ollama::render(settings, request),
    }
}

/// The header with the key.
pub(crate) fn key_header(api: Api, key: &str) -> (&'static str, String) {
    match api {
        Api::Anthropic => ("x-api-key", key.to_owned()),
        Api::Openai | Api::Ollama => ("authorization", format!("Bearer {key}")),
    }
}

/// Parses the reply in a body. Thoughts that the server left in the text are separated from the answer.
///
/// # Errors
/// The body is not in the provider's format, or reports a failure.
pub(crate) fn read(api: Api, request: &Request, body: &[u8]) -> Result<Reply, NoReply> {
    let value = value(body)?;
    let mut reply = match api {
        Api::Openai => openai::read(&value),
        Api::Anthropic => anthropic::read(&value, request),
        Api::Ollama => ollama::read(&value),
    }?;
    let (thoughts, answer) = thoughts::separated(&reply.text);
    reply.thoughts += &thoughts;
    reply.text = answer;
    Ok(reply)
}

/// The JSON in a body, or in the stream that some servers send instead.
fn value(body: &[u8]) -> Result<Value, NoReply> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}');
    serde_json::from_str(text).or_else(|error| match stream::assembled(text) {
        Some(assembled) => assembled,
        None if complaint::is_page(text.trim_start()) => {
            let title = complaint::title(text);
            Err(NoReply::Garbled(format!(
                "the reply is not JSON but an HTML page: {title}"
            )))
        }
        None => {
            let begin: String = text.chars().take(80).collect();
            Err(NoReply::Garbled(format!(
                "the reply is not JSON ({error}); it starts with {begin:?}"
            )))
        }
    })
}

/// The model to ask.
pub(crate) fn model<'a>(settings: &'a ChatSettings, request: &'a Request) -> &'a str {
    request
        .model
        .as_deref()
        .or(settings.model.as_deref())
        .unwrap_or_default()
}

/// The limit for the tokens in the answer, if one is set.
pub(crate) fn max_tokens(settings: &ChatSettings, request: &Request) -> Option<u64> {
    let named = ANSWER_LIMITS
        .iter()
        .find_map(|name| request.parameters.get(*name)?.as_u64());
    named.or(request.max_tokens).or(settings.max_tokens)
}

/// The parameters of a request. Its own ones override the fields of `body`, which override the configured temperature.
fn parameters(settings: &ChatSettings, request: &Request) -> Map<String, Value> {
    let mut all = Map::new();
    if let Some(temperature) = settings.temperature {
        all.insert("temperature".into(), temperature.into());
    }
    let configured = settings.body.iter().map(|(name, value)| (name.clone(), value.clone()));
    all.extend(configured);
    all.extend(
        request
            .parameters
            .iter()
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    all
}

#[cfg(test)]
mod tests;
