//! Reads from the manifest how the gate decides: the route of each edit, the mode, and the rule.

use std::collections::BTreeMap;

use crate::artifact::edit::Edit;
use crate::artifact::gate::verdict::GateRule;
use crate::artifact::outcome::Outcome;
use crate::artifact::pending_review::PendingReview;
use crate::artifact::record::Autonomy;
use crate::digest::Digest;
use crate::gate::sample::choice::StudentSort;
use crate::gate::trial::GatePolicy;
use crate::harness::op;
use crate::manifest::{Manifest, StudentEngine};
use crate::pipeline::execute::route;
use crate::workspace::Workspace;

/// The route of an edit. A person's decision counts only for the edit that it was made for. A near miss at the gate
/// waits for a person, regardless of the edit's tier.
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
        // A crash happened after the question was written and before its outcome: the gate decides as before.
        None if asks_again => route::EditRoute::Gate,
        bound => route::route(op::tier(edit, &manifest.harness), autonomy, bound),
    }
}

/// The gate's policy for modes other than `rule`.
pub(crate) fn gate_policy(workspace: &Workspace) -> GatePolicy {
    let gate = &workspace.manifest.gate;
    GatePolicy {
        mode: gate.mode,
        sort: match workspace.manifest.student.engine() {
            StudentEngine::Nearest => StudentSort::Embedded,
            StudentEngine::Chat => StudentSort::Chat,
            StudentEngine::Command => StudentSort::Command,
        },
        sample: gate.sample_settings(),
        keep: gate.keep,
        screen: gate.screen,
        population: gate.population,
        settings: gate.settings(workspace.student.shares_chance()),
        eps_overall: gate.eps_overall(),
    }
}

/// The rule for mode `rule`, which compares means.
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
