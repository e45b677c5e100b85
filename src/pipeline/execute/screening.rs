//! Screens the edits that are about to go to the gate on train tasks, before the first gate call, and orders them.

use std::collections::{BTreeMap, BTreeSet};

use super::candidate::candidate;
use super::consent::consent;
use super::head::SessionHead;
use super::reconcile::EditStep;
use super::{ExecuteContext, ExecuteInput, outcome};
use crate::artifact::counted;
use crate::artifact::edit::{Edit, Op};
use crate::artifact::gate::numbers::Tally;
use crate::artifact::gate::record::RunCounts;
use crate::artifact::gate::settings::Mode;
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::artifact::screening::{ScreenedEdit, Screening};
use crate::artifact::task::{Split, Task};
use crate::digest::Digest;
use crate::eval::run::Evaluator;
use crate::gate::sample::screen::{FEWEST_GATE_TASKS, lead, passes};
use crate::gate::trial::Trial;
use crate::harness::{Harness, op};
use crate::workspace::error::RunError;
use crate::workspace::event::Event;
use crate::workspace::progress::AttemptCount;

/// Steps of a plan, each with the index of its edit.
type PlanSteps = Vec<(usize, EditStep)>;

/// The edits as they go to the gate in mode `sample`: screened, and in the order of their trials. `dropped` holds those
/// that screening dropped.
pub(super) struct ScreenedSteps {
    pub steps: PlanSteps,
    pub dropped: BTreeMap<Digest, ScreenedEdit>,
}

/// Screens and orders the steps of a session in mode `sample`; in other modes, they stay as they are.
///
/// # Errors
/// The runs were halted, or a file cannot be read or written.
pub(super) fn screened(
    steps: PlanSteps,
    mode: Mode,
    input: &ExecuteInput,
    execution: &ExecuteContext,
    head: &mut SessionHead,
) -> Result<ScreenedSteps, RunError> {
    let mut found = ScreenedSteps {
        steps,
        dropped: BTreeMap::new(),
    };
    if mode != Mode::Sample {
        return Ok(found);
    }
    let mut results = BTreeMap::new();
    let mut fits_alone = BTreeSet::new();
    let tasks = train(input, execution)?;
    let mut screening = execution.screening()?;
    for (at, _) in found.steps.iter().filter(|step| is_trial(step, input)) {
        let edit = &input.reconcile.plan.edits[*at];
        // Before any call is paid for, and without the edits before it.
        let Ok(after) = candidate(edit, &head.harness.clone(), input, execution)? else {
            continue;
        };
        fits_alone.insert(*at);
        let chosen = chosen(edit, &tasks, input, head);
        if chosen.is_empty() || chosen.len() < input.gate.policy.screen {
            continue;
        }
        if let Some(result) = tried(edit, &after, &chosen, &screening, input, execution, head)? {
            screening.note(result.clone());
            execution.publish_screening(&screening)?;
            results.insert(*at, result);
        }
    }
    tell(&results, fits_alone.len(), execution);
    let key = |at: usize| {
        let lead = results.get(&at).map_or(0, |one| lead(&flips(one)));
        let edit = &input.reconcile.plan.edits[at];
        (
            !fits_alone.contains(&at),
            edit.parts().iter().all(|part| is_parameter(part.op)),
            -lead,
            at,
        )
    };
    order(&mut found.steps, |step| is_trial(step, input), key);
    let lost = results.into_values().filter(|one| !one.goes_on);
    found.dropped = lost.map(|one| (one.edit_digest, one)).collect();
    head.dropped.extend(found.dropped.keys());
    Ok(found)
}

/// The outcome of an edit that screening dropped.
pub(super) fn screened_out(edit: &Edit, result: &ScreenedEdit) -> Outcome {
    let tasks = result.wins + result.losses + result.ties;
    let found = match result.wins + result.losses {
        0 => "no score changed".to_owned(),
        _ => format!("{} and {}", counted(result.wins, "win"), counted(result.losses, "loss")),
    };
    Outcome {
        error: Some(format!(
            "screened out: {found} in {}; `[gate] screen = 0` sends every edit to the gate",
            counted(tasks, "train task")
        )),
        screened: Some(result.clone()),
        ..outcome(edit, OutcomeStatus::RejectedByGate)
    }
}

/// The train tasks in the order in which they are used, which differs between sessions; none if there are too few gate
/// tasks for screening to pay.
fn train(input: &ExecuteInput, execution: &ExecuteContext) -> Result<Vec<Task>, RunError> {
    if input.gate.policy.screen == 0 || input.gate.tasks.len() < FEWEST_GATE_TASKS {
        return Ok(Vec::new());
    }
    let mut tasks = execution.context.inputs.benchmark()?.split(Split::Train);
    tasks.sort_by_key(|task| Digest::of_value(&("screen", input.session, &task.task_id)));
    Ok(tasks)
}

/// The train tasks on which an edit is screened: none of its own examples.
fn chosen(edit: &Edit, tasks: &[Task], input: &ExecuteInput, head: &SessionHead) -> Vec<Task> {
    let examples = op::new_questions(edit, &head.harness, &input.rules);
    let asked: BTreeSet<&str> = examples.iter().map(|example| example.trim()).collect();
    let fit = tasks.iter().filter(|task| !asked.contains(task.query.trim()));
    fit.take(input.gate.policy.screen).cloned().collect()
}

/// One run of each train task with and without an edit; `None` if a server refuses the edit's requests, which its trial
/// will report.
fn tried(
    edit: &Edit,
    after: &Harness,
    tasks: &[Task],
    known: &Screening,
    input: &ExecuteInput,
    execution: &ExecuteContext,
    head: &mut SessionHead,
) -> Result<Option<ScreenedEdit>, RunError> {
    let before = head.harness.clone();
    let policy = &input.gate.policy;
    let count = AttemptCount::new(&format!("screening of {}", edit.id), execution.context.listener);
    let evaluator = Evaluator {
        progress: &|_, _| count.add(),
        ..execution.evaluator
    };
    let trial = Trial::new(&evaluator, policy.together(&before, after, tasks, edit.digest()));
    if let Some(result) = known.of(&edit.digest(), &trial.comparison()) {
        return Ok(Some(result.clone()));
    }
    count.expect(trial.attempts());
    let mut made = RunCounts::default();
    let pairs = trial.round(0, 0, &mut made)?;
    head.made += made.edited + made.baseline;
    if trial.refusal().is_some() {
        return Ok(None);
    }
    let flips = Tally::of(&trial.differences(&pairs));
    Ok(Some(ScreenedEdit {
        edit_id: edit.id.clone(),
        edit_digest: edit.digest(),
        comparison: trial.comparison(),
        wins: flips.wins,
        losses: flips.losses,
        ties: flips.ties,
        goes_on: passes(&flips),
    }))
}

fn flips(result: &ScreenedEdit) -> Tally {
    Tally {
        wins: result.wins,
        losses: result.losses,
        ties: result.ties,
    }
}

/// Says how many edits go to the gate, where they share the error budget. `tried` is their number without screening.
fn tell(results: &BTreeMap<usize, ScreenedEdit>, tried: usize, execution: &ExecuteContext) {
    let go_on = results.values().filter(|one| one.goes_on).count();
    let text = match (results.len(), tried) {
        (0, 0 | 1) => return,
        (0, _) => format!("{tried} edits go to the gate and share the error budget"),
        (screened, _) => format!(
            "screening on train tasks: {go_on} of {} go on to the gate and share the error budget",
            counted(screened, "edit")
        ),
    };
    (execution.context.listener)(Event::Note { text });
}

/// Whether an op changes something else than examples and texts. Such parameters are judged later: on an agent that
/// answers nothing right they change nothing, and what they are worth depends on the prompt.
fn is_parameter(op: Op) -> bool {
    !(op.writes_text() || op.writes_examples() || op == Op::EditToolDescription)
}

/// Whether a step is a trial at the gate; an edit that a person keeps has had its trial.
fn is_trial(step: &(usize, EditStep), input: &ExecuteInput) -> bool {
    let edit = &input.reconcile.plan.edits[step.0];
    step.1 == EditStep::Try && consent(edit, input).is_none()
}

/// Sorts the edits that go to the gate; all other steps keep their places.
fn order<K: Ord>(steps: &mut PlanSteps, is_trial: impl Fn(&(usize, EditStep)) -> bool, key: impl Fn(usize) -> K) {
    let places: Vec<usize> = (0..steps.len()).filter(|place| is_trial(&steps[*place])).collect();
    let mut tried: Vec<usize> = places.iter().map(|place| steps[*place].0).collect();
    tried.sort_by_key(|at| key(*at));
    for (place, at) in places.into_iter().zip(tried) {
        steps[place].0 = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_steps_that_go_to_the_gate_change_places() {
        let steps = [
            EditStep::Try,
            EditStep::Keep,
            EditStep::Try,
            EditStep::Ask,
            EditStep::Try,
        ];
        let mut steps: PlanSteps = steps.into_iter().enumerate().collect();
        order(&mut steps, |step| step.1 == EditStep::Try, std::cmp::Reverse);
        let edits: Vec<usize> = steps.iter().map(|(at, _)| *at).collect();
        assert_eq!(edits, [4, 1, 2, 3, 0]);
        assert_eq!(steps[1].1, EditStep::Keep);
    }
}
