//! Refuses to begin a session with the built-in student in a home whose own language model was not chosen.

use crate::artifact::baseline::Baseline;
use crate::harness::agent_settings::ModelSettings;
use crate::harness::home::ParsedHome;
use crate::manifest::suggested_student::{StudentClues, suggest};
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::session::Session;

/// Checks that the manifest chooses a student if `config.toml` names a model. A workspace whose sessions already used
/// the built-in student keeps it, and so does a model with parameters that only the built-in student has.
///
/// # Errors
/// No student was chosen, or the sessions cannot be read.
pub(crate) fn check(workspace: &Workspace) -> Result<(), RunError> {
    if workspace.manifest.student.engine.is_some() || !is_built_in(&workspace.student.identity()) {
        return Ok(());
    }
    let harness = workspace.harness()?;
    let Some(model) = foreign_model(&ParsedHome::new(&harness, &workspace.manifest.harness.layout)) else {
        return Ok(());
    };
    if workspace
        .sessions()?
        .iter()
        .rev()
        .find_map(student_of)
        .is_some_and(|used| is_built_in(&used))
    {
        return Ok(());
    }
    let clues = StudentClues {
        model: Some(model.clone()),
        ..StudentClues::default()
    };
    let lines = suggest(&clues).map(|student| student.lines()).unwrap_or_default();
    Err(RunError::NoStudent { model, lines })
}

/// The model of a home, unless it is one of the built-in student.
pub(crate) fn foreign_model(home: &ParsedHome) -> Option<String> {
    let model = home.default_model().ok().flatten()?;
    (!ModelSettings::names_built_in(home, &model)).then_some(model)
}

fn is_built_in(identity: &serde_json::Value) -> bool {
    identity["engine"] == "nearest"
}

/// The identity of the student in a session; `None` if the session measured nothing.
fn student_of(session: &Session) -> Option<serde_json::Value> {
    let baseline: Option<Baseline> = session.read("baseline.json").ok()?;
    baseline.map(|baseline| baseline.student)
}
