//! The edits of all sessions that HEAD contains, with the commits that brought them.

use std::collections::{BTreeMap, BTreeSet};

use super::EditSearch;
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::digest::Digest;
use crate::ledger::graph::LedgerState;
use crate::ledger::port::{CommitId, Ledger, LedgerEntry};
use crate::pipeline::execute::applied_in;
use crate::pipeline::survey::{SurveyedSession, survey};
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
    /// Those that a person removed, with that commit, from [`Self::unnamed`].
    pub undone: Vec<AppliedEdit>,
}

/// An edit as a session names it, with its record and its state in git.
struct FoundEdit {
    session: String,
    label: String,
    digest: Digest,
    outcome: Option<Outcome>,
    state: LedgerState,
}

impl FoundEdit {
    fn in_commit(self, commit: CommitId) -> AppliedEdit {
        AppliedEdit {
            session: self.session,
            label: self.label,
            digest: self.digest,
            commit,
        }
    }

    fn unseen(self) -> UnseenEdit {
        UnseenEdit {
            session: self.session,
            edit: self.label,
        }
    }
}

/// The edits of some sessions, oldest commit first. A session that cannot be read is left out; `verify` reports it.
fn found<'s>(
    workspace: &Workspace,
    inputs: &Inputs,
    sessions: impl Iterator<Item = &'s Session>,
) -> Result<Vec<FoundEdit>, RunError> {
    let mut found = Vec::new();
    for session in sessions {
        let Ok(search) = EditSearch::new(workspace, inputs, session) else {
            continue;
        };
        for (digest, state) in search.states()? {
            let outcome = search.outcomes.get(&digest).cloned();
            found.push(FoundEdit {
                session: session.id.clone(),
                label: outcome
                    .as_ref()
                    .map_or_else(|| digest.short(), |outcome| outcome.edit_id.clone()),
                digest,
                outcome,
                state,
            });
        }
    }
    let graph = inputs.graph()?;
    found.sort_by_cached_key(|edit| {
        let commit = match &edit.state {
            LedgerState::Applied(commit) => Some(commit),
            state => state.undone_by(),
        };
        let applied_at = edit.outcome.as_ref().and_then(|outcome| outcome.applied_at.clone());
        (commit.and_then(|commit| graph.place(commit)), applied_at)
    });
    Ok(found)
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
        let sessions = workspace.sessions()?;
        for edit in found(workspace, inputs, sessions.iter().filter(|session| is_wanted(session)))? {
            let is_rolled_back = edit.outcome.as_ref().map(|one| one.status) == Some(OutcomeStatus::RolledBack);
            match edit.state.clone() {
                LedgerState::Applied(commit) if !is_rolled_back => census.applied.push(edit.in_commit(commit)),
                LedgerState::Unknown => census.unseen.push(edit.unseen()),
                _ => {}
            }
        }
        Ok(census)
    }

    /// The edits that commits of people brought or removed, because they squashed, rewrote or reverted those of kaizen;
    /// whatever the records say.
    ///
    /// # Errors
    /// git fails, or the sessions cannot be listed.
    pub(crate) fn unnamed(workspace: &Workspace, inputs: &Inputs) -> Result<Self, RunError> {
        let sessions = survey(workspace, inputs, &workspace.engines())?;
        Self::unnamed_among(workspace, inputs, &sessions, &workspace.ledger.entries(None)?)
    }

    /// The same if all sessions, and all commits with kaizen's trailer, are at hand.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn unnamed_among(
        workspace: &Workspace,
        inputs: &Inputs,
        sessions: &[SurveyedSession],
        entries: &[LedgerEntry],
    ) -> Result<Self, RunError> {
        let of_kaizen: BTreeMap<&str, &LedgerEntry> = entries
            .iter()
            .filter(|entry| entry.is_of_kaizen())
            .map(|entry| (entry.commit.as_str(), entry))
            .collect();
        let names = |commit: &str, session: &str, digest: Digest| {
            let entry = of_kaizen.get(commit);
            let trailer = |key| entry.and_then(|entry| entry.trailer(key));
            trailer("Session-ID") == Some(session) && trailer("Edit-Digest") == Some(digest.to_string().as_str())
        };
        let graph = inputs.graph()?;
        let may_have_others = |surveyed: &&SurveyedSession| {
            surveyed.applied().iter().any(|one| {
                let commit = one.commit.as_deref().unwrap_or_default();
                graph.has_reverts()
                    || one.status != OutcomeStatus::Applied
                    || !names(commit, &surveyed.session.id, one.digest)
            })
        };
        let others = sessions
            .iter()
            .filter(may_have_others)
            .map(|surveyed| &surveyed.session);
        let mut census = Self::default();
        for edit in found(workspace, inputs, others)? {
            match edit.state.clone() {
                LedgerState::Applied(commit) if names(&commit, &edit.session, edit.digest) => {}
                LedgerState::Applied(commit) if graph.is_cut_at(&commit) => census.older.push(edit.in_commit(commit)),
                LedgerState::Applied(commit) => census.applied.push(edit.in_commit(commit)),
                LedgerState::Undone(Some(commit)) if !of_kaizen.contains_key(commit.as_str()) => {
                    census.undone.push(edit.in_commit(commit));
                }
                LedgerState::Unknown => census.unseen.push(edit.unseen()),
                _ => {}
            }
        }
        Ok(census)
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
