//! The edits that HEAD contains, with the harness before and after each of them.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use crate::artifact::edit::Edit;
use crate::artifact::outcome::Outcome;
use crate::digest::Digest;
use crate::harness::rederive::{EditCommit, Later, is_separable};
use crate::harness::{Harness, op};
use crate::ledger::graph::{CommitGraph, LedgerState};
use crate::ledger::port::{CommitId, Ledger, LedgerEntry, LedgerError};
use crate::pipeline::edit_states::census::AppliedEdit;
use crate::pipeline::execute::reconcile::edit_events;
use crate::workspace::error::RunError;

/// A session's edits in git.
pub(crate) struct PastEdits<'a> {
    /// The edits of its plan, then the applied ones that left it.
    pub edits: &'a [Edit],
    /// The state of each edit.
    pub states: &'a BTreeMap<Digest, LedgerState>,
    /// What is recorded about each edit.
    pub outcomes: &'a BTreeMap<Digest, Outcome>,
    pub rules: &'a op::OpRules,
    /// Selects the files that belong to the harness.
    pub select: &'a dyn Fn(&str) -> bool,
    pub ledger: &'a dyn Ledger,
    /// The history of HEAD.
    pub graph: &'a CommitGraph,
    /// Finds the edits of other sessions that HEAD contains.
    pub others: &'a dyn Fn() -> Result<Vec<AppliedEdit>, RunError>,
}

impl PastEdits<'_> {
    pub(super) fn commit_of(&self, digest: &Digest) -> Option<&CommitId> {
        match self.states.get(digest)? {
            LedgerState::Applied(commit) => Some(commit),
            _ => None,
        }
    }

    /// Those of the edits that HEAD contains.
    pub(super) fn applied<'d>(&self, digests: &'d BTreeSet<Digest>) -> impl Iterator<Item = Digest> + use<'d, '_> {
        digests
            .iter()
            .copied()
            .filter(|digest| self.commit_of(digest).is_some())
    }

    /// The commit of the oldest of some edits.
    pub(super) fn first(&self, digests: &BTreeSet<Digest>) -> Option<&CommitId> {
        let commits = digests.iter().filter_map(|digest| self.commit_of(digest));
        commits.min_by_key(|commit| self.graph.place(commit))
    }

    /// Whether the record of an edit says that kaizen committed it here. Then a hook made the other changes of the commit:
    /// a person's would have changed its id.
    fn is_recorded_in(&self, edit: &Edit, commit: &CommitId) -> bool {
        let recorded = self
            .outcomes
            .get(&edit.digest())
            .and_then(|outcome| outcome.commit.as_ref());
        recorded == Some(commit)
    }

    /// The edits of this session that a commit applied, in the order of the plan.
    fn edits_in(&self, commit: &CommitId) -> Vec<&Edit> {
        let here = |edit: &&Edit| self.commit_of(&edit.digest()) == Some(commit);
        self.edits.iter().filter(here).collect()
    }

    fn at(&self, commit: &str) -> Result<Harness, LedgerError> {
        self.ledger.harness_at(commit, self.select)
    }

    /// The harness before a commit. Fails in a shallow clone that does not have it.
    pub(super) fn before(&self, commit: &CommitId) -> Result<Harness, LedgerError> {
        match self.graph.parent(commit) {
            Some(parent) => self.at(parent),
            None if self.graph.is_cut_at(commit) => Err(LedgerError::Shallow(format!("{commit}^"))),
            None => Ok(Harness::default()),
        }
    }
}

/// The edits of all sessions on the way from the commit `start` to HEAD, oldest first.
///
/// # Errors
/// git fails.
pub(super) fn past_edits(past: &PastEdits, start: &CommitId) -> Result<Vec<EditCommit>, RunError> {
    let entries = past.ledger.entries(None)?;
    let by_kaizen: BTreeSet<&str> = entries
        .iter()
        .filter(|entry| entry.is_of_kaizen())
        .map(|entry| entry.commit.as_str())
        .collect();
    let others = (past.others)()?;
    let theirs: BTreeMap<&str, &AppliedEdit> = others.iter().map(|edit| (edit.commit.as_str(), edit)).collect();
    let mut found = Vec::new();
    for commit in past.graph.path(start) {
        let ours = own(past, commit, by_kaizen.contains(commit.as_str()))?;
        let theirs = theirs.get(commit.as_str()).filter(|_| ours.is_empty());
        found.extend(ours);
        found.extend(theirs.map(|edit| foreign(past, edit)).transpose()?);
    }
    Ok(found)
}

/// The edits of this session in a commit. A commit with more than one edit, or with other changes, is taken apart: what is
/// left counts as a change by a person. A squash merge makes such commits, and so do a fixup and a hook.
fn own(past: &PastEdits, commit: &CommitId, by_kaizen: bool) -> Result<Vec<EditCommit>, RunError> {
    let digests: Vec<Digest> = past
        .states
        .keys()
        .filter(|digest| past.commit_of(digest) == Some(commit))
        .copied()
        .collect();
    let edits = past.edits_in(commit);
    if digests.is_empty() {
        return Ok(Vec::new());
    }
    let (mut before, after) = (past.before(commit)?, past.at(commit)?);
    let alone = match edits[..] {
        [_] if past.graph.parent(commit).is_none() => false,
        [edit] => op::apply(edit, &before, past.rules).is_ok_and(|next| {
            let is_hooked = || by_kaizen && past.is_recorded_in(edit, commit) && !is_separable(&before, &next, &after);
            next == after || is_hooked()
        }),
        // Without the edit, all that its commit changed is the edit.
        _ => edits.is_empty() && by_kaizen,
    };
    if alone && digests.len() == 1 {
        return Ok(vec![EditCommit {
            edit: edits.first().copied().cloned(),
            digest: digests[0],
            foreign: None,
            before,
            after,
        }]);
    }
    if edits.len() < digests.len() {
        return Err(RunError::Inseparable(commit.clone()));
    }
    let mut found = Vec::new();
    for edit in edits {
        // An edit that does not apply here is part of the other changes.
        let Ok(next) = op::apply(edit, &before, past.rules) else {
            continue;
        };
        let is_root = past.graph.parent(commit).is_none();
        if is_part_of_a_new_file(&before, &next, &after, is_root) {
            return Err(RunError::Inseparable(edit.id.clone()));
        }
        found.push(EditCommit {
            edit: Some(edit.clone()),
            digest: edit.digest(),
            foreign: None,
            before: std::mem::replace(&mut before, next.clone()),
            after: next,
        });
    }
    Ok(found)
}

/// Whether an edit creates a file of which a commit has more: the rest would go with the edit. The first commit of a
/// history that was rewritten does not show what was there before.
fn is_part_of_a_new_file(before: &Harness, next: &Harness, after: &Harness, is_root: bool) -> bool {
    let created = before
        .changes(next)
        .into_iter()
        .filter(|change| change.before.is_none());
    created
        .into_iter()
        .any(|change| is_root || after.get(&change.path) != change.after.as_deref())
}

fn foreign(past: &PastEdits, edit: &AppliedEdit) -> Result<EditCommit, RunError> {
    Ok(EditCommit {
        edit: None,
        digest: edit.digest,
        foreign: Some(Later {
            label: edit.label.clone(),
            digest: edit.digest,
            session: edit.session.clone(),
            commit: edit.commit.clone(),
        }),
        before: past.before(&edit.commit)?,
        after: past.at(&edit.commit)?,
    })
}

/// The commits of edits that HEAD still contains, oldest first, with the digests of the edits.
pub(crate) fn applied_in<'a>(graph: &CommitGraph, entries: &'a [LedgerEntry]) -> Vec<(&'a LedgerEntry, Digest)> {
    let sessions: BTreeSet<&str> = entries.iter().map(session).collect();
    let mut applied: BTreeSet<(&str, Digest, CommitId)> = BTreeSet::new();
    for session in sessions {
        for (digest, events) in edit_events(entries, session) {
            let Ok(state) = graph.state::<Infallible>(&events, &|_| Ok(None));
            if let Some(LedgerState::Applied(commit)) = state {
                applied.insert((session, digest, commit));
            }
        }
    }
    let with_digest = |entry: &'a LedgerEntry| {
        let digest: Digest = entry.trailer("Edit-Digest")?.parse().ok()?;
        let is_applied = applied.contains(&(session(entry), digest, entry.commit.clone()));
        is_applied.then_some((entry, digest))
    };
    entries.iter().filter_map(with_digest).collect()
}

fn session(entry: &LedgerEntry) -> &str {
    entry.trailer("Session-ID").unwrap_or_default()
}
