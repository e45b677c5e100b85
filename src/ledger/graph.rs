//! The commits of a history as a graph, and the state of an edit at its end. Pure.
//!
//! The last commit that mentions an edit does not decide its state: after a merge, a revert on one branch may stand
//! beside the edit on the other. So the state is computed for every commit from those of its parents, and a merge
//! follows the branch that changed the state since the branches parted, as git does with the lines.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ledger::commit_list::CommitList;
pub(crate) use crate::ledger::commit_list::{GraphCommit, RevertedCommit};
use crate::ledger::port::CommitId;

/// The state of an edit in git.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LedgerState {
    /// It is in the harness since this commit.
    Applied(CommitId),
    /// This commit of kaizen reverted it.
    Reverted(CommitId),
    /// It no longer applied when this commit of kaizen reverted another edit.
    Stranded(CommitId),
    /// A person undid it in this commit; `None` if the commit of the edit is no longer in the history, and the files no
    /// longer contain the edit.
    Undone(Option<CommitId>),
    /// The history does not show it, because its clone is not complete or was rewritten.
    Unknown,
}

impl LedgerState {
    fn is_applied(&self) -> bool {
        matches!(self, LedgerState::Applied(_))
    }

    /// The commit that undid the edit.
    pub(crate) fn undone_by(&self) -> Option<&CommitId> {
        match self {
            LedgerState::Reverted(commit) | LedgerState::Stranded(commit) => Some(commit),
            LedgerState::Undone(commit) => commit.as_ref(),
            LedgerState::Applied(_) | LedgerState::Unknown => None,
        }
    }
}

/// The commits of a range. A copy shares them.
#[derive(Clone, Debug, Default)]
pub(crate) struct CommitGraph {
    all: Arc<CommitList>,
    /// How many of the oldest commits of the list are left out.
    start: usize,
}

/// A merge whose parents disagree about an edit.
pub(crate) struct DividedMerge<'a> {
    pub merge: &'a str,
    /// A parent with the edit.
    pub with: &'a str,
    /// The commit that applied the edit there.
    pub applied: &'a str,
    /// A parent without it.
    pub without: &'a str,
}

/// Says from the files whether a merge contains the edit; `None` if they do not show it.
pub(crate) type Content<'c, E> = &'c dyn Fn(&DividedMerge) -> Result<Option<bool>, E>;

impl CommitGraph {
    /// A graph of commits, ancestors first, and those whose parents this clone does not have.
    pub(crate) fn new(commits: Vec<GraphCommit>, cut: BTreeSet<CommitId>) -> Self {
        Self {
            all: Arc::new(CommitList::new(commits, cut)),
            start: 0,
        }
    }

    /// Ancestors first; the last one is HEAD.
    fn commits(&self) -> &[GraphCommit] {
        &self.all.commits()[self.start..]
    }

    /// The commits after the given one, newest first; `None` if HEAD did not come from it by commits of one parent each.
    pub(crate) fn line_since(&self, commit: &str) -> Option<Vec<&GraphCommit>> {
        let commits = self.commits();
        let (mut line, mut place) = (Vec::new(), commits.len().checked_sub(1)?);
        while commits[place].id != commit {
            line.push(&commits[place]);
            let [parent] = commits[place].parents.as_slice() else {
                return None;
            };
            place = self.place_of_parent(place, parent)?;
        }
        Some(line)
    }

    /// The place of a parent of the commit at a place. Most histories are one line, in which it is the commit before.
    fn place_of_parent(&self, place: usize, parent: &str) -> Option<usize> {
        let before = place.checked_sub(1);
        let before = before.filter(|before| self.commits()[*before].id == parent);
        before.or_else(|| self.place(parent))
    }

    /// The commits without the given one and its ancestors, as git lists them; `None` if it is not in the graph.
    pub(super) fn since(&self, commit: &str) -> Option<Self> {
        let place = self.place(commit)?;
        if self.start == 0 && self.all.descends_from_all_before(place) {
            return Some(Self {
                all: Arc::clone(&self.all),
                start: place + 1,
            });
        }
        let commits = self.commits();
        let mut is_older = vec![false; commits.len()];
        is_older[place] = true;
        for place in (0..commits.len()).rev() {
            if is_older[place] {
                self.parents(place).for_each(|parent| is_older[parent] = true);
            }
        }
        let later = commits.iter().zip(&is_older).filter(|(_, is_older)| !**is_older);
        let later: Vec<GraphCommit> = later.map(|(commit, _)| commit.clone()).collect();
        let cut = later.iter().filter(|one| self.all.is_cut_at(&one.id));
        let cut = cut.map(|one| one.id.clone()).collect();
        Some(Self::new(later, cut))
    }

    /// Whether a person reverted a commit.
    pub(crate) fn has_reverts(&self) -> bool {
        self.all.reverts().last().is_some_and(|place| *place >= self.start)
    }

    /// Whether a commit reverts another one.
    pub(crate) fn is_revert(&self, commit: &str) -> bool {
        let place = self.place(commit);
        place.is_some_and(|place| !self.commits()[place].reverts.is_empty())
    }

    /// Whether a person reverted a commit after this one.
    pub(crate) fn has_reverts_after(&self, commit: &str) -> bool {
        let later = self.start + self.place(commit).map_or(0, |place| place + 1);
        self.all.reverts().last().is_some_and(|place| *place >= later)
    }

    /// Whether a commit is a descendant of another, and no merge.
    pub(crate) fn is_step_after(&self, commit: &str, other: &str) -> bool {
        let (Some(place), Some(start)) = (self.place(commit), self.place(other)) else {
            return false;
        };
        self.commits()[place].parents.len() < 2 && place != start && self.descendants(start).contains(&place)
    }

    /// Whether older commits are missing.
    pub(crate) fn is_cut(&self) -> bool {
        self.all.cut().iter().any(|commit| self.place(commit).is_some())
    }

    /// Whether the history of this clone ends at a commit: what its files contain may be older.
    pub(crate) fn is_cut_at(&self, commit: &str) -> bool {
        self.all.is_cut_at(commit) && self.place(commit).is_some()
    }

    /// The state of an edit at HEAD, if these commits change it; `None` if none of them is in the graph.
    ///
    /// # Errors
    /// Those of `content`.
    pub(crate) fn state<E>(
        &self,
        events: &BTreeMap<CommitId, LedgerState>,
        content: Content<E>,
    ) -> Result<Option<LedgerState>, E> {
        let mut places: Vec<usize> = events.keys().filter_map(|commit| self.place(commit)).collect();
        places.sort_unstable();
        let (Some(first), Some(last)) = (places.first(), places.last()) else {
            return Ok(None);
        };
        // No commit before the first event has a state, and on a line without reverts it stays as it is.
        let end = (last + 1).max(self.all.line_start().saturating_sub(self.start) + 1);
        let commits = self.commits();
        let mut states: Vec<Option<LedgerState>> = vec![None; *first];
        for (place, commit) in commits.iter().enumerate().take(end).skip(*first) {
            let state = match events.get(&commit.id) {
                Some(event) => Some(event.clone()),
                None => self.inherited(place, &states, content)?,
            };
            states.push(state);
        }
        Ok(states.pop().flatten())
    }

    /// The state that a commit has from its parents and its reverts.
    fn inherited<E>(
        &self,
        place: usize,
        states: &[Option<LedgerState>],
        content: Content<E>,
    ) -> Result<Option<LedgerState>, E> {
        let commit = &self.commits()[place];
        let mut state = match commit.parents.len() {
            0 | 1 => self.parents(place).next().and_then(|parent| states[parent].clone()),
            _ => self.merged(commit, states, content)?,
        };
        for reverted in &commit.reverts {
            state = self.after_revert(&commit.id, reverted, states).or(state);
        }
        Ok(state)
    }

    fn at(&self, commit: Option<&CommitId>, states: &[Option<LedgerState>]) -> Option<LedgerState> {
        states.get(self.place(commit?)?)?.clone()
    }

    /// The state after `git revert`; `None` if the reverted commit did not change the state.
    fn after_revert(
        &self,
        by: &CommitId,
        reverted: &RevertedCommit,
        states: &[Option<LedgerState>],
    ) -> Option<LedgerState> {
        let of = &self.commits()[self.place_of(&reverted.commit)?];
        let is_mainline = |parent: &&CommitId| {
            let named = reverted.mainline.as_deref();
            named.is_some_and(|named| parent.starts_with(named))
        };
        let before = of.parents.iter().find(is_mainline).or(of.parents.first());
        let (was, is) = (self.at(before, states), self.at(Some(&of.id), states));
        match (is_applied(&was), is_applied(&is)) {
            (false, true) => Some(LedgerState::Undone(Some(by.clone()))),
            (true, false) => Some(LedgerState::Applied(by.clone())),
            _ => None,
        }
    }

    fn merged<E>(
        &self,
        commit: &GraphCommit,
        states: &[Option<LedgerState>],
        content: Content<E>,
    ) -> Result<Option<LedgerState>, E> {
        let of_parents: Vec<(&CommitId, Option<LedgerState>)> = commit
            .parents
            .iter()
            .map(|parent| (parent, self.at(Some(parent), states)))
            .collect();
        let with = of_parents.iter().find(|(_, state)| is_applied(state));
        let without = of_parents.iter().find(|(_, state)| !is_applied(state));
        let (Some((with, Some(LedgerState::Applied(applied)))), Some((without, _))) = (with, without) else {
            return Ok(of_parents.into_iter().find_map(|(_, state)| state));
        };
        let shown = content(&DividedMerge {
            merge: &commit.id,
            with,
            applied,
            without,
        })?;
        let applies = shown.unwrap_or_else(|| !self.was_applied_before(with, without, states));
        if applies {
            return Ok(Some(LedgerState::Applied(applied.clone())));
        }
        let reverted = of_parents.iter().filter(|(_, state)| !is_applied(state));
        let reverted = reverted.filter_map(|(_, state)| state.clone()).next();
        // If the other branch never had the edit, the person who merged left it out.
        Ok(reverted.or_else(|| Some(LedgerState::Undone(Some(commit.id.clone())))))
    }

    /// Whether the edit was applied where two branches parted, so that one of them reverted it. If they parted at
    /// several commits that disagree, the edit counts as not applied there: it stays.
    fn was_applied_before(&self, one: &str, other: &str, states: &[Option<LedgerState>]) -> bool {
        let bases = self.merge_bases(one, other);
        !bases.is_empty() && bases.iter().all(|base| is_applied(&states[*base]))
    }

    /// The newest common ancestors of two commits.
    fn merge_bases(&self, one: &str, other: &str) -> Vec<usize> {
        let theirs = self.ancestors(other);
        let common: BTreeSet<usize> = self.ancestors(one).intersection(&theirs).copied().collect();
        let older: BTreeSet<usize> = common.iter().flat_map(|place| self.parents(*place)).collect();
        common.difference(&older).copied().collect()
    }

    /// A commit and its ancestors.
    fn ancestors(&self, commit: &str) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut open: Vec<usize> = self.place(commit).into_iter().collect();
        while let Some(place) = open.pop() {
            if found.insert(place) {
                open.extend(self.parents(place));
            }
        }
        found
    }

    fn parents(&self, place: usize) -> impl Iterator<Item = usize> {
        let parents = self.commits()[place].parents.iter();
        parents.filter_map(move |parent| self.place_of_parent(place, parent))
    }

    /// The place of the commit whose id begins with these digits.
    fn place_of(&self, digits: &str) -> Option<usize> {
        let places = self.all.places_of(digits);
        places.filter_map(|place| place.checked_sub(self.start)).next()
    }

    /// The commits from `from` to HEAD, one parent after another. Where several ways lead there, the first parent's.
    /// Empty if `from` is not in the graph.
    pub(crate) fn path(&self, from: &str) -> Vec<&CommitId> {
        let (Some(start), Some(head)) = (self.place(from), self.commits().len().checked_sub(1)) else {
            return Vec::new();
        };
        let after = self.descendants(start);
        let (mut path, mut at) = (vec![head], head);
        while at != start {
            let Some(next) = self.parents(at).find(|place| after.contains(place)) else {
                return Vec::new();
            };
            path.push(next);
            at = next;
        }
        path.into_iter().rev().map(|place| &self.commits()[place].id).collect()
    }

    /// A commit and its descendants.
    fn descendants(&self, start: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::from([start]);
        for place in start + 1..self.commits().len() {
            if self.parents(place).any(|parent| found.contains(&parent)) {
                found.insert(place);
            }
        }
        found
    }

    /// The first parent of a commit, if it is known.
    pub(crate) fn parent(&self, commit: &str) -> Option<&CommitId> {
        self.commits()[self.place(commit)?].parents.first()
    }

    /// The commits that revert a commit which is not in the graph.
    pub(crate) fn reverts_of(&self, missing: &str) -> Vec<CommitId> {
        let names = |reverted: &RevertedCommit| missing.starts_with(&reverted.commit);
        let reverts = |one: &&GraphCommit| one.reverts.iter().any(names);
        if self.place(missing).is_some() {
            return Vec::new();
        }
        self.commits()
            .iter()
            .filter(reverts)
            .map(|one| one.id.clone())
            .collect()
    }

    /// The position of a commit, ancestors first.
    pub(crate) fn place(&self, commit: &str) -> Option<usize> {
        self.all.place(commit)?.checked_sub(self.start)
    }
}

fn is_applied(state: &Option<LedgerState>) -> bool {
    state.as_ref().is_some_and(LedgerState::is_applied)
}

#[cfg(test)]
#[path = "graph_tests.rs"]
mod tests;
