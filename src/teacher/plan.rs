//! Plan: from the diagnosis to typed edits. Clusters without evidence are dropped, tiers set, patches normalised.

use crate::artifact::cluster::FailureCluster;
use crate::artifact::diagnosis;
use crate::artifact::edit::Edit;
use crate::artifact::plan::Plan;
use crate::harness::{Harness, op};
use crate::manifest::Manifest;
use crate::manifest::membership::Membership;
use crate::teacher::{Briefing, Planned, Teacher, TeacherFailure, reply};

/// Asks the teacher, and puts what it says into order.
///
/// # Errors
/// The teacher cannot work.
pub(crate) fn plan(
    teacher: &dyn Teacher,
    briefing: &Briefing,
    manifest: &Manifest,
    diagnosis: &str,
) -> Result<(Planned, Vec<FailureCluster>), TeacherFailure> {
    let (surviving, _) = reply::drop_without_evidence(stated(diagnosis));
    let mut planned = match surviving.is_empty() {
        // Nothing was seen to fail, so there is nothing to plan for.
        true => Planned {
            cost_usd: Some(0.0),
            ..Planned::default()
        },
        false => teacher.plan(briefing, diagnosis, &surviving)?,
    };
    let edits = std::mem::take(&mut planned.edits);
    let (edits, clusters) = in_order(edits, diagnosis, briefing.harness, manifest);
    planned.edits = edits;
    Ok((planned, clusters))
}

/// Proposed edits with tiers set and patches normalised, and the clusters of the diagnosis: those with evidence, each with
/// the edits that address it, then those without.
pub(crate) fn in_order(
    edits: Vec<Edit>,
    diagnosis: &str,
    harness: &Harness,
    manifest: &Manifest,
) -> (Vec<Edit>, Vec<FailureCluster>) {
    let rules = op::Rules {
        layout: manifest.harness.layout.clone(),
        // A manifest that was checked has one; without, nothing is editable.
        membership: Membership::new(manifest).unwrap_or_default(),
    };
    let normalised = |edit| op::normalise(edit, harness, &rules, &manifest.harness.tiers);
    let edits: Vec<Edit> = edits.into_iter().map(normalised).collect();
    let (mut clusters, dropped) = reply::drop_without_evidence(stated(diagnosis));
    for cluster in &mut clusters {
        cluster.addressed_by_edit_ids = addressing(&edits, &cluster.id);
    }
    clusters.extend(dropped);
    (edits, clusters)
}

/// The clusters of the closing block, where there is one: a list in the words before it may look like clusters too.
pub(crate) fn stated(diagnosis: &str) -> Vec<FailureCluster> {
    reply::clusters(diagnosis::block(diagnosis).unwrap_or(diagnosis))
}

fn addressing(edits: &[Edit], cluster: &str) -> Vec<String> {
    edits
        .iter()
        .filter(|edit| edit.expected_improvement == cluster)
        .map(|edit| edit.id.clone())
        .collect()
}

/// The artifact.
pub(crate) fn artifact(
    session: &str,
    diagnosis: &str,
    clusters: Vec<FailureCluster>,
    planned: Planned,
    teacher: &str,
    now: String,
) -> Plan {
    Plan {
        released: false,
        version: 1,
        session_id: session.to_owned(),
        diagnosis_summary: diagnosis::narrative(diagnosis).to_owned(),
        failure_clusters: clusters,
        edits: planned.edits,
        teacher_model: planned.model.unwrap_or_else(|| teacher.to_owned()),
        estimated_cost_usd: planned.cost_usd,
        created_at: now,
        extra: Default::default(),
    }
}
