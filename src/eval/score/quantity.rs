//! Exact numbers: decimals of any length, and quotients of two of them.

/// The number of digits that a 64-bit float keeps of any decimal.
const FLOAT_DIGITS: usize = 15;
/// The fewest digits in which a printed float must agree with a shorter number.
const FEWEST_DIGITS: usize = 10;
/// The largest number of digits of the parts of a quotient.
const QUOTIENT_DIGITS: usize = 18;

/// A decimal without sign: its digits times a power of ten. Neither the first nor the last digit is 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    /// The decimal with these ASCII digits, times a power of ten.
    pub(super) fn new(digits: &str, exponent: i64) -> Self {
        let digits = digits.bytes().map(|digit| digit - b'0').collect();
        Self { digits, exponent }.trimmed()
    }

    /// The decimal times a power of ten.
    pub(super) fn shifted(self, exponent: i64) -> Self {
        let exponent = self.exponent.saturating_add(exponent);
        Self { exponent, ..self }.trimmed()
    }

    fn of(value: u128, exponent: i64) -> Self {
        Self::new(&value.to_string(), exponent)
    }

    fn trimmed(mut self) -> Self {
        let leading = self.digits.iter().take_while(|digit| **digit == 0).count();
        self.digits.drain(..leading);
        while self.digits.last() == Some(&0) {
            self.digits.pop();
            self.exponent = self.exponent.saturating_add(1);
        }
        if self.digits.is_empty() {
            self.exponent = 0;
        }
        self
    }

    fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    fn is_whole(&self) -> bool {
        self.exponent >= 0
    }

    /// The number of digits before the decimal point; not positive for a number below 1.
    fn places(&self) -> i64 {
        self.exponent.saturating_add(self.digits.len() as i64)
    }

    fn times(&self, other: &Self) -> Self {
        if other.digits == [1] || self.digits == [1] {
            let long = if self.digits == [1] { other } else { self };
            let exponent = self.exponent.saturating_add(other.exponent);
            return Self {
                digits: long.digits.clone(),
                exponent,
            };
        }
        let mut columns = vec![0u32; self.digits.len() + other.digits.len()];
        for (at, one) in self.digits.iter().rev().enumerate() {
            for (beside, two) in other.digits.iter().rev().enumerate() {
                columns[at + beside] += u32::from(*one) * u32::from(*two);
            }
        }
        let mut carry = 0;
        let digit = |column: u32| {
            let sum = column + carry;
            carry = sum / 10;
            (sum % 10) as u8
        };
        let mut digits: Vec<u8> = columns.into_iter().map(digit).collect();
        digits.reverse();
        let exponent = self.exponent.saturating_add(other.exponent);
        Self { digits, exponent }.trimmed()
    }

    /// Rounded to so many digits, half up.
    fn rounded(&self, digits: usize) -> Self {
        if self.digits.len() <= digits {
            return self.clone();
        }
        let mut kept = self.digits[..digits].to_vec();
        let mut exponent = self.exponent + (self.digits.len() - digits) as i64;
        if self.digits[digits] >= 5 {
            while kept.last() == Some(&9) {
                kept.pop();
                exponent += 1;
            }
            match kept.last_mut() {
                Some(last) => *last += 1,
                None => kept.push(1),
            }
        }
        Self { digits: kept, exponent }.trimmed()
    }
}

/// A number: a quotient of two decimals, with a sign.
#[derive(Clone, Debug)]
pub(super) struct Quantity {
    negative: bool,
    numerator: Decimal,
    denominator: Decimal,
}

impl Quantity {
    /// A decimal.
    pub(super) fn decimal(value: Decimal) -> Self {
        Self {
            negative: false,
            numerator: value,
            denominator: Decimal::new("1", 0),
        }
    }

    /// A quotient; `None` if the denominator is 0 or a part is too long.
    pub(super) fn quotient(numerator: Decimal, denominator: Decimal) -> Option<Self> {
        let is_short = |part: &Decimal| part.digits.len() <= QUOTIENT_DIGITS;
        let is_usable = !denominator.is_zero() && is_short(&numerator) && is_short(&denominator);
        is_usable.then_some(Self {
            negative: false,
            numerator,
            denominator,
        })
    }

    /// The number with the sign changed if `negative`.
    pub(super) fn signed(self, negative: bool) -> Self {
        Self {
            negative: self.negative != negative,
            ..self
        }
    }

    /// Whether two numbers are exactly equal.
    pub(super) fn is(&self, other: &Self) -> bool {
        let left = self.numerator.times(&other.denominator);
        let right = other.numerator.times(&self.denominator);
        left == right && (self.negative == other.negative || left.is_zero())
    }

    /// Whether two numbers are exactly equal, or differ only by the rounding of a printed float: a number with a
    /// fraction and more than 15 digits is rounded to as many digits as the other number has, from 10 to 15.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        self.is(other) || self.negative == other.negative && differ_by_rounding(&self.expanded(), &other.expanded())
    }

    /// Whether two numbers of up to 15 digits differ by at most this much.
    pub(super) fn is_within(&self, other: &Self, tolerance: f64) -> bool {
        // The product of a difference and this factor absorbs the rounding of the floats.
        let slack = tolerance * (1.0 + 1e-9);
        let (one, two) = (self.float(), other.float());
        tolerance > 0.0 && one.zip(two).is_some_and(|(one, two)| (one - two).abs() <= slack)
    }

    /// The number as a float; `None` if it has too many digits or is too large for one.
    fn float(&self) -> Option<f64> {
        let value = |part: &Decimal| {
            let digits: String = part.digits.iter().map(|digit| char::from(b'0' + digit)).collect();
            let is_short = digits.len() <= FLOAT_DIGITS;
            let text = format!("0{digits}e{}", part.exponent);
            text.parse::<f64>().ok().filter(|value| is_short && value.is_finite())
        };
        let quotient = value(&self.numerator)? / value(&self.denominator)?;
        Some(if self.negative { -quotient } else { quotient })
    }

    /// The first digits of a quotient that has no finite decimal form; any other number as it is.
    fn expanded(&self) -> Decimal {
        if self.denominator.digits == [1] {
            let exponent = self.numerator.exponent.saturating_sub(self.denominator.exponent);
            return Decimal {
                digits: self.numerator.digits.clone(),
                exponent,
            };
        }
        let value = |part: &Decimal| {
            part.digits
                .iter()
                .fold(0u128, |sum, digit| 10 * sum + u128::from(*digit))
        };
        let (mut above, below) = (value(&self.numerator), value(&self.denominator));
        let mut exponent = self.numerator.exponent.saturating_sub(self.denominator.exponent);
        while above != 0 && above < below {
            above *= 10;
            exponent = exponent.saturating_sub(1);
        }
        let more = QUOTIENT_DIGITS as u32;
        Decimal::of(
            above * 10u128.pow(more) / below,
            exponent.saturating_sub(i64::from(more)),
        )
    }
}

fn differ_by_rounding(one: &Decimal, two: &Decimal) -> bool {
    let is_printed = |number: &Decimal| !number.is_whole() && number.digits.len() > FLOAT_DIGITS;
    let shorter = one.digits.len().min(two.digits.len());
    let kept = shorter.clamp(FEWEST_DIGITS, FLOAT_DIGITS);
    // Digits before the decimal point are never rounded away.
    let has_room = |number: &Decimal| number.places() < kept as i64;
    (is_printed(one) || is_printed(two)) && has_room(one) && has_room(two) && one.rounded(kept) == two.rounded(kept)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Quantity {
        let (whole, part) = text.trim_start_matches('-').split_once('.').unwrap_or((text, ""));
        let whole = whole.trim_start_matches('-');
        let value = Decimal::new(&format!("{whole}{part}"), -(part.len() as i64));
        Quantity::decimal(value).signed(text.starts_with('-'))
    }

    #[test]
    fn only_the_rounding_of_floats_is_forgiven() {
        for (one, two, agrees) in [
            ("0.30000000000000004", "0.3", true),
            ("0.7999999999999999", "0.8", true),
            ("2.9999999999999996", "3", true),
            ("3.141592653589793", "3.14159265359", true),
            ("3.141592653589793", "3.14159265358", false),
            ("0.3456789012345678", "0.3", false),
            ("0.1234567891", "0.1234567892", false),
            ("1234567890.12", "1234567890.13", false),
            ("12345678901234567890", "12345678901234567891", false),
            ("12345678901234567890.5", "12345678901234567891", false),
            ("1234567890123456.5", "1234567890123457", false),
            ("1.0", "1", true),
            ("-0.0", "0", true),
            ("-1", "1", false),
            ("-0.30000000000000004", "0.3", false),
        ] {
            assert_eq!(decimal(one).agrees(&decimal(two)), agrees, "{one} {two}");
            assert_eq!(decimal(two).agrees(&decimal(one)), agrees, "{two} {one}");
        }
    }

    #[test]
    fn a_quotient_equals_what_programs_print_for_it() {
        let quotient = |one: &str, two: &str| Quantity::quotient(Decimal::new(one, 0), Decimal::new(two, 0)).unwrap();
        assert!(quotient("1", "2").is(&decimal("0.5")));
        assert!(quotient("2", "6").is(&quotient("1", "3")));
        for (one, two) in [(1u32, 3), (2, 3), (10, 7), (1, 700), (123_456, 7)] {
            let printed = (f64::from(one) / f64::from(two)).to_string();
            let (one, two) = (one.to_string(), two.to_string());
            assert!(quotient(&one, &two).agrees(&decimal(&printed)), "{printed}");
        }
        assert!(!quotient("1", "3").agrees(&decimal("0.333")));
        assert!(Quantity::quotient(Decimal::new("1", 0), Decimal::new("00", 0)).is_none());
    }

    proptest! {
        #[test]
        fn whole_numbers_agree_only_if_they_are_equal(one in any::<u128>(), two in any::<u128>(), nudge in 0u128..3) {
            let quantity = |value: u128| Quantity::decimal(Decimal::of(value, 0));
            for other in [two, one.saturating_add(nudge)] {
                prop_assert_eq!(quantity(one).agrees(&quantity(other)), one == other);
            }
        }

        #[test]
        fn products_are_exact(one in any::<u64>(), two in any::<u64>()) {
            let product = Decimal::of(one.into(), 0).times(&Decimal::of(two.into(), 0));
            prop_assert_eq!(product, Decimal::of(u128::from(one) * u128::from(two), 0));
        }
    }
}
