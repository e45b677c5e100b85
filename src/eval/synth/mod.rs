//! Synthesis of a benchmark: tasks out of answers that somebody rated highly, one a query class, best first. Pure.

mod shares;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

pub(crate) use self::shares::Shares;
use crate::artifact::task::{Scorer, Task, normal};
use crate::artifact::trace::Trace;
use crate::digest::Digest;
use crate::eval::held_out_queries::HeldOutQueries;
use crate::llm::redact::Redactor;

/// Letters of a query that tell its class, as in the ancestor.
const CLASS_LETTERS: usize = 50;

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// Tasks at most.
    pub limit: usize,
    /// How answers are scored.
    pub scorer: Scorer,
    /// How many tasks each split gets.
    pub shares: Shares,
}

/// The tasks that there are already.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    ids: BTreeSet<String>,
    queries: HeldOutQueries,
}

impl Known {
    /// The ids and queries of tasks.
    pub(crate) fn of<'a>(tasks: impl IntoIterator<Item = &'a Task>, redactor: &Redactor) -> Self {
        let mut known = Self::default();
        tasks.into_iter().for_each(|task| known.add(task, redactor));
        known
    }

    fn add(&mut self, task: &Task, redactor: &Redactor) {
        self.ids.insert(task.task_id.clone());
        self.queries.add(&task.query, redactor);
    }
}

/// Why a trace became no task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SkipReason {
    /// It asks nothing.
    NoQuery,
    /// It has no answer.
    NoAnswer,
    /// A better one of its query class came before it.
    SameClass,
    /// The benchmark asks it already.
    Known,
    /// There were enough without it.
    OverLimit,
}

impl SkipReason {
    /// The reason in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            SkipReason::NoQuery => "without a query",
            SkipReason::NoAnswer => "without an answer",
            SkipReason::SameClass => "in a query class with a better one",
            SkipReason::Known => "asked by the benchmark already",
            SkipReason::OverLimit => "over the limit",
        }
    }
}

/// What became of the traces. The tasks and those left out are all of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Synthesis {
    /// The tasks, best first.
    pub tasks: Vec<Task>,
    /// Distinct query classes.
    pub classes: usize,
    /// How many became no task, and why.
    pub left_out: BTreeMap<SkipReason, usize>,
}

impl Synthesis {
    /// How many tasks each split got.
    pub(crate) fn splits(&self) -> BTreeMap<&'static str, usize> {
        let mut splits = BTreeMap::new();
        for task in &self.tasks {
            *splits.entry(task.split().name()).or_default() += 1;
        }
        splits
    }
}

/// Makes tasks out of traces that are all rated highly enough; their order does not matter.
pub(crate) fn synth(mut rated: Vec<Trace>, rules: &Rules, known: &Known, redactor: &Redactor) -> Synthesis {
    rated.sort_by(better);
    let mut made = Synthesis::default();
    let (mut known, mut classes) = (known.clone(), BTreeSet::new());
    for trace in &rated {
        let asked = task(trace, rules.scorer, redactor).and_then(|task| match () {
            () if !classes.insert(class(&task)) => Err(SkipReason::SameClass),
            () if is_known(&known, &task, trace, redactor) => Err(SkipReason::Known),
            () if made.tasks.len() == rules.limit => Err(SkipReason::OverLimit),
            () => Ok(task),
        });
        match asked {
            Ok(task) => {
                known.add(&task, redactor);
                made.tasks.push(task);
            }
            Err(reason) => *made.left_out.entry(reason).or_default() += 1,
        }
    }
    made.classes = classes.len();
    rules.shares.assign(&mut made.tasks);
    made
}

/// Higher rated first, then newer; the rest only makes the order the same each time.
fn better(one: &Trace, two: &Trace) -> Ordering {
    let rating = |trace: &Trace| trace.feedback.unwrap_or(f64::NEG_INFINITY);
    let time = |trace: &Trace| trace.started_at.unwrap_or(f64::NEG_INFINITY);
    let rest = |trace: &Trace| (trace.trace_id.clone(), trace.query.clone(), trace.result.clone());
    rating(two)
        .total_cmp(&rating(one))
        .then_with(|| time(two).total_cmp(&time(one)))
        .then_with(|| rest(one).cmp(&rest(two)))
}

/// The class of a query is the ancestor's: the agent that was asked, and how the query begins, but for case and white
/// space. Long prompts that differ at their end only are one class: split apart, one would give the other away.
fn class(task: &Task) -> (Option<String>, String) {
    let beginning = normal(&task.query).chars().take(CLASS_LETTERS).collect();
    (task.agent.clone(), beginning)
}

/// A person may have written the same question down with what is redacted here.
fn is_known(known: &Known, task: &Task, trace: &Trace, redactor: &Redactor) -> bool {
    known.ids.contains(&task.task_id) || known.queries.asks(&trace.query, redactor)
}

fn task(trace: &Trace, scorer: Scorer, redactor: &Redactor) -> Result<Task, SkipReason> {
    let query = Some(redactor.text(&trace.query)).filter(|query| !query.trim().is_empty());
    let answer = trace.result.as_deref().filter(|answer| !answer.trim().is_empty());
    Ok(Task {
        query: query.ok_or(SkipReason::NoQuery)?.into_owned(),
        reference_answer: redactor.text(answer.ok_or(SkipReason::NoAnswer)?).into_owned(),
        task_id: id(trace, redactor),
        category: category(trace, redactor),
        agent: trace.agent.clone(),
        scorer,
        split: None,
        extra: Default::default(),
    })
}

/// The trace's own id, unless that says too much or nothing.
fn id(trace: &Trace, redactor: &Redactor) -> String {
    let id = trace.trace_id.as_str();
    match id.trim().is_empty() || redactor.text(id) != id {
        true => format!("trace-{}", Digest::of_bytes(id.as_bytes()).short()),
        false => id.to_owned(),
    }
}

/// What the trace says, else its agent. The ancestor guesses one of four kinds from the letters of the agent's name;
/// the name itself tells more, and guesses nothing.
fn category(trace: &Trace, redactor: &Redactor) -> String {
    let stated = trace.metadata.get("category").and_then(|category| category.as_str());
    let category = stated.filter(|category| !category.trim().is_empty());
    let category = category.or(trace.agent.as_deref()).unwrap_or("general");
    redactor.text(category).into_owned()
}

#[cfg(test)]
mod tests;
