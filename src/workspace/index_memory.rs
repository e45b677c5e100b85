//! `.kaizen/cache/index`: what git said about its index, while the index stays as it is: that it does not have kaizen's own
//! folder, that it watches all files of the workspace, and that a session has nothing to commit.
//!
//! The stamp of the index contains the time of its last change, which no program can set. A clone that tracks kaizen's own
//! folder cannot bring a memory that fits the index of the clone, so it is refused. A copy of a folder has another index.

use std::sync::atomic::Ordering;

use serde::{Deserialize, Serialize};

use super::Workspace;
use super::seal_book::SessionStamps;
use super::session::Session;
use crate::digest::Digest;
use crate::ledger::Git;
use crate::ledger::port::{Ledger, LedgerError};
use crate::sys::disk::{FileStamp, Root, StampTime};

/// The file, relative to the workspace.
const FILE: &str = ".kaizen/cache/index";
/// The version of its form.
const VERSION: u32 = 2;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct IndexMemory {
    version: u32,
    kaizen: String,
    index: FileStamp,
    /// The digest of HEAD and of the stamps of a session that had nothing to commit.
    committed: Option<Digest>,
    /// Whether git said that it watches all files of the workspace.
    watches_all: bool,
}

/// The index at one moment; `None` before the first file is staged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IndexMoment(Option<(FileStamp, StampTime)>);

impl IndexMoment {
    /// The index as it is.
    pub(crate) fn now(ledger: &Git) -> Self {
        let at = StampTime::now();
        Self(ledger.index_stamp().map(|stamp| (stamp, at)))
    }

    /// The stamp, if a change after that moment gives it another one.
    fn calm(self) -> Option<FileStamp> {
        self.0.filter(|(stamp, at)| stamp.is_calm(*at)).map(|(stamp, _)| stamp)
    }
}

impl Workspace {
    /// Whether anything may be remembered here. The worktree of a session is removed with its branch.
    fn keeps_memory(&self) -> bool {
        !self.only_looks && !self.is_of_a_branch()
    }

    /// Writes a file of the cache for later commands, if anything may be remembered here. One that cannot be written costs
    /// them time and nothing else.
    pub(super) fn remember(&self, file: &str, text: &str) {
        if !self.keeps_memory() {
            return;
        }
        self.own("cache");
        if let Err(error) = self.root.publish(file, text.as_bytes()) {
            tracing::debug!(%error, "later commands will work it out again");
        }
    }

    /// Notes what git said, for the next command: the history, and about its index.
    pub(crate) fn keep_history(&self) {
        if self.keeps_memory() {
            self.own("cache");
            self.ledger.keep_history();
            note(self, None);
        }
    }
}

fn read(root: &Root, ledger: &Git) -> Option<IndexMemory> {
    let memory: IndexMemory = serde_json::from_str(&root.read_text(FILE).ok()??).ok()?;
    let is_ours = memory.version == VERSION && memory.kaizen == env!("CARGO_PKG_VERSION");
    (is_ours && Some(memory.index) == ledger.index_stamp()).then_some(memory)
}

/// Whether git said about this index that it does not have kaizen's own folder.
pub(crate) fn is_known_untracked(root: &Root, ledger: &Git) -> bool {
    read(root, ledger).is_some()
}

/// Whether a session had nothing to commit, and neither it nor HEAD nor the index has changed since.
pub(crate) fn has_nothing_to_commit(workspace: &Workspace, session: &Session) -> bool {
    let memory = read(&workspace.root, &workspace.ledger).and_then(|memory| memory.committed);
    memory.is_some() && memory == state(workspace, session)
}

/// The files of the workspace whose changes git does not look for: assume-unchanged, or skip-worktree.
///
/// # Errors
/// git fails.
pub(crate) fn unwatched(workspace: &Workspace) -> Result<Vec<String>, LedgerError> {
    if read(&workspace.root, &workspace.ledger).is_some_and(|memory| memory.watches_all) {
        return Ok(Vec::new());
    }
    let unwatched = workspace.ledger.unwatched()?;
    workspace.watches_all.store(unwatched.is_empty(), Ordering::Relaxed);
    Ok(unwatched)
}

/// Notes what git said since the workspace was opened, also that a session has nothing to commit.
pub(crate) fn note(workspace: &Workspace, committed: Option<&Session>) {
    let Some(index) = workspace.opened_at.calm().filter(|_| workspace.keeps_memory()) else {
        return;
    };
    let known = read(&workspace.root, &workspace.ledger);
    let committed = committed.and_then(|session| state(workspace, session));
    let memory = IndexMemory {
        version: VERSION,
        kaizen: env!("CARGO_PKG_VERSION").to_owned(),
        index,
        committed: committed.or(known.as_ref().and_then(|known| known.committed)),
        watches_all: workspace.watches_all.load(Ordering::Relaxed)
            || known.as_ref().is_some_and(|known| known.watches_all),
    };
    if known.as_ref() == Some(&memory) || workspace.ledger.index_stamp() != Some(index) {
        return;
    }
    workspace.remember(FILE, &serde_json::to_string(&memory).unwrap_or_default());
}

/// The digest of HEAD and of the stamps of a session; `None` if it changed just now.
fn state(workspace: &Workspace, session: &Session) -> Option<Digest> {
    let stamps = SessionStamps::of(&workspace.root, &session.id)?.calm()?;
    let head = workspace.ledger.head().ok()?;
    Some(Digest::of_value(&(head, &session.id, stamps)))
}
