//! The calculator: arithmetic, written in signs or English words.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::written;

/// The maximum nesting of parentheses and signs.
const DEPTH: usize = 50;
/// The maximum number of tokens of an expression.
const LENGTH: usize = 500;

/// A piece of an expression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Token {
    /// A number.
    Number(f64),
    /// `+ - * / ^ ( ) m` (remainder) or `r` (square root).
    Sign(char),
}

/// The value of the query's expression.
pub(crate) fn call(query: &str) -> Option<String> {
    written(evaluate(&expression(query)?)?)
}

/// The longest run of numbers and signs that is an operation and can be evaluated.
pub(crate) fn expression(query: &str) -> Option<Vec<Token>> {
    let pieces: Vec<Option<Token>> = tokens(query);
    let runs = pieces
        .split(Option::is_none)
        .map(|run| run.iter().flatten().copied().collect::<Vec<_>>());
    let complete = runs.filter(|run| is_operation(run) && evaluate(run).is_some());
    complete.reduce(|best, run| if run.len() > best.len() { run } else { best })
}

fn is_operation(run: &[Token]) -> bool {
    let computes = |token: &Token| matches!(token, Token::Sign(sign) if !matches!(sign, '(' | ')'));
    // A lone negative number is not a computation.
    (3..=LENGTH).contains(&run.len()) && run.iter().skip(1).any(computes) || run.first() == Some(&Token::Sign('r'))
}

/// The numbers and signs of a text; `None` for any other word.
fn tokens(text: &str) -> Vec<Option<Token>> {
    let spelled = spelled_out(text);
    let mut rest = spelled.as_str();
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let taken = if first.is_ascii_digit() || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
            number_length(rest)
        } else if first.is_alphabetic() {
            rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (piece, after) = rest.split_at(taken);
        rest = after;
        push(piece, &mut tokens);
    }
    tokens
}

fn number_length(text: &str) -> usize {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',')))
        .unwrap_or(text.len());
    text[..end].trim_end_matches(['.', ',']).len()
}

fn push(piece: &str, tokens: &mut Vec<Option<Token>>) {
    match piece {
        " " | "$" | "," | "?" | "." | "!" | "=" => {}
        "%" => tokens.extend([Some(Token::Sign('/')), Some(Token::Number(100.0))]),
        "×" | "x" | "*" => tokens.push(Some(Token::Sign('*'))),
        "÷" | "/" => tokens.push(Some(Token::Sign('/'))),
        "−" | "-" => tokens.push(Some(Token::Sign('-'))),
        "+" | "^" | "(" | ")" | "m" | "r" => tokens.push(piece.chars().next().map(Token::Sign)),
        _ => tokens.push(piece.replace(',', "").parse().ok().map(Token::Number)),
    }
}

/// Operations and small numbers in words, with their signs and digits.
const SPELLED: [(&str, &str); 39] = [
    ("to the power of", "^"),
    ("multiplied by", "*"),
    ("divided by", "/"),
    ("square root of", " r "),
    ("the r", " r "),
    ("percent of", "/ 100 *"),
    ("% of", "/ 100 *"),
    ("percent", "/ 100"),
    ("times", "*"),
    ("plus", "+"),
    ("minus", "-"),
    ("over", "/"),
    ("mod", " m "),
    ("squared", "^ 2"),
    ("cubed", "^ 3"),
    ("zero", "0"),
    ("one", "1"),
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("ten", "10"),
    ("eleven", "11"),
    ("twelve", "12"),
    ("fifteen", "15"),
    ("twenty", "20"),
    ("thirty", "30"),
    ("forty", "40"),
    ("fifty", "50"),
    ("sixty", "60"),
    ("seventy", "70"),
    ("eighty", "80"),
    ("ninety", "90"),
    ("hundred", "100"),
    ("thousand", "1000"),
];

fn spelled_out(text: &str) -> String {
    // Remove the single letters that are the internal signs for remainder and root.
    let lower = text.to_lowercase().replace('%', " % ");
    let words = lower.split_whitespace().filter(|word| !matches!(*word, "m" | "r"));
    let spaced = format!(" {} ", words.collect::<Vec<_>>().join(" ").replace('?', " ?"));
    if !spaced.split(' ').any(begins_spelled) {
        return spaced;
    }
    SPELLED.iter().fold(spaced, |text, (words, sign)| {
        text.replace(&format!(" {words} "), &format!(" {sign} "))
    })
}

/// Whether a word is the first word of an entry in [`SPELLED`]. Most queries have none, so this check saves time.
fn begins_spelled(word: &str) -> bool {
    static FIRST: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
        SPELLED
            .iter()
            .filter_map(|(words, _)| words.split(' ').next())
            .collect()
    });
    FIRST.contains(word)
}

fn evaluate(tokens: &[Token]) -> Option<f64> {
    let (value, rest) = sum(tokens, 0)?;
    (rest.is_empty() && value.is_finite()).then_some(value)
}

/// A value and the remaining tokens.
type ParsedValue<'t> = Option<(f64, &'t [Token])>;

fn sum(tokens: &[Token], depth: usize) -> ParsedValue<'_> {
    let (mut value, mut rest) = product(tokens, depth)?;
    while let Some(Token::Sign(sign @ ('+' | '-'))) = rest.first() {
        let (right, after) = product(&rest[1..], depth)?;
        value = if *sign == '+' { value + right } else { value - right };
        rest = after;
    }
    Some((value, rest))
}

fn product(tokens: &[Token], depth: usize) -> ParsedValue<'_> {
    let (mut value, mut rest) = power(tokens, depth)?;
    while let Some(Token::Sign(sign @ ('*' | '/' | 'm'))) = rest.first() {
        let (right, after) = power(&rest[1..], depth)?;
        value = match sign {
            '*' => value * right,
            '/' => value / right,
            _ => value.rem_euclid(right),
        };
        rest = after;
    }
    Some((value, rest))
}

fn power(tokens: &[Token], depth: usize) -> ParsedValue<'_> {
    let (base, rest) = operand(tokens, depth)?;
    match rest.first() {
        Some(Token::Sign('^')) if depth < DEPTH => {
            let (exponent, after) = power(&rest[1..], depth + 1)?;
            Some((base.powf(exponent), after))
        }
        _ => Some((base, rest)),
    }
}

fn operand(tokens: &[Token], depth: usize) -> ParsedValue<'_> {
    if depth > DEPTH {
        return None;
    }
    match tokens.split_first()? {
        (Token::Number(number), rest) => Some((*number, rest)),
        (Token::Sign('-'), rest) => power(rest, depth + 1).map(|(value, rest)| (-value, rest)),
        (Token::Sign('r'), rest) => operand(rest, depth + 1).map(|(value, rest)| (value.sqrt(), rest)),
        (Token::Sign('('), rest) => {
            let (value, rest) = sum(rest, depth + 1)?;
            (rest.first() == Some(&Token::Sign(')'))).then(|| (value, &rest[1..]))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn computes_what_it_is_asked() {
        for (query, expected) in [
            ("what is 7 plus 3?", "10"),
            ("What's (3+4)*2 - 1", "13"),
            ("what is 20 percent of 50", "10"),
            ("15% of 200", "30"),
            ("seven times six", "42"),
            ("1,200 divided by 8", "150"),
            ("2 to the power of 10", "1024"),
            ("what is the square root of 81", "9"),
            ("2 ^ 3 ^ 2", "512"),
            ("-3 - -4", "1"),
            ("17 mod 5", "2"),
            ("0.1 + 0.2", "0.3"),
            ("12 x 12", "144"),
            ("five squared plus 1", "26"),
        ] {
            assert_eq!(call(query).as_deref(), Some(expected), "{query}");
        }
    }

    #[test]
    fn says_nothing_where_there_is_nothing_to_compute() {
        for query in [
            "",
            "freeze my card",
            "i have 3 cats",
            "1 / 0",
            "((((",
            "3 +",
            "call 555-",
            "-5",
            &"(".repeat(9999),
        ] {
            assert_eq!(call(query), None, "{query}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(query in "[0-9+*/^() .,a-z%x-]{0,80}") {
            let _ = call(&query);
        }

        #[test]
        fn adds_like_a_machine(a in 0u32..100_000, b in 0u32..100_000) {
            prop_assert_eq!(call(&format!("what is {a} plus {b}")), Some((a + b).to_string()));
        }
    }
}
