//! `.kaizen/cache/verified.jsonl`: the sessions that `kaizen verify` found in order, with the stamps of all their files.
//!
//! It is a memory like `seal_book`, and the same trust is placed in it: only `kaizen verify` reads it, and
//! `kaizen verify --full` does not.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Workspace;
use super::seal_book::SessionStamps;
use super::session::FOLDER;
use crate::digest::Digest;
use crate::ledger::port::CommitId;
use crate::sys::disk::{FileStamp, Root};

/// The file, relative to the workspace.
const FILE: &str = ".kaizen/cache/verified.jsonl";
/// The version of its form and of the checks.
const VERSION: u32 = 1;

/// The first line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct VerifiedHeading {
    version: u32,
    kaizen: String,
    /// The digest of what the checks depend on besides the sessions and git.
    basis: Digest,
    /// The commit at HEAD when git was compared.
    pub head: Option<CommitId>,
}

impl VerifiedHeading {
    /// The heading of checks with this basis at a commit.
    pub(crate) fn new(basis: Digest, head: Option<CommitId>) -> Self {
        Self {
            version: VERSION,
            kaizen: env!("CARGO_PKG_VERSION").to_owned(),
            basis,
            head,
        }
    }
}

/// How commits after the check can change what git says about a session's edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LedgerInterest {
    /// It applied nothing: only by naming the session.
    Named,
    /// All that it applied stands: also by a person's change of the harness.
    People,
    /// It applied edits that are gone: by any change of the harness.
    Harness,
}

/// A session that was in order, with the remarks `R` on it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VerifiedSession<R> {
    /// The name of the session.
    pub id: String,
    /// The stamps by path in the session; folders end with `/`, and the session's own is empty.
    stamps: Vec<(String, FileStamp)>,
    /// What concerns it in later commits.
    pub interest: LedgerInterest,
    /// The remarks.
    pub remarks: Vec<R>,
}

impl<R> VerifiedSession<R> {
    /// A session that was read since its stamps were taken; `None` if it changed so recently that another change may leave
    /// them as they are.
    pub(crate) fn of(id: &str, stamps: SessionStamps, interest: LedgerInterest, remarks: Vec<R>) -> Option<Self> {
        Some(Self {
            id: id.to_owned(),
            stamps: stamps.calm()?,
            interest,
            remarks,
        })
    }

    /// Whether all files are as they were.
    pub(crate) fn holds(&self, root: &Root) -> bool {
        let is_same =
            |(path, stamp): &(String, FileStamp)| root.stamp(&format!("{FOLDER}/{}/{path}", self.id)) == Some(*stamp);
        self.stamps.iter().all(is_same)
    }
}

/// The heading and the lines of the file; `None` if it is missing, unreadable, of another version, or of another basis. A
/// caller may parse lines in any order, and leave out those that do not parse.
pub(crate) fn read(root: &Root, wanted: &VerifiedHeading) -> Option<(VerifiedHeading, String)> {
    let text = root.read_text(FILE).ok()??;
    let (heading, lines) = text.split_once('\n')?;
    let heading: VerifiedHeading = serde_json::from_str(heading).ok()?;
    let there = VerifiedHeading {
        head: heading.head.clone(),
        ..wanted.clone()
    };
    (heading == there).then(|| (heading, lines.to_owned()))
}

/// The sessions of some lines that are as they were.
pub(crate) fn unchanged<R: DeserializeOwned>(root: &Root, lines: &[&str]) -> Vec<VerifiedSession<R>> {
    let read = lines.iter().filter_map(|line| serde_json::from_str(line).ok());
    read.filter(|session: &VerifiedSession<R>| session.holds(root))
        .collect()
}

/// Writes the file, if anything may be written there.
pub(crate) fn write<R: Serialize>(workspace: &Workspace, heading: &VerifiedHeading, sessions: &[VerifiedSession<R>]) {
    let mut text = serde_json::to_string(heading).unwrap_or_default() + "\n";
    for session in sessions {
        text += &serde_json::to_string(session).unwrap_or_default();
        text.push('\n');
    }
    workspace.remember(FILE, &text);
}
