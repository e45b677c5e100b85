//! Why an edit cannot be applied to a harness.

/// Why an edit cannot be applied; data, not a failure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Inapplicable {
    /// The payload lacks a key.
    #[error("missing {0} in payload")]
    Missing(&'static str),
    /// A payload value has the wrong type or size.
    #[error("payload {key}: {problem}")]
    Payload {
        /// The key.
        key: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// A name that could leave its place.
    #[error("`{name}` cannot name {what}: {problem}")]
    Name {
        /// Agent, model, tool, parameter or query class.
        what: &'static str,
        /// The name, shortened.
        name: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// The layout has no place for the op.
    #[error("{0} has no home in [harness.layout]")]
    NoHome(&'static str),
    /// The path is not among the files that the manifest calls editable, or leads outside.
    #[error("{path} may not be edited: {reason}")]
    Forbidden {
        /// The path.
        path: String,
        /// Why.
        reason: String,
    },
    /// The file is not what the op needs.
    #[error("{path}: {problem}")]
    File {
        /// The path.
        path: String,
        /// What is wrong, with the line where there is one.
        problem: String,
    },
    /// The diff does not fit the prompt.
    #[error("the diff cannot be applied: {0}")]
    Diff(#[from] super::unified_diff::Refused),
    /// Training of weights.
    #[error("lora_finetune is refused until a trainer is configured")]
    NoTrainer,
}
