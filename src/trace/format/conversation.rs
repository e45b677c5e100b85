//! Turns the messages of a conversation into a query, steps and a result, and extracts a question or an answer from a
//! value of any shape.

use serde_json::{Value, json};

use super::field::{empty_step, lasted, readable, unwrapped};
use super::message::{MessageRole, RecordedCall, RecordedMessage, RecordedResult, messages};
use crate::artifact::trace::TraceStep;

/// The parts of a trace that come from a conversation.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ConversationRun {
    /// The user's first message.
    pub query: String,
    /// The model's messages and tool calls, in order.
    pub steps: Vec<TraceStep>,
    /// The model's last message; `None` if the user's message is the last one.
    pub result: Option<String>,
    /// The number of the user's messages.
    pub turns: usize,
}

/// Reads a conversation. Each message of the user is the input of the step that follows it.
pub(crate) fn conversation_run(messages: &[RecordedMessage]) -> ConversationRun {
    let mut run = ConversationRun::default();
    let mut asked = Value::Null;
    let answers = Answers::of(messages);
    let mut calls = 0;
    for (at, message) in messages.iter().enumerate() {
        match message.role {
            MessageRole::User if !message.text.is_empty() => {
                if run.turns == 0 {
                    run.query.clone_from(&message.text);
                }
                run.turns += 1;
                run.result = None;
                asked = json!({"query": message.text});
            }
            MessageRole::Assistant => {
                run.steps
                    .extend(spoken(message, ends_turn(&messages[at + 1..]), &mut asked));
                for call in &message.calls {
                    run.steps.push(answers.step(call, calls, message.at));
                    calls += 1;
                }
                run.result = Some(message.text.clone()).filter(|text| message.calls.is_empty() && !text.is_empty());
            }
            _ => {}
        }
    }
    run
}

/// Whether the model's turn ends before these messages, that is, whether the user speaks next or nobody does.
fn ends_turn(rest: &[RecordedMessage]) -> bool {
    rest.iter()
        .find(|message| message.role != MessageRole::System)
        .is_none_or(|next| next.role == MessageRole::User && next.answers.is_empty())
}

/// The step of a message of the model; `None` if its text is empty.
fn spoken(message: &RecordedMessage, ends_turn: bool, asked: &mut Value) -> Option<TraceStep> {
    if message.text.is_empty() {
        return None;
    }
    let kind = if ends_turn && message.calls.is_empty() {
        "respond"
    } else {
        "generate"
    };
    let input = match asked.take() {
        Value::Null => json!({}),
        asked => asked,
    };
    Some(empty_step(kind, input, json!({"content": message.text})))
}

/// The results of all tool calls in a conversation, each with the time of its message.
struct Answers<'a>(Vec<(&'a RecordedResult, Option<f64>)>);

impl<'a> Answers<'a> {
    fn of(messages: &'a [RecordedMessage]) -> Self {
        let each = |message: &'a RecordedMessage| message.answers.iter().map(|answer| (answer, message.at));
        Self(messages.iter().flat_map(each).collect())
    }

    /// The step of the n-th call. Matches the call and its result by id, or by position if either has no id.
    fn step(&self, call: &RecordedCall, number: usize, called_at: Option<f64>) -> TraceStep {
        let named = self
            .0
            .iter()
            .find(|(answer, _)| call.id.is_some() && answer.id == call.id);
        let in_order = || {
            self.0
                .get(number)
                .filter(|(answer, _)| answer.id.is_none() || call.id.is_none())
        };
        let found = named.or_else(in_order);
        let output = found.map_or(Value::Null, |(answer, _)| json!({"content": answer.content}));
        let mut step = empty_step(
            "tool_call",
            json!({"tool": call.tool, "arguments": call.arguments}),
            output,
        );
        step.duration_seconds = lasted(called_at, found.and_then(|(_, at)| *at));
        step
    }
}

/// The last message of the user in a value. A value that is plain text is the question itself.
pub(crate) fn asked(value: &Value) -> Option<String> {
    let messages = messages(value);
    let last = messages
        .iter()
        .rev()
        .find(|message| message.role == MessageRole::User && !message.text.is_empty());
    match last {
        Some(message) => Some(message.text.clone()),
        None => plain(value),
    }
}

/// The last message of the model in a value; `None` if it calls tools. A value without messages is the answer itself.
pub(crate) fn answered(value: &Value) -> Option<String> {
    let messages = messages(value);
    if messages.is_empty() {
        return readable(&unwrapped(value));
    }
    let last = messages
        .iter()
        .rev()
        .find(|message| message.role == MessageRole::Assistant)?;
    Some(last.text.clone()).filter(|text| last.calls.is_empty() && !text.is_empty())
}

/// The content of the last message, whoever wrote it. A value without messages is returned itself.
pub(crate) fn last(value: &Value) -> Value {
    let messages = messages(value);
    let text = messages.last().map(|message| match message.answers.first() {
        Some(answer) if message.text.is_empty() => answer.content.clone(),
        _ => Value::String(message.text.clone()),
    });
    text.unwrap_or_else(|| unwrapped(value))
}

fn plain(value: &Value) -> Option<String> {
    match unwrapped(value) {
        Value::String(text) => readable(&Value::String(text)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::messages;
    use super::*;

    fn read(value: Value) -> (String, Option<String>, Vec<String>) {
        let run = conversation_run(&messages(&value));
        let step = |step: &TraceStep| format!("{} {} {}", step.step_type, step.input, step.output);
        (
            run.query.clone(),
            run.result.clone(),
            run.steps.iter().map(step).collect(),
        )
    }

    #[test]
    fn a_conversation_with_a_tool() {
        let (query, result, steps) = read(json!([
            {"role": "system", "content": "s"},
            {"role": "user", "content": "weather?"},
            {"role": "assistant", "content": "I look.", "tool_calls": [{"id": "1", "function": {"name": "w", "arguments": "{\"c\":\"B\"}"}}]},
            {"role": "tool", "tool_call_id": "1", "content": "rain"},
            {"role": "assistant", "content": "It rains."},
        ]));
        assert_eq!((query.as_str(), result.as_deref()), ("weather?", Some("It rains.")));
        assert_eq!(
            steps,
            [
                r#"generate {"query":"weather?"} {"content":"I look."}"#,
                r#"tool_call {"arguments":{"c":"B"},"tool":"w"} {"content":"rain"}"#,
                r#"respond {} {"content":"It rains."}"#,
            ]
        );
    }

    #[test]
    fn the_user_may_have_the_last_word_and_a_tool_may_never_answer() {
        let (query, result, steps) = read(json!([
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b"},
            {"role": "user", "content": "c"},
        ]));
        assert_eq!((query.as_str(), result, steps.len()), ("a", None, 1));
        let (_, result, steps) =
            read(json!([{"role": "assistant", "content": "b", "function_call": {"name": "t", "arguments": ""}}]));
        assert_eq!(
            (result, steps[1].as_str()),
            (None, r#"tool_call {"arguments":"","tool":"t"} null"#)
        );
    }

    #[test]
    fn results_without_ids_come_in_the_order_of_the_calls() {
        let (.., steps) = read(json!([
            {"role": "assistant", "function_call": {"name": "a", "arguments": "{}"}},
            {"role": "function", "name": "a", "content": "1"},
            {"role": "assistant", "function_call": {"name": "b", "arguments": "{}"}},
            {"role": "function", "name": "b", "content": "2"},
        ]));
        assert!(steps[0].contains("\"1\"") && steps[1].contains("\"2\""), "{steps:?}");
    }
}
