//! Finds the edit that wrote a line of a commit in which a person squashed edits.

use std::collections::{BTreeMap, BTreeSet};

use super::history::BlameHistory;
use crate::artifact::edit::Edit;
use crate::cli::exit::CommandFailure;
use crate::harness::line_hunk::line_hunks;
use crate::harness::{Harness, op};
use crate::ledger::BlamedLine;
use crate::ledger::port::CommitId;
use crate::pipeline::edit_states::EditSearch;
use crate::pipeline::edit_states::census::AppliedEdit;
use crate::workspace::Workspace;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;

/// The edits in commits that do not name them, with the lines that each of them wrote in one file.
pub(crate) struct SquashedEdits(BTreeMap<CommitId, Vec<(AppliedEdit, BTreeSet<String>)>>);

impl SquashedEdits {
    /// Those in the commits from which the lines of a file come.
    ///
    /// # Errors
    /// git fails, or the sessions cannot be listed.
    pub(crate) fn of(history: &BlameHistory, path: &str, lines: &[BlamedLine]) -> Result<Self, CommandFailure> {
        let (workspace, inputs) = (history.workspace, history.inputs);
        let census = history.census(lines.iter().any(|line| line.origin.is_cut))?;
        let origins: BTreeMap<&CommitId, bool> = lines
            .iter()
            .filter_map(|line| Some((line.origin.commit.as_ref()?, line.origin.is_cut)))
            .collect();
        let mut found = BTreeMap::new();
        for (commit, is_cut) in origins {
            let edits: Vec<&AppliedEdit> = census.in_commit(commit).collect();
            if edits.is_empty() {
                continue;
            }
            let lines = match is_cut {
                true => shown(workspace, path, edits, &inputs.harness_at(commit)?),
                false => {
                    let parent = inputs.graph()?.parent(commit);
                    // Without the files before the commit, only patches show their lines.
                    let before = parent.and_then(|parent| inputs.harness_at(parent).ok());
                    written(workspace, path, edits, before.unwrap_or_default())
                }
            };
            found.insert(commit.clone(), lines);
        }
        Ok(Self(found))
    }

    /// The edit that wrote a line.
    pub(crate) fn author(&self, line: &BlamedLine) -> Option<&AppliedEdit> {
        let edits = self.0.get(line.origin.commit.as_ref()?)?;
        let wrote = |(_, lines): &&(AppliedEdit, BTreeSet<String>)| lines.contains(line.text.trim_end());
        edits.iter().find(wrote).map(|(edit, _)| edit)
    }
}

/// The lines of a file that show an edit although the files before it are not known: those that a patch adds, and those
/// that an edit writes again if they are missing.
fn shown(
    workspace: &Workspace,
    path: &str,
    edits: Vec<&AppliedEdit>,
    files: &Harness,
) -> Vec<(AppliedEdit, BTreeSet<String>)> {
    let rules = workspace.rules();
    let text = files.text(path).unwrap_or_default();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut found = Vec::new();
    for applied in edits {
        let Some(edit) = planned(workspace, applied) else {
            continue;
        };
        let added = op::patch_lines(&edit).and_then(|_| op::prompt_lines(&edit, &rules));
        let wrote: BTreeSet<String> = match added {
            Some((file, added)) => {
                let added = added.into_iter().filter(|line| file == path && !line.trim().is_empty());
                added.map(|line| line.trim_end().to_owned()).collect()
            }
            None if op::contains(&edit, files, &rules) != Some(true) => BTreeSet::new(),
            None => {
                let is_restored = |at: &usize| is_restored(&edit, files, path, &lines, *at, &rules);
                let restored = (0..lines.len()).filter(is_restored);
                restored.map(|at| lines[at].trim_end().to_owned()).collect()
            }
        };
        found.push((applied.clone(), wrote));
    }
    found
}

/// Whether an edit writes a line again if it is missing, perhaps elsewhere, and without the comment behind it.
fn is_restored(edit: &Edit, files: &Harness, path: &str, lines: &[&str], at: usize, rules: &op::OpRules) -> bool {
    let without = files
        .clone()
        .with(path, [&lines[..at], &lines[at + 1..]].concat().concat());
    let Ok(again) = op::apply(edit, &without, rules) else {
        return false;
    };
    let (removed, added): (Vec<_>, Vec<_>) = line_hunks(&again, files)
        .into_iter()
        .map(|hunk| (hunk.removed, hunk.added))
        .unzip();
    match (&removed.concat()[..], &added.concat()[..]) {
        ([], []) => true,
        ([written], [line]) => {
            let is_line = line == lines[at].trim_end() && !written.trim().is_empty();
            is_line && line.starts_with(written.trim_end())
        }
        _ => false,
    }
}

/// An edit from its session, or from git if it left the plan.
fn planned(workspace: &Workspace, applied: &AppliedEdit) -> Option<Edit> {
    let (inputs, session) = (Inputs::new(workspace), Session::at(&workspace.root, &applied.session));
    let search = EditSearch::new(workspace, &inputs, &session).ok()?;
    search.edit(applied.digest).ok()?
}

/// The lines of a file that each edit wrote, one after another.
fn written(
    workspace: &Workspace,
    path: &str,
    edits: Vec<&AppliedEdit>,
    mut files: Harness,
) -> Vec<(AppliedEdit, BTreeSet<String>)> {
    let mut found = Vec::new();
    for applied in edits {
        let Some(edit) = planned(workspace, applied) else {
            continue;
        };
        let lines = |files: &Harness| -> BTreeSet<String> {
            let text = files.text(path).unwrap_or_default();
            text.lines().map(|line| line.trim_end().to_owned()).collect()
        };
        let wrote = match op::apply(&edit, &files, &workspace.rules()) {
            Ok(next) => {
                let before = lines(&std::mem::replace(&mut files, next));
                lines(&files).difference(&before).cloned().collect()
            }
            Err(_) => {
                let (_, added) = op::patch_lines(&edit).unwrap_or_default();
                added.into_iter().map(|line| line.trim_end().to_owned()).collect()
            }
        };
        found.push((applied.clone(), wrote));
    }
    found
}
