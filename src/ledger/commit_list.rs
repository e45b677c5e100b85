//! The commits of a history in git's order, ancestors first, with what is looked up in them. Pure.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::ledger::port::CommitId;

/// How many of the newest commits are searched one by one.
const NEWEST: usize = 64;

/// A commit that a person reverted with `git revert`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RevertedCommit {
    /// The beginning of its id.
    pub commit: String,
    /// If it is a merge, the beginning of the id of the parent that was returned to.
    pub mainline: Option<String>,
}

/// A commit with its parents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GraphCommit {
    pub id: CommitId,
    pub parents: Vec<CommitId>,
    /// What it reverts, in the order of its message.
    pub reverts: Vec<RevertedCommit>,
}

impl GraphCommit {
    /// A commit that reverts nothing, from its id and those of its parents with blanks between them.
    pub(crate) fn of_ids(ids: &str) -> Self {
        let mut ids = ids.split(' ').map(str::to_owned);
        Self {
            id: ids.next().unwrap_or_default(),
            parents: ids.collect(),
            reverts: Vec::new(),
        }
    }
}

/// The commits of a history. What is looked up is computed at first use, because many questions are about the newest
/// commits only.
#[derive(Debug, Default)]
pub(super) struct CommitList {
    /// Ancestors first; the last one is HEAD.
    commits: Vec<GraphCommit>,
    /// The commits whose parents are missing, as in a shallow clone.
    cut: BTreeSet<CommitId>,
    /// The places, sorted by the ids of their commits.
    by_id: OnceLock<Vec<usize>>,
    /// The places of the commits that revert others.
    reverts: OnceLock<Vec<usize>>,
    line_start: OnceLock<usize>,
    /// Whether each commit descends from all commits before it.
    descends: OnceLock<Vec<bool>>,
}

impl CommitList {
    pub(super) fn new(commits: Vec<GraphCommit>, cut: BTreeSet<CommitId>) -> Self {
        Self {
            commits,
            cut,
            ..Self::default()
        }
    }

    pub(super) fn commits(&self) -> &[GraphCommit] {
        &self.commits
    }

    /// The commits whose parents are missing.
    pub(super) fn cut(&self) -> &BTreeSet<CommitId> {
        &self.cut
    }

    pub(super) fn is_cut_at(&self, commit: &str) -> bool {
        self.cut.contains(commit)
    }

    fn by_id(&self) -> &[usize] {
        self.by_id.get_or_init(|| {
            let mut places: Vec<usize> = (0..self.commits.len()).collect();
            places.sort_by_key(|place| self.commits[*place].id.as_str());
            places
        })
    }

    fn id(&self, place: &usize) -> &str {
        &self.commits[*place].id
    }

    /// The place of a commit.
    pub(super) fn place(&self, commit: &str) -> Option<usize> {
        if self.by_id.get().is_none() {
            let older = self.commits.len().saturating_sub(NEWEST);
            let newest = &self.commits[older..];
            if let Some(at) = newest.iter().rposition(|one| one.id == commit) {
                return Some(older + at);
            }
        }
        let by_id = self.by_id();
        let found = by_id.binary_search_by(|place| self.id(place).cmp(commit));
        found.ok().map(|at| by_id[at])
    }

    /// The places of the commits whose ids begin with these digits.
    pub(super) fn places_of(&self, digits: &str) -> impl Iterator<Item = usize> {
        let by_id = self.by_id();
        let first = by_id.partition_point(|place| self.id(place) < digits);
        let since = by_id[first..].iter().copied();
        since.take_while(move |place| self.id(place).starts_with(digits))
    }

    /// The places of the commits that revert others, oldest first.
    pub(super) fn reverts(&self) -> &[usize] {
        self.reverts.get_or_init(|| {
            let reverts = |place: &usize| !self.commits[*place].reverts.is_empty();
            (0..self.commits.len()).filter(reverts).collect()
        })
    }

    /// The first place from which on each commit has exactly the one before it as its parent, and reverts nothing.
    pub(super) fn line_start(&self) -> usize {
        *self.line_start.get_or_init(|| {
            let is_step = |place: &usize| {
                let commit = &self.commits[*place];
                let before = place.checked_sub(1).map(|before| &self.commits[before].id);
                commit.reverts.is_empty() && commit.parents.len() == 1 && commit.parents.first() == before
            };
            let steps = (0..self.commits.len()).rev().take_while(is_step).count();
            (self.commits.len() - steps).saturating_sub(1)
        })
    }

    /// Whether all commits before a place are ancestors of the one there.
    pub(super) fn descends_from_all_before(&self, place: usize) -> bool {
        self.descends.get_or_init(|| self.descents())[place]
    }

    /// A commit descends from all before it if it is then the only one without children.
    fn descents(&self) -> Vec<bool> {
        let mut has_child = vec![false; self.commits.len()];
        let mut ends = 0;
        let mut found = Vec::with_capacity(self.commits.len());
        for (place, commit) in self.commits.iter().enumerate() {
            ends += 1;
            let before = place
                .checked_sub(1)
                .filter(|before| commit.parents == [self.commits[*before].id.as_str()]);
            let parents: Vec<usize> = match before {
                Some(before) => vec![before],
                None => commit.parents.iter().filter_map(|parent| self.place(parent)).collect(),
            };
            for parent in parents {
                ends -= usize::from(!std::mem::replace(&mut has_child[parent], true));
            }
            found.push(ends == 1);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> CommitList {
        let commit = |line: &str| match line.strip_suffix('!') {
            Some(ids) => GraphCommit {
                reverts: vec![RevertedCommit {
                    commit: "a".into(),
                    mainline: None,
                }],
                ..GraphCommit::of_ids(ids)
            },
            None => GraphCommit::of_ids(line),
        };
        CommitList::new(text.split("; ").map(commit).collect(), BTreeSet::new())
    }

    #[test]
    fn where_a_history_is_a_line() {
        for (history, start, descends) in [
            ("a", 0, "1"),
            ("a; b a; c b", 0, "111"),
            ("a; b a; c b!", 2, "111"),
            ("a; b a!; c b", 1, "111"),
            ("a; b a; c a; m b c; d m", 3, "11011"),
            ("a; b a; c a; d b; m d c; e m", 4, "110011"),
            ("a; x; m a x", 2, "101"),
        ] {
            let list = list(history);
            let places = 0..list.commits().len();
            let found: String = places
                .map(|place| if list.descends_from_all_before(place) { '1' } else { '0' })
                .collect();
            assert_eq!((list.line_start(), found.as_str()), (start, descends), "{history}");
        }
    }
}
