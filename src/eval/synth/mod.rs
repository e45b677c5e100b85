//! Synthesises benchmark tasks from traces with a high rating, one per query class, best first. Pure.

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

/// The number of characters of a query that determine its class, as in OpenJarvis.
const CLASS_LETTERS: usize = 50;

/// The options of a synthesis.
#[derive(Clone, Debug)]
pub(crate) struct SynthRules {
    /// The maximum number of tasks.
    pub limit: usize,
    /// The scorer of the tasks.
    pub scorer: Scorer,
    /// The share of tasks for each split.
    pub shares: Shares,
}

/// The ids and queries of the tasks that the benchmark already has.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExistingTasks {
    ids: BTreeSet<String>,
    queries: HeldOutQueries,
}

impl ExistingTasks {
    /// The ids and queries of these tasks.
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

/// The reason why a trace did not become a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SkipReason {
    NoQuery,
    NoAnswer,
    /// A better trace has the same query class.
    SameClass,
    /// The benchmark already has a task with this id or query.
    Known,
    /// The maximum number of tasks was reached.
    OverLimit,
}

impl SkipReason {
    /// The reason in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            SkipReason::NoQuery => "without a query",
            SkipReason::NoAnswer => "without an answer",
            SkipReason::SameClass => "in the query class of a better trace",
            SkipReason::Known => "already in the benchmark",
            SkipReason::OverLimit => "over the limit",
        }
    }
}

/// The result of a synthesis. Each trace is either a task or counted in `left_out`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Synthesis {
    /// The tasks, best first.
    pub tasks: Vec<Task>,
    /// The number of distinct query classes.
    pub classes: usize,
    /// The number of traces that did not become tasks, by reason.
    pub left_out: BTreeMap<SkipReason, usize>,
}

impl Synthesis {
    /// The number of tasks in each split.
    pub(crate) fn splits(&self) -> BTreeMap<&'static str, usize> {
        let mut splits = BTreeMap::new();
        for task in &self.tasks {
            *splits.entry(task.split().name()).or_default() += 1;
        }
        splits
    }
}

/// Makes tasks from traces that all have a high enough rating. The order of the traces does not matter.
pub(crate) fn synth(
    mut rated: Vec<Trace>,
    rules: &SynthRules,
    known: &ExistingTasks,
    redactor: &Redactor,
) -> Synthesis {
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

/// Orders traces by rating, then newest first. The other fields only make the order deterministic.
fn better(one: &Trace, two: &Trace) -> Ordering {
    let rating = |trace: &Trace| trace.rating().unwrap_or(f64::NEG_INFINITY);
    let time = |trace: &Trace| trace.started_at.unwrap_or(f64::NEG_INFINITY);
    let rest = |trace: &Trace| {
        let (agent, category) = (
            trace.agent.clone(),
            trace.metadata.get("category").map(ToString::to_string),
        );
        let (id, query, result) = (trace.trace_id.clone(), trace.query.clone(), trace.result.clone());
        (id, query, result, agent, category)
    };
    rating(two)
        .total_cmp(&rating(one))
        .then_with(|| time(two).total_cmp(&time(one)))
        .then_with(|| rest(one).cmp(&rest(two)))
}

/// The class of a query, as in OpenJarvis: its agent and its beginning, without differences of case and white space.
/// Long prompts that differ only at their end are one class; in different splits, one would reveal the other.
fn class(task: &Task) -> (Option<String>, String) {
    let beginning = normal(&task.query).chars().take(CLASS_LETTERS).collect();
    (task.agent.clone(), beginning)
}

/// Whether the benchmark already has the task. Compares the unredacted query as well, because a person may have added
/// it.
fn is_known(known: &ExistingTasks, task: &Task, trace: &Trace, redactor: &Redactor) -> bool {
    known.ids.contains(&task.task_id) || known.queries.asks(&trace.query, redactor)
}

fn task(trace: &Trace, scorer: Scorer, redactor: &Redactor) -> Result<Task, SkipReason> {
    let query = Some(redactor.text(&trace.query)).filter(|query| !query.trim().is_empty());
    let answer = trace.result.as_deref().filter(|answer| !answer.trim().is_empty());
    Ok(Task {
        query: query.ok_or(SkipReason::NoQuery)?.into_owned(),
        reference_answer: redactor.text(answer.ok_or(SkipReason::NoAnswer)?).into_owned().into(),
        task_id: id(trace, redactor),
        category: category(trace, redactor),
        agent: trace.agent.clone(),
        scorer,
        loads: None,
        split: None,
        world: Default::default(),
        extra: Default::default(),
    })
}

/// The trace's own id; its digest if the id is empty or would be redacted.
fn id(trace: &Trace, redactor: &Redactor) -> String {
    let id = trace.trace_id.as_str();
    match id.trim().is_empty() || redactor.text(id) != id {
        true => format!("trace-{}", Digest::of_bytes(id.as_bytes()).short()),
        false => id.to_owned(),
    }
}

/// The category in the trace's metadata, otherwise its agent, otherwise `general`. OpenJarvis guesses one of four kinds
/// from the letters of the agent's name; the name itself says more.
fn category(trace: &Trace, redactor: &Redactor) -> String {
    let stated = trace.metadata.get("category").and_then(|category| category.as_str());
    let category = stated.filter(|category| !category.trim().is_empty());
    let category = category.or(trace.agent.as_deref()).unwrap_or("general");
    redactor.text(category).into_owned()
}

#[cfg(test)]
mod tests;
