//! Holds back edits whose worth depends on an edit that waits for a person: what a parameter is worth depends on the
//! prompt, so it is tried after the answer.

use std::collections::BTreeSet;

use super::consent::consent;
use super::head::SessionHead;
use super::reconcile::EditStep;
use super::{ExecuteContext, ExecuteInput, candidate};
use crate::artifact::edit::Edit;
use crate::artifact::gate::settings::Mode;
use crate::artifact::outcome::OutcomeStatus;
use crate::artifact::record::Autonomy;
use crate::artifact::task::Task;
use crate::eval::run::affected;
use crate::workspace::error::RunError;
use crate::workspace::event::Event;

/// What an edit touches: its agent, and the gate tasks whose request it changes.
struct EditReach {
    agent: Option<String>,
    tasks: BTreeSet<usize>,
}

impl EditReach {
    fn meets(&self, other: &Self) -> bool {
        let same_agent = self.agent.is_some() && self.agent == other.agent;
        same_agent || !self.tasks.is_disjoint(&other.tasks)
    }
}

/// Removes the edits from the steps that depend on one that waits for a person, and says so. They get neither an outcome
/// nor a question; the run after the answer tries them. Only mode `sample` under `tiered` holds edits back.
///
/// # Errors
/// A file cannot be read.
pub(super) fn without_held(
    steps: Vec<(usize, EditStep)>,
    mode: Mode,
    input: &ExecuteInput,
    execution: &ExecuteContext,
    head: &SessionHead,
) -> Result<Vec<(usize, EditStep)>, RunError> {
    let autonomy = execution
        .context
        .autonomy_of(execution.context.session.record()?.as_ref());
    if mode != Mode::Sample || autonomy != Autonomy::Tiered {
        return Ok(steps);
    }
    let edits = &input.reconcile.plan.edits;
    let mut waiting = Vec::new();
    for (at, step) in &steps {
        if waits(&edits[*at], step, input) {
            waiting.push((&edits[*at].id, reach(&edits[*at], input, execution, head)?));
        }
    }
    let (mut kept, mut held, mut causes) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (at, step) in steps {
        let met = match step {
            EditStep::Try if !waiting.is_empty() && consent(&edits[at], input).is_none() => {
                let own = reach(&edits[at], input, execution, head)?;
                waiting.iter().find(|(_, reach)| reach.meets(&own))
            }
            _ => None,
        };
        match met {
            Some((cause, _)) => {
                held.push(edits[at].id.as_str());
                causes.insert(cause.as_str());
            }
            None => kept.push((at, step)),
        }
    }
    if !held.is_empty() {
        let verb = if held.len() == 1 { "comes" } else { "come" };
        let text = format!(
            "{} {verb} after {}, which waits for you: answer first (kaizen review), and the next run tries the rest",
            held.join(", "),
            causes.into_iter().collect::<Vec<_>>().join(", ")
        );
        (execution.context.listener)(Event::Note { text });
    }
    Ok(kept)
}

/// Whether an edit waits for a person, or is about to.
fn waits(edit: &Edit, step: &EditStep, input: &ExecuteInput) -> bool {
    let outcome = input.reconcile.outcomes.get(&edit.digest());
    let asked = outcome.is_some_and(|outcome| outcome.status == OutcomeStatus::PendingReview);
    *step == EditStep::Ask || (asked && *step == EditStep::Keep)
}

fn reach(
    edit: &Edit,
    input: &ExecuteInput,
    execution: &ExecuteContext,
    head: &SessionHead,
) -> Result<EditReach, RunError> {
    let tasks: Vec<&Task> = input.gate.tasks.iter().collect();
    let reached = match candidate(edit, &head.harness, input, execution)? {
        Ok(after) => affected(&execution.evaluator, &head.harness, &after, &tasks),
        Err(_) => Vec::new(),
    };
    Ok(EditReach {
        agent: agent(edit),
        tasks: (0..reached.len()).filter(|at| reached[*at]).collect(),
    })
}

/// The agent that an edit names, in its target (`agents.NAME.…`) or its payload.
fn agent(edit: &Edit) -> Option<String> {
    let named = edit
        .target
        .strip_prefix("agents.")
        .and_then(|rest| rest.split('.').next());
    let given = || edit.payload.get("agent").and_then(serde_json::Value::as_str);
    named.or_else(given).map(str::to_owned)
}
