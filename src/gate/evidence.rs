//! Evidence: what differences between paired runs say of their mean, as the logarithm of an e-value.
//!
//! A fixed grid of bets is laid on every difference in turn. When the mean is what the bets speak against, their wealth does
//! not grow on average, whatever the number of looks: it reaches `1/alpha` with a chance of at most `alpha`.

/// The share of the wealth that each bet lays on every pair.
const BETS: [f64; 6] = [0.15, 0.30, 0.45, 0.60, 0.75, 0.90];

/// Evidence that the mean of the differences is above `m`. They lie within -1 and 1; `m` lies above -1.
pub fn log_e_above(differences: &[f64], m: f64) -> f64 {
    let step = |bet: f64, difference: &f64| (1.0 + bet * (difference - m) / (1.0 + m)).ln();
    let wealth = |bet: f64| {
        differences
            .iter()
            .fold(0.0, |sum, difference| sum + step(bet, difference))
    };
    log_sum_exp(&BETS.map(wealth)) - (BETS.len() as f64).ln()
}

/// Evidence that the mean of the differences is below `m`, which lies below 1.
pub fn log_e_below(differences: &[f64], m: f64) -> f64 {
    let turned: Vec<f64> = differences.iter().map(|difference| -difference).collect();
    log_e_above(&turned, -m)
}

/// The logarithm of a sum, of its terms' logarithms; large ones do not overflow.
fn log_sum_exp(logs: &[f64]) -> f64 {
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    most + logs.iter().fold(0.0, |sum, log| sum + (log - most).exp()).ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Wins, then losses, then ties.
    fn outcomes(wins: usize, losses: usize, ties: usize) -> Vec<f64> {
        let of = |value: f64, count: usize| std::iter::repeat_n(value, count);
        of(1.0, wins).chain(of(-1.0, losses)).chain(of(0.0, ties)).collect()
    }

    #[test]
    fn wins_speak_for_more_and_losses_for_less() {
        for ((wins, losses, ties), m, above, below) in [
            ((0, 0, 0), 0.0, 0.0, 0.0),
            ((1, 0, 0), 0.0, 0.421_994_410_059_375_1, -0.744_440_474_947_495_8),
            ((5, 0, 0), 0.0, 2.363_897_434_159_662, -2.187_278_732_879_254),
            ((5, 0, 45), 0.0, 2.363_897_434_159_662, -2.187_278_732_879_254),
            ((30, 30, 0), 0.0, -2.361_932_468_237_442_5, -2.361_932_468_237_443_4),
            ((0, 0, 40), 0.2, -2.376_872_702_574_323_7, 6.659_568_415_945_433),
        ] {
            let differences = outcomes(wins, losses, ties);
            let near =
                |is: f64, should: f64| assert!((is - should).abs() < 1e-9, "{wins} {losses} {ties}: {is} {should}");
            near(log_e_above(&differences, m), above);
            near(log_e_below(&differences, m), below);
        }
    }

    #[test]
    fn no_number_of_pairs_overflows() {
        assert!(log_e_above(&outcomes(100_000, 0, 0), 0.0).is_finite());
        assert!(log_e_above(&outcomes(0, 100_000, 0), 0.0).is_finite());
    }

    proptest! {
        #[test]
        fn a_better_pair_never_weakens_the_evidence(
            differences in proptest::collection::vec(-1.0..=1.0f64, 1..40), at in any::<prop::sample::Index>(), m in -0.9..0.9f64
        ) {
            let mut better = differences.clone();
            *at.get_mut(&mut better) = 1.0;
            prop_assert!(log_e_above(&better, m) >= log_e_above(&differences, m) - 1e-9);
            prop_assert!(log_e_below(&better, m) <= log_e_below(&differences, m) + 1e-9);
        }
    }
}
