//! The tests of one mean change, of all tasks or of a category, during the runs and after the last one. Pure.

use crate::gate::evidence::{Wealth, interval as interval_at_every_look};
use crate::gate::quantile::upper_quantile;
use crate::gate::sample::sign_flip::{p_value, p_value_of_loss};
use crate::gate::sample::summary::{interval_at, mean};

/// The change of some tasks, of which some have different requests under the two harnesses.
///
/// Each test has two halves, which share its error: a bet that holds at every look, and a test over all tasks once the last
/// one ran, which sees more. Tasks whose request is the same are ties and need no run.
#[derive(Clone, Debug)]
pub(super) struct ChangeTest {
    tasks: usize,
    reached: usize,
    /// A change below this is worse, as a negative share.
    floor: f64,
    differences: Vec<f64>,
    /// Tasks whose pair was lost.
    lost: usize,
    fall: Wealth,
    rise: Wealth,
    /// `None`: the tasks that may change are too few to take the mean to the floor.
    above_floor: Option<Wealth>,
}

impl ChangeTest {
    /// `tasks` in all, `reached` of them with different requests; `margin` is the largest fall that does not matter, 0 to 1.
    pub(super) fn new(tasks: usize, reached: usize, margin: f64) -> Self {
        let share = reached as f64 / tasks.max(1) as f64;
        let of_reached = -margin / share;
        Self {
            tasks,
            reached,
            floor: -margin,
            differences: Vec::new(),
            lost: 0,
            fall: Wealth::below(0.0),
            rise: Wealth::above(0.0),
            above_floor: (of_reached > -1.0).then(|| Wealth::above(of_reached)),
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
        if let Some(wealth) = &mut self.above_floor {
            wealth.add(difference);
        }
    }

    /// Notes a task whose pair was lost.
    pub(super) fn lose(&mut self) {
        self.lost += 1;
    }

    /// Whether every task with different requests ran.
    pub(super) fn is_complete(&self) -> bool {
        self.differences.len() + self.lost == self.reached
    }

    /// Whether the mean fell, with an error of at most `level`.
    pub(super) fn fell(&self, level: f64) -> bool {
        let half = level / 2.0;
        self.fall.log_e() >= -half.ln() || (self.is_complete() && p_value_of_loss(&self.differences) <= half)
    }

    /// Whether the mean rose, with an error of at most `level`.
    pub(super) fn rose(&self, level: f64) -> bool {
        let half = level / 2.0;
        self.rise.log_e() >= -half.ln() || (self.is_complete() && p_value(&self.differences) <= half)
    }

    /// Whether the mean is above the floor, with an error of at most `level`.
    pub(super) fn is_above_floor(&self, level: f64) -> bool {
        let Some(wealth) = &self.above_floor else { return true };
        let low = || interval_at(&self.with_ties(), level).map_or(-1.0, |[low, _]| low);
        wealth.log_e() >= -(level / 2.0).ln() || (self.is_complete() && low() > self.floor)
    }

    /// The mean change over all tasks; `None` before the first difference.
    pub(super) fn mean(&self) -> Option<f64> {
        match self.reached {
            0 => Some(0.0),
            _ => mean(&self.differences).map(|mean| mean * self.reached as f64 / self.tasks as f64),
        }
    }

    /// The interval of the mean change over all tasks with an error of at most `level`: the part that the interval for every
    /// look and, at the end, the one for all tasks share.
    pub(super) fn interval(&self, level: f64) -> [f64; 2] {
        if self.reached == 0 {
            return [0.0, 0.0];
        }
        let share = self.reached as f64 / self.tasks as f64;
        let always = interval_at_every_look(&self.differences, level / 2.0).map(|end| end * share);
        match interval_at(&self.with_ties(), level / 2.0).filter(|_| self.is_complete()) {
            Some([low, high]) => [always[0].max(low), always[1].min(high)],
            None => always,
        }
    }

    /// How many tasks in all would show that the mean is above the floor, if further tasks were like these; `None` if no
    /// number would.
    pub(super) fn tasks_needed(&self, level: f64) -> Option<usize> {
        let mean = self.mean().filter(|mean| *mean > self.floor)?;
        let count = self.differences.len().max(1) as f64;
        let share = self.reached as f64 / self.tasks.max(1) as f64;
        let square = self
            .differences
            .iter()
            .map(|difference| difference * difference)
            .sum::<f64>()
            / count
            * share;
        // Without a flip among the tasks, one of them could still be one.
        let variance = (square - mean * mean).max(1.0 / self.tasks.max(1) as f64);
        let needed = variance * (upper_quantile(level / 2.0) / (mean - self.floor)).powi(2);
        Some(needed.ceil() as usize)
    }

    fn with_ties(&self) -> Vec<f64> {
        let ties = std::iter::repeat_n(0.0, self.tasks.saturating_sub(self.reached));
        self.differences.iter().copied().chain(ties).collect()
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
    fn few_changed_requests_cannot_take_the_mean_to_the_floor() {
        let test = ChangeTest::new(100, 2, 0.02);
        assert!(
            test.is_above_floor(0.05),
            "both could fail, which is no more than 2 points"
        );
        assert!(!ChangeTest::new(100, 3, 0.02).is_above_floor(0.05));
        assert_eq!(ChangeTest::new(100, 0, 0.02).interval(0.1), [0.0, 0.0]);
    }

    #[test]
    fn losses_show_a_fall_during_the_runs_and_fewer_show_it_at_the_end() {
        let some = fed(ChangeTest::new(40, 40, 0.02), &[-1.0; 9]);
        assert!(some.fell(0.05) && !some.rose(0.05), "nine losses in a row");
        let mixed = [[-1.0; 12].as_slice(), &[1.0; 2], &[0.0; 25]].concat();
        let before = fed(ChangeTest::new(40, 40, 0.02), &mixed);
        assert!(!before.is_complete() && !before.fell(0.025));
        let after = fed(before, &[0.0]);
        assert!(
            after.is_complete() && after.fell(0.025),
            "12 of 14 flips are losses: p = .0065"
        );
    }

    #[test]
    fn many_ties_show_that_nothing_fell() {
        let ties = |count: usize| fed(ChangeTest::new(500, 500, 0.02), &vec![0.0; count]);
        assert!(!ties(100).is_above_floor(0.05));
        assert!(ties(450).is_above_floor(0.05));
        let [low, high] = ties(500).interval(0.1);
        assert!(-0.02 < low && low < 0.0 && 0.0 < high, "{low} {high}");
    }

    #[test]
    fn more_tasks_help_only_above_the_floor() {
        let even = [[1.0; 10].as_slice(), &[-1.0; 10], &[0.0; 80]].concat();
        let needed = fed(ChangeTest::new(100, 100, 0.02), &even).tasks_needed(0.05);
        assert_eq!(needed, Some(1921), "a variance of .2 and a distance of 2 points");
        assert_eq!(fed(ChangeTest::new(10, 10, 0.02), &[-1.0; 10]).tasks_needed(0.05), None);
    }
}
