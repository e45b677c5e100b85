//! Diagnose: the teacher looks at evidence and train tasks, and groups what fails.

use crate::artifact::diagnosis;
use crate::port::{Briefing, Diagnosed, Teacher};
use crate::redact::Redactor;

/// The files that a diagnosis leaves.
pub struct Diagnosis {
    /// `diagnosis.md`
    pub markdown: String,
    /// `evidence.jsonl`: the traces that the teacher read, as it read them.
    pub evidence: String,
    /// Dollars; `None` when the price is unknown.
    pub cost_usd: Option<f64>,
}

/// Asks the teacher.
///
/// # Errors
/// The teacher's own words.
pub fn diagnose(teacher: &dyn Teacher, briefing: &Briefing, redactor: &Redactor) -> Result<Diagnosis, String> {
    let diagnosed = teacher.diagnose(briefing)?;
    Ok(Diagnosis {
        markdown: diagnosis::render(&diagnosed.narrative, &diagnosed.clusters),
        evidence: evidence(briefing, &diagnosed, redactor),
        cost_usd: diagnosed.cost_usd,
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
