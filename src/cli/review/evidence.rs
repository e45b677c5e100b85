//! Looks up the traces that an edit refers to, and redacts them.

use crate::workspace::Workspace;

/// Maximum number of traces to look up; a teacher may list hundreds.
const MOST: usize = 20;

/// The traces that an edit refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EditEvidence {
    /// Traces that were found.
    pub found: Vec<RedactedTrace>,
    /// Ids that are not in the store.
    pub missing: Vec<String>,
    /// Number of ids beyond [`MOST`], which were not looked up.
    pub more: usize,
    /// Why the store could not be read.
    pub problem: Option<String>,
}

/// One trace, redacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RedactedTrace {
    /// Its id.
    pub id: String,
    /// The query to the agent.
    pub query: String,
    /// The agent's answer.
    pub result: String,
}

/// Looks up the references.
pub(crate) fn evidence(workspace: &Workspace, references: &[String]) -> EditEvidence {
    let mut evidence = EditEvidence {
        more: references.len().saturating_sub(MOST),
        ..EditEvidence::default()
    };
    if references.is_empty() {
        return evidence;
    }
    let store = match workspace.traces() {
        Ok(store) => store,
        Err(error) => {
            evidence.problem = Some(error.to_string());
            return evidence;
        }
    };
    for id in references.iter().take(MOST) {
        match store.get(id) {
            Ok(Some(trace)) => evidence.found.push(RedactedTrace {
                id: id.clone(),
                query: workspace.redactor.text(&trace.query).into_owned(),
                result: workspace
                    .redactor
                    .text(trace.result.as_deref().unwrap_or("no answer"))
                    .into_owned(),
            }),
            Ok(None) => evidence.missing.push(id.clone()),
            Err(error) => evidence.problem = Some(error.to_string()),
        }
    }
    evidence
}
