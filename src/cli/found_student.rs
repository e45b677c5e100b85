//! Looks for the language model of a home: in `config.toml`, on this machine, and among the variables of keys.
#![allow(clippy::disallowed_methods)] // edge: the names of environment variables

use crate::llm::client::local_servers::local_servers;
use crate::manifest::suggested_student::{self, COST_LIMIT, StudentClues, SuggestedStudent};

/// The student to suggest for a home whose `config.toml` names this model, or none. Asks the model servers of this
/// machine for their models; of keys, only the names of their variables are looked up.
pub(crate) fn found_student(model: Option<String>) -> Option<SuggestedStudent> {
    let is_set = |wanted: &&str| std::env::vars_os().any(|(name, _)| name == **wanted);
    suggested_student::suggest(&StudentClues {
        model,
        servers: local_servers(),
        key_variables: suggested_student::key_variables().filter(is_set).collect(),
    })
}

/// The settings that `kaizen init` writes for a student that it is sure of, as `(section, key, TOML value)`.
pub(crate) fn settings(student: &SuggestedStudent) -> Vec<(&'static str, &'static str, String)> {
    let own = student
        .settings
        .iter()
        .map(|(key, value)| ("student", *key, value.clone()));
    let limit = student
        .is_paid
        .then(|| ("session", "max_cost_usd", format!("{COST_LIMIT:?}")));
    own.chain(limit).collect()
}
