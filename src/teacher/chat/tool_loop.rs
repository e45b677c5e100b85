//! The tool loop: asks a model, runs the tools that it calls, and asks again, within limits.

use serde_json::{Map, Value, json};

use crate::artifact::Money;
use crate::llm::chat::{Message, Reply, Stop, ToolCall};
use crate::llm::model::{AskError, ModelAnswer};

/// The largest number of characters of a tool's result that the model sees.
const SEEN: usize = 20_000;
/// The largest number of characters of a tool's result that are recorded.
const WRITTEN: usize = 8_000;
/// The largest number of tool calls in one reply; further calls return an error to the model.
const MOST_CALLS: usize = 16;

/// The limits of a loop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoopLimits {
    /// The largest number of replies.
    pub max_turns: usize,
    /// The cost in dollars at which the loop ends.
    pub max_cost_usd: Option<Money>,
}

/// Why a loop ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LoopEnd {
    /// The model called no more tools.
    Done,
    /// No turn was left.
    Turns,
    /// The cost limit was reached.
    Cost,
    /// The model could not be asked.
    Failed(AskError),
}

/// A tool call and its result.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ToolRecord {
    /// The tool.
    pub tool: String,
    /// The arguments, or the raw text if it is not an object.
    pub arguments: Value,
    /// The beginning of the result.
    pub result: String,
}

/// The result of a loop.
#[derive(Clone, Debug)]
pub(crate) struct ToolLoopResult {
    /// The model's last text.
    pub content: String,
    /// The conversation so far.
    pub messages: Vec<Message>,
    /// The number of replies.
    pub turns: usize,
    /// The cost in dollars; `None` if a part is unknown.
    pub cost_usd: Option<Money>,
    /// The number of tokens that the server reported.
    pub tokens: u64,
    /// Every tool call, in order.
    pub records: Vec<ToolRecord>,
    /// Why the loop ended.
    pub ended: LoopEnd,
}

/// Asks the model and runs its tools until it is done or a limit is reached; `on_call` gets each tool call when it has
/// run.
pub(crate) fn tool_loop(
    messages: Vec<Message>,
    limits: LoopLimits,
    ask: &mut dyn FnMut(&[Message]) -> Result<ModelAnswer, AskError>,
    call: &mut dyn FnMut(&str, &Map<String, Value>) -> String,
    on_call: &mut dyn FnMut(&ToolRecord),
) -> ToolLoopResult {
    let mut looped = ToolLoopResult {
        content: String::new(),
        messages,
        turns: 0,
        cost_usd: Some(Money::ZERO),
        tokens: 0,
        records: Vec::new(),
        ended: LoopEnd::Turns,
    };
    while looped.turns < limits.max_turns {
        let spent = looped.cost_usd.unwrap_or_default();
        if limits.max_cost_usd.is_some_and(|most| spent >= most) {
            looped.ended = LoopEnd::Cost;
            break;
        }
        match ask(&looped.messages) {
            Ok(answer) => {
                looped.take(&answer);
                if answer.reply.calls.is_empty() {
                    looped.ended = LoopEnd::Done;
                    break;
                }
                looped.call_tools(&answer.reply, call, on_call);
            }
            Err(error) => {
                looped.ended = LoopEnd::Failed(error);
                break;
            }
        }
    }
    looped
}

impl ToolLoopResult {
    fn take(&mut self, answer: &ModelAnswer) {
        let reply = &answer.reply;
        self.turns += 1;
        self.cost_usd = self.cost_usd.zip(answer.cost_usd).map(|(sum, cost)| sum + cost);
        self.tokens += reply.usage.map_or(0, |usage| usage.total());
        if !reply.text.trim().is_empty() || reply.calls.is_empty() {
            self.content.clone_from(&reply.text);
        }
        self.messages.push(Message::Assistant {
            text: reply.text.clone(),
            calls: reply.calls.clone(),
        });
    }

    fn call_tools(
        &mut self,
        reply: &Reply,
        call: &mut dyn FnMut(&str, &Map<String, Value>) -> String,
        on_call: &mut dyn FnMut(&ToolRecord),
    ) {
        for (at, wanted) in reply.calls.iter().enumerate() {
            let arguments = arguments(reply, wanted);
            let result = match &arguments {
                _ if at >= MOST_CALLS => error(&format!("one reply may call at most {MOST_CALLS} tools")),
                Ok(arguments) => call(&wanted.name, arguments),
                Err(problem) => error(problem),
            };
            let record = ToolRecord {
                tool: wanted.name.clone(),
                arguments: arguments.map_or_else(|_| Value::String(beginning(&wanted.raw, WRITTEN)), Value::Object),
                result: beginning(&result, WRITTEN),
            };
            on_call(&record);
            self.records.push(record);
            self.messages.push(Message::Tool {
                call_id: wanted.id.clone(),
                name: wanted.name.clone(),
                text: seen(&result),
            });
        }
    }
}

/// The arguments of a call. A call that the token limit cut off is refused, even if it happens to parse.
fn arguments(reply: &Reply, call: &ToolCall) -> Result<Map<String, Value>, String> {
    let again = "send the call again, shorter";
    if reply.stop == Stop::Length {
        return Err(format!("the call was cut off by the token limit; {again}"));
    }
    call.arguments().map_err(|problem| format!("{problem}; {again}"))
}

/// A result that reports a problem to the model.
fn error(problem: &str) -> String {
    json!({"error": problem}).to_string()
}

fn seen(result: &str) -> String {
    let length = result.chars().count();
    match length > SEEN {
        true => format!("{}...[truncated from {length} chars]", beginning(result, SEEN)),
        false => result.to_owned(),
    }
}

fn beginning(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    fn answer(text: &str, raws: &[&str], stop: Stop) -> ModelAnswer {
        let call = |raw: &&str| ToolCall {
            id: "1".into(),
            name: "t".into(),
            raw: (*raw).to_owned(),
        };
        ModelAnswer {
            reply: Reply {
                text: text.into(),
                thoughts: String::new(),
                calls: raws.iter().map(call).collect(),
                stop,
                usage: None,
                model: None,
            },
            request: Digest::of_bytes(b""),
            cost_usd: Some(Money::ZERO),
            seconds: None,
        }
    }

    fn run(script: Vec<Result<ModelAnswer, AskError>>) -> (ToolLoopResult, usize) {
        let (mut script, mut called) = (script.into_iter(), 0);
        let limits = LoopLimits {
            max_turns: 9,
            max_cost_usd: None,
        };
        let looped = tool_loop(
            vec![Message::user("q")],
            limits,
            &mut |_| script.next().unwrap(),
            &mut |_, _| {
                called += 1;
                "r".repeat(30_000)
            },
            &mut |_| {},
        );
        (looped, called)
    }

    #[test]
    fn what_is_cut_off_is_not_called() {
        for (raw, stop, calls) in [
            ("{\"a\": 1}", Stop::Tools, 1),
            ("{\"a\": 1}", Stop::Length, 0),
            ("{\"a\": ", Stop::Tools, 0),
            ("[]", Stop::Tools, 0),
        ] {
            let (looped, called) = run(vec![Ok(answer("", &[raw], stop)), Ok(answer("end", &[], Stop::End))]);
            assert_eq!(called, calls, "{raw} {stop:?}");
            assert_eq!((looped.content.as_str(), looped.ended), ("end", LoopEnd::Done));
            assert_eq!(looped.records[0].result.contains("error"), calls == 0);
        }
    }

    #[test]
    fn results_are_cut_for_the_model_and_more_for_the_record() {
        let (looped, _) = run(vec![
            Ok(answer("", &["{}"], Stop::Tools)),
            Ok(answer("end", &[], Stop::End)),
        ]);
        assert_eq!(looped.records[0].result.len(), WRITTEN);
        let Message::Tool { text, .. } = &looped.messages[2] else {
            panic!("no tool result")
        };
        assert!(text.ends_with("...[truncated from 30000 chars]") && text.len() < SEEN + 50);
    }

    #[test]
    fn a_failure_keeps_what_was_done() {
        let gone = AskError::Unreachable("gone".into());
        let (looped, _) = run(vec![Ok(answer("so far", &["{}"], Stop::Tools)), Err(gone.clone())]);
        assert_eq!(
            (looped.content.as_str(), looped.ended),
            ("so far", LoopEnd::Failed(gone))
        );
        assert_eq!(looped.records.len(), 1);
    }

    #[test]
    fn a_flood_of_calls_is_answered_and_not_followed() {
        let (looped, called) = run(vec![
            Ok(answer("", &["{}"; 40], Stop::Tools)),
            Ok(answer("end", &[], Stop::End)),
        ]);
        assert_eq!((called, looped.records.len()), (MOST_CALLS, 40));
    }
}
