//! What mode `sample` can show, from the number of tasks, the level, and how many tasks an edit flips. Estimates without
//! a simulation.

use crate::artifact::gate::sample::SampleSettings;
use crate::gate::evidence::Wealth;
use crate::gate::quantile::upper_quantile;

/// The share of tasks that an edit of contents usually flips: examples, a grammar, a temperature.
pub(crate) const CONTENTS: f64 = 0.25;

/// The share of tasks that a mere rewording usually flips.
pub(crate) const WORDING: f64 = 0.07;

/// The normal quantile of [`super::POWER`].
const Z_POWER: f64 = 0.84;

/// The gain that is accepted with a probability of 80 %, if an edit flips this share of the tasks.
pub(crate) fn visible(level: f64, flips: f64, tasks: usize) -> Option<f64> {
    let gain = (upper_quantile(level) + Z_POWER) * (flips / tasks.max(1) as f64).sqrt();
    (tasks > 0 && level > 0.0 && gain <= 1.0).then_some(gain)
}

/// The number of tasks after which a trial stops if nothing changes, at most `tasks`.
pub(crate) fn tasks_without_effect(settings: &SampleSettings, baseline: f64, tasks: usize) -> usize {
    let mut futility = Wealth::below(settings.useful(baseline));
    let needed = -settings.beta.ln();
    let is_futile = |_: &usize| {
        futility.add(0.0);
        futility.log_e() >= needed
    };
    (1..tasks).find(is_futile).unwrap_or(tasks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_tasks_and_a_larger_level_show_smaller_gains() {
        let points = |level, flips, tasks| (100.0 * visible(level, flips, tasks).unwrap()).round();
        assert_eq!(
            [0.01, 0.05, 0.10].map(|level| points(level, CONTENTS, 100)),
            [16.0, 12.0, 11.0]
        );
        assert_eq!([0.01, 0.05].map(|level| points(level, CONTENTS, 200)), [11.0, 9.0]);
        assert_eq!(points(0.01, WORDING, 100), 8.0);
        assert_eq!(
            (visible(0.01, 1.0, 5), visible(0.0, 0.1, 100), visible(0.1, 0.1, 0)),
            (None, None, None)
        );
    }

    #[test]
    fn an_edit_without_effect_is_dropped_before_the_last_task() {
        let usual = SampleSettings::default();
        assert_eq!(tasks_without_effect(&usual, 0.5, 100), 71);
        assert_eq!(tasks_without_effect(&usual, 0.5, 30), 30);
    }
}
