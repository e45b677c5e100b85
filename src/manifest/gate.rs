//! `[gate]`: how an edit is judged, what it has to gain, and how sure that has to be.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifact::gate::settings::{BudgetMode, Mode, Population, Preset, Settings};
use crate::artifact::gate::verdict::RuleKind;

/// `[gate]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GateSection {
    /// `auto` runs the baseline twice, and is `exact` when nothing differs, else `sequential`; `rule` compares means of
    /// one run.
    pub mode: Mode,
    /// Settings that go together; each of those below wins over it.
    pub preset: Preset,
    /// What has to gain in `rule` and `exact`: `overall` or `target`. Absent: `overall` in `rule`, else `target`.
    pub rule: Option<RuleKind>,
    /// What the tasks stand for: themselves (`tasks`), or future work (`sample`): then each is run once, and evidence
    /// has to come from many.
    pub population: Population,
    /// How a session's error budget is shared out. Absent: `planned`, and `fdr` in `kaizen loop`.
    pub budget: Option<BudgetMode>,
    /// Largest chance that a session accepts any edit whose target did not gain, above 0, below 1.
    pub alpha_session: f64,
    /// Smallest change of the target that is worth paying for, above 0, below 1.
    pub delta_min: Option<f64>,
    /// Largest chance that a change of `delta_min` is dropped as futile, above 0, below 1.
    pub beta: Option<f64>,
    /// The gain must be larger than this, 0 to 1.
    pub min_improvement: f64,
    /// Pairs of the target at most.
    pub max_pairs: Option<usize>,
    /// Baseline runs that one run with the edit is compared with. Absent: the preset's; 1 where both draw the same chance.
    pub controls: Option<u32>,
    /// Rounds over all tasks that may be spent on showing that the whole gained.
    pub guard_rounds: Option<usize>,
    /// Largest chance to accept one edit that lifts its target and lowers the whole, above 0, at most 1.
    pub alpha_guard: Option<f64>,
    /// Largest chance to take a harmless edit for harmful, above 0, below 1.
    pub alpha_harm: Option<f64>,
    /// No other category may fall by more than this, 0 to 1. Absent: 0.01, and 0.05 where the rule is `overall`.
    pub max_regression: Option<f64>,
    /// Further runs of both arms that confirm a flip in `exact`.
    pub confirm: Option<u32>,
    /// Whether every edit gets baseline runs of its own.
    pub fresh_baseline: bool,
    /// Above this share of infrastructure errors the verdict is undecided, 0 to 1.
    pub max_infra_share: f64,
    /// Consultations of the gate tasks after which they are worn; 0: never.
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
            alpha_session: 0.10,
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
    /// All settings: the preset's, and what is set beside. `shares_chance` says that both arms of a pair draw the same
    /// chance, so that one baseline run says as much as two.
    pub fn settings(&self, shares_chance: bool) -> Settings {
        let preset = Settings::of(self.preset);
        let rule = self.rule.unwrap_or(RuleKind::Target);
        Settings {
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
            confirm: self.confirm.unwrap_or(preset.confirm),
            max_infra_share: self.max_infra_share,
            fresh_baseline: self.fresh_baseline,
        }
    }

    /// How far a category may fall in `exact` where no category is named that has to gain: as far as under rule
    /// `overall`, whose place it then takes.
    pub(crate) fn eps_overall(&self) -> f64 {
        self.max_regression.unwrap_or_else(|| tolerated(RuleKind::Overall))
    }

    /// What has to gain, and how far others may fall, in the mode that is set.
    pub(crate) fn usual(&self) -> (RuleKind, f64) {
        let usual = match self.mode {
            Mode::Rule => RuleKind::Overall,
            Mode::Auto | Mode::Exact | Mode::Sequential => RuleKind::Target,
        };
        let rule = self.rule.unwrap_or(usual);
        (rule, self.max_regression.unwrap_or_else(|| tolerated(rule)))
    }

    /// Whether the baseline is run twice.
    pub(crate) fn probes(&self) -> bool {
        matches!(self.mode, Mode::Auto | Mode::Sequential)
    }

    /// Whether every value is one that can be.
    ///
    /// # Errors
    /// What is wrong, and what would do.
    pub(super) fn check(&self) -> Result<(), String> {
        let shares = [
            ("min_improvement", Some(self.min_improvement)),
            ("max_regression", self.max_regression),
            ("max_infra_share", Some(self.max_infra_share)),
        ];
        let chances = [
            ("alpha_session", Some(self.alpha_session)),
            ("beta", self.beta),
            ("alpha_harm", self.alpha_harm),
        ];
        // A bet on less than the largest difference there is cannot be lost, and its wealth is no number.
        let partial = [("delta_min", self.delta_min)];
        let positive = [("alpha_guard", self.alpha_guard)];
        let of = |count: Option<u32>| count.map(|count| count as usize);
        // Runs of a task are numbered, and those of audits and of the check for drift stand behind all of a trial.
        let counts = [
            ("max_pairs", self.max_pairs, 1..=100_000),
            ("guard_rounds", self.guard_rounds, 1..=10_000),
            ("controls", of(self.controls), 1..=100),
            ("confirm", of(self.confirm), 0..=100),
        ];
        holds(&shares, "must lie between 0 and 1", |value| {
            (0.0..=1.0).contains(&value)
        })?;
        holds(&chances, "must lie above 0 and below 1", |value| {
            value > 0.0 && value < 1.0
        })?;
        holds(
            &partial,
            "must lie above 0 and below 1: 0.2 stands for 20 points",
            |value| value > 0.0 && value < 1.0,
        )?;
        holds(&positive, "must lie above 0, and be 1 at most", |value| {
            value > 0.0 && value <= 1.0
        })?;
        let set = counts
            .into_iter()
            .filter_map(|(key, count, range)| Some((key, count?, range)));
        match set.into_iter().find(|(_, count, range)| !range.contains(count)) {
            Some((key, 0, _)) => Err(format!("[gate] {key} = 0 leaves nothing to judge by; use 1 or more")),
            Some((key, count, range)) => Err(format!(
                "[gate] {key} = {count} is too many; use {} at most",
                range.end()
            )),
            None => Ok(()),
        }
    }
}

/// How far a category may fall when nobody says: less where the target alone has to gain.
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
        assert!(said(GateSection { controls, ..usual() }).contains("too many; use 100 at most"));
        let confirm = Some(0);
        assert_eq!(said(GateSection { confirm, ..usual() }), "");
        let max_pairs = Some(0);
        assert!(said(GateSection { max_pairs, ..usual() }).contains("nothing to judge by"));
    }
}
