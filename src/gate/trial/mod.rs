//! A trial: makes the runs that the gate needs, feeds it the pairs in the order of its schedule, and writes the record.
//!
//! Runs are made ahead and in parallel, but their results are used in scheduled order only; otherwise fast failures
//! could stop a trial early. Runs that were made ahead and come after the decision are not evidence; they are cached
//! and serve the next baseline.

mod exact;
mod look;
mod policy;
mod sample;
mod second_look;
mod sequential;
mod spec;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;

pub(crate) use look::LookListener;
pub use look::TrialLook;
pub(crate) use policy::GatePolicy;
pub use spec::TrialSpec;

use crate::artifact::diagnosis::FailureCluster;
use crate::artifact::edit::Edit;
use crate::artifact::evaluation::{Attempt, ScoredAttempt, failures};
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::record::{
    AlphaGrant, GateEvidence, GateRecord, Pair, ReachedTask, RunCounts, StagedEvidence,
};
use crate::artifact::gate::settings::{GateSettings, Mode};
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::eval::run::{Arm, EvaluationHalted, Evaluator, TaskRun, most_frequent};

/// The smallest denominator of the share of lost pairs, because one lost pair of three proves nothing.
const FEW: usize = 20;

/// The largest number of an edit. With fresh baselines, each number has a separate range of runs.
const EDITS: u64 = 4000;

/// A comparison with both arms prepared, and the tasks whose request differs between them.
pub struct Trial<'a> {
    question: TrialSpec<'a>,
    evaluator: &'a Evaluator<'a>,
    before: Arm<'a>,
    after: Arm<'a>,
    reached: Vec<&'a Task>,
    /// The digests of the requests of both arms, for each reached task.
    requests: Vec<(Digest, Digest)>,
    comparison: Digest,
    /// The words of a server that refuses the candidate's request, but not that of the harness without the edit.
    refusal: OnceCell<String>,
    losses: RefCell<RunLosses>,
    /// The number of second tries that are left.
    retries: Cell<usize>,
    /// Somebody who watches the evidence grow.
    watcher: Option<LookListener<'a>>,
}

/// How the runs so far ended.
#[derive(Default)]
struct RunLosses {
    /// For each run with a score, why the agent itself failed it, if it did.
    scored: Vec<Option<String>>,
    /// Why runs have no score, if the infrastructure failed.
    infra: Vec<String>,
    /// Why runs have no score, if the server refuses them.
    refused: Vec<String>,
}

impl RunLosses {
    /// Why the trial cannot be judged now. If a server refuses only some tasks, the reason is in these tasks.
    fn reason(&self) -> Option<String> {
        let reasons = match (self.infra.is_empty(), self.scored.len()) {
            (false, _) => &self.infra,
            (true, 0) => &self.refused,
            (true, _) => return None,
        };
        let (most, times) = most_frequent(reasons)?;
        Some(format!("{most} ({times} of {} lost attempts)", reasons.len()))
    }
}

/// The record of a trial, and the new attempts that it made. These counts are not part of the record, which does not
/// depend on whether a crash interrupted the trial.
pub(crate) type TrialResult = (GateRecord, RunCounts);

/// One run of a reached task: the index of the task, and the number of the run.
type RunSlot = (usize, u32);

impl<'a> Trial<'a> {
    /// Finds the tasks that the edit reaches. A task whose request is the same in both arms is an exact tie.
    pub fn new(evaluator: &'a Evaluator<'a>, question: TrialSpec<'a>) -> Self {
        let (before, after) = (
            Arm::new(evaluator, question.before),
            Arm::new(evaluator, question.after),
        );
        let (mut reached, mut asked) = (Vec::new(), Vec::new());
        for task in question.tasks {
            let requests = (before.footprint(task), after.footprint(task));
            if requests.0 != requests.1 {
                asked.push(requests);
                reached.push(task);
            }
        }
        let mut trial = Self {
            evaluator,
            before,
            after,
            reached,
            requests: asked,
            comparison: Digest::of_bytes(b""),
            question,
            refusal: OnceCell::new(),
            losses: RefCell::default(),
            retries: Cell::new(usize::MAX),
            watcher: None,
        };
        trial.comparison = trial.comparison_over(|_| true);
        trial
    }

    /// The same trial with somebody who watches the evidence grow; the watcher has no influence on the decision.
    pub(crate) fn watched(self, watcher: LookListener<'a>) -> Self {
        Self {
            watcher: Some(watcher),
            ..self
        }
    }

    /// Offers the present look to the watcher.
    fn show(&self, look: &dyn Fn() -> TrialLook) {
        if let Some(watcher) = self.watcher {
            watcher(look);
        }
    }

    /// Digest of the student, the target and the requests of both arms for some of the reached tasks.
    fn comparison_over(&self, includes: impl Fn(&str) -> bool) -> Digest {
        let evaluator = self.evaluator;
        let who = (evaluator.student.identity(), evaluator.epoch, evaluator.seed);
        let asked = self.reached.iter().zip(&self.requests);
        let asked: Vec<_> = asked
            .filter(|(task, _)| includes(&task.task_id))
            .map(|(task, requests)| (&task.task_id, requests))
            .collect();
        Digest::of_value(&(who, self.question.target, asked))
    }

    /// Why a server refuses what the edit puts into a request: the edit is inapplicable, whatever the record says.
    pub(crate) fn refusal(&self) -> Option<&str> {
        self.refusal.get().map(String::as_str)
    }

    /// From now on, at most this many runs without a score are tried once more.
    pub(crate) fn limit_retries(&self, most: usize) {
        self.retries.set(most);
    }

    /// Digest of the student, the target and the requests of both arms. Two trials with the same digest are the same
    /// trial.
    pub(crate) fn comparison(&self) -> Digest {
        self.comparison
    }

    /// The number of new attempts in one pass over the reached tasks, in both arms. A trial makes fewer if it stops early,
    /// and more in mode `sequential`.
    pub(crate) fn attempts(&self) -> usize {
        let runs = match self.question.mode {
            Mode::Sample => self.question.sample.runs.max(1),
            _ => 1,
        };
        let missing = |arm: &Arm| (0..runs).map(|run| arm.missing(&self.reached, run)).sum::<usize>();
        missing(&self.before) + missing(&self.after)
    }

    /// Whether the edit reaches a task that has to gain.
    pub(crate) fn reaches_target(&self) -> bool {
        let target = self.question.target;
        self.reached
            .iter()
            .any(|task| target.is_none_or(|target| task.category == target))
    }

    /// Makes the runs and decides. `earlier` is a record of the same trial: its pairs count. In mode `sequential`, a trial
    /// that ran out of pairs continues with more; in mode `sample`, the tasks that are new since then run.
    ///
    /// # Errors
    /// The runs were halted, for example by a spent budget, or too many were lost to the infrastructure, which says
    /// nothing about the edit; completed attempts are cached.
    pub fn decide(
        &self,
        stake: Option<AlphaGrant>,
        earlier: Option<&GateRecord>,
    ) -> Result<TrialResult, EvaluationHalted> {
        let same = |earlier: &&GateRecord| match self.question.mode {
            Mode::Sample => self.repeats(earlier),
            _ => earlier.comparison == self.comparison && earlier.mode == Mode::Sequential,
        };
        let earlier = earlier.filter(same);
        let record = self.begun(stake);
        let result = match self.question.mode {
            Mode::Sequential => sequential::decide(self, record, earlier),
            Mode::Sample => sample::decide(self, record, earlier),
            _ => exact::decide(self, record),
        }?;
        if result.0.reason == GateReason::Infrastructure
            && self.refusal().is_none()
            && let Some(reason) = self.losses.borrow().reason()
        {
            return Err(EvaluationHalted(reason));
        }
        Ok(result)
    }

    /// How many attempts the agent itself failed, and why; `None` if it failed none.
    pub(crate) fn failures(&self) -> Option<String> {
        failures(self.losses.borrow().scored.iter().map(Option::as_deref))
    }

    /// The tasks whose request differs.
    pub(crate) fn reached(&self) -> Vec<ReachedTask> {
        let reached = |task: &&Task| ReachedTask {
            task: task.task_id.clone(),
            category: task.category.clone(),
            baseline: None,
        };
        self.reached.iter().map(reached).collect()
    }

    /// The number of tasks per category.
    pub(crate) fn sizes(&self) -> BTreeMap<String, usize> {
        sizes(self.question.tasks)
    }

    /// The record of a trial before its first pair.
    fn begun(&self, stake: Option<AlphaGrant>) -> GateRecord {
        let question = &self.question;
        GateRecord {
            decision: GateReason::Infrastructure.decision(),
            reason: GateReason::Infrastructure,
            why: String::new(),
            mode: question.mode,
            target: question.target.map(str::to_owned),
            stake,
            evidence: GateEvidence::Staged(Box::new(StagedEvidence::unfed(self.settings()))),
            baseline: question.before.digest(),
            candidate: question.after.digest(),
            comparison: self.comparison,
            // The comparison determines the order, so repeating it uses the same cached runs.
            seed: self.comparison.seed(),
            edit_number: 1 + (question.edit.seed() % EDITS) as u32,
            sizes: self.sizes(),
            reached: self.reached(),
            calls: RunCounts::default(),
            pairs: Vec::new(),
            completed: None,
            remembered: None,
            kept_by: None,
        }
    }

    fn settings(&self) -> GateSettings {
        let target = self.question.target;
        let aimed_at = |task: &&&Task| target.is_none_or(|target| task.category == target);
        match self.question.one_pass {
            true => self
                .question
                .settings
                .one_pass(self.reached.iter().filter(aimed_at).count()),
            false => self.question.settings,
        }
    }

    /// The scores of runs of one arm; runs without a score are tried once more. Adds the new attempts to `made`, also if
    /// the runs are halted.
    fn scores(&self, arm: &Arm, places: &[RunSlot], made: &mut usize) -> Result<Vec<Option<f64>>, EvaluationHalted> {
        let run = |(at, number): &RunSlot| TaskRun {
            task: self.reached[*at],
            number: *number,
        };
        let mut scores = vec![None; places.len()];
        for round in 0..2 {
            let most = if round == 0 { usize::MAX } else { self.retries.get() };
            let without_score = (0..places.len()).filter(|at| scores[*at].is_none());
            let open: Vec<usize> = without_score.take(most).collect();
            let runs: Vec<TaskRun> = open.iter().map(|at| run(&places[*at])).collect();
            let ran = arm.runs(&runs);
            let halted = (self.evaluator.halted)();
            // Attempts without a result may be those that were halted before a request was sent.
            let is_made = |attempted: &&ScoredAttempt| {
                attempted.fresh && (halted.is_none() || attempted.attempt.unscored().is_none())
            };
            let fresh = ran.iter().filter(is_made).count();
            *made += fresh;
            if let Some(reason) = halted {
                return Err(EvaluationHalted(reason));
            }
            if round > 0 {
                self.retries.set(most.saturating_sub(fresh));
            }
            for (run, attempted) in runs.iter().zip(&ran) {
                self.note_refusal(arm, run, &attempted.attempt)?;
                if round > 0 || attempted.score.is_some() {
                    self.note_result(attempted);
                }
            }
            for (at, attempted) in open.into_iter().zip(ran) {
                scores[at] = attempted.score.filter(|score| (0.0..=1.0).contains(score));
            }
        }
        Ok(scores)
    }
}

impl Trial<'_> {
    /// Notes that a server refuses a run of the candidate for what the edit put into it.
    fn note_refusal(&self, arm: &Arm, run: &TaskRun, attempt: &Attempt) -> Result<(), EvaluationHalted> {
        let is_refused = matches!(attempt, Attempt::Refused { .. });
        if is_refused
            && std::ptr::eq(arm, &self.after)
            && self.refusal.get().is_none()
            && let Some(words) = self.after.refusal_beside(&self.before, run)?
        {
            self.refusal.get_or_init(|| words);
        }
        Ok(())
    }

    /// Notes how the last attempt of a run ended.
    fn note_result(&self, attempt: &ScoredAttempt) {
        let mut losses = self.losses.borrow_mut();
        match &attempt.attempt {
            Attempt::Infra { reason } => losses.infra.push(reason.clone()),
            Attempt::Refused { reason } => losses.refused.push(reason.clone()),
            scored => losses.scored.push(scored.own_failure().map(str::to_owned)),
        }
    }
}

/// The number of tasks per category.
pub(crate) fn sizes(tasks: &[Task]) -> BTreeMap<String, usize> {
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    for task in tasks {
        *sizes.entry(task.category.clone()).or_default() += 1;
    }
    sizes
}

/// Whether too many pairs were lost: the remaining pairs would be a biased selection.
fn too_many_lost(pairs: &[Pair], share: f64) -> bool {
    let lost = pairs.iter().filter(|pair| pair.x.is_none()).count();
    is_too_many(lost, pairs.len(), share)
}

/// Whether a share of the pairs was lost that biases the rest.
pub(crate) fn is_too_many(lost: usize, count: usize, share: f64) -> bool {
    lost as f64 > share * count.max(FEW) as f64
}

/// The record with its decision and the sentence that explains it.
fn decided(record: GateRecord, reason: GateReason) -> GateRecord {
    let record = GateRecord {
        decision: reason.decision(),
        reason,
        ..record
    };
    GateRecord {
        why: record.line(),
        ..record
    }
}

/// The category of the edit's cluster, if the benchmark has it.
pub(crate) fn target_among(
    edit: &Edit,
    clusters: &[FailureCluster],
    is_category: impl Fn(&str) -> bool,
) -> Option<String> {
    let cluster = clusters.iter().find(|cluster| cluster.id == edit.expected_improvement);
    let named = cluster.and_then(|cluster| cluster.category.clone());
    named
        .or_else(|| Some(edit.expected_improvement.clone()))
        .filter(|name| is_category(name))
}

#[cfg(test)]
mod tests;
