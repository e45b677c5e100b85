//! Runs a check: pairs of runs in a random order, until there is a verdict or a limit is reached.

use std::collections::BTreeMap;

use super::{ChangeSoFar, Check, CheckMargins, CheckVerdict};
use crate::artifact::gate::record::RunCounts;
use crate::artifact::gate::settings::Mode;
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::eval::run::Evaluator;
use crate::gate::audit::run::{FIRST_RUN, is_noisy};
use crate::gate::order::shuffled;
use crate::gate::trial::{GatePolicy, Trial, TrialSpec};
use crate::harness::Harness;

/// The input of a check.
pub(crate) struct CheckSpec<'a> {
    /// The harness to compare with.
    pub before: &'a Harness,
    /// The harness to judge.
    pub after: &'a Harness,
    /// The tasks.
    pub tasks: &'a [Task],
    /// The settings of the gate.
    pub policy: GatePolicy,
    /// Whether two runs of the same request were seen to differ; `None` if no two runs were compared.
    pub noisy: Option<bool>,
    /// The falls that do not matter.
    pub margins: CheckMargins,
    /// The largest number of new attempts; `None`: no limit.
    pub most_attempts: Option<usize>,
    /// Gets the number of pairs so far, and of all pairs.
    pub progress: &'a dyn Fn(usize, usize),
}

/// The number of looks at the evidence, if the tasks allow as many.
const LOOKS: usize = 50;

/// Why a check ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CheckEnd {
    /// There is a verdict.
    Decided,
    /// The next pair needs more attempts than the limit allows.
    AttemptLimit,
    /// The runs were halted; the reason.
    Halted(String),
    /// More pairs were lost to infrastructure failures than the gate's settings allow.
    Lost(usize),
}

/// The result of a check, with its cost.
#[derive(Debug)]
pub(crate) struct CheckRun {
    /// The verdict; [`CheckVerdict::CannotTell`] if the check ended early.
    pub verdict: CheckVerdict,
    /// Why it ended.
    pub end: CheckEnd,
    /// The change of all tasks.
    pub whole: ChangeSoFar,
    /// The change by category.
    pub categories: BTreeMap<String, ChangeSoFar>,
    /// The number of tasks whose request differs.
    pub reached: usize,
    /// The number of pairs so far.
    pub pairs: usize,
    /// New attempts, which were not cached.
    pub attempts: usize,
    /// New attempts that the tasks without a pair need.
    pub attempts_left: usize,
    /// How many tasks more would show that the harness is no worse; `None` if no number would.
    pub tasks_missing: Option<usize>,
    /// How many attempts the agent itself failed, and why; `None` if it failed none.
    pub failures: Option<String>,
}

/// Compares both harnesses. Completed attempts are cached, so that the same check continues where this one ended.
pub(crate) fn check(evaluator: &Evaluator, spec: &CheckSpec) -> CheckRun {
    let trial = Trial::new(
        evaluator,
        TrialSpec {
            before: spec.before,
            after: spec.after,
            tasks: spec.tasks,
            target: None,
            mode: Mode::Sequential,
            one_pass: true,
            settings: spec.policy.settings,
            sample: spec.policy.sample,
            edit: Digest::of_bytes(b"check"),
        },
    );
    // An edit was kept because of its runs, so those runs are biased in its favour.
    let run = match is_noisy(spec.policy.mode, spec.noisy, &trial) {
        true => FIRST_RUN,
        false => 0,
    };
    Checking::new(evaluator, spec, &trial, run).finished()
}

/// A check under way.
struct Checking<'a> {
    spec: &'a CheckSpec<'a>,
    trial: &'a Trial<'a>,
    /// The number of the runs.
    run: u32,
    categories: Vec<String>,
    /// The reached tasks without a pair, in their random order.
    left: Vec<usize>,
    /// Pairs that run at a time.
    batch: usize,
    check: Check,
    made: RunCounts,
    lost: usize,
}

impl<'a> Checking<'a> {
    fn new(evaluator: &Evaluator, spec: &'a CheckSpec, trial: &'a Trial, run: u32) -> Self {
        let categories: Vec<String> = trial.reached().into_iter().map(|reached| reached.category).collect();
        let names: Vec<&str> = categories.iter().map(String::as_str).collect();
        let tasks: Vec<usize> = (0..categories.len()).collect();
        Self {
            spec,
            trial,
            run,
            check: Check::new(&trial.sizes(), &names, spec.margins),
            left: shuffled(&tasks, trial.comparison().seed(), 0, 0),
            batch: evaluator.concurrency.max(categories.len() / LOOKS).max(1),
            categories,
            made: RunCounts::default(),
            lost: 0,
        }
    }

    fn attempts(&self) -> usize {
        self.made.edited + self.made.baseline
    }

    /// Runs pairs until the check ends.
    fn finished(mut self) -> CheckRun {
        let (verdict, end) = loop {
            if let Some(verdict) = self.check.verdict() {
                break (verdict, CheckEnd::Decided);
            }
            if let Err(end) = self.next_pairs() {
                break (CheckVerdict::CannotTell, end);
            }
        };
        CheckRun {
            verdict,
            end,
            whole: self.check.whole(),
            categories: self.check.categories(),
            reached: self.categories.len(),
            pairs: self.categories.len() - self.left.len() - self.lost,
            attempts: self.attempts(),
            attempts_left: self.trial.missing(&self.left, self.run),
            tasks_missing: self.check.tasks_missing(),
            failures: self.trial.failures(),
        }
    }

    fn next_pairs(&mut self) -> Result<(), CheckEnd> {
        let count = self.affordable();
        if count == 0 {
            return Err(CheckEnd::AttemptLimit);
        }
        let next: Vec<usize> = self.left[..count].to_vec();
        let pairs = self.trial.pairs(&next, self.run, &mut self.made);
        let pairs = pairs.map_err(|halted| CheckEnd::Halted(halted.0))?;
        self.left.drain(..count);
        for (task, pair) in next.into_iter().zip(pairs) {
            let difference = pair.difference();
            self.lost += usize::from(difference.is_none());
            self.check.feed(&self.categories[task], difference);
        }
        let ran = self.categories.len() - self.left.len();
        (self.spec.progress)(ran, self.categories.len());
        match crate::gate::trial::is_too_many(self.lost, ran, self.spec.policy.settings.max_infra_share) {
            true => Err(CheckEnd::Lost(self.lost)),
            false => Ok(()),
        }
    }

    /// The number of next pairs that the limit of attempts allows, at most a batch.
    fn affordable(&self) -> usize {
        let batch = self.batch.min(self.left.len());
        let Some(most) = self.spec.most_attempts else {
            return batch;
        };
        let fits = |count: &usize| self.attempts() + self.trial.missing(&self.left[..*count], self.run) <= most;
        (1..=batch).rev().find(fits).unwrap_or(0)
    }
}
