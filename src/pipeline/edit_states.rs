//! The state of each edit of a session in git: from the commits that name it, and from the files where a squash merge or
//! a rewrite left no such commit.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifact::baseline::Baseline;
use crate::artifact::edit::Edit;
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::artifact::pending_review::PendingReview;
use crate::artifact::plan::Plan;
use crate::digest::Digest;
use crate::harness::{Harness, op};
use crate::ledger::cache::History;
use crate::ledger::graph::{CommitGraph, DividedMerge, LedgerState};
use crate::ledger::port::{CommitId, Ledger, LedgerError};
use crate::pipeline::execute::reconcile::edit_events;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::{OUTCOMES, Session};

/// The most commits that are searched for the one that brought an edit into the files.
const MOST_STEPS: usize = 200;

/// A session's edits, and the repository in which they are looked up.
pub(crate) struct EditSearch<'a> {
    workspace: &'a Workspace,
    inputs: &'a Inputs<'a>,
    session: &'a Session,
    planned: Vec<Edit>,
    pending: BTreeMap<Digest, PendingReview>,
    outcomes: BTreeMap<Digest, Outcome>,
}

impl<'a> EditSearch<'a> {
    /// A search for the edits of a session.
    ///
    /// # Errors
    /// A question or an outcome cannot be read.
    pub(crate) fn new(
        workspace: &'a Workspace,
        inputs: &'a Inputs<'a>,
        session: &'a Session,
    ) -> Result<Self, RunError> {
        // Phase `plan` reports a plan that a person has not finished.
        let plan: Option<Plan> = session.read("plan.json").ok().flatten();
        Ok(Self {
            workspace,
            inputs,
            session,
            planned: plan.map(|plan| plan.edits).unwrap_or_default(),
            pending: session.pending()?,
            outcomes: session.outcomes()?,
        })
    }

    /// The state of each edit that was ever applied.
    ///
    /// # Errors
    /// git fails, or the baseline cannot be read.
    pub(crate) fn states(&self) -> Result<BTreeMap<Digest, LedgerState>, RunError> {
        let baseline: Option<Baseline> = self.session.read("baseline.json")?;
        let base = baseline.map(|baseline| baseline.harness_commit);
        let history = self.inputs.history(&self.session.id, base.as_deref())?;
        let History { entries, graph } = &*history;
        let mut states = BTreeMap::new();
        for (digest, mut events) in edit_events(entries, &self.session.id) {
            // A rebase changes the id of the edit's commit, but not the one that a revert of it names.
            let commit = self.outcomes.get(&digest).and_then(|outcome| outcome.commit.as_deref());
            let reverts = commit.map(|commit| graph.reverts_of(commit)).unwrap_or_default();
            let undone = |by: CommitId| (by.clone(), LedgerState::Undone(Some(by)));
            events.extend(reverts.into_iter().map(undone));
            if let Some(state) = graph.state(&events, &|merge| self.content(digest, graph, merge))? {
                states.insert(digest, state);
            }
        }
        for (digest, outcome) in &self.outcomes {
            if outcome.status == OutcomeStatus::Applied && !states.contains_key(digest) {
                states.insert(*digest, self.without_commit(*digest)?);
            }
        }
        Ok(states)
    }

    fn edit(&self, digest: Digest) -> Result<Option<Edit>, RunError> {
        let planned = self.planned.iter().find(|edit| edit.digest() == digest);
        let asked = || self.pending.get(&digest).map(|pending| &pending.edit);
        if let Some(edit) = planned.or_else(asked) {
            return Ok(Some(edit.clone()));
        }
        let Some(head) = self.inputs.head()? else {
            return Ok(None);
        };
        if let Some(edit) = self.planned_at(head, digest)? {
            return Ok(Some(edit));
        }
        let first = self.workspace.ledger.first_with(&self.outcome_path(digest))?;
        first.map_or(Ok(None), |commit| self.planned_at(&commit, digest))
    }

    /// An edit of the session's plan at a commit.
    fn planned_at(&self, commit: &str, digest: Digest) -> Result<Option<Edit>, RunError> {
        let path = format!("{}/plan.json", self.session.relative());
        let files = self.workspace.ledger.harness_at(commit, &|file| file == path)?;
        // A plan that cannot be read has no edits to find.
        let plan = files
            .text(&path)
            .and_then(|text| serde_json::from_str::<Plan>(text).ok());
        let edits = plan.map(|plan| plan.edits).unwrap_or_default();
        Ok(edits.into_iter().find(|edit| edit.digest() == digest))
    }

    fn outcome_path(&self, digest: Digest) -> String {
        format!("{}/{OUTCOMES}{digest}.json", self.session.relative())
    }

    /// The applied edits that are no longer in the plan, as git or a review question has them.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn withdrawn(&self, states: &BTreeMap<Digest, LedgerState>) -> Result<Vec<Edit>, RunError> {
        let mut found = Vec::new();
        for (digest, state) in states {
            let is_planned = self.planned.iter().any(|edit| edit.digest() == *digest);
            if !is_planned && matches!(state, LedgerState::Applied(_)) {
                found.extend(self.edit(*digest)?);
            }
        }
        Ok(found)
    }

    /// The edits that count as rolled back although git and the files at HEAD contain them, for example since a
    /// cherry-pick.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn returned(&self, states: &BTreeMap<Digest, LedgerState>) -> Result<BTreeSet<Digest>, RunError> {
        let mut found = BTreeSet::new();
        let rolled_back = self
            .outcomes
            .values()
            .filter(|outcome| outcome.status == OutcomeStatus::RolledBack);
        for digest in rolled_back.map(|outcome| outcome.edit_digest) {
            if !matches!(states.get(&digest), Some(LedgerState::Applied(_))) {
                continue;
            }
            if let (Some(edit), Some(head)) = (self.edit(digest)?, self.inputs.head()?)
                && self.shows(&edit, &self.later(&edit)?, head)? == Some(true)
            {
                found.insert(digest);
            }
        }
        Ok(found)
    }

    /// The state of an applied edit that no commit names.
    fn without_commit(&self, digest: Digest) -> Result<LedgerState, RunError> {
        let (Some(edit), Some(head)) = (self.edit(digest)?, self.inputs.head()?) else {
            return Ok(LedgerState::Unknown);
        };
        let (graph, later) = (self.inputs.graph()?, self.later(&edit)?);
        // The record of the edit came with the commit that squashed it.
        let recorded = self.workspace.ledger.first_with(&self.outcome_path(digest))?;
        if let Some(recorded) = recorded.clone()
            && self.shows(&edit, &later, &recorded)? == Some(true)
        {
            let since = self.introduction(&edit, &later, graph, recorded)?;
            let events = BTreeMap::from([(since.clone(), LedgerState::Applied(since.clone()))]);
            let state = graph.state(&events, &|merge| self.content(digest, graph, merge))?;
            return Ok(state.unwrap_or(LedgerState::Applied(since)));
        }
        Ok(match self.shows(&edit, &later, head)? {
            Some(true) => LedgerState::Applied(self.introduction(&edit, &later, graph, head.clone())?),
            // If the record came without the edit, other changes of the same commit may hide it.
            Some(false) if !graph.is_cut && recorded.is_none() => LedgerState::Undone(None),
            _ => LedgerState::Unknown,
        })
    }

    /// The first commit before `commit` from which on the files contain the edit.
    fn introduction(
        &self,
        edit: &Edit,
        later: &[Edit],
        graph: &CommitGraph,
        commit: CommitId,
    ) -> Result<CommitId, RunError> {
        let mut at = commit;
        for _ in 0..MOST_STEPS {
            match graph.parent(&at) {
                Some(parent) if self.shows(edit, later, parent)? == Some(true) => at = parent.clone(),
                _ => break,
            }
        }
        Ok(at)
    }

    /// Whether the files of a commit contain an edit, perhaps under `later` ones; `None` if they do not show it.
    fn shows(&self, edit: &Edit, later: &[Edit], commit: &str) -> Result<Option<bool>, RunError> {
        let Some(files) = self.files(commit)? else {
            return Ok(None);
        };
        Ok(contains(edit, later, &files, &self.workspace.rules()))
    }

    /// The edits of the session that were applied after an edit, also those that left the plan: they may hide it.
    fn later(&self, edit: &Edit) -> Result<Vec<Edit>, RunError> {
        let place = |digest: &Digest| self.planned.iter().position(|edit| edit.digest() == *digest);
        let time = |outcome: &Outcome| outcome.applied_at.clone().unwrap_or_default();
        let own = edit.digest();
        let since = self.outcomes.get(&own).map(time).unwrap_or_default();
        let follows = |outcome: &&Outcome| {
            let other = outcome.edit_digest;
            let in_plan_before = place(&other).zip(place(&own)).is_some_and(|(other, own)| other < own);
            outcome.status == OutcomeStatus::Applied && other != own && time(outcome) >= since && !in_plan_before
        };
        let mut later: Vec<&Outcome> = self.outcomes.values().filter(follows).collect();
        later.sort_by_key(|outcome| (time(outcome), place(&outcome.edit_digest)));
        let edits = later.into_iter().map(|outcome| self.edit(outcome.edit_digest));
        Ok(edits.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// The harness at a commit; `None` if this clone does not have it.
    fn files(&self, commit: &str) -> Result<Option<Harness>, RunError> {
        match self.inputs.harness_at(commit) {
            Err(RunError::Ledger(
                LedgerError::Shallow(_) | LedgerError::NoCommit(_) | LedgerError::Partial | LedgerError::Checkout(_),
            )) => Ok(None),
            files => files.map(Some),
        }
    }

    /// Whether a merge contains an edit that one of its parents has and another has not, if its files show it.
    fn content(&self, digest: Digest, graph: &CommitGraph, merge: &DividedMerge) -> Result<Option<bool>, RunError> {
        let Some(parent) = graph.parent(merge.applied) else {
            return Ok(None);
        };
        let files = [merge.merge, merge.with, merge.without, merge.applied, parent].map(|commit| self.files(commit));
        let [Some(merged), Some(with), Some(without), Some(after), Some(before)] =
            files.map(|files| files.ok().flatten())
        else {
            return Ok(None);
        };
        let touched: Vec<String> = before.changes(&after).into_iter().map(|change| change.path).collect();
        let same = |one: &Harness, other: &Harness| touched.iter().all(|path| one.get(path) == other.get(path));
        if same(&merged, &with) || same(&merged, &without) {
            return Ok(Some(same(&merged, &with)));
        }
        let Some(edit) = self.edit(digest)? else {
            return Ok(None);
        };
        let shown = |files: &Harness| op::contains(&edit, files, &self.workspace.rules()) == Some(true);
        // If later changes hide the edit before the merge, the merge cannot show it.
        Ok(shown(&with).then(|| shown(&merged)))
    }
}

/// Whether files contain an edit, perhaps under `later` edits; `None` if it can no longer be applied.
fn contains(edit: &Edit, later: &[Edit], files: &Harness, rules: &op::OpRules) -> Option<bool> {
    let mut applied = op::apply(edit, files, rules).ok()?;
    for edit in later {
        // A later edit that does not apply cannot hide the first.
        if &applied == files {
            break;
        }
        applied = op::apply(edit, &applied, rules).unwrap_or(applied);
    }
    Some(&applied == files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::HarnessSection;
    use crate::manifest::membership::Membership;

    #[test]
    fn files_show_an_edit_unless_a_later_one_hides_it() {
        let section = HarnessSection::default();
        let rules = op::OpRules {
            layout: section.layout,
            membership: Membership::of_files(&section.files).unwrap(),
        };
        let edit = |value: i64| -> Edit {
            serde_json::from_value(serde_json::json!({
                "id": "k", "pillar": "agent", "op": "set_agent_param", "target": "agents.a.k",
                "payload": {"agent": "a", "param": "k", "value": value}, "rationale": "", "expected_improvement": "c"
            }))
            .unwrap()
        };
        let files = |value: i64| Harness::default().with("config.toml", format!("[agent.a]\nk = {value}\n"));
        assert_eq!(contains(&edit(1), &[], &files(1), &rules), Some(true));
        assert_eq!(contains(&edit(1), &[], &files(2), &rules), Some(false));
        assert_eq!(contains(&edit(1), &[edit(2)], &files(2), &rules), Some(true));
        assert_eq!(contains(&edit(1), &[edit(2)], &files(3), &rules), Some(false));
    }
}
