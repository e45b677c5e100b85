//! A conversation as a run: the question, the steps, the last answer.

use serde_json::{Value, json};

use super::blank::step;
use super::field::lasted;
use super::message::{Answer, Call, Message, Role};
use crate::artifact::trace::Step;

/// What a conversation tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Told {
    /// The first thing that the user said.
    pub query: String,
    /// What happened.
    pub steps: Vec<Step>,
    /// What the model said last, unless the user had the last word.
    pub result: Option<String>,
    /// How often the user spoke.
    pub turns: usize,
}

/// Reads a conversation. What the user says later is the input of the step that follows it.
pub(crate) fn told(messages: &[Message]) -> Told {
    let mut told = Told::default();
    let mut asked = Value::Null;
    let answers = Answers::of(messages);
    let mut calls = 0;
    for (at, message) in messages.iter().enumerate() {
        match message.role {
            Role::User if !message.text.is_empty() => {
                if told.turns == 0 {
                    told.query.clone_from(&message.text);
                }
                told.turns += 1;
                told.result = None;
                asked = json!({"query": message.text});
            }
            Role::Assistant => {
                told.steps
                    .extend(spoken(message, ends_turn(&messages[at + 1..]), &mut asked));
                for call in &message.calls {
                    told.steps.push(answers.step(call, calls, message.at));
                    calls += 1;
                }
                told.result = Some(message.text.clone()).filter(|text| message.calls.is_empty() && !text.is_empty());
            }
            _ => {}
        }
    }
    told
}

/// Whether the model's turn ends before these messages.
fn ends_turn(rest: &[Message]) -> bool {
    rest.iter()
        .find(|message| message.role != Role::System)
        .is_none_or(|next| next.role == Role::User && next.answers.is_empty())
}

/// The step of a message that says something.
fn spoken(message: &Message, ends_turn: bool, asked: &mut Value) -> Option<Step> {
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
    Some(step(kind, input, json!({"content": message.text})))
}

/// The results of all tools in a conversation.
struct Answers<'a>(Vec<(&'a Answer, Option<f64>)>);

impl<'a> Answers<'a> {
    fn of(messages: &'a [Message]) -> Self {
        let each = |message: &'a Message| message.answers.iter().map(|answer| (answer, message.at));
        Self(messages.iter().flat_map(each).collect())
    }

    /// The step of the n-th call, with the result that names it; results without ids come in the order of the calls.
    fn step(&self, call: &Call, number: usize, called_at: Option<f64>) -> Step {
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
        let mut step = step(
            "tool_call",
            json!({"tool": call.tool, "arguments": call.arguments}),
            output,
        );
        step.duration_seconds = lasted(called_at, found.and_then(|(_, at)| *at));
        step
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::messages;
    use super::*;

    fn read(value: Value) -> (String, Option<String>, Vec<String>) {
        let told = told(&messages(&value));
        let step = |step: &Step| format!("{} {} {}", step.step_type, step.input, step.output);
        (
            told.query.clone(),
            told.result.clone(),
            told.steps.iter().map(step).collect(),
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
