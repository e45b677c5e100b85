//! The state of each edit of a session in git: from the commits that name it, and from the files where a squash merge or
//! a rewrite left no such commit.

pub(crate) mod census;
pub(in crate::pipeline) mod content;
mod evidence;
mod people;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;

use evidence::PromptLines;

use crate::artifact::baseline::Baseline;
use crate::artifact::edit::Edit;
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::artifact::pending_review::PendingReview;
use crate::artifact::plan::Plan;
use crate::digest::Digest;
use crate::harness::op;
use crate::ledger::cache::History;
use crate::ledger::graph::LedgerState;
use crate::ledger::port::CommitId;
use crate::pipeline::execute::reconcile::edit_events;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;

/// A session's edits, and the repository in which they are looked up.
pub(crate) struct EditSearch<'a> {
    workspace: &'a Workspace,
    inputs: &'a Inputs<'a>,
    session: &'a Session,
    /// The edits of the plan, with their places in it.
    planned: BTreeMap<Digest, (usize, Edit)>,
    pending: BTreeMap<Digest, PendingReview>,
    pub(in crate::pipeline) outcomes: BTreeMap<Digest, Outcome>,
    /// The edits that were looked up in git so far, because neither plan nor questions have them.
    looked_up: RefCell<BTreeMap<Digest, Option<Edit>>>,
    rules: op::OpRules,
    /// What the edits of all sessions write into prompts; read on first use.
    written: OnceCell<Vec<PromptLines>>,
    /// Whether it read other sessions, or could not read the files of a commit.
    saw_more: Cell<bool>,
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
        let mut planned = BTreeMap::new();
        for (place, edit) in plan.into_iter().flat_map(|plan| plan.edits).enumerate() {
            planned.entry(edit.digest()).or_insert((place, edit));
        }
        Ok(Self {
            workspace,
            inputs,
            session,
            planned,
            pending: session.pending()?,
            outcomes: session.outcomes()?,
            looked_up: RefCell::default(),
            rules: workspace.rules(),
            written: OnceCell::new(),
            saw_more: Cell::new(false),
        })
    }

    /// The state of each edit that was ever applied.
    ///
    /// # Errors
    /// git fails, or the baseline cannot be read.
    pub(crate) fn states(&self) -> Result<BTreeMap<Digest, LedgerState>, RunError> {
        let mut states = self.named_states()?;
        for (digest, outcome) in &self.outcomes {
            if outcome.status == OutcomeStatus::Applied && !states.contains_key(digest) {
                states.insert(*digest, self.without_commit(*digest)?);
            }
        }
        self.correct(&mut states)?;
        self.forget_hidden(&mut states)?;
        Ok(states)
    }

    /// Whether all that it found so far follows from the history of HEAD, the session and the manifest.
    pub(crate) fn saw_only_history(&self) -> bool {
        !self.saw_more.get()
    }

    /// An edit whose revert changed no file, because later changes hide it, stays reverted while they do.
    fn forget_hidden(&self, states: &mut BTreeMap<Digest, LedgerState>) -> Result<(), RunError> {
        for (digest, state) in states.iter_mut() {
            let LedgerState::Applied(commit) = &state else { continue };
            let is_hidden = || Ok::<_, RunError>(self.shown(*digest, commit)?.is_none());
            if !self.planned.contains_key(digest) && self.is_rolled_back(*digest) && is_hidden()? {
                *state = LedgerState::Reverted(commit.clone());
            }
        }
        Ok(())
    }

    fn is_rolled_back(&self, digest: Digest) -> bool {
        let outcome = self.outcomes.get(&digest);
        outcome.is_some_and(|outcome| outcome.status == OutcomeStatus::RolledBack)
    }

    /// The edit that came with commit `applied`, if the files at HEAD contain it.
    fn shown(&self, digest: Digest, applied: &CommitId) -> Result<Option<Edit>, RunError> {
        let (Some(edit), Some(head)) = (self.edit(digest)?, self.inputs.head()?) else {
            return Ok(None);
        };
        let before = self.before(applied)?;
        let is_shown = self.shows(&self.evidence(&edit, before.as_ref())?, head)? == Some(true);
        Ok(is_shown.then_some(edit))
    }

    /// The states of the edits that commits of kaizen name.
    fn named_states(&self) -> Result<BTreeMap<Digest, LedgerState>, RunError> {
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
            let recorded = self.recorded_events(digest, graph, &events)?;
            events.extend(recorded);
            if let Some(state) = graph.state(&events, &|merge| self.in_merge(digest, graph, merge))? {
                states.insert(digest, state);
            }
        }
        Ok(states)
    }

    /// Corrects the states for what people did in ordinary commits, whose messages do not say it.
    fn correct(&self, states: &mut BTreeMap<Digest, LedgerState>) -> Result<(), RunError> {
        for (digest, state) in states.iter_mut() {
            let found = match state {
                LedgerState::Applied(commit) => {
                    let removal = self.removal(*digest, commit, self.inputs.graph()?)?;
                    match removal {
                        Some(by) => Some(LedgerState::Undone(Some(by))),
                        None => self.newer_return(*digest, commit)?.map(LedgerState::Applied),
                    }
                }
                LedgerState::Reverted(by) | LedgerState::Undone(Some(by)) => {
                    self.return_of(*digest, Some(by))?.map(LedgerState::Applied)
                }
                _ => None,
            };
            *state = found.unwrap_or_else(|| state.clone());
        }
        for (digest, outcome) in &self.outcomes {
            if outcome.status == OutcomeStatus::RolledBack
                && !states.contains_key(digest)
                && let Some(commit) = self.return_of(*digest, None)?
            {
                states.insert(*digest, LedgerState::Applied(commit));
            }
        }
        Ok(())
    }

    /// An edit from the plan, a question or git; `None` if none of them has it.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn edit(&self, digest: Digest) -> Result<Option<Edit>, RunError> {
        let planned = self.planned.get(&digest).map(|(_, edit)| edit);
        let asked = || self.pending.get(&digest).map(|pending| &pending.edit);
        if let Some(edit) = planned.or_else(asked) {
            return Ok(Some(edit.clone()));
        }
        if let Some(known) = self.looked_up.borrow().get(&digest) {
            return Ok(known.clone());
        }
        let found = self.edit_in_git(digest)?;
        self.looked_up.borrow_mut().insert(digest, found.clone());
        Ok(found)
    }

    /// An edit from the session's plan at HEAD, or else at the commit that brought its outcome.
    fn edit_in_git(&self, digest: Digest) -> Result<Option<Edit>, RunError> {
        let Some(head) = self.inputs.head()? else {
            return Ok(None);
        };
        if let Some(edit) = self.planned_at(head, digest)? {
            return Ok(Some(edit));
        }
        self.recorded(digest)?
            .map_or(Ok(None), |commit| self.planned_at(&commit, digest))
    }

    /// An edit of the session's plan at a commit.
    fn planned_at(&self, commit: &str, digest: Digest) -> Result<Option<Edit>, RunError> {
        let path = format!("{}/plan.json", self.session.relative());
        let text = self.workspace.ledger.text_at(commit, &path)?;
        // A plan that cannot be read has no edits to find.
        let plan = text.and_then(|text| serde_json::from_str::<Plan>(&text).ok());
        let edits = plan.map(|plan| plan.edits).unwrap_or_default();
        Ok(edits.into_iter().find(|edit| edit.digest() == digest))
    }

    /// The applied edits that are no longer in the plan, as git or a review question has them.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn withdrawn(&self, states: &BTreeMap<Digest, LedgerState>) -> Result<Vec<Edit>, RunError> {
        let mut found = Vec::new();
        for (digest, state) in states {
            if !self.planned.contains_key(digest) && matches!(state, LedgerState::Applied(_)) {
                found.extend(self.edit(*digest)?);
            }
        }
        Ok(found)
    }

    /// The edits that count as rolled back in this history although the files at HEAD contain them, because a person
    /// brought them back.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn returned(&self, states: &BTreeMap<Digest, LedgerState>) -> Result<Vec<Edit>, RunError> {
        let mut found = Vec::new();
        for (digest, state) in states {
            let LedgerState::Applied(commit) = state else { continue };
            if self.is_rolled_back(*digest) && self.was_reverted_here(*digest)? {
                found.extend(self.shown(*digest, commit)?);
            }
        }
        Ok(found)
    }

    /// Whether the history of HEAD has the revert of an edit, or its record. If it has neither, the edit was reverted on
    /// another branch.
    fn was_reverted_here(&self, digest: Digest) -> Result<bool, RunError> {
        let rollback = self
            .outcomes
            .get(&digest)
            .and_then(|outcome| outcome.rolled_back.as_ref());
        if let Some(commit) = rollback.and_then(|rollback| rollback.commit.as_ref())
            && self.inputs.graph()?.place(commit).is_some()
        {
            return Ok(true);
        }
        let Some(head) = self.inputs.head()? else {
            return Ok(false);
        };
        let text = self
            .workspace
            .ledger
            .text_at(head, &self.session.outcome_path(digest))?;
        let recorded: Option<Outcome> = text.and_then(|text| serde_json::from_str(&text).ok());
        Ok(recorded.is_some_and(|outcome| outcome.status == OutcomeStatus::RolledBack))
    }

    /// The state of an applied edit that no commit names.
    fn without_commit(&self, digest: Digest) -> Result<LedgerState, RunError> {
        let (Some(edit), Some(head)) = (self.edit(digest)?, self.inputs.head()?) else {
            return Ok(LedgerState::Unknown);
        };
        let graph = self.inputs.graph()?;
        // The record of the edit came with the commit that squashed it.
        let recorded = self.recorded(digest)?;
        let before = recorded.as_ref().map_or(Ok(None), |recorded| self.before(recorded))?;
        let evidence = self.evidence(&edit, before.as_ref())?;
        if let Some(recorded) = recorded.clone()
            && self.shows(&evidence, &recorded)? == Some(true)
        {
            let since = self.introduction(&evidence, graph, recorded)?;
            let events = BTreeMap::from([(since.clone(), LedgerState::Applied(since.clone()))]);
            let state = graph.state(&events, &|merge| self.in_merge(digest, graph, merge))?;
            return Ok(state.unwrap_or(LedgerState::Applied(since)));
        }
        Ok(match self.shows(&evidence, head)? {
            Some(true) => LedgerState::Applied(self.introduction(&evidence, graph, head.clone())?),
            _ if graph.is_cut() => LedgerState::Unknown,
            // If the record came without the edit, other changes of the same commit may hide it.
            shown => match recorded {
                Some(recorded) if self.came_without(&edit, &recorded)? => LedgerState::Undone(None),
                None if shown == Some(false) => LedgerState::Undone(None),
                _ => LedgerState::Unknown,
            },
        })
    }

    /// The commit that brought the record of an edit.
    fn recorded(&self, digest: Digest) -> Result<Option<CommitId>, RunError> {
        Ok(self.workspace.ledger.first_with(&self.session.outcome_path(digest))?)
    }

    /// The edits of the session that were applied after an edit, also those that left the plan: they may hide it.
    fn later(&self, edit: &Edit) -> Result<Vec<Edit>, RunError> {
        let place = |digest: &Digest| self.planned.get(digest).map(|(place, _)| *place);
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
}
