//! The ranges of the numbers that flags take.

use crate::artifact::Money;

/// The largest count of a flag, which every place that uses it can hold.
const MOST: usize = crate::manifest::range::COUNT as usize;

/// An amount in dollars, more than 0.
pub(crate) fn dollars(text: &str) -> Result<Money, String> {
    let amount = text
        .parse()
        .ok()
        .and_then(Money::from_usd)
        .filter(|amount| *amount > Money::ZERO);
    amount.ok_or_else(|| "must be an amount in dollars, greater than 0 and at most 1e15".to_owned())
}

/// A number from 0 to 1.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    // `abs` turns -0.0 into 0.
    let share = text
        .parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .map(f64::abs);
    share.ok_or_else(|| "must be a number from 0 to 1".to_owned())
}

/// A number greater than 0 and at most 1.
pub(crate) fn part(text: &str) -> Result<f64, String> {
    let part = text.parse().ok().filter(|part| *part > 0.0 && *part <= 1.0);
    part.ok_or_else(|| "must be greater than 0 and at most 1".to_owned())
}

/// A whole number of at least 1.
pub(crate) fn count(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| (1..=MOST).contains(count));
    count.ok_or_else(|| format!("must be a whole number from 1 to {MOST}"))
}

/// A whole number that may be 0.
pub(crate) fn count_or_none(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| *count <= MOST);
    count.ok_or_else(|| format!("must be a whole number from 0 to {MOST}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_outside_their_range_are_refused() {
        for text in ["inf", "-inf", "nan", "1e400", "-1", "", "x", "99999999999999999999"] {
            assert!(
                dollars(text).is_err() && share(text).is_err() && part(text).is_err(),
                "{text}"
            );
            assert!(count(text).is_err() && count_or_none(text).is_err(), "{text}");
        }
        assert!(dollars("0").is_err() && dollars("-0.0").is_err() && part("0").is_err() && count("0").is_err());
        assert_eq!(
            (dollars("1e-3").unwrap().usd(), count_or_none("0").unwrap()),
            (0.001, 0)
        );
        assert!(share("-0").unwrap().is_sign_positive());
    }
}
