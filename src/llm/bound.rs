//! The longest answer that a request allows, read from its body under the names that servers use.

use serde_json::Value;

use super::chat::Request;
use super::provider::{self, HttpRequest};
use crate::manifest::chat::{Api, ChatSettings};

/// Limits for the tokens of one answer. If a body has several, the server may obey any of them.
const LIMITS: [&str; 13] = [
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "max_new_tokens",
    "max_gen_len",
    "max_tokens_to_sample",
    "maxTokens",
    "maxOutputTokens",
    "maxNewTokens",
    "num_predict",
    "n_predict",
    // Within the limit of the answer at some servers, above it at others.
    "budget_tokens",
    "budgetTokens",
];

/// Limits for thoughts that are charged beside the answer.
const BESIDE: [&str; 4] = [
    "thinking_budget",
    "thinkingBudget",
    "reasoning_budget",
    "max_reasoning_tokens",
];

/// Numbers of answers to one request.
const ANSWERS: [&str; 6] = [
    "n",
    "best_of",
    "num_return_sequences",
    "num_generations",
    "candidateCount",
    "candidate_count",
];

/// Fields that hold texts and schemas, in which the names above mean something else.
const CONTENT: [&str; 11] = [
    "messages",
    "system",
    "tools",
    "tool_choice",
    "response_format",
    "format",
    "prompt",
    "input",
    "stop",
    "metadata",
    "logit_bias",
];

/// The largest number of output tokens that a request with this body can be charged for; `None` if it sets no limit.
pub(crate) fn output_tokens(body: &Value) -> Option<u64> {
    let mut found = BodyLimits::default();
    found.walk(body);
    let longest = found.longest?.saturating_add(found.beside);
    Some(longest.saturating_mul(found.answers.max(1)))
}

/// The request with a limit for its answer under the name that the provider documents. If there is one under another
/// name only, which the server may ignore, its number is used, else the default.
pub(crate) fn limited(settings: &ChatSettings, request: &Request) -> HttpRequest {
    let wire = provider::render(settings, request);
    if is_documented(settings.api, &wire.body) {
        return wire;
    }
    let most = output_tokens(&wire.body).unwrap_or(provider::DEFAULT_MAX_TOKENS);
    let (mut settings, mut request) = (settings.clone(), request.clone());
    settings.max_tokens = Some(most);
    settings.body.retain(|name, value| !is_unlimited(name, value));
    request.parameters.retain(|name, value| !is_unlimited(name, value));
    provider::render(&settings, &request)
}

/// Whether the body has a limit under the name that the provider documents.
fn is_documented(api: Api, body: &Value) -> bool {
    let limits = match api {
        Api::Openai => [body.get("max_tokens"), body.get("max_completion_tokens")],
        Api::Anthropic => [body.get("max_tokens"), None],
        Api::Ollama => [body.pointer("/options/num_predict"), None],
    };
    limits.into_iter().flatten().any(|value| count(value).is_some())
}

/// Whether a limit says "no limit", such as null or -1.
fn is_unlimited(name: &str, value: &Value) -> bool {
    LIMITS.contains(&name) && count(value).is_none()
}

#[derive(Default)]
struct BodyLimits {
    longest: Option<u64>,
    beside: u64,
    answers: u64,
}

impl BodyLimits {
    fn walk(&mut self, value: &Value) {
        for (name, value) in value.as_object().into_iter().flatten() {
            let (name, count) = (name.as_str(), count(value));
            if LIMITS.contains(&name) {
                self.longest = self.longest.max(count);
            } else if BESIDE.contains(&name) {
                self.beside = self.beside.saturating_add(count.unwrap_or_default());
            } else if ANSWERS.contains(&name) {
                self.answers = self.answers.max(count.unwrap_or_default());
            } else if !CONTENT.contains(&name) {
                self.walk(value);
            }
        }
    }
}

/// A count; some clients write it with a decimal point.
fn count(value: &Value) -> Option<u64> {
    let rounded = |number: f64| (0.0..1e15).contains(&number).then(|| number.ceil() as u64);
    value.as_u64().or_else(|| value.as_f64().and_then(rounded))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_longest_answer_is_found_wherever_a_server_expects_it() {
        for (body, longest) in [
            (json!({}), None),
            (json!({"max_tokens": 50}), Some(50)),
            (json!({"max_completion_tokens": 40000}), Some(40000)),
            (json!({"max_tokens": 50, "max_completion_tokens": 70}), Some(70)),
            (json!({"max_output_tokens": 50.0}), Some(50)),
            (json!({"max_tokens": 50, "n": 3}), Some(150)),
            (json!({"max_tokens": 50, "n": 2, "best_of": 4}), Some(200)),
            (json!({"max_tokens": 50, "n": 0}), Some(50)),
            (json!({"options": {"num_predict": 9}}), Some(9)),
            (json!({"options": {"num_predict": -1}}), None),
            (json!({"max_tokens": null}), None),
            (json!({"max_tokens": "50"}), None),
            (
                json!({"generationConfig": {"maxOutputTokens": 5, "candidateCount": 2}}),
                Some(10),
            ),
            (
                json!({"max_tokens": 50, "thinking": {"type": "enabled", "budget_tokens": 80}}),
                Some(80),
            ),
            (
                json!({"max_tokens": 50, "extra_body": {"thinking_budget": 30}}),
                Some(80),
            ),
            (json!({"max_tokens": 50, "reasoning": {"max_tokens": 20}}), Some(50)),
            (json!({"max_tokens": 1, "n": u64::MAX}), Some(u64::MAX)),
            (json!({"messages": [{"max_tokens": 7}], "tools": {"n": 7}}), None),
        ] {
            assert_eq!(output_tokens(&body), longest, "{body}");
        }
    }

    #[test]
    fn the_limit_that_is_assumed_is_sent_under_a_name_that_the_server_knows() {
        let default = provider::DEFAULT_MAX_TOKENS;
        for (api, fields, place, sent) in [
            (Api::Openai, json!({}), "/max_completion_tokens", default),
            (
                Api::Openai,
                json!({"max_tokens": null}),
                "/max_completion_tokens",
                default,
            ),
            (Api::Openai, json!({"max_tokens": 7}), "/max_tokens", 7),
            (
                Api::Openai,
                json!({"max_output_tokens": 7}),
                "/max_completion_tokens",
                7,
            ),
            (Api::Anthropic, json!({"max_tokens": -1}), "/max_tokens", default),
            (Api::Ollama, json!({"num_predict": -1}), "/options/num_predict", default),
            (
                Api::Ollama,
                json!({"max_completion_tokens": 9}),
                "/options/num_predict",
                9,
            ),
            (Api::Ollama, json!({"num_predict": 5}), "/options/num_predict", 5),
        ] {
            let settings = ChatSettings {
                api,
                body: serde_json::from_value(fields.clone()).unwrap(),
                ..ChatSettings::default()
            };
            let body = limited(&settings, &Request::default()).body;
            assert_eq!(body.pointer(place), Some(&json!(sent)), "{api:?} {fields}: {body}");
            assert_eq!(output_tokens(&body), Some(sent), "{api:?} {fields}: {body}");
        }
    }
}
