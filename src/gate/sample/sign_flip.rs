//! The exact paired test: how likely is a sum of differences at least as large, if every sign were a fair coin?
//!
//! For pass or fail scores this is the sign test on wins and losses (McNemar). Graded scores, or the means of several
//! runs, use the exact distribution over all signs. Ties count for nothing.

/// Differences are rounded to this many parts of 1.
const PARTS: f64 = 1000.0;

/// The probability of a sum at least as large as that of the differences (-1 to 1) under random signs; 1 without a
/// difference.
pub fn p_value(differences: &[f64]) -> f64 {
    let units = units(differences);
    let won = units.iter().filter(|unit| **unit > 0).count();
    match units.first() {
        None => 1.0,
        Some(first) if units.iter().all(|unit| unit.abs() == first.abs()) => binomial_tail(units.len(), won),
        Some(_) => sign_flip_tail(&units),
    }
}

/// The same for a sum at most as large: the evidence of a loss.
pub(crate) fn p_value_of_loss(differences: &[f64]) -> f64 {
    let turned: Vec<f64> = differences.iter().map(|difference| -difference).collect();
    p_value(&turned)
}

/// The fewest tasks that have to gain, with no loss, for a p value of at most `level`.
pub(crate) fn fewest_wins(level: f64) -> usize {
    let mut p = 1.0;
    let mut wins = 0;
    while p > level && p > 0.0 {
        p /= 2.0;
        wins += 1;
    }
    wins
}

/// The differences that are not 0, as multiples of their largest common unit.
fn units(differences: &[f64]) -> Vec<i64> {
    let parts = differences
        .iter()
        .map(|difference| (difference * PARTS).round_ties_even() as i64);
    let parts: Vec<i64> = parts.filter(|part| *part != 0).collect();
    let unit = parts.iter().fold(0, |unit, part| common_divisor(unit, part.abs()));
    parts.iter().map(|part| part / unit.max(1)).collect()
}

fn common_divisor(one: i64, two: i64) -> i64 {
    if two == 0 { one } else { common_divisor(two, one % two) }
}

/// The probability of at least `least` heads in `tosses` of a fair coin.
pub fn binomial_tail(tosses: usize, least: usize) -> f64 {
    if least == 0 {
        return 1.0;
    }
    if least > tosses {
        return 0.0;
    }
    if 2 * least <= tosses {
        return 1.0 - binomial_tail(tosses, tosses - least + 1);
    }
    let factor = |k: usize| ((tosses - least + k) as f64 / k as f64).ln();
    let first: f64 = (1..=least).map(factor).sum();
    let (mut term, mut sum) = (1.0, 1.0);
    for heads in least..tosses {
        term *= (tosses - heads) as f64 / (heads + 1) as f64;
        sum += term;
    }
    (first - tosses as f64 * std::f64::consts::LN_2).exp() * sum
}

/// Convolves the distribution of the sum of those units whose sign is positive.
fn sign_flip_tail(units: &[i64]) -> f64 {
    let size = |unit: &i64| unit.unsigned_abs() as usize;
    let total: usize = units.iter().map(size).sum();
    let reached: usize = units.iter().filter(|unit| **unit > 0).map(size).sum();
    let mut chances = vec![0.0; total + 1];
    chances[0] = 1.0;
    let mut highest = 0;
    for unit in units.iter().map(size) {
        highest += unit;
        for sum in (0..=highest).rev() {
            let with = if sum >= unit { chances[sum - unit] } else { 0.0 };
            chances[sum] = (chances[sum] + with) / 2.0;
        }
    }
    chances[reached..].iter().sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_cases_by_hand() {
        assert_eq!(p_value(&[]), 1.0);
        assert_eq!(p_value(&[0.0, 0.0]), 1.0);
        assert_eq!(p_value(&[1.0]), 0.5);
        assert_eq!(p_value(&[-1.0]), 1.0);
        assert!((p_value(&[1.0; 7]) - 0.5_f64.powi(7)).abs() < 1e-15);
        // Of the 8 signs of 1, 0.5 and 0.5, three give at least 1: all positive, and either half turned.
        assert!((p_value(&[1.0, 0.5, -0.5]) - 3.0 / 8.0).abs() < 1e-15);
        assert!((p_value_of_loss(&[1.0, 0.5, -0.5]) - 7.0 / 8.0).abs() < 1e-15);
    }

    #[test]
    fn thousands_of_tosses_neither_overflow_nor_vanish() {
        assert!((binomial_tail(4001, 2001) - 0.5).abs() < 1e-9);
        assert!(binomial_tail(4000, 2100) < 0.001 && binomial_tail(4000, 2100) > 0.0005);
    }

    #[test]
    fn an_accept_needs_a_few_failing_tasks() {
        let fewest: Vec<usize> = [0.5, 0.25, 0.2, 0.05, 0.01].map(fewest_wins).into();
        assert_eq!(fewest, [1, 2, 3, 5, 7]);
    }

    proptest! {
        #[test]
        fn it_is_the_share_of_signs_that_reach_the_sum(ds in prop::collection::vec(-4i32..=4, 0..10)) {
            let ds: Vec<f64> = ds.iter().map(|d| f64::from(*d) / 8.0).collect();
            let sum: f64 = ds.iter().sum();
            let signed = |signs: u32| -> f64 {
                ds.iter().enumerate().map(|(at, d)| if signs >> at & 1 == 1 { -d } else { *d }).sum()
            };
            let all = 1u32 << ds.len();
            let reached = (0..all).filter(|signs| signed(*signs) >= sum - 1e-12).count();
            prop_assert!((p_value(&ds) - reached as f64 / f64::from(all)).abs() < 1e-12);
        }

        #[test]
        fn a_win_lowers_it_and_a_loss_raises_it(wins in 0usize..60, losses in 0usize..60) {
            let tail = |wins: usize, losses: usize| binomial_tail(wins + losses, wins);
            prop_assert!(tail(wins + 1, losses) <= tail(wins, losses) + 1e-12);
            prop_assert!(tail(wins, losses + 1) >= tail(wins, losses) - 1e-12);
        }
    }
}
