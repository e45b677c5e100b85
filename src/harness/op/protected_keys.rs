//! Reads the settings of a text file whose keys a predicate picks, so that two states of the file can be compared.
//!
//! If a file cannot be read in its format, YAML is read line by line, and otherwise every line that mentions a picked key
//! counts.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::format;
use crate::harness::format::error::FormatError;
use crate::harness::format::front_matter::body;
use crate::manifest::surface::SurfaceFormat;

/// Returns whether a path of keys is picked.
type Picks<'a> = &'a dyn Fn(&[String]) -> bool;

/// The picked settings, from dotted key to value.
pub(super) type PickedSettings = BTreeMap<String, String>;

/// The picked settings of a file: in the format that its name and text say, and in that which the manifest states, so that
/// a manifest can only add settings.
pub(super) fn settings(path: &str, stated: Option<SurfaceFormat>, text: &str, picks: Picks) -> PickedSettings {
    let own = SettingsFormat::of(path, text);
    let mut found = own.settings(text, picks);
    if let Some(stated) = stated.map(SettingsFormat::Values).filter(|stated| *stated != own) {
        found.extend(stated.settings(text, picks));
    }
    found
}

/// How settings are written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SettingsFormat {
    /// In a format that has a reader.
    Values(SurfaceFormat),
    /// In lines such as `key = value`.
    Lines,
}

impl SettingsFormat {
    fn of(path: &str, text: &str) -> Self {
        let lower = path.to_lowercase();
        let is = |endings: &[&str]| endings.iter().any(|ending| lower.ends_with(ending));
        let name = lower.rsplit('/').next().unwrap_or_default();
        let has_no_ending = !name.trim_start_matches('.').contains('.');
        match SurfaceFormat::of(&lower) {
            SurfaceFormat::Text if is(&[".json5"]) || has_no_ending && text.trim_start().starts_with('{') => {
                Self::Values(SurfaceFormat::Jsonc)
            }
            SurfaceFormat::Text if is(&["modes"]) => Self::Values(SurfaceFormat::Yaml),
            SurfaceFormat::Text if is(&[".ini", ".cfg", ".conf", ".properties"]) => Self::Lines,
            // Any text may have a front matter.
            SurfaceFormat::Text => Self::Values(SurfaceFormat::FrontMatter),
            // Hosts often read comments in files that are called JSON.
            SurfaceFormat::Json => Self::Values(SurfaceFormat::Jsonc),
            format => Self::Values(format),
        }
    }

    fn settings(self, text: &str, picks: Picks) -> PickedSettings {
        let mut found = PickedSettings::new();
        match self {
            Self::Lines => mentioned(text, picks, &mut found),
            Self::Values(format) => match (format::all_values(format, text), format) {
                (Ok(values), _) => return picked(values, picks),
                (Err(FormatError::Keyless | FormatError::OpenHead), _) => {}
                (Err(_), SurfaceFormat::Yaml) => return of_lines(text.lines(), picks),
                (Err(_), SurfaceFormat::FrontMatter) => {
                    let head = text.len() - body(text).unwrap_or(text).len();
                    return of_lines(text[..head].lines(), picks);
                }
                (Err(_), _) => mentioned(text, picks, &mut found),
            },
        }
        found
    }
}

/// The picked values, without those inside another picked value. A number tells values with the same key apart.
fn picked(values: Vec<(Vec<String>, Value)>, picks: Picks) -> PickedSettings {
    let mut found = PickedSettings::new();
    let mut last: Option<Vec<String>> = None;
    for (keys, value) in values {
        let is_inside = last
            .as_ref()
            .is_some_and(|last| keys.len() > last.len() && keys.starts_with(last));
        if !is_inside && picks(&keys) {
            let key = keys.join(".");
            let others = (2..).map(|number| format!("{key}.{number}"));
            let free = std::iter::once(key.clone())
                .chain(others)
                .find(|key| !found.contains_key(key));
            found.insert(free.unwrap_or(key), value.to_string());
            last = Some(keys);
        }
    }
    found
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
