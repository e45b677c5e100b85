//! Runs a check: pairs of runs in a random order, until there is a verdict or a limit is reached.

use std::collections::BTreeMap;

use super::{ChangeSoFar, Check, CheckMargins, CheckVerdict};
use crate::artifact::gate::record::RunCounts;
use crate::artifact::gate::settings::{GateSettings, Mode};
use crate::artifact::task::Task;
use crate::eval::run::Evaluator;
use crate::gate::audit::run::{FIRST_RUN, is_noisy};
use crate::gate::order::shuffled;
use crate::gate::trial::{Trial, TrialSpec, is_too_many};
use crate::harness::Harness;

/// The input of a check.
pub(crate) struct CheckSpec<'a> {
    /// The harness to compare with.
    pub before: &'a Harness,
    /// The harness to judge.
    pub after: &'a Harness,
    /// The tasks.
    pub tasks: &'a [Task],
    /// The mode of the gate.
    pub mode: Mode,
    /// Its settings.
    pub settings: GateSettings,
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
    /// The server refuses what the change puts into a request.
    Refused,
    /// More pairs were lost to infrastructure failures than the gate's settings allow.
    Lost(usize),
}

/// The result of a check, with its cost.
#[derive(Debug)]
pub(crate) struct CheckRun {
    /// The verdict; [`CheckVerdict::CannotTell`] if the check ended early, unless the server refuses the change.
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
    /// What more tasks would show, and how many more; `None` if the change is too close to a margin.
    pub tasks_missing: Option<(CheckVerdict, usize)>,
    /// How many attempts the agent itself failed, and why; `None` if it failed none.
    pub failures: Option<String>,
}

/// Compares both harnesses. Completed attempts are cached, so that the same check continues where this one ended.
pub(crate) fn check(evaluator: &Evaluator, spec: &CheckSpec) -> CheckRun {
    let question = TrialSpec::of_pairs(spec.before, spec.after, spec.tasks, spec.settings);
    let trial = Trial::new(evaluator, question);
    // An edit was kept because of its runs, so those runs are biased in its favour.
    let run = match is_noisy(spec.mode, spec.noisy, &trial) {
        true => FIRST_RUN,
        false => 0,
    };
    Checking::new(evaluator, spec, &trial, run).finished()
}

/// A task in the order of the check.
struct ScheduledTask<'a> {
    category: &'a str,
    /// The index among the tasks whose request differs; `None`: the request is the same, so the task is a tie.
    reached: Option<usize>,
}

/// A check under way.
struct Checking<'a> {
    spec: &'a CheckSpec<'a>,
    trial: &'a Trial<'a>,
    /// The number of the runs.
    run: u32,
    /// The tasks that are left, in their random order.
    left: Vec<ScheduledTask<'a>>,
    /// The number of tasks whose request differs.
    reached: usize,
    /// Pairs that run at a time.
    batch: usize,
    check: Check,
    made: RunCounts,
    pairs: usize,
    lost: usize,
}

impl<'a> Checking<'a> {
    fn new(evaluator: &Evaluator, spec: &'a CheckSpec, trial: &'a Trial, run: u32) -> Self {
        let reached = trial.reached();
        let index: BTreeMap<&str, usize> = reached
            .iter()
            .enumerate()
            .map(|(at, one)| (one.task.as_str(), at))
            .collect();
        let scheduled = |task: &'a Task| ScheduledTask {
            category: &task.category,
            reached: index.get(task.task_id.as_str()).copied(),
        };
        let order: Vec<usize> = (0..spec.tasks.len()).collect();
        let order = shuffled(&order, trial.comparison().seed(), 0, 0);
        Self {
            spec,
            trial,
            run,
            check: Check::new(&trial.sizes(), !reached.is_empty(), spec.margins),
            left: order.into_iter().map(|at| scheduled(&spec.tasks[at])).collect(),
            reached: reached.len(),
            batch: evaluator.concurrency.max(reached.len() / LOOKS).max(1),
            made: RunCounts::default(),
            pairs: 0,
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
                let verdict = match end {
                    CheckEnd::Refused => CheckVerdict::Worse,
                    _ => CheckVerdict::CannotTell,
                };
                break (verdict, end);
            }
        };
        CheckRun {
            verdict,
            end,
            whole: self.check.whole(),
            categories: self.check.categories(),
            reached: self.reached,
            pairs: self.pairs,
            attempts: self.attempts(),
            attempts_left: self.trial.missing(&reached_of(&self.left), self.run),
            tasks_missing: self.check.tasks_missing(),
            failures: self.trial.failures(),
        }
    }

    /// Runs the next pairs, and counts the ties between them.
    fn next_pairs(&mut self) -> Result<(), CheckEnd> {
        let count = self.affordable().ok_or(CheckEnd::AttemptLimit)?;
        let reached = reached_of(&self.left[..count]);
        if let Some(most) = self.spec.most_attempts {
            let needed = self.attempts() + self.trial.missing(&reached, self.run);
            self.trial.limit_retries(most.saturating_sub(needed));
        }
        let pairs = self.trial.pairs(&reached, self.run, &mut self.made);
        let mut pairs = pairs.map_err(|halted| CheckEnd::Halted(halted.0))?.into_iter();
        for task in self.left.drain(..count) {
            let difference = match task.reached.and_then(|_| pairs.next()) {
                None => Some(0.0),
                Some(pair) => pair.difference(),
            };
            self.pairs += usize::from(task.reached.is_some() && difference.is_some());
            self.lost += usize::from(difference.is_none());
            self.check.feed(task.category, difference);
        }
        let ran = self.pairs + self.lost;
        (self.spec.progress)(ran, self.reached);
        if self.trial.refusal().is_some() {
            return Err(CheckEnd::Refused);
        }
        match is_too_many(self.lost, ran, self.spec.settings.max_infra_share) {
            true => Err(CheckEnd::Lost(self.lost)),
            false => Ok(()),
        }
    }

    /// The number of next tasks whose pairs fit into a batch and the limit of attempts; `None` if not even one pair does.
    fn affordable(&self) -> Option<usize> {
        let places: Vec<usize> = (0..self.left.len())
            .filter(|at| self.left[*at].reached.is_some())
            .collect();
        let batch = &places[..self.batch.min(places.len())];
        let end = |pairs: usize| places.get(pairs).copied().unwrap_or(self.left.len());
        let Some(most) = self.spec.most_attempts else {
            return Some(end(batch.len()));
        };
        let fits = |pairs: &usize| {
            let next = reached_of(&self.left[..end(*pairs)]);
            self.attempts() + self.trial.missing(&next, self.run) <= most
        };
        let least = usize::from(!batch.is_empty());
        (least..=batch.len()).rev().find(fits).map(end)
    }
}

/// The tasks whose request differs.
fn reached_of(tasks: &[ScheduledTask]) -> Vec<usize> {
    tasks.iter().filter_map(|task| task.reached).collect()
}
