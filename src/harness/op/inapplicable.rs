//! Why an edit cannot be applied: data for an outcome, not a failure of the world.

/// An edit that cannot be applied, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Inapplicable {
    /// A payload key is missing or has the wrong type.
    #[error("payload: {problem}")]
    Payload {
        /// What is wrong, naming the key.
        problem: String,
    },
    /// A payload value is larger than an edit may carry.
    #[error("payload: `{key}` is larger than {limit} bytes; shorten it")]
    TooLarge {
        /// The payload key.
        key: String,
        /// Bytes allowed.
        limit: usize,
    },
    /// A payload value holds a NUL byte.
    #[error("payload: `{key}` holds a NUL byte; remove it")]
    Nul {
        /// The payload key.
        key: String,
    },
    /// A name that may not stand in a path or key.
    #[error("`{name}` cannot be the name of {what}: {problem}")]
    BadName {
        /// Which name: agent, model, tool, …
        what: String,
        /// The name, shortened.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The layout gives the op no place.
    #[error("`{op}` has no home here: {problem}; see [harness.layout] in the manifest")]
    NoHome {
        /// The op.
        op: &'static str,
        /// What is missing.
        problem: String,
    },
    /// The file is not among those that the manifest calls editable.
    #[error("{path}: not part of the harness; add it to [harness] files in kaizen.toml to allow it")]
    NotEditable {
        /// The file.
        path: String,
    },
    /// The path leads out of the harness, or through something that is not a folder.
    #[error("{path}: {reason}")]
    Forbidden {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// The file is not UTF-8.
    #[error("{path}: not UTF-8; convert the file first")]
    NotUtf8 {
        /// The file.
        path: String,
    },
    /// The file exists not, and the op needs it.
    #[error("{path}: no such file; create it, or use replace_system_prompt")]
    Absent {
        /// The file.
        path: String,
    },
    /// The TOML file cannot be edited.
    #[error("{path}: {problem}")]
    Toml {
        /// The file.
        path: String,
        /// Line or key, and what is wrong.
        problem: TomlProblem,
    },
    /// The diff does not apply.
    #[error("{path}: the diff is refused: {refusal}")]
    Diff {
        /// The file.
        path: String,
        /// Why.
        refusal: super::diff_hunks::Refusal,
    },
    /// The edit changes a setting that widens what the agent may do.
    #[error("{path}: `{key}` is a protected setting ({kind}): no edit may change it, in any layout; change it by hand")]
    Protected {
        /// The file.
        path: String,
        /// The dotted key.
        key: String,
        /// What it is about.
        kind: &'static str,
    },
    /// The edit changes a file that holds nothing but such settings, or a program that runs by itself.
    #[error("{path}: a protected file (permissions, hooks, servers or keys): no edit may change it; change it by hand")]
    ProtectedFile {
        /// The file.
        path: String,
    },
    /// It is not certain what a mark in the payload stands for.
    #[error("payload: what `{mark}` stands for is not certain, because {problem}; leave its line as it is in the file")]
    Mark {
        /// The mark.
        mark: String,
        /// Why.
        problem: &'static str,
    },
    /// Training is declared only.
    #[error("lora_finetune is refused until a trainer is configured")]
    NoTrainer,
}

/// What is wrong with a TOML file or with a change to it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TomlProblem {
    /// The text does not parse.
    #[error("line {line}: not TOML: {message}; correct the file first")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// The key holds something that the op cannot change.
    #[error("`{key}` is {found}; change it by hand")]
    Shape {
        /// The dotted key.
        key: String,
        /// What stands there.
        found: &'static str,
    },
    /// The value has no form in TOML.
    #[error("`{key}`: {found} cannot stand in TOML")]
    Value {
        /// The dotted key.
        key: String,
        /// What was given.
        found: &'static str,
    },
    /// The change would break the file, so that it is not made.
    #[error("`{key}` cannot be changed without breaking the file; change it by hand")]
    Unsafe {
        /// The dotted key.
        key: String,
    },
}
