//! Repeats a decision from the pairs of its record, and reports what does not follow from them.

use std::collections::BTreeMap;

use super::design::{
    exact_design, exact_numbers, sample_design, sample_evidence, sequential_design, sequential_numbers,
};
use super::exact::Exact;
use super::sample::Sample;
use super::sequential::{PairedRun, Sequential};
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::record::{CompleteRun, GateEvidence, GateRecord, Pair, StagedEvidence};
use crate::artifact::gate::settings::Mode;

/// The tolerance for numbers: smaller differences come from writing and reading them.
const NEAR: f64 = 1e-9;

/// The result of repeating a decision.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ReplayedDecision {
    /// The reason of the decision; `None` if the pairs decide nothing.
    pub reason: Option<GateReason>,
    /// The settings and the numbers.
    pub evidence: GateEvidence,
}

/// A record that cannot be replayed: it contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReplayError {
    /// A pair belongs to a task that the edit does not reach.
    #[error("a pair is of task {0}, which the edit does not reach")]
    Unreached(String),
    /// The pairs are not in the order that was drawn, or that mode `exact` uses.
    #[error("pair {at} is of task {found}, but {expected} comes next")]
    Order {
        /// The number of the pair, from 1.
        at: usize,
        /// The task of the pair.
        found: String,
        /// The task that comes next.
        expected: String,
    },
    /// A pair after the decision.
    #[error("pair {0} comes after the decision")]
    Behind(usize),
    /// A run that was already used, or that is out of order.
    #[error("pair {0} is run {1} of its task, but run {2} comes next: each run counts once")]
    Run(usize, u32, u32),
    /// In mode `exact`, a score without the edit that differs from the task's baseline.
    #[error("pair {0} has a score without the edit that differs from the baseline of its task")]
    Baseline(usize),
    /// A score that is not a number from 0 to 1.
    #[error("pair {0} has a score that is not between 0 and 1")]
    Score(usize),
    /// A mode that records no pairs.
    #[error("mode {0:?} records no pairs")]
    Mode(Mode),
    /// The numbers of another mode.
    #[error("its numbers are not those of mode {0:?}")]
    Evidence(Mode),
}

/// Repeats the decision from the pairs.
///
/// # Errors
/// See [`ReplayError`].
pub(crate) fn replay(record: &GateRecord) -> Result<ReplayedDecision, ReplayError> {
    match (record.mode, &record.evidence) {
        (Mode::Sequential, GateEvidence::Staged(staged)) => replay_sequential(record, staged),
        (Mode::Exact, GateEvidence::Staged(staged)) => replay_exact(record, staged),
        (Mode::Sample, GateEvidence::Sample(_)) => replay_sample(record),
        (mode @ (Mode::Sequential | Mode::Exact | Mode::Sample), _) => Err(ReplayError::Evidence(mode)),
        (other, _) => Err(ReplayError::Mode(other)),
    }
}

fn replay_sequential(record: &GateRecord, staged: &StagedEvidence) -> Result<ReplayedDecision, ReplayError> {
    let mut game = Sequential::new(sequential_design(record, staged));
    let mut runs: BTreeMap<usize, u32> = BTreeMap::new();
    for (at, pair) in record.pairs.iter().enumerate() {
        let task = place_of(record, &pair.task)?;
        in_order(record, game.upcoming(1).first(), task, at)?;
        let run = runs.entry(task).or_default();
        if pair.run != *run {
            return Err(ReplayError::Run(at + 1, pair.run, *run));
        }
        *run += 1;
        match scores(pair, at)? {
            Some((x, y)) => game.feed(PairedRun { task, x, y }),
            None => game.pass_over(),
        }
    }
    Ok(ReplayedDecision {
        reason: game.decided(),
        evidence: GateEvidence::Staged(Box::new(StagedEvidence {
            stage: game.stage(),
            numbers: sequential_numbers(record, &game),
            ran: staged.ran.map(|_| record.ran()),
            ..staged.clone()
        })),
    })
}

fn replay_exact(record: &GateRecord, staged: &StagedEvidence) -> Result<ReplayedDecision, ReplayError> {
    let mut exact = Exact::new(exact_design(record, &staged.settings));
    let mut differences = Vec::new();
    for (at, pair) in record.pairs.iter().enumerate() {
        let task = place_of(record, &pair.task)?;
        in_order(record, exact.upcoming(1).first(), task, at)?;
        match scores(pair, at)? {
            Some((_, y)) if record.reached[task].baseline != Some(y) => return Err(ReplayError::Baseline(at + 1)),
            Some((x, _)) => differences.push((task, exact.feed(task, x, &pair.confirmations))),
            None => exact.pass_over(task),
        }
    }
    Ok(ReplayedDecision {
        reason: exact.decided(),
        evidence: GateEvidence::Staged(Box::new(StagedEvidence {
            stage: 1,
            numbers: exact_numbers(record, &staged.settings, &exact, &differences),
            ran: staged.ran.map(|_| record.ran()),
            ..staged.clone()
        })),
    })
}

fn replay_sample(record: &GateRecord) -> Result<ReplayedDecision, ReplayError> {
    let mut sample = Sample::new(sample_design(record));
    for (at, pair) in record.pairs.iter().enumerate() {
        let task = place_of(record, &pair.task)?;
        in_order(record, sample.upcoming(1).first(), task, at)?;
        if pair.run != 0 {
            return Err(ReplayError::Run(at + 1, pair.run, 0));
        }
        match scores(pair, at)? {
            Some((_, y)) if record.reached[task].baseline != Some(y) => return Err(ReplayError::Baseline(at + 1)),
            Some((x, _)) => sample.feed(task, x),
            None => sample.pass_over(),
        }
    }
    Ok(ReplayedDecision {
        reason: sample.decided(),
        evidence: GateEvidence::Sample(Box::new(sample_evidence(record, &sample))),
    })
}

/// The statements of a record that do not follow from its own pairs; empty if all do.
pub(crate) fn disagreements(record: &GateRecord) -> Vec<String> {
    let again = match replay(record) {
        Ok(again) => again,
        Err(error) => return vec![error.to_string()],
    };
    let mut found = Vec::new();
    let outside = matches!(record.reason, GateReason::Infrastructure | GateReason::NoBudget);
    if !outside && again.reason != Some(record.reason) {
        let name = |reason: GateReason| reason.name().to_owned();
        let follows = again.reason.map_or("no decision".to_owned(), name);
        found.push(format!(
            "its pairs give {follows}, but it says {}",
            record.reason.name()
        ));
    }
    if record.decision != record.reason.decision() {
        let (decision, reason) = (record.decision, record.reason.name());
        found.push(format!("the decision is {decision:?}, but the reason is {reason}"));
    }
    let follows = GateRecord {
        evidence: again.evidence.clone(),
        ..record.clone()
    };
    if follows.line() != record.why {
        found.push(format!(
            "it says `{}`, but its pairs give `{}`",
            record.why,
            follows.line()
        ));
    }
    differing("", &numbers(record), &numbers(&follows), &mut found);
    if let Some(complete) = &record.completed {
        let again = record.complete_run(complete.rest.clone());
        let value = |run: &CompleteRun| serde_json::to_value(run).unwrap_or_default();
        differing("completed", &value(complete), &value(&again), &mut found);
    }
    found
}

/// What a record says that its pairs determine.
fn numbers(record: &GateRecord) -> serde_json::Value {
    let value = match &record.evidence {
        GateEvidence::Staged(staged) => {
            let own = serde_json::to_value(&staged.numbers);
            own.map(|numbers| with(numbers, [("stage", staged.stage.into()), ("ran", staged.ran.into())]))
        }
        GateEvidence::Sample(sample) => serde_json::to_value(sample),
    };
    value.unwrap_or_default()
}

fn with<const N: usize>(mut object: serde_json::Value, fields: [(&str, serde_json::Value); N]) -> serde_json::Value {
    for (key, value) in fields {
        object[key] = value;
    }
    object
}

fn differing(name: &str, said: &serde_json::Value, follows: &serde_json::Value, found: &mut Vec<String>) {
    use serde_json::Value;
    let same = match (said, follows) {
        (Value::Number(one), Value::Number(two)) => {
            let (one, two) = (one.as_f64().unwrap_or_default(), two.as_f64().unwrap_or_default());
            (one - two).abs() <= NEAR * one.abs().max(1.0)
        }
        (Value::Object(_), Value::Object(fields)) => {
            for (key, value) in fields {
                let key_name = if name.is_empty() {
                    key.clone()
                } else {
                    format!("{name}.{key}")
                };
                differing(&key_name, &said[key.as_str()], value, found);
            }
            true
        }
        (Value::Array(one), Value::Array(two)) if one.len() == two.len() => {
            one.iter()
                .zip(two)
                .for_each(|(said, follows)| differing(name, said, follows, found));
            true
        }
        (said, follows) => said == follows,
    };
    if !same {
        found.push(format!("{name} is {said}, but its pairs give {follows}"));
    }
}

/// Checks that a pair is of the task that comes next; after the decision, no task does.
fn in_order(record: &GateRecord, expected: Option<&usize>, task: usize, at: usize) -> Result<(), ReplayError> {
    match expected {
        None => Err(ReplayError::Behind(at + 1)),
        Some(expected) if *expected != task => Err(ReplayError::Order {
            at: at + 1,
            found: record.reached[task].task.clone(),
            expected: record.reached[*expected].task.clone(),
        }),
        Some(_) => Ok(()),
    }
}

fn place_of(record: &GateRecord, task: &str) -> Result<usize, ReplayError> {
    let place = record.reached.iter().position(|reached| reached.task == task);
    place.ok_or_else(|| ReplayError::Unreached(task.to_owned()))
}

fn scores(pair: &Pair, at: usize) -> Result<Option<(f64, f64)>, ReplayError> {
    let Some((x, y)) = pair.x.zip(pair.y) else {
        return Ok(None);
    };
    let valid = |score: &f64| (0.0..=1.0).contains(score);
    let confirmed = pair.confirmations.iter().all(|(x, y)| valid(x) && valid(y));
    match valid(&x) && valid(&y) && confirmed {
        true => Ok(Some((x, y))),
        false => Err(ReplayError::Score(at + 1)),
    }
}
