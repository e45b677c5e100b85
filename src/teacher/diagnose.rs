//! Diagnose: the teacher looks at evidence and train tasks, and groups what fails.

use crate::artifact::diagnosis;
use crate::artifact::trace::Trace;
use crate::llm::redact::Redactor;
use crate::teacher::{Briefing, Teacher, TeacherFailure};

/// The files that a diagnosis leaves.
pub(crate) struct Diagnosis {
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
pub(crate) fn diagnose(
    teacher: &dyn Teacher,
    briefing: &Briefing,
    redactor: &Redactor,
) -> Result<Diagnosis, TeacherFailure> {
    let diagnosed = teacher.diagnose(briefing)?;
    Ok(Diagnosis {
        markdown: diagnosis::render(&diagnosed.narrative, &diagnosed.clusters),
        evidence: evidence(briefing.traces, &diagnosed.traces_read, redactor),
        log: diagnosed.log,
    })
}

/// Those of the traces that were read, redacted, a line each.
pub(crate) fn evidence(traces: &[Trace], read: &[String], redactor: &Redactor) -> String {
    let read: std::collections::BTreeSet<&String> = read.iter().collect();
    let line = |trace: &Trace| {
        let mut value = serde_json::to_value(trace).unwrap_or_default();
        redactor.value(&mut value);
        format!("{value}\n")
    };
    traces
        .iter()
        .filter(|trace| read.contains(&trace.trace_id))
        .map(line)
        .collect()
}
