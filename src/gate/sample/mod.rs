//! Mode `sample`, for language models and programs: one exact test over all gate tasks.
//!
//! With a language model, almost any edit flips some tasks at random, so a handful of flips proves nothing. Therefore
//! every gate task is run once with the edit, in a shuffled order, and a paired test over all of them decides at the
//! level that the session's error budget grants. The trial stops early only against an edit: when a useful gain has
//! become unlikely, or when the level is out of reach. So the gain of an edit that is kept comes from a complete run.

pub(crate) mod choice;
pub(crate) mod screen;
pub(crate) mod sign_flip;
pub(crate) mod summary;
pub(crate) mod words;

use std::collections::BTreeMap;

use self::sign_flip::{p_value, p_value_of_loss};
use self::summary::{fallen, mean};
use super::evidence::Wealth;
use crate::artifact::gate::numbers::{TOLERANCE, Tally};
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::sample::SampleSettings;

/// What the decision is about.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleDesign {
    /// The score of each task that the edit reaches, without the edit, 0 to 1.
    pub baseline: Vec<f64>,
    /// The category of each of these tasks.
    pub categories: Vec<usize>,
    /// The number of gate tasks of each category, reached or not.
    pub sizes: BTreeMap<usize, usize>,
    /// The order in which all gate tasks count. A number below that of the reached tasks is one of them; each higher one
    /// is a task that the edit does not reach: a tie that needs no run.
    pub order: Vec<usize>,
    /// Number of tasks, the first in the order, whose differences are known before the trial: it does not stop among them.
    pub seen: usize,
    /// The smallest gain that is worth detecting, 0 to 1.
    pub useful: f64,
    /// Largest probability of accepting an edit that does not help, 0 to 1.
    pub level: f64,
    /// The settings.
    pub settings: SampleSettings,
}

/// A decision in progress.
#[derive(Clone, Debug)]
pub struct Sample {
    design: SampleDesign,
    place: usize,
    /// The differences so far, in order.
    differences: Vec<f64>,
    by_category: BTreeMap<usize, Vec<f64>>,
    lost: usize,
    futility: Wealth,
    decided: Option<GateReason>,
}

impl Sample {
    /// The state before the first attempt.
    pub fn new(design: SampleDesign) -> Self {
        let mut sample = Self {
            place: 0,
            differences: Vec::new(),
            by_category: BTreeMap::new(),
            lost: 0,
            futility: Wealth::below(design.useful),
            decided: None,
            design,
        };
        if sample.failing_left(0).is_empty() {
            sample.decided = Some(sample.without_headroom());
        } else {
            sample.pass_ties();
        }
        sample
    }

    /// The decision, once there is one.
    pub fn decided(&self) -> Option<GateReason> {
        self.decided
    }

    /// The next tasks to attempt, in order, at most `most`.
    pub fn upcoming(&self, most: usize) -> Vec<usize> {
        match self.decided {
            Some(_) => Vec::new(),
            None => self.reached_left().take(most).collect(),
        }
    }

    /// Adds the score of the next task with the edit.
    pub fn feed(&mut self, task: usize, x: f64) {
        self.add(x - self.design.baseline[task], Some(task));
        self.pass_ties();
    }

    /// Skips the next task, whose attempts were lost: it counts in neither arm.
    pub(crate) fn pass_over(&mut self) {
        self.place += 1;
        self.lost += 1;
        self.decided = self.decide();
        self.pass_ties();
    }

    /// The differences so far, in order; tasks that the edit does not reach are ties.
    pub fn differences(&self) -> &[f64] {
        &self.differences
    }

    /// The number of gate tasks that can count.
    pub(crate) fn of(&self) -> usize {
        self.design.order.len() - self.lost
    }

    /// Whether every gate task that can count did.
    pub fn is_complete(&self) -> bool {
        self.place == self.design.order.len()
    }

    /// The evidence that the gain is smaller than a useful one, as a logarithm.
    pub(crate) fn log_e_futile(&self) -> f64 {
        self.futility.log_e()
    }

    /// The categories that fell; empty for an incomplete run.
    pub fn fallen(&self) -> Vec<usize> {
        match self.is_complete() {
            true => fallen(&self.by_category, &self.design.sizes, &self.design.settings),
            false => Vec::new(),
        }
    }

    fn add(&mut self, difference: f64, task: Option<usize>) {
        self.place += 1;
        self.differences.push(difference);
        self.futility.add(difference);
        if let Some(task) = task {
            let category = self.design.categories[task];
            self.by_category.entry(category).or_default().push(difference);
        }
        self.decided = self.decide();
    }

    /// Counts the tasks that come next and that the edit does not reach.
    fn pass_ties(&mut self) {
        let reached = self.design.baseline.len();
        while self.decided.is_none() && self.design.order.get(self.place).is_some_and(|task| *task >= reached) {
            self.add(0.0, None);
        }
    }

    fn reached_left(&self) -> impl Iterator<Item = usize> {
        let reached = self.design.baseline.len();
        let left = self.design.order.iter().skip(self.place).copied();
        left.filter(move |task| *task < reached)
    }

    /// What each reached task that fails without the edit, from a place in the order on, can gain.
    fn failing_left(&self, place: usize) -> Vec<f64> {
        let reached = self.design.order.iter().skip(place);
        let gain = reached.filter_map(|task| Some(1.0 - self.design.baseline.get(*task)?));
        gain.filter(|gain| *gain > TOLERANCE).collect()
    }

    /// The reason for an edit that no task can gain from.
    fn without_headroom(&self) -> GateReason {
        match self.design.baseline.is_empty() && !self.design.order.is_empty() {
            true => GateReason::NoEffect,
            false => GateReason::NoHeadroom,
        }
    }

    fn decide(&self) -> Option<GateReason> {
        if self.is_complete() {
            return Some(self.verdict());
        }
        // The rest is known to be ties, so stopping would spare nothing.
        let goes_on = self.place >= self.design.seen && self.reached_left().next().is_some();
        (goes_on && (self.is_futile() || self.is_out_of_reach())).then(|| self.reason_against())
    }

    /// The decision about a complete run.
    fn verdict(&self) -> GateReason {
        let settings = &self.design.settings;
        let gains = mean(&self.differences).is_some_and(|mean| mean > TOLERANCE);
        let (p, fell) = (p_value(&self.differences), !self.fallen().is_empty());
        if gains && p <= self.design.level && !fell {
            GateReason::Improved
        } else if gains && p <= settings.likely && fell {
            GateReason::CategoryFell
        } else if !gains || self.is_futile() {
            self.reason_against()
        } else if p <= settings.likely {
            GateReason::Likely
        } else {
            GateReason::Open
        }
    }

    /// Whether a useful gain has become unlikely.
    fn is_futile(&self) -> bool {
        self.log_e_futile() >= -self.design.settings.beta.ln()
    }

    /// Whether the edit shows no gain so far, and not even a win on every failing task that is left would be enough.
    fn is_out_of_reach(&self) -> bool {
        let look = self.design.settings.look;
        let tally = Tally::of(&self.differences);
        if look == 0 || !self.differences.len().is_multiple_of(look) || tally.wins > tally.losses {
            return false;
        }
        let mut best = self.differences.clone();
        best.extend(self.failing_left(self.place));
        !surely_reaches(&best, self.design.level) && p_value(&best) > self.design.level
    }

    fn reason_against(&self) -> GateReason {
        let tally = Tally::of(&self.differences);
        if p_value_of_loss(&self.differences) <= self.design.settings.alpha_harm {
            GateReason::Harmful
        } else if tally.wins + tally.losses == 0 {
            GateReason::NoEffect
        } else if mean(&self.differences).is_none_or(|mean| mean <= TOLERANCE) {
            GateReason::NoGain
        } else {
            GateReason::TooSmall
        }
    }
}

/// Whether a bound of the p value (Hoeffding) shows that it is at most `level`, which spares the exact computation.
fn surely_reaches(differences: &[f64], level: f64) -> bool {
    let sum: f64 = differences.iter().sum();
    let squares: f64 = differences.iter().map(|difference| difference * difference).sum();
    sum > 0.0 && -sum * sum / (2.0 * squares) <= level.ln() - 0.01
}

#[cfg(test)]
mod golden_tests;
#[cfg(test)]
mod guarantee_tests;
