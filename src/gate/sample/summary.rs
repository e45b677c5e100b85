//! The gain of a run, its interval, and the categories that fell.

use std::collections::BTreeMap;

use super::super::exact::FALL;
use super::sign_flip::p_value_of_loss;
use crate::artifact::gate::numbers::{TOLERANCE, Tally};
use crate::artifact::gate::sample::SampleSettings;
use crate::gate::quantile::upper_quantile;

/// The normal quantile of a two-sided interval of 90 %.
const Z: f64 = 1.644_853_626_951_472_2;

/// The mean of the differences; `None` without one.
pub(crate) fn mean(differences: &[f64]) -> Option<f64> {
    let sum: f64 = differences.iter().sum();
    (!differences.is_empty()).then(|| sum / differences.len() as f64)
}

/// The 90 % interval of the mean of a fixed number of differences (-1 to 1); `None` without one. For pass or fail
/// scores it is that of Bonett and Price (2012), which adds one win and one loss; otherwise the normal one.
pub(crate) fn interval(differences: &[f64]) -> Option<[f64; 2]> {
    interval_with(differences, Z)
}

/// The interval at a two-sided level of `1 - alpha`, for `alpha` between 0 and 1, exclusive; see [`interval`].
pub(crate) fn interval_at(differences: &[f64], alpha: f64) -> Option<[f64; 2]> {
    interval_with(differences, upper_quantile(alpha / 2.0))
}

/// The same for pass or fail scores that are counted.
pub(crate) fn interval_of(tally: &Tally, alpha: f64) -> [f64; 2] {
    let (middle, reach) = adjusted(tally, upper_quantile(alpha / 2.0));
    [(middle - reach).max(-1.0), (middle + reach).min(1.0)]
}

fn interval_with(differences: &[f64], z: f64) -> Option<[f64; 2]> {
    let mean = mean(differences)?;
    let whole = |difference: &f64| difference.abs() < TOLERANCE || (difference.abs() - 1.0).abs() < TOLERANCE;
    let (middle, reach) = match differences.iter().all(whole) {
        true => adjusted(&Tally::of(differences), z),
        false => (mean, z * standard_error(differences, mean)),
    };
    Some([(middle - reach).max(-1.0), (middle + reach).min(1.0)])
}

/// Middle and half width of the interval for pass or fail scores.
fn adjusted(tally: &Tally, z: f64) -> (f64, f64) {
    let count = tally.pairs() as f64 + 2.0;
    let (won, lost) = ((tally.wins + 1) as f64 / count, (tally.losses + 1) as f64 / count);
    let middle = won - lost;
    (middle, z * ((won + lost - middle * middle) / count).sqrt())
}

/// The standard error of the mean; without bound for a single difference, whose spread is unknown.
fn standard_error(differences: &[f64], mean: f64) -> f64 {
    let count = differences.len() as f64;
    if count < 2.0 {
        return f64::INFINITY;
    }
    let squares: f64 = differences.iter().map(|difference| (difference - mean).powi(2)).sum();
    (squares / (count - 1.0) / count).sqrt()
}

/// The categories that fell. `differences`: those of the tasks that ran, by category; `sizes`: the number of gate tasks
/// per category, where those that the edit does not reach count as unchanged.
pub(crate) fn fallen(
    differences: &BTreeMap<usize, Vec<f64>>,
    sizes: &BTreeMap<usize, usize>,
    settings: &SampleSettings,
) -> Vec<usize> {
    let fell = |(category, size): (&usize, &usize)| {
        let of = differences.get(category).map_or(&[][..], Vec::as_slice);
        let mean = of.iter().sum::<f64>() / (*size).max(1) as f64;
        let fell = match settings.max_regression {
            Some(most) => mean < -most - TOLERANCE,
            None => mean <= -FALL + TOLERANCE && p_value_of_loss(of) <= settings.alpha_harm / sizes.len() as f64,
        };
        fell.then_some(*category)
    };
    sizes.iter().filter_map(fell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_needs_a_difference_and_never_leaves_the_scale() {
        assert_eq!(interval(&[]), None);
        assert_eq!(interval(&[0.5]), Some([-1.0, 1.0]));
        let [low, high] = interval(&[1.0]).unwrap();
        assert!(low < 0.0 && high == 1.0);
        let [low, high] = interval(&[0.5, 0.5, 0.0, 0.5]).unwrap();
        assert!(low > 0.1 && high < 0.65);
    }

    #[test]
    fn a_smaller_error_needs_a_wider_interval() {
        let few = [1.0, 0.0, 0.0, -1.0, 1.0, 0.0, 0.0, 1.0];
        let [ninety, same, wide] =
            [interval(&few), interval_at(&few, 0.1), interval_at(&few, 0.01)].map(Option::unwrap);
        assert!((ninety[0] - same[0]).abs() < 1e-8 && (ninety[1] - same[1]).abs() < 1e-8);
        assert!(wide[0] < ninety[0] && wide[1] > ninety[1]);
        assert_eq!(interval_at(&[], 0.1), None);
    }

    #[test]
    fn one_lost_task_is_no_fall_and_a_tolerated_loss_is_the_users() {
        let of = |losses: usize| BTreeMap::from([(0, vec![-1.0; losses]), (1, vec![1.0; 9])]);
        let sizes = BTreeMap::from([(0, 10), (1, 10)]);
        let usual = SampleSettings::default();
        assert_eq!(
            fallen(&of(4), &sizes, &usual),
            [0; 0],
            "1/16 is more than .10 for two categories"
        );
        assert_eq!(fallen(&of(5), &sizes, &usual), [0]);
        let max_regression = Some(0.25);
        let own = SampleSettings {
            max_regression,
            ..usual
        };
        assert_eq!(fallen(&of(2), &sizes, &own), [0; 0]);
        assert_eq!(fallen(&of(3), &sizes, &own), [0]);
    }
}
