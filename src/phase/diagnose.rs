//! Diagnose: the teacher looks at evidence and train tasks, and groups what fails.

use crate::artifact::diagnosis;
use crate::port::{Briefing, Diagnosed, Teacher, TeacherFailure};
use crate::redact::Redactor;

/// The files that a diagnosis leaves.
pub struct Diagnosis {
    /// `diagnosis.md`
    pub markdown: String,
    /// `evidence.jsonl`: the traces that the teacher read, as it read them.
    pub evidence: String,
    /// Every call of a model or a tool.
    pub log: Vec<serde_json::Value>,
}

/// Asks the teacher.
///
/// # Errors
/// The teacher cannot work.
pub fn diagnose(teacher: &dyn Teacher, briefing: &Briefing, redactor: &Redactor) -> Result<Diagnosis, TeacherFailure> {
    let diagnosed = teacher.diagnose(briefing)?;
    Ok(Diagnosis {
        markdown: diagnosis::render(&diagnosed.narrative, &diagnosed.clusters),
        evidence: evidence(briefing, &diagnosed, redactor),
        log: diagnosed.log,
    })
}

fn evidence(briefing: &Briefing, diagnosed: &Diagnosed, redactor: &Redactor) -> String {
    let read: std::collections::BTreeSet<&String> = diagnosed.traces_read.iter().collect();
    let line = |trace: &crate::artifact::trace::Trace| {
        let mut value = serde_json::to_value(trace).unwrap_or_default();
        redactor.value(&mut value);
        format!("{value}\n")
    };
    briefing
        .traces
        .iter()
        .filter(|trace| read.contains(&trace.trace_id))
        .map(line)
        .collect()
}
