//! Successive halving: every configuration is measured on a few tasks, and the better ones on more.

use super::asked::{AskedStudent, TaskScores, mean};
use crate::artifact::task::Task;
use crate::harness::Harness;

/// One third of the configurations goes on to the next round.
const SHARE: usize = 3;

/// A configuration in the race: its harness, and its scores so far.
pub(super) struct Racer {
    /// The number of the configuration.
    pub number: usize,
    /// The harness.
    pub harness: Harness,
    /// The scores so far.
    pub scores: TaskScores,
}

/// The number of attempts of a race over `racers` configurations whose first round has `first` tasks, of `all`.
pub(super) fn attempts(racers: usize, first: usize, all: usize) -> usize {
    let (mut alive, mut step, mut seen, mut count) = (racers, first, 0, 0);
    while alive > 1 && seen < all {
        let upto = (seen + step).min(all);
        count += alive * (upto - seen);
        (alive, step, seen) = (kept(alive), step * 3 / 2, upto);
    }
    count
}

/// The winner; `None` without a configuration. `tell` is called before each round with the number of configurations and of
/// tasks.
pub(super) fn winner(
    student: &AskedStudent,
    harnesses: Vec<Harness>,
    tasks: &[&Task],
    first: usize,
    tell: &dyn Fn(usize, usize),
) -> Option<Racer> {
    let racer = |(number, harness)| Racer {
        number,
        harness,
        scores: TaskScores::new(),
    };
    let mut alive: Vec<Racer> = harnesses.into_iter().enumerate().map(racer).collect();
    let (mut step, mut seen) = (first.max(1), 0);
    while alive.len() > 1 && seen < tasks.len() && student.left() > 0 {
        let upto = (seen + step).min(tasks.len());
        tell(alive.len(), upto - seen);
        for racer in &mut alive {
            racer.scores.extend(student.scores(&racer.harness, &tasks[seen..upto]));
        }
        alive.sort_by(|one, other| {
            mean(&other.scores)
                .total_cmp(&mean(&one.scores))
                .then(one.number.cmp(&other.number))
        });
        alive.truncate(kept(alive.len()));
        (step, seen) = (step * 3 / 2, upto);
    }
    alive.into_iter().next()
}

fn kept(alive: usize) -> usize {
    alive.div_ceil(SHARE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_race_counts_its_attempts_beforehand() {
        // 12 on 8 tasks, 4 on 12 more, 2 on 18 more.
        assert_eq!(attempts(12, 8, 100), 96 + 48 + 36);
        assert_eq!(attempts(12, 8, 12), 96 + 16);
        assert_eq!(attempts(1, 8, 100), 0);
    }
}
