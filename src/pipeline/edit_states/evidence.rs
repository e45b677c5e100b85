//! What the files of commits show about an edit: whether they contain it, and since when.

use std::collections::BTreeSet;

use super::EditSearch;
use super::content::{EditContent, contains};
use crate::artifact::edit::Edit;
use crate::digest::Digest;
use crate::harness::{Harness, op};
use crate::ledger::graph::{CommitGraph, DividedMerge};
use crate::ledger::port::{CommitId, LedgerError};
use crate::workspace::error::RunError;

/// The most commits that are searched for the one that brought an edit into the files.
const MOST_STEPS: usize = 200;

/// What shows an edit in files.
pub(super) struct EditMarks<'e> {
    pub content: EditContent<'e>,
    /// The edits that were applied after it and may hide it.
    pub later: Vec<Edit>,
}

/// What an edit writes into a prompt.
pub(super) struct PromptLines {
    digest: Digest,
    path: String,
    /// Without blanks at their ends.
    lines: Vec<String>,
}

impl EditSearch<'_> {
    /// What shows an edit that was applied to the files `before`, also under later edits of its session.
    pub(super) fn evidence<'e>(&'e self, edit: &'e Edit, before: Option<&Harness>) -> Result<EditMarks<'e>, RunError> {
        Ok(EditMarks {
            content: EditContent::of(edit, before, &self.rules),
            later: self.later(edit)?,
        })
    }

    /// Whether files contain an edit; `None` if they do not show it.
    pub(super) fn is_in(&self, evidence: &EditMarks, files: &Harness) -> Result<Option<bool>, RunError> {
        let EditMarks { content, later } = evidence;
        let shown = contains(content.edit, later, files, &self.rules);
        if shown == Some(true) || !content.has_own_lines(files, &BTreeSet::new()) {
            return Ok(shown);
        }
        let is_own = content.has_own_lines(files, &self.lines_of_others(content.edit)?);
        Ok(if is_own { Some(true) } else { shown })
    }

    /// The lines that other edits write into the prompt of an edit.
    pub(super) fn lines_of_others(&self, edit: &Edit) -> Result<BTreeSet<&str>, RunError> {
        let Some((path, _)) = op::prompt_lines(edit, &self.rules) else {
            return Ok(BTreeSet::new());
        };
        let own = edit.digest();
        let others = self
            .written()?
            .iter()
            .filter(|other| other.digest != own && other.path == path);
        Ok(others
            .flat_map(|other| other.lines.iter().map(String::as_str))
            .collect())
    }

    /// What the edits of all sessions wrote into prompts, even if it is no longer there.
    fn written(&self) -> Result<&Vec<PromptLines>, RunError> {
        if let Some(known) = self.written.get() {
            return Ok(known);
        }
        self.saw_more.set(true);
        let mut found = Vec::new();
        for session in self.workspace.sessions()? {
            // `verify` reports a session that cannot be read.
            let Ok(search) = EditSearch::new(self.workspace, self.inputs, &session) else {
                continue;
            };
            for digest in search.ever_applied() {
                let edit = search.edit(digest)?;
                let written = edit.as_ref().and_then(|edit| op::prompt_lines(edit, &self.rules));
                found.extend(written.map(|(path, lines)| PromptLines {
                    digest,
                    path,
                    lines: lines.into_iter().map(|line| line.trim_end().to_owned()).collect(),
                }));
            }
        }
        Ok(self.written.get_or_init(|| found))
    }

    fn ever_applied(&self) -> Vec<Digest> {
        let outcomes = self.outcomes.iter().filter(|(_, outcome)| outcome.status.was_applied());
        outcomes.map(|(digest, _)| *digest).collect()
    }

    /// The first commit before `commit` from which on the files contain the edit.
    pub(super) fn introduction(
        &self,
        evidence: &EditMarks,
        graph: &CommitGraph,
        commit: CommitId,
    ) -> Result<CommitId, RunError> {
        let mut at = commit;
        for _ in 0..MOST_STEPS {
            match graph.parent(&at) {
                Some(parent) if self.shows(evidence, parent)? == Some(true) => at = parent.clone(),
                _ => break,
            }
        }
        Ok(at)
    }

    /// Whether the files of a commit contain an edit; `None` if they do not show it.
    pub(super) fn shows(&self, evidence: &EditMarks, commit: &str) -> Result<Option<bool>, RunError> {
        match self.files(commit)? {
            Some(files) => self.is_in(evidence, &files),
            None => Ok(None),
        }
    }

    /// The harness at a commit; `None` if this clone does not have it.
    pub(super) fn files(&self, commit: &str) -> Result<Option<Harness>, RunError> {
        let files = self.inputs.harness_at(commit);
        if files.is_err() {
            self.saw_more.set(true);
        }
        match files {
            Err(RunError::Ledger(
                LedgerError::Shallow(_) | LedgerError::NoCommit(_) | LedgerError::Partial | LedgerError::Checkout(_),
            )) => Ok(None),
            files => files.map(Some),
        }
    }

    /// The harness before a commit; `None` if this clone does not have it.
    pub(super) fn before(&self, commit: &str) -> Result<Option<Harness>, RunError> {
        let parent = self.inputs.graph()?.parent(commit);
        parent.map_or(Ok(None), |parent| self.files(parent))
    }

    /// Whether a merge contains an edit that one of its parents has and another has not, if its files show it.
    pub(super) fn in_merge(
        &self,
        digest: Digest,
        graph: &CommitGraph,
        merge: &DividedMerge,
    ) -> Result<Option<bool>, RunError> {
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
        let evidence = EditMarks {
            content: EditContent::of(&edit, Some(&before), &self.rules),
            later: Vec::new(),
        };
        if self.is_in(&evidence, &with)? != Some(true) {
            // Later changes hide the edit before the merge, so the merge cannot show it.
            return Ok(None);
        }
        let is_there = self.is_in(&evidence, &merged)? == Some(true);
        Ok((is_there || evidence.content.is_gone(&merged)).then_some(is_there))
    }
}
