//! Asks a teacher for the diagnosis, and turns the answer into the files of the phase.

use crate::artifact::diagnosis;
use crate::artifact::trace::Trace;
use crate::llm::redact::Redactor;
use crate::teacher::{Briefing, Teacher, TeacherFailure};

/// The files of a diagnosis.
pub(crate) struct Diagnosis {
    /// `diagnosis.md`
    pub markdown: String,
    /// `evidence.jsonl`: the traces that the teacher read, redacted as it saw them.
    pub evidence: String,
    /// Every call of a model or a tool.
    pub log: Vec<serde_json::Value>,
}

/// Asks the teacher for a diagnosis.
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

/// The traces that the teacher read, redacted, one per line.
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
