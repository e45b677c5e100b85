//! Reads one written decimal: digits with separators of thousands and a decimal point or comma.

use super::quantity::Decimal;

/// A blank inside a number, which [`super::spelling`] puts for the blanks that separate thousands.
pub(super) const GROUP_BLANK: char = '\u{a0}';

/// Reads digits with separators between them, such as `1,234.5`, `1.234,5`, `1'234`, `.5` and `1,5`. A single comma or
/// point separates thousands only if it is a comma before exactly three digits. `None` for dates, versions and the like.
pub(super) fn decimal(run: &str) -> Option<Decimal> {
    if let Some(part) = run.strip_prefix('.') {
        return is_digits(part).then(|| with_part("", part));
    }
    let separators: Vec<(usize, char)> = run.char_indices().filter(|(_, c)| !c.is_ascii_digit()).collect();
    let Some((last, mark)) = separators.last().copied() else {
        return Some(Decimal::new(run, 0));
    };
    let (whole, part) = (&run[..last], &run[last + mark.len_utf8()..]);
    if separators.iter().all(|(_, c)| *c == mark) {
        let alone = separators.len() == 1;
        return match mark {
            '.' if alone => Some(with_part(whole, part)),
            _ if grouped(run, mark) => Some(Decimal::new(&joined(run), 0)),
            ',' if alone => Some(with_part(whole, part)),
            '_' => Some(Decimal::new(&joined(run), 0)),
            '.' => None,
            _ => decimal(part),
        };
    }
    let kinds = |c: char| separators.iter().filter(|(_, other)| *other == c).count();
    let group = separators[0].1;
    let is_one_number =
        matches!(mark, '.' | ',') && kinds(mark) == 1 && kinds(group) + 1 == separators.len() && grouped(whole, group);
    match is_one_number {
        true => Some(with_part(&joined(whole), part)),
        // A list such as `0.5,0.7`: its last member.
        false => run
            .rsplit_once([',', GROUP_BLANK])
            .and_then(|(_, member)| decimal(member)),
    }
}

fn with_part(whole: &str, part: &str) -> Decimal {
    Decimal::new(&format!("{whole}{part}"), -(part.len() as i64))
}

fn joined(run: &str) -> String {
    run.chars().filter(char::is_ascii_digit).collect()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the separators stand where thousands end, as in `1,234,567`, or as in India, `12,34,567`.
fn grouped(run: &str, mark: char) -> bool {
    let groups: Vec<&str> = run.split(mark).collect();
    let [first, middle @ .., last] = groups.as_slice() else {
        return false;
    };
    let fits = |lengths: std::ops::RangeInclusive<usize>, inner: usize| {
        lengths.contains(&first.len()) && middle.iter().all(|group| group.len() == inner)
    };
    !first.starts_with('0') && last.len() == 3 && (fits(1..=3, 3) || mark == ',' && fits(1..=2, 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_read_by_their_places() {
        for (run, digits, exponent) in [
            ("42", "42", 0),
            ("007", "7", 0),
            ("1,234", "1234", 0),
            ("1.234", "1234", -3),
            ("1,234.5", "12345", -1),
            ("1.234,5", "12345", -1),
            ("1.234.567", "1234567", 0),
            ("12,34,567", "1234567", 0),
            ("12,34,567.8", "12345678", -1),
            ("1'234'567.25", "123456725", -2),
            ("1\u{a0}234,5", "12345", -1),
            ("1_000_000", "1", 6),
            ("1,5", "15", -1),
            ("0,123", "123", -3),
            ("1234,567", "1234567", -3),
            (".50", "5", -1),
            ("1,2,3", "3", 0),
            ("0.5,0.7", "7", -1),
            ("5\u{a0}10", "10", 0),
        ] {
            assert_eq!(decimal(run), Some(Decimal::new(digits, exponent)), "{run}");
        }
        for run in ["1.2.3", "192.168.0.1", "..5", ".1,2"] {
            assert_eq!(decimal(run), None, "{run}");
        }
    }
}
