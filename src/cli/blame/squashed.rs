//! Finds the edit that wrote a line of a commit in which a person squashed edits.

use std::collections::{BTreeMap, BTreeSet};

use super::details;
use crate::artifact::edit::Edit;
use crate::cli::exit::CommandFailure;
use crate::harness::{Harness, op};
use crate::ledger::BlamedLine;
use crate::ledger::port::CommitId;
use crate::pipeline::edit_states::census::{AppliedEdit, EditCensus};
use crate::workspace::Workspace;
use crate::workspace::inputs::Inputs;

/// The edits in commits that do not name them, with the lines that each of them wrote in one file.
pub(crate) struct SquashedEdits(BTreeMap<CommitId, Vec<(AppliedEdit, BTreeSet<String>)>>);

impl SquashedEdits {
    /// Those in the commits from which the lines of a file come.
    ///
    /// # Errors
    /// git fails, or the sessions cannot be listed.
    pub(crate) fn of(workspace: &Workspace, path: &str, lines: &[BlamedLine]) -> Result<Self, CommandFailure> {
        let inputs = Inputs::new(workspace);
        let is_cut = lines.iter().any(|line| line.origin.is_cut);
        let census = match is_cut {
            true => EditCensus::of(workspace, &inputs, &|_| true)?,
            false => EditCensus::unnamed(workspace, &inputs)?,
        };
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
                let without = |at: usize| {
                    files
                        .clone()
                        .with(path, [&lines[..at], &lines[at + 1..]].concat().concat())
                };
                let is_restored =
                    |at: &usize| op::apply(&edit, &without(*at), &rules).is_ok_and(|again| &again == files);
                let restored = (0..lines.len()).filter(is_restored);
                restored.map(|at| lines[at].trim_end().to_owned()).collect()
            }
        };
        found.push((applied.clone(), wrote));
    }
    found
}

/// An edit as its session has it.
fn planned(workspace: &Workspace, applied: &AppliedEdit) -> Option<Edit> {
    details(workspace, &applied.session, applied.digest)?.edit
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
