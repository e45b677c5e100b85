//! The interval of a mean difference: all means that the evidence does not refute, at any stopping time.

use crate::gate::evidence::log_e_above;

/// Steps of the bisection; each halves an interval of length 2, so that the ends are as exact as a double is.
const STEPS: usize = 100;

/// The interval of the mean of differences (-1 to 1) at level 1 - `gamma`; it holds the true mean at every moment at
/// once with that probability, which an interval around a mean at a stopping time would not.
pub(crate) fn interval(differences: &[f64], gamma: f64) -> [f64; 2] {
    let turned: Vec<f64> = differences.iter().map(|difference| -difference).collect();
    [lower(differences, gamma), -lower(&turned, gamma)]
}

/// The largest m that the evidence refutes from above; -1 where it refutes none.
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
