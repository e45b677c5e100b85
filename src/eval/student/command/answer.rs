//! Parses a program's output: in the form of an agent's own program, a JSON object with an answer, or any other text, which
//! is the answer itself.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::artifact::Money;
use crate::artifact::spending::Usage;
use crate::llm::provider;
use crate::manifest::speaks::ProgramDialect;
use crate::trace::format::program::printed_run;

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

/// The consequence of tokens that are refused.
const UNKNOWN: &str = ", so its tokens count as unknown";

/// The largest cost in dollars that a program may report for one attempt.
const MOST_USD: f64 = 1e6;

impl ProgramAnswer {
    /// Parses the output. Never fails, because any text is an answer.
    pub(crate) fn read(dialect: Option<ProgramDialect>, stdout: &[u8]) -> Self {
        let text = String::from_utf8_lossy(stdout);
        if dialect == Some(ProgramDialect::Text) {
            return Self::of_text(&text);
        }
        let Some(run) = dialect.and_then(|dialect| printed_run(dialect, &text)) else {
            return Self::of_object(&text).unwrap_or_else(|| Self::of_text(&text));
        };
        // A number that is refused leaves the others of its kind unknown.
        let refused = Self::of_object(&text).filter(|said| said.problem.is_some());
        let (usage, cost_usd) = match &refused {
            Some(said) => (said.usage, said.cost_usd),
            None => (run.usage, run.cost_usd),
        };
        Self {
            answer: run.answer,
            model: run.model,
            tool: run.tools.into_iter().next(),
            usage,
            cost_usd,
            problem: refused.and_then(|said| said.problem),
        }
    }

    fn of_text(text: &str) -> Self {
        Self {
            answer: text.trim_end_matches(['\n', '\r']).to_owned(),
            ..Self::default()
        }
    }

    /// An object with an answer; `None` for anything else.
    fn of_object(text: &str) -> Option<Self> {
        // Each member is parsed separately, so that a number out of range does not make the answer unreadable.
        let members: Members = serde_json::from_str(text).unwrap_or_default();
        let member = |name: &str| -> Option<Value> { serde_json::from_str(members.get(name)?.get()).ok() };
        let answer = member("answer").or_else(|| member("result"))?;
        let name = |key: &str| member(key)?.as_str().map(str::to_owned);
        let cost = ["cost_usd", "total_cost_usd"]
            .into_iter()
            .find_map(|key| Some((key, members.get(key)?.get())));
        let cost = cost
            .filter(|(_, written)| *written != "null")
            .map(|(key, written)| dollars(key, written));
        let usage = tokens(&members);
        let problems = [cost.as_ref().and_then(|cost| cost.as_ref().err()), usage.as_ref().err()];
        let problems: Vec<&str> = problems.into_iter().flatten().map(String::as_str).collect();
        Some(Self {
            answer: answer.as_str().map_or_else(|| answer.to_string(), str::to_owned),
            model: name("model"),
            tool: name("tool"),
            problem: (!problems.is_empty()).then(|| problems.join("; ")),
            usage: usage.ok().flatten(),
            cost_usd: cost.and_then(Result::ok),
        })
    }
}

/// The members of an object, as they were written.
type Members<'a> = BTreeMap<String, &'a RawValue>;

/// The reported tokens: `None` if there are none, or why they are refused. A count that cannot be read is not 0.
fn tokens(members: &Members) -> Result<Option<Usage>, String> {
    let Some(usage) = members.get("usage").filter(|usage| usage.get() != "null") else {
        return own_tokens(members);
    };
    let inner: Members = serde_json::from_str(usage.get())
        .map_err(|_| format!("it reports usage = {}, which is not an object{UNKNOWN}", begin(usage)))?;
    match usage_tokens(&inner)? {
        Some(usage) => Ok(Some(usage)),
        None => own_tokens(members),
    }
}

/// The tokens in `usage`, as in the format of Anthropic: the input excludes what was read from a cache or written to it.
fn usage_tokens(usage: &Members) -> Result<Option<Usage>, String> {
    let (input, output) = (count(usage, "input_tokens")?, count(usage, "output_tokens")?);
    let cache_read = count(usage, "cache_read_input_tokens")?.unwrap_or(0);
    let cache_write = count(usage, "cache_creation_input_tokens")?.unwrap_or(0);
    Ok(input.or(output).map(|_| Usage {
        input: input.unwrap_or(0),
        cache_read,
        cache_write,
        output: output.unwrap_or(0),
    }))
}

/// The tokens in members of the answer itself, where the input includes what was read from a cache.
fn own_tokens(members: &Members) -> Result<Option<Usage>, String> {
    let (input, output) = (count(members, "input_tokens")?, count(members, "output_tokens")?);
    let cache_read = count(members, "cached_tokens")?.unwrap_or(0);
    Ok(input.or(output).map(|_| Usage {
        input: input.unwrap_or(0).saturating_sub(cache_read),
        cache_read,
        cache_write: 0,
        output: output.unwrap_or(0),
    }))
}

/// A count of tokens; `None` if it is absent or null.
fn count(members: &Members, name: &str) -> Result<Option<u64>, String> {
    let Some(written) = members.get(name).filter(|written| written.get() != "null") else {
        return Ok(None);
    };
    let value: Option<Value> = serde_json::from_str(written.get()).ok();
    let refusal = || {
        format!(
            "it reports {name} = {}, which is not a whole number from 0{UNKNOWN}",
            begin(written)
        )
    };
    value
        .as_ref()
        .and_then(provider::token_count)
        .map(Some)
        .ok_or_else(refusal)
}

/// The beginning of a value, for a message.
fn begin(written: &RawValue) -> String {
    written.get().chars().take(40).collect()
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
            assert_eq!(
                ProgramAnswer::read(None, printed.as_bytes()).answer,
                answer,
                "{printed}"
            );
        }
        assert!(ProgramAnswer::read(None, b"\xff").answer.contains('\u{fffd}'));
    }

    #[test]
    fn a_count_that_cannot_be_read_is_unknown_and_not_0() {
        for count in ["-5", "\"many\"", "1.5", "1e400", "1e300", "true", "[]", "{}"] {
            for members in [
                format!(r#""input_tokens": {count}, "output_tokens": 7"#),
                format!(r#""input_tokens": 7, "output_tokens": {count}"#),
                format!(r#""input_tokens": 7, "cached_tokens": {count}"#),
                format!(r#""usage": {{"input_tokens": {count}, "output_tokens": 7}}"#),
                format!(r#""usage": {{"input_tokens": 7, "cache_read_input_tokens": {count}}}"#),
                format!(r#""usage": {{"input_tokens": 7, "cache_creation_input_tokens": {count}}}"#),
            ] {
                let said = ProgramAnswer::read(None, format!(r#"{{"answer": "x", {members}}}"#).as_bytes());
                assert_eq!((said.answer.as_str(), said.usage), ("x", None), "{members}");
                assert!(
                    said.problem
                        .unwrap()
                        .contains(&format!("_tokens = {count}, which is not a whole number"))
                );
            }
        }
        let said = ProgramAnswer::read(None, br#"{"answer": "x", "usage": "7 tokens", "cost_usd": -1}"#);
        assert_eq!((said.usage, said.cost_usd), (None, None));
        let problem = said.problem.unwrap();
        assert!(
            problem.contains("cost_usd = -1") && problem.contains("usage = \"7 tokens\""),
            "{problem}"
        );
        let said = ProgramAnswer::read(
            None,
            br#"{"answer": "x", "usage": {"input_tokens": 3.0, "output_tokens": null}}"#,
        );
        assert_eq!((said.usage.map(|usage| usage.total()), said.problem), (Some(3), None));
    }

    #[test]
    fn tokens_and_dollars_are_read_in_two_dialects() {
        let printed = r#"{"result": "x", "total_cost_usd": 0.25, "usage": {"input_tokens": 3, "cache_read_input_tokens": 5,
            "output_tokens": 2}}"#;
        let said = ProgramAnswer::read(None, printed.as_bytes());
        assert_eq!(
            (said.cost_usd, said.usage.unwrap().total()),
            (Money::from_usd(0.25), 10)
        );
        let said = ProgramAnswer::read(None, br#"{"answer": "x", "cost_usd": 0, "model": "m", "tool": "t"}"#);
        assert_eq!((said.cost_usd, said.usage), (Some(Money::ZERO), None));
        assert_eq!((said.model.as_deref(), said.tool.as_deref()), (Some("m"), Some("t")));
        for number in ["-1", "-100", "1e400", "1e308", "1000001", "\"a\""] {
            let said = ProgramAnswer::read(None, format!(r#"{{"answer": "x", "cost_usd": {number}}}"#).as_bytes());
            assert_eq!((said.answer.as_str(), said.cost_usd), ("x", None), "{number}");
            assert!(said.problem.is_some_and(|why| why.contains(number)), "{number}");
        }
        let said = ProgramAnswer::read(None, br#"{"answer": "x", "cost_usd": null, "usage": null}"#);
        assert_eq!((said.cost_usd, said.problem), (None, None));
        let said = ProgramAnswer::read(
            None,
            br#"{"answer": "x", "input_tokens": 9, "cached_tokens": 4, "output_tokens": 1}"#,
        );
        assert_eq!(
            said.usage.map(|usage| (usage.input, usage.cache_read, usage.output)),
            Some((5, 4, 1))
        );
        assert_eq!(
            ProgramAnswer::read(None, br#"{"answer": "x", "usage": {}}"#).usage,
            None,
            "unknown, and not 0"
        );
    }

    #[test]
    fn the_form_of_a_program_decides_what_its_answer_is() {
        let codex = "{\"type\":\"item.completed\",\"item\":{\"type\":\"agent_message\",\"text\":\"x\"}}\n";
        let claude = r#"{"type": "result", "result": "x", "total_cost_usd": -1, "usage": {"input_tokens": 3}}"#;
        for (dialect, printed, answer) in [
            (None, codex, codex.trim_end()),
            (Some(ProgramDialect::Codex), codex, "x"),
            (Some(ProgramDialect::Codex), "only text\n", "only text"),
            (Some(ProgramDialect::Codex), r#"{"answer": "x"}"#, "x"),
            (Some(ProgramDialect::Json), r#"{"answer": "x"}"#, "x"),
            (Some(ProgramDialect::Text), r#"{"answer": "x"}"#, r#"{"answer": "x"}"#),
            (Some(ProgramDialect::Claude), claude, "x"),
        ] {
            let said = ProgramAnswer::read(dialect, printed.as_bytes());
            assert_eq!(said.answer, answer, "{dialect:?} {printed}");
        }
        let said = ProgramAnswer::read(Some(ProgramDialect::Claude), claude.as_bytes());
        assert_eq!((said.cost_usd, said.usage.map(|usage| usage.input)), (None, Some(3)));
        assert!(said.problem.unwrap().contains("total_cost_usd = -1"));
    }
}
