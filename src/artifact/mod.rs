//! Artifacts: the types, format versions and canonical text of the files that kaizen reads and writes.

pub(crate) mod after;
pub(crate) mod baseline;
pub(crate) mod checkpoint;
pub(crate) mod decision;
pub(crate) mod diagnosis;
pub(crate) mod edit;
pub(crate) mod egress;
pub(crate) mod error_budget;
pub(crate) mod evaluation;
pub(crate) mod gate;
pub(crate) mod holdout_use;
pub(crate) mod intent;
pub(crate) mod key_path;
pub(crate) mod label;
pub(crate) mod loop_record;
pub(crate) mod money;
pub(crate) mod nearest;
pub(crate) mod notice;
mod op_name;
pub(crate) mod outcome;
pub(crate) mod pause;
pub(crate) mod pending_review;
pub(crate) mod plan;
pub(crate) mod probe;
pub(crate) mod readiness;
pub(crate) mod record;
pub(crate) mod reference;
pub(crate) mod screening;
pub(crate) mod spending;
pub(crate) mod summary;
pub(crate) mod task;
pub(crate) mod task_world;
pub(crate) mod trace;
pub(crate) mod trigger;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

pub use after::After;
pub use baseline::Baseline;
pub use checkpoint::Checkpoint;
pub use diagnosis::FailureCluster;
pub use edit::{Edit, Op, Pillar, RiskTier};
pub use error_budget::ErrorBudget;
pub use evaluation::{Attempt, AttemptUsage, Evaluation, ScoredAttempt, TaskScore};
pub use loop_record::LoopRecord;
pub use money::Money;
pub use outcome::{Outcome, OutcomeStatus};
pub use pending_review::PendingReview;
pub use plan::Plan;
pub use readiness::{Readiness, UnscorableTask};
pub use record::{Autonomy, EditOutcome, SessionRecord, SessionStatus, Snapshot};
pub use reference::ReferenceAnswer;
use schemars::JsonSchema;
pub use screening::{ScreenedEdit, ScreenedPayload, ScreenedVariants, Screening};
use serde::Serialize;
use serde::de::DeserializeOwned;
pub use spending::Usage;
pub use task::{Scorer, Split, Task};
pub use task_world::TaskWorld;
pub use trace::Trace;
pub use trigger::{Trigger, TriggerKind};

/// Fields of a file that this version does not know; they are preserved when the file is rewritten.
pub type Extra = serde_json::Map<String, serde_json::Value>;

/// A JSON file with a type, a schema and an integer format version.
pub trait Artifact: Serialize + DeserializeOwned + JsonSchema {
    /// The schema's name: `plan` for `schemas/plan.schema.json`.
    const NAME: &'static str;
    /// The newest format version that this program reads, and the version that it writes.
    const VERSION: u32;
    /// The number of folders between the file and the workspace root.
    const DEPTH: usize;

    /// The format version stated in the file; 1 if it states none, as in files of OpenJarvis.
    fn version(&self) -> u32;

    /// The fields that this version does not know.
    fn extra_mut(&mut self) -> &mut Extra;

    /// The canonical text: `$schema` first, fields in a fixed order, two spaces, a newline at the end.
    ///
    /// # Panics
    /// The value cannot be written as JSON, such as a map whose keys are not strings.
    fn to_text(&self) -> String {
        let fields = serde_json::to_string_pretty(self).expect("an artifact can be written as JSON");
        let reference = schema_reference(Self::NAME, Self::DEPTH);
        let rest = fields.strip_prefix("{\n").unwrap_or(&fields);
        format!("{{\n  \"$schema\": \"{reference}\",\n{rest}\n")
    }

    /// Parses an artifact; `path` is used in error messages only.
    ///
    /// # Errors
    /// The text is not JSON of this shape, or its format version is newer than [`Artifact::VERSION`].
    fn from_text(path: &Path, text: &str) -> Result<Self, ArtifactError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut artifact: Self = serde_json::from_str(text).map_err(|source| ArtifactError::Malformed {
            path: path.to_owned(),
            line: source.line(),
            column: source.column(),
            source,
        })?;
        artifact.extra_mut().remove("$schema");
        if artifact.version() > Self::VERSION {
            let (found, known) = (artifact.version(), Self::VERSION);
            return Err(ArtifactError::FromTheFuture {
                path: path.to_owned(),
                found,
                known,
            });
        }
        Ok(artifact)
    }
}

/// Why a file could not be read as an artifact.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// Not JSON, or JSON of another shape.
    #[error("{}:{line}:{column}: {}", path.display(), without_place(source))]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// The parser's error.
        source: serde_json::Error,
    },
    /// The file was written by a newer kaizen.
    #[error("{}: format version {found} is newer than this kaizen can read ({known}); upgrade kaizen (the file is unchanged)", path.display())]
    FromTheFuture {
        /// The file.
        path: PathBuf,
        /// The version that the file states.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// The file has the right shape, but its content is invalid.
    #[error("{}: {problem}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The problem and its remedy.
        problem: String,
    },
}

/// The parser's message without line and column, for callers that print the location themselves or that parsed only a
/// part of the file.
pub(crate) fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}

/// A count with its noun: `1 edit`, `2 edits`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    let plural = match count {
        1 => "",
        _ if noun.ends_with('s') => "es",
        _ => "s",
    };
    format!("{count} {noun}{plural}")
}

/// The beginning of a commit's id, by which people know it.
pub(crate) fn short_id(commit: &str) -> &str {
    &commit[..commit.len().min(8)]
}

/// Whether a count is 0, so that a file need not state it.
pub(crate) fn is_zero<N: Default + PartialEq>(count: &N) -> bool {
    *count == N::default()
}

/// The format version of files that state none.
pub(crate) fn first_version() -> u32 {
    1
}

/// The text of an artifact without the line that names its schema, for workspaces that have no schemas.
pub(crate) fn without_schema(text: &str) -> Cow<'_, str> {
    let rest = text
        .strip_prefix("{\n  \"$schema\": \"")
        .and_then(|rest| rest.split_once("\",\n"));
    match rest {
        Some((_, rest)) => Cow::Owned(format!("{{\n{rest}")),
        None => Cow::Borrowed(text),
    }
}

/// The relative path to a schema from a file `depth` folders below the workspace root.
pub(crate) fn schema_reference(name: &str, depth: usize) -> String {
    format!("{}schemas/{name}.schema.json", "../".repeat(depth))
}

/// Implements [`Artifact`] for a type with the fields `version` and `extra`.
macro_rules! artifact {
    ($type:ty, $name:literal, version $version:literal, depth $depth:literal) => {
        impl crate::artifact::Artifact for $type {
            const NAME: &'static str = $name;
            const VERSION: u32 = $version;
            const DEPTH: usize = $depth;

            fn version(&self) -> u32 {
                self.version
            }

            fn extra_mut(&mut self) -> &mut crate::artifact::Extra {
                &mut self.extra
            }
        }
    };
}
pub(crate) use artifact;
