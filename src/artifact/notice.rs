//! A notice: what a session that needs a person sends to the program or webhook of `[notify]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Extra, artifact, first_version};

/// Why a session needs a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NoticeReason {
    /// It waits for an answer, a release or a file.
    Waiting,
    /// It failed.
    Failed,
    /// The limit of its cost is reached.
    Budget,
}

/// One notice. It holds names and counts, and nothing of traces, tasks or edits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Notice {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// Why it is sent.
    pub reason: NoticeReason,
    /// The name of the workspace's folder.
    pub workspace: String,
    /// The session.
    pub session: String,
    /// Number of edits that wait for an answer.
    #[serde(default)]
    pub waiting: usize,
    /// One sentence for people.
    pub text: String,
    /// The command that shows or settles it.
    pub next: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

artifact!(Notice, "notice", version 1, depth 1);
