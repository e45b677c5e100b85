//! Evidence as betting wealth: the winnings of a gambler who bets on every paired difference, against the hypothesis
//! that the mean is at most m.
//!
//! This is the mixture e-process for bounded means (Waudby-Smith and Ramdas 2024, arXiv 2010.09686): the average wealth
//! over a fixed grid of stakes is a test martingale. By Ville's inequality, the probability that it ever reaches
//! 1/alpha is at most alpha, however often the wealth is checked. For pass or fail scores and m = 0 it is a sequential
//! McNemar test: ties drop out.
//!
//! The confidence interval of the mean, and the numbers of a gate record, follow from the same evidence.

use crate::artifact::gate::numbers::{GAMMA, Numbers, Tally};

/// Bisection steps. Each halves an interval of length 2; 100 of them reach the precision of an `f64`.
const STEPS: usize = 100;

/// The stakes; the gambler starts with one sixth of the money on each. They are fixed, so that no bet can adapt to a
/// baseline that several edits share.
const STAKES: [f64; 6] = [0.15, 0.30, 0.45, 0.60, 0.75, 0.90];

/// The wealth of a gambler who bets that the mean is above (or below) `m`: one logarithm per stake, summed in the order
/// of the differences.
#[derive(Clone, Debug, PartialEq)]
pub struct Wealth {
    m: f64,
    sign: f64,
    logs: [f64; STAKES.len()],
}

impl Wealth {
    /// A bet that the mean is above `m`, where -1 < m ≤ 1.
    pub fn above(m: f64) -> Self {
        Self {
            m,
            sign: 1.0,
            logs: [0.0; STAKES.len()],
        }
    }

    /// A bet that the mean is below `m`, where -1 ≤ m < 1.
    pub fn below(m: f64) -> Self {
        Self {
            m: -m,
            sign: -1.0,
            logs: [0.0; STAKES.len()],
        }
    }

    /// Bets on one more difference, from -1 to 1.
    pub fn add(&mut self, difference: f64) {
        let gain = (self.sign * difference - self.m) / (1.0 + self.m);
        for (log, stake) in self.logs.iter_mut().zip(STAKES) {
            *log += (1.0 + stake * gain).ln();
        }
    }

    /// The logarithm of the wealth: 0 at the start.
    pub fn log_e(&self) -> f64 {
        log_mean_exp(&self.logs)
    }
}

/// Evidence that the mean of the differences (-1 to 1) is larger than `m`, as a logarithm.
pub(crate) fn log_e_above(differences: &[f64], m: f64) -> f64 {
    fed(Wealth::above(m), differences)
}

/// Evidence that the mean of the differences (-1 to 1) is smaller than `m`, as a logarithm.
pub(crate) fn log_e_below(differences: &[f64], m: f64) -> f64 {
    fed(Wealth::below(m), differences)
}

fn fed(mut wealth: Wealth, differences: &[f64]) -> f64 {
    differences.iter().for_each(|difference| wealth.add(*difference));
    wealth.log_e()
}

/// The logarithm of the mean of the exponentials; 0 for an empty list.
pub(crate) fn log_mean_exp(logs: &[f64]) -> f64 {
    let highest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !highest.is_finite() {
        return if logs.is_empty() { 0.0 } else { highest };
    }
    let sum: f64 = logs.iter().map(|log| (log - highest).exp()).sum();
    highest + (sum / logs.len() as f64).ln()
}

/// The interval of the mean of differences (-1 to 1) at level 1 - `gamma`. With that probability it contains the true
/// mean at all moments, so it stays valid at a stopping time, unlike an interval for a fixed number of pairs.
pub(crate) fn interval(differences: &[f64], gamma: f64) -> [f64; 2] {
    let turned: Vec<f64> = differences.iter().map(|difference| -difference).collect();
    [lower(differences, gamma), -lower(&turned, gamma)]
}

/// The lower end: the largest m such that the evidence shows a mean above m; -1 without evidence.
fn lower(differences: &[f64], gamma: f64) -> f64 {
    let needed = (2.0 / gamma).ln();
    let (mut refuted, mut possible) = (-1.0, 1.0);
    for _ in 0..STEPS {
        let middle = (refuted + possible) / 2.0;
        if middle > -1.0 && log_e_above(differences, middle) >= needed {
            refuted = middle;
        } else {
            possible = middle;
        }
    }
    refuted
}

impl Numbers {
    /// The numbers that depend only on the differences. `reached`: how many tasks of the target, and how many other
    /// tasks, the edit reaches.
    pub(crate) fn of(target: &[f64], other: &[f64], reached: (usize, usize)) -> Self {
        let all = (reached.0 + reached.1).max(1) as f64;
        let overall = mean(target)
            .zip(mean(other))
            .map(|(target, other)| (reached.0 as f64 * target + reached.1 as f64 * other) / all);
        Self {
            target: Tally::of(target),
            other: Tally::of(other),
            mean_target: mean(target),
            mean_overall: overall,
            interval_target: interval(target, GAMMA),
            interval_other: interval(other, GAMMA),
            ..Self::default()
        }
    }
}

fn mean(differences: &[f64]) -> Option<f64> {
    let sum: f64 = differences.iter().sum();
    (!differences.is_empty()).then(|| sum / differences.len() as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_win_is_worth_half_again() {
        assert!((log_e_above(&[1.0], 0.0) - 1.525_f64.ln()).abs() < 1e-12);
        assert_eq!(log_e_above(&[], 0.3), 0.0);
        assert_eq!(log_e_above(&[0.0; 40], 0.0), 0.0);
    }

    proptest! {
        #[test]
        fn below_is_above_of_the_other_sign(ds in prop::collection::vec(-1.0..=1.0f64, 0..40), m in -0.9..0.9f64) {
            let turned: Vec<f64> = ds.iter().map(|d| -d).collect();
            prop_assert_eq!(log_e_below(&ds, m), log_e_above(&turned, -m));
        }

        #[test]
        fn it_falls_in_m(ds in prop::collection::vec(-1.0..=1.0f64, 1..40), m in -0.9..0.8f64) {
            prop_assert!(log_e_above(&ds, m) >= log_e_above(&ds, m + 0.1) - 1e-9);
        }

        #[test]
        fn stretching_what_is_evidence_already_never_weakens_it(ds in prop::collection::vec(-1.0..=1.0f64, 0..40)) {
            let half: Vec<f64> = ds.iter().map(|d| d / 2.0).collect();
            if log_e_above(&half, 0.0) > 0.0 {
                let tenfold: Vec<f64> = half.iter().cycle().take(10 * half.len()).copied().collect();
                prop_assert!(log_e_above(&tenfold, 0.0) >= log_e_above(&half, 0.0) - 1e-9);
            }
        }
    }

    #[test]
    fn nothing_refutes_nothing_and_ties_close_in_on_zero() {
        assert_eq!(interval(&[], 0.1), [-1.0, 1.0]);
        let [low, high] = interval(&[0.0; 60], 0.1);
        assert_eq!(low, -high);
        assert!(high < 0.08 && interval(&[0.0; 600], 0.1)[1] < high);
    }
}
