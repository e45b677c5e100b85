//! The trial of a language model or a program: every gate task that the edit reaches, once in each arm, in a shuffled
//! order, until all of them ran or the trial stops against the edit.

use super::{RunSlot, Trial, TrialLook, TrialResult, decided, is_too_many, too_many_lost};
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::record::{GateEvidence, GateRecord, Pair, RunCounts};
use crate::artifact::gate::sample::SampleEvidence;
use crate::artifact::task::Task;
use crate::eval::run::{Arm, EvaluationHalted, evaluate};
use crate::gate::design::{sample_design, sample_evidence};
use crate::gate::sample::Sample;
use crate::gate::sample::sign_flip::p_value;

pub(super) fn decide(
    trial: &Trial,
    begun: GateRecord,
    earlier: Option<&GateRecord>,
) -> Result<TrialResult, EvaluationHalted> {
    let (mut record, mut made) = (begun, RunCounts::default());
    let settings = trial.question.sample;
    let tasks: Vec<&Task> = trial.question.tasks.iter().collect();
    let whole = evaluate(trial.evaluator, trial.question.before, &tasks)?;
    record.pairs = earlier.map(GateRecord::scored_pairs).unwrap_or_default();
    record.evidence = GateEvidence::Sample(Box::new(SampleEvidence {
        level: record.stake.as_ref().map_or(0.0, |stake| stake.alpha),
        useful: settings.useful(whole.overall_score),
        seen: record.pairs.len(),
        ..SampleEvidence::unfed(settings)
    }));
    trial.score_baseline(&mut record, &mut made)?;
    let mut sample = Sample::new(sample_design(&record));
    for (pair, task) in trial.placed(&record.pairs) {
        if let (Some(task), Some(x)) = (task, pair.x) {
            sample.feed(task, x);
        }
    }
    if record.stake.as_ref().is_some_and(|stake| stake.alpha <= 0.0) {
        record.evidence = GateEvidence::Sample(Box::new(sample_evidence(&record, &sample)));
        return Ok((decided(record, GateReason::NoBudget), made));
    }
    let allowed = trial.question.settings.max_infra_share;
    while sample.decided().is_none() && trial.refusal().is_none() && !too_many_lost(&record.pairs, allowed) {
        let ahead = sample.upcoming(trial.evaluator.concurrency.max(1));
        let scores = trial.means(&trial.after, &ahead, 0, &mut made.edited)?;
        for (task, x) in ahead.into_iter().zip(scores) {
            // Runs that were made ahead of the decision are not evidence.
            if sample.decided().is_some() || too_many_lost(&record.pairs, allowed) {
                break;
            }
            let both = x.zip(record.reached[task].baseline);
            match both {
                Some((x, _)) => sample.feed(task, x),
                None => sample.pass_over(),
            }
            record.pairs.push(Pair {
                task: trial.reached[task].task_id.clone(),
                run: 0,
                x: both.map(|(x, _)| x),
                y: both.map(|(_, y)| y),
                confirmations: Vec::new(),
            });
        }
        trial.show(&|| TrialLook {
            most_pairs: Some(trial.reached.len()),
            p: Some(p_value(sample.differences())).filter(|_| !sample.differences().is_empty()),
            level: record.stake.as_ref().map(|stake| stake.alpha),
            ..TrialLook::of(&record)
        });
    }
    let scored = record.pairs.iter().filter(|pair| pair.x.is_some()).count() * settings.runs.max(1) as usize;
    record.calls = RunCounts {
        edited: scored,
        baseline: scored,
    };
    record.evidence = GateEvidence::Sample(Box::new(sample_evidence(&record, &sample)));
    let lost = too_many_lost(&record.pairs, allowed);
    let reason = sample.decided().filter(|_| !lost);
    Ok((decided(record, reason.unwrap_or(GateReason::Infrastructure)), made))
}

impl Trial<'_> {
    /// The scores of every task that the edit reaches, without and with it, and without an early stop; `first` is the
    /// number of the first run. A task of which a run has no score is `None`.
    ///
    /// # Errors
    /// The runs were halted, or too many were lost to the infrastructure; completed attempts are cached.
    pub(crate) fn both_arms(
        &self,
        first: u32,
        made: &mut RunCounts,
    ) -> Result<Vec<Option<(f64, f64)>>, EvaluationHalted> {
        let tasks: Vec<usize> = (0..self.reached.len()).collect();
        let before = self.means(&self.before, &tasks, first, &mut made.baseline)?;
        let after = self.means(&self.after, &tasks, first, &mut made.edited)?;
        let scores: Vec<_> = before.into_iter().zip(after).map(|(y, x)| y.zip(x)).collect();
        let lost = scores.iter().filter(|both| both.is_none()).count();
        match self.losses.borrow().reason() {
            Some(reason) if is_too_many(lost, scores.len(), self.question.settings.max_infra_share) => {
                Err(EvaluationHalted(reason))
            }
            _ => Ok(scores),
        }
    }

    /// The mean score of each task over the runs of the settings, the first of which has this number; `None` if a run
    /// has no score.
    pub(super) fn means(
        &self,
        arm: &Arm,
        tasks: &[usize],
        first: u32,
        made: &mut usize,
    ) -> Result<Vec<Option<f64>>, EvaluationHalted> {
        let runs = self.question.sample.runs.max(1);
        let slots: Vec<RunSlot> = tasks
            .iter()
            .flat_map(|task| (0..runs).map(|run| (*task, first + run)))
            .collect();
        let scores = self.scores(arm, &slots, made)?;
        let mean = |scores: &[Option<f64>]| -> Option<f64> {
            let sum: f64 = scores.iter().copied().sum::<Option<f64>>()?;
            Some(sum / scores.len() as f64)
        };
        Ok(scores.chunks(runs as usize).map(mean).collect())
    }

    /// Runs each gate task that the trial of an accepted edit left out once in both arms, and adds the gain over all of
    /// them to the record.
    ///
    /// # Errors
    /// The runs were halted; completed attempts are cached.
    pub(crate) fn complete(&self, record: GateRecord, made: &mut RunCounts) -> Result<GateRecord, EvaluationHalted> {
        if record.sampled().is_some() {
            return Ok(record);
        }
        let left = record.tasks_without_pair();
        let slots: Vec<RunSlot> = left.iter().map(|task| (*task, 0)).collect();
        let ys = self.scores(&self.before, &slots, &mut made.baseline)?;
        let xs = self.scores(&self.after, &slots, &mut made.edited)?;
        let pair = |((task, x), y): ((usize, Option<f64>), Option<f64>)| Pair {
            task: self.reached[task].task_id.clone(),
            run: 0,
            x: x.and(y).and(x),
            y: x.and(y),
            confirmations: Vec::new(),
        };
        let rest = left.into_iter().zip(xs).zip(ys).map(pair).collect();
        Ok(GateRecord {
            completed: Some(record.complete_run(rest)),
            ..record
        })
    }
}
