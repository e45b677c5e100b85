//! Plan: from the diagnosis to typed edits. Clusters without evidence are dropped, tiers set, patches normalised.

use crate::artifact::cluster::FailureCluster;
use crate::artifact::diagnosis;
use crate::artifact::edit::Edit;
use crate::artifact::plan::Plan;
use crate::manifest::Manifest;
use crate::op;
use crate::port::{Briefing, Planned, Teacher, TeacherFailure};
use crate::reply;

/// Asks the teacher, and puts what it says into order.
///
/// # Errors
/// The teacher cannot work.
pub fn plan(
    teacher: &dyn Teacher,
    briefing: &Briefing,
    manifest: &Manifest,
    diagnosis: &str,
) -> Result<(Planned, Vec<FailureCluster>), TeacherFailure> {
    // The closing block, where there is one: a list in the words before it may look like clusters too.
    let stated = diagnosis::block(diagnosis).unwrap_or(diagnosis);
    let (mut surviving, dropped) = reply::drop_without_evidence(reply::clusters(stated));
    let mut planned = match surviving.is_empty() {
        // Nothing was seen to fail, so there is nothing to plan for.
        true => Planned {
            cost_usd: Some(0.0),
            ..Planned::default()
        },
        false => teacher.plan(briefing, diagnosis, &surviving)?,
    };
    let rules = op::Rules {
        layout: manifest.harness.layout.clone(),
        editable: manifest.harness.files.clone(),
    };
    planned.edits = planned
        .edits
        .into_iter()
        .map(|edit| normalised(edit, briefing, manifest, &rules))
        .collect();
    for cluster in &mut surviving {
        cluster.addressed_by_edit_ids = addressing(&planned.edits, &cluster.id);
    }
    surviving.extend(dropped);
    Ok((planned, surviving))
}

fn normalised(edit: Edit, briefing: &Briefing, manifest: &Manifest, rules: &op::Rules) -> Edit {
    op::normalise(edit, briefing.harness, rules, &manifest.harness.tiers)
}

fn addressing(edits: &[Edit], cluster: &str) -> Vec<String> {
    edits
        .iter()
        .filter(|edit| edit.expected_improvement == cluster)
        .map(|edit| edit.id.clone())
        .collect()
}

/// The artifact.
pub fn artifact(
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
