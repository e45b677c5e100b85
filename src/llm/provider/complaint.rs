//! A server's error message, in the shapes that servers and proxies use.

use serde_json::Value;

use crate::llm::failure::{self, FailureKind};

/// Maximum number of characters of a message.
const LONGEST: usize = 300;

/// Fields of a request that are not parameters; a message that names them is about the conversation.
const CONVERSATION: [&str; 7] = ["model", "messages", "system", "prompt", "input", "options", "stream"];

/// What a server says about a request that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// The message in one line of at most 300 characters.
    pub line: String,
    /// Everything that tells the kind of failure: codes, types, messages.
    words: String,
    /// The field of the request that the server names.
    field: Option<String>,
    /// The status inside the body, as OpenRouter and LiteLLM report failures of the servers behind them.
    status: Option<u16>,
    is_page: bool,
}

impl Complaint {
    /// Reads the body of a failed request.
    pub(crate) fn of_body(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let text = text.trim_start_matches('\u{feff}').trim();
        match serde_json::from_str::<Value>(text) {
            Ok(value) => Self::of_value(&value),
            Err(_) if is_page(text) => Self {
                is_page: true,
                ..Self::of_text(&format!("an HTML page: {}", title(text)))
            },
            Err(_) => Self::of_text(text),
        }
    }

    /// Reads an error object: `{"error": …}`, its inside, a list of such objects, or a text.
    pub(crate) fn of_value(value: &Value) -> Self {
        let value = match value {
            Value::Array(items) => items.first().unwrap_or(value),
            other => other,
        };
        let error = value.get("error").filter(|error| !error.is_null()).unwrap_or(value);
        let raw = error.get("metadata").and_then(|metadata| metadata.get("raw"));
        // What the server behind a proxy says is more than what the proxy says about it.
        let behind = raw
            .and_then(Value::as_str)
            .and_then(|raw| serde_json::from_str::<Value>(raw).ok());
        if let Some(behind) = behind.filter(Value::is_object) {
            return Self::behind(error, Self::of_value(&behind));
        }
        let said = [error, value]
            .into_iter()
            .find_map(message)
            .unwrap_or_else(|| error.to_string());
        let said = match raw.and_then(text_of) {
            Some(raw) if raw != said => format!("{said}: {raw}"),
            _ => said,
        };
        let named = |name: &str| error.get(name).and_then(text_of);
        let codes = ["code", "type", "status", "param", "error_code"].map(named);
        let inner = error
            .get("innererror")
            .and_then(|inner| inner.get("code"))
            .and_then(text_of);
        let words: Vec<String> = codes
            .into_iter()
            .chain([inner])
            .flatten()
            .chain([said.clone()])
            .collect();
        let status = ["code", "status", "status_code"]
            .iter()
            .find_map(|name| number(error.get(*name)?));
        Self {
            line: line(&said),
            words: words.join(" "),
            field: named("param")
                .or_else(|| located(value))
                .filter(|field| !field.is_empty()),
            status,
            is_page: false,
        }
    }

    /// The complaint of a server behind a proxy, with the proxy's words and status.
    fn behind(proxy: &Value, complaint: Self) -> Self {
        let own = message(proxy).unwrap_or_default();
        let status = proxy.get("code").and_then(number);
        Self {
            line: line(&format!("{own}: {}", complaint.line)),
            status: complaint.status.or(status),
            ..complaint
        }
    }

    /// Reads a failure that is not in a field `error`, such as `{"detail": "Unauthorized"}`.
    pub(super) fn without_error(value: &Value) -> Option<Self> {
        let is_said = value.is_object() && message(value).is_some();
        is_said.then(|| Self::of_value(value))
    }

    fn of_text(text: &str) -> Self {
        Self {
            line: line(text),
            words: text.to_owned(),
            ..Self::default()
        }
    }

    /// The kind of failure. `status`: that of the response, unless the failure came with a success.
    pub(crate) fn kind(&self, status: Option<u16>) -> FailureKind {
        match status {
            Some(401 | 403..=407 | 410) if self.is_page => FailureKind::Address,
            _ => failure::classify(status.or(self.status), &self.words).unwrap_or(FailureKind::Overload),
        }
    }

    /// The field of the request that the server rejects: the one that it names, else the first one in its message.
    pub(crate) fn rejected_field(&self, sent: &Value) -> Option<String> {
        let options = sent.get("options").and_then(Value::as_object);
        let fields = sent
            .as_object()
            .into_iter()
            .chain(options)
            .flat_map(|fields| fields.keys());
        let fields: Vec<&String> = fields.filter(|name| !CONVERSATION.contains(&name.as_str())).collect();
        let is_sent = |name: &str| fields.iter().any(|field| field.as_str() == name);
        let root = |named: &String| named.split(['.', '[']).next().unwrap_or_default().to_owned();
        if let Some(named) = self.field.as_ref().map(root).filter(|named| is_sent(named)) {
            return Some(named);
        }
        let first = fields
            .iter()
            .filter_map(|name| Some((word_at(&self.words, name)?, name)))
            .min();
        let alias = || {
            is_sent("response_format")
                && ["schema", "structured output", "grammar"]
                    .iter()
                    .any(|word| self.words.contains(word))
        };
        first
            .map(|(_, name)| (*name).clone())
            .or_else(|| alias().then(|| "response_format".to_owned()))
    }

    /// Whether the server does not know the field at all, rather than rejecting its value.
    pub(crate) fn is_unsupported(&self) -> bool {
        let words = self.words.to_lowercase();
        [
            "support",
            "unrecognized",
            "unknown",
            "not permitted",
            "extra_forbidden",
            "cannot find field",
            "unexpected",
            "not allowed",
            "instead",
        ]
        .iter()
        .any(|word| words.contains(word))
    }
}

/// The message of an error object, in its various places; FastAPI's `detail` may be a text or a list.
fn message(error: &Value) -> Option<String> {
    let named = |value: &Value, name: &str| value.get(name).and_then(text_of);
    let detail = |value: &Value| match value.get("detail")? {
        Value::Array(items) => items
            .iter()
            .find_map(|item| Some(format!("{}: {}", located_in(item)?, named(item, "msg")?))),
        other => text_of(other).or_else(|| named(other, "message")),
    };
    text_of(error)
        .or_else(|| named(error, "message"))
        .or_else(|| error.get("message").and_then(detail))
        .or_else(|| error.get("message").and_then(|inner| named(inner, "message")))
        .or_else(|| detail(error))
        .or_else(|| named(error, "error_msg").or_else(|| named(error, "msg")))
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The field in FastAPI's list of details, as vLLM and Mistral report it.
fn located(value: &Value) -> Option<String> {
    let details = [
        value.get("detail"),
        value.get("message").and_then(|message| message.get("detail")),
    ];
    details
        .into_iter()
        .flatten()
        .filter_map(Value::as_array)
        .flatten()
        .find_map(located_in)
}

fn located_in(item: &Value) -> Option<String> {
    let place = item.get("loc")?.as_array()?;
    let names = place.iter().filter_map(Value::as_str).filter(|name| *name != "body");
    names.map(str::to_owned).next()
}

fn number(value: &Value) -> Option<u16> {
    let status = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    u16::try_from(status).ok().filter(|status| (400..600).contains(status))
}

/// The position of a name as a whole word.
fn word_at(text: &str, name: &str) -> Option<usize> {
    let of_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut found = text.match_indices(name);
    let whole = found.find(|(at, _)| {
        let (before, after) = (&text[..*at], &text[at + name.len()..]);
        !before.ends_with(of_word) && !after.starts_with(of_word)
    });
    whole.map(|(at, _)| at)
}

/// Whether a text is a page for people.
pub(super) fn is_page(text: &str) -> bool {
    let start: String = text.chars().take(200).collect::<String>().to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html") || start.contains("<head>")
}

/// The title of a page, else its beginning.
pub(super) fn title(page: &str) -> String {
    let lower = page.to_ascii_lowercase();
    let inside = lower.find("<title>").zip(lower.find("</title>"));
    let inside = inside.and_then(|(from, to)| page.get(from + "<title>".len()..to));
    line(inside.unwrap_or(page))
}

fn line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::llm::failure::FailureKind::*;

    /// The failures that servers report, as (status, body, kind).
    #[test]
    #[allow(clippy::too_many_lines)] // a table
    fn failures_are_told_apart() {
        let openai = |message: &str, code: &str| json!({"error": {"message": message, "type": "invalid_request_error", "code": code}});
        let said = |message: &str| json!({"error": {"message": message}});
        for (status, body, kind) in [
            (429, said("Rate limit reached for m on tokens per min"), Overload),
            (
                429,
                openai(
                    "You exceeded your current quota, please check your plan and billing details.",
                    "insufficient_quota",
                ),
                Account,
            ),
            (
                429,
                json!([{"error": {"code": 429, "message": "You exceeded your current quota", "status": "RESOURCE_EXHAUSTED"}}]),
                Overload,
            ),
            (
                500,
                said("The server had an error while processing your request."),
                Overload,
            ),
            (
                503,
                json!({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}),
                Overload,
            ),
            (
                529,
                json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
                Overload,
            ),
            (
                400,
                json!({"type": "error", "error": {"type": "invalid_request_error", "message": "Your credit balance is too low to access the Anthropic API."}}),
                Account,
            ),
            (
                402,
                json!({"error": {"message": "Insufficient Balance", "type": "unknown_error"}}),
                Account,
            ),
            (
                400,
                json!({"error": {"message": "Budget has been exceeded! Current cost: 1.0", "type": "budget_exceeded"}}),
                Account,
            ),
            (401, said("Incorrect API key provided"), Key),
            (
                400,
                json!([{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT"}}]),
                Key,
            ),
            (403, said("Your account does not have access to this region"), Key),
            (
                404,
                openai(
                    "The model `x` does not exist or you do not have access to it.",
                    "model_not_found",
                ),
                Model,
            ),
            (404, json!({"error": "model 'x' not found"}), Model),
            (
                404,
                json!({"type": "error", "error": {"type": "not_found_error", "message": "model: claude-x"}}),
                Model,
            ),
            (
                404,
                json!({"error": {"code": "DeploymentNotFound", "message": "The API deployment for this resource does not exist."}}),
                Model,
            ),
            (400, said("x is not a valid model ID"), Model),
            (
                400,
                json!({"error": "No models loaded. Please load a model in the developer page."}),
                Model,
            ),
            (403, said("Project `p` does not have access to model `x`"), Model),
            (404, json!("404 page not found"), Address),
            (405, json!({"detail": "Method Not Allowed"}), Address),
            (
                400,
                openai(
                    "This model's maximum context length is 8192 tokens.",
                    "context_length_exceeded",
                ),
                Length,
            ),
            (
                400,
                json!({"error": {"code": 400, "type": "exceed_context_size_error", "message": "request (20034 tokens) exceeds the available context size (4096 tokens)"}}),
                Length,
            ),
            (400, said("prompt is too long: 205000 tokens > 200000 maximum"), Length),
            (
                413,
                json!({"error": {"type": "request_too_large", "message": "Request exceeds the maximum size"}}),
                Length,
            ),
            (
                400,
                json!({"error": {"code": "content_filter", "message": "The response was filtered", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}),
                Filter,
            ),
            (
                403,
                said("m requires moderation on X. Your input was flagged for \"violence\"."),
                Filter,
            ),
            (
                400,
                said("max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens for m"),
                Parameter,
            ),
            (
                400,
                openai(
                    "max_tokens is too large: 100000. This model supports at most 16384 completion tokens.",
                    "invalid_value",
                ),
                Parameter,
            ),
            (
                400,
                openai(
                    "Unsupported parameter: 'max_tokens' is not supported with this model.",
                    "unsupported_parameter",
                ),
                Request,
            ),
            (
                422,
                json!({"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}),
                Request,
            ),
            (400, said("something odd"), Request),
            (
                400,
                json!({"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw":
                    json!({"error": {"message": "Unsupported value: 'temperature'", "param": "temperature"}}).to_string()}}}),
                Request,
            ),
            (
                400,
                json!({"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": "maximum context length"}}}),
                Length,
            ),
            (
                502,
                json!({"error": {"message": "Provider returned error", "code": 502}}),
                Overload,
            ),
            (
                429,
                said("Request too large for m on tokens per min (TPM): Limit 10000, Requested 12000."),
                Length,
            ),
            (429, said("Extra usage is required for long context requests."), Account),
            (
                400,
                json!({"message": "ThrottlingException: Too many tokens"}),
                Overload,
            ),
            (
                400,
                json!([{"error": {"message": "API key expired.", "status": "INVALID_ARGUMENT"}}]),
                Key,
            ),
            (400, openai("Failed to generate JSON.", "json_validate_failed"), Output),
            (400, openai("Failed to call a function.", "tool_use_failed"), Output),
            (500, json!({"error": "error parsing tool call: raw='{'"}), Output),
            (302, json!(""), Address),
        ] {
            assert_eq!(
                Complaint::of_body(body.to_string().as_bytes()).kind(Some(status)),
                kind,
                "{status} {body}"
            );
        }
        let page = Complaint::of_body(b"<html><head><title>Attention Required! | Cloudflare</title></head>");
        assert_eq!((page.kind(Some(403)), page.kind(Some(502))), (Address, Overload));
        assert!(page.line.contains("Attention Required"), "{}", page.line);
    }

    #[test]
    #[allow(clippy::too_many_lines)] // a table
    fn the_rejected_field_is_found() {
        let sent = json!({"model": "m", "messages": [], "max_tokens": 5, "temperature": 0.2, "seed": 7, "options": {"num_ctx": 1},
            "response_format": {"type": "json_schema"}, "tools": []});
        for (body, field, unsupported) in [
            (
                json!({"error": {"message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "param": "max_tokens"}}),
                Some("max_tokens"),
                true,
            ),
            (
                json!({"error": {"message": "Unsupported value: 'temperature' does not support 0.2 with this model."}}),
                Some("temperature"),
                true,
            ),
            (
                json!({"error": {"message": "Unrecognized request argument supplied: seed"}}),
                Some("seed"),
                true,
            ),
            (
                json!([{"error": {"message": "Invalid JSON payload received. Unknown name \"seed\": Cannot find field."}}]),
                Some("seed"),
                true,
            ),
            (
                json!({"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}),
                Some("seed"),
                true,
            ),
            (
                json!({"object": "error", "message": {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}}),
                Some("seed"),
                true,
            ),
            (
                json!({"error": {"message": "This response_format type is unavailable now"}}),
                Some("response_format"),
                false,
            ),
            (
                json!({"error": {"message": "Invalid schema for response_format 'plan'", "param": "response_format"}}),
                Some("response_format"),
                false,
            ),
            (
                json!({"error": "json_schema is not supported"}),
                Some("response_format"),
                true,
            ),
            (json!({"error": "m does not support tools"}), Some("tools"), true),
            (json!({"error": {"message": "invalid num_ctx"}}), Some("num_ctx"), false),
            (
                json!({"error": {"message": "max_tokens is too large", "param": "max_tokens"}}),
                Some("max_tokens"),
                false,
            ),
            (
                json!({"error": {"message": "messages: roles must alternate", "param": "messages"}}),
                None,
                false,
            ),
        ] {
            let complaint = Complaint::of_body(body.to_string().as_bytes());
            assert_eq!(complaint.rejected_field(&sent).as_deref(), field, "{body}");
            assert_eq!(complaint.is_unsupported(), unsupported, "{body}");
        }
    }

    #[test]
    fn a_message_is_one_line() {
        for (body, line) in [
            (r#"{"error": {"message": "a  b\nc"}}"#, "a b c"),
            (
                r#"{"error": {"message": "Provider returned error", "metadata": {"raw": "rate-limited upstream"}}}"#,
                "Provider returned error: rate-limited upstream",
            ),
            (r#"{"detail": "Not Found"}"#, "Not Found"),
            (
                r#"{"detail": [{"loc": ["body", "n"], "msg": "must be 1"}]}"#,
                "n: must be 1",
            ),
            (r#"{"message": "no"}"#, "no"),
            ("plain  text", "plain text"),
            ("", ""),
        ] {
            assert_eq!(Complaint::of_body(body.as_bytes()).line, line, "{body}");
        }
    }
}
