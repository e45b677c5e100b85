//! Finds assignments: a secret's name followed by its value, in code, settings, commands, tables, tags and prose.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::finding::{FindingKind, RedactFinding};
use super::header;
use super::name::{self, Strength};
use super::separator::{self, NamePosition, NameValueLink, Value, escaped, floor};
use super::value::{has_digit, is_mixed, is_placeholder, is_random, is_word, says};

/// Maximum number of a name's bytes on each side of a needle.
const REACH: usize = 64;

/// Examines the name around a needle. Returns the end of the name, where the next one may start.
pub(super) fn look(text: &str, letters: Range<usize>, found: &mut Vec<RedactFinding>) -> usize {
    let name = around(text, letters.clone());
    if let Some(ranges) = header::values(text, &name) {
        found.extend(ranges.map(|(range, kind)| RedactFinding { range, kind }));
        return name.end;
    }
    let Some(strength) = name::strength(&text[name.clone()]) else {
        // Another needle in the same words may name a secret: "mot de passe" contains "pass".
        return 0;
    };
    let said = text[floor(text, name.start.saturating_sub(24))..name.start].strip_suffix(' ');
    let opens = said.and_then(|said| said.rsplit(' ').next()).is_some_and(name::opens);
    let value = match strength {
        Strength::Phrase => phrase(text, &name),
        Strength::Weak if opens => secret(text, &name, Strength::Secret),
        strength => secret(text, &name, strength),
    };
    found.extend(value.map(|range| RedactFinding {
        range,
        kind: FindingKind::Secret,
    }));
    name.end
}

/// The whole name that contains a needle.
fn around(text: &str, letters: Range<usize>) -> Range<usize> {
    let bytes = text.as_bytes();
    let of_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_' || **byte == b'-';
    let before = bytes[..letters.start]
        .iter()
        .rev()
        .take(REACH)
        .take_while(|byte| of_name(byte) || **byte == b'.')
        .count();
    let mut end = letters.end + bytes[letters.end..].iter().take(REACH).take_while(of_name).count();
    while bytes.get(end) == Some(&b'.')
        && bytes.get(end + 1).is_some_and(u8::is_ascii_alphabetic)
        && end - letters.end < REACH
    {
        end += 1 + bytes[end + 1..].iter().take(REACH).take_while(of_name).count();
    }
    // The name in `name-` and `name->` ends before the hyphen.
    while end > letters.end && bytes[end - 1] == b'-' {
        end -= 1;
    }
    let start = letters.start - before;
    // The `n` of an escaped newline does not belong to the name.
    let escape = start < letters.start && escaped(text, start + 1);
    start + usize::from(escape)..end
}

/// The value after a name, if it may be a secret.
fn secret(text: &str, name: &Range<usize>, strength: Strength) -> Option<Range<usize>> {
    let rest = &text[name.end..];
    let before = &text[..name.start];
    let place = NamePosition {
        flag: text[name.clone()].starts_with('-'),
        tag: before.ends_with('<')
            || before.ends_with(':') && before[floor(before, before.len().saturating_sub(8))..].contains('<'),
        called: ["(\"", "('", "( \"", "( '"]
            .iter()
            .any(|opening| before.ends_with(opening)),
    };
    if let Some((link, offset)) = separator::link(rest, place)
        && let Some(range) = linked(text, name, strength, link, name.end + offset)
    {
        return Some(range);
    }
    if let Some(offset) = separator::pair(rest)
        && let Some(range) = linked(text, name, strength, NameValueLink::Equals, name.end + offset)
    {
        return Some(range);
    }
    if let Some(offset) = separator::prose(rest)
        && let Some(range) = linked(text, name, strength, NameValueLink::Is, name.end + offset)
    {
        return Some(range);
    }
    near(text, name, strength).or_else(|| said_before(text, name, strength))
}

fn linked(text: &str, name: &Range<usize>, strength: Strength, link: NameValueLink, at: usize) -> Option<Range<usize>> {
    let line = text[floor(text, name.start.saturating_sub(24))..name.start]
        .rsplit('\n')
        .next()
        .unwrap_or_default();
    let starts = text[..name.start].ends_with(['?', '&']);
    let open = link == NameValueLink::Equals
        && ["", "export ", "set ", "ENV ", "-e ", "$env:", "$"].contains(&line.trim_start());
    let mut value = separator::value(text, at, open, starts);
    if link == NameValueLink::Colon && !value.quoted {
        value = behind_type(text, &value).unwrap_or(value);
        value = next_line(text, &value).unwrap_or(value);
    }
    let netrc = link == NameValueLink::Blank && strength == Strength::Password && after_login(&text[..name.start]);
    let link = if netrc { NameValueLink::Flag } else { link };
    let compound = text[name.clone()].trim_start_matches('-').contains(['-', '_']);
    let folder = is_folder(&text[name.clone()], &text[value.range.clone()]);
    (!folder && accepts(text, strength, link, compound, &value)).then_some(value.range)
}

/// Whether `pwd` means the working directory.
fn is_folder(name: &str, value: &str) -> bool {
    name.to_ascii_lowercase().ends_with("pwd") && value.starts_with(['/', '~', '.'])
}

/// `name: type = value`
fn behind_type(text: &str, value: &Value) -> Option<Value> {
    let rest = text[value.range.end..floor(text, value.range.end + 40)]
        .split('\n')
        .next()?;
    let at = rest.find('=').filter(|at| {
        *at < 24
            && rest[..*at]
                .chars()
                .all(|letter| " \t[]<>|&?".contains(letter) || letter.is_alphanumeric())
    })?;
    let start = value.range.end + at + 1;
    let blanks = text[start..].len() - text[start..].trim_start_matches([' ', '\t']).len();
    Some(separator::value(text, start + blanks, false, false))
}

/// The value on the next line, in a YAML block or after a line that ends in a colon.
fn next_line(text: &str, value: &Value) -> Option<Value> {
    if !matches!(&text[value.range.clone()], "" | "|" | ">" | "|-" | ">-") {
        return None;
    }
    let rest = &text[value.range.start..floor(text, value.range.start + 80)];
    let line = rest.trim_start_matches(['|', '>', '-', ' ', '\t', '\r']);
    let below = line.strip_prefix('\n')?;
    let start = value.range.start + rest.len() - below.trim_start_matches([' ', '\t']).len();
    Some(separator::value(text, start, false, false))
}

/// Whether a text ends in a login of `.netrc`, which a password follows.
fn after_login(before: &str) -> bool {
    let mut words = before[floor(before, before.len().saturating_sub(200))..]
        .split_ascii_whitespace()
        .rev();
    words.next().is_some()
        && words
            .next()
            .is_some_and(|word| matches!(word, "login" | "user" | "username" | "account"))
}

/// Whether a value after a name of this strength is a secret. `compound`: the name contains `-` or `_`, unlike words.
fn accepts(text: &str, strength: Strength, link: NameValueLink, compound: bool, value: &Value) -> bool {
    let word = &text[value.range.clone()];
    let behind = &text[value.range.end..];
    if is_placeholder(word) || !value.quoted && is_code(word, behind) {
        return false;
    }
    let stated = !matches!(link, NameValueLink::Is | NameValueLink::Blank | NameValueLink::Cell);
    match strength {
        Strength::Digits => {
            is_code_number(word) && link != NameValueLink::Blank || is_code_number(word) && word.len() >= 4
        }
        Strength::Phrase => false,
        Strength::Password if stated => value.quoted || stands_alone(word, behind, link),
        Strength::Password if link == NameValueLink::Is => {
            value.quoted && !says(word) && word.split(' ').count() < 6
                || is_mixed(word, 4)
                || word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_digit())
                || ends_sentence(word, behind)
        }
        Strength::Password if link == NameValueLink::Cell => {
            is_mixed(word, 4) || is_word(word) && !says(word) && behind.trim_start().starts_with('|')
        }
        Strength::Password => is_mixed(word, 6),
        Strength::Secret if stated => match value.quoted {
            true => word.split(' ').filter(|word| is_word(word)).count() < 3,
            false => {
                !is_word(word)
                    || (compound || link != NameValueLink::Colon) && word.len() >= 6 && stands_alone(word, behind, link)
            }
        },
        Strength::Secret => is_mixed(word, 8) && (has_digit(word) || value.quoted) || is_random(word, 12),
        Strength::Token if stated => is_mixed(word, 6) && has_digit(word) || is_random(word, 12),
        Strength::Token => is_mixed(word, 8) && has_digit(word) || is_random(word, 12),
        Strength::Weak if stated => is_random(word, 16),
        Strength::Weak => is_random(word, 20),
    }
}

/// Whether a value is code: a call, a field, an index.
fn is_code(word: &str, behind: &str) -> bool {
    let name = |letter: char| letter.is_ascii_alphanumeric() || "_.:".contains(letter);
    let of_names = word.chars().all(name);
    let fields = word.contains('.') && !has_digit(word) && word.split('.').all(|part| part.len() > 1) && of_names;
    behind.starts_with(['(', '[']) && of_names || fields
}

/// Whether an unquoted word is a complete value rather than the first word of a sentence.
fn stands_alone(word: &str, behind: &str, link: NameValueLink) -> bool {
    if !is_word(word) {
        return true;
    }
    let next = behind.trim_start_matches(['"', '\'', '`']);
    let sentence = next.starts_with(' ') && next.trim_start_matches(' ').starts_with(char::is_alphabetic);
    match link {
        NameValueLink::Equals => true,
        NameValueLink::Flag => !says(word),
        _ => !sentence && !says(word),
    }
}

/// Whether a word of letters ends a statement, as in "my password is swordfish".
fn ends_sentence(word: &str, behind: &str) -> bool {
    let next = behind.trim_start_matches(['"', '\'', '`']);
    let closes = next.is_empty()
        || next.starts_with(['.', ',', ';', '!', '\n', ')'])
        || next.starts_with(" and ")
        || next.starts_with(" but ");
    is_word(word) && closes && !says(word)
}

/// Three to ten digits, as in a PIN or a one-time code.
fn is_code_number(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    (3..=10).contains(&digits)
        && word
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-' || byte == b' ')
}

/// A value that looks random, within a few words after the name.
fn near(text: &str, name: &Range<usize>, strength: Strength) -> Option<Range<usize>> {
    if strength == Strength::Digits {
        return None;
    }
    let window = text[name.end..floor(text, name.end + 400)].split('\n').next()?;
    let mut start = name.end;
    for word in window
        .split([
            ' ', '\t', '"', '\'', '`', '|', '(', ')', ',', '<', '>', '=', '{', '}', '\\',
        ])
        .take(12)
    {
        let value = word.trim_end_matches(['.', ':', ';', '!', '?']);
        if start - name.end < 64 && is_random(value, 20) && has_digit(value) && !is_uuid(value) {
            return Some(start..start + value.len());
        }
        start += word.len() + 1;
    }
    None
}

fn is_uuid(value: &str) -> bool {
    value.len() == 36 && value.matches('-').count() == 4
}

/// The text before the name in "X is my password".
static BEFORE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?i)(\S{4,128}?)["'`]?\s+(?:is|was|as)\s+(?:my|the|our|your|a)\s+(?:new\s+|old\s+|current\s+|[a-z]+\s+){0,2}$"#).ok()
});

fn said_before(text: &str, name: &Range<usize>, strength: Strength) -> Option<Range<usize>> {
    let start = floor(text, name.start.saturating_sub(180));
    let said = text[start..name.start]
        .ends_with(' ')
        .then_some(&text[start..name.start])?;
    let value = BEFORE.as_ref()?.captures(said)?.get(1)?;
    let word = value.as_str().trim_start_matches(['"', '\'', '`', '(']);
    let accepted = match strength {
        Strength::Password => is_mixed(word, 6),
        Strength::Digits => is_code_number(word),
        _ => is_random(word, 12) && has_digit(word),
    };
    let from = start + value.end() - word.len();
    accepted.then_some(from..start + value.end())
}

/// The phrase of twelve or more words that opens a wallet.
static PHRASE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"^(?i)[^\n:=]{0,40}?(?:[:=]|\bis\b|\n)[\s"'`]{0,8}((?:(?:[0-9]{1,2}[.)]\s?)?[a-z]{3,8}[ \t,]{1,3}){11,23}[a-z]{3,8})"#).ok()
});

fn phrase(text: &str, name: &Range<usize>) -> Option<Range<usize>> {
    let rest = &text[name.end..floor(text, name.end + 400)];
    let words = PHRASE.as_ref()?.captures(rest)?.get(1)?;
    Some(name.end + words.start()..name.end + words.end())
}

/// Whether the name of a field marks its text as a secret.
pub(super) fn is_secret_field(name: &str, value: &str) -> bool {
    if header::is_credential_field(name) {
        return !value.is_empty() && !value.starts_with(super::marks::START);
    }
    let whole = Value {
        range: 0..value.len(),
        quoted: true,
    };
    name::strength(name).is_some_and(|strength| {
        !is_folder(name, value) && accepts(value, strength, NameValueLink::Equals, true, &whole)
    })
}
