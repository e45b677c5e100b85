//! The table of failures that agent programs report: by their exit code, in their JSON, or in plain words.
//!
//! Agents such as `claude`, `codex` and `gemini` report an overloaded service or a wrong key as a result, and some of
//! them with exit code 0.

use serde_json::Value;

use crate::llm::failure::{self, FailureKind};
use crate::llm::failure_status;

/// The exit code `EX_TEMPFAIL` of `sysexits.h`: a temporary failure of the infrastructure.
const PASSING: i32 = 75;

/// Whose failure an attempt of a program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::eval) enum Blame {
    /// The agent's: score 0.
    Agent,
    /// That of a service which may be well in a moment: no score, after further attempts.
    Passing,
    /// That of a service: no score.
    Service,
    /// A service refuses what the harness asks for: no score.
    Refused,
}

/// A failure that a program reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::eval) struct ProgramReport {
    pub blame: Blame,
    /// The program's words.
    pub words: String,
}

/// Reasons to end, by the names that programs give them. Other failures are judged by their words.
const NAMES: &[(&str, Blame)] = &[
    // claude -p --output-format json: `subtype`
    ("error_max_turns", Blame::Agent),
    ("error_max_budget_usd", Blame::Agent),
    ("error_max_structured_output_retries", Blame::Agent),
    // gemini -o json: `error.type`
    ("FatalTurnLimitedError", Blame::Agent),
    ("FatalToolExecutionError", Blame::Agent),
    ("FatalAuthenticationError", Blame::Service),
    ("FatalConfigError", Blame::Service),
    ("FatalInputError", Blame::Service),
    ("FatalSandboxError", Blame::Service),
    ("FatalCancellationError", Blame::Service),
    // opencode run --format json: `error.name`
    ("ProviderAuthError", Blame::Service),
    ("MessageOutputLengthError", Blame::Agent),
    ("ContextOverflowError", Blame::Agent),
];

/// The beginnings of `claude -p` in text mode when its service fails; it then ends with exit code 0 or 1.
const BEGINNINGS: &[&str] = &[
    "API Error:",
    "Claude AI usage limit reached",
    "Credit balance is too low",
    "Invalid API key",
    "OAuth token has expired",
    "You've hit your",
    "Your organization has disabled Claude subscription",
    "There's an issue with the selected model",
];

/// A failure in a program's JSON: its name, its status, its words.
#[derive(Default)]
struct JsonFailure {
    name: String,
    status: Option<u16>,
    words: String,
    /// Whether the format is one that reports failures of its service in this way.
    is_known: bool,
}

/// The failure in a program's result; `None` if it answered. `code`: the exit code; `None` if a signal ended it.
pub(in crate::eval) fn reported(code: Option<i32>, stdout: &str, stderr: &str) -> Option<ProgramReport> {
    if let Some(failure) = in_json(stdout).or_else(|| in_json(stderr)) {
        let report = judged(&failure, code);
        // An object with an error may also be the answer to a task about such objects.
        let is_answer = code == Some(0) && !failure.is_known && report.blame == Blame::Agent;
        return (!is_answer).then_some(report);
    }
    if code == Some(0) {
        let start = stdout.trim_start();
        let begins = BEGINNINGS.iter().any(|words| start.starts_with(words));
        return begins.then(|| ProgramReport {
            blame: of_words(None, start).unwrap_or(Blame::Service),
            words: shortened(start),
        });
    }
    let said = match stderr.trim().is_empty() {
        true => last_lines(stdout),
        false => last_lines(stderr),
    };
    let blame = match code {
        Some(PASSING) => Blame::Passing,
        // Killed by a signal.
        None => Blame::Agent,
        Some(_) => {
            let ends = |text: &str| last_lines(&without_frames(text));
            of_words(None, &format!("{} {}", ends(stdout), ends(stderr))).unwrap_or(Blame::Agent)
        }
    };
    Some(ProgramReport { blame, words: said })
}

/// Whether the words of an attempt that an earlier version stored as a failure or an answer report a service's failure.
pub(in crate::eval) fn is_outage(words: &str) -> bool {
    let report = reported(Some(0), words, "");
    report.is_some_and(|report| report.blame != Blame::Agent)
}

fn judged(failure: &JsonFailure, code: Option<i32>) -> ProgramReport {
    let named = NAMES
        .iter()
        .find(|(name, _)| *name == failure.name)
        .map(|(_, blame)| *blame);
    let unknown = match (failure.is_known, code) {
        (_, Some(PASSING)) => Blame::Passing,
        (true, _) => Blame::Service,
        (false, _) => Blame::Agent,
    };
    let words = match (failure.name.as_str(), failure.words.as_str()) {
        ("", words) => words.to_owned(),
        (name, "") => name.to_owned(),
        (name, words) => format!("{name}: {words}"),
    };
    ProgramReport {
        blame: named.or_else(|| of_words(failure.status, &words)).unwrap_or(unknown),
        words: shortened(&words),
    }
}

/// The blame by the table of service failures; `None` if the words say nothing.
fn of_words(status: Option<u16>, words: &str) -> Option<Blame> {
    let kind = failure::classify(status.or_else(|| failure_status::status_in(words)), words)?;
    Some(match kind {
        FailureKind::Filter | FailureKind::Output | FailureKind::Length => Blame::Agent,
        FailureKind::Overload => Blame::Passing,
        FailureKind::Account | FailureKind::Key | FailureKind::Address => Blame::Service,
        FailureKind::Model | FailureKind::Parameter | FailureKind::Request => Blame::Refused,
    })
}

/// The failure in one JSON value, or in JSON lines.
fn in_json(text: &str) -> Option<JsonFailure> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        let events = value.as_array().map_or(std::slice::from_ref(&value), Vec::as_slice);
        return in_events(events);
    }
    let begin = text.lines().position(|line| line.starts_with('{'))?;
    let lines = || text.lines().skip(begin).filter(|line| !line.trim().is_empty());
    let events: Vec<Value> = lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    if !events.is_empty() && events.iter().all(|event| event.get("type").is_some()) {
        return in_events(&events);
    }
    // gemini writes a line of text before its JSON.
    let tail = text.lines().skip(begin).collect::<Vec<_>>().join("\n");
    in_events(&[serde_json::from_str(&tail).ok()?])
}

fn in_events(events: &[Value]) -> Option<JsonFailure> {
    let last = events.last()?;
    let of_type = |name: &str| events.iter().rev().find(|event| event["type"] == name);
    if let Some(result) = of_type("result").or_else(|| last.get("is_error").map(|_| last)) {
        return in_result(result);
    }
    if of_type("thread.started").or_else(|| of_type("turn.started")).is_some() {
        return in_codex(events);
    }
    // opencode reports an error where it occurs; only after it has answered was it one that it recovered from.
    if let Some(at) = events
        .iter()
        .rposition(|event| event["type"] == "error" && event.get("sessionID").is_some())
    {
        let recovers = events[at..].iter().any(|event| event["type"] == "text");
        return (!recovers).then(|| in_error(&events[at]["error"]));
    }
    let error = last.get("error").filter(|error| !error.is_null() && **error != false)?;
    let answers = ["answer", "result", "response"];
    let has_answer = answers
        .iter()
        .any(|name| last.get(*name).is_some_and(|answer| !answer.is_null()));
    (!has_answer).then(|| in_error(error))
}

/// The result of claude, or the last event of gemini's stream.
fn in_result(result: &Value) -> Option<JsonFailure> {
    let text = |name: &str| result[name].as_str().unwrap_or_default().to_owned();
    if result["status"] == "error" {
        return Some(in_error(&result["error"]));
    }
    let subtype = text("subtype");
    if result["is_error"] != true && !subtype.starts_with("error") {
        return None;
    }
    let errors = result["errors"].as_array().into_iter().flatten();
    let errors: Vec<String> = errors
        .map(|error| error.as_str().map_or_else(|| error.to_string(), str::to_owned))
        .collect();
    Some(JsonFailure {
        name: if subtype.starts_with("error") {
            subtype
        } else {
            String::new()
        },
        status: result["api_error_status"]
            .as_u64()
            .and_then(|status| status.try_into().ok()),
        words: [text("result"), errors.join("; ")].join(" ").trim().to_owned(),
        is_known: true,
    })
}

/// The events of `codex exec --json`. Only the end of the last turn counts: codex recovers from some errors. A stream
/// without an end broke off.
fn in_codex(events: &[Value]) -> Option<JsonFailure> {
    let ends = |event: &&Value| {
        ["turn.completed", "turn.failed"]
            .iter()
            .any(|name| event["type"] == *name)
    };
    let end = events.iter().rev().find(ends);
    if end.is_some_and(|end| end["type"] == "turn.completed") {
        return None;
    }
    let said = |event: &Value| {
        event["error"]["message"]
            .as_str()
            .or(event["message"].as_str())
            .map(str::to_owned)
    };
    let error = || {
        events
            .iter()
            .rev()
            .find(|event| event["type"] == "error")
            .and_then(said)
    };
    let words = end.and_then(said).or_else(error);
    Some(JsonFailure {
        words: words.unwrap_or_else(|| "the events end before the turn does".to_owned()),
        is_known: true,
        ..JsonFailure::default()
    })
}

/// An error object; gemini's have a type and a code, opencode's a name and data.
fn in_error(error: &Value) -> JsonFailure {
    let data = &error["data"];
    let words = error
        .as_str()
        .or_else(|| error["message"].as_str())
        .or_else(|| data["message"].as_str());
    let name = error["type"]
        .as_str()
        .or_else(|| error["name"].as_str())
        .unwrap_or_default();
    let code = error["code"].as_u64().or_else(|| data["statusCode"].as_u64());
    JsonFailure {
        name: name.to_owned(),
        status: code.and_then(|code| code.try_into().ok()).filter(|code| *code >= 400),
        words: words.map_or_else(|| error.to_string(), str::to_owned),
        is_known: !name.is_empty()
            && words.is_some()
            && (code.is_some() || error.get("code").is_some() || data.is_object()),
    }
}

/// Of a report by Node.js about an exception, the lines that say what failed; any other text as it is.
fn without_frames(text: &str) -> String {
    let text = text.trim_end();
    let is_of_node = text
        .lines()
        .next_back()
        .is_some_and(|line| line.starts_with("Node.js v"));
    if !is_of_node {
        return text.to_owned();
    }
    let says = |line: &&str| line.contains("rror: ") || line.contains("code: '");
    text.lines().filter(says).collect::<Vec<_>>().join("\n")
}

/// The last three lines, joined into one.
fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines[lines.len().saturating_sub(3)..].join(" / ");
    if last.is_empty() {
        "no message".to_owned()
    } else {
        shortened(&last)
    }
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 500;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::Blame::{Agent, Passing, Refused, Service};
    use super::*;

    fn blame(code: i32, stdout: &str, stderr: &str) -> Option<Blame> {
        reported((code >= 0).then_some(code), stdout, stderr).map(|report| report.blame)
    }

    #[test]
    #[allow(clippy::too_many_lines)] // a table
    fn a_network_that_fails_is_not_the_program_s_failure() {
        for (stderr, wanted) in [
            ("curl: (6) Could not resolve host: h", Passing),
            (
                "curl: (7) Failed to connect to localhost port 11434 after 0 ms",
                Passing,
            ),
            ("curl: (28) Operation timed out after 5000 milliseconds", Passing),
            ("curl: (35) OpenSSL SSL_connect: SSL_ERROR_SYSCALL", Passing),
            ("curl: (52) Empty reply from server", Passing),
            ("curl: (56) Recv failure: Connection reset by peer", Passing),
            ("curl: (3) URL using bad/illegal format", Agent),
            ("OSError: [Errno 101] Network is unreachable", Passing),
            ("socket.gaierror: [Errno 8] nodename nor servname provided", Passing),
            ("socket.gaierror: [Errno -2] Name or service not known", Passing),
            ("[Errno -3] Temporary failure in name resolution", Passing),
            ("Error: getaddrinfo ENOTFOUND api.example.com", Passing),
            ("Error: getaddrinfo EAI_AGAIN api.example.com", Passing),
            ("Error: connect ETIMEDOUT 1.2.3.4:443", Passing),
            ("Error: read ECONNRESET", Passing),
            ("TimeoutError: The read operation timed out", Passing),
            (
                "requests.exceptions.ReadTimeout: Read timed out. (read timeout=5)",
                Passing,
            ),
            (
                "aiohttp.client_exceptions.ServerDisconnectedError: Server disconnected",
                Passing,
            ),
            ("ConnectionResetError: [Errno 104] Connection reset by peer", Passing),
            (
                "botocore.errorfactory.ThrottlingException: Too many tokens, please wait",
                Passing,
            ),
            (
                "botocore.exceptions.ClientError: (ExpiredTokenException) expired",
                Service,
            ),
            (
                "google.api_core.exceptions.DeadlineExceeded: 504 Deadline Exceeded",
                Passing,
            ),
            ("google.genai.errors.ServerError: 503 UNAVAILABLE. {…}", Passing),
            ("google.genai.errors.ClientError: 429 RESOURCE_EXHAUSTED. {…}", Passing),
            ("google.genai.errors.ClientError: 403 PERMISSION_DENIED. {…}", Service),
            ("grpc: UNAUTHENTICATED: no token", Service),
            ("ssl.SSLCertVerificationError: certificate verify failed", Service),
            ("urllib.error.HTTPError: HTTP Error 529: ", Passing),
            ("urllib.error.HTTPError: HTTP Error 401: Unauthorized", Service),
            ("requests.exceptions.HTTPError: 503 Server Error: x for url: u", Passing),
            ("Unable to connect. Is the computer able to access the url?", Passing),
            ("openai.APIConnectionError: Connection error.", Passing),
            ("openai.APITimeoutError: Request timed out.", Passing),
            (
                "TypeError: fetch failed\n    at node:internal/deps/undici\n  [cause]: Error: connect ECONNREFUSED ::1:1\n {\n  code: 'ECONNREFUSED'\n  }\n}\n\nNode.js v20.1.0",
                Passing,
            ),
            ("Error: no such city\n    at f (a.js:1)\n\nNode.js v20.1.0", Agent),
            ("ValueError: the product is unavailable", Agent),
            ("KeyError: 'permission'", Agent),
            ("HTTPError: 404 Client Error: Not Found for url: u", Agent),
        ] {
            assert_eq!(blame(1, "", stderr), Some(wanted), "{stderr}");
        }
    }

    #[test]
    #[allow(clippy::too_many_lines)] // a table
    fn what_programs_print_says_whose_failure_it_is() {
        for (code, stdout, stderr, wanted) in [
            // any program
            (0, "Paris", "", None),
            (0, r#"{"answer": "x", "error": null}"#, "", None),
            (0, r#"{"answer": "x", "error": "none left"}"#, "", None),
            (0, r#"{"error": "no such city"}"#, "", None),
            (1, r#"{"error": "no such city"}"#, "", Some(Agent)),
            (
                0,
                r#"{"error": {"message": "429 Too Many Requests"}}"#,
                "",
                Some(Passing),
            ),
            (1, "", "no luck", Some(Agent)),
            (75, "", "", Some(Passing)),
            (-1, "", "Connection refused", Some(Agent)),
            (
                1,
                "",
                "openai.RateLimitError: Error code: 429 - {'error': …}",
                Some(Passing),
            ),
            (1, "", "anthropic.AuthenticationError: Error code: 401", Some(Service)),
            (1, "", "openai.APIConnectionError: Connection error.", Some(Passing)),
            (1, "", "Error code: 404 - The model `m` does not exist", Some(Refused)),
            (1, "", "This model's maximum context length is 8192 tokens", Some(Agent)),
            (1, "", "Error: connect ECONNREFUSED 127.0.0.1:11434", Some(Passing)),
            // claude
            (
                0,
                r#"{"type":"result","subtype":"success","is_error":false,"result":"Paris"}"#,
                "",
                None,
            ),
            (
                0,
                r#"{"type":"result","subtype":"success","is_error":true,"result":"API Error: Rate limit reached"}"#,
                "",
                Some(Passing),
            ),
            (
                1,
                r#"{"type":"result","subtype":"success","is_error":true,"result":"API Error: 529 Overloaded"}"#,
                "",
                Some(Passing),
            ),
            (
                1,
                r#"{"type":"result","subtype":"success","is_error":true,"api_error_status":403,"result":"Your organization has …"}"#,
                "",
                Some(Service),
            ),
            (
                1,
                r#"{"type":"result","is_error":true,"result":"Credit balance is too low"}"#,
                "",
                Some(Service),
            ),
            (
                1,
                r#"{"type":"result","is_error":true,"result":"Prompt is too long"}"#,
                "",
                Some(Agent),
            ),
            (
                0,
                r#"{"type":"result","subtype":"error_max_turns","num_turns":5}"#,
                "",
                Some(Agent),
            ),
            (
                1,
                r#"{"type":"result","subtype":"error_during_execution","is_error":true,"errors":["?"]}"#,
                "",
                Some(Service),
            ),
            (
                1,
                r#"[{"type":"system"},{"type":"result","is_error":true,"result":"Invalid API key · Please run /login"}]"#,
                "",
                Some(Service),
            ),
            (0, "API Error: 500 {\"type\":\"error\"}", "", Some(Passing)),
            (1, "Claude AI usage limit reached|1749924000", "", Some(Service)),
            (0, "You've hit your limit · resets 3pm", "", Some(Service)),
            (0, "The API Error: 500 means that the server failed.", "", None),
            // opencode
            (
                0,
                "{\"type\":\"step_start\",\"sessionID\":\"s\"}\n{\"type\":\"error\",\"sessionID\":\"s\",\"error\":{\"name\":\"APIError\",\"data\":{\"message\":\"Overloaded\",\"statusCode\":529}}}",
                "",
                Some(Passing),
            ),
            (
                1,
                "{\"type\":\"error\",\"sessionID\":\"s\",\"error\":{\"name\":\"ProviderAuthError\",\"data\":{\"message\":\"no key\"}}}",
                "",
                Some(Service),
            ),
            (
                0,
                "{\"type\":\"error\",\"sessionID\":\"s\",\"error\":{\"name\":\"MessageOutputLengthError\",\"data\":{\"message\":\"\"}}}",
                "",
                Some(Agent),
            ),
            (
                0,
                "{\"type\":\"error\",\"sessionID\":\"s\",\"error\":{\"name\":\"APIError\",\"data\":{\"message\":\"x\"}}}\n{\"type\":\"text\",\"sessionID\":\"s\",\"part\":{\"text\":\"Paris\"}}",
                "",
                None,
            ),
            // codex
            (
                0,
                "{\"type\":\"thread.started\"}\n{\"type\":\"error\",\"message\":\"Reconnecting 1/5\"}\n{\"type\":\"turn.completed\"}",
                "",
                None,
            ),
            (
                1,
                "{\"type\":\"thread.started\"}\n{\"type\":\"turn.failed\",\"error\":{\"message\":\"stream disconnected before completion\"}}",
                "",
                Some(Passing),
            ),
            (
                1,
                "{\"type\":\"thread.started\"}\n{\"type\":\"error\",\"message\":\"You've hit your usage limit.\"}",
                "",
                Some(Service),
            ),
            (
                1,
                "{\"type\":\"turn.started\"}\n{\"type\":\"turn.failed\",\"error\":{\"message\":\"The 'x' model is not supported when using Codex\"}}",
                "",
                Some(Refused),
            ),
            (
                1,
                "{\"type\":\"turn.started\"}\n{\"type\":\"turn.failed\",\"error\":{\"message\":\"Codex ran out of room in the model's context window\"}}",
                "",
                Some(Agent),
            ),
            (
                0,
                "{\"type\":\"thread.started\"}\n{\"type\":\"turn.started\"}",
                "",
                Some(Service),
            ),
            // gemini
            (0, r#"{"response": "Paris", "stats": {}}"#, "", None),
            (
                1,
                r#"{"error": {"type": "ApiError", "message": "Resource has been exhausted", "code": 429}}"#,
                "",
                Some(Passing),
            ),
            (
                41,
                "",
                "Loaded cached credentials.\n{\n \"error\": {\"type\": \"FatalAuthenticationError\", \"message\": \"no\", \"code\": 41}\n}",
                Some(Service),
            ),
            (
                53,
                r#"{"error": {"type": "FatalTurnLimitedError", "message": "m", "code": 53}}"#,
                "",
                Some(Agent),
            ),
            (
                1,
                r#"{"error": {"type": "Error", "message": "odd", "code": 1}}"#,
                "",
                Some(Service),
            ),
            (
                1,
                "{\"type\":\"init\"}\n{\"type\":\"result\",\"status\":\"error\",\"error\":{\"type\":\"Error\",\"message\":\"fetch failed\"}}",
                "",
                Some(Passing),
            ),
        ] {
            assert_eq!(blame(code, stdout, stderr), wanted, "{code} {stdout} {stderr}");
        }
    }
}
