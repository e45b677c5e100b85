//! Accepts a diagnosis or a plan from a client, and checks all of it before it is written into the session.

use serde_json::{Value, json};

use super::context::Context;
use super::edit_base::edit_base;
use super::held_out_examples;
use super::phase::by_files::taken_plan;
use crate::artifact::diagnosis::FailureCluster;
use crate::artifact::plan::Plan;
use crate::artifact::{Artifact, diagnosis};
use crate::harness::{Harness, op};
use crate::teacher;
use crate::teacher::check;
use crate::teacher::check::{Problem, plan, secret};
use crate::teacher::reply;
use crate::teacher::tool::ArgumentProblem;
use crate::workspace::error::RunError;

/// The file that a diagnosis is written to.
pub(crate) const DIAGNOSIS: &str = diagnosis::FILE;
/// The file that a plan is written to.
pub(crate) const PLAN: &str = "plan.json";

/// The result of a submission: remarks if it was accepted, otherwise all of its problems.
pub(crate) type SubmissionResult = Result<Vec<String>, Vec<String>>;

/// The problems of a list of clusters as such: those that `unfit` has, repeated ids, and empty fields.
pub(crate) fn cluster_problems(clusters: &[Value], unfit: &[ArgumentProblem]) -> Vec<String> {
    let is_fit = |at: &usize| !unfit.iter().any(|problem| problem.is_in("clusters", *at));
    let found = check::cluster_problems(clusters)
        .into_iter()
        .filter(|(at, _)| is_fit(at));
    let unsound = found.map(|(at, problem)| format!("clusters[{at}]: {problem}"));
    unfit
        .iter()
        .map(|problem| problem.message.clone())
        .chain(unsound)
        .collect()
}

/// Writes a diagnosis from a narrative and sound clusters. A problem names the field of the submission, because the
/// client has not seen the file.
///
/// # Errors
/// The session cannot be written to.
pub(crate) fn clusters(context: &Context, narrative: &str, clusters: &[Value]) -> Result<SubmissionResult, RunError> {
    let harness = context.base_harness()?;
    let in_narrative = secret::in_text(narrative, &harness);
    let mut problems: Vec<String> = in_narrative
        .iter()
        .map(|one| format!("narrative, line {}: {}", one.line, one.message))
        .collect();
    for (at, cluster) in clusters.iter().enumerate() {
        let found = secret::in_value(cluster, &harness).into_iter();
        problems.extend(found.map(|(place, one)| format!("clusters[{at}].{place}: {}", one.message)));
    }
    let read = |(at, value): (usize, &Value)| {
        serde_json::from_value::<FailureCluster>(value.clone()).map_err(|error| format!("clusters[{at}]: {error}"))
    };
    let (read, wrong): (Vec<_>, Vec<_>) = clusters.iter().enumerate().map(read).partition(Result::is_ok);
    problems.extend(wrong.into_iter().filter_map(Result::err));
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let clusters: Vec<FailureCluster> = read.into_iter().flatten().collect();
    let text = diagnosis::render(narrative, &clusters);
    // The name of a secret and its value may be in different fields.
    if !secret::in_text(&text, &harness).is_empty() {
        let problem = "the clusters contain a key or a password; remove it, or say where it is kept";
        return Ok(Err(vec![problem.to_owned()]));
    }
    let strange = clusters.iter().flat_map(|cluster| {
        let strange = cluster
            .extra
            .keys()
            .filter(|name| !reply::FURTHER_FIELDS.contains(&name.as_str()));
        strange.map(|name| {
            format!(
                "cluster `{}`: `{name}` is not a field of a cluster; nothing reads it",
                cluster.id
            )
        })
    });
    let strange: Vec<String> = strange.collect();
    Ok(written(context, &text)?.map(|notes| notes.into_iter().chain(strange).collect()))
}

/// Writes a diagnosis from the text of the file.
///
/// # Errors
/// The session cannot be written to.
pub(crate) fn markdown(context: &Context, text: &str) -> Result<SubmissionResult, RunError> {
    let mut problems = secret::in_text(text, &context.base_harness()?);
    problems.extend(check::diagnosis_problems(text));
    if !problems.is_empty() {
        let line = |one: &Problem| format!("line {}, column {}: {}", one.line, one.column, one.message);
        return Ok(Err(problems.iter().map(line).collect()));
    }
    written(context, text)
}

/// Writes a diagnosis that was checked; returns remarks about its clusters.
fn written(context: &Context, text: &str) -> Result<SubmissionResult, RunError> {
    context.session.publish(DIAGNOSIS, text)?;
    let (kept, dropped) = reply::drop_without_evidence(teacher::plan::stated(text));
    let note = |cluster: &FailureCluster| format!("cluster `{}` has no measured rate and will be dropped", cluster.id);
    let mut notes: Vec<String> = dropped.iter().map(note).collect();
    if kept.is_empty() {
        notes.push("no cluster has evidence".to_owned());
    }
    Ok(Ok(notes))
}

/// Writes a plan if every edit is well-formed and applies to the harness after the edits before it. `unfit` are the
/// problems that are known already.
///
/// # Errors
/// The session cannot be read or written to.
pub(crate) fn plan(
    context: &Context,
    edits: &[Value],
    unfit: &[ArgumentProblem],
    author: &str,
) -> Result<SubmissionResult, RunError> {
    let most = context.workspace.manifest.teacher.max_edits;
    let mut problems: Vec<String> = unfit.iter().map(|problem| problem.message.clone()).collect();
    if edits.len() > most {
        problems.push(format!("{} edits, but a plan may have at most {most}", edits.len()));
    }
    let harness = context.base_harness()?;
    let (mut fit, mut places) = (Vec::new(), Vec::new());
    for (at, edit) in edits.iter().enumerate() {
        let mut found = secrets((at, edit), &harness);
        if !unfit.iter().any(|problem| problem.is_in("edits", at)) {
            found.extend(malformed((at, edit)));
            if found.is_empty() {
                fit.push(edit);
                places.push(at);
            }
        }
        problems.extend(found);
    }
    let plan = taken_plan(context, &json!({"edits": fit}).to_string(), author)?;
    let (refused, losses) = tried(context, harness, &plan, &places)?;
    problems.extend(refused);
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    context.session.publish(PLAN, &plan.to_text())?;
    let gate = context.inputs.gate(&context.session.id)?;
    let mut notes = notes(&plan, edits);
    notes.extend(plan.strays(|name| gate.iter().any(|task| task.category == name)));
    notes.extend(losses);
    Ok(Ok(notes))
}

/// The id of a submitted edit in brackets, if it has one.
fn label(edit: &Value) -> String {
    edit["id"].as_str().map(|id| format!(" (`{id}`)")).unwrap_or_default()
}

/// Problems for the keys and passwords in one edit.
fn secrets((at, edit): (usize, &Value), harness: &Harness) -> Vec<String> {
    let label = label(edit);
    // An id that contains a secret is not repeated in the message.
    let label = if secret::in_text(&label, harness).is_empty() {
        label
    } else {
        String::new()
    };
    let found = secret::in_value(edit, harness);
    if found.is_empty() {
        // The name of a secret and its value may be in different fields.
        let problems = secret::in_fields(edit, harness);
        return problems
            .into_iter()
            .map(|one| format!("edits[{at}]{label}: line 1: {}", one.message))
            .collect();
    }
    let line =
        |(place, one): (String, Problem)| format!("edits[{at}]{label}: {place}, line {}: {}", one.line, one.message);
    found.into_iter().map(line).collect()
}

/// The problems with the format of one edit.
fn malformed((at, edit): (usize, &Value)) -> Vec<String> {
    let problems = plan::problems_of_bare(&json!({"edits": [edit]}).to_string());
    let label = label(edit);
    problems
        .into_iter()
        .map(|one| format!("edits[{at}]{label}: {}", one.message))
        .collect()
}

/// Applies each edit after the edits before it: the problems for those that do not apply, and what the others drop
/// besides words. `places` are the places of the edits in the submission.
fn tried(
    context: &Context,
    mut harness: Harness,
    plan: &Plan,
    places: &[usize],
) -> Result<(Vec<String>, Vec<String>), RunError> {
    let rules = context.workspace.rules();
    let base = edit_base(context.workspace, context.inputs)?;
    let (mut problems, mut losses) = (Vec::new(), Vec::new());
    for (edit, at) in plan.edits.iter().zip(places) {
        let mut next = None;
        for (number, one) in edit.alternatives().iter().enumerate() {
            let problem = match base.apply(one, &harness, &rules) {
                Err(problem) => Some(problem.to_string()),
                Ok(changed) => {
                    let lost = op::losses(one, &harness, &changed, &rules);
                    losses.extend(lost.into_iter().map(|loss| format!("edit `{}`: {loss}", edit.id)));
                    next = next.or(Some(changed));
                    held_out_examples::refusal(context, one, &harness, &rules)?
                }
            };
            let variant = plan::variant(number);
            problems.extend(problem.map(|problem| format!("edits[{at}] (`{}`): {variant}{problem}", edit.id)));
        }
        harness = next.unwrap_or(harness);
    }
    Ok((problems, losses))
}

/// Remarks about an accepted plan: likely mistakes, and tiers that the client stated and that do not count.
fn notes(plan: &Plan, submitted: &[Value]) -> Vec<String> {
    let tiers = plan.edits.iter().zip(submitted).filter_map(|(edit, written)| {
        let (stated, tier) = (written.get("risk_tier")?, json!(edit.risk_tier));
        let note = format!(
            "edit `{}`: its risk_tier is {tier}, because of its op; {stated} does not count",
            edit.id
        );
        (*stated != tier).then_some(note)
    });
    let strange = plan.edits.iter().flat_map(|edit| {
        let name = |name| {
            format!(
                "edit `{}`: `{name}` is not a field of an edit; nothing reads it",
                edit.id
            )
        };
        edit.extra.keys().map(name)
    });
    plan.remarks().into_iter().chain(tiers).chain(strange).collect()
}
