//! The records of a session at one moment, and what restores them afterwards.

use std::collections::BTreeMap;

use super::records::differ_in_form;
use crate::workspace::session::{ATTIC, CHECKPOINTS, OUTCOMES, PENDING, Session, SessionError};

/// The contents of a session's files by name, without its logs, which only grow.
pub(crate) struct SavedRecords(BTreeMap<String, Vec<u8>>);

impl SavedRecords {
    /// The records as they are now.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(crate) fn of(session: &Session) -> Result<Self, SessionError> {
        let mut files = BTreeMap::new();
        for folder in ["", CHECKPOINTS, OUTCOMES, PENDING, ATTIC] {
            for name in session.names(folder)? {
                let name = format!("{folder}{name}");
                if !name.ends_with(".jsonl")
                    && session.root().has_file(session.path(&name))?
                    && let Some(bytes) = session.root().read(session.path(&name))?
                {
                    files.insert(name, bytes);
                }
            }
        }
        Ok(Self(files))
    }

    /// Restores all records. The attic keeps what came into it, except for copies of what is restored.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub(crate) fn restore(&self, session: &Session) -> Result<(), SessionError> {
        let now = Self::of(session)?;
        for (name, bytes) in now.0.iter().filter(|(name, _)| !self.0.contains_key(*name)) {
            let is_copy = self.0.values().any(|saved| saved == bytes);
            if is_copy || !name.starts_with(ATTIC) {
                session.root().remove(session.path(name))?;
            }
        }
        for (name, bytes) in self.0.iter().filter(|(name, bytes)| now.0.get(*name) != Some(bytes)) {
            session.root().publish(session.path(name), bytes)?;
        }
        Ok(())
    }

    /// Restores the records that a formatter in a hook changed.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub(crate) fn restore_form(&self, session: &Session) -> Result<(), SessionError> {
        for (name, bytes) in &self.0 {
            let path = session.path(name);
            let Some(present) = session.root().read(&path)? else {
                continue;
            };
            if present != *bytes && differ_in_form(name, &present, bytes) {
                session.root().publish_over(&path, bytes, Some(&present))?;
            }
        }
        Ok(())
    }
}
