//! Separators between a secret's name and its value, and the range of the value.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// The separator between a name and a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameValueLink {
    /// `=`, `:=`, `=>`, the `>` of a tag, or a comma or bracket before a quoted value.
    Equals,
    /// `:`
    Colon,
    /// `--name value`
    Flag,
    /// `name is value` and similar phrases.
    Is,
    /// The border of a table cell.
    Cell,
    /// Only blanks.
    Blank,
}

/// The number of bytes that close a name: quotes, brackets, asterisks.
fn closing(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take(8)
        .take_while(|byte| b"\\\"'`]*_)".contains(byte))
        .count()
}

fn blanks(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take(16)
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count()
}

/// The context of a name.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NamePosition {
    /// The name starts with a hyphen.
    pub flag: bool,
    /// The name is in a tag.
    pub tag: bool,
    /// The name is the first argument of a call, in quotes.
    pub called: bool,
}

/// The separator directly after a name, and its length in bytes, including blanks after it.
pub(super) fn link(rest: &str, place: NamePosition) -> Option<(NameValueLink, usize)> {
    let NamePosition { flag, tag, called } = place;
    let bytes = rest.as_bytes();
    let closed = closing(bytes);
    let gap = blanks(&bytes[closed..]);
    let at = closed + gap;
    let signs = &rest[at..];
    let quoted = rest[..closed].contains(['"', '\'']);
    let (link, length) = match signs {
        _ if signs.starts_with("===") => (NameValueLink::Equals, 3),
        _ if ["==", "=>", ":=", "->", "!="]
            .iter()
            .any(|sign| signs.starts_with(sign)) =>
        {
            (NameValueLink::Equals, 2)
        }
        _ if signs.starts_with('→') => (NameValueLink::Equals, '→'.len_utf8()),
        _ if signs.starts_with('=') => (NameValueLink::Equals, 1),
        _ if signs.starts_with("::") => return None,
        _ if signs.starts_with(':') => (NameValueLink::Colon, 1),
        _ if signs.starts_with('：') => (NameValueLink::Colon, '：'.len_utf8()),
        _ if signs.starts_with('>') && (tag || quoted) => (NameValueLink::Equals, 1),
        _ if signs.starts_with('(') && closed == 0 => (NameValueLink::Equals, 1),
        _ if signs.starts_with(',') && quoted && called => (NameValueLink::Equals, 1),
        _ if signs.starts_with('|') || signs.starts_with('│') => {
            (NameValueLink::Cell, signs.chars().next().map_or(1, char::len_utf8))
        }
        _ if flag && gap > 0 => (NameValueLink::Flag, 0),
        _ if gap > 0 => (NameValueLink::Blank, 0),
        _ => return None,
    };
    // In a call or a list, only literals are secrets.
    let literal = signs.starts_with(['(', ',']);
    let mut end = at + length;
    end += blanks(&bytes[end..]);
    end += bytes[end..].iter().take(2).take_while(|byte| **byte == b'*').count();
    end += blanks(&bytes[end..]);
    (!literal || rest[end..].starts_with(['"', '\''])).then_some((link, end))
}

/// Words between a name and its value in prose.
static PROSE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r#"^(?i)["'`*]{0,3}(?:[ \t]+(?:for|of|to|on|in|at|from|used|with|für|von|zum|zur)[ \t]+[^\n=?!,;]{1,48}?|[ \t]*\([^)\n]{1,40}\))?"#,
        r"(?:[ \t]*[:=][ \t]*|[ \t]+(?:is|was|are|be|ist|lautet|est|es|è|é|là|has[ \t]been|now|still|set[ \t]to|changed[ \t]to|to|as|value|called)(?:[ \t]*:)?[ \t]+)",
        r"(?:(?:now|still|currently|just|simply|set to|definitely|literally|actually|exactly)[ \t]+)?\*{0,2}",
    ))
    .ok()
});

/// The length in bytes of a separator in prose, such as `is`, `set to`, `for the server:`.
pub(super) fn prose(rest: &str) -> Option<usize> {
    Some(PROSE.as_ref()?.find(rest)?.end())
}

/// The text between a name and its value in a pair of fields or attributes.
static PAIR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"^(?i)\\?["']?[,\s}]{1,40}\\?["']?(?:string_?|field_?)?value\\?["']?\s{0,8}[:=]\s{0,8}(?:\{\s{0,8}\\?"string_?value\\?"\s{0,4}:\s{0,4})?"#).ok()
});

/// The length in bytes of the text between name and value in `"name": "X", "value": …`.
pub(super) fn pair(rest: &str) -> Option<usize> {
    Some(PAIR.as_ref()?.find(rest)?.end())
}

/// A value in the text.
pub(super) struct Value {
    /// The range without quotes.
    pub range: Range<usize>,
    /// Whether it is quoted.
    pub quoted: bool,
}

/// Maximum number of bytes of a value that are examined.
const LONGEST: usize = 16 * 1024;

/// The value that starts at `at`. `open`: only white space and quotes end it; `query`: `&` and `#` end it too.
pub(super) fn value(text: &str, at: usize, open: bool, query: bool) -> Value {
    let rest = &text[at..];
    let prefix = rest.len() - rest.trim_start_matches(['b', 'f', 'r', 'u', '$', '@', '(']).len();
    let bytes = rest.as_bytes();
    let prefix = if prefix <= 2 { prefix } else { 0 };
    let slashes = bytes[prefix..]
        .iter()
        .take(8)
        .take_while(|byte| **byte == b'\\')
        .count();
    match bytes.get(prefix + slashes) {
        Some(b'"' | b'\'' | b'`') => in_quotes(text, at + prefix, slashes),
        _ => bare(text, at, open, query),
    }
}

fn in_quotes(text: &str, at: usize, slashes: usize) -> Value {
    let mut delimiter = &text[at..at + slashes + 1];
    let triple = delimiter.repeat(3);
    if slashes == 0 && text[at..].starts_with(&triple) {
        delimiter = &text[at..at + 3];
    }
    let start = at + delimiter.len();
    let rest = &text[start..floor(text, start + LONGEST)];
    let mut escaped = false;
    let mut end = rest.len();
    for (offset, letter) in rest.char_indices() {
        let closes = rest[offset..].starts_with(delimiter) && !(escaped && slashes == 0);
        if closes || letter == '\n' && delimiter.len() < 3 {
            end = offset;
            break;
        }
        escaped = letter == '\\' && !escaped && !delimiter.starts_with('\'');
    }
    Value {
        range: start..start + end,
        quoted: true,
    }
}

fn bare(text: &str, at: usize, open: bool, query: bool) -> Value {
    let rest = &text[at..floor(text, at + LONGEST)];
    let ends = |letter: char| match open {
        true => letter.is_whitespace() || matches!(letter, '"' | '\'' | '`'),
        false => letter.is_whitespace() || "\"'`,;<>{}[]|()\\".contains(letter) || query && "&#".contains(letter),
    };
    // A mark is always one whole value.
    let marked = rest.starts_with(super::marks::START);
    let end = if marked {
        rest.find(']').map_or(rest.len(), |end| end + 1)
    } else {
        rest.find(ends).unwrap_or(rest.len())
    };
    let value = if marked {
        &rest[..end]
    } else {
        rest[..end].trim_end_matches(['.', ',', ':', ';', '!', '?', '…', '*'])
    };
    Value {
        range: at..at + value.len(),
        quoted: false,
    }
}

/// Whether an escaped newline or tab precedes `at`, as in JSON within a text.
pub(super) fn escaped(text: &str, at: usize) -> bool {
    ["\\n", "\\r", "\\t"].iter().any(|escape| text[..at].ends_with(escape))
}

/// Whether a word may start at `at`.
pub(super) fn begins(text: &str, at: usize) -> bool {
    !text[..at].ends_with(|letter: char| letter.is_alphanumeric()) || escaped(text, at)
}

/// The nearest character boundary at or before `at`.
pub(super) fn floor(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}
