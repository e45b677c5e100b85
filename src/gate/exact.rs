//! Exact: a student that answers the same way each time, judged without statistics and without a needless attempt.
//!
//! The plain rule over all tasks that the edit reaches, decided as soon as no outcome of the rest could change it. Every
//! flip is confirmed by further runs of both arms; one that does not repeat is a tie, and says that the student is noisy.

use std::collections::BTreeMap;

use super::rule::TOLERANCE;
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::verdict::RuleKind;

/// What is judged: the tasks that the edit reaches, in ascending order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Design {
    /// The category of each task that the edit reaches.
    pub categories: Vec<usize>,
    /// The score of each without the edit, 0 to 1.
    pub baseline: Vec<f64>,
    /// Gate tasks of each category, reached or not: what is not reached counts as 0.
    pub sizes: BTreeMap<usize, usize>,
    /// What has to gain.
    pub rule: RuleKind,
    /// The category that has to gain under rule `target`; `None`: all together.
    pub target: Option<usize>,
    /// The mean gain of what has to gain must be larger, 0 to 1.
    pub min_improvement: f64,
    /// A category may fall by this much, 0 to 1.
    pub eps: f64,
}

/// The scores of one further run of both arms.
pub(crate) type Confirmation = (f64, f64);

/// The decision, as far as it has come.
#[derive(Clone, Debug)]
pub(crate) struct Exact {
    design: Design,
    order: Vec<usize>,
    place: usize,
    left: BTreeMap<usize, Bounds>,
    gained: BTreeMap<usize, f64>,
    flaky: usize,
    decided: Option<GateReason>,
}

/// What the tasks of a category that were not run yet can bring, at best and at worst.
#[derive(Clone, Copy, Debug, Default)]
struct Bounds {
    best: f64,
    worst: f64,
}

impl Exact {
    /// Before the first attempt.
    pub(crate) fn new(design: Design) -> Self {
        let mut left: BTreeMap<usize, Bounds> = BTreeMap::new();
        for (category, y) in design.categories.iter().zip(&design.baseline) {
            let bounds = left.entry(*category).or_default();
            bounds.best += 1.0 - y;
            bounds.worst -= y;
        }
        let mut exact = Self {
            order: order(&design),
            place: 0,
            left,
            gained: BTreeMap::new(),
            flaky: 0,
            decided: None,
            design,
        };
        exact.decided = exact.judge();
        exact
    }

    /// The decision, when there is one.
    pub(crate) fn decided(&self) -> Option<GateReason> {
        self.decided
    }

    /// Flips that did not repeat.
    pub(crate) fn flaky(&self) -> usize {
        self.flaky
    }

    /// The sum of what has to gain, so far.
    pub(crate) fn net(&self) -> f64 {
        self.gained
            .iter()
            .filter(|(category, _)| self.has_to_gain(**category))
            .map(|(_, gained)| gained)
            .sum()
    }

    /// The tasks that are attempted next, in their order, `most` at most.
    pub(crate) fn upcoming(&self, most: usize) -> Vec<usize> {
        match self.decided {
            Some(_) => Vec::new(),
            None => self.order.iter().skip(self.place).take(most).copied().collect(),
        }
    }

    /// How many attempts it takes to a decision at the least, `most` at most: so far ahead, none is in vain.
    pub(crate) fn soonest(&self, most: usize) -> usize {
        let soonest = |x: f64| {
            let mut ahead = self.clone();
            let fed = (0..most).find(|_| {
                if let Some(task) = ahead.upcoming(1).first().copied() {
                    ahead.feed(task, x, &[]);
                }
                ahead.decided.is_some()
            });
            fed.map_or(most, |at| at + 1)
        };
        soonest(1.0).min(soonest(0.0))
    }

    /// Whether a score has to be confirmed before it counts.
    pub(crate) fn is_flip(&self, task: usize, x: f64) -> bool {
        (x - self.design.baseline[task]).abs() > TOLERANCE
    }

    /// Takes the score of a task with the edit into account, with further runs of both arms where it is a flip; returns
    /// the difference that counts.
    pub(crate) fn feed(&mut self, task: usize, x: f64, confirmations: &[Confirmation]) -> f64 {
        let y = self.design.baseline[task];
        let repeats = |(again, before): &Confirmation| (again - x).abs() < TOLERANCE && (before - y).abs() < TOLERANCE;
        let holds = confirmations.iter().all(repeats);
        self.flaky += usize::from(!holds);
        let difference = if holds { x - y } else { 0.0 };
        self.spend(task);
        *self.gained.entry(self.design.categories[task]).or_default() += difference;
        self.decided = self.judge();
        difference
    }

    /// Passes over a task whose attempts were lost: it counts as a tie.
    pub(crate) fn pass_over(&mut self, task: usize) {
        self.spend(task);
        self.decided = self.judge();
    }

    fn spend(&mut self, task: usize) {
        self.place += 1;
        let y = self.design.baseline[task];
        if let Some(left) = self.left.get_mut(&self.design.categories[task]) {
            left.best -= 1.0 - y;
            left.worst += y;
        }
    }

    fn has_to_gain(&self, category: usize) -> bool {
        aimed(&self.design).is_none_or(|target| target == category)
    }

    fn judge(&self) -> Option<GateReason> {
        let design = &self.design;
        let left = |category: &usize| self.left.get(category).copied().unwrap_or_default();
        let gained = |category: &usize| self.gained.get(category).copied().unwrap_or_default();
        let aimed_at: Vec<&usize> = self
            .left
            .keys()
            .filter(|category| self.has_to_gain(**category))
            .collect();
        let tasks: usize = design
            .sizes
            .iter()
            .filter(|(category, _)| self.has_to_gain(**category))
            .fold(0, |sum, (_, size)| sum.saturating_add(*size));
        let needed = design.min_improvement * tasks as f64 + TOLERANCE;
        let net = self.net();
        if net + aimed_at.iter().map(|category| left(category).best).sum::<f64>() <= needed {
            return Some(GateReason::NoImprovement);
        }
        let watched = || self.left.keys().filter(|category| aimed(design) != Some(**category));
        let floor = |category: &usize| {
            let size = design.sizes.get(category).copied().unwrap_or(1).max(1);
            -(design.eps + TOLERANCE) * size as f64
        };
        if watched().any(|category| gained(category) + left(category).best < floor(category)) {
            return Some(GateReason::Regression);
        }
        let sure = net + aimed_at.iter().map(|category| left(category).worst).sum::<f64>() > needed;
        let safe = watched().all(|category| gained(category) + left(category).worst >= floor(category));
        (sure && safe).then_some(GateReason::Improved)
    }
}

/// The category that has to gain alone, when there is one.
fn aimed(design: &Design) -> Option<usize> {
    design.target.filter(|_| design.rule == RuleKind::Target)
}

/// Those that can gain first, then those of the target that can only lose, then those of others that can, then the rest.
fn order(design: &Design) -> Vec<usize> {
    let target = aimed(design);
    let rank = |at: &usize| {
        let y = design.baseline[*at];
        match target.is_none_or(|target| design.categories[*at] == target) {
            true if y < 1.0 => 0,
            true => 1,
            false if y > 0.0 => 2,
            false => 3,
        }
    };
    let mut order: Vec<usize> = (0..design.categories.len()).collect();
    order.sort_by_key(rank);
    order
}
