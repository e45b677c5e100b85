//! Reconciles the harness and the ledger with the plan, one edit after another, each compared with the present head.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifact::decision::ReviewDecision;
use crate::artifact::edit::Edit;
use crate::artifact::outcome::{Footing, LateAnswer, Outcome, OutcomeStatus, RolledBackBy};
use crate::artifact::pending_review::PendingReview;
use crate::digest::Digest;
use crate::harness::op;
use crate::pipeline::execute::reconcile::EditStep;

mod adoption;
mod bundle;
mod candidate;
mod consent;
mod edit_diff;
pub(crate) mod effects;
mod elsewhere;
mod head;
mod held;
mod hooks;
mod input;
mod label;
mod message;
mod past;
mod question;
pub(crate) mod reconcile;
mod revert;
pub(crate) mod route;
mod screening;
mod verdict;

use adoption::adopt;
use candidate::{asked_again, candidate, overwritten, propose};
use consent::{consent, kept_first};
pub(crate) use edit_diff::{diff, diff_without_keys};
use head::SessionHead;
use held::without_held;
pub(crate) use input::{ExecuteContext, ExecuteInput, GateInput, ReconcileInput};
use label::follow_label;
pub(crate) use message::evidence;
use message::message;
pub(crate) use past::{PastEdits, applied_in};
use question::{Question, remarks};
pub(crate) use revert::{others, without};
use revert::{revert_dropped, roll_back};
use screening::{screened, screened_out};
use verdict::decide;

use crate::workspace::error::RunError;
use crate::workspace::event::Event;

/// Counts of the gate's work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ExecuteStats {
    /// Number of attempts that did not come from the cache.
    pub attempts: usize,
    /// Number of gate tasks that an edit did not reach, summed over all trials. They are ties and were not run.
    pub unreached: usize,
}

/// Makes the harness and the ledger match the plan; returns counts of the gate's work.
///
/// # Errors
/// See [`RunError`].
pub(crate) fn execute(input: ExecuteInput, execution: &ExecuteContext) -> Result<ExecuteStats, RunError> {
    let todo = reconcile::reconcile(
        &input.reconcile.plan.edits,
        &input.reconcile.outcomes,
        &input.reconcile.states,
        input.reconcile.route,
    );
    if let Some(digest) = todo.unknown.first() {
        return Err(RunError::UnknownState {
            edit: input.name_of(digest),
            extent: execution.ledger().extent()?,
        });
    }
    let mut head = SessionHead::new(&input);
    for digest in &todo.withdrawn {
        execution.withdraw(digest)?;
    }
    for digest in &todo.rolled_back {
        let commit = input.reconcile.undone_by(digest);
        roll_back(&input, execution, digest, commit.map(String::as_str))?;
    }
    let dropped: BTreeSet<Digest> = todo.reverts.iter().copied().collect();
    revert_dropped(&input, execution, &dropped, &mut head)?;
    let mode = head.mode(None, &input, execution);
    let steps = kept_first(todo.steps, &input);
    let steps = without_held(steps, mode, &input, execution, &head)?;
    let screened = screened(steps, mode, &input, execution, &mut head)?;
    let count = screened.steps.len();
    for (number, (at, step)) in screened.steps.into_iter().enumerate() {
        let edit = &input.reconcile.plan.edits[at];
        execution.pause()?;
        if let Some(result) = screened.dropped.get(&edit.digest()) {
            let outcome = screened_out(edit, result);
            execution.outcome(&outcome)?;
            execution.report(number + 1, count, edit, &outcome);
            continue;
        }
        let is_judged = input.judges(&step, edit);
        let late = input.late_for(&head).filter(|_| is_judged);
        if step == EditStep::Keep {
            follow_label(edit, &input, execution)?;
        }
        if let Some(outcome) = take(step, edit, &input, execution, &mut head)? {
            let outcome = Outcome {
                edit_id: edit.id.clone(),
                late: late.or(outcome.late),
                ..outcome
            };
            if is_judged && outcome.decision().is_some() && !input.knows_pairs_of(edit, &outcome) {
                execution.consulted(input.gate.tasks, edit, &outcome)?;
            }
            execution.outcome(&outcome)?;
            execution.report(number + 1, count, edit, &outcome);
        }
    }
    Ok(ExecuteStats {
        attempts: head.made,
        unreached: head.unreached,
    })
}

fn take(
    step: EditStep,
    edit: &Edit,
    input: &ExecuteInput,
    execution: &ExecuteContext,
    head: &mut SessionHead,
) -> Result<Option<Outcome>, RunError> {
    let plain = |status| Outcome {
        against: None,
        ..outcome(edit, status)
    };
    Ok(Some(match step {
        EditStep::Keep => return Ok(None),
        EditStep::Skip(reason) => Outcome {
            error: Some(reason),
            ..plain(OutcomeStatus::Skipped)
        },
        EditStep::Refuse => Outcome {
            error: input.reason_of(edit),
            ..plain(OutcomeStatus::RejectedByUser)
        },
        EditStep::Ask => propose(edit, input, execution, head)?,
        EditStep::Adopt(commit) => adopt(edit, &commit, input, execution, head)?,
        EditStep::Undone(commit) => Outcome {
            error: Some(undone(commit.as_deref())),
            rolled_back_by: Some(RolledBackBy::Git),
            rolled_back: Some(execution.rollback(commit.as_deref())?),
            ..input
                .reconcile
                .outcomes
                .get(&edit.digest())
                .cloned()
                .unwrap_or_else(|| plain(OutcomeStatus::RolledBack))
        }
        .with_status(OutcomeStatus::RolledBack),
        EditStep::Stranded => Outcome {
            error: Some("it no longer applies, because an edit that it builds on was reverted".to_owned()),
            ..input.known(edit).unwrap_or_else(|| plain(OutcomeStatus::Stranded))
        }
        .with_status(OutcomeStatus::Stranded),
        EditStep::Try if consent(edit, input).is_some() => try_edit(edit, input, execution, head)?,
        EditStep::Try => match elsewhere::settled(edit, input, execution)? {
            Some(settled) => settled,
            None => try_edit(edit, input, execution, head)?,
        },
    }))
}

impl ExecuteInput<'_> {
    /// The outcome of an edit so far.
    fn known(&self, edit: &Edit) -> Option<Outcome> {
        self.reconcile.outcomes.get(&edit.digest()).cloned()
    }

    /// Whether a step judges an edit. An edit that comes back keeps the evidence of its outcome.
    fn judges(&self, step: &EditStep, edit: &Edit) -> bool {
        match step {
            EditStep::Adopt(_) => !self.known(edit).is_some_and(|known| adoption::has_evidence(&known)),
            step => matches!(step, EditStep::Try | EditStep::Refuse),
        }
    }

    /// Whether the gate's pairs were known before this run, so that it has not consulted the gate tasks.
    fn knows_pairs_of(&self, edit: &Edit, outcome: &Outcome) -> bool {
        let Some(record) = &outcome.gate else { return false };
        let known = self.known(edit).and_then(|known| known.gate);
        record.remembered.is_some() || known.is_some_and(|known| known.pairs == record.pairs)
    }

    /// What an outcome says about a late answer.
    fn late_for(&self, head: &SessionHead) -> Option<LateAnswer> {
        let late = self.late?;
        let harness = head.harness.digest();
        Some(LateAnswer {
            judged_on: Footing {
                harness,
                ..late.judged_on
            },
            ..late
        })
    }

    fn decision_of(&self, edit: &Edit) -> Option<&ReviewDecision> {
        self.reconcile.pending.get(&edit.digest())?.decision.as_ref()
    }

    /// The name of an edit for people.
    fn name_of(&self, digest: &Digest) -> String {
        let outcome = self.reconcile.outcomes.get(digest);
        outcome.map_or_else(|| digest.short(), |outcome| outcome.edit_id.clone())
    }

    fn reason_of(&self, edit: &Edit) -> Option<String> {
        let decision = self.decision_of(edit)?;
        (!decision.why.is_empty()).then(|| decision.why.clone())
    }
}

impl Outcome {
    fn with_status(self, status: OutcomeStatus) -> Self {
        Self { status, ..self }
    }
}

/// Why an applied edit is no longer in the harness.
fn undone(by: Option<&str>) -> String {
    match by {
        Some(commit) => format!("commit {} undid it", crate::artifact::short_id(commit)),
        None => "its commit is no longer in the history, and the files do not contain it".to_owned(),
    }
}

fn outcome(edit: &Edit, status: OutcomeStatus) -> Outcome {
    Outcome {
        version: 1,
        edit_id: edit.id.clone(),
        edit_digest: edit.digest(),
        op: edit.op,
        target: edit.place(),
        status,
        benchmark_delta: None,
        cluster_deltas: BTreeMap::new(),
        error: None,
        applied_at: None,
        commit: None,
        against: None,
        late: None,
        gate_skipped: false,
        rolled_back_by: None,
        rolled_back: None,
        verdict: None,
        screened: None,
        gate: None,
        extra: Default::default(),
    }
}

/// Asks a person about an edit.
fn ask(
    edit: &Edit,
    question: &Question,
    input: &ExecuteInput,
    execution: &ExecuteContext,
    head: &SessionHead,
) -> Result<Outcome, RunError> {
    let digest = edit.digest();
    let applied = op::apply(edit, &head.harness, &input.rules);
    let cluster = input
        .reconcile
        .plan
        .failure_clusters
        .iter()
        .find(|cluster| cluster.id == edit.expected_improvement);
    execution.ask(&PendingReview {
        version: 1,
        session_id: input.session.to_owned(),
        edit_digest: digest,
        decision: match question {
            Question::Answered(answer) => Some(answer.clone()),
            Question::Proposed | Question::NearMiss(None) => input.decision_of(edit).cloned(),
            // It is a new question; an earlier answer does not count for it.
            Question::NearMiss(Some(_)) | Question::Stale(_) => None,
        },
        edit: Edit {
            risk_tier: (input.reconcile.tier)(edit),
            variants: Vec::new(),
            ..edit.clone()
        },
        diff: applied
            .as_ref()
            .map(|after| diff_without_keys(&head.harness, after))
            .unwrap_or_default(),
        remarks: remarks(edit, question, applied.as_ref().ok(), input, head),
        inapplicable: applied.err().map(|reason| reason.to_string()),
        cluster: cluster.cloned(),
        near_miss: match question {
            Question::NearMiss(found) => found.clone(),
            Question::Proposed | Question::Answered(_) | Question::Stale(_) => None,
        },
        extra: Default::default(),
    })?;
    Ok(outcome(edit, OutcomeStatus::PendingReview))
}

fn try_edit(
    edit: &Edit,
    input: &ExecuteInput,
    execution: &ExecuteContext,
    head: &mut SessionHead,
) -> Result<Outcome, RunError> {
    let candidate = match candidate(edit, &head.harness, input, execution)? {
        Ok(candidate) => head.checked_out(candidate, execution)?,
        Err(reason) => {
            return Ok(Outcome {
                error: Some(reason),
                ..outcome(edit, OutcomeStatus::Inapplicable)
            });
        }
    };
    if head.harness == candidate {
        let why = op::why_unchanged(edit, &head.harness, &input.rules);
        return Ok(Outcome {
            error: Some(why),
            ..outcome(edit, OutcomeStatus::Inapplicable)
        });
    }
    // Before any call is paid for.
    execution.may_write(&head.harness.changes(&candidate))?;
    let lines = overwritten(edit, &head.harness, &candidate, input, execution)?;
    if !lines.is_empty() {
        let why = asked_again(&lines);
        let asked = ask(edit, &Question::Stale(why.clone()), input, execution, head)?;
        return Ok(Outcome {
            error: Some(why),
            ..asked
        });
    }
    for text in op::losses(edit, &head.harness, &candidate, &input.rules) {
        let text = format!("{}: {text}", edit.id);
        (execution.context.listener)(Event::Note { text });
    }
    let (decided, after) = decide(edit, &candidate, input, execution, head)?;
    if decided.status == OutcomeStatus::PendingReview {
        ask(edit, &Question::NearMiss(decided.error.clone()), input, execution, head)?;
    }
    if decided.status != OutcomeStatus::Applied {
        return Ok(decided);
    }
    let text = message(execution.ledger().subject(), edit, input, &decided);
    let (commit, committed) = head.commit(&candidate, &text, input, execution)?;
    let (decided, after) = match committed == candidate {
        true => (decided, after),
        false => hooks::judge_again(edit, &committed, input, execution, head)?,
    };
    if decided.status != OutcomeStatus::Applied {
        return Ok(decided);
    }
    head.harness = committed;
    head.evaluation = after;
    if decided.is_won_bet() {
        head.accepted += 1;
        head.won.insert(edit.digest());
    }
    Ok(Outcome {
        commit: Some(commit),
        applied_at: Some(execution.now()),
        ..decided
    })
}

/// The edits of a plan without repetitions.
fn unique(edits: &[Edit]) -> impl Iterator<Item = &Edit> {
    let mut seen = BTreeSet::new();
    edits.iter().filter(move |edit| seen.insert(edit.digest()))
}
