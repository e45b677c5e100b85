//! Mode `exact`, for a deterministic student: decides without statistics and makes no unnecessary attempt.
//!
//! It applies the plain rule to all tasks that the edit reaches, and stops as soon as the remaining tasks cannot change
//! the decision. Every flip is confirmed by further runs of both arms; a flip that does not repeat counts as a tie and
//! shows that the student is noisy.

use std::collections::BTreeMap;

use super::rule::TOLERANCE;
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::verdict::RuleKind;

/// What the decision is about: the tasks that the edit reaches, in ascending order, and the limits.
#[derive(Clone, Debug, PartialEq)]
pub struct ExactDesign {
    /// The category of each task that the edit reaches.
    pub categories: Vec<usize>,
    /// The score of each task without the edit, 0 to 1.
    pub baseline: Vec<f64>,
    /// The number of gate tasks of each category, reached or not; a task that is not reached counts as unchanged.
    pub sizes: BTreeMap<usize, usize>,
    /// Whether the target or the overall score has to gain.
    pub rule: RuleKind,
    /// The category that has to gain under rule `target`; `None`: the overall score.
    pub target: Option<usize>,
    /// The mean gain must be larger than this, 0 to 1.
    pub min_improvement: f64,
    /// When a category fell.
    pub fall: FallRule,
}

/// When a category fell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FallRule {
    /// Its mean lost more than this, 0 to 1.
    Tolerance(f64),
    /// Its mean lost at least 10 points, and it lost at least two tasks more than it won. One task never vetoes.
    ByTasks,
}

/// The smallest loss of the mean with which a category fell by [`FallRule::ByTasks`].
pub(crate) const FALL: f64 = 0.10;

/// How many tasks more than it won a category lost if it fell by [`FallRule::ByTasks`].
const MORE_LOST: i64 = 2;

/// The scores of one confirmation run, with and without the edit.
pub type Confirmation = (f64, f64);

/// A decision in progress.
#[derive(Clone, Debug)]
pub struct Exact {
    design: ExactDesign,
    order: Vec<usize>,
    place: usize,
    left: BTreeMap<usize, CategoryBounds>,
    gained: BTreeMap<usize, CategoryGain>,
    flaky: usize,
    decided: Option<GateReason>,
}

/// The largest gain and the largest loss that the remaining tasks of a category can add, and the number of those that
/// can win or lose.
#[derive(Clone, Copy, Debug, Default)]
struct CategoryBounds {
    best: f64,
    worst: f64,
    winnable: i64,
    losable: i64,
}

impl CategoryBounds {
    fn add(&mut self, y: f64, count: i64) {
        self.best += (1.0 - y) * count as f64;
        self.worst -= y * count as f64;
        self.winnable += if y < 1.0 { count } else { 0 };
        self.losable += if y > 0.0 { count } else { 0 };
    }
}

/// What the tasks of a category gained: the sum of the differences, and wins minus losses.
#[derive(Clone, Copy, Debug, Default)]
struct CategoryGain {
    sum: f64,
    lead: i64,
}

impl Exact {
    /// The state before the first attempt.
    pub fn new(design: ExactDesign) -> Self {
        let mut left: BTreeMap<usize, CategoryBounds> = BTreeMap::new();
        for (category, y) in design.categories.iter().zip(&design.baseline) {
            left.entry(*category).or_default().add(*y, 1);
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
        exact.decided = exact.decide();
        exact
    }

    /// The decision, once there is one.
    pub fn decided(&self) -> Option<GateReason> {
        self.decided
    }

    /// The number of flips that did not repeat.
    pub(crate) fn flaky(&self) -> usize {
        self.flaky
    }

    /// The sum of the differences so far, over the categories that have to gain.
    pub(crate) fn net(&self) -> f64 {
        self.gained
            .iter()
            .filter(|(category, _)| self.has_to_gain(**category))
            .map(|(_, gained)| gained.sum)
            .sum()
    }

    /// The next tasks to attempt, in order, at most `most`.
    pub fn upcoming(&self, most: usize) -> Vec<usize> {
        match self.decided {
            Some(_) => Vec::new(),
            None => self.order.iter().skip(self.place).take(most).copied().collect(),
        }
    }

    /// The smallest number of attempts, up to `most`, that can lead to a decision. That many can run in parallel
    /// without waste.
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

    /// Whether a score differs from the baseline, so that it has to be confirmed before it counts.
    pub fn is_flip(&self, task: usize, x: f64) -> bool {
        (x - self.design.baseline[task]).abs() > TOLERANCE
    }

    /// Adds the score of a task with the edit, and the confirmation runs if it is a flip. Returns the difference that
    /// counts.
    pub fn feed(&mut self, task: usize, x: f64, confirmations: &[Confirmation]) -> f64 {
        let y = self.design.baseline[task];
        let repeats = |(again, before): &Confirmation| (again - x).abs() < TOLERANCE && (before - y).abs() < TOLERANCE;
        let holds = confirmations.iter().all(repeats);
        self.flaky += usize::from(!holds);
        let difference = if holds { x - y } else { 0.0 };
        self.spend(task);
        let gained = self.gained.entry(self.design.categories[task]).or_default();
        gained.sum += difference;
        gained.lead += i64::from(difference > TOLERANCE) - i64::from(difference < -TOLERANCE);
        self.decided = self.decide();
        difference
    }

    /// Skips a task whose attempts were lost: it counts as a tie.
    pub(crate) fn pass_over(&mut self, task: usize) {
        self.spend(task);
        self.decided = self.decide();
    }

    fn spend(&mut self, task: usize) {
        self.place += 1;
        let y = self.design.baseline[task];
        if let Some(left) = self.left.get_mut(&self.design.categories[task]) {
            left.add(y, -1);
        }
    }

    fn has_to_gain(&self, category: usize) -> bool {
        aimed(&self.design).is_none_or(|target| target == category)
    }

    fn decide(&self) -> Option<GateReason> {
        let design = &self.design;
        let left = |category: &usize| self.left.get(category).copied().unwrap_or_default();
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
        let mut watched = self.left.keys().filter(|category| aimed(design) != Some(**category));
        if watched.clone().any(|category| self.fell(*category, Rest::Wins)) {
            return Some(GateReason::Regression);
        }
        let sure = net + aimed_at.iter().map(|category| left(category).worst).sum::<f64>() > needed;
        let safe = watched.all(|category| !self.fell(*category, Rest::Loses));
        (sure && safe).then_some(GateReason::Improved)
    }
}

/// What the remaining tasks of a category are taken to do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// As well as they can.
    Wins,
    /// As badly as they can.
    Loses,
}

impl Exact {
    /// Whether a category fell, if its remaining tasks do that.
    fn fell(&self, category: usize, rest: Rest) -> bool {
        let gained = self.gained.get(&category).copied().unwrap_or_default();
        let left = self.left.get(&category).copied().unwrap_or_default();
        let size = self.design.sizes.get(&category).copied().unwrap_or(1).max(1) as f64;
        let (sum, lead) = match rest {
            Rest::Wins => (gained.sum + left.best, gained.lead + left.winnable),
            Rest::Loses => (gained.sum + left.worst, gained.lead - left.losable),
        };
        match self.design.fall {
            FallRule::Tolerance(eps) => sum < -(eps + TOLERANCE) * size,
            FallRule::ByTasks => sum <= (TOLERANCE - FALL) * size && lead <= -MORE_LOST,
        }
    }
}

/// The category that has to gain under rule `target`; `None` if the overall score has to gain.
fn aimed(design: &ExactDesign) -> Option<usize> {
    design.target.filter(|_| design.rule == RuleKind::Target)
}

/// The order of attempts: target tasks that can gain, target tasks that can only lose, other tasks that can lose, the
/// rest.
fn order(design: &ExactDesign) -> Vec<usize> {
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
