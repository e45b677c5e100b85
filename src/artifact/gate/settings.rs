//! The settings of the gate, and the presets that set several of them together.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifact::gate::verdict::RuleKind;

/// How the gate decides about an edit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// `exact` for the built-in student at temperature 0, else `sample`.
    #[default]
    Auto,
    /// For a deterministic student: only the attempts that the decision needs, and every flip is confirmed.
    Exact,
    /// For a noisy student: paired runs until the evidence suffices, with bounded error rates.
    Sequential,
    /// For language models and programs: one exact test over all gate tasks, with bounded error rates.
    Sample,
    /// Compares the means of one run of every task in each arm.
    Rule,
}

impl Mode {
    /// The effective mode, where `chosen` is what `auto` stands for. Tasks that are a sample exclude `exact`, because a
    /// fact about them says nothing about other tasks.
    pub(crate) fn at_work(self, population: Population, chosen: Mode) -> Mode {
        let mode = match self {
            Mode::Auto => chosen,
            stated => stated,
        };
        match (mode, population) {
            (Mode::Exact, Population::Sample) => Mode::Sequential,
            (mode, _) => mode,
        }
    }
}

impl Preset {
    /// Largest probability that a session keeps any edit that does not help.
    pub(crate) fn alpha_session(self) -> f64 {
        match self {
            Preset::Strict | Preset::Certified => 0.05,
            Preset::Default | Preset::Thrifty => 0.10,
            Preset::Patient | Preset::Thorough => 0.20,
        }
    }
}

/// A named set of gate settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Fewest attempts: detects changes of 25 points or more.
    Thrifty,
    /// Detects changes of 20 points in the target.
    #[default]
    Default,
    /// Detects changes of 15 points.
    Patient,
    /// Detects changes of 10 points, with up to 400 pairs.
    Thorough,
    /// As `default`, but requires more evidence that the overall score gained.
    Strict,
    /// As `default`, but the error bound covers the overall score as well.
    Certified,
}

/// What the gate tasks represent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Population {
    /// Only themselves: the score on these tasks is the goal.
    #[default]
    Tasks,
    /// A sample of future work: each task is run once, and evidence comes from many tasks.
    Sample,
}

/// Which edits a run keeps in mode `sample`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Those that the gate accepted.
    #[default]
    Proven,
    /// Also those that likely help and lower no category.
    Likely,
}

/// How a session's error budget is divided among edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BudgetMode {
    /// Equal shares for the edits of the plan.
    Planned,
    /// Shrinking shares, so that the budget never runs out.
    Open,
    /// As `open`, but every accept enlarges later shares: bounds the rate of false accepts over many sessions (e-LOND).
    Fdr,
}

/// All settings of one decision.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GateSettings {
    /// What must gain in mode `exact`.
    pub rule: RuleKind,
    /// Smallest change of the target that the trial should detect; between 0 and 1, exclusive.
    pub delta_min: f64,
    /// Largest probability of dropping a change of `delta_min` as futile, 0 to 1.
    pub beta: f64,
    /// The target must gain more than this, 0 to 1.
    pub min_improvement: f64,
    /// Maximum number of the target's pairs.
    pub max_pairs: usize,
    /// Number of baseline runs that each run with the edit is compared with, at least 1.
    pub controls: u32,
    /// Maximum number of rounds over all tasks in the second stage, at least 1.
    pub guard_rounds: usize,
    /// Largest probability of accepting an edit that raises its target but lowers the overall score, 0 to 1; absent: as
    /// for the target.
    pub alpha_guard: Option<f64>,
    /// Largest probability of rejecting a harmless edit as harmful, 0 to 1.
    pub alpha_harm: f64,
    /// Tolerated loss of a category, 0 to 1.
    pub eps: f64,
    /// Whether a category fell, in mode `exact`, only if it lost 10 points and at least two tasks more than it won;
    /// `eps` does not count then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_tasks: bool,
    /// Number of further runs in each arm that confirm a flip, in mode `exact`.
    pub confirm: u32,
    /// Largest share of pairs that may be lost to infrastructure errors, 0 to 1.
    pub max_infra_share: f64,
    /// Whether each edit gets its own baseline runs, not shared with other edits.
    pub fresh_baseline: bool,
}

impl GateSettings {
    /// The settings of a preset.
    pub fn of(preset: Preset) -> Self {
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
            by_tasks: false,
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

    /// The same settings with one pass over the tasks, since repeating a task says nothing about other tasks.
    pub(crate) fn one_pass(self, target_tasks: usize) -> Self {
        Self {
            max_pairs: target_tasks,
            guard_rounds: 1,
            ..self
        }
    }

    /// The same settings with larger limits, for a trial that is resumed after it ran out of pairs.
    pub(crate) fn resumed(self, times: u32) -> Self {
        Self {
            max_pairs: self.max_pairs.saturating_mul(1 + times as usize),
            guard_rounds: self.guard_rounds.saturating_mul(1 + times as usize),
            ..self
        }
    }
}
