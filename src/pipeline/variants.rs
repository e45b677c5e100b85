//! Screens the payloads of edits with variants on train tasks, and makes the best one the payload in the plan. This comes
//! before any question is asked and before any gate task is run, so the choice costs no error budget.

use std::collections::BTreeSet;
use std::path::Path;

use super::context::Context;
use super::edit_base::edit_base;
use super::execute::route::EditRoute;
use super::gate_policy::{gate_policy, route_of};
use super::held_out_examples;
use crate::artifact::edit::Edit;
use crate::artifact::gate::numbers::Tally;
use crate::artifact::gate::record::RunCounts;
use crate::artifact::plan::Plan;
use crate::artifact::screening::{self, ScreenedPayload, ScreenedVariants, Screening};
use crate::artifact::task::{Split, Task};
use crate::artifact::{Artifact, counted};
use crate::digest::Digest;
use crate::eval::run::Evaluator;
use crate::gate::trial::{GatePolicy, Trial};
use crate::harness::op::base::EditBase;
use crate::harness::{Harness, op};
use crate::workspace::error::RunError;
use crate::workspace::event::Event;
use crate::workspace::inputs::clean_harness;

/// Chooses the payloads of the plan's edits, and writes the plan if that changes it. An edit that was asked about, judged
/// or applied keeps its payload. A choice is stored before it takes effect, so a killed run resumes to the same plan.
///
/// # Errors
/// The runs were halted, or a file cannot be read or written.
pub(super) fn choose(context: &Context) -> Result<(), RunError> {
    loop {
        let text = context.text("plan.json")?;
        // The phase reports a plan that cannot be read.
        let Ok(mut plan) = Plan::from_text(Path::new("plan.json"), &text) else {
            return Ok(());
        };
        let open = open(context, &plan)?;
        if open.is_empty() || !settle(context, &mut plan, &open)? {
            return Ok(());
        }
        // Screening takes time; a person may have changed the plan meanwhile.
        if context.text("plan.json")? == text {
            return publish(context, &plan);
        }
    }
}

/// Writes the plan. If it was as phase `plan` wrote it, it counts as that phase's own file, not as edited by a person.
fn publish(context: &Context, plan: &Plan) -> Result<(), RunError> {
    let before = context.session.digest("plan.json")?;
    context.session.publish("plan.json", &plan.to_text())?;
    let after = context.session.digest("plan.json")?;
    if let (Some(mut checkpoint), Some(after)) = (context.session.checkpoint("plan"), after)
        && checkpoint.writes.get("plan.json").copied() == before
    {
        checkpoint.writes.insert("plan.json".to_owned(), after);
        context.session.write_checkpoint(&checkpoint)?;
    }
    Ok(())
}

/// The places of the edits whose payload is still to be chosen.
fn open(context: &Context, plan: &Plan) -> Result<Vec<usize>, RunError> {
    if plan.edits.iter().all(|edit| edit.variants.is_empty()) {
        return Ok(Vec::new());
    }
    let (outcomes, pending) = (context.session.outcomes()?, context.session.pending()?);
    let states = context.ledger_states()?;
    let autonomy = context.autonomy_of(context.session.record()?.as_ref());
    let is_open = |edit: &Edit| {
        let digest = edit.digest();
        let begun = outcomes.contains_key(&digest) || pending.contains_key(&digest) || states.contains_key(&digest);
        let route = route_of(edit, &pending, &outcomes, autonomy, context.manifest());
        !edit.variants.is_empty() && !begun && !matches!(route, EditRoute::Skip(_))
    };
    let places = plan.edits.iter().enumerate();
    Ok(places.filter(|(_, edit)| is_open(edit)).map(|(at, _)| at).collect())
}

/// Chooses the payloads of these edits; returns whether that changed the plan.
fn settle(context: &Context, plan: &mut Plan, open: &[usize]) -> Result<bool, RunError> {
    let mut screening: Screening = context.session.read(screening::FILE)?.unwrap_or_default();
    let policy = gate_policy(context.workspace);
    let mut changed = false;
    for at in open {
        let edit = &mut plan.edits[*at];
        if screening.choice(&edit.family()).is_none() {
            match screened(context, edit, &policy)? {
                Ok(found) => {
                    tell(context, told(&found));
                    screening.variants.push(found);
                    context.session.publish(screening::FILE, &screening.to_text())?;
                }
                Err(reason) => tell(context, format!("{}: {reason}, so its first payload stays", edit.id)),
            }
        }
        if let Some(found) = screening.choice(&edit.family()) {
            changed |= edit.choose(&found.chosen);
        }
    }
    Ok(changed)
}

fn tell(context: &Context, text: String) {
    (context.listener)(Event::Note { text });
}

/// Tries each payload of an edit on train tasks; otherwise the reason why that is impossible.
fn screened(context: &Context, edit: &Edit, policy: &GatePolicy) -> Result<Result<ScreenedVariants, String>, RunError> {
    if policy.screen == 0 {
        return Ok(Err("with `[gate] screen = 0`, its variants are not screened".to_owned()));
    }
    let harness = clean_harness(context.workspace, context.inputs)?;
    let alternatives = edit.alternatives();
    let tasks = tasks(context, &alternatives, &harness, policy)?;
    if tasks.is_empty() {
        return Ok(Err("there are no train tasks to screen its variants on".to_owned()));
    }
    let base = edit_base(context.workspace, context.inputs)?;
    let payloads = context.evaluating("variants", |evaluator| {
        let one = |one: &Edit| payload(context, one, &harness, &base, &tasks, policy, &evaluator);
        alternatives.iter().map(one).collect::<Result<Vec<_>, RunError>>()
    })?;
    Ok(match best(&payloads) {
        Some(best) => Ok(ScreenedVariants {
            edit_id: edit.id.clone(),
            family: edit.family(),
            chosen: payloads[best].edit_digest,
            tasks: tasks.len(),
            payloads,
        }),
        None => Err("none of its payloads can be tried on train tasks".to_owned()),
    })
}

/// The train tasks, in the order in which the session uses them: none that a payload has as an example. The built-in
/// student, which costs nothing, tries all of them.
fn tasks(
    context: &Context,
    alternatives: &[Edit],
    harness: &Harness,
    policy: &GatePolicy,
) -> Result<Vec<Task>, RunError> {
    let rules = context.workspace.rules();
    let questions = alternatives
        .iter()
        .flat_map(|one| op::new_questions(one, harness, &rules));
    let asked: BTreeSet<String> = questions.map(|question| question.trim().to_owned()).collect();
    let mut tasks = context.inputs.benchmark()?.split(Split::Train);
    tasks.retain(|task| !asked.contains(task.query.trim()));
    tasks.sort_by_key(|task| Digest::of_value(&("screen", &context.session.id, &task.task_id)));
    if context.workspace.student.is_expensive() {
        tasks.truncate(policy.screen);
    }
    Ok(tasks)
}

/// The largest number of attempts that the choices of a plan still take: one run of each train task without an edit and
/// one with each payload.
pub(super) fn attempts(plan: &Plan, screening: &Screening, tasks: usize) -> usize {
    let open = plan
        .edits
        .iter()
        .filter(|edit| !edit.variants.is_empty() && screening.choice(&edit.family()).is_none());
    let runs = |edit: &Edit| (1 + edit.alternatives().len()) * tasks;
    open.map(runs).sum()
}

/// One run of each train task with and without an edit.
fn payload(
    context: &Context,
    edit: &Edit,
    harness: &Harness,
    base: &EditBase,
    tasks: &[Task],
    policy: &GatePolicy,
    evaluator: &Evaluator,
) -> Result<ScreenedPayload, RunError> {
    let unfit = |problem: String| ScreenedPayload {
        edit_digest: edit.digest(),
        gain: None,
        wins: 0,
        losses: 0,
        ties: 0,
        problem: Some(problem),
    };
    let rules = context.workspace.rules();
    let after = match base.apply(edit, harness, &rules) {
        Ok(after) => after,
        Err(problem) => return Ok(unfit(problem.to_string())),
    };
    if let Some(refusal) = held_out_examples::refusal(context, edit, harness, &rules)? {
        return Ok(unfit(refusal));
    }
    let trial = Trial::new(evaluator, policy.together(harness, &after, tasks, edit.digest()));
    let pairs = trial.round(0, 0, &mut RunCounts::default())?;
    if let Some(words) = trial.refusal() {
        return Ok(unfit(format!("the agent's requests are refused: {words}")));
    }
    if !pairs.is_empty() && pairs.iter().all(|pair| pair.difference().is_none()) {
        return Ok(unfit("no run has a score".to_owned()));
    }
    let differences = trial.differences(&pairs);
    let flips = Tally::of(&differences);
    Ok(ScreenedPayload {
        edit_digest: edit.digest(),
        gain: Some(differences.iter().sum::<f64>() / differences.len() as f64),
        wins: flips.wins,
        losses: flips.losses,
        ties: flips.ties,
        problem: None,
    })
}

/// The place of the payload with the largest gain, of equal ones the first; `None` if none could be tried.
fn best(payloads: &[ScreenedPayload]) -> Option<usize> {
    let tried = payloads
        .iter()
        .enumerate()
        .filter_map(|(at, one)| Some((at, one.gain?)));
    let best = tried.reduce(|best, one| if one.1 > best.1 { one } else { best });
    best.map(|(at, _)| at)
}

/// The choice in words.
fn told(found: &ScreenedVariants) -> String {
    let at = found.payloads.iter().position(|one| one.edit_digest == found.chosen);
    let name = match at.and_then(|at| at.checked_sub(1)) {
        None => "its first payload".to_owned(),
        Some(variant) => format!("variants[{variant}]"),
    };
    let gain = |one: &ScreenedPayload| {
        one.gain
            .map_or("not tried".to_owned(), |gain| format!("{:+.1}", 100.0 * gain))
    };
    let gains: Vec<String> = found.payloads.iter().map(gain).collect();
    format!(
        "{}: of {} payloads, {name} did best on {} (points: {}); this choice costs no error budget",
        found.edit_id,
        found.payloads.len(),
        counted(found.tasks, "train task"),
        gains.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(name: &str, gain: Option<f64>) -> ScreenedPayload {
        ScreenedPayload {
            edit_digest: Digest::of_value(&name),
            gain,
            wins: 0,
            losses: 0,
            ties: 0,
            problem: None,
        }
    }

    #[test]
    fn the_first_of_the_best_payloads_is_chosen() {
        let of = |gains: &[Option<f64>]| {
            let payloads: Vec<_> = gains.iter().map(|gain| payload("p", *gain)).collect();
            best(&payloads)
        };
        for (gains, expected) in [
            (&[Some(0.0), Some(0.0)][..], Some(0)),
            (&[Some(-0.1), Some(0.2), Some(0.2)], Some(1)),
            (&[None, Some(-0.5)], Some(1)),
            (&[None, None], None),
        ] {
            assert_eq!(of(gains), expected, "{gains:?}");
        }
    }

    #[test]
    fn the_choice_is_told_with_its_numbers() {
        let found = ScreenedVariants {
            edit_id: "e".into(),
            family: Digest::of_value(&"f"),
            chosen: Digest::of_value(&"b"),
            tasks: 30,
            payloads: vec![payload("a", Some(0.1)), payload("b", Some(0.25)), payload("c", None)],
        };
        assert_eq!(
            told(&found),
            "e: of 3 payloads, variants[0] did best on 30 train tasks (points: +10.0, +25.0, not tried); this choice costs no error budget"
        );
    }
}
