//! Numbers and times as a page shows them.

use chrono::DateTime;

use crate::cli::report::veil::ShownText;

/// `35.4 %`
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// `38 %`
pub(super) fn whole_percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// `+21.2`, in points.
pub(super) fn signed(change: f64) -> String {
    format!("{:+.1}", 100.0 * change)
}

/// `2026-11-30 13:14 UTC`; a text that is no time stays as it is.
pub(super) fn time(text: &ShownText) -> String {
    match DateTime::parse_from_rfc3339(text.as_str()) {
        Ok(time) => time.to_utc().format("%Y-%m-%d %H:%M UTC").to_string(),
        Err(_) => text.as_str().to_owned(),
    }
}

/// `2026-11-30`
pub(super) fn day(text: &ShownText) -> String {
    time(text).chars().take(10).collect()
}

/// A number of thousands in groups: `12 345`, with narrow spaces.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A coordinate of a chart, with one decimal if it needs one.
pub(super) fn place(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_grouped() {
        assert_eq!(
            (percent(0.3544), signed(-0.1428)),
            ("35.4 %".to_owned(), "-14.3".to_owned())
        );
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(
            (grouped(999), place(3.0), place(2.72)),
            ("999".to_owned(), "3".to_owned(), "2.7".to_owned())
        );
        assert_eq!((grouped(0), place(-0.04)), ("0".to_owned(), "-0".to_owned()));
    }
}
