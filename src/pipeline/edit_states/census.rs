//! The edits of all sessions that HEAD contains, with the commits that brought them.

use std::collections::{BTreeMap, BTreeSet};

use super::EditSearch;
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::digest::Digest;
use crate::ledger::graph::LedgerState;
use crate::ledger::port::{CommitId, Ledger, LedgerEntry};
use crate::pipeline::execute::applied_in;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;

/// An applied edit that is not reverted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AppliedEdit {
    /// The session of the edit.
    pub session: String,
    /// The label of the edit.
    pub label: String,
    /// The digest of the edit.
    pub digest: Digest,
    /// The commit that brought it: kaizen's, or the one that a person squashed it into.
    pub commit: CommitId,
}

/// An edit that counts as applied, although git does not show it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct UnseenEdit {
    /// The session of the edit.
    pub session: String,
    /// The label of the edit.
    pub edit: String,
}

impl From<AppliedEdit> for UnseenEdit {
    fn from(edit: AppliedEdit) -> Self {
        Self {
            session: edit.session,
            edit: edit.label,
        }
    }
}

/// The applied edits of some sessions.
#[derive(Clone, Debug, Default)]
pub(crate) struct EditCensus {
    /// Those that git shows, oldest first.
    pub applied: Vec<AppliedEdit>,
    /// Those of which git does not show whether they are still applied.
    pub unseen: Vec<UnseenEdit>,
    /// Those in whose place [`Self::unnamed`] found only the commit at which this clone's history ends.
    pub older: Vec<AppliedEdit>,
}

impl EditCensus {
    /// The applied edits of the sessions that `is_wanted` accepts. A session that cannot be read is left out; `verify`
    /// reports it.
    ///
    /// # Errors
    /// git fails, or the sessions cannot be listed.
    pub(crate) fn of(
        workspace: &Workspace,
        inputs: &Inputs,
        is_wanted: &dyn Fn(&Session) -> bool,
    ) -> Result<Self, RunError> {
        let mut census = Self::default();
        let mut times = BTreeMap::new();
        for session in workspace.sessions()?.iter().filter(|session| is_wanted(session)) {
            let Ok(search) = EditSearch::new(workspace, inputs, session) else {
                continue;
            };
            for (digest, state) in search.states()? {
                let outcome = search.outcomes.get(&digest);
                let applied_at = outcome.and_then(|outcome| outcome.applied_at.clone());
                times.insert((session.id.clone(), digest), applied_at);
                census.add(&session.id, digest, outcome, state);
            }
        }
        let graph = inputs.graph()?;
        census.applied.sort_by_cached_key(|edit| {
            let applied_at = times.get(&(edit.session.clone(), edit.digest)).cloned();
            (graph.place(&edit.commit), applied_at)
        });
        Ok(census)
    }

    fn add(&mut self, session: &str, digest: Digest, outcome: Option<&Outcome>, state: LedgerState) {
        let label = outcome.map_or_else(|| digest.short(), |outcome| outcome.edit_id.clone());
        let session = session.to_owned();
        match state {
            LedgerState::Applied(commit) if !outcome.is_some_and(|one| one.status == OutcomeStatus::RolledBack) => {
                self.applied.push(AppliedEdit {
                    session,
                    label,
                    digest,
                    commit,
                });
            }
            LedgerState::Unknown => self.unseen.push(UnseenEdit { session, edit: label }),
            _ => {}
        }
    }

    /// The applied edits that no commit of kaizen names, because a person squashed or rewrote their commits.
    ///
    /// # Errors
    /// git fails, or the sessions cannot be listed.
    pub(crate) fn unnamed(workspace: &Workspace, inputs: &Inputs) -> Result<Self, RunError> {
        let entries = workspace.ledger.entries(None)?;
        let of_kaizen = entries.iter().filter(|entry| entry.is_of_kaizen());
        let named: BTreeSet<(&str, &str)> = of_kaizen
            .filter_map(|entry| Some((entry.trailer("Session-ID")?, entry.trailer("Edit-Digest")?)))
            .collect();
        let is_named = |session: &str, digest: &Digest| named.contains(&(session, digest.to_string().as_str()));
        let has_other = |session: &Session| {
            let outcomes = session.outcomes().unwrap_or_default();
            let mut applied = outcomes.values().filter(|one| one.status == OutcomeStatus::Applied);
            applied.any(|one| !is_named(&session.id, &one.edit_digest))
        };
        let mut census = Self::of(workspace, inputs, &has_other)?;
        census.applied.retain(|edit| !is_named(&edit.session, &edit.digest));
        let graph = inputs.graph()?;
        let (older, applied) = census
            .applied
            .into_iter()
            .partition(|edit| graph.is_cut_at(&edit.commit));
        Ok(Self {
            applied,
            older,
            ..census
        })
    }

    /// The edits that a commit brought.
    pub(crate) fn in_commit<'a>(&'a self, commit: &'a str) -> impl Iterator<Item = &'a AppliedEdit> {
        self.applied.iter().filter(move |edit| edit.commit == commit)
    }
}

/// The applied edits of sessions whose directories no longer exist, from the commits of kaizen alone.
///
/// # Errors
/// git fails, or the sessions cannot be listed.
pub(crate) fn edits_without_session(workspace: &Workspace, inputs: &Inputs) -> Result<Vec<AppliedEdit>, RunError> {
    let entries = workspace.ledger.entries(None)?;
    let known: BTreeSet<String> = workspace.sessions()?.into_iter().map(|one| one.id).collect();
    let edit = |(entry, digest): (&LedgerEntry, Digest)| AppliedEdit {
        session: entry.trailer("Session-ID").unwrap_or_default().to_owned(),
        label: entry.trailer("Edit-ID").unwrap_or_default().to_owned(),
        digest,
        commit: entry.commit.clone(),
    };
    let all = applied_in(inputs.graph()?, &entries).into_iter().map(edit);
    Ok(all.filter(|edit| !known.contains(&edit.session)).collect())
}
