//! A session on disk: its artifacts, checkpoints and attic.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::artifact::after::{self, After};
use crate::artifact::baseline::Baseline;
use crate::artifact::checkpoint::Checkpoint;
use crate::artifact::error_budget::{self, ErrorBudget};
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::artifact::pending_review::PendingReview;
use crate::artifact::plan::Plan;
use crate::artifact::readiness::Readiness;
use crate::artifact::record::SessionRecord;
use crate::artifact::screening::{self, Screening};
use crate::artifact::trigger::Trigger;
use crate::artifact::{Artifact, ArtifactError, without_schema};
use crate::digest::Digest;
use crate::sys::disk::side_file::is_side_file;
use crate::sys::disk::{DiskError, Root};

/// The folder of all sessions in a workspace.
pub(crate) const FOLDER: &str = "sessions";
/// The reason for a session. A directory with this file is a session.
pub(crate) const TRIGGER: &str = "trigger.json";
/// The folder of outcomes.
pub(crate) const OUTCOMES: &str = "outcomes/";
/// The folder of edits that wait for a person's decision.
pub(crate) const PENDING: &str = "pending_review/";

/// The folder of checkpoints.
pub(crate) const CHECKPOINTS: &str = "checkpoints/";

/// The folder of displaced files, named by digest.
pub(crate) const ATTIC: &str = "attic/";

/// A file of a session cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// A file could not be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A file is not a valid artifact.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The session no longer exists: it was removed, or the present branch does not have it.
    #[error("{0} no longer exists; nothing was written")]
    Gone(String),
}

/// One session directory.
#[derive(Clone, Debug)]
pub struct Session {
    /// The name of the session.
    pub id: String,
    root: Root,
    folder: PathBuf,
}

/// A text whose lines all end in CRLF, with LF instead; any other content as it is.
fn with_unix_lines(bytes: Vec<u8>) -> Vec<u8> {
    // Most files have none, and this search is quick.
    if !bytes.contains(&b'\r') {
        return bytes;
    }
    let ends = bytes.iter().filter(|byte| **byte == b'\n').count();
    let returns = bytes.windows(2).filter(|pair| *pair == b"\r\n").count();
    if returns == 0 || returns < ends {
        return bytes;
    }
    let is_kept = |at: &usize| bytes[*at] != b'\r' || bytes.get(at + 1) != Some(&b'\n');
    (0..bytes.len()).filter(is_kept).map(|at| bytes[at]).collect()
}

/// Whether a text is a valid session name, so that it may be part of a path.
pub(crate) fn is_id(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    !text.is_empty() && text.len() <= 80 && text.chars().all(plain)
}

/// Whether a path, relative to the workspace, is that of a file in the folder of sessions.
pub(crate) fn is_in_session(path: &str) -> bool {
    path.strip_prefix(FOLDER).is_some_and(|rest| rest.starts_with('/'))
}

/// All sessions of a workspace, oldest first.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn all(root: &Root) -> Result<Vec<Session>, DiskError> {
    let mut sessions = Vec::new();
    for id in root.names(FOLDER)? {
        sessions.extend(find(root, &id)?);
    }
    Ok(sessions)
}

/// The session with a name, if it exists.
///
/// # Errors
/// The system does not say whether it exists. Without it, a run would begin another session.
pub(crate) fn find(root: &Root, id: &str) -> Result<Option<Session>, DiskError> {
    let session = Session::at(root, id);
    Ok((is_id(id) && root.is_taken(session.path(TRIGGER))?).then_some(session))
}

impl Session {
    /// The session with a name, whether it exists or not.
    pub(crate) fn at(root: &Root, id: &str) -> Self {
        Self {
            id: id.to_owned(),
            root: root.clone(),
            folder: root.join(FOLDER).join(id),
        }
    }

    /// The path of a file of the session.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The workspace of the session.
    pub(crate) fn root(&self) -> &Root {
        &self.root
    }

    /// Checks that the session contains plain files and folders only.
    ///
    /// # Errors
    /// There is a link, pipe, socket or device; the message names the first one.
    pub(crate) fn check_plain(&self) -> Result<(), DiskError> {
        self.root.check_plain(&self.folder)
    }

    /// The path relative to the workspace.
    pub(crate) fn relative(&self) -> String {
        format!("{FOLDER}/{}", self.id)
    }

    /// The path of an edit's outcome, relative to the workspace.
    pub(crate) fn outcome_path(&self, edit: Digest) -> String {
        format!("{}/{OUTCOMES}{edit}.json", self.relative())
    }

    /// Reads an artifact; `None` if it does not exist.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub fn read<A: Artifact>(&self, name: &str) -> Result<Option<A>, SessionError> {
        let path = self.path(name);
        let text = self.root.read_text(&path)?;
        Ok(text.map(|text| A::from_text(&path, &text)).transpose()?)
    }

    /// Reads a text file; `None` if it does not exist.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub fn text(&self, name: &str) -> Result<Option<String>, SessionError> {
        Ok(self.root.read_text(self.path(name))?)
    }

    /// The record; `None` if it does not exist yet.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub fn record(&self) -> Result<Option<SessionRecord>, SessionError> {
        self.read("session.json")
    }

    /// Publishes a file; unchanged bytes are left alone. Bytes that a person may have written go to the attic first.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub(crate) fn publish(&self, name: &str, text: &str) -> Result<(), SessionError> {
        let path = self.path(name);
        let text = super::schema_line::stored(&self.root, text)?;
        // A file from before the schemas were written or removed stands as it is.
        let is_same = |present: &[u8]| {
            let present = std::str::from_utf8(present).ok();
            present.is_some_and(|present| without_schema(present) == without_schema(&text))
        };
        loop {
            let present = self.root.read(&path)?;
            if present.as_deref().is_some_and(is_same) {
                return Ok(());
            }
            // Otherwise, parts of a session that a branch switch removed would reappear and conflict with the branch
            // that has it.
            if name != TRIGGER && !self.root.is_taken(self.path(TRIGGER))? {
                return Err(SessionError::Gone(self.id.clone()));
            }
            if let Some(bytes) = present.iter().find(|bytes| is_for_people(name) && !bytes.is_empty()) {
                self.keep_in_attic(bytes)?;
            }
            // If a person saved in the meantime, the next round keeps those bytes too.
            if self.root.publish_over(&path, text.as_bytes(), present.as_deref())? {
                return Ok(());
            }
        }
    }

    /// Removes a file after copying it to the attic.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub(crate) fn withdraw(&self, name: &str) -> Result<(), SessionError> {
        let path = self.path(name);
        if let Some(bytes) = self.root.read(&path)? {
            self.keep_in_attic(&bytes)?;
        }
        Ok(self.root.remove(&path)?)
    }

    /// Copies a file to the attic.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub(crate) fn keep(&self, name: &str) -> Result<(), SessionError> {
        match self.root.read(self.path(name))? {
            Some(bytes) => self.keep_in_attic(&bytes),
            None => Ok(()),
        }
    }

    /// Keeps bytes in the attic; returns the path relative to the workspace.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub(crate) fn keep_bytes(&self, bytes: &[u8]) -> Result<String, SessionError> {
        self.keep_in_attic(bytes)?;
        Ok(format!("{}/{ATTIC}{}", self.relative(), Digest::of_bytes(bytes)))
    }

    /// The file in the attic with this digest, if there is one.
    pub(crate) fn kept(&self, digest: Digest) -> Option<String> {
        let name = format!("{ATTIC}{digest}");
        self.path(&name).is_file().then_some(name)
    }

    fn keep_in_attic(&self, bytes: &[u8]) -> Result<(), SessionError> {
        let path = self.path(&format!("{ATTIC}{}", Digest::of_bytes(bytes)));
        if self.root.read(&path)?.is_none() {
            self.root.publish(&path, bytes)?;
        }
        Ok(())
    }

    /// The names in a folder of the session, sorted.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub fn names(&self, folder: &str) -> Result<Vec<String>, SessionError> {
        Ok(self.root.names(self.path(folder))?)
    }

    /// The digest of a file, or of a folder's names and bytes. A missing folder counts as empty; `None` for a missing
    /// file. Line ends count as LF, because git may check the file out with others.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub(crate) fn digest(&self, name: &str) -> Result<Option<Digest>, SessionError> {
        self.digest_of(name, with_unix_lines)
    }

    /// Like [`Self::digest`], but of the exact bytes, as older versions recorded it.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub(crate) fn exact_digest(&self, name: &str) -> Result<Option<Digest>, SessionError> {
        self.digest_of(name, |bytes| bytes)
    }

    fn digest_of(&self, name: &str, form: fn(Vec<u8>) -> Vec<u8>) -> Result<Option<Digest>, SessionError> {
        if !name.ends_with('/') {
            let bytes = self.root.read(self.path(name))?;
            return Ok(bytes.map(|bytes| Digest::of_bytes(&form(bytes))));
        }
        let mut parts = Vec::new();
        for file in self.names(name)? {
            let bytes = self.root.read(self.path(&format!("{name}{file}")))?.unwrap_or_default();
            parts.push((file, form(bytes)));
        }
        Ok(Some(Digest::of_parts(
            parts.iter().map(|(file, bytes)| (file.as_str(), bytes.as_slice())),
        )))
    }

    /// All outcomes, by the digest of the edit.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub fn outcomes(&self) -> Result<BTreeMap<Digest, Outcome>, SessionError> {
        let all = self.folder_of::<Outcome>(OUTCOMES)?;
        Ok(all.into_iter().map(|outcome| (outcome.edit_digest, outcome)).collect())
    }

    /// All review files of the session, answered or not, by the digest of the edit.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub fn pending(&self) -> Result<BTreeMap<Digest, PendingReview>, SessionError> {
        let all = self.folder_of::<PendingReview>(PENDING)?;
        Ok(all.into_iter().map(|pending| (pending.edit_digest, pending)).collect())
    }

    /// The review files of the edits that wait for review, answered or not: the next run acts on an answer.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub(crate) fn waiting(&self) -> Result<BTreeMap<Digest, PendingReview>, SessionError> {
        let (outcomes, mut pending) = (self.outcomes()?, self.pending()?);
        let status = |digest: &Digest| outcomes.get(digest).map(|outcome| outcome.status);
        pending.retain(|digest, _| status(digest) == Some(OutcomeStatus::PendingReview));
        Ok(pending)
    }

    fn folder_of<A: Artifact>(&self, folder: &str) -> Result<Vec<A>, SessionError> {
        let names = self.names(folder)?.into_iter();
        let json = names.filter(|name| name.ends_with(".json") && !is_side_file(name));
        let read = |name: String| self.read::<A>(&format!("{folder}{name}")).transpose();
        json.filter_map(read).collect()
    }

    /// Checks that every artifact can be read, so that no truncated file is committed.
    ///
    /// # Errors
    /// The first one that cannot be read.
    pub(crate) fn check_artifacts(&self) -> Result<(), SessionError> {
        self.read::<Trigger>(TRIGGER)?;
        self.record()?;
        self.read::<Readiness>("readiness.json")?;
        self.read::<Baseline>("baseline.json")?;
        self.read::<Plan>("plan.json")?;
        self.read::<ErrorBudget>(error_budget::FILE)?;
        self.read::<Screening>(screening::FILE)?;
        self.read::<After>(after::FILE)?;
        self.folder_of::<Checkpoint>(CHECKPOINTS)?;
        self.outcomes()?;
        self.pending()?;
        Ok(())
    }

    /// A phase's checkpoint; an unreadable one counts as missing.
    pub(crate) fn checkpoint(&self, phase: &str) -> Option<Checkpoint> {
        self.read(&checkpoint_name(phase)).ok().flatten()
    }

    /// Removes a phase's checkpoint.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub(crate) fn remove_checkpoint(&self, phase: &str) -> Result<(), SessionError> {
        Ok(self.root.remove(self.path(&checkpoint_name(phase)))?)
    }

    /// Writes a phase's checkpoint.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub(crate) fn write_checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), SessionError> {
        self.publish(&checkpoint_name(&checkpoint.phase), &checkpoint.to_text())
    }
}

/// The name of a phase's checkpoint in the folder of a session.
pub(crate) fn checkpoint_name(phase: &str) -> String {
    format!("{CHECKPOINTS}{phase}.json")
}

/// Files that a person may write: they are never replaced without a copy.
fn is_for_people(name: &str) -> bool {
    matches!(name, "plan.json" | "diagnosis.md" | TRIGGER) || name.starts_with(PENDING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_went_is_not_written_to_and_one_begins_with_its_trigger() {
        let folder = tempfile::tempdir().unwrap();
        let session = Session::at(&Root::open(folder.path()).unwrap(), "session-1");
        let gone = session.publish("plan.json", "{}").unwrap_err();
        assert!(matches!(gone, SessionError::Gone(id) if id == "session-1"));
        assert!(!folder.path().join(FOLDER).exists());
        session.publish(TRIGGER, "{}").unwrap();
        session.publish("plan.json", "{}").unwrap();
        session.publish("plan.json", "{\"a\": 1}").unwrap();
        assert_eq!(session.names("attic").unwrap().len(), 1);
    }
}
