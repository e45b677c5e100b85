//! The unit converter: length, mass, volume, time and temperature.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::written;

/// The names of a unit, its dimension, and the factor and offset that convert it to the base unit: value × factor +
/// offset.
type Unit = (&'static str, &'static str, f64, f64);

static UNITS: [Unit; 27] = [
    ("m meter meters metre metres", "length", 1.0, 0.0),
    ("km kilometer kilometers kilometre kilometres", "length", 1000.0, 0.0),
    ("cm centimeter centimeters centimetre centimetres", "length", 0.01, 0.0),
    ("mm millimeter millimeters millimetre millimetres", "length", 0.001, 0.0),
    ("mile miles mi", "length", 1609.344, 0.0),
    ("yard yards yd", "length", 0.9144, 0.0),
    ("foot feet ft", "length", 0.3048, 0.0),
    ("inch inches", "length", 0.0254, 0.0),
    ("kg kilogram kilograms kilo kilos", "mass", 1.0, 0.0),
    ("g gram grams", "mass", 0.001, 0.0),
    ("mg milligram milligrams", "mass", 1e-6, 0.0),
    ("pound pounds lb lbs", "mass", 0.453_592_37, 0.0),
    ("ounce ounces oz", "mass", 0.028_349_523_125, 0.0),
    ("ton tons tonne tonnes", "mass", 1000.0, 0.0),
    ("l liter liters litre litres", "volume", 1.0, 0.0),
    ("ml milliliter milliliters millilitre millilitres", "volume", 0.001, 0.0),
    ("gallon gallons gal", "volume", 3.785_411_784, 0.0),
    ("quart quarts", "volume", 0.946_352_946, 0.0),
    ("pint pints", "volume", 0.473_176_473, 0.0),
    ("cup cups", "volume", 0.236_588_236_5, 0.0),
    ("tablespoon tablespoons tbsp", "volume", 0.014_786_764_781_25, 0.0),
    ("teaspoon teaspoons tsp", "volume", 0.004_928_921_593_75, 0.0),
    ("second seconds", "time", 1.0, 0.0),
    ("minute minutes", "time", 60.0, 0.0),
    ("hour hours", "time", 3600.0, 0.0),
    ("celsius", "temperature", 1.0, 0.0),
    ("fahrenheit", "temperature", 5.0 / 9.0, -160.0 / 9.0),
];

/// The converted amount.
pub(crate) fn call(query: &str) -> Option<String> {
    let (amount, from, to) = conversion(query)?;
    written((amount * from.2 + from.3 - to.3) / to.2)
}

/// Whether the query contains two units of the same dimension.
pub(crate) fn names_conversion(query: &str) -> bool {
    conversion(query).is_some()
}

/// The amount, its unit, and the unit to convert to. The amount's unit is the one after a number. Without a number, it
/// is the last unit, and the amount is 1, as in `how many feet in a yard`.
fn conversion(query: &str) -> Option<(f64, &'static Unit, &'static Unit)> {
    let words = pieces(query);
    let named: Vec<(usize, &Unit)> = words
        .iter()
        .enumerate()
        .filter_map(|(at, word)| Some((at, unit(word)?)))
        .collect();
    let amount_before = |at: usize| words.get(at.checked_sub(1)?)?.parse::<f64>().ok();
    let counted = named
        .iter()
        .find_map(|(at, unit)| Some((amount_before(*at)?, *at, *unit)));
    let (amount, source, from) = counted.or_else(|| named.last().map(|(at, unit)| (1.0, *at, *unit)))?;
    let other = |(at, unit): &&(usize, &Unit)| *at != source && unit.1 == from.1 && unit.0 != from.0;
    named.iter().find(other).map(|(_, to)| (amount, from, *to))
}

/// Splits a query into words and numbers; `5km` gives two pieces.
fn pieces(query: &str) -> Vec<String> {
    let kind = |c: char| (c.is_ascii_digit() || c == '.', c.is_alphabetic());
    let mut pieces: Vec<String> = Vec::new();
    let mut last = (false, false);
    for c in query.to_lowercase().chars().filter(|c| !matches!(c, ',' | '°')) {
        let now = kind(c);
        match pieces.last_mut() {
            Some(piece) if now == last && now != (false, false) => piece.push(c),
            _ if now != (false, false) => pieces.push(c.to_string()),
            _ => {}
        }
        last = now;
    }
    pieces
        .iter()
        .map(|piece| piece.trim_end_matches('.').to_owned())
        .filter(|piece| !piece.is_empty())
        .collect()
}

fn unit(word: &str) -> Option<&'static Unit> {
    static BY_NAME: LazyLock<BTreeMap<&str, &Unit>> = LazyLock::new(|| {
        let names = |unit: &'static Unit| unit.0.split(' ').map(move |name| (name, unit));
        UNITS.iter().flat_map(names).collect()
    });
    BY_NAME.get(word).copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn converts_what_it_is_asked() {
        for (query, expected) in [
            ("convert 5 miles to kilometers", Some("8.04672")),
            ("how many feet in a yard", Some("3")),
            ("how many feet are there in 2 yards?", Some("6")),
            ("12kg in grams", Some("12000")),
            ("what is 212 fahrenheit in celsius", Some("100")),
            ("1,000 m in km", Some("1")),
            ("convert 5 miles to kilograms", None),
            ("freeze my card", None),
            ("", None),
        ] {
            assert_eq!(call(query).as_deref(), expected, "{query}");
        }
    }

    proptest! {
        #[test]
        fn there_and_back(amount in 1u32..10_000) {
            let feet = call(&format!("{amount} yards in feet")).unwrap();
            prop_assert_eq!(call(&format!("{feet} feet in yards")), Some(amount.to_string()));
        }
    }
}
