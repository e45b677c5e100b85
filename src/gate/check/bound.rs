//! A lower bound of the mean of pass or fail differences, after a fixed number of tasks. Pure.

use crate::artifact::gate::numbers::Tally;
use crate::gate::sample::summary::interval_of;

/// The number of wins, and of losses, from which the normal distribution is good enough.
const MANY: usize = 10;

/// The largest value that the mean change exceeds with an error of at most `error`: 0 to 1, exclusive.
///
/// With few wins or losses it is exact: the mean is the share of wins less that of losses, and each share has the bound of
/// Clopper and Pearson (1934) at half of the error. Otherwise it is that of Bonett and Price (2012), which is narrower.
pub(super) fn lower_bound(tally: &Tally, error: f64) -> f64 {
    let count = tally.pairs();
    if tally.wins >= MANY && tally.losses >= MANY {
        return interval_of(tally, 2.0 * error)[0];
    }
    let won = 1.0 - upper_share(count - tally.wins, count, error / 2.0);
    won - upper_share(tally.losses, count, error / 2.0)
}

/// The largest share of which at most `found` of `count` would be found with a probability of `error` or more.
fn upper_share(found: usize, count: usize, error: f64) -> f64 {
    if found >= count {
        return 1.0;
    }
    let (mut possible, mut refuted) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(possible, refuted);
        match at_most(found, count, middle) >= error {
            true => possible = middle,
            false => refuted = middle,
        }
    }
    refuted
}

/// The probability of at most `found` of `count`, each with the probability `share`, which is between 0 and 1, exclusive.
fn at_most(found: usize, count: usize, share: f64) -> f64 {
    let odds = (share / (1.0 - share)).ln();
    let mut log = count as f64 * (1.0 - share).ln();
    let mut sum = log.exp();
    for one in 0..found {
        log += ((count - one) as f64 / (one + 1) as f64).ln() + odds;
        sum += log.exp();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(wins: usize, losses: usize, count: usize) -> Tally {
        Tally {
            wins,
            losses,
            ties: count - wins - losses,
        }
    }

    #[test]
    fn without_a_flip_the_bound_is_that_of_no_loss() {
        // 1 - .0125^(1/217) = .02
        let bound = lower_bound(&tally(0, 0, 217), 0.025);
        assert!((bound + 0.02).abs() < 1e-4, "{bound}");
        assert_eq!(lower_bound(&tally(0, 3, 3), 0.025), -1.0);
    }

    #[test]
    fn known_bounds_of_a_share() {
        // Clopper and Pearson's upper 97.5 % bounds of 1 and 10 of 100.
        assert!((upper_share(1, 100, 0.025) - 0.05446).abs() < 1e-4);
        assert!((upper_share(10, 100, 0.025) - 0.17622).abs() < 1e-4);
        assert!((at_most(2_500, 5_000, 0.5) - 0.5056).abs() < 1e-3, "no underflow");
    }

    #[test]
    fn a_fall_by_the_margin_is_rarely_missed() {
        // Only losses, each with a probability of 2 %: how often is the bound above -2 points?
        for count in [137, 218, 296, 509, 1_000] {
            let missed = |losses: &usize| lower_bound(&tally(0, *losses, count), 0.025) > -0.02;
            let most = (0..count).take_while(missed).count();
            let chance = match most {
                0 => 0.0,
                most => at_most(most - 1, count, 0.02),
            };
            assert!(chance <= 0.025, "{count}: {chance}");
        }
    }

    #[test]
    fn many_flips_of_both_kinds_have_a_narrower_bound() {
        let few = lower_bound(&tally(9, 9, 1_000), 0.025);
        let many = lower_bound(&tally(10, 10, 1_000), 0.025);
        assert!(few < many, "{few} {many}");
    }
}
