//! The history of HEAD in kaizen's own folder, so that a command need not ask git about thousands of commits again.
//!
//! Commits never change, so what they say is a function of HEAD, of the workspace's place in the repository, and of where a
//! shallow clone ends; these are the key. If HEAD has moved forward in one line since, git is asked about the new commits
//! only. An archive that is missing, damaged or about something else costs time and nothing else. Nothing is archived where git
//! may show other parents than a commit names.
//!
//! git ignores the folder, and kaizen refuses a clone that brings its own. Who can write there can write the repository too.
#![allow(clippy::disallowed_methods)] // edge: the files of a repository

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::Git;
use super::entry_line::{entry_line, ledger_entry};
use super::graph::{CommitGraph, GraphCommit};
use super::log;
use super::port::{CommitId, LedgerEntry, LedgerError};
use super::session_lines::{SESSION, SessionLines};
use crate::digest::Digest;
use crate::sys::disk::Root;

/// The version of the files, and of the rules by which messages are read.
const VERSION: u32 = 2;
/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 30;

/// What the contents of an archive depend on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ArchiveKey {
    version: u32,
    kaizen: String,
    head: CommitId,
    /// The workspace, relative to the top of the work tree.
    prefix: String,
    /// The digest of the list of commits at which a shallow clone ends.
    shallow: Option<Digest>,
}

impl ArchiveKey {
    /// Whether the keys differ in HEAD only.
    fn is_of_same_place(&self, other: &Self) -> bool {
        let there = Self {
            head: self.head.clone(),
            ..other.clone()
        };
        *self == there
    }
}

/// The first line of a file.
#[derive(Serialize, Deserialize)]
struct ArchiveHeading {
    key: ArchiveKey,
    /// The digest of the other lines.
    digest: Digest,
}

/// What is known about the commits of one HEAD: a line for each, oldest first.
#[derive(Clone, Debug)]
struct ArchivedLines {
    key: ArchiveKey,
    text: Arc<String>,
    is_written: bool,
}

/// One kind of lines, and its file relative to the workspace.
#[derive(Debug)]
struct ArchiveFile {
    file: &'static str,
    lines: Mutex<Option<ArchivedLines>>,
}

/// Asks git for lines.
struct Questions<'a> {
    /// All lines.
    all: &'a dyn Fn() -> Result<String, LedgerError>,
    /// The lines after a commit; `None` if HEAD did not come from it by commits of one parent each. Only then do the new
    /// commits come after all others in git's order.
    since: &'a dyn Fn(&str) -> Result<Option<String>, LedgerError>,
}

impl ArchiveFile {
    fn new(file: &'static str) -> Self {
        Self {
            file,
            lines: Mutex::default(),
        }
    }

    /// The lines for a key: those at hand with what git says about the new commits, or all that git says.
    fn up_to(&self, root: &Root, key: ArchiveKey, git: &Questions) -> Result<Arc<String>, LedgerError> {
        let mut slot = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let known = slot.take().or_else(|| self.read(root));
        let known = known.filter(|known| known.key.is_of_same_place(&key));
        let lines = match known {
            Some(known) if known.key == key => known,
            known => {
                let grown = match known {
                    Some(known) => {
                        let new = (git.since)(&known.key.head)?;
                        new.map(|new| Arc::unwrap_or_clone(known.text) + &new)
                    }
                    None => None,
                };
                ArchivedLines {
                    text: Arc::new(grown.map_or_else(git.all, Ok)?),
                    is_written: false,
                    key,
                }
            }
        };
        let text = Arc::clone(&lines.text);
        *slot = Some(lines);
        Ok(text)
    }

    fn read(&self, root: &Root) -> Option<ArchivedLines> {
        let bytes = root.read_up_to(self.file.as_ref(), LARGEST).ok()??;
        let mut text = String::from_utf8(bytes).ok()?;
        let end = text.find('\n')?;
        let heading: ArchiveHeading = serde_json::from_str(&text[..end]).ok()?;
        text.drain(..=end);
        (heading.digest == Digest::of_bytes(text.as_bytes())).then(|| ArchivedLines {
            key: heading.key,
            text: Arc::new(text),
            is_written: true,
        })
    }

    fn write(&self, root: &Root) {
        let mut slot = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(lines) = slot.as_mut().filter(|lines| !lines.is_written) else {
            return;
        };
        let heading = ArchiveHeading {
            key: lines.key.clone(),
            digest: Digest::of_bytes(lines.text.as_bytes()),
        };
        let text = format!(
            "{}\n{}",
            serde_json::to_string(&heading).unwrap_or_default(),
            lines.text
        );
        match root.publish(self.file, text.as_bytes()) {
            Ok(()) => lines.is_written = true,
            Err(error) => tracing::debug!(%error, "the history cannot be kept; git will be asked again"),
        }
    }
}

/// The archives of a workspace, each read or asked for at first use.
#[derive(Debug)]
pub(super) struct CommitArchive {
    root: Root,
    graph: ArchiveFile,
    entries: ArchiveFile,
    /// The newest graph, and its HEAD.
    parsed: Mutex<Option<(ArchiveKey, Arc<CommitGraph>)>>,
    /// Where the newest entries name each session, and their HEAD.
    by_session: Mutex<Option<(ArchiveKey, Arc<SessionLines>)>>,
}

/// Whether commits lead from one to another by one parent each.
fn are_in_line(commits: &[GraphCommit], from: &str, to: &str) -> bool {
    let mut last = from;
    for commit in commits {
        match commit.parents.as_slice() {
            [parent] if parent == last => last = &commit.id,
            _ => return false,
        }
    }
    !commits.is_empty() && last == to
}

/// A commit as a line: its id and its parents, and after a tab what it reverts.
fn graph_line(commit: &GraphCommit) -> String {
    let ids: Vec<&str> = std::iter::once(&commit.id)
        .chain(&commit.parents)
        .map(String::as_str)
        .collect();
    let reverts = match commit.reverts.is_empty() {
        true => String::new(),
        false => format!("\t{}", serde_json::to_string(&commit.reverts).unwrap_or_default()),
    };
    format!("{}{reverts}\n", ids.join(" "))
}

fn graph_commit(line: &str) -> GraphCommit {
    let (ids, reverts) = line.split_once('\t').unwrap_or((line, "[]"));
    GraphCommit {
        reverts: serde_json::from_str(reverts).unwrap_or_default(),
        ..GraphCommit::of_ids(ids)
    }
}

impl Git {
    /// Lets the ledger keep the history in the workspace's own folder.
    pub(crate) fn with_archive(mut self, root: &Root) -> Self {
        self.archive = Some(Arc::new(CommitArchive {
            root: root.clone(),
            graph: ArchiveFile::new(".kaizen/cache/history.graph"),
            entries: ArchiveFile::new(".kaizen/cache/history.entries"),
            parsed: Mutex::default(),
            by_session: Mutex::default(),
        }));
        self
    }

    /// The archive and its key; `None` if nothing is archived here, or before the first commit.
    fn archived(&self) -> Result<Option<(&CommitArchive, ArchiveKey)>, LedgerError> {
        let Some(archive) = self.archive.as_deref().filter(|_| !self.has_other_parents()) else {
            return Ok(None);
        };
        let Some(head) = log::head(self)? else { return Ok(None) };
        let shallow = std::fs::read(self.common_dir.join("shallow")).ok();
        let key = ArchiveKey {
            version: VERSION,
            kaizen: env!("CARGO_PKG_VERSION").to_owned(),
            head,
            prefix: self.prefix.clone(),
            shallow: shallow.map(|bytes| Digest::of_bytes(&bytes)),
        };
        Ok(Some((archive, key)))
    }

    /// The digest of what all answers about the history of HEAD depend on; `None` before the first commit, and where only
    /// git knows.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn history_key(&self) -> Result<Option<Digest>, LedgerError> {
        Ok(self.archived()?.map(|(_, key)| Digest::of_value(&key)))
    }

    /// Whether replacements or grafts may give commits other parents. Where refs are stored in another format, only git
    /// knows.
    fn has_other_parents(&self) -> bool {
        let exists = |name: &str| self.common_dir.join(name).exists();
        let packed = std::fs::read_to_string(self.common_dir.join("packed-refs"));
        exists("refs/replace")
            || exists("info/grafts")
            || exists("reftable")
            || packed.is_ok_and(|refs| refs.contains("refs/replace/"))
    }

    /// All ancestors of HEAD.
    pub(super) fn whole_graph(&self) -> Result<Arc<CommitGraph>, LedgerError> {
        let Some((archive, key)) = self.archived()? else {
            return Ok(Arc::new(log::graph(self, None)?));
        };
        let mut parsed = archive.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, graph)) = parsed.as_ref().filter(|(known, _)| *known == key) {
            return Ok(Arc::clone(graph));
        }
        let lines = |commits: Vec<GraphCommit>, range: &str| {
            let commits = log::with_reverts(self, commits, range)?;
            Ok::<_, LedgerError>(commits.iter().map(graph_line).collect())
        };
        let all = || lines(log::commits(self, &key.head)?, &key.head);
        let since = |from: &str| {
            let range = format!("{from}..{}", key.head);
            match log::commits(self, &range) {
                Ok(commits) if are_in_line(&commits, from, &key.head) => lines(commits, &range).map(Some),
                // Or the old commit is gone.
                _ => Ok(None),
            }
        };
        let git = Questions {
            all: &all,
            since: &since,
        };
        let text = archive.graph.up_to(&archive.root, key.clone(), &git)?;
        let graph = Arc::new(log::graph_of(self, text.lines().map(graph_commit).collect()));
        *parsed = Some((key, Arc::clone(&graph)));
        Ok(graph)
    }

    /// The commits after an ancestor of HEAD; `None` for any other commit, and for a name that is no full id.
    pub(super) fn known_since(&self, commit: &str) -> Result<Option<CommitGraph>, LedgerError> {
        match log::is_full_id(commit) {
            true => Ok(self.whole_graph()?.since(commit)),
            false => Ok(None),
        }
    }

    /// The commits of this workspace with kaizen's trailer that `is_wanted` accepts by their ids, oldest first.
    pub(super) fn entries_among(&self, is_wanted: &dyn Fn(&str) -> bool) -> Result<Vec<LedgerEntry>, LedgerError> {
        let Some((archive, key)) = self.archived()? else {
            let mut entries = log::entries(self, None)?;
            entries.retain(|entry| is_wanted(&entry.commit));
            return Ok(entries);
        };
        let text = self.entry_lines(archive, &key)?;
        let id = |line: &&str| is_wanted(line.split('\t').next().unwrap_or_default());
        Ok(text.lines().filter(id).filter_map(ledger_entry).collect())
    }

    /// The commits of [`Self::entries_among`] that have the trailer of a session.
    pub(super) fn entries_of_session(
        &self,
        session: &str,
        is_wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<LedgerEntry>, LedgerError> {
        let Some((archive, key)) = self.archived()? else {
            let mut entries = self.entries_among(is_wanted)?;
            entries.retain(|entry| entry.trailer(SESSION) == Some(session));
            return Ok(entries);
        };
        let text = self.entry_lines(archive, &key)?;
        let mut known = archive.by_session.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = match known.take().filter(|(of, _)| *of == key) {
            Some((_, lines)) => lines,
            None => Arc::new(SessionLines::of(&text)),
        };
        *known = Some((key, Arc::clone(&lines)));
        drop(known);
        let entries = lines.of_session(&text, session).filter_map(ledger_entry);
        Ok(entries
            .filter(|entry| entry.trailer(SESSION) == Some(session) && is_wanted(&entry.commit))
            .collect())
    }

    /// The lines of all commits of this workspace with kaizen's trailer.
    fn entry_lines(&self, archive: &CommitArchive, key: &ArchiveKey) -> Result<Arc<String>, LedgerError> {
        let lines = |range: &str| Ok::<_, LedgerError>(log::ours(self, range)?.iter().map(entry_line).collect());
        let all = || lines(&key.head);
        let since = |from: &str| match self.whole_graph()?.line_since(from) {
            Some(_) => lines(&format!("{from}..{}", key.head)).map(Some),
            None => Ok(None),
        };
        let git = Questions {
            all: &all,
            since: &since,
        };
        archive.entries.up_to(&archive.root, key.clone(), &git)
    }

    /// Writes down what git was asked about the history, for the next command.
    pub(crate) fn keep_history(&self) {
        if let Some(archive) = self.archive.as_deref() {
            archive.graph.write(&archive.root);
            archive.entries.write(&archive.root);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::graph::RevertedCommit;

    #[test]
    fn commits_come_back_from_their_lines() {
        let reverted = |mainline: Option<&str>| RevertedCommit {
            commit: "0123456".into(),
            mainline: mainline.map(str::to_owned),
        };
        for (parents, reverts) in [
            (vec![], vec![]),
            (vec!["b"], vec![reverted(None)]),
            (vec!["b", "c"], vec![reverted(Some("b")), reverted(None)]),
        ] {
            let commit = GraphCommit {
                id: "a".into(),
                parents: parents.into_iter().map(str::to_owned).collect(),
                reverts,
            };
            assert_eq!(graph_commit(graph_line(&commit).trim_end_matches('\n')), commit);
        }
    }
}
