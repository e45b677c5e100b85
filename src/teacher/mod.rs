//! Teacher: whatever writes the diagnosis and the plan, and what it is given.

pub(crate) mod brief;
pub(crate) mod chat;
pub(crate) mod check;
pub(crate) mod command;
pub(crate) mod diagnose;
pub(crate) mod files;
pub(crate) mod plan;
pub(crate) mod reply;
pub(crate) mod rules;
pub(crate) mod schemas;
#[cfg(test)]
mod schemas_tests;
pub(crate) mod submitted;
pub(crate) mod tool;

use crate::artifact::cluster::FailureCluster;
use crate::artifact::edit::{Edit, Op};
use crate::artifact::evaluation::Attempted;
use crate::artifact::task::Task;
use crate::artifact::trace::Trace;
use crate::harness::Harness;
use crate::manifest::layout::Layout;

/// Traces that were searched for, or why they could not be.
pub(crate) type Found = Result<Vec<Trace>, String>;

/// All that a teacher is given. Nothing of the gate or test split is reachable from here.
pub struct Briefing<'a> {
    /// The harness before any edit.
    pub harness: &'a Harness,
    /// Where each op lands in this harness.
    pub layout: &'a Layout,
    /// The ops that have a home here.
    pub ops: &'a [Op],
    /// Train tasks, without those whose query is also a gate or test query.
    pub train: &'a [Task],
    /// Eligible traces, newest first, without those that answer a gate or test task.
    pub traces: &'a [Trace],
    /// Runs the student on train tasks under any harness; remembered, counted, and read-only.
    pub run_student: &'a (dyn for<'t> Fn(&Harness, &[&'t Task]) -> Vec<Attempted<'t>> + Sync),
    /// Full-text search over the store, best first, at most so many; eligible traces only.
    pub search_traces: &'a (dyn Fn(&str, usize) -> Found + Sync),
    /// What an answer to a train task is worth, 0 to 1.
    pub score: &'a (dyn Fn(&Task, &str) -> Result<f64, String> + Sync),
    /// The name of the session: two sessions do not ask the same question.
    pub session: &'a str,
    /// The only source of chance.
    pub seed: u64,
}

/// A teacher's account of what goes wrong.
#[derive(Clone, Debug, Default)]
pub struct Diagnosed {
    /// Markdown for people, without the closing block of clusters.
    pub narrative: String,
    /// The groups of failures.
    pub clusters: Vec<FailureCluster>,
    /// Ids of the traces that the teacher read.
    pub traces_read: Vec<String>,
    /// Dollars; `None` when the price is unknown.
    pub cost_usd: Option<f64>,
    /// Every call of a model or a tool, in order, for `teacher/diagnose.jsonl`.
    pub log: Vec<serde_json::Value>,
}

/// A teacher's proposal.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// The edits, in the order in which they should be tried.
    pub edits: Vec<Edit>,
    /// Dollars; `None` when the price is unknown.
    pub cost_usd: Option<f64>,
    /// Every call of a model, in order, for `teacher/plan.jsonl`.
    pub log: Vec<serde_json::Value>,
    /// The model that planned, when it is not the engine's name.
    pub model: Option<String>,
}

/// A teacher that could not do its work.
#[derive(Clone, Debug, Default)]
pub struct TeacherFailure {
    /// What went wrong and the remedy, for people.
    pub problem: String,
    /// What it had done until then; it is kept for people to read.
    pub log: Vec<serde_json::Value>,
}

impl From<String> for TeacherFailure {
    fn from(problem: String) -> Self {
        Self {
            problem,
            log: Vec::new(),
        }
    }
}

/// Whatever writes the diagnosis and the plan.
pub trait Teacher: Send + Sync {
    /// Everything about the teacher that can change what it says.
    fn identity(&self) -> serde_json::Value;

    /// Groups the failures.
    ///
    /// # Errors
    /// The teacher cannot work.
    fn diagnose(&self, briefing: &Briefing) -> Result<Diagnosed, TeacherFailure>;

    /// Proposes edits for the clusters.
    ///
    /// # Errors
    /// The teacher cannot work.
    fn plan(
        &self,
        briefing: &Briefing,
        diagnosis: &str,
        clusters: &[FailureCluster],
    ) -> Result<Planned, TeacherFailure>;
}
