//! Trial: makes the runs that the gate asks for, feeds it the pairs in the order of its schedule, and keeps the record.
//!
//! Runs are made ahead and in parallel; what they say is heard in scheduled order alone, since fast failures would
//! otherwise stop a trial. Runs behind the decision are no evidence; they are remembered, and serve the next baseline.

mod exact;
mod rounds;
mod sequential;

use std::collections::BTreeMap;

use crate::artifact::cluster::FailureCluster;
use crate::artifact::edit::Edit;
use crate::artifact::gate::numbers::Numbers;
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::record::{GateRecord, Pair, Reached, Runs, Stake};
use crate::artifact::gate::settings::{Mode, Population, Settings};
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::eval::run::{Arm, Evaluator, Halted, Run};
use crate::harness::Harness;

/// Lost pairs that no share of lost pairs is worked out below: one of three is no share.
const FEW: usize = 20;

/// Numbers that edits may have: each has runs of its own where baselines are not shared.
const EDITS: u64 = 4000;

/// What is put to the gate.
pub struct TrialSpec<'a> {
    /// The harness without the edit.
    pub before: &'a Harness,
    /// The harness with it.
    pub after: &'a Harness,
    /// The gate tasks.
    pub tasks: &'a [Task],
    /// The category that has to gain; `None`: all together.
    pub target: Option<&'a str>,
    /// `exact` or `sequential`.
    pub mode: Mode,
    /// Whether each task is run once: the tasks are a sample.
    pub one_pass: bool,
    /// The settings.
    pub settings: Settings,
    /// The edit.
    pub edit: Digest,
}

/// A question with both arms, and the tasks that tell them apart.
pub struct Trial<'a> {
    question: TrialSpec<'a>,
    evaluator: &'a Evaluator<'a>,
    before: Arm<'a>,
    after: Arm<'a>,
    reached: Vec<&'a Task>,
    comparison: Digest,
}

/// The record of a trial, and the attempts that it took: those that were not remembered. They are no part of the record,
/// which is the same whether a crash fell between or not.
pub(crate) type Decided = (GateRecord, Runs);

/// One run of a reached task.
type RunSlot = (usize, u32);

impl<'a> Trial<'a> {
    /// Finds out which tasks the edit reaches: a task whose request is the same in both arms is an exact tie.
    pub fn new(evaluator: &'a Evaluator<'a>, question: TrialSpec<'a>) -> Self {
        let (before, after) = (
            Arm::new(evaluator, question.before),
            Arm::new(evaluator, question.after),
        );
        let mut reached = Vec::new();
        let mut asked = Vec::new();
        for task in question.tasks {
            let requests = (before.footprint(task), after.footprint(task));
            if requests.0 != requests.1 {
                asked.push((&task.task_id, requests));
                reached.push(task);
            }
        }
        let who = (evaluator.student.identity(), evaluator.epoch, evaluator.seed);
        let comparison = Digest::of_value(&(who, question.target, asked));
        Self {
            evaluator,
            before,
            after,
            reached,
            comparison,
            question,
        }
    }

    /// Digest of what both arms of the reached tasks are asked, and of whom: another trial of the same is the same trial.
    pub(crate) fn comparison(&self) -> Digest {
        self.comparison
    }

    /// Whether the edit reaches a task of what has to gain.
    pub(crate) fn reaches_target(&self) -> bool {
        let target = self.question.target;
        self.reached
            .iter()
            .any(|task| target.is_none_or(|target| task.category == target))
    }

    /// Makes the runs and decides. `earlier` is a record of the same trial: its pairs count, and where it ran out of
    /// pairs it is gone on with.
    ///
    /// # Errors
    /// Something halted the runs, such as a budget that is spent; what was attempted is remembered.
    pub fn decide(&self, stake: Option<Stake>, earlier: Option<&GateRecord>) -> Result<Decided, Halted> {
        let same = |earlier: &&GateRecord| earlier.comparison == self.comparison && earlier.mode == Mode::Sequential;
        let earlier = earlier.filter(same);
        let record = self.begun(stake);
        match self.question.mode {
            Mode::Sequential => sequential::decide(self, record, earlier),
            _ => exact::decide(self, record),
        }
    }

    /// The record of a trial that has not begun.
    fn begun(&self, stake: Option<Stake>) -> GateRecord {
        let question = &self.question;
        let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
        let of = |task: &Task| task.category.clone();
        question
            .tasks
            .iter()
            .for_each(|task| *sizes.entry(of(task)).or_default() += 1);
        let reached = |task: &&Task| Reached {
            task: task.task_id.clone(),
            category: of(task),
            baseline: None,
        };
        GateRecord {
            decision: GateReason::Infrastructure.decision(),
            reason: GateReason::Infrastructure,
            why: String::new(),
            mode: question.mode,
            stage: 1,
            target: question.target.map(str::to_owned),
            settings: self.settings(),
            stake,
            gone_on: 0,
            baseline: question.before.digest(),
            candidate: question.after.digest(),
            comparison: self.comparison,
            // The order is drawn by the comparison: who asks the same again walks the same way, on remembered runs.
            seed: self.comparison.seed(),
            edit_number: 1 + (question.edit.seed() % EDITS) as u32,
            sizes,
            reached: self.reached.iter().map(reached).collect(),
            calls: Runs::default(),
            numbers: Numbers::default(),
            pairs: Vec::new(),
        }
    }

    fn settings(&self) -> Settings {
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

    /// The scores of runs of one arm; what the infrastructure spoiled is tried once more. Counts what was not remembered.
    fn scores(&self, arm: &Arm, places: &[RunSlot], made: &mut usize) -> Result<Vec<Option<f64>>, Halted> {
        let run = |(at, number): &RunSlot| Run {
            task: self.reached[*at],
            number: *number,
        };
        let mut scores = vec![None; places.len()];
        for _ in 0..2 {
            let open: Vec<usize> = (0..places.len()).filter(|at| scores[*at].is_none()).collect();
            let runs: Vec<Run> = open.iter().map(|at| run(&places[*at])).collect();
            let ran = arm.runs(&runs);
            if let Some(reason) = (self.evaluator.halted)() {
                return Err(Halted(reason));
            }
            *made += ran.iter().filter(|attempted| attempted.fresh).count();
            for (at, attempted) in open.into_iter().zip(ran) {
                scores[at] = attempted.score.filter(|score| (0.0..=1.0).contains(score));
            }
        }
        Ok(scores)
    }
}

/// Whether so many pairs were lost that the rest would be a choice of its own.
fn too_many_lost(pairs: &[Pair], share: f64) -> bool {
    let lost = pairs.iter().filter(|pair| pair.x.is_none()).count();
    lost as f64 > share * pairs.len().max(FEW) as f64
}

/// The record with its end.
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

/// How edits are judged in modes other than `rule`.
pub(crate) struct GatePolicy {
    /// The mode of the manifest.
    pub mode: Mode,
    /// What the tasks stand for.
    pub population: Population,
    /// Everything else.
    pub settings: Settings,
    /// How far a category may fall in `exact` where none is named that has to gain, 0 to 1.
    pub eps_overall: f64,
}

/// The category that the edit's cluster stands for, when it is one of the benchmark's.
pub(crate) fn target_among(
    edit: &Edit,
    clusters: &[FailureCluster],
    is_category: impl Fn(&str) -> bool,
) -> Option<String> {
    let cluster = clusters.iter().find(|cluster| cluster.id == edit.expected_improvement);
    let named = cluster.and_then(|cluster| cluster.extra.get("category")?.as_str().map(str::to_owned));
    named
        .or_else(|| Some(edit.expected_improvement.clone()))
        .filter(|name| is_category(name))
}

#[cfg(test)]
mod tests;
