//! Reads the settings of a text file whose keys a predicate picks, so that two states of the file can be compared.
//!
//! What cannot be read in its format is read line by line, and then says why: an edit must not leave a file so.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::format::all_values::{UnreadMember, ValueList, all_values};
use crate::harness::format::error::FormatError;
use crate::harness::format::front_matter::{body, odd_head};
use crate::manifest::surface::SurfaceFormat;

/// Returns whether a path of keys is picked.
type Picks<'a> = &'a dyn Fn(&[String]) -> bool;

/// The picked settings, from dotted key to value.
pub(super) type PickedSettings = BTreeMap<String, String>;

/// The settings of a file.
#[derive(Debug, Default)]
pub(super) struct FileSettings<'t> {
    parts: Vec<SettingsPart<'t>>,
}

impl<'t> FileSettings<'t> {
    /// Reads a file in the format that its name and text say, and in that which the manifest states, so that a manifest can
    /// only add settings.
    pub(super) fn of(path: &str, stated: Option<SurfaceFormat>, text: &'t str) -> Self {
        let (own, is_certain) = SettingsFormat::of(path, text);
        let mut parts = vec![SettingsPart::of(own, is_certain, text)];
        let stated = stated.map(SettingsFormat::Values).filter(|stated| *stated != own);
        parts.extend(stated.map(|stated| SettingsPart::of(stated, true, text)));
        Self { parts }
    }

    /// Whether the parts of the file that hold settings are the same as in another state.
    pub(super) fn is_same_text(&self, other: &Self) -> bool {
        let texts = |settings: &Self| settings.parts.iter().map(|part| part.text).collect::<Vec<_>>();
        texts(self) == texts(other)
    }

    /// Why the settings cannot be read with certainty, apart from what was so in the old state.
    pub(super) fn problem(&self, old: &Self) -> Option<&FormatError> {
        let known = |member: &UnreadMember| old.unread().any(|other| other.text == member.text);
        let problems = self.parts.iter().filter_map(|part| part.problem.as_ref());
        let mut unread = self.unread().filter(|member| !known(member));
        problems.into_iter().next().or_else(|| Some(&unread.next()?.problem))
    }

    /// These settings without those whose keys are data.
    #[must_use]
    pub(super) fn without(mut self, is_data: Picks) -> Self {
        for part in &mut self.parts {
            part.values.values.retain(|(keys, _)| !is_data(keys));
        }
        self
    }

    /// Whether the file is not in its format.
    pub(super) fn is_unreadable(&self) -> bool {
        self.parts.iter().any(|part| part.problem.is_some())
    }

    fn unread(&self) -> impl Iterator<Item = &UnreadMember> {
        self.parts.iter().flat_map(|part| &part.values.unread)
    }

    /// The settings whose keys a predicate picks.
    pub(super) fn picked(&self, picks: Picks) -> PickedSettings {
        let mut found = PickedSettings::new();
        for (key, value) in self.parts.iter().flat_map(|part| part.picked(picks)) {
            let all = found.entry(key).or_default();
            *all += &value;
        }
        found
    }

    /// The values that were read, with their keys.
    pub(super) fn values(&self) -> impl Iterator<Item = &(Vec<String>, Value)> {
        self.parts.iter().flat_map(|part| &part.values.values)
    }

    /// The settings in lines that were not read as values.
    pub(super) fn lines(&self, picks: Picks) -> PickedSettings {
        self.parts.iter().flat_map(|part| part.picked_lines(picks)).collect()
    }
}

/// The settings of a file in one format.
#[derive(Debug)]
struct SettingsPart<'t> {
    format: SettingsFormat,
    /// The part of the text that holds settings.
    text: &'t str,
    values: ValueList,
    /// Whether the lines count besides the values.
    has_lines: bool,
    /// Why the values are not certain.
    problem: Option<FormatError>,
}

impl<'t> SettingsPart<'t> {
    /// Reads a text. A format that is not certain is no reason to refuse a text that is in another one.
    fn of(format: SettingsFormat, is_certain: bool, text: &'t str) -> Self {
        let lines = |text: &'t str, problem: Option<FormatError>| Self {
            format,
            text,
            values: ValueList::default(),
            has_lines: true,
            problem: problem.filter(|_| is_certain),
        };
        let SettingsFormat::Values(surface) = format else {
            return lines(text, None);
        };
        let is_headed = surface.is_headed();
        let is_yaml = is_headed || surface == SurfaceFormat::Yaml;
        if let Some(head) = odd_head(surface, text).filter(|_| is_headed) {
            return lines(head.text, head.problem);
        }
        let part = match is_headed {
            true => &text[..text.len() - body(surface, text).unwrap_or(text).len()],
            false => text,
        };
        match all_values(surface, text) {
            Ok(values) => Self {
                format,
                text: part,
                has_lines: is_yaml && (values.has_marks || !values.unread.is_empty()),
                values,
                problem: None,
            },
            // Nothing in it is a setting.
            Err(FormatError::Keyless | FormatError::OpenHead) => Self {
                has_lines: false,
                ..lines("", None)
            },
            Err(problem) => lines(part, Some(problem)),
        }
    }

    fn picked(&self, picks: Picks) -> PickedSettings {
        let mut found = picked(&self.values.values, picks);
        for (key, line) in self.picked_lines(picks) {
            *found.entry(key).or_default() += &line;
        }
        found
    }

    fn picked_lines(&self, picks: Picks) -> PickedSettings {
        let mut found = PickedSettings::new();
        match self.format {
            _ if !self.has_lines => {}
            SettingsFormat::Values(format) if format == SurfaceFormat::Yaml || format.is_headed() => {
                found = of_lines(self.text.lines(), picks);
            }
            _ => mentioned(self.text, picks, &mut found),
        }
        found
    }
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
    /// The format, and whether the name of the file says it, rather than its text.
    fn of(path: &str, text: &str) -> (Self, bool) {
        let lower = path.to_lowercase();
        let is = |endings: &[&str]| endings.iter().any(|ending| lower.ends_with(ending));
        let name = lower.rsplit('/').next().unwrap_or_default();
        let has_no_ending = !name.trim_start_matches('.').contains('.');
        match SurfaceFormat::of(&lower) {
            SurfaceFormat::Text if is(&[".json5"]) => (Self::Values(SurfaceFormat::Jsonc), true),
            SurfaceFormat::Text if has_no_ending && text.trim_start().starts_with('{') => {
                (Self::Values(SurfaceFormat::Jsonc), false)
            }
            SurfaceFormat::Text if is(&["modes"]) => (Self::Values(SurfaceFormat::Yaml), true),
            SurfaceFormat::Text if is(&[".ini", ".cfg", ".conf", ".properties"]) => (Self::Lines, true),
            // Any text may have a front matter.
            SurfaceFormat::Text => (Self::Values(SurfaceFormat::FrontMatter), false),
            // Hosts often read comments in files that are called JSON.
            SurfaceFormat::Json => (Self::Values(SurfaceFormat::Jsonc), true),
            format => (Self::Values(format), true),
        }
    }
}

/// The picked values, without those inside another picked value. A number tells values with the same key apart.
fn picked(values: &[(Vec<String>, Value)], picks: Picks) -> PickedSettings {
    let mut found = PickedSettings::new();
    let mut last: Option<&[String]> = None;
    for (keys, value) in values {
        let is_inside = last.is_some_and(|last| keys.len() > last.len() && keys.starts_with(last));
        if !is_inside && picks(keys) {
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
        let is_marked = item.starts_with(['&', '!']) && (item.contains(": ") || item.ends_with(':'));
        let is_escaped = item.starts_with(['"', '\'']) && item.contains('\\');
        let is_odd = is_marked || is_escaped || item.starts_with("? ") || item.starts_with("<<");
        let mentions = || keys_in(item).into_iter().any(|key| picks(&[key]));
        // A tag of a template is no map.
        let has_flow = item.replace("{%", "").replace("{{", "").contains('{');
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
