//! Reads the settings of a text file whose keys a predicate picks, so that two states of the file can be compared.
//!
//! TOML and JSON are parsed. YAML and front matter are read line by line, because front matter is often not valid YAML
//! and the file is not rewritten. If a file cannot be parsed, every line that mentions a picked key counts.

use std::collections::BTreeMap;

use serde_json::Value;

/// Returns whether a path of keys is picked.
type Picks<'a> = &'a dyn Fn(&[String]) -> bool;

/// The picked settings, from dotted key to value.
pub(super) type PickedSettings = BTreeMap<String, String>;

/// The picked settings of a file, whose name and text determine its format.
pub(super) fn settings(path: &str, text: &str, picks: Picks) -> PickedSettings {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lower = path.to_lowercase();
    let is = |endings: &[&str]| endings.iter().any(|ending| lower.ends_with(ending));
    if is(&[".toml"]) {
        let parsed = toml::from_str::<toml::Table>(text).ok();
        return of_value(parsed.and_then(|table| serde_json::to_value(table).ok()), text, picks);
    }
    let name = lower.rsplit('/').next().unwrap_or_default();
    let has_no_ending = !name.trim_start_matches('.').contains('.');
    if is(&[".json", ".jsonc", ".json5"]) || has_no_ending && text.trim_start().starts_with('{') {
        return of_value(serde_json::from_str(&without_comments(text)).ok(), text, picks);
    }
    if is(&[".yaml", ".yml", "modes"]) {
        return of_lines(text.lines(), picks);
    }
    if is(&[".ini", ".cfg", ".conf", ".properties"]) {
        return of_value(None, text, picks);
    }
    match front_matter(text) {
        Some(front) => of_lines(front.lines(), picks),
        None => PickedSettings::new(),
    }
}

fn of_value(parsed: Option<Value>, text: &str, picks: Picks) -> PickedSettings {
    let mut found = PickedSettings::new();
    match parsed {
        Some(value) => walk(&value, &mut Vec::new(), picks, &mut found),
        None => mentioned(text, picks, &mut found),
    }
    found
}

fn walk(value: &Value, keys: &mut Vec<String>, picks: Picks, found: &mut PickedSettings) {
    let mut below = |key: String, value: &Value, keys: &mut Vec<String>| {
        keys.push(key);
        match picks(keys) {
            true => drop(found.insert(keys.join("."), value.to_string())),
            false => walk(value, keys, picks, found),
        }
        keys.pop();
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| below(key.clone(), value, keys)),
        Value::Array(values) => values
            .iter()
            .enumerate()
            .for_each(|(at, value)| below(at.to_string(), value, keys)),
        _ => {}
    }
}

/// Every line that mentions a picked key before a `:` or `=`.
fn mentioned(text: &str, picks: Picks, found: &mut PickedSettings) {
    for (at, line) in text.lines().enumerate() {
        for key in keys_in(line) {
            if picks(std::slice::from_ref(&key)) {
                found.insert(format!("{key}.{at}"), line.trim().to_owned());
            }
        }
    }
}

/// The words of a line that are followed by `:` or `=`.
fn keys_in(line: &str) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let before = line.match_indices([':', '=']).map(|(at, _)| line[..at].trim_end());
    let word = |before: &str| {
        let before = before.trim_end_matches(['"', '\'', ' ']);
        let start = before
            .rfind(|c| !is_part(c))
            .map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8));
        before[start..].to_owned()
    };
    before.map(word).filter(|word| !word.is_empty()).collect()
}

/// One open key of a YAML text.
struct Open {
    indent: usize,
    key: String,
    /// Whether its value is a block of text, which contains no keys.
    is_text: bool,
}

/// Reads YAML by its indentation. Lines that it cannot interpret (merge keys, complex keys, escapes in keys) count as
/// picked.
fn of_lines<'t>(lines: impl Iterator<Item = &'t str>, picks: Picks) -> PickedSettings {
    let mut open: Vec<Open> = Vec::new();
    let mut found = PickedSettings::new();
    for (at, line) in lines.enumerate() {
        let bare = line.trim_start();
        if bare.is_empty() {
            continue;
        }
        let indent = line.len() - bare.len();
        // A list may have the same indentation as the key that it belongs to.
        let is_item = bare.starts_with("- ") || bare == "-";
        open.retain(|outer| outer.indent < indent || is_item && outer.indent == indent);
        let mut keys: Vec<String> = open.iter().map(|outer| outer.key.clone()).collect();
        if !picks(&keys) && (open.iter().any(|outer| outer.is_text) || bare.starts_with('#')) {
            continue;
        }
        let (item, inner) = without_dashes(bare);
        if let Some((key, value)) = key_of(item) {
            open.push(Open {
                indent: indent + inner,
                key: key.clone(),
                is_text: value.starts_with(['|', '>']),
            });
            keys.push(key);
        }
        let is_odd =
            item.starts_with("? ") || item.starts_with("<<") || item.starts_with(['"', '\'']) && item.contains('\\');
        let mentions = || keys_in(item).into_iter().any(|key| picks(&[key]));
        let has_flow = item.contains('{');
        if picks(&keys) || is_odd || has_flow && mentions() {
            // The keys are part of the entry, so that moving the line under another key is a change.
            found.insert(format!("{}.{at}", keys.join(".")), bare.trim_end().to_owned());
        }
    }
    without_places(found)
}

/// Replaces line numbers by the order of lines with the same keys, so that lines added elsewhere do not count as
/// changes.
fn without_places(found: PickedSettings) -> PickedSettings {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut lines: Vec<(usize, String, String)> = Vec::new();
    for (key, line) in found {
        let (key, at) = key.rsplit_once('.').unwrap_or((&key, "0"));
        lines.push((at.parse().unwrap_or(0), key.to_owned(), line));
    }
    lines.sort();
    let numbered = lines.into_iter().map(|(_, key, line)| {
        let count = counts.entry(key.clone()).or_default();
        *count += 1;
        (format!("{key}.{count}"), line)
    });
    numbered.collect()
}

/// A list item without its dashes, and its indentation after them.
fn without_dashes(bare: &str) -> (&str, usize) {
    let mut item = bare;
    while let Some(rest) = item.strip_prefix("- ") {
        item = rest.trim_start();
    }
    (item, bare.len() - item.len())
}

/// The key and the value of a line `key: value`.
fn key_of(item: &str) -> Option<(String, &str)> {
    let quote = item.chars().next().filter(|c| matches!(c, '"' | '\''));
    let (key, rest) = match quote {
        Some(quote) => item[1..].split_once(quote)?,
        None => item.split_at(item.find(':')?),
    };
    let value = rest.trim_start().strip_prefix(':')?;
    (value.is_empty() || value.starts_with([' ', '\t'])).then(|| (key.trim().to_owned(), value.trim_start()))
}

/// The front matter: the lines between `---` at the start of a text and the next `---` or `...`.
pub(crate) fn front_matter(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("---")?;
    let rest = &rest[rest.find('\n').filter(|at| rest[..*at].trim().is_empty())? + 1..];
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if matches!(line.trim_end(), "---" | "...") {
            return Some(&rest[..at]);
        }
        at += line.len();
    }
    None
}

/// Removes comments, and commas before a closing bracket, from JSON.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '"' => string_length(rest),
            '/' if rest.starts_with("//") => {
                rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
                continue;
            }
            '/' if rest.starts_with("/*") => {
                rest = rest.find("*/").map_or("", |end| &rest[end + 2..]);
                continue;
            }
            ']' | '}' => {
                let kept = out.trim_end();
                out.truncate(kept.strip_suffix(',').unwrap_or(kept).len());
                1
            }
            c => c.len_utf8(),
        };
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !is_escaped => return at + 1,
            b'\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    text.len()
}
