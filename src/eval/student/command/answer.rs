//! Parses a program's output: a JSON object with an answer, or any other text, which is the answer itself.

use serde_json::Value;

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
}

impl ProgramAnswer {
    /// Parses the output. Never fails, because any text is an answer.
    pub(crate) fn read(stdout: &[u8]) -> Self {
        let text = String::from_utf8_lossy(stdout);
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        let Some(answer) = value.get("answer").or_else(|| value.get("result")) else {
            let answer = text.trim_end_matches(['\n', '\r']).to_owned();
            return Self {
                answer,
                ..Self::default()
            };
        };
        let name = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let cost = value.get("cost_usd").or_else(|| value.get("total_cost_usd"));
        Self {
            answer: answer.as_str().map_or_else(|| answer.to_string(), str::to_owned),
            model: name("model"),
            tool: name("tool"),
            usage: value.get("usage").and_then(provider::anthropic_usage),
            cost_usd: cost.and_then(Value::as_f64).and_then(Money::from_usd),
        }
    }
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
        assert_eq!(
            ProgramAnswer::read(br#"{"answer": "x", "cost_usd": -1}"#).cost_usd,
            None
        );
        assert_eq!(
            ProgramAnswer::read(br#"{"answer": "x", "usage": {}}"#).usage,
            None,
            "unknown, and not 0"
        );
    }
}
