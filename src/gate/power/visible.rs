//! Finds the minimum detectable gain: the smallest gain that a trial accepts with probability [`POWER`].

use super::POWER;
use super::play::Game;
use crate::artifact::gate::settings::{GateSettings, Preset};

/// The resolution of the search: one point.
const STEP: f64 = 0.01;

/// The largest multiple of the present number of tasks that [`remedy`] tries.
const MOST_TIMES: usize = 8;

/// The minimum detectable gain for an edit that reaches only its target: the smallest gain, in steps of one point, that
/// is accepted with probability [`POWER`]; `None` if even an edit that fixes every failure is not.
pub(crate) fn smallest(game: &Game) -> Option<f64> {
    let headroom = game.headroom();
    let steps = (headroom / STEP - 1e-9).ceil().max(0.0) as usize;
    let change = |step: usize| (step as f64 * STEP).min(headroom);
    let is_seen = |step| game.play(change(step)).accepted >= POWER;
    if steps == 0 || !is_seen(steps) {
        return None;
    }
    // Bisection is exact here, because a larger change is accepted in every game in which a smaller one is.
    let (mut unseen, mut seen) = (0, steps);
    while seen - unseen > 1 {
        let middle = usize::midpoint(unseen, seen);
        if is_seen(middle) {
            seen = middle
        } else {
            unseen = middle
        }
    }
    Some(change(seen))
}

/// The minimum detectable gain of an exact comparison: enough tasks fixed for good to exceed `min_improvement`; `None`
/// if too few tasks fail.
pub(crate) fn smallest_exact(chances: &[f64], min_improvement: f64) -> Option<f64> {
    let tasks = chances.len() as f64;
    let needed = (min_improvement * tasks + 1e-9).floor() + 1.0;
    let lost: f64 = chances.iter().map(|chance| 1.0 - chance).sum();
    let failing = chances.iter().filter(|chance| **chance < 1.0).count() as f64;
    let worth = needed.min(lost);
    (failing > 0.0 && worth > min_improvement * tasks + 1e-9).then_some(worth / tasks)
}

/// The changes that would each make a gain detectable.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Remedy {
    /// This many tasks of the same kind; `None` if more tasks do not help.
    pub tasks: Option<usize>,
    /// This more patient preset; `None` if neither one helps.
    pub preset: Option<Preset>,
    /// Whether spending the whole error budget on this edit helps.
    pub alone: bool,
}

/// Tries each way to make a gain detectable: more tasks of the same kind, a more patient preset, the whole error
/// budget.
pub(crate) fn remedy(game: &Game, change: f64, alpha_session: f64) -> Remedy {
    let is_seen = |game: &Game| game.play(change).accepted >= POWER;
    let tasks = (2..=MOST_TIMES).map(|times| game.chances.repeat(times));
    let tasks = tasks.map(|chances| {
        (
            chances.len(),
            is_seen(&Game {
                chances: &chances,
                ..game.clone()
            }),
        )
    });
    let patient = |preset: &Preset| {
        let patient = GateSettings::of(*preset);
        let settings = GateSettings {
            delta_min: patient.delta_min.min(game.settings.delta_min),
            max_pairs: patient.max_pairs.max(game.settings.max_pairs),
            ..game.settings
        };
        is_seen(&Game {
            settings,
            ..game.clone()
        })
    };
    let alpha = alpha_session.max(game.alpha);
    Remedy {
        tasks: tasks.into_iter().find(|(_, is_seen)| *is_seen).map(|(tasks, _)| tasks),
        // One pass ends with the tasks, so patience does not help.
        preset: [Preset::Patient, Preset::Thorough]
            .into_iter()
            .filter(|_| !game.one_pass)
            .find(patient),
        alone: is_seen(&Game { alpha, ..game.clone() }),
    }
}
