//! The built-in tools, which compute a result from the words of a query.

pub(crate) mod calculator;
pub(crate) mod date_calculator;
pub(crate) mod unit_converter;

use std::collections::BTreeSet;

use super::query_class::QueryClass;
use super::words::{is_stop_word, stem, words};

/// The minimum number of stems that a description must share with the query and its class for the tool to be called.
const FIT: usize = 2;

/// The names of the built-in tools.
pub(crate) const NAMES: [&str; 3] = ["calculator", "unit_converter", "date_calculator"];

/// The tool's result for a query; `None` if there is no such tool, or it finds nothing to compute in the query.
pub(crate) fn call(tool: &str, query: &str) -> Option<String> {
    match tool {
        "calculator" => calculator::call(query),
        "unit_converter" => unit_converter::call(query),
        "date_calculator" => date_calculator::call(query),
        _ => None,
    }
}

/// How well a description fits the wanted stems: the number of stems that they share, or 0 if there are fewer than
/// [`FIT`].
pub(crate) fn fit(description: &BTreeSet<String>, wanted: &BTreeSet<String>) -> usize {
    let shared = description.intersection(wanted).count();
    if shared < FIT { 0 } else { shared }
}

/// The stems of the query's words and of the vocabulary of its class.
pub(crate) fn wanted(query: &str, class: QueryClass) -> BTreeSet<String> {
    stems(&format!("{query} {}", class.vocabulary()))
}

/// The distinct stems of a text, without stop words.
pub(crate) fn stems(text: &str) -> BTreeSet<String> {
    let telling = |word: &String| !is_stop_word(word) && word.chars().any(char::is_alphabetic);
    words(text)
        .iter()
        .filter(|word| telling(word))
        .map(|word| stem(word).to_owned())
        .collect()
}

/// A number in the usual notation: up to ten significant digits, no trailing zeros. `None` if it is not finite.
pub(super) fn written(number: f64) -> Option<String> {
    if !number.is_finite() {
        return None;
    }
    let rounded: f64 = format!("{number:.9e}").parse().ok()?;
    Some(if rounded == 0.0 {
        "0".to_owned()
    } else {
        rounded.to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_description_that_says_what_the_tool_does_fits() {
        for (description, query, fits) in [
            (
                "Calculates arithmetic expressions: add, multiply, percent.",
                "what is 7 times 3",
                true,
            ),
            ("A useful tool.", "what is 7 times 3", false),
            ("Does things with numbers", "what is 7 times 3", false),
            (
                "Converts units of length, mass and temperature.",
                "what is 7 times 3",
                false,
            ),
            (
                "Converts units of length, mass and temperature.",
                "12 kg in pounds",
                true,
            ),
            (
                "Days between calendar dates.",
                "days from 2024-01-01 to 2024-01-05",
                true,
            ),
            ("Calculates arithmetic expressions", "freeze my card please", false),
        ] {
            assert_eq!(
                fit(&stems(description), &wanted(query, QueryClass::of(query))) > 0,
                fits,
                "{description} / {query}"
            );
        }
    }

    #[test]
    fn numbers_are_written_plainly() {
        for (number, text) in [
            (4.0, Some("4")),
            (0.1 + 0.2, Some("0.3")),
            (-0.0, Some("0")),
            (f64::NAN, None),
        ] {
            assert_eq!(written(number).as_deref(), text);
        }
    }
}
