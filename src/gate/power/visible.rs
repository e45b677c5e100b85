//! Visible: the smallest change that a trial would accept four times of five.

use super::POWER;
use super::play::Game;
use crate::artifact::gate::settings::{Preset, Settings};

/// One point: changes are told apart no more finely than that.
const STEP: f64 = 0.01;

/// How many times as many tasks are tried out.
const MOST_TIMES: usize = 8;

/// The smallest rise of the mean that an edit which reaches nothing else is accepted for with a chance of [`POWER`], in
/// steps of a point; `None` when not even an edit that fixes everything is.
pub(crate) fn smallest(game: &Game) -> Option<f64> {
    let headroom = game.headroom();
    let steps = (headroom / STEP - 1e-9).ceil().max(0.0) as usize;
    let change = |step: usize| (step as f64 * STEP).min(headroom);
    let is_seen = |step| game.play(change(step)).accepted >= POWER;
    if steps == 0 || !is_seen(steps) {
        return None;
    }
    // Exact, since a larger change is accepted wherever a smaller one is.
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

/// The smallest rise of the mean of so many tasks that an exact comparison sees: as many tasks flipped for good as are
/// worth more than `min_improvement`; `None` when fewer fail.
pub(crate) fn smallest_exact(chances: &[f64], min_improvement: f64) -> Option<f64> {
    let tasks = chances.len() as f64;
    let needed = (min_improvement * tasks + 1e-9).floor() + 1.0;
    let lost: f64 = chances.iter().map(|chance| 1.0 - chance).sum();
    let failing = chances.iter().filter(|chance| **chance < 1.0).count() as f64;
    let worth = needed.min(lost);
    (failing > 0.0 && worth > min_improvement * tasks + 1e-9).then_some(worth / tasks)
}

/// What would make a change visible.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Remedy {
    /// So many tasks like these, where more tasks do.
    pub tasks: Option<usize>,
    /// This preset, where patience does.
    pub preset: Option<Preset>,
    /// Whether the whole of the error budget in one slot does.
    pub alone: bool,
}

/// Tries out what would make a change visible: more tasks of the same kind, more patience, the whole error budget.
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
        let patient = Settings::of(*preset);
        let settings = Settings {
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
        // One pass is over when the tasks are, however patient.
        preset: [Preset::Patient, Preset::Thorough]
            .into_iter()
            .filter(|_| !game.one_pass)
            .find(patient),
        alone: is_seen(&Game { alpha, ..game.clone() }),
    }
}
