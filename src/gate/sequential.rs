//! Mode `sequential`, for a noisy student: pairs runs until the evidence suffices, runs out, or turns against the edit.
//!
//! Stage 1 bets on the target alone. Stage 2 guards the rest: it looks for harm to the other tasks, and bets against
//! "there is no overall gain" for every way to split the loss between the target and the others (union of
//! intersections, as in Spertus, Sheridan and Stark, arXiv 2409.06680). See [`super::evidence`] for the bets.

use std::collections::BTreeMap;

use super::evidence::{Wealth, log_mean_exp};
use super::order::{SECOND_STAGE, shuffled};
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::settings::GateSettings;

/// The number of splits between the target and the others for which "there is no overall gain" is tested.
const BRACKETS: usize = 100;

/// What the decision is about: the tasks that the edit reaches, in ascending order, and the limits.
#[derive(Clone, Debug, PartialEq)]
pub struct SequentialDesign {
    /// The category of each task that the edit reaches.
    pub categories: Vec<usize>,
    /// The category that has to gain; `None`: the overall score.
    pub target: Option<usize>,
    /// The seed of the order of pairs.
    pub seed: u64,
    /// The number of the edit; each edit has a different order of pairs.
    pub edit: u32,
    /// The largest probability of accepting an edit whose target did not gain, above 0.
    pub alpha: f64,
    /// The other limits.
    pub settings: GateSettings,
}

/// One pair: a run with the edit, and the mean of the baseline runs of the same task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedRun {
    /// The task, as an index into the design.
    pub task: usize,
    /// Score with the edit, 0 to 1.
    pub x: f64,
    /// Mean score without it, 0 to 1.
    pub y: f64,
}

/// A decision in progress: a betting game.
#[derive(Clone, Debug)]
pub struct Sequential {
    design: SequentialDesign,
    target: Vec<usize>,
    others: Vec<usize>,
    stage: u8,
    /// Positions of this stage's schedule that are used up.
    place: usize,
    /// Pairs seen in stage 1.
    first: usize,
    rounds: BTreeMap<u32, Vec<usize>>,
    gain: Wealth,
    futility: Wealth,
    harm: Wealth,
    by_category: BTreeMap<usize, Wealth>,
    brackets: Vec<(Wealth, Wealth)>,
    other_pairs: usize,
    decided: Option<GateReason>,
}

impl Sequential {
    /// The state before the first pair.
    pub fn new(design: SequentialDesign) -> Self {
        let is_target = |at: &usize| design.target.is_none_or(|target| design.categories[*at] == target);
        let (target, others): (Vec<usize>, Vec<usize>) = (0..design.categories.len()).partition(is_target);
        let guarded = if design.target.is_none() { &target } else { &others };
        let eps = design.settings.eps;
        let by_category = guarded
            .iter()
            .map(|at| (design.categories[*at], Wealth::below(-eps)))
            .collect();
        let decided = target.is_empty().then_some(GateReason::NoAffectedTargetTask);
        Self {
            gain: Wealth::above(design.settings.min_improvement),
            futility: Wealth::below(design.settings.delta_min),
            harm: Wealth::below(-eps),
            by_category,
            brackets: match target.is_empty() || others.is_empty() {
                true => Vec::new(),
                false => brackets(target.len() as f64 / others.len() as f64),
            },
            target,
            others,
            stage: 1,
            place: 0,
            first: 0,
            rounds: BTreeMap::new(),
            other_pairs: 0,
            decided,
            design,
        }
    }

    /// The decision, once there is one.
    pub fn decided(&self) -> Option<GateReason> {
        self.decided
    }

    /// The stage: 1 for the target, 2 for the rest.
    pub(crate) fn stage(&self) -> u8 {
        self.stage
    }

    /// Evidence that the target gains, as a logarithm.
    pub(crate) fn log_e(&self) -> f64 {
        self.gain.log_e()
    }

    /// Evidence that the target gains less than `delta_min`, as a logarithm.
    pub(crate) fn log_e_futility(&self) -> f64 {
        self.futility.log_e()
    }

    /// Evidence that the guarded tasks fall, as a logarithm: all tasks if there is no target, otherwise those outside
    /// it.
    pub(crate) fn log_e_harm(&self) -> f64 {
        let by_category: Vec<f64> = self.by_category.values().map(Wealth::log_e).collect();
        let by_category = log_mean_exp(&by_category);
        match self.design.target {
            None => by_category,
            Some(_) => log_mean_exp(&[self.harm.log_e(), by_category]),
        }
    }

    /// Evidence of an overall gain, as a logarithm; `None` before the first pair outside the target.
    pub(crate) fn log_e_overall(&self) -> Option<f64> {
        (self.other_pairs > 0).then(|| least(&self.brackets))
    }

    /// The value that [`Self::log_e_overall`] has to reach.
    pub(crate) fn overall_needed(&self) -> f64 {
        -self.design.settings.alpha_guard.unwrap_or(self.design.alpha).ln()
    }

    /// The tasks of the next pairs, in order, that are needed unless a decision comes first: at most `most`, and at
    /// least one while nothing is decided.
    pub fn upcoming(&mut self, most: usize) -> Vec<usize> {
        if self.decided.is_some() {
            return Vec::new();
        }
        let left = match self.stage {
            1 => self.design.settings.max_pairs.saturating_sub(self.first).max(1),
            _ => usize::MAX,
        };
        let places = self.place..self.place.saturating_add(most.min(left));
        places.map_while(|place| self.scheduled(place)).collect()
    }

    /// The smallest number of pairs, up to `most`, that can lead to a decision or to the next stage. That many can run
    /// in parallel without waste.
    pub(crate) fn soonest(&self, most: usize) -> usize {
        let soonest = |x: f64, y: f64| {
            let mut game = self.clone();
            let fed = (0..most).find(|_| {
                if let Some(task) = game.upcoming(1).first().copied() {
                    game.feed(PairedRun { task, x, y });
                }
                game.decided.is_some() || game.stage != self.stage
            });
            fed.map_or(most, |at| at + 1)
        };
        soonest(1.0, 0.0).min(soonest(0.0, 1.0))
    }

    /// Skips the next position of the schedule, because its pair was lost.
    pub(crate) fn pass_over(&mut self) {
        self.place += 1;
        self.end_of_schedule();
    }

    /// Adds the pair at the next position of the schedule.
    pub fn feed(&mut self, pair: PairedRun) {
        if self.decided.is_some() {
            return;
        }
        let difference = pair.x - pair.y;
        let category = self.design.categories[pair.task];
        let of_target = self.design.target.is_none_or(|target| target == category);
        self.place += 1;
        if of_target {
            self.gain.add(difference);
            self.futility.add(difference);
        } else {
            self.harm.add(difference);
            self.other_pairs += 1;
        }
        if let Some(wealth) = self.by_category.get_mut(&category) {
            wealth.add(difference);
        }
        for (target, others) in &mut self.brackets {
            if of_target { target } else { others }.add(difference);
        }
        self.decided = match self.stage {
            1 => self.after_first(),
            _ => self.after_second(of_target),
        };
        self.end_of_schedule();
    }

    fn after_first(&mut self) -> Option<GateReason> {
        self.first += 1;
        let settings = &self.design.settings;
        if self.gain.log_e() >= -self.design.alpha.ln() {
            return self.crossed();
        }
        if self.futility.log_e() >= -settings.beta.ln() {
            return Some(GateReason::Futile);
        }
        (self.first >= settings.max_pairs).then_some(GateReason::Inconclusive)
    }

    /// The target gained; the remaining question is whether anything else lost.
    fn crossed(&mut self) -> Option<GateReason> {
        let harmful = self.log_e_harm() >= -self.design.settings.alpha_harm.ln();
        match self.design.target {
            None if harmful => Some(GateReason::Harm),
            _ if self.others.is_empty() => Some(GateReason::Improved),
            _ => {
                self.stage = 2;
                self.place = 0;
                None
            }
        }
    }

    fn after_second(&self, of_target: bool) -> Option<GateReason> {
        if !of_target && self.log_e_harm() >= -self.design.settings.alpha_harm.ln() {
            return Some(GateReason::Harm);
        }
        let seen_all = self.place >= self.others.len();
        let shown = self.log_e_overall().is_some_and(|log_e| log_e >= self.overall_needed());
        (seen_all && shown).then_some(GateReason::Improved)
    }

    fn end_of_schedule(&mut self) {
        if self.decided.is_none() && self.stage == 2 && self.scheduled(self.place).is_none() {
            self.decided = Some(GateReason::OverallUnproven);
        }
    }

    /// The task at a position of this stage's schedule; `None` past its end.
    fn scheduled(&mut self, place: usize) -> Option<usize> {
        let all = self.target.len() + self.others.len();
        let (round, at) = match self.stage {
            1 => (place / self.target.len(), place % self.target.len()),
            _ if place < self.others.len() => (0, place),
            _ => (1 + (place - self.others.len()) / all, (place - self.others.len()) % all),
        };
        if self.stage == 2 && round >= self.design.settings.guard_rounds {
            return None;
        }
        let (stage, round) = (self.stage, round as u32);
        let key = if stage == 1 { round } else { SECOND_STAGE + round };
        let (target, others, design) = (&self.target, &self.others, &self.design);
        let draw = || {
            let tasks: Vec<usize> = match (stage, round) {
                (1, _) => target.clone(),
                (_, 0) => others.clone(),
                _ => others.iter().chain(target).copied().collect(),
            };
            shuffled(&tasks, design.seed, design.edit, key)
        };
        self.rounds.entry(key).or_insert_with(draw).get(at).copied()
    }
}

/// The bets against every split of "there is no overall gain": the target gains at most `a`, and the others lose enough
/// to cancel that. `ratio` is the weight of the target relative to the others.
fn brackets(ratio: f64) -> Vec<(Wealth, Wealth)> {
    let a = |j: usize| (1.0 / ratio).min(1.0) * j as f64 / BRACKETS as f64;
    (0..BRACKETS)
        .map(|j| (Wealth::above(a(j + 1)), Wealth::above(-a(j) * ratio)))
        .collect()
}

/// The evidence against the split that is hardest to refute.
fn least(brackets: &[(Wealth, Wealth)]) -> f64 {
    let split = |(target, others): &(Wealth, Wealth)| target.log_e() + others.log_e();
    brackets.iter().map(split).fold(f64::INFINITY, f64::min)
}

/// Evidence of an overall gain, as a logarithm, from the differences of the target and of the others; `ratio` is the
/// weight of the target relative to the others.
#[cfg(test)]
pub(crate) fn log_e_overall(target: &[f64], others: &[f64], ratio: f64) -> f64 {
    let mut brackets = brackets(ratio);
    for (of_target, of_others) in &mut brackets {
        target.iter().for_each(|difference| of_target.add(*difference));
        others.iter().for_each(|difference| of_others.add(*difference));
    }
    least(&brackets)
}
