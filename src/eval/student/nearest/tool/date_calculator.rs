//! The date calculator: the days between two ISO dates, the weekday of a date, and dates before or after it.

use chrono::{Days, NaiveDate};

use crate::eval::student::nearest::words::words;

/// The answer to a question about ISO dates.
pub(crate) fn call(query: &str) -> Option<String> {
    let dates = dates(query);
    let (first, second) = (dates.first()?, dates.get(1));
    match second {
        Some(second) => Some((*second - *first).num_days().abs().to_string()),
        None => weekday(query, *first).or_else(|| shifted(query, *first)),
    }
}

/// Whether the query contains an ISO date.
pub(crate) fn holds_date(query: &str) -> bool {
    !dates(query).is_empty()
}

fn dates(query: &str) -> Vec<NaiveDate> {
    query
        .split(|c: char| !(c.is_ascii_digit() || c == '-'))
        .filter(|piece| piece.len() == 10)
        .filter_map(|piece| piece.parse().ok())
        .collect()
}

fn weekday(query: &str, date: NaiveDate) -> Option<String> {
    let words = words(query);
    let asks = words.iter().any(|word| word == "weekday")
        || words
            .windows(2)
            .any(|two| two == ["what", "day"] || two == ["which", "day"]);
    asks.then(|| date.format("%A").to_string())
}

/// The result for queries such as `30 days after 2024-01-01` and `2024-01-01 minus 2 weeks`.
fn shifted(query: &str, date: NaiveDate) -> Option<String> {
    let words = words(query);
    let days = words
        .windows(2)
        .find_map(|two| two[0].parse::<u64>().ok()?.checked_mul(span(&two[1])?))?;
    let back = words
        .iter()
        .any(|word| matches!(word.as_str(), "before" | "minus" | "ago" | "earlier" | "subtract"));
    let moved = if back {
        date.checked_sub_days(Days::new(days))
    } else {
        date.checked_add_days(Days::new(days))
    };
    moved.map(|date| date.to_string())
}

fn span(word: &str) -> Option<u64> {
    match word {
        "day" | "days" => Some(1),
        "week" | "weeks" => Some(7),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn answers_questions_about_dates() {
        for (query, expected) in [
            ("how many days between 2024-02-01 and 2024-03-01?", Some("29")),
            ("days from 2024-03-01 to 2024-02-01", Some("29")),
            ("what day of the week is 2024-02-29", Some("Thursday")),
            ("which weekday was 2000-01-01", Some("Saturday")),
            ("what date is 30 days after 2024-01-31", Some("2024-03-01")),
            ("2024-03-01 minus 2 weeks", Some("2024-02-16")),
            ("99999999999999999999 days after 2024-01-01", None),
            ("18446744073709551615 days after 2024-01-01", None),
            ("is 2024-13-01 a date", None),
            ("tell me about 2024-01-01", None),
            ("", None),
        ] {
            assert_eq!(call(query).as_deref(), expected, "{query}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(query in "[0-9-]{8,12} [0-9]{0,20} (days|weeks) (before|after) .*") {
            let _ = call(&query);
        }
    }
}
