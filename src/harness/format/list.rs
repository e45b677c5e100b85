//! Changes of lists: of items one by one, and of names in a list or in a text with commas.

use serde_json::Value as Json;

use super::change::KeyText;
use super::error::FormatError;
use super::set_value;
use crate::artifact::key_path::KeyPath;
use crate::manifest::surface::SurfaceFormat;

/// The maximum number of comparisons of items. Beyond it, the list is written as a whole.
const MOST_CELLS: usize = 250_000;

/// The maximum number of changes of single items.
const MOST_CHANGES: usize = 50;

/// One change of a list. Changes come in an order in which the indices of later ones are still right.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ItemChange {
    Set(usize, Json),
    Remove(usize),
    Insert(usize, Json),
}

/// The text with items added to the list at a path, unless it has them, and with all equal items removed. A text of names
/// with commas or blanks between them stays such a text. A missing list is made.
///
/// # Errors
/// As for [`set_value`], and if the value is no list.
pub(crate) fn edit_list(
    format: SurfaceFormat,
    text: &str,
    path: &KeyPath,
    add: &[Json],
    remove: &[Json],
) -> Result<String, FormatError> {
    let keys = KeyText::of_changeable(format, text)?;
    let found = keys.tree.find(&keys.text, path)?;
    let present = match found.missing.is_empty() {
        true => found.node.value(),
        false => Json::Null,
    };
    let edited = match &present {
        Json::Null if add.is_empty() => return Ok(text.to_owned()),
        Json::Null => Some(Json::Array(edited(Vec::new(), add, &[]))),
        Json::Array(items) => Some(Json::Array(edited(items.clone(), add, remove))),
        Json::String(names) => edited_names(names, add, remove).map(Json::String),
        _ => None,
    };
    match edited {
        Some(edited) if edited == present => Ok(text.to_owned()),
        Some(Json::Array(items)) if present.is_array() => keys.with_items(path, &items),
        Some(edited) => set_value(format, text, path, &edited),
        None => Err(FormatError::Shape {
            path: path.to_string(),
            found: "neither a list nor names with commas between them".to_owned(),
        }),
    }
}

fn edited(items: Vec<Json>, add: &[Json], remove: &[Json]) -> Vec<Json> {
    let mut items: Vec<Json> = items.into_iter().filter(|item| !remove.contains(item)).collect();
    for item in add {
        if !items.contains(item) {
            items.push(item.clone());
        }
    }
    items
}

/// The names in a text with commas or blanks between them.
pub(crate) fn names_in(names: &str) -> Vec<String> {
    let (mark, _) = marks(names);
    let names = parts(names, mark).into_iter().map(str::trim);
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The mark between the names of a text, and the text between new ones.
fn marks(names: &str) -> (char, &'static str) {
    let has_comma = parts(names, ',').len() > 1;
    match (has_comma, parts(names.trim(), ' ').len() > 1) {
        (true, _) if names.contains(", ") || !names.trim_end_matches(',').contains(',') => (',', ", "),
        (true, _) => (',', ","),
        (false, true) => (' ', " "),
        (false, false) => (',', ", "),
    }
}

/// `None` if a name is no text, or would be more than one name.
fn edited_names(names: &str, add: &[Json], remove: &[Json]) -> Option<String> {
    let strings = |items: &[Json]| -> Option<Vec<String>> {
        let one = |item: &Json| {
            item.as_str()
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
        };
        items.iter().map(one).collect()
    };
    let (add, remove) = (strings(add)?, strings(remove)?);
    let (mark, separator) = marks(names);
    if add.iter().any(|name| parts(name, mark).len() > 1) {
        return None;
    }
    let mut kept = parts(names, mark);
    let count = kept.len();
    kept.retain(|part| !remove.iter().any(|name| name == part.trim()));
    let is_new = |name: &&String| !parts(names, mark).iter().any(|part| part.trim() == *name) || remove.contains(name);
    let added: Vec<&String> = add.iter().filter(is_new).collect();
    if kept.len() == count && added.is_empty() {
        return Some(names.to_owned());
    }
    let mut edited = kept.join(&mark.to_string());
    if kept.len() < count {
        edited = edited.trim_start().to_owned();
    }
    for name in added {
        if !edited.trim().is_empty() {
            edited += separator;
        }
        edited += name;
    }
    Some(edited)
}

/// The parts of a text between marks that stand outside parentheses and braces: `Bash(a,b), **/*.{ts,tsx}` has two.
fn parts(names: &str, mark: char) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (at, c) in names.char_indices() {
        match c {
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            _ if c == mark && depth == 0 => {
                parts.push(&names[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&names[start..]);
    parts
}

/// The changes that make one list from another; `None` if there are too many. A new item replaces an old one, with its
/// comment, unless both are collections or texts of several lines, which change in parts.
pub(crate) fn changes(old: &[Json], wanted: &[Json]) -> Option<Vec<ItemChange>> {
    let (mut changes, mut a, mut b) = (Vec::new(), old.len(), wanted.len());
    let mut stays = longest_subsequence(old, wanted)?;
    loop {
        let (from_a, from_b) = stays.pop().map_or((0, 0), |(a, b)| (a + 1, b + 1));
        let alike = |at: &usize| {
            old.get(from_a + at)
                .zip(wanted.get(from_b + at))
                .is_some_and(|(old, new)| changes_in_parts(old, new))
        };
        let common = (0..(a - from_a).min(b - from_b)).take_while(alike).count();
        changes.extend(
            (from_b + common..b)
                .rev()
                .map(|at| ItemChange::Insert(a, wanted[at].clone())),
        );
        changes.extend((from_a + common..a).rev().map(ItemChange::Remove));
        changes.extend(
            (0..common)
                .rev()
                .map(|at| ItemChange::Set(from_a + at, wanted[from_b + at].clone())),
        );
        if from_a == 0 || from_b == 0 {
            return (changes.len() <= MOST_CHANGES).then_some(changes);
        }
        (a, b) = (from_a - 1, from_b - 1);
    }
}

fn changes_in_parts(old: &Json, new: &Json) -> bool {
    match (old, new) {
        (Json::Object(_), Json::Object(_)) | (Json::Array(_), Json::Array(_)) => true,
        (Json::String(old), Json::String(_)) => old.contains('\n'),
        _ => false,
    }
}

/// The longest common subsequence, as pairs of indices.
fn longest_subsequence(old: &[Json], wanted: &[Json]) -> Option<Vec<(usize, usize)>> {
    if old.len().saturating_mul(wanted.len()) > MOST_CELLS {
        return None;
    }
    let mut lengths = vec![vec![0_usize; wanted.len() + 1]; old.len() + 1];
    for (a, item) in old.iter().enumerate().rev() {
        for (b, other) in wanted.iter().enumerate().rev() {
            lengths[a][b] = match item == other {
                true => lengths[a + 1][b + 1] + 1,
                false => lengths[a + 1][b].max(lengths[a][b + 1]),
            };
        }
    }
    let (mut pairs, mut a, mut b) = (Vec::new(), 0, 0);
    while a < old.len() && b < wanted.len() {
        if old[a] == wanted[b] {
            pairs.push((a, b));
            (a, b) = (a + 1, b + 1);
        } else if lengths[a + 1][b] >= lengths[a][b + 1] {
            a += 1;
        } else {
            b += 1;
        }
    }
    Some(pairs)
}
