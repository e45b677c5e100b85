//! The tests of one mean change, of all tasks or of a category, during the runs and after the last one. Pure.

use super::bound::lower_bound;
use crate::artifact::gate::numbers::{TOLERANCE, Tally};
use crate::gate::evidence::{Wealth, interval as interval_at_every_look};
use crate::gate::sample::sign_flip::binomial_tail;
use crate::gate::sample::summary::mean;

/// The largest multiple of the tasks that [`ChangeTest::tasks_to_clear`] and [`ChangeTest::tasks_to_fall`] consider.
const MOST_TIMES: f64 = 1_000.0;

/// The change of some tasks. A task whose request is the same is a tie; it counts like any other, because how many requests
/// a change reaches is also known from the sample only.
///
/// Each test has two halves, which share its error: a bet that holds at every look, and a test over all tasks once the last
/// one ran, which sees more. The second one is for scores that pass or fail; graded ones have the bet alone.
#[derive(Clone, Debug)]
pub(super) struct ChangeTest {
    tasks: usize,
    /// A change below this is worse, as a negative share.
    floor: f64,
    differences: Vec<f64>,
    /// Tasks whose pair was lost.
    lost: usize,
    fall: Wealth,
    rise: Wealth,
    above_floor: Wealth,
}

impl ChangeTest {
    /// `margin` is the largest fall that does not matter, above 0 and at most 1.
    pub(super) fn new(tasks: usize, margin: f64) -> Self {
        Self {
            tasks,
            floor: -margin,
            differences: Vec::new(),
            lost: 0,
            fall: Wealth::below(0.0),
            rise: Wealth::above(0.0),
            // A bet against the lowest possible mean cannot win.
            above_floor: Wealth::above((-margin).max(-1.0 + TOLERANCE)),
        }
    }

    /// The number of tasks.
    pub(super) fn tasks(&self) -> usize {
        self.tasks
    }

    /// Adds the difference of the next task, -1 to 1.
    pub(super) fn add(&mut self, difference: f64) {
        self.differences.push(difference);
        self.fall.add(difference);
        self.rise.add(difference);
        self.above_floor.add(difference);
    }

    /// Notes a task whose pair was lost.
    pub(super) fn lose(&mut self) {
        self.lost += 1;
    }

    /// Whether every task ran or is a tie.
    pub(super) fn is_complete(&self) -> bool {
        self.differences.len() + self.lost == self.tasks
    }

    /// Whether the mean fell, with an error of at most `level`.
    pub(super) fn fell(&self, level: f64) -> bool {
        let half = level / 2.0;
        let at_the_end = || self.complete_tally().is_some_and(|tally| p_of_loss(&tally) <= half);
        self.fall.log_e() >= -half.ln() || at_the_end()
    }

    /// Whether the mean rose, with an error of at most `level`.
    pub(super) fn rose(&self, level: f64) -> bool {
        let half = level / 2.0;
        let at_the_end = || {
            self.complete_tally()
                .is_some_and(|tally| p_of_loss(&turned(&tally)) <= half)
        };
        self.rise.log_e() >= -half.ln() || at_the_end()
    }

    /// Whether the mean is above the floor, with an error of at most `level`.
    pub(super) fn is_above_floor(&self, level: f64) -> bool {
        let half = level / 2.0;
        let at_the_end = || {
            self.complete_tally()
                .is_some_and(|tally| lower_bound(&tally, half) > self.floor)
        };
        self.above_floor.log_e() >= -half.ln() || at_the_end()
    }

    /// The mean change; `None` before the first difference.
    pub(super) fn mean(&self) -> Option<f64> {
        mean(&self.differences)
    }

    /// The interval of the mean change with an error of at most `level`: the part that the interval for every look and, at
    /// the end, the one for all tasks share.
    pub(super) fn interval(&self, level: f64) -> [f64; 2] {
        let [low, high] = interval_at_every_look(&self.differences, level / 2.0);
        match self.complete_tally() {
            Some(tally) => {
                let bound = |tally: &Tally| lower_bound(tally, level / 4.0);
                [low.max(bound(&tally)), high.min(-bound(&turned(&tally)))]
            }
            None => [low, high],
        }
    }

    /// How many tasks in all would show that the mean is above the floor, if further tasks were like these; `None` if it is
    /// not above it, or too close.
    pub(super) fn tasks_to_clear(&self, level: f64) -> Option<usize> {
        self.mean().filter(|mean| *mean > self.floor)?;
        self.tasks_until(|tally| lower_bound(tally, level / 2.0) > self.floor)
    }

    /// How many tasks in all would show that the mean fell, if further tasks were like these; `None` if it did not fall.
    pub(super) fn tasks_to_fall(&self, level: f64) -> Option<usize> {
        self.mean().filter(|mean| *mean < 0.0)?;
        self.tasks_until(|tally| p_of_loss(tally) <= level / 2.0)
    }

    /// The smallest number of tasks with the same shares of wins and losses for which something holds.
    fn tasks_until(&self, holds: impl Fn(&Tally) -> bool) -> Option<usize> {
        let tally = Tally::of(&self.differences);
        let scaled = |times: f64| {
            let scale = |count: usize| (count as f64 * times).round() as usize;
            Tally {
                wins: scale(tally.wins),
                losses: scale(tally.losses),
                ties: scale(tally.ties),
            }
        };
        let (mut too_few, mut enough) = (1.0, MOST_TIMES);
        if tally.pairs() == 0 || !holds(&scaled(enough)) {
            return None;
        }
        for _ in 0..20 {
            let middle = f64::midpoint(too_few, enough);
            match holds(&scaled(middle)) {
                true => enough = middle,
                false => too_few = middle,
            }
        }
        Some(scaled(enough).pairs())
    }

    /// Wins, losses and ties once every task ran; `None` before, and for graded scores.
    fn complete_tally(&self) -> Option<Tally> {
        let whole = |difference: &f64| (difference.abs() - difference.abs().round()).abs() < TOLERANCE;
        let is_whole = self.is_complete() && self.differences.iter().all(whole);
        is_whole.then(|| Tally::of(&self.differences))
    }
}

/// The probability of as many losses among the flips if each were a fair coin.
fn p_of_loss(tally: &Tally) -> f64 {
    match tally.wins + tally.losses {
        0 => 1.0,
        flips => binomial_tail(flips, tally.losses),
    }
}

/// Wins and losses exchanged.
fn turned(tally: &Tally) -> Tally {
    Tally {
        wins: tally.losses,
        losses: tally.wins,
        ties: tally.ties,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(test: ChangeTest, differences: &[f64]) -> ChangeTest {
        let mut test = test;
        differences.iter().for_each(|difference| test.add(*difference));
        test
    }

    #[test]
    fn losses_show_a_fall_during_the_runs_and_fewer_show_it_at_the_end() {
        let some = fed(ChangeTest::new(40, 0.02), &[-1.0; 9]);
        assert!(some.fell(0.05) && !some.rose(0.05), "nine losses in a row");
        let mixed = [[-1.0; 12].as_slice(), &[1.0; 2], &[0.0; 25]].concat();
        let before = fed(ChangeTest::new(40, 0.02), &mixed);
        assert!(!before.is_complete() && !before.fell(0.025));
        let after = fed(before, &[0.0]);
        assert!(
            after.is_complete() && after.fell(0.025),
            "12 of 14 flips are losses: p = .0065"
        );
    }

    #[test]
    fn many_ties_show_that_nothing_fell() {
        let ties = |count: usize, of: usize| fed(ChangeTest::new(of, 0.02), &vec![0.0; count]);
        assert!(!ties(100, 500).is_above_floor(0.05));
        assert!(ties(450, 500).is_above_floor(0.05), "before the end");
        assert!(
            !ties(216, 216).is_above_floor(0.05) && ties(217, 217).is_above_floor(0.05),
            "at the end"
        );
        let [low, high] = ties(500, 500).interval(0.1);
        assert!(-0.02 < low && low < 0.0 && 0.0 < high, "{low} {high}");
    }

    #[test]
    fn graded_scores_have_the_bet_alone() {
        // The signs say better, and the mean is -5 points.
        let graded = [[-1.0; 2].as_slice(), &[0.05; 12], &[0.0; 6]].concat();
        let test = fed(ChangeTest::new(20, 0.02), &graded);
        assert!(test.is_complete() && !test.rose(0.05));
        let nearly = [[0.01].as_slice(), &[0.0; 19]].concat();
        assert!(
            !fed(ChangeTest::new(20, 0.02), &nearly).is_above_floor(0.05),
            "20 tasks may hide a loss"
        );
    }

    #[test]
    fn how_many_tasks_would_do_is_what_the_test_itself_needs() {
        let ties = fed(ChangeTest::new(100, 0.02), &[0.0; 100]);
        assert_eq!(ties.tasks_to_clear(0.05), Some(217));
        assert_eq!(ties.tasks_to_fall(0.05), None);
        let losses = [[-1.0; 6].as_slice(), &[1.0; 2], &[0.0; 32]].concat();
        let fallen = fed(ChangeTest::new(40, 0.02), &losses);
        assert_eq!(fallen.tasks_to_clear(0.05), None);
        let needed = fallen.tasks_to_fall(0.05).unwrap();
        assert!(!fallen.fell(0.05) && (80..160).contains(&needed), "{needed}");
        let close = [[-1.0; 2].as_slice(), &[0.0; 97]].concat();
        assert_eq!(
            fed(ChangeTest::new(99, 0.02), &close).tasks_to_clear(0.05),
            None,
            "-2.02 points"
        );
    }
}
