//! The examples that may be shown to an agent: train tasks with their references, and past answers that were right.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::form::{AnswerForm, AnswerKind, shown_answer};
use crate::artifact::task::{Scorer, Task};
use crate::artifact::trace::Trace;
use crate::llm::redact::Redactor;
use crate::teacher::Briefing;
use crate::teacher::check::secret;
use crate::teacher::rules::sample::folded;

/// The lowest rating of a past answer that counts as right.
const RIGHT: f64 = 0.99;

/// An example that may be shown.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PoolExample {
    /// The query.
    pub input: String,
    /// The right answer.
    pub output: String,
    /// The label of a closed set, else the category.
    pub group: String,
}

/// The examples, by group. No query occurs twice.
#[derive(Clone, Debug, Default)]
pub(super) struct ExamplePool {
    /// The examples of each group, in order.
    pub groups: BTreeMap<String, Vec<PoolExample>>,
}

impl ExamplePool {
    /// The examples from these tasks, and from traces of the agent that were right and answer none of the `hidden`
    /// queries.
    pub(super) fn of(
        briefing: &Briefing,
        agent: &str,
        default: &str,
        tasks: &[&Task],
        hidden: &BTreeSet<String>,
        form: &AnswerForm,
    ) -> Self {
        let from_tasks = tasks.iter().filter_map(|task| {
            let output = shown_answer(task)?;
            Some(PoolExample {
                group: group(form, &output, &task.category),
                input: task.query.clone(),
                output,
            })
        });
        let by_query: BTreeMap<String, &Task> = briefing.train.iter().map(|task| (folded(&task.query), task)).collect();
        let of_agent = |trace: &&Trace| trace.agent.as_deref().unwrap_or(default) == agent;
        let from_traces = briefing.traces.iter().filter(of_agent).filter_map(|trace| {
            let task = by_query.get(&folded(&trace.query)).copied();
            let output = right_answer(briefing, trace, task, form)?;
            Some(PoolExample {
                group: group(form, &output, task.map_or("", |task| &task.category)),
                input: trace.query.clone(),
                output,
            })
        });
        let mut seen = hidden.clone();
        let mut pool = Self::default();
        for example in from_tasks.chain(from_traces) {
            if !holds_secret(briefing, &example) && seen.insert(folded(&example.input)) {
                pool.groups.entry(example.group.clone()).or_default().push(example);
            }
        }
        pool
    }

    /// The number of examples.
    pub(super) fn len(&self) -> usize {
        self.groups.values().map(Vec::len).sum()
    }
}

fn group(form: &AnswerForm, output: &str, category: &str) -> String {
    match form.kind {
        AnswerKind::Label(_) => output.to_owned(),
        _ => category.to_owned(),
    }
}

/// The answer of a trace, if it was right: by the scorer of its train task, else by the outcome that the store states.
/// Scorers that cost money or start a program are not asked. A trace with personal data is no example.
fn right_answer(briefing: &Briefing, trace: &Trace, task: Option<&Task>, form: &AnswerForm) -> Option<String> {
    let answer = trace.result.as_deref().filter(|answer| !answer.trim().is_empty())?;
    let is_rated = trace.rating().is_some_and(|rating| rating >= RIGHT);
    let says_right = is_rated || (trace.rating().is_none() && trace.outcome.as_deref() == Some("success"));
    let is_right = match task {
        Some(task)
            if !matches!(
                task.scorer,
                Scorer::Command | Scorer::Judge | Scorer::Run | Scorer::Loads
            ) =>
        {
            (briefing.score)(task, answer).is_ok_and(|score| score >= 1.0)
        }
        _ => says_right,
    };
    let is_private = [trace.query.as_str(), answer]
        .iter()
        .any(|text| Redactor::default().text(text) != *text || text.contains("[redacted"));
    (is_right && form.fits(answer) && !is_private).then(|| answer.to_owned())
}

fn holds_secret(briefing: &Briefing, example: &PoolExample) -> bool {
    let pair = json!({"input": example.input, "output": example.output});
    !secret::in_json(&format!("{pair:#}"), briefing.harness).is_empty()
}
