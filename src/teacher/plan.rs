//! Asks a teacher for the plan: drops clusters without evidence, sets the tiers, normalises the patches.

use crate::artifact::Money;
use crate::artifact::diagnosis;
use crate::artifact::diagnosis::FailureCluster;
use crate::artifact::edit::Edit;
use crate::artifact::plan::Plan;
use crate::harness::{Harness, op};
use crate::manifest::Manifest;
use crate::manifest::membership::Membership;
use crate::teacher::{Briefing, Teacher, TeacherFailure, TeacherPlan, reply};

/// Asks the teacher for a plan, and normalises its edits and clusters.
///
/// # Errors
/// The teacher cannot work.
pub(crate) fn plan(
    teacher: &dyn Teacher,
    briefing: &Briefing,
    manifest: &Manifest,
    diagnosis: &str,
) -> Result<(TeacherPlan, Vec<FailureCluster>), TeacherFailure> {
    let (surviving, _) = reply::drop_without_evidence(stated(diagnosis));
    let mut planned = match surviving.is_empty() {
        // No cluster has evidence of a failure, so there is nothing to plan.
        true => TeacherPlan {
            cost_usd: Some(Money::ZERO),
            ..TeacherPlan::default()
        },
        false => teacher.plan(briefing, diagnosis, &surviving)?,
    };
    let edits = std::mem::take(&mut planned.edits);
    let (edits, clusters) = in_order(edits, diagnosis, briefing.harness, manifest);
    planned.edits = edits;
    Ok((planned, clusters))
}

/// The edits with tiers set and patches normalised, and the clusters of the diagnosis: first those with evidence, each
/// with the edits that address it, then the dropped ones.
pub(crate) fn in_order(
    edits: Vec<Edit>,
    diagnosis: &str,
    harness: &Harness,
    manifest: &Manifest,
) -> (Vec<Edit>, Vec<FailureCluster>) {
    // A checked manifest always has a membership. Without one, nothing is editable.
    let rules = op::OpRules::of(&manifest.harness, Membership::new(manifest).unwrap_or_default());
    let normalised = |edit| op::normalise(edit, harness, &rules, &manifest.harness.tiers);
    let edits: Vec<Edit> = edits.into_iter().map(normalised).collect();
    let (mut clusters, dropped) = reply::drop_without_evidence(stated(diagnosis));
    for cluster in &mut clusters {
        cluster.addressed_by_edit_ids = addressing(&edits, &cluster.id);
    }
    clusters.extend(dropped);
    (edits, clusters)
}

/// The clusters of the closing block, if there is one, because a list in the text before it may look like clusters. The
/// text was checked when it was submitted, so a list that cannot be read is that of an older version.
pub(crate) fn stated(diagnosis: &str) -> Vec<FailureCluster> {
    let parsed = reply::clusters(diagnosis::block(diagnosis).unwrap_or(diagnosis));
    parsed.map(|parsed| parsed.clusters).unwrap_or_default()
}

fn addressing(edits: &[Edit], cluster: &str) -> Vec<String> {
    edits
        .iter()
        .filter(|edit| edit.expected_improvement == cluster)
        .map(|edit| edit.id.clone())
        .collect()
}

/// Assembles `plan.json`.
pub(crate) fn artifact(
    session: &str,
    diagnosis: &str,
    clusters: Vec<FailureCluster>,
    planned: TeacherPlan,
    teacher: &str,
    now: String,
) -> Plan {
    Plan {
        released: false,
        held: false,
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
