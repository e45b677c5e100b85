//! The trial of a deterministic student, which makes only the runs that the decision needs; and the rounds of an audit,
//! which run each task whose request differs once in each arm.

use super::{RunSlot, Trial, TrialLook, TrialResult, decided, too_many_lost};
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::record::{GateEvidence, GateRecord, Pair, RunCounts, StagedEvidence};
use crate::artifact::task::Task;
use crate::eval::run::EvaluationHalted;
use crate::gate::design::{exact_design, exact_numbers};
use crate::gate::exact::{Confirmation, Exact};
use crate::gate::order::shuffled;

pub(super) fn decide(trial: &Trial, begun: GateRecord) -> Result<TrialResult, EvaluationHalted> {
    let (mut record, mut made) = (begun, RunCounts::default());
    let places: Vec<RunSlot> = (0..trial.reached.len()).map(|at| (at, 0)).collect();
    let before = trial.scores(&trial.before, &places, &mut made.baseline)?;
    for (reached, score) in record.reached.iter_mut().zip(&before) {
        reached.baseline = *score;
    }
    let mut exact = Exact::new(exact_design(&record, &trial.settings()));
    let mut differences = Vec::new();
    let settings = trial.settings();
    let allowed = settings.max_infra_share;
    while exact.decided().is_none() && trial.refusal().is_none() && !too_many_lost(&record.pairs, allowed) {
        let ahead = exact.soonest(trial.evaluator.concurrency);
        let places: Vec<RunSlot> = exact.upcoming(ahead).into_iter().map(|task| (task, 0)).collect();
        let scores = trial.scores(&trial.after, &places, &mut made.edited)?;
        for (&(task, _), x) in places.iter().zip(scores) {
            if exact.decided().is_some() {
                break;
            }
            let pair = pair(trial, record.reached[task].baseline, &exact, (task, x), &mut made)?;
            match pair.x {
                Some(x) => differences.push((task, exact.feed(task, x, &pair.confirmations))),
                None => exact.pass_over(task),
            }
            record.pairs.push(pair);
            if too_many_lost(&record.pairs, allowed) {
                break;
            }
        }
        trial.show(&|| TrialLook {
            most_pairs: Some(trial.reached.len()),
            ..TrialLook::of(&record)
        });
    }
    record.calls = record.pairs.iter().fold(record.calls, |calls, pair| {
        let confirmations = pair.confirmations.len();
        RunCounts {
            edited: calls.edited + usize::from(pair.x.is_some()) + confirmations,
            baseline: calls.baseline + confirmations,
        }
    });
    record.evidence = GateEvidence::Staged(Box::new(StagedEvidence {
        stage: 1,
        gone_on: 0,
        numbers: exact_numbers(&record, &settings, &exact, &differences),
        ran: Some(record.ran()),
        settings,
    }));
    let lost = too_many_lost(&record.pairs, allowed);
    let reason = exact.decided().filter(|_| !lost);
    Ok((decided(record, reason.unwrap_or(GateReason::Infrastructure)), made))
}

/// The pair of a task; a flip includes its confirmation runs. If any run has no score, the pair is lost.
fn pair(
    trial: &Trial,
    baseline: Option<f64>,
    exact: &Exact,
    (task, x): (usize, Option<f64>),
    made: &mut RunCounts,
) -> Result<Pair, EvaluationHalted> {
    let both = x.zip(baseline);
    let confirmed = match both {
        Some((x, _)) if exact.is_flip(task, x) => trial.confirmations(task, trial.question.settings.confirm, made)?,
        _ => Some(Vec::new()),
    };
    let both = both.filter(|_| confirmed.is_some());
    Ok(Pair {
        task: trial.reached[task].task_id.clone(),
        run: 0,
        x: both.map(|(x, _)| x),
        y: both.map(|(_, y)| y),
        confirmations: confirmed.unwrap_or_default(),
    })
}

impl Trial<'_> {
    /// Whether the student can answer any of those tasks differently each time.
    pub(crate) fn varies(&self) -> bool {
        let varies = |task| self.before.varies(task) || self.after.varies(task);
        self.reached.iter().any(|task| varies(task))
    }

    /// One pair of each such task, in an order drawn for the round; `run` is the number of the run in both arms.
    ///
    /// # Errors
    /// The runs were halted; completed attempts are cached.
    pub(crate) fn round(&self, round: u32, run: u32, made: &mut RunCounts) -> Result<Vec<Pair>, EvaluationHalted> {
        let tasks: Vec<usize> = (0..self.reached.len()).collect();
        let order = shuffled(&tasks, self.comparison.seed(), 0, round);
        let pairs = self.pairs(&order, run, made)?;
        Ok(pairs.into_iter().map(|pair| Pair { run: round, ..pair }).collect())
    }

    /// One pair of each of some reached tasks; `run` is the number of the run in both arms.
    ///
    /// # Errors
    /// The runs were halted; completed attempts are cached.
    pub(crate) fn pairs(&self, tasks: &[usize], run: u32, made: &mut RunCounts) -> Result<Vec<Pair>, EvaluationHalted> {
        let places: Vec<RunSlot> = tasks.iter().map(|task| (*task, run)).collect();
        let ys = self.scores(&self.before, &places, &mut made.baseline)?;
        let xs = self.scores(&self.after, &places, &mut made.edited)?;
        let pair = |((place, x), y): ((&RunSlot, Option<f64>), Option<f64>)| Pair {
            task: self.reached[place.0].task_id.clone(),
            run,
            x: x.and(y).and(x),
            y: x.and(y),
            confirmations: Vec::new(),
        };
        Ok(places.iter().zip(xs).zip(ys).map(pair).collect())
    }

    /// The number of new attempts that one pair of each of some reached tasks needs.
    pub(crate) fn missing(&self, tasks: &[usize], run: u32) -> usize {
        let tasks: Vec<&Task> = tasks.iter().map(|task| self.reached[*task]).collect();
        self.before.missing(&tasks, run) + self.after.missing(&tasks, run)
    }

    /// Confirms every flip by further runs of both arms; a pair whose further runs have no score is lost.
    ///
    /// # Errors
    /// The runs were halted; completed attempts are cached.
    pub(crate) fn confirmed(
        &self,
        pairs: Vec<Pair>,
        times: u32,
        made: &mut RunCounts,
    ) -> Result<Vec<Pair>, EvaluationHalted> {
        let confirm = |pair: Pair| -> Result<Pair, EvaluationHalted> {
            let task = self.reached.iter().position(|task| task.task_id == pair.task);
            let Some(task) = task.filter(|_| pair.difference().is_some_and(|difference| difference != 0.0)) else {
                return Ok(pair);
            };
            Ok(match self.confirmations(task, times, made)? {
                Some(confirmations) => Pair { confirmations, ..pair },
                None => Pair {
                    x: None,
                    y: None,
                    ..pair
                },
            })
        };
        pairs.into_iter().map(confirm).collect()
    }
    /// `times` further runs of both arms; `None` if one has no score.
    pub(super) fn confirmations(
        &self,
        task: usize,
        times: u32,
        made: &mut RunCounts,
    ) -> Result<Option<Vec<Confirmation>>, EvaluationHalted> {
        let places: Vec<RunSlot> = (1..=times).map(|run| (task, run)).collect();
        let ys = self.scores(&self.before, &places, &mut made.baseline)?;
        let xs = self.scores(&self.after, &places, &mut made.edited)?;
        Ok(xs.into_iter().zip(ys).map(|(x, y)| x.zip(y)).collect())
    }
}
