//! Taking applied edits back, by re-derivation and a forward commit.

use std::collections::{BTreeMap, BTreeSet};

use super::message::revert_message;
use super::{ExecuteError, Given, Head, Means, outcome, paths};
use crate::artifact::outcome::{Outcome, OutcomeStatus, RolledBackBy};
use crate::digest::Digest;
use crate::harness::Harness;
use crate::phase::rederive::{Change, rederive};
use crate::reconcile::{Held, Reconciliation};

/// Takes back what left the plan. What was taken back before, and is in git all the same, goes with it where that is
/// possible: if no file changed at that time, a person may have gone on from there.
pub(super) fn take_back(
    given: &Given,
    means: &Means,
    held: &BTreeMap<Digest, Held>,
    todo: &Reconciliation,
    head: &mut Head,
) -> Result<(), ExecuteError> {
    let new: BTreeSet<Digest> = todo.reverts.iter().copied().collect();
    let all: BTreeSet<Digest> = todo.again.iter().copied().chain(new.iter().copied()).collect();
    match revert(given, means, held, &all, head) {
        Err(ExecuteError::Conflict(_)) if all != new => revert(given, means, held, &new, head),
        reverted => reverted,
    }
}

fn revert(
    given: &Given,
    means: &Means,
    held: &BTreeMap<Digest, Held>,
    dropped: &BTreeSet<Digest>,
    head: &mut Head,
) -> Result<(), ExecuteError> {
    if dropped.is_empty() {
        return Ok(());
    }
    let derived = rederive(
        &history(given, means, held, dropped)?,
        dropped,
        &head.harness,
        &given.rules,
    )?;
    let changes = head.harness.changes(&derived.harness);
    if !changes.is_empty() {
        means.world.write(&changes)?;
        means
            .ledger
            .commit(&paths(&changes), &revert_message(given, dropped, &derived.stranded))?;
        means.world.written()?;
        *head = Head {
            harness: derived.harness,
            evaluation: None,
        };
    }
    for digest in dropped {
        roll_back(given, means, digest)?;
    }
    for (digest, reason) in &derived.stranded {
        if let Some(edit) = given.plan.edits.iter().find(|edit| edit.digest() == *digest) {
            means.world.outcome(&Outcome {
                error: Some(reason.clone()),
                ..outcome(edit, OutcomeStatus::Stranded)
            })?;
        }
    }
    Ok(())
}

/// The commits that stand, from the first that is dropped.
fn history(
    given: &Given,
    means: &Means,
    held: &BTreeMap<Digest, Held>,
    dropped: &BTreeSet<Digest>,
) -> Result<Vec<Change>, ExecuteError> {
    let standing = given.entries.iter().filter_map(|entry| {
        let digest: Digest = entry.trailer("Edit-Digest")?.parse().ok()?;
        (held.get(&digest) == Some(&Held::Applied(entry.commit.clone()))).then_some((entry, digest))
    });
    let mut changes = Vec::new();
    for (entry, digest) in standing.skip_while(|(_, digest)| !dropped.contains(digest)) {
        let before = match &entry.parent {
            Some(parent) => means.ledger.harness_at(parent, given.select)?,
            None => Harness::default(),
        };
        let after = means.ledger.harness_at(&entry.commit, given.select)?;
        let edit = given.plan.edits.iter().find(|edit| edit.digest() == digest).cloned();
        changes.push(Change {
            edit,
            digest,
            before,
            after,
        });
    }
    Ok(changes)
}

pub(super) fn roll_back(given: &Given, means: &Means, digest: &Digest) -> Result<(), ExecuteError> {
    let Some(applied) = given.outcomes.get(digest) else {
        return Ok(());
    };
    means.world.outcome(
        &Outcome {
            error: Some("it left the plan".into()),
            rolled_back_by: Some(RolledBackBy::Plan),
            ..applied.clone()
        }
        .with_status(OutcomeStatus::RolledBack),
    )
}
