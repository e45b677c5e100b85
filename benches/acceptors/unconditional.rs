//! An unconditional exact test of paired passes and failures.
//!
//! McNemar's exact test holds its level given the number of tasks that differ. That number is small and the test's p
//! values are coarse, so the true error is about half of the level. For tasks that are a sample, the number of tasks that
//! differ is random too, and the error averages over it. This test orders the outcomes by McNemar's mid-p value, and its
//! p value is the probability of an outcome at least as extreme under the least favourable share of tasks that differ.

use std::sync::OnceLock;

use kaizen::internals::{Tally, binomial_tail};

/// Number of shares of differing tasks that are tried.
const SHARES: usize = 100;

/// The largest number of tasks in the tables.
const MOST: usize = 200;

/// Half of the probability of the outcome itself does not count.
fn mid_p(differ: usize, wins: usize) -> f64 {
    f64::midpoint(binomial_tail(differ, wins), binomial_tail(differ, wins + 1))
}

/// For each number of differing tasks: the mid-p value and the tail of each number of wins.
type Tails = Vec<Vec<(f64, f64)>>;

fn tails() -> &'static Tails {
    static TAILS: OnceLock<Tails> = OnceLock::new();
    let of = |differ: usize| {
        (0..=differ)
            .map(|wins| (mid_p(differ, wins), binomial_tail(differ, wins)))
            .collect()
    };
    TAILS.get_or_init(|| (0..=MOST).map(of).collect())
}

/// The p value of wins and losses among tasks drawn from the work: the largest probability, over all shares of tasks that
/// differ, of a mid-p value at most as large, if an edit gains nothing.
pub fn p_unconditional(tally: &Tally) -> f64 {
    let tasks = tally.pairs().min(MOST);
    let differ = tally.wins + tally.losses;
    let limit = mid_p(differ, tally.wins) + 1e-12;
    let rejected = |differ: usize| {
        let of = &tails()[differ];
        let first = of.partition_point(|(mid, _)| *mid > limit);
        of.get(first).map_or(0.0, |(_, tail)| *tail)
    };
    let rejected: Vec<f64> = (0..=tasks).map(rejected).collect();
    let chance = |step: usize| average(&rejected, step as f64 / SHARES as f64);
    (1..=SHARES).map(chance).fold(0.0, f64::max)
}

/// The mean of `values` over a binomial number with this chance.
fn average(values: &[f64], chance: f64) -> f64 {
    let tasks = values.len() - 1;
    if chance >= 1.0 {
        return values[tasks];
    }
    let (odds, mut log) = ((chance / (1.0 - chance)).ln(), tasks as f64 * (1.0 - chance).ln());
    let mut sum = 0.0;
    for (differ, value) in values.iter().enumerate() {
        sum += log.exp() * value;
        log += odds + ((tasks - differ).max(1) as f64 / (differ + 1) as f64).ln();
    }
    sum
}
