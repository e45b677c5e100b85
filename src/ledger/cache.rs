//! Caches the last answers of the ledger about commits. Commits never change, and each question costs several git
//! processes.

use std::sync::{Arc, Mutex, PoisonError};

use crate::harness::Harness;
use crate::ledger::graph::CommitGraph;
use crate::ledger::port::{CommitId, Ledger, LedgerEntry, LedgerError};

/// The commits of a session, and the graph in which they are.
#[derive(Debug)]
pub(crate) struct History {
    /// The commits of the session, oldest first.
    pub entries: Vec<LedgerEntry>,
    /// All commits since the one that the session builds on.
    pub graph: Arc<CommitGraph>,
}

/// The number of harnesses that are kept: a search for an edit looks at HEAD and at the commits around the edit in turn.
const MOST_HARNESSES: usize = 8;

/// The last answers of each kind, with their questions.
#[derive(Default)]
pub(crate) struct LedgerCache {
    /// The one that was used last is at the end.
    harnesses: Mutex<Vec<(CommitId, Harness)>>,
    history: Mutex<Option<(HistoryKey, Arc<History>)>>,
}

/// HEAD, the session, and the commit on which it builds: everything that a session's history depends on.
type HistoryKey = (Option<CommitId>, String, Option<CommitId>);

/// The answer in a slot; asks again if the last question was different.
fn last<Q: PartialEq, A: Clone>(
    slot: &Mutex<Option<(Q, A)>>,
    question: Q,
    ask: impl FnOnce(&Q) -> Result<A, LedgerError>,
) -> Result<A, LedgerError> {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, answer)) = slot.as_ref().filter(|(asked, _)| *asked == question) {
        return Ok(answer.clone());
    }
    let answer = ask(&question)?;
    *slot = Some((question, answer.clone()));
    Ok(answer)
}

impl LedgerCache {
    /// The harness at a commit; `select` must be the same in every call.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn harness_at(
        &self,
        ledger: &dyn Ledger,
        commit: &str,
        select: &dyn Fn(&str) -> bool,
    ) -> Result<Harness, LedgerError> {
        let kept = || self.harnesses.lock().unwrap_or_else(PoisonError::into_inner);
        let take = || {
            let mut kept = kept();
            let place = kept.iter().position(|(known, _)| known == commit);
            place.map(|place| kept.remove(place).1)
        };
        // Other threads need not wait while git answers.
        let harness = match take() {
            Some(harness) => harness,
            None => ledger.harness_at(commit, select)?,
        };
        let mut kept = kept();
        if kept.len() == MOST_HARNESSES {
            kept.remove(0);
        }
        kept.push((commit.to_owned(), harness.clone()));
        Ok(harness)
    }

    /// The commits of a session after `base`, and the graph in which they are.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn history(
        &self,
        ledger: &dyn Ledger,
        session: &str,
        base: Option<&str>,
    ) -> Result<Arc<History>, LedgerError> {
        loop {
            let head = ledger.head()?;
            let question = (head.clone(), session.to_owned(), base.map(str::to_owned));
            let history = last(&self.history, question, |(_, session, base)| {
                let entries = ledger.entries_of(session, base.as_deref())?;
                let graph = ledger.graph(base.as_deref())?;
                Ok(Arc::new(History { entries, graph }))
            })?;
            // If the user switched branches in between, the answer mixes two branches.
            if ledger.head()? == head {
                return Ok(history);
            }
            *self.history.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ledger on branch `a`, which has a commit of the session. During the first question the user switches to branch
    /// `b`, which has none, and then back.
    #[derive(Default)]
    struct Switching(Mutex<usize>);

    impl Switching {
        fn next(&self) -> usize {
            let mut asked = self.0.lock().unwrap();
            *asked += 1;
            *asked
        }
    }

    impl Ledger for Switching {
        fn head(&self) -> Result<Option<CommitId>, LedgerError> {
            let on_b = (2..=4).contains(&self.next());
            Ok(Some(if on_b { "b" } else { "a" }.into()))
        }

        fn entries(&self, _: Option<&str>) -> Result<Vec<LedgerEntry>, LedgerError> {
            let on_b = (2..=4).contains(&self.next());
            let entry = LedgerEntry {
                commit: "c".into(),
                parent: None,
                subject: String::new(),
                trailers: vec![("Session-ID".into(), "s".into())],
                committed_at: String::new(),
            };
            Ok(if on_b { Vec::new() } else { vec![entry] })
        }

        fn entries_of(&self, _: &str, since: Option<&str>) -> Result<Vec<LedgerEntry>, LedgerError> {
            self.entries(since)
        }

        fn graph(&self, _: Option<&str>) -> Result<Arc<CommitGraph>, LedgerError> {
            Ok(Arc::default())
        }

        fn last_touch(&self, _: &[String]) -> Result<Option<CommitId>, LedgerError> {
            unreachable!()
        }

        fn harness_at(&self, _: &str, _: &dyn Fn(&str) -> bool) -> Result<Harness, LedgerError> {
            self.next();
            Ok(Harness::default())
        }

        fn dirty(&self, _: &[String]) -> Result<Vec<String>, LedgerError> {
            unreachable!()
        }

        fn commit(&self, _: &[String], _: &str) -> Result<CommitId, LedgerError> {
            unreachable!()
        }
    }

    #[test]
    fn what_another_branch_says_is_not_remembered() {
        let (past, ledger) = (LedgerCache::default(), Switching::default());
        let count = || past.history(&ledger, "s", None).unwrap().entries.len();
        // The first answer may be that of `a` or of `b`, but it is never cached for the other branch.
        count();
        assert_eq!((count(), count()), (1, 1));
    }

    #[test]
    fn the_harness_that_was_not_used_for_longest_is_forgotten() {
        let (past, ledger) = (LedgerCache::default(), Switching::default());
        let reads_after = |commit: usize| {
            past.harness_at(&ledger, &commit.to_string(), &|_| true).unwrap();
            *ledger.0.lock().unwrap()
        };
        for commit in 0..MOST_HARNESSES {
            assert_eq!(reads_after(commit), commit + 1);
        }
        assert_eq!(reads_after(0), MOST_HARNESSES);
        assert_eq!(reads_after(MOST_HARNESSES), MOST_HARNESSES + 1);
        assert_eq!(reads_after(0), MOST_HARNESSES + 1);
        assert_eq!(reads_after(1), MOST_HARNESSES + 2);
    }
}
