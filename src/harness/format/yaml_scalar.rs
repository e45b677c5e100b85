//! Reads YAML scalars without quotes and in quotes.

use serde_json::{Number, Value as Json};

use super::error::FormatError;
use super::node::{Node, NodeShape};
use super::yaml_read::YamlReader;

/// The characters with which a text without quotes cannot begin.
pub(super) const INDICATORS: [char; 17] = [
    ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', '\u{feff}',
];

impl YamlReader<'_> {
    /// A scalar without quotes. Its next lines begin at least at a column.
    pub(super) fn plain(&mut self, indent: usize, in_flow: bool) -> Result<Node, FormatError> {
        let start = self.at;
        let mut chars = self.line(start).chars();
        let (first, second) = (chars.next().unwrap_or(' '), chars.next());
        let is_alone = second.is_none_or(|c| matches!(c, ' ' | '\t') || in_flow && ",[]{}".contains(c));
        if INDICATORS.contains(&first) || "-?:".contains(first) && is_alone {
            return self.error(start, format!("a text without quotes cannot begin with `{first}`"));
        }
        let (mut text, mut end, mut breaks) = (String::new(), start, 0);
        loop {
            let (line, is_last) = self.plain_line(in_flow)?;
            if !line.is_empty() {
                text.push_str(&folded(breaks, text.is_empty()));
                text.push_str(line);
                (end, breaks) = (self.at + line.len(), 0);
            }
            self.at += line.len();
            if is_last || !self.goes_on(indent, in_flow, &mut breaks)? {
                break;
            }
        }
        self.at = end;
        Ok(Node::inline(start..end, NodeShape::Scalar(resolved(&text))))
    }

    /// The text here up to the end of the scalar or of the line, and whether the scalar ends there.
    fn plain_line(&self, in_flow: bool) -> Result<(&str, bool), FormatError> {
        let line = self.line(self.at);
        let bytes = line.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let next = bytes.get(at + 1).copied();
            let is_blank = matches!(next, None | Some(b' ' | b'\t'));
            match bytes[at] {
                b':' if is_blank && !in_flow => {
                    return self.error(
                        self.at + at,
                        "a colon and a blank in a text without quotes; put the text in quotes",
                    );
                }
                b':' if in_flow && (is_blank || next.is_some_and(|c| b",[]{}".contains(&c))) => {
                    break;
                }
                b',' | b'[' | b']' | b'{' | b'}' if in_flow => break,
                b'#' if at > 0 && matches!(bytes[at - 1], b' ' | b'\t') => break,
                _ => at += 1,
            }
        }
        Ok((line[..at].trim_end_matches([' ', '\t']), at < bytes.len()))
    }

    /// From the end of a line: steps to the text on a next line, and counts the line ends. Returns false, and stays, if
    /// the scalar does not go on there.
    fn goes_on(&mut self, indent: usize, in_flow: bool, breaks: &mut usize) -> Result<bool, FormatError> {
        let (before, mut count) = (self.at, 0);
        loop {
            let line_start = self.at;
            self.next_line();
            if self.at == line_start || self.at >= self.text.len() {
                self.at = before;
                return Ok(false);
            }
            count += 1;
            let line = self.line(self.at);
            let content = line.trim_start_matches([' ', '\t']);
            if content.is_empty() {
                continue;
            }
            let column = line.len() - line.trim_start_matches(' ').len();
            if content.starts_with('#') || self.is_marker(self.at) || column < indent && !in_flow {
                self.at = before;
                return Ok(false);
            }
            self.at += line.len() - content.len();
            *breaks = count;
            return Ok(true);
        }
    }

    /// The text in double quotes that begins here. `None`: a name, or a text in brackets.
    pub(super) fn double_quoted(&mut self, indent: Option<usize>) -> Result<Node, FormatError> {
        let start = self.at;
        let (mut text, mut kept) = (String::new(), 0);
        self.at += 1;
        loop {
            let Some(c) = self.text[self.at..].chars().next() else {
                return self.error(start, "a quote is not closed");
            };
            match c {
                '"' => break,
                '\\' => {
                    self.escape(&mut text, indent)?;
                    kept = text.len();
                    continue;
                }
                '\n' => {
                    kept = self.fold(&mut text, kept, indent)?;
                    continue;
                }
                '\r' => {}
                _ => text.push(c),
            }
            self.at += c.len_utf8();
        }
        self.at += 1;
        Ok(Node::inline(start..self.at, NodeShape::Scalar(Json::from(text))))
    }

    /// The text in single quotes that begins here.
    pub(super) fn single_quoted(&mut self, indent: Option<usize>) -> Result<Node, FormatError> {
        let start = self.at;
        let (mut text, mut kept) = (String::new(), 0);
        self.at += 1;
        loop {
            let rest = &self.text[self.at..];
            let Some(c) = rest.chars().next() else {
                return self.error(start, "a quote is not closed");
            };
            match c {
                '\'' if rest.starts_with("''") => {
                    text.push(c);
                    self.at += 1;
                }
                '\'' => break,
                '\n' => {
                    kept = self.fold(&mut text, kept, indent)?;
                    continue;
                }
                '\r' => {}
                _ => text.push(c),
            }
            self.at += c.len_utf8();
        }
        self.at += 1;
        Ok(Node::inline(start..self.at, NodeShape::Scalar(Json::from(text))))
    }

    /// Folds a line end in quotes: drops the blanks before it, except those in the first `kept` bytes, and appends what the
    /// line end stands for. Returns the new length of the text.
    fn fold(&mut self, text: &mut String, kept: usize, indent: Option<usize>) -> Result<usize, FormatError> {
        text.truncate(text[kept..].trim_end_matches([' ', '\t']).len() + kept);
        text.push_str(&self.quoted_break(indent)?);
        Ok(text.len())
    }

    /// From a line end in quotes: steps to the next text, and returns what the line ends mean.
    fn quoted_break(&mut self, indent: Option<usize>) -> Result<String, FormatError> {
        let mut breaks = 0;
        loop {
            self.at += self.text[self.at..].find('\n').map_or(0, |at| at + 1);
            breaks += 1;
            let line = self.line(self.at);
            let content = line.trim_start_matches([' ', '\t']);
            if self.is_marker(self.at) {
                return self.error(self.at, "a quote is not closed");
            }
            let column = line.len() - line.trim_start_matches(' ').len();
            if !content.is_empty() && indent.is_some_and(|indent| column < indent) {
                return self.error(self.at, "a line of a quoted text is not indented");
            }
            self.at += line.len() - content.len();
            if !content.is_empty() || self.at + 1 >= self.text.len() && !self.text[self.at..].starts_with('\n') {
                return Ok(folded(breaks, false));
            }
        }
    }

    fn escape(&mut self, text: &mut String, indent: Option<usize>) -> Result<(), FormatError> {
        let start = self.at;
        let rest = &self.text[start + 1..];
        let Some(c) = rest.chars().next() else {
            return self.error(start, "a quote is not closed");
        };
        self.at += 1 + c.len_utf8();
        if rest.trim_start_matches('\r').starts_with('\n') {
            // An escaped line end means nothing; empty lines after it do.
            self.at = start + 1;
            let breaks = self.quoted_break(indent)?;
            text.push_str(breaks.trim_start_matches(' '));
            return Ok(());
        }
        let digits = match c {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        let code = self.text.get(self.at..self.at + digits);
        let code = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let escaped = match digits {
            0 => escaped(c),
            _ => code.and_then(|code| char::from_u32(u32::from_str_radix(code, 16).ok()?)),
        };
        let Some(escaped) = escaped else {
            return self.error(start, "an unknown escape");
        };
        self.at += digits;
        text.push(escaped);
        Ok(())
    }
}

/// The character that an escape without digits means.
fn escaped(c: char) -> Option<char> {
    Some(match c {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        ' ' | '"' | '/' | '\\' => c,
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        _ => return None,
    })
}

/// What a number of line ends between two texts means.
fn folded(breaks: usize, is_first: bool) -> String {
    match breaks {
        0 => String::new(),
        _ if is_first => String::new(),
        1 => " ".to_owned(),
        _ => "\n".repeat(breaks - 1),
    }
}

/// The value of a text without quotes, by the core schema of YAML 1.2. Numbers that JSON lacks stay texts.
pub(super) fn resolved(text: &str) -> Json {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Json::Null,
        "true" | "True" | "TRUE" => return Json::Bool(true),
        "false" | "False" | "FALSE" => return Json::Bool(false),
        _ => {}
    }
    number(text).map_or_else(|| Json::from(text), Json::Number)
}

fn number(text: &str) -> Option<Number> {
    let unsigned = |digits: &str, radix: u32, set: fn(char) -> bool| -> Option<Number> {
        let is_number = !digits.is_empty() && digits.chars().all(set);
        is_number
            .then(|| u64::from_str_radix(digits, radix).ok().map(Number::from))
            .flatten()
    };
    if let Some(digits) = text.strip_prefix("0x") {
        return unsigned(digits, 16, |c| c.is_ascii_hexdigit());
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return unsigned(digits, 8, |c| matches!(c, '0'..='7'));
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()) {
        let exact = text.strip_prefix('+').unwrap_or(text);
        let integer = exact
            .parse::<i64>()
            .map(Number::from)
            .or_else(|_| exact.parse::<u64>().map(Number::from));
        return integer.ok().or_else(|| Number::from_f64(text.parse().ok()?));
    }
    is_float(digits).then(|| Number::from_f64(text.parse().ok()?)).flatten()
}

/// Whether it is `1.5`, `.5`, `1.` or one of these with an exponent, or an integer with one.
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (text, None),
    };
    let are_digits = |digits: &str| digits.chars().all(|c| c.is_ascii_digit());
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    are_digits(whole)
        && are_digits(part)
        && !(whole.is_empty() && part.is_empty())
        && exponent.is_none_or(|digits| !digits.is_empty() && are_digits(digits))
}
