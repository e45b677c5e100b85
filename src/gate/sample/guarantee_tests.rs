//! The guarantees of mode `sample`, checked on drawn outcomes: the worst edits that the bounds allow.

use super::*;
use crate::artifact::error_budget::{ErrorBudget, Slot};
use crate::artifact::gate::settings::BudgetMode;
use crate::digest::Digest;
use crate::gate::order::{GOLDEN, mixed};

/// Draws of a fixed generator.
struct Dice(u64);

impl Dice {
    /// A number from 0 to 1.
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        (mixed(self.0) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// One trial on `tasks` tasks in `categories` categories that take turns. `chances`: those of a win and of a loss.
fn trial(dice: &mut Dice, tasks: usize, categories: usize, chances: (f64, f64), level: f64, base: f64) -> Sample {
    let (mut baseline, mut edited) = (Vec::new(), Vec::new());
    for _ in 0..tasks {
        let roll = dice.roll();
        // A win is a failing task that passes, a loss a passing one that fails.
        let (y, x) = match roll {
            roll if roll < chances.0 => (0.0, 1.0),
            roll if roll < chances.0 + chances.1 => (1.0, 0.0),
            _ => {
                let same = f64::from(u8::from(dice.roll() < base));
                (same, same)
            }
        };
        baseline.push(y);
        edited.push(x);
    }
    let settings = SampleSettings::default();
    let categories: Vec<usize> = (0..tasks).map(|task| task % categories).collect();
    let mut sizes = BTreeMap::new();
    categories
        .iter()
        .for_each(|category| *sizes.entry(*category).or_default() += 1);
    let mut sample = Sample::new(SampleDesign {
        useful: settings.useful(base),
        seen: 0,
        order: (0..tasks).collect(),
        baseline,
        categories,
        sizes,
        level,
        settings,
    });
    while let Some(task) = sample.upcoming(1).first().copied() {
        sample.feed(task, edited[task]);
    }
    sample
}

/// The share of `sessions` of ten edits without any gain that keep one, if this share of the tasks flips at random.
fn keeps_one(flips: f64, sessions: usize) -> f64 {
    let mut dice = Dice(7);
    let mut kept = 0;
    for _ in 0..sessions {
        let mut budget = ErrorBudget {
            planned: 10,
            ..ErrorBudget::unspent(BudgetMode::Planned, 0.1)
        };
        let (mut carried, mut any) = (0.0, false);
        for at in 0..10 {
            let alpha = carried + budget.next(10 - at, 0);
            let sample = trial(&mut dice, 60, 3, (flips / 2.0, flips / 2.0), alpha, 0.5);
            let accepted = sample.decided() == Some(GateReason::Improved);
            any |= accepted;
            let id = Digest::of_value(&at);
            let edit_id = String::new();
            budget.slots.push(Slot {
                slot: at + 1,
                edit_id,
                edit_digest: id,
                comparison: id,
                alpha,
                carried,
            });
            carried = budget.handed_on(accepted);
        }
        kept += usize::from(any);
    }
    kept as f64 / sessions as f64
}

#[test]
fn a_session_rarely_keeps_an_edit_that_is_worth_nothing() {
    for flips in [0.07, 0.25, 0.4] {
        let share = keeps_one(flips, 250);
        // The bound is 0.10; four standard errors of the estimate are 0.08.
        assert!(share < 0.14, "flips {flips}: {share}");
    }
}

#[test]
fn a_useful_edit_is_rarely_dropped_early() {
    let mut dice = Dice(11);
    for (base, flips) in [(0.0, 0.1), (0.3, 0.15), (0.5, 0.4)] {
        let useful = SampleSettings::default().useful(base);
        let chances = (f64::midpoint(flips, useful), (flips - useful) / 2.0);
        let count = 300;
        let futile = |sample: &Sample| sample.decided().is_some_and(|_| sample.is_futile());
        let dropped = (0..count)
            .filter(|_| futile(&trial(&mut dice, 150, 3, chances, 0.01, base)))
            .count();
        let share = dropped as f64 / f64::from(count);
        assert!(share < 0.15, "base {base}, flips {flips}: {share} of the bound 0.10");
    }
}

#[test]
fn an_edit_that_lowers_no_category_is_rarely_vetoed() {
    let mut dice = Dice(13);
    for categories in [2, 6] {
        let count = 300;
        let vetoed = |sample: &Sample| !sample.fallen().is_empty();
        let chances = (0.2, 0.2);
        let share = (0..count)
            .filter(|_| vetoed(&trial(&mut dice, 90, categories, chances, 0.5, 0.5)))
            .count();
        let share = share as f64 / f64::from(count);
        assert!(share < 0.15, "{categories} categories: {share} of the bound 0.10");
    }
}
