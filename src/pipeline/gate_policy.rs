//! How edits are judged here: where each goes, in which mode, and by which rule, as the manifest says.

use std::collections::BTreeMap;

use crate::artifact::edit::Edit;
use crate::artifact::gate::verdict::GateRule;
use crate::artifact::outcome::Outcome;
use crate::artifact::pending_review::PendingReview;
use crate::artifact::record::Autonomy;
use crate::digest::Digest;
use crate::gate::trial::GatePolicy;
use crate::manifest::Manifest;
use crate::pipeline::execute::route;
use crate::workspace::Workspace;

/// Where an edit goes. A decision counts for the edit that it was given for, and for no other. What the gate could not
/// tell, and came close to, waits for a person whatever its tier.
pub(crate) fn route_of(
    edit: &Edit,
    pending: &BTreeMap<Digest, PendingReview>,
    outcomes: &BTreeMap<Digest, Outcome>,
    autonomy: Autonomy,
    manifest: &Manifest,
) -> route::EditRoute {
    let digest = edit.digest();
    let decision = pending
        .get(&digest)
        .filter(|pending| pending.edit.digest() == digest)
        .and_then(|pending| pending.decision.as_ref());
    let bound = decision.filter(|decision| decision.edit_digest.is_none_or(|bound| bound == digest));
    let asks_again = pending.get(&digest).is_some_and(|pending| pending.near_miss.is_some());
    match bound {
        None if outcomes.get(&digest).is_some_and(Outcome::is_near_miss) => route::EditRoute::Ask,
        // A crash fell between that question and its outcome: the gate says the same again.
        None if asks_again => route::EditRoute::Gate,
        bound => route::route(manifest.tier(edit.op), autonomy, bound),
    }
}

/// How edits are judged in modes other than `rule`.
pub(crate) fn gate_policy(workspace: &Workspace) -> GatePolicy {
    let gate = &workspace.manifest.gate;
    GatePolicy {
        mode: gate.mode,
        population: gate.population,
        settings: gate.settings(workspace.student.shares_chance()),
        eps_overall: gate.eps_overall(),
    }
}

/// The rule of means, for mode `rule`.
pub(crate) fn rule(manifest: &Manifest) -> GateRule {
    let gate = &manifest.gate;
    let (kind, max_regression) = gate.usual();
    GateRule {
        kind,
        min_improvement: gate.min_improvement,
        max_regression,
        max_infra_share: gate.max_infra_share,
    }
}
