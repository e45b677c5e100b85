//! What a text refers to, so that a host inserts or attaches it.

/// A piece of a text that a host replaces, or for which it attaches a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TextReference {
    /// The piece as it is written.
    pub text: String,
    pub source: ReferencedSource,
}

/// What replaces it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ReferencedSource {
    /// A file, by its path relative to the file with the reference.
    BesideFile(String),
    /// A file, by its path relative to the workspace.
    InWorkspace(String),
    /// A variable of the environment.
    Variable,
}
