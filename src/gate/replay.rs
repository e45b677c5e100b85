//! Repeats a decision from the pairs of its record, and reports what does not follow from them.

use std::collections::BTreeMap;

use super::evidence::log_e_above;
use super::exact::{self, Exact};
use super::sequential::{self, PairedRun, Sequential};
use crate::artifact::gate::numbers::Numbers;
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::record::{GateRecord, Pair};
use crate::artifact::gate::settings::Mode;
use crate::artifact::gate::verdict::RuleKind;

/// The tolerance for numbers: smaller differences come from writing and reading them.
const NEAR: f64 = 1e-9;

/// The result of repeating a decision.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ReplayedDecision {
    /// The reason of the decision; `None` if the pairs decide nothing.
    pub reason: Option<GateReason>,
    /// The stage at the decision.
    pub stage: u8,
    /// The numbers.
    pub numbers: Numbers,
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
}

/// A number for each category; the designs of the modes identify categories by number.
pub(crate) fn numbered(record: &GateRecord) -> BTreeMap<&str, usize> {
    let names = record.sizes.keys().map(String::as_str);
    let reached = record.reached.iter().map(|reached| reached.category.as_str());
    let mut numbers: BTreeMap<&str, usize> = names
        .chain(reached)
        .chain(record.target.as_deref())
        .map(|name| (name, 0))
        .collect();
    numbers.values_mut().enumerate().for_each(|(at, number)| *number = at);
    numbers
}

/// The design of a sequential decision.
pub(crate) fn sequential_design(record: &GateRecord) -> sequential::SequentialDesign {
    let numbers = numbered(record);
    sequential::SequentialDesign {
        categories: record
            .reached
            .iter()
            .map(|reached| numbers[reached.category.as_str()])
            .collect(),
        target: record.target.as_deref().map(|target| numbers[target]),
        seed: record.seed,
        edit: record.edit_number,
        alpha: record.stake.as_ref().map_or(1.0, |stake| stake.alpha),
        settings: record.settings.resumed(record.gone_on),
    }
}

/// The design of an exact decision. A task without a baseline score counts as 0.
pub(crate) fn exact_design(record: &GateRecord) -> exact::ExactDesign {
    let numbers = numbered(record);
    let size = |(name, size): (&String, &usize)| (numbers[name.as_str()], *size);
    exact::ExactDesign {
        categories: record
            .reached
            .iter()
            .map(|reached| numbers[reached.category.as_str()])
            .collect(),
        baseline: record
            .reached
            .iter()
            .map(|reached| reached.baseline.unwrap_or(0.0))
            .collect(),
        sizes: record.sizes.iter().map(size).collect(),
        rule: record.settings.rule,
        target: record.target.as_deref().map(|target| numbers[target]),
        min_improvement: record.settings.min_improvement,
        eps: record.settings.eps,
    }
}

/// Repeats the decision from the pairs.
///
/// # Errors
/// See [`ReplayError`].
pub(crate) fn replay(record: &GateRecord) -> Result<ReplayedDecision, ReplayError> {
    match record.mode {
        Mode::Sequential => replay_sequential(record),
        Mode::Exact => replay_exact(record),
        other => Err(ReplayError::Mode(other)),
    }
}

fn replay_sequential(record: &GateRecord) -> Result<ReplayedDecision, ReplayError> {
    let mut game = Sequential::new(sequential_design(record));
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
        stage: game.stage(),
        numbers: sequential_numbers(record, &game),
    })
}

fn replay_exact(record: &GateRecord) -> Result<ReplayedDecision, ReplayError> {
    let mut exact = Exact::new(exact_design(record));
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
        stage: 1,
        numbers: exact_numbers(record, &exact, &differences),
    })
}

/// The numbers of a sequential game.
pub(crate) fn sequential_numbers(record: &GateRecord, game: &Sequential) -> Numbers {
    let is_target = aimed(record, record.target.as_deref());
    let of = |wanted: bool| -> Vec<f64> {
        let fed = record.pairs.iter().filter(|pair| is_target(&pair.task) == wanted);
        fed.filter_map(|pair| Some(pair.x? - pair.y?)).collect()
    };
    let log_e = game.log_e();
    Numbers {
        dropped: dropped(record),
        log_e,
        e: Some(log_e.exp()).filter(|e| e.is_finite()),
        log_e_needed: record.stake.as_ref().map(|stake| -stake.alpha.ln()),
        log_e_futility: game.log_e_futility(),
        log_e_harm: game.log_e_harm(),
        log_e_overall: game.log_e_overall(),
        log_e_overall_needed: game.log_e_overall().map(|_| game.overall_needed()),
        ..Numbers::of(&of(true), &of(false), reached(record, record.target.as_deref()))
    }
}

/// The numbers of an exact decision.
pub(crate) fn exact_numbers(record: &GateRecord, exact: &Exact, differences: &[(usize, f64)]) -> Numbers {
    let target = record
        .target
        .as_deref()
        .filter(|_| record.settings.rule == RuleKind::Target);
    let is_target = aimed(record, target);
    let of = |wanted: bool| -> Vec<f64> {
        let fed = differences
            .iter()
            .filter(|(task, _)| is_target(&record.reached[*task].task) == wanted);
        fed.map(|(_, difference)| *difference).collect()
    };
    let all: Vec<f64> = differences.iter().map(|(_, difference)| *difference).collect();
    let log_e = log_e_above(&all, 0.0);
    Numbers {
        dropped: dropped(record),
        flaky: exact.flaky(),
        log_e,
        e: Some(log_e.exp()).filter(|e| e.is_finite()),
        ..Numbers::of(&of(true), &of(false), reached(record, target))
    }
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
    if again.stage != record.stage {
        found.push(format!(
            "its pairs end in stage {}, but it says {}",
            again.stage, record.stage
        ));
    }
    let follows = GateRecord {
        numbers: again.numbers.clone(),
        ..record.clone()
    };
    if follows.line() != record.why {
        found.push(format!(
            "it says `{}`, but its pairs give `{}`",
            record.why,
            follows.line()
        ));
    }
    let value = |numbers: &Numbers| serde_json::to_value(numbers).unwrap_or_default();
    differing("", &value(&record.numbers), &value(&again.numbers), &mut found);
    found
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

fn dropped(record: &GateRecord) -> usize {
    record
        .pairs
        .iter()
        .filter(|pair| pair.x.is_none() || pair.y.is_none())
        .count()
}

/// A predicate: whether a task has to gain.
fn aimed<'a>(record: &'a GateRecord, target: Option<&'a str>) -> impl Fn(&str) -> bool + 'a {
    let categories: BTreeMap<&str, &str> = record
        .reached
        .iter()
        .map(|reached| (reached.task.as_str(), reached.category.as_str()))
        .collect();
    move |task| target.is_none_or(|target| categories.get(task) == Some(&target))
}

/// The number of reached tasks that have to gain, and of all other reached tasks.
fn reached(record: &GateRecord, target: Option<&str>) -> (usize, usize) {
    let is_target = aimed(record, target);
    let aimed_at = record.reached.iter().filter(|reached| is_target(&reached.task)).count();
    (aimed_at, record.reached.len() - aimed_at)
}
