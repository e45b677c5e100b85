//! A language model as teacher. Pure, except for calls of the [`Model`].

mod diagnose;
mod log;
mod plan;
mod prompt;
mod tool_loop;

use serde_json::{Value, json};

#[cfg(test)] // golden cases of OpenJarvis
pub(crate) use self::tool_loop::{LoopEnd, LoopLimits, ToolRecord, tool_loop};
use crate::artifact::diagnosis::FailureCluster;
use crate::digest::Digest;
use crate::llm::model::Model;
use crate::llm::redact::Redactor;
use crate::teacher::rules::RulesTeacher;
use crate::teacher::{Briefing, Teacher, TeacherDiagnosis, TeacherFailure, TeacherPlan};

/// Increase this by hand if the same replies now give another diagnosis or plan, or if a text for the model changes.
const REVISION: u32 = 8;

/// Compares the student's output, the teacher's output and the query: the student's score, the teacher's score, the
/// reasons.
pub(crate) type Compare = Box<dyn Fn(&str, &str, &str) -> Result<(f64, f64, String), String> + Send + Sync>;

/// A language model as teacher.
pub(crate) struct ChatTeacher {
    /// The model that diagnoses and plans.
    pub model: Box<dyn Model>,
    /// The model that answers train tasks for comparison with the student.
    pub own: Box<dyn Model>,
    /// Compares two outputs, if there is a judge.
    pub compare: Option<Compare>,
    /// Removes secrets from the output of the tools.
    pub redactor: Redactor,
    /// The largest number of replies in a diagnosis.
    pub max_turns: usize,
    /// The largest number of edits in a plan.
    pub max_edits: usize,
    /// The built-in teacher, if the model sees the edits that it would plan.
    pub candidates: Option<RulesTeacher>,
}

impl Teacher for ChatTeacher {
    fn identity(&self) -> Value {
        let mut identity = json!({
            "engine": "chat", "revision": REVISION, "model": self.model.identity(),
            "prompts": Digest::of_value(&prompt::ALL), "max_turns": self.max_turns
        });
        if let Some(rules) = &self.candidates {
            identity["candidates"] = rules.identity();
        }
        identity
    }

    fn diagnose(&self, briefing: &Briefing) -> Result<TeacherDiagnosis, TeacherFailure> {
        diagnose::diagnose(self, briefing)
    }

    fn plan(
        &self,
        briefing: &Briefing,
        diagnosis: &str,
        clusters: &[FailureCluster],
    ) -> Result<TeacherPlan, TeacherFailure> {
        plan::plan(self, briefing, diagnosis, clusters)
    }
}

#[cfg(test)]
mod tests;
