//! The design of a decision, and the numbers that it leads to, as its record holds them.

use std::collections::BTreeMap;

use super::evidence::log_e_above;
use super::exact::{self, Exact, FallRule};
use super::order::shuffled;
use super::sample::sign_flip::p_value;
use super::sample::{Sample, SampleDesign, summary};
use super::sequential::{self, Sequential};
use crate::artifact::gate::numbers::{Numbers, Tally};
use crate::artifact::gate::record::{GateRecord, StagedEvidence};
use crate::artifact::gate::sample::SampleEvidence;
use crate::artifact::gate::settings::GateSettings;
use crate::artifact::gate::verdict::RuleKind;

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
pub(crate) fn sequential_design(record: &GateRecord, staged: &StagedEvidence) -> sequential::SequentialDesign {
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
        settings: staged.settings.resumed(staged.gone_on),
    }
}

/// The design of an exact decision. A task without a baseline score counts as 0.
pub(crate) fn exact_design(record: &GateRecord, settings: &GateSettings) -> exact::ExactDesign {
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
        rule: settings.rule,
        target: record.target.as_deref().map(|target| numbers[target]),
        min_improvement: settings.min_improvement,
        fall: settings.fall_rule(),
    }
}

impl GateSettings {
    /// When a category fell in mode `exact`.
    pub(crate) fn fall_rule(&self) -> FallRule {
        match self.by_tasks {
            true => FallRule::ByTasks,
            false => FallRule::Tolerance(self.eps),
        }
    }
}

/// The design of a decision in mode `sample`. A reached task without a baseline score cannot gain, and its pair is lost.
pub(crate) fn sample_design(record: &GateRecord) -> SampleDesign {
    let numbers = numbered(record);
    let size = |(name, size): (&String, &usize)| (numbers[name.as_str()], *size);
    let evidence = record.sampled();
    let seen = seen(record, evidence.map_or(0, |evidence| evidence.seen));
    let tasks: Vec<usize> = (0..record.tasks()).filter(|task| !seen.contains(task)).collect();
    let rest = shuffled(&tasks, record.seed, record.edit_number, 0);
    SampleDesign {
        baseline: record
            .reached
            .iter()
            .map(|reached| reached.baseline.unwrap_or(1.0))
            .collect(),
        categories: record
            .reached
            .iter()
            .map(|reached| numbers[reached.category.as_str()])
            .collect(),
        sizes: record.sizes.iter().map(size).collect(),
        seen: seen.len(),
        order: seen.into_iter().chain(rest).collect(),
        useful: evidence.map_or(0.0, |evidence| evidence.useful),
        level: record.stake.as_ref().map_or(0.0, |stake| stake.alpha),
        settings: evidence.map(|evidence| evidence.settings).unwrap_or_default(),
    }
}

/// The reached tasks of the first pairs of a record, each once.
fn seen(record: &GateRecord, count: usize) -> Vec<usize> {
    let place = |task: &str| record.reached.iter().position(|reached| reached.task == task);
    let mut found = Vec::new();
    for task in record.pairs.iter().take(count).filter_map(|pair| place(&pair.task)) {
        if !found.contains(&task) {
            found.push(task);
        }
    }
    found
}

/// The numbers of a decision in mode `sample`.
pub(crate) fn sample_evidence(record: &GateRecord, sample: &Sample) -> SampleEvidence {
    let design = sample_design(record);
    let differences = sample.differences();
    let Tally { wins, losses, ties } = Tally::of(differences);
    let complete = !differences.is_empty() && sample.is_complete();
    SampleEvidence {
        wins,
        losses,
        ties,
        n: differences.len(),
        of: sample.of(),
        p: (!differences.is_empty()).then(|| p_value(differences)),
        level: design.level,
        complete,
        interval: summary::interval(differences),
        gain: summary::mean(differences).filter(|_| complete),
        useful: design.useful,
        seen: design.seen,
        settings: design.settings,
    }
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
pub(crate) fn exact_numbers(
    record: &GateRecord,
    settings: &GateSettings,
    exact: &Exact,
    differences: &[(usize, f64)],
) -> Numbers {
    let target = record.target.as_deref().filter(|_| settings.rule == RuleKind::Target);
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
