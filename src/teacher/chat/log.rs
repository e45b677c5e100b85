//! Records a teacher's calls for `teacher/*.jsonl`, and adds up their cost.

use std::cell::RefCell;

use serde_json::{Value, json};

use super::tool_loop::ToolRecord;
use crate::artifact::Money;
use crate::llm::chat::Request;
use crate::llm::model::{AskError, Model, ModelAnswer};
use crate::teacher::TeacherFailure;

/// The lines for `teacher/*.jsonl`, and the cost in dollars.
pub(super) struct CallLog {
    lines: RefCell<Vec<Value>>,
    cost_usd: RefCell<Option<Money>>,
}

impl CallLog {
    pub(crate) fn new() -> Self {
        Self {
            lines: RefCell::default(),
            cost_usd: RefCell::new(Some(Money::ZERO)),
        }
    }

    /// Asks a model and records its answer. The line does not say whether the answer came from the cache, so a rerun
    /// writes the same bytes.
    pub(crate) fn ask(&self, model: &dyn Model, call: &str, request: &Request) -> Result<ModelAnswer, AskError> {
        let answer = model.ask(request);
        let line = match &answer {
            Ok(answer) => json!({
                "call": call, "request": answer.request, "text": answer.reply.text, "tools": answer.reply.calls,
                "stop": answer.reply.stop, "model": answer.reply.model, "usage": answer.reply.usage,
                "tokens": answer.reply.usage.map(|usage| usage.total()), "cost_usd": answer.cost_usd
            }),
            Err(error) => json!({"call": call, "error": error.to_string()}),
        };
        self.lines.borrow_mut().push(line);
        if let Ok(answer) = &answer {
            let mut sum = self.cost_usd.borrow_mut();
            *sum = sum.zip(answer.cost_usd).map(|(sum, cost)| sum + cost);
        }
        answer
    }

    /// Records a tool call.
    pub(crate) fn tool(&self, record: &ToolRecord) {
        self.note(json!({
            "call": "tool", "tool": record.tool, "arguments": record.arguments, "result": record.result
        }));
    }

    /// Records anything else.
    pub(crate) fn note(&self, line: Value) {
        self.lines.borrow_mut().push(line);
    }

    /// The cost in dollars so far; `None` if a part is unknown.
    pub(crate) fn cost_usd(&self) -> Option<Money> {
        *self.cost_usd.borrow()
    }

    /// The lines so far.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.lines.borrow().clone()
    }

    /// A failure that includes the lines so far.
    pub(crate) fn failure(&self, problem: impl Into<String>) -> TeacherFailure {
        TeacherFailure {
            problem: problem.into(),
            log: self.lines(),
        }
    }
}
