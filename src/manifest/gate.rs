//! `[gate]`: how the gate decides about an edit, the gain it requires, and with what certainty.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifact::gate::sample::SampleSettings;
use crate::artifact::gate::settings::{BudgetMode, GateSettings, Keep, Mode, Population, Preset};
use crate::artifact::gate::verdict::RuleKind;

/// `[gate]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GateSection {
    /// `auto`: `exact` for the built-in student at temperature 0, else `sample`, which tests all gate tasks together.
    /// `sequential` pairs runs until the evidence suffices; `rule` compares the means of one run.
    pub mode: Mode,
    /// A named set of settings; each of the settings below overrides it.
    pub preset: Preset,
    /// What must gain in modes `rule` and `exact`: `overall` or `target`. Absent: `overall` in `rule`, else `target`.
    pub rule: Option<RuleKind>,
    /// What the gate tasks represent: only themselves (`tasks`), or future work (`sample`). With `sample` each task is
    /// run once, and evidence comes from many tasks.
    pub population: Population,
    /// How a session's error budget is divided. Absent: `planned`, or `fdr` in `kaizen loop`.
    pub budget: Option<BudgetMode>,
    /// What `kaizen run` keeps of the edits that mode `sample` leaves undecided: nothing (`proven`), or those that likely
    /// help and lower no category (`likely`). `kaizen loop` always works as with `proven`.
    #[serde(skip_serializing_if = "crate::artifact::is_zero")]
    pub keep: Keep,
    /// Number of train tasks on which mode `sample` tries each edit before the gate; it drops those that lose there or
    /// change nothing. It applies to benchmarks of 100 gate tasks or more. 0: none.
    #[serde(skip_serializing_if = "is_usual_screen")]
    pub screen: usize,
    /// Number of runs of each task in each arm, in mode `sample`.
    #[serde(skip_serializing_if = "is_one")]
    pub runs: u32,
    /// In mode `sample`, `kaizen prune` proposes to remove an edit whose gain is surely smaller than this, 0 to 1. Absent:
    /// a tenth of what fails without the edit, at least 0.02.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prune_margin: Option<f64>,
    /// Largest probability that a session accepts any edit that does not help; between 0 and 1, exclusive. Absent: the
    /// preset's value.
    pub alpha_session: Option<f64>,
    /// Smallest change of the target that a trial should detect; between 0 and 1, exclusive.
    pub delta_min: Option<f64>,
    /// Largest probability of dropping an edit early although it has a useful gain (in mode `sequential`, `delta_min`);
    /// between 0 and 1, exclusive. Absent: the preset's value.
    pub beta: Option<f64>,
    /// The gain must exceed this, 0 to 1.
    pub min_improvement: f64,
    /// Maximum number of the target's pairs.
    pub max_pairs: Option<usize>,
    /// Number of baseline runs that each run with the edit is compared with. Absent: the preset's value, or 1 if both
    /// arms use the same random seed.
    pub controls: Option<u32>,
    /// Maximum number of rounds over all tasks to show that the overall score gained.
    pub guard_rounds: Option<usize>,
    /// Largest probability of accepting an edit that raises its target but lowers the overall score; above 0, up to 1.
    pub alpha_guard: Option<f64>,
    /// Largest probability of rejecting a harmless edit as harmful; between 0 and 1, exclusive.
    pub alpha_harm: Option<f64>,
    /// No other category may lose more than this, 0 to 1. Absent: 0.01, or 0.05 with rule `overall`; in mode `exact`, a
    /// category fell if it lost 10 points and two tasks more than it won; in mode `sample`, 10 points and more than chance.
    pub max_regression: Option<f64>,
    /// Number of further runs in each arm that confirm a flip, in mode `exact`.
    pub confirm: Option<u32>,
    /// Whether each edit gets its own baseline runs, not shared with other edits.
    pub fresh_baseline: bool,
    /// The verdict is undecided if the share of infrastructure errors exceeds this, 0 to 1.
    pub max_infra_share: f64,
    /// Number of consultations after which the gate tasks count as worn; 0: never.
    pub worn_after: u32,
}

impl Default for GateSection {
    fn default() -> Self {
        Self {
            mode: Mode::Auto,
            preset: Preset::Default,
            rule: None,
            population: Population::Tasks,
            budget: None,
            keep: Keep::Proven,
            screen: 30,
            runs: 1,
            prune_margin: None,
            alpha_session: None,
            delta_min: None,
            beta: None,
            min_improvement: 0.0,
            max_pairs: None,
            controls: None,
            guard_rounds: None,
            alpha_guard: None,
            alpha_harm: None,
            max_regression: None,
            confirm: None,
            fresh_baseline: false,
            max_infra_share: 0.05,
            worn_after: 50,
        }
    }
}

impl GateSection {
    /// All settings: the preset's, overridden by the keys that are set. `shares_chance` says that both arms of a pair
    /// use the same random seed, so that one baseline run is as informative as two.
    pub fn settings(&self, shares_chance: bool) -> GateSettings {
        let preset = GateSettings::of(self.preset);
        let rule = self.rule.unwrap_or(RuleKind::Target);
        GateSettings {
            rule,
            delta_min: self.delta_min.unwrap_or(preset.delta_min),
            beta: self.beta.unwrap_or(preset.beta),
            min_improvement: self.min_improvement,
            max_pairs: self.max_pairs.unwrap_or(preset.max_pairs),
            controls: self.controls.unwrap_or(if shares_chance { 1 } else { preset.controls }),
            guard_rounds: self.guard_rounds.unwrap_or(preset.guard_rounds),
            alpha_guard: self.alpha_guard.or(preset.alpha_guard),
            alpha_harm: self.alpha_harm.unwrap_or(preset.alpha_harm),
            eps: self.max_regression.unwrap_or_else(|| tolerated(rule)),
            by_tasks: self.max_regression.is_none(),
            confirm: self.confirm.unwrap_or(preset.confirm),
            max_infra_share: self.max_infra_share,
            fresh_baseline: self.fresh_baseline,
        }
    }

    /// The settings of mode `sample`.
    pub fn sample_settings(&self) -> SampleSettings {
        let usual = SampleSettings::default();
        let beta = match self.preset {
            Preset::Thrifty => 0.20,
            _ => usual.beta,
        };
        SampleSettings {
            beta: self.beta.unwrap_or(beta),
            alpha_harm: self.alpha_harm.unwrap_or(usual.alpha_harm),
            runs: self.runs,
            max_regression: self.max_regression,
            ..usual
        }
    }

    /// Largest probability that a session accepts any edit that does not help.
    pub(crate) fn alpha_session(&self) -> f64 {
        self.alpha_session.unwrap_or_else(|| self.preset.alpha_session())
    }

    /// Tolerated loss per category in mode `exact` when the edit targets no category; the same as for rule `overall`,
    /// which then applies.
    pub(crate) fn eps_overall(&self) -> f64 {
        self.max_regression.unwrap_or_else(|| tolerated(RuleKind::Overall))
    }

    /// The rule and the tolerated loss per category in the configured mode.
    pub(crate) fn usual(&self) -> (RuleKind, f64) {
        let usual = match self.mode {
            Mode::Rule | Mode::Sample => RuleKind::Overall,
            Mode::Auto | Mode::Exact | Mode::Sequential => RuleKind::Target,
        };
        let rule = self.rule.unwrap_or(usual);
        (rule, self.max_regression.unwrap_or_else(|| tolerated(rule)))
    }

    /// Whether the baseline is run twice: only mode `sequential` uses both runs.
    pub(crate) fn probes(&self) -> bool {
        let is_sample = self.population == Population::Sample;
        self.mode == Mode::Sequential || (is_sample && matches!(self.mode, Mode::Auto | Mode::Exact))
    }

    /// Checks the settings that mode `sample` has no use for; `auto` is that mode unless the student is built in.
    ///
    /// # Errors
    /// The setting, and the mode that obeys it.
    pub(super) fn check_sample(&self, is_sampled: bool) -> Result<(), String> {
        if !is_sampled {
            return Ok(());
        }
        let set = [
            (
                self.min_improvement > 0.0,
                "min_improvement",
                "accepts any gain that it can show",
            ),
            (
                self.rule == Some(RuleKind::Target),
                "rule = \"target\"",
                "judges all gate tasks together",
            ),
            (
                self.delta_min.is_some(),
                "delta_min",
                "takes a tenth of what fails as the useful gain",
            ),
        ];
        match set.into_iter().find(|(is_set, ..)| *is_set) {
            Some((_, setting, does)) => Err(format!(
                "[gate] {setting} does not apply to mode \"sample\", which {does}; remove it, or set mode = \"sequential\""
            )),
            None => Ok(()),
        }
    }

    /// Checks the range of every value.
    ///
    /// # Errors
    /// The problem, and the allowed range.
    pub(super) fn check(&self) -> Result<(), String> {
        let shares = [
            ("min_improvement", Some(self.min_improvement)),
            ("max_regression", self.max_regression),
            ("max_infra_share", Some(self.max_infra_share)),
            ("prune_margin", self.prune_margin),
        ];
        let chances = [
            ("alpha_session", self.alpha_session),
            ("beta", self.beta),
            ("alpha_harm", self.alpha_harm),
        ];
        // With `delta_min` = 1 the bet on futility could not be lost, and its wealth would not be finite.
        let partial = [("delta_min", self.delta_min)];
        let positive = [("alpha_guard", self.alpha_guard)];
        let of = |count: Option<u32>| count.map(|count| count as usize);
        // These limits keep a trial's run numbers below those that audits and drift checks use.
        let counts = [
            ("max_pairs", self.max_pairs, 1..=100_000),
            ("guard_rounds", self.guard_rounds, 1..=10_000),
            ("controls", of(self.controls), 1..=100),
            ("confirm", of(self.confirm), 0..=100),
            ("runs", of(Some(self.runs)), 1..=100),
            ("screen", Some(self.screen), 0..=100_000),
        ];
        holds(&shares, "must be between 0 and 1", |value| (0.0..=1.0).contains(&value))?;
        holds(&chances, "must be above 0 and below 1", |value| {
            value > 0.0 && value < 1.0
        })?;
        holds(&partial, "must be above 0 and below 1: 0.2 means 20 points", |value| {
            value > 0.0 && value < 1.0
        })?;
        holds(&positive, "must be above 0 and at most 1", |value| {
            value > 0.0 && value <= 1.0
        })?;
        let set = counts
            .into_iter()
            .filter_map(|(key, count, range)| Some((key, count?, range)));
        match set.into_iter().find(|(_, count, range)| !range.contains(count)) {
            Some((key, 0, _)) => Err(format!("[gate] {key} = 0 leaves no evidence; use at least 1")),
            Some((key, count, range)) => Err(format!(
                "[gate] {key} = {count} is too large; use at most {}",
                range.end()
            )),
            None => Ok(()),
        }
    }
}

fn is_usual_screen(screen: &usize) -> bool {
    *screen == GateSection::default().screen
}

fn is_one(runs: &u32) -> bool {
    *runs == 1
}

/// Default of the tolerated loss per category: smaller if only the target must gain.
fn tolerated(rule: RuleKind) -> f64 {
    match rule {
        RuleKind::Target => 0.01,
        RuleKind::Overall => 0.05,
    }
}

fn holds(values: &[(&str, Option<f64>)], what: &str, is_fine: fn(f64) -> bool) -> Result<(), String> {
    let set = values.iter().filter_map(|(key, value)| Some((key, (*value)?)));
    match set.into_iter().find(|(_, value)| !is_fine(*value)) {
        Some((key, value)) => Err(format!("[gate] {key} = {value} {what}")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_be_played_are_refused() {
        let said = |section: GateSection| section.check().err().unwrap_or_default();
        let usual = GateSection::default;
        let delta_min = Some(1.0);
        assert!(said(GateSection { delta_min, ..usual() }).contains("below 1"));
        let controls = Some(4_000_000_000);
        assert!(said(GateSection { controls, ..usual() }).contains("too large; use at most 100"));
        let confirm = Some(0);
        assert_eq!(said(GateSection { confirm, ..usual() }), "");
        let max_pairs = Some(0);
        assert!(said(GateSection { max_pairs, ..usual() }).contains("leaves no evidence"));
        let prune_margin = Some(2.0);
        assert!(
            said(GateSection {
                prune_margin,
                ..usual()
            })
            .contains("prune_margin = 2 must be between 0 and 1")
        );
        assert!(said(GateSection { runs: 0, ..usual() }).contains("runs = 0 leaves no evidence"));
    }

    #[test]
    fn mode_sample_refuses_what_it_has_no_use_for_and_names_the_mode_that_has() {
        let usual = GateSection::default;
        let settings = [
            GateSection {
                min_improvement: 0.05,
                ..usual()
            },
            GateSection {
                rule: Some(RuleKind::Target),
                ..usual()
            },
            GateSection {
                delta_min: Some(0.1),
                ..usual()
            },
        ];
        for section in settings {
            let said = |section: &GateSection, is_sampled| section.check_sample(is_sampled).err().unwrap_or_default();
            assert!(said(&section, true).contains("mode = \"sequential\""), "{section:?}");
            assert_eq!(said(&section, false), "");
        }
    }

    #[test]
    fn a_preset_sets_the_error_budget_and_its_own_value_wins() {
        let of = |preset| GateSection {
            preset,
            ..GateSection::default()
        };
        let alphas: Vec<f64> = [
            Preset::Strict,
            Preset::Certified,
            Preset::Default,
            Preset::Thrifty,
            Preset::Patient,
        ]
        .map(|preset| of(preset).alpha_session())
        .into();
        assert_eq!(alphas, [0.05, 0.05, 0.10, 0.10, 0.20]);
        let betas = [Preset::Default, Preset::Thrifty].map(|preset| of(preset).sample_settings().beta);
        assert_eq!(betas, [0.10, 0.20]);
        let own = GateSection {
            alpha_session: Some(0.3),
            beta: Some(0.05),
            ..of(Preset::Strict)
        };
        assert_eq!((own.alpha_session(), own.sample_settings().beta), (0.3, 0.05));
    }
}
