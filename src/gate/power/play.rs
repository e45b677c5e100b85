//! Simulates the first stage of a trial many times, with drawn outcomes.

use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::settings::GateSettings;
use crate::gate::order::{GOLDEN, mixed};
use crate::gate::sequential::{PairedRun, Sequential, SequentialDesign};

/// The number of simulated games. It gives a standard error of 3 points for a probability of 80 %.
pub(crate) const TRIALS: u64 = 200;

/// The largest number of pairs in a simulated game. It keeps the forecast short even if the manifest allows a million.
const LONGEST: usize = 2000;

/// The model of a trial: the pass probabilities without the edit, and the settings of the gate.
#[derive(Clone, Debug)]
pub(crate) struct Game<'a> {
    /// The pass probability of each task that has to gain.
    pub chances: &'a [f64],
    /// The deviation of a run from its mean; see [`super::noise::Noise`].
    pub spread: f64,
    /// The settings.
    pub settings: GateSettings,
    /// Whether each task is run once.
    pub one_pass: bool,
    /// The edit's part of the error budget, above 0.
    pub alpha: f64,
    /// Whether both arms of a pair share one random draw.
    pub shares_chance: bool,
}

/// The results of the games.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct GameResults {
    /// The share of games that ended in an accept.
    pub accepted: f64,
    /// The share of games that ended as futile.
    pub futile: f64,
    /// The average number of pairs before the decision.
    pub pairs: f64,
}

impl Game<'_> {
    /// The largest possible rise of the mean.
    pub(crate) fn headroom(&self) -> f64 {
        1.0 - super::noise::average(self.chances.iter().copied())
    }

    /// Plays an edit that lifts the mean by `change`, by fixing the same share of every task's failures. A larger
    /// change draws equal or better outcomes, so it is accepted in every game in which a smaller one is.
    pub(crate) fn play(&self, change: f64) -> GameResults {
        let headroom = self.headroom();
        let lift = if headroom > 0.0 {
            (change / headroom).clamp(0.0, 1.0)
        } else {
            0.0
        };
        if self.chances.is_empty() || self.alpha <= 0.0 {
            return GameResults {
                accepted: 0.0,
                futile: 0.0,
                pairs: 0.0,
            };
        }
        let ended: Vec<(Option<GateReason>, usize)> = (0..TRIALS).map(|trial| self.one(trial, lift)).collect();
        let share = |reason| ended.iter().filter(|(end, _)| *end == Some(reason)).count() as f64 / TRIALS as f64;
        GameResults {
            accepted: share(GateReason::Improved),
            futile: share(GateReason::Futile),
            pairs: ended.iter().map(|(_, pairs)| *pairs).sum::<usize>() as f64 / TRIALS as f64,
        }
    }

    fn one(&self, trial: u64, lift: f64) -> (Option<GateReason>, usize) {
        let settings = match self.one_pass {
            true => self.settings.one_pass(self.chances.len()),
            false => self.settings,
        };
        let mut game = Sequential::new(SequentialDesign {
            categories: vec![0; self.chances.len()],
            target: Some(0),
            seed: trial,
            edit: 0,
            alpha: self.alpha,
            settings: GateSettings {
                max_pairs: settings.max_pairs.min(LONGEST),
                ..settings
            },
        });
        let (mut dice, mut pairs) = (Dice(trial), 0);
        while let Some(task) = game.upcoming(1).first().copied() {
            let (x, y) = self.pair(self.chances[task], lift, &mut dice);
            game.feed(PairedRun { task, x, y });
            pairs += 1;
        }
        (game.decided(), pairs)
    }

    /// One run with the edit, and the mean of its control runs without the edit.
    fn pair(&self, chance: f64, lift: f64, dice: &mut Dice) -> (f64, f64) {
        let lifted = chance + lift * (1.0 - chance);
        let with = dice.roll();
        let controls = self.settings.controls.max(1);
        let without = |at: u32| {
            if at == 0 && self.shares_chance {
                with
            } else {
                dice.roll()
            }
        };
        let sum: f64 = (0..controls).map(without).map(|drawn| self.score(chance, drawn)).sum();
        (self.score(lifted, with), sum / f64::from(controls))
    }

    fn score(&self, mean: f64, drawn: f64) -> f64 {
        let passed = if drawn < mean { 1.0 } else { 0.0 };
        (mean + self.spread * (passed - mean)).clamp(0.0, 1.0)
    }
}

/// A random number generator, seeded per game: SplitMix64.
struct Dice(u64);

impl Dice {
    /// The next number, at least 0 and below 1.
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        // The seeds are consecutive small numbers; mixing twice removes the correlation between their streams.
        (mixed(mixed(self.0)) >> 11) as f64 / (1u64 << 53) as f64
    }
}
