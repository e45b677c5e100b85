//! Finds the edit that wrote a line of a commit in which a person squashed edits.

use std::collections::{BTreeMap, BTreeSet};

use super::details;
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
        let census = EditCensus::unnamed(workspace, &inputs)?;
        let commits: BTreeSet<&CommitId> = lines.iter().filter_map(|line| line.origin.commit.as_ref()).collect();
        let mut found = BTreeMap::new();
        for commit in commits {
            let edits: Vec<&AppliedEdit> = census.in_commit(commit).collect();
            if edits.is_empty() {
                continue;
            }
            let parent = inputs.graph()?.parent(commit);
            // Without the files before the commit, only patches show their lines.
            let before = parent.and_then(|parent| inputs.harness_at(parent).ok());
            found.insert(
                commit.clone(),
                written(workspace, path, edits, before.unwrap_or_default()),
            );
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

/// The lines of a file that each edit wrote, one after another.
fn written(
    workspace: &Workspace,
    path: &str,
    edits: Vec<&AppliedEdit>,
    mut files: Harness,
) -> Vec<(AppliedEdit, BTreeSet<String>)> {
    let mut found = Vec::new();
    for applied in edits {
        let planned = details(workspace, &applied.session, applied.digest).and_then(|known| known.edit);
        let Some(edit) = planned else { continue };
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
