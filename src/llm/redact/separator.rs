//! Separators: what links a secret's name to its value, and where the value stands.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// What stands between a name and a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// `=`, `:=`, `=>`, a tag's `>`, a comma or a bracket between quoted ones.
    Equals,
    /// `:`
    Colon,
    /// `--name value`
    Flag,
    /// `name is value`, and the like
    Is,
    /// A cell's border.
    Cell,
    /// Nothing but blanks.
    Blank,
}

/// Bytes that close a name: quotes, brackets, stars.
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

/// Where a name stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    /// It begins with a hyphen.
    pub flag: bool,
    /// It stands in a tag.
    pub tag: bool,
    /// It is the first argument of a call, in quotes.
    pub called: bool,
}

/// The link right behind a name, and how many bytes it takes; blanks behind it included.
pub(super) fn link(rest: &str, place: Place) -> Option<(Link, usize)> {
    let Place { flag, tag, called } = place;
    let bytes = rest.as_bytes();
    let closed = closing(bytes);
    let gap = blanks(&bytes[closed..]);
    let at = closed + gap;
    let signs = &rest[at..];
    let quoted = rest[..closed].contains(['"', '\'']);
    let (link, length) = match signs {
        _ if signs.starts_with("===") => (Link::Equals, 3),
        _ if ["==", "=>", ":=", "->", "!="]
            .iter()
            .any(|sign| signs.starts_with(sign)) =>
        {
            (Link::Equals, 2)
        }
        _ if signs.starts_with('→') => (Link::Equals, '→'.len_utf8()),
        _ if signs.starts_with('=') => (Link::Equals, 1),
        _ if signs.starts_with("::") => return None,
        _ if signs.starts_with(':') => (Link::Colon, 1),
        _ if signs.starts_with('：') => (Link::Colon, '：'.len_utf8()),
        _ if signs.starts_with('>') && (tag || quoted) => (Link::Equals, 1),
        _ if signs.starts_with('(') && closed == 0 => (Link::Equals, 1),
        _ if signs.starts_with(',') && quoted && called => (Link::Equals, 1),
        _ if signs.starts_with('|') || signs.starts_with('│') => {
            (Link::Cell, signs.chars().next().map_or(1, char::len_utf8))
        }
        _ if flag && gap > 0 => (Link::Flag, 0),
        _ if gap > 0 => (Link::Blank, 0),
        _ => return None,
    };
    // A call and a list hold secrets only as literals.
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

/// The same in prose: `is`, `set to`, `for the server:`. How many bytes it takes.
pub(super) fn prose(rest: &str) -> Option<usize> {
    Some(PROSE.as_ref()?.find(rest)?.end())
}

/// A pair of fields or attributes that hold a name and its value.
static PAIR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"^(?i)\\?["']?[,\s}]{1,40}\\?["']?(?:string_?|field_?)?value\\?["']?\s{0,8}[:=]\s{0,8}(?:\{\s{0,8}\\?"string_?value\\?"\s{0,4}:\s{0,4})?"#).ok()
});

/// `"name": "X", "value": …`: how many bytes stand between.
pub(super) fn pair(rest: &str) -> Option<usize> {
    Some(PAIR.as_ref()?.find(rest)?.end())
}

/// A value as it stands in the text.
pub(super) struct Value {
    /// Without its quotes.
    pub range: Range<usize>,
    /// Whether it stands in quotes.
    pub quoted: bool,
}

/// The most bytes of a value that are looked at.
const LONGEST: usize = 16 * 1024;

/// The value that begins at `at`. `open`: nothing but blanks ends it; `query`: `&` and `#` end it.
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
    // A mark belongs to the value whole.
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

/// Whether an escaped line end or tab stands before `at`, as in JSON within a text.
pub(super) fn escaped(text: &str, at: usize) -> bool {
    ["\\n", "\\r", "\\t"].iter().any(|escape| text[..at].ends_with(escape))
}

/// Whether a word may begin at `at`.
pub(super) fn begins(text: &str, at: usize) -> bool {
    !text[..at].ends_with(|letter: char| letter.is_alphanumeric()) || escaped(text, at)
}

/// The nearest boundary of letters at or before `at`.
pub(super) fn floor(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}
