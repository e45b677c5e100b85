//! The confidence interval of a mean difference: all means that the evidence does not refute. It is valid at any
//! stopping time.

use crate::gate::evidence::log_e_above;

/// Bisection steps. Each halves an interval of length 2; 100 of them reach the precision of an `f64`.
const STEPS: usize = 100;

/// The interval of the mean of differences (-1 to 1) at level 1 - `gamma`. With that probability it contains the true
/// mean at all moments, so it stays valid at a stopping time, unlike an interval for a fixed number of pairs.
pub(crate) fn interval(differences: &[f64], gamma: f64) -> [f64; 2] {
    let turned: Vec<f64> = differences.iter().map(|difference| -difference).collect();
    [lower(differences, gamma), -lower(&turned, gamma)]
}

/// The lower end: the largest m such that the evidence shows a mean above m; -1 if there is none.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_refutes_nothing_and_ties_close_in_on_zero() {
        assert_eq!(interval(&[], 0.1), [-1.0, 1.0]);
        let [low, high] = interval(&[0.0; 60], 0.1);
        assert_eq!(low, -high);
        assert!(high < 0.08 && interval(&[0.0; 600], 0.1)[1] < high);
    }
}
