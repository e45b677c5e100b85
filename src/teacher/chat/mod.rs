//! Teaching: a language model as teacher. Pure but for the model itself, which is a port.

mod diagnose;
mod log;
mod measured;
mod opening;
mod plan;
mod plan_shape;
mod prompt;
mod tool_loop;

use serde_json::{Value, json};

pub(crate) use self::plan_shape::plan_shape;
#[cfg(test)] // golden cases of the ancestor
pub(crate) use self::tool_loop::{Ended, Limits, Record, tool_loop};
use crate::artifact::cluster::FailureCluster;
use crate::digest::Digest;
use crate::llm::model::Model;
use crate::llm::redact::Redactor;
use crate::teacher::{Briefing, Diagnosed, Planned, Teacher, TeacherFailure};

/// Raised by hand whenever the same replies would give another diagnosis or plan.
const REVISION: u32 = 1;

/// Student's score, teacher's score, and why: for the student's output, the teacher's, and the query.
pub(crate) type Compare = Box<dyn Fn(&str, &str, &str) -> Result<(f64, f64, String), String> + Send + Sync>;

/// A language model as teacher.
pub(crate) struct ChatTeacher {
    /// Diagnoses and plans.
    pub model: Box<dyn Model>,
    /// Answers train tasks in the student's place.
    pub own: Box<dyn Model>,
    /// Compares two outputs, where there is a judge.
    pub compare: Option<Compare>,
    /// Takes secrets out of what the tools show.
    pub redactor: Redactor,
    /// Replies of the diagnosis, at most.
    pub max_turns: usize,
    /// Edits of a plan, at most.
    pub max_edits: usize,
}

impl Teacher for ChatTeacher {
    fn identity(&self) -> Value {
        json!({
            "engine": "chat", "revision": REVISION, "model": self.model.identity(),
            "prompts": Digest::of_value(&prompt::ALL), "max_turns": self.max_turns
        })
    }

    fn diagnose(&self, briefing: &Briefing) -> Result<Diagnosed, TeacherFailure> {
        diagnose::diagnose(self, briefing)
    }

    fn plan(
        &self,
        briefing: &Briefing,
        diagnosis: &str,
        clusters: &[FailureCluster],
    ) -> Result<Planned, TeacherFailure> {
        plan::plan(self, briefing, diagnosis, clusters)
    }
}

#[cfg(test)]
mod tests;
