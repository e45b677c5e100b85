//! The messages of kaizen's commits: what changed, why, and on what evidence.

use std::collections::BTreeSet;

use super::ExecuteInput;
use crate::artifact::edit::Edit;
use crate::artifact::outcome::Outcome;
use crate::digest::Digest;
use crate::ledger::message::message as commit_message;

/// The evidence in the commit of an edit that a person accepted without the gate.
pub(super) const SKIPPED: &str = "skipped by a person";

pub(super) fn message(form: &str, edit: &Edit, input: &ExecuteInput, decided: &Outcome) -> String {
    commit_message(
        form,
        &edit.title(),
        &edit.rationale,
        &[
            ("Edit-ID", edit.id.clone()),
            ("Edit-Digest", edit.digest().to_string()),
            ("Session-ID", input.session.to_owned()),
            (
                "Risk-Tier",
                format!("{:?}", (input.reconcile.tier)(edit)).to_lowercase(),
            ),
            ("Cluster", edit.expected_improvement.clone()),
            ("Gate", evidence(decided)),
            ("Plan-Digest", input.reconcile.plan_digest.to_string()),
        ],
    )
}

/// The evidence on which an edit was applied, as its commit states it.
pub(crate) fn evidence(applied: &Outcome) -> String {
    match applied.gate_skipped {
        true => SKIPPED.to_owned(),
        false => {
            let kept = applied.gate.as_ref().and_then(|record| record.kept_by);
            let kept = kept.map_or(String::new(), |keeper| format!(", kept by {}", keeper.words()));
            format!("{}{kept}", applied.evidence().unwrap_or_default())
        }
    }
}

pub(super) fn revert_message(
    form: &str,
    input: &ExecuteInput,
    dropped: &BTreeSet<Digest>,
    stranded: &[(Digest, String)],
) -> String {
    let names: Vec<String> = dropped
        .iter()
        .map(|digest| {
            input
                .reconcile
                .outcomes
                .get(digest)
                .map_or(digest.short(), |outcome| outcome.edit_id.clone())
        })
        .collect();
    let mut trailers = vec![
        ("Session-ID", input.session.to_owned()),
        ("Plan-Digest", input.reconcile.plan_digest.to_string()),
    ];
    trailers.extend(dropped.iter().map(|digest| ("Reverts-Edit", digest.to_string())));
    trailers.extend(stranded.iter().map(|(digest, _)| ("Strands-Edit", digest.to_string())));
    commit_message(
        form,
        &format!("revert {}", names.join(", ")),
        "The edits were removed from the plan.",
        &trailers,
    )
}
