//! Parses a program's output: a JSON object with an answer, or any other text, which is the answer itself.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::artifact::Money;
use crate::artifact::spending::Usage;
use crate::llm::provider;

/// The parsed output of a program.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ProgramAnswer {
    pub answer: String,
    /// The model that it used.
    pub model: Option<String>,
    /// The tool that it called.
    pub tool: Option<String>,
    /// The tokens that it used.
    pub usage: Option<Usage>,
    /// The cost in US dollars.
    pub cost_usd: Option<Money>,
    /// A number that was refused, for people.
    pub problem: Option<String>,
}

/// The largest cost in dollars that a program may report for one attempt.
const MOST_USD: f64 = 1e6;

impl ProgramAnswer {
    /// Parses the output. Never fails, because any text is an answer.
    pub(crate) fn read(stdout: &[u8]) -> Self {
        let text = String::from_utf8_lossy(stdout);
        // Each member is parsed separately, so that a number out of range does not make the answer unreadable.
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(&text).unwrap_or_default();
        let member = |name: &str| -> Option<Value> { serde_json::from_str(members.get(name)?.get()).ok() };
        let Some(answer) = member("answer").or_else(|| member("result")) else {
            let answer = text.trim_end_matches(['\n', '\r']).to_owned();
            return Self {
                answer,
                ..Self::default()
            };
        };
        let name = |key: &str| member(key)?.as_str().map(str::to_owned);
        let cost = ["cost_usd", "total_cost_usd"]
            .into_iter()
            .find_map(|key| Some((key, members.get(key)?.get())));
        let cost = cost
            .filter(|(_, written)| *written != "null")
            .map(|(key, written)| dollars(key, written));
        let usage = members
            .get("usage")
            .map(|written| written.get())
            .filter(|written| *written != "null");
        let broken = usage.filter(|written| serde_json::from_str::<Value>(written).is_err());
        let of_usage = broken.map(|_| "its `usage` contains a number out of range, so it is ignored".to_owned());
        Self {
            answer: answer.as_str().map_or_else(|| answer.to_string(), str::to_owned),
            model: name("model"),
            tool: name("tool"),
            usage: member("usage")
                .as_ref()
                .and_then(provider::anthropic_usage)
                .or_else(|| counters(&|name| member(name)?.as_u64())),
            problem: cost.as_ref().and_then(|cost| cost.clone().err()).or(of_usage),
            cost_usd: cost.and_then(Result::ok),
        }
    }
}

/// The tokens in members of the answer itself, where the input includes what was read from a cache; `None` if neither
/// `input_tokens` nor `output_tokens` is one.
fn counters(member: &dyn Fn(&str) -> Option<u64>) -> Option<Usage> {
    let (input, output) = (member("input_tokens"), member("output_tokens"));
    input.or(output)?;
    let cache_read = member("cached_tokens").unwrap_or(0);
    Some(Usage {
        input: input.unwrap_or(0).saturating_sub(cache_read),
        cache_read,
        cache_write: 0,
        output: output.unwrap_or(0),
    })
}

/// A reported cost, or why it is refused.
fn dollars(key: &str, written: &str) -> Result<Money, String> {
    let number = written.parse().ok().filter(|usd: &f64| *usd <= MOST_USD);
    let shown: String = written.chars().take(40).collect();
    number.and_then(Money::from_usd).ok_or_else(|| {
        format!("it reports {key} = {shown}, which is not from 0 to {MOST_USD} dollars, so the cost counts as unknown")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_with_an_answer_or_any_text() {
        for (printed, answer) in [
            ("forty-two\n", "forty-two"),
            ("", ""),
            ("a\n\nb\r\n", "a\n\nb"),
            (r#"{"answer": "x"}"#, "x"),
            (r#"{"result": "x", "type": "result"}"#, "x"),
            (r#"{"answer": 7}"#, "7"),
            (r#"{"other": 7}"#, r#"{"other": 7}"#),
            ("[1]", "[1]"),
            (r#"{"answer": "#, r#"{"answer": "#),
        ] {
            assert_eq!(ProgramAnswer::read(printed.as_bytes()).answer, answer, "{printed}");
        }
        assert!(ProgramAnswer::read(b"\xff").answer.contains('\u{fffd}'));
    }

    #[test]
    fn tokens_and_dollars_are_read_in_two_dialects() {
        let printed = r#"{"result": "x", "total_cost_usd": 0.25, "usage": {"input_tokens": 3, "cache_read_input_tokens": 5,
            "output_tokens": 2}}"#;
        let said = ProgramAnswer::read(printed.as_bytes());
        assert_eq!(
            (said.cost_usd, said.usage.unwrap().total()),
            (Money::from_usd(0.25), 10)
        );
        let said = ProgramAnswer::read(br#"{"answer": "x", "cost_usd": 0, "model": "m", "tool": "t"}"#);
        assert_eq!((said.cost_usd, said.usage), (Some(Money::ZERO), None));
        assert_eq!((said.model.as_deref(), said.tool.as_deref()), (Some("m"), Some("t")));
        for number in ["-1", "-100", "1e400", "1e308", "1000001", "\"a\""] {
            let said = ProgramAnswer::read(format!(r#"{{"answer": "x", "cost_usd": {number}}}"#).as_bytes());
            assert_eq!((said.answer.as_str(), said.cost_usd), ("x", None), "{number}");
            assert!(said.problem.is_some_and(|why| why.contains(number)), "{number}");
        }
        let said = ProgramAnswer::read(br#"{"answer": "x", "usage": {"input_tokens": 1e400}}"#);
        assert!((said.answer.as_str(), said.usage) == ("x", None) && said.problem.is_some());
        let said = ProgramAnswer::read(br#"{"answer": "x", "cost_usd": null, "usage": null}"#);
        assert_eq!((said.cost_usd, said.problem), (None, None));
        let said =
            ProgramAnswer::read(br#"{"answer": "x", "input_tokens": 9, "cached_tokens": 4, "output_tokens": 1}"#);
        assert_eq!(
            said.usage.map(|usage| (usage.input, usage.cache_read, usage.output)),
            Some((5, 4, 1))
        );
        assert_eq!(
            ProgramAnswer::read(br#"{"answer": "x", "usage": {}}"#).usage,
            None,
            "unknown, and not 0"
        );
    }
}
