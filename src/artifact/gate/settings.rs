//! The settings of the gate: what each costs and buys, and the presets that set them together.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifact::gate::verdict::RuleKind;

/// How an edit is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The baseline is run twice: `exact` when nothing differs, else `sequential`.
    #[default]
    Auto,
    /// For a student that answers the same way each time: as few attempts as the decision needs, every flip confirmed.
    Exact,
    /// For a noisy student: paired runs until the evidence suffices, with known error rates.
    Sequential,
    /// One run of every task in each arm, and a comparison of means.
    Rule,
}

impl Mode {
    /// The mode that is at work: `auto` is exact until two runs of the same thing differ, and tasks that are a sample need
    /// bets, since no repeat of theirs says anything of work to come.
    pub(crate) fn at_work(self, population: Population, noisy: bool) -> Mode {
        match self {
            Mode::Rule => Mode::Rule,
            _ if population == Population::Sample => Mode::Sequential,
            Mode::Auto if noisy => Mode::Sequential,
            Mode::Auto | Mode::Exact => Mode::Exact,
            Mode::Sequential => Mode::Sequential,
        }
    }
}

/// Settings that go together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Fewest attempts: sees changes of 25 points and more.
    Thrifty,
    /// Sees changes of 20 points in the target.
    #[default]
    Default,
    /// Sees changes of 15 points.
    Patient,
    /// Sees changes of 10 points, with up to 400 pairs.
    Thorough,
    /// As default, and asks for more evidence that the whole gained.
    Strict,
    /// As default, and the error bound holds for the overall score as well.
    Certified,
}

/// What the gate tasks stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Population {
    /// Themselves: they are what matters.
    #[default]
    Tasks,
    /// Future work of which they are a sample: each is run once, and evidence has to come from many.
    Sample,
}

/// How a session's error budget is shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BudgetMode {
    /// In equal parts among the edits of the plan.
    Planned,
    /// In parts that shrink, so that there is always one left.
    Open,
    /// As `open`, and every accept earns another part: bounds the share of false accepts over many sessions (e-LOND).
    Fdr,
}

/// All settings, as one decision was made with them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Settings {
    /// What has to gain in `exact`.
    pub rule: RuleKind,
    /// Smallest change of the target that is worth paying for, above 0, below 1.
    pub delta_min: f64,
    /// Largest chance that a change of `delta_min` is dropped as futile, 0 to 1.
    pub beta: f64,
    /// The gain of the target must be larger than this, 0 to 1.
    pub min_improvement: f64,
    /// Pairs of the target at most.
    pub max_pairs: usize,
    /// Baseline runs that one run of the edited harness is compared with, at least 1.
    pub controls: u32,
    /// Rounds over all tasks that the second stage may take, at least 1.
    pub guard_rounds: usize,
    /// Largest chance to accept one edit that lifts its target and lowers the whole, 0 to 1; absent: as the target's.
    pub alpha_guard: Option<f64>,
    /// Largest chance to take a harmless edit for harmful, 0 to 1.
    pub alpha_harm: f64,
    /// A category may fall by this much, 0 to 1.
    pub eps: f64,
    /// Further runs of both arms that confirm a flip in `exact`.
    pub confirm: u32,
    /// Largest share of pairs that may be lost to the infrastructure, 0 to 1.
    pub max_infra_share: f64,
    /// Whether every pair has baseline runs that no other edit was compared with.
    pub fresh_baseline: bool,
}

impl Settings {
    /// The settings of a preset.
    pub(crate) fn of(preset: Preset) -> Self {
        let default = Self {
            rule: RuleKind::Target,
            delta_min: 0.20,
            beta: 0.20,
            min_improvement: 0.0,
            max_pairs: 200,
            controls: 2,
            guard_rounds: 8,
            alpha_guard: Some(0.5),
            alpha_harm: 0.10,
            eps: 0.01,
            confirm: 2,
            max_infra_share: 0.05,
            fresh_baseline: false,
        };
        match preset {
            Preset::Default => default,
            Preset::Thrifty => Self {
                delta_min: 0.25,
                max_pairs: 120,
                controls: 1,
                guard_rounds: 4,
                alpha_guard: Some(0.8),
                ..default
            },
            Preset::Patient => Self {
                delta_min: 0.15,
                ..default
            },
            Preset::Thorough => Self {
                delta_min: 0.10,
                max_pairs: 400,
                ..default
            },
            Preset::Strict => Self {
                alpha_guard: Some(0.1),
                ..default
            },
            Preset::Certified => Self {
                guard_rounds: 16,
                alpha_guard: None,
                ..default
            },
        }
    }

    /// The same with one pass over the tasks: more runs of a task say nothing about tasks that are not there.
    pub(crate) fn one_pass(self, target_tasks: usize) -> Self {
        Self {
            max_pairs: target_tasks,
            guard_rounds: 1,
            ..self
        }
    }

    /// The same with room for more: an edit that ran out of pairs is gone on with.
    pub(crate) fn gone_on_with(self, times: u32) -> Self {
        Self {
            max_pairs: self.max_pairs.saturating_mul(1 + times as usize),
            guard_rounds: self.guard_rounds.saturating_mul(1 + times as usize),
            ..self
        }
    }
}
