//! Teachers: the trait of everything that writes a diagnosis and a plan, and the briefing that a teacher gets.

pub(crate) mod brief;
pub(crate) mod chat;
pub(crate) mod check;
pub(crate) mod command;
pub(crate) mod diagnose;
pub(crate) mod files;
pub(crate) mod plan;
mod rejected;
pub(crate) mod reply;
pub(crate) mod rules;
pub(crate) mod schemas;
#[cfg(test)]
mod schemas_tests;
pub(crate) mod submitted;
pub(crate) mod targets;
pub(crate) mod tool;

pub use rejected::RejectedEdit;

use crate::artifact::Money;
use crate::artifact::diagnosis::FailureCluster;
use crate::artifact::edit::{Edit, Op};
use crate::artifact::evaluation::ScoredAttempt;
use crate::artifact::task::Task;
use crate::artifact::trace::Trace;
use crate::harness::Harness;
use crate::harness::op::offers::OpOffer;
use crate::manifest::layout::Layout;
use crate::manifest::surface::SurfaceFormat;
use crate::manifest::surface_table::SurfaceTable;

/// The traces that a search found, or the reason why it failed.
pub(crate) type TraceSearch = Result<Vec<Trace>, String>;

/// Everything that a teacher gets. It gives no access to gate, test or reserve tasks.
pub struct Briefing<'a> {
    /// The harness before any edit.
    pub harness: &'a Harness,
    /// The file and key that each op changes.
    pub layout: &'a Layout,
    /// The surfaces, which say how files are written.
    pub(crate) surfaces: &'a SurfaceTable,
    /// The ops that apply to the harness.
    pub ops: &'a [Op],
    /// The same with what each would change, its tier, and an example.
    pub offers: &'a [OpOffer],
    /// Train tasks, without those whose query is also a gate or test query.
    pub train: &'a [Task],
    /// Eligible traces, newest first, without those that answer a gate or test task.
    pub traces: &'a [Trace],
    /// Edits of earlier sessions that were not kept, newest first, each with the class of the reason.
    pub rejected: &'a [RejectedEdit],
    /// Runs the student on train tasks under any harness. Attempts are cached and counted; nothing is modified.
    pub run_student: &'a (dyn for<'t> Fn(&Harness, &[&'t Task]) -> Vec<ScoredAttempt<'t>> + Sync),
    /// Full-text search over the eligible traces of the store, best match first; the number is the limit.
    pub search_traces: &'a (dyn Fn(&str, usize) -> TraceSearch + Sync),
    /// The score of an answer to a train task, 0 to 1.
    pub score: &'a (dyn Fn(&Task, &str) -> Result<f64, String> + Sync),
    /// Tells the user what the teacher does, in one line.
    pub tell: &'a (dyn Fn(&str) + Sync),
    /// The name of the session; prompts contain it, so that two sessions never send the same request.
    pub session: &'a str,
    /// The seed of all random choices.
    pub seed: u64,
}

impl Briefing<'_> {
    /// The format that the manifest states for a file.
    pub(crate) fn format_of(&self, path: &str) -> Option<SurfaceFormat> {
        self.surfaces.find(path).and_then(|surface| surface.format)
    }
}

/// A teacher's diagnosis.
#[derive(Clone, Debug, Default)]
pub struct TeacherDiagnosis {
    /// Markdown for people, without the closing block of clusters.
    pub narrative: String,
    /// The groups of failures.
    pub clusters: Vec<FailureCluster>,
    /// Ids of the traces that the teacher read.
    pub traces_read: Vec<String>,
    /// The cost in dollars; `None` if a price is unknown.
    pub cost_usd: Option<Money>,
    /// Every call of a model or a tool, in order, for `teacher/diagnose.jsonl`.
    pub log: Vec<serde_json::Value>,
}

/// A teacher's proposal.
#[derive(Clone, Debug, Default)]
pub struct TeacherPlan {
    /// The edits, in the order in which they should be tried.
    pub edits: Vec<Edit>,
    /// The cost in dollars; `None` if a price is unknown.
    pub cost_usd: Option<Money>,
    /// Every call of a model, in order, for `teacher/plan.jsonl`.
    pub log: Vec<serde_json::Value>,
    /// The model that planned, if it is not the name of the engine.
    pub model: Option<String>,
    /// The number of further edits, beyond `[teacher] max_edits`, that were dropped.
    pub beyond_the_limit: usize,
}

/// The failure of a teacher.
#[derive(Clone, Debug, Default)]
pub struct TeacherFailure {
    /// The problem and its remedy, for users.
    pub problem: String,
    /// The calls up to the failure, kept for users to read.
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

/// Writes the diagnosis and the plan of a session.
pub trait Teacher: Send + Sync {
    /// Everything about the teacher that can change its output.
    fn identity(&self) -> serde_json::Value;

    /// Groups the failures.
    ///
    /// # Errors
    /// The teacher cannot work.
    fn diagnose(&self, briefing: &Briefing) -> Result<TeacherDiagnosis, TeacherFailure>;

    /// Proposes edits for the clusters.
    ///
    /// # Errors
    /// The teacher cannot work.
    fn plan(
        &self,
        briefing: &Briefing,
        diagnosis: &str,
        clusters: &[FailureCluster],
    ) -> Result<TeacherPlan, TeacherFailure>;
}

/// Tells the compiler that a closure runs the student on tasks of any lifetime, which it cannot infer.
pub(crate) fn for_any_tasks<F>(run: F) -> F
where
    F: for<'t> Fn(&Harness, &[&'t Task]) -> Vec<ScoredAttempt<'t>> + Sync,
{
    run
}
