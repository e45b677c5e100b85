//! Money: an exact amount of US dollars. It is counted in picodollars, so that a sum does not depend on the order of
//! its parts. Files show dollars as a JSON number.

use std::borrow::Cow;
use std::fmt;
use std::iter::Sum;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Picodollars in one dollar.
const DOLLAR: u128 = 1_000_000_000_000;
/// The largest amount in dollars.
const MOST_USD: f64 = 1e15;

/// An amount of US dollars from 0 to 10^15, exact to 10^-12 dollars.
///
/// Sums and products are exact, and stop at the largest amount. Amounts below 8,192 dollars survive the way through a
/// JSON number unchanged; larger ones are rounded to the precision of that number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(u128);

impl Money {
    /// No dollars.
    pub const ZERO: Self = Self(0);
    /// The largest amount.
    pub const MAX: Self = Self(1_000_000_000_000_000 * DOLLAR);

    /// An amount in dollars, rounded to the nearest picodollar; `None` if the number is not from 0 to 10^15.
    #[must_use]
    pub fn from_usd(usd: f64) -> Option<Self> {
        if !(0.0..=MOST_USD).contains(&usd) {
            return None;
        }
        // The number's exact value, rounded once, to 12 decimals. `abs` turns -0.0 into 0.
        let digits = format!("{:.12}", usd.abs()).replace('.', "");
        digits.parse().ok().map(Self)
    }

    /// An amount of whole dollars.
    #[must_use]
    pub const fn of_whole_dollars(dollars: u32) -> Self {
        Self(dollars as u128 * DOLLAR)
    }

    /// The nearest number of dollars.
    #[must_use]
    pub fn usd(self) -> f64 {
        // The text of a decimal number is one, so this never falls back.
        let text = format!("{}.{:012}", self.0 / DOLLAR, self.0 % DOLLAR);
        text.parse().unwrap_or(MOST_USD)
    }

    /// The cost of tokens, if this is the price of a million tokens. Exact if the price has at most six decimals, else
    /// rounded up.
    pub(crate) fn for_tokens(self, tokens: u64) -> Self {
        Self(self.0.saturating_mul(u128::from(tokens)).div_ceil(1_000_000)).capped()
    }

    /// This amount so many times.
    pub(crate) fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(u128::from(count))).capped()
    }

    /// The share `part` of `of` equal parts of this amount, rounded up.
    pub(crate) fn share(self, part: u64, of: u64) -> Self {
        Self(self.times(part).0.div_ceil(u128::from(of.max(1))))
    }

    /// This amount without `other`, at least 0.
    pub(crate) fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    fn capped(self) -> Self {
        self.min(Self::MAX)
    }
}

impl std::ops::Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0)).capped()
    }
}

impl std::ops::AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, |sum, amount| sum + amount)
    }
}

/// For people: two to four decimals, and more for an amount that would have fewer than two significant digits.
impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        if *self == Self::ZERO {
            return formatter.pad("0");
        }
        let unit = |decimals: usize| 10_u128.pow(12 - decimals as u32);
        let decimals = (4..12).find(|decimals| self.0 / unit(*decimals) >= 10).unwrap_or(12);
        let rounded = (self.0 + unit(decimals) / 2) / unit(decimals) * unit(decimals);
        let (whole, fraction) = (rounded / DOLLAR, format!("{:012}", rounded % DOLLAR));
        let shown = fraction.trim_end_matches('0').len().max(2);
        formatter.pad(&format!("{whole}.{}", &fraction[..shown]))
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.usd())
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let usd = f64::deserialize(deserializer)?;
        let wrong = || serde::de::Error::custom(format!("{usd} is not an amount in dollars, which is from 0 to 1e15"));
        Self::from_usd(usd).ok_or_else(wrong)
    }
}

impl JsonSchema for Money {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Money".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "number", "format": "double", "minimum": 0, "maximum": MOST_USD})
    }
}

/// Reads an amount of a record. One out of range, which older versions accepted from programs, is unknown.
///
/// # Errors
/// It is neither null nor a number.
pub(crate) fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Money>, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.and_then(Money::from_usd))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usd(usd: f64) -> Money {
        Money::from_usd(usd).unwrap()
    }

    #[test]
    fn amounts_are_readable_and_never_minus_zero() {
        for (dollars, shown) in [
            (0.0, "0"),
            (-0.0, "0"),
            (50.0, "50.00"),
            (1.5, "1.50"),
            (0.1234567, "0.1235"),
            (0.0385, "0.0385"),
            (0.01, "0.01"),
            (0.0012, "0.0012"),
            (0.000_123_4, "0.00012"),
            (0.000_001, "0.000001"),
            (1e-12, "0.000000000001"),
            (0.999_99, "1.00"),
        ] {
            assert_eq!(usd(dollars).to_string(), shown);
        }
        assert_eq!(serde_json::to_string(&usd(-0.0)).unwrap(), "0.0");
        assert_eq!(format!("{:>8}|", usd(0.5)), "    0.50|");
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for number in [-1.0, -1e-300, f64::NAN, f64::INFINITY, 1e16, 1e308] {
            assert_eq!(Money::from_usd(number), None, "{number}");
        }
        assert!(
            serde_json::from_str::<Money>("-1")
                .unwrap_err()
                .to_string()
                .contains("from 0")
        );
        let read = |text: &str| known(&mut serde_json::Deserializer::from_str(text)).unwrap();
        assert_eq!(
            (read("1e308"), read("-100"), read("null"), read("1")),
            (None, None, None, Some(usd(1.0)))
        );
    }

    #[test]
    fn tokens_have_an_exact_cost() {
        assert_eq!(usd(0.075).for_tokens(1), Money(75_000));
        assert_eq!(usd(0.15).for_tokens(3) + usd(0.6).for_tokens(7), Money(4_650_000));
        assert_eq!(usd(0.000_000_1).for_tokens(1), Money(1), "rounded up, never lost");
        assert_eq!(Money::MAX.for_tokens(u64::MAX), Money::MAX);
        assert_eq!(usd(1.0).share(1, 3), Money(333_333_333_334));
    }

    proptest! {
        #[test]
        fn written_amounts_are_read_back(picodollars in 0..8_192 * DOLLAR) {
            let money = Money(picodollars);
            let text = serde_json::to_string(&money).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&text).unwrap(), money, "{}", text);
        }

        #[test]
        fn every_amount_can_be_read_back(picodollars in 0..=Money::MAX.0) {
            let text = serde_json::to_string(&Money(picodollars)).unwrap();
            let again: Money = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(serde_json::to_string(&again).unwrap(), text);
        }

        #[test]
        fn sums_do_not_depend_on_order(mut parts in proptest::collection::vec(0..DOLLAR, 0..50)) {
            let sum = |parts: &[u128]| parts.iter().map(|part| Money(*part)).sum::<Money>();
            let before = sum(&parts);
            parts.reverse();
            prop_assert_eq!(sum(&parts), before);
        }
    }
}
