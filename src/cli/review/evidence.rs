//! Evidence: the traces that an edit refers to, looked up in the trace store, without secrets.

use crate::workspace::Workspace;

/// Traces that are looked up; a teacher may name hundreds.
const MOST: usize = 20;

/// What the store knows of an edit's references.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// Those that were found.
    pub found: Vec<Seen>,
    /// Those that the store does not have.
    pub missing: Vec<String>,
    /// How many were not looked up.
    pub more: usize,
    /// Why the store could not be read, if it could not.
    pub problem: Option<String>,
}

/// One trace, redacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Its id.
    pub id: String,
    /// What the agent was asked.
    pub query: String,
    /// What it answered.
    pub result: String,
}

/// Looks references up.
pub(crate) fn evidence(workspace: &Workspace, references: &[String]) -> Evidence {
    let mut evidence = Evidence {
        more: references.len().saturating_sub(MOST),
        ..Evidence::default()
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
            Ok(Some(trace)) => evidence.found.push(Seen {
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
