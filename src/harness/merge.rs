//! Merges two changes of the same file, byte for byte, or refuses. Pure.
//!
//! A plain three-way merge reports a conflict for changes of neighbouring lines. In TOML, such changes are joined, and
//! the result is accepted if every key has the value from the side that changed it. The same check rejects a clean
//! merge that is wrong, such as one that leaves a key under another table's header.

use std::collections::{BTreeMap, BTreeSet};

/// The text with the changes of both sides; `None` on a conflict.
pub(crate) fn merge(path: &str, base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
    let clean = diffy::merge_bytes(base, ours, theirs).ok();
    if !path.ends_with(".toml") {
        return clean;
    }
    let joined = || joined(base, ours, theirs);
    let good = |merged: &Vec<u8>| has_both(base, ours, theirs, merged).unwrap_or(true);
    clean.filter(good).or_else(|| joined().filter(good))
}

type Values = BTreeMap<Vec<String>, toml::Value>;

/// Whether each key of a merged text has the value from the side that changed it. A key that both sides changed may
/// have any value. `None` if a side is not TOML, so that the check does not apply.
fn has_both(base: &[u8], ours: &[u8], theirs: &[u8], merged: &[u8]) -> Option<bool> {
    let (base, ours, theirs) = (values(base)?, values(ours)?, values(theirs)?);
    let Some(merged) = values(merged) else {
        return Some(false);
    };
    let keys: BTreeSet<_> = [&base, &ours, &theirs, &merged]
        .into_iter()
        .flat_map(BTreeMap::keys)
        .collect();
    let good = |key: &Vec<String>| {
        let [base, ours, theirs, merged] = [&base, &ours, &theirs, &merged].map(|values| values.get(key));
        match (ours == base, theirs == base) {
            (true, _) => merged == theirs,
            (false, true) => merged == ours,
            (false, false) => true,
        }
    };
    Some(keys.into_iter().all(good))
}

fn values(text: &[u8]) -> Option<Values> {
    let text = std::str::from_utf8(text).ok()?;
    let table: toml::Table = text.strip_prefix('\u{feff}').unwrap_or(text).parse().ok()?;
    let mut values = Values::new();
    collect(&mut Vec::new(), table, &mut values);
    Some(values)
}

fn collect(path: &mut Vec<String>, table: toml::Table, values: &mut Values) {
    for (key, value) in table {
        path.push(key);
        match value {
            toml::Value::Table(table) => collect(path, table, values),
            value => drop(values.insert(path.clone(), value)),
        }
        path.pop();
    }
}

/// A change that replaces the lines from `start` to before `end`.
#[derive(Debug)]
struct MergeHunk<'a> {
    start: usize,
    end: usize,
    lines: Vec<&'a str>,
}

/// The text with the changed lines of both sides; `None` if both change the same line, or insert lines at the same
/// position.
fn joined(base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
    let [base, ours, theirs] = [base, ours, theirs].map(|text| std::str::from_utf8(text).ok());
    let (base, ours, theirs) = (base?, ours?, theirs?);
    let (ours, theirs) = (whole_patch(base, ours), whole_patch(base, theirs));
    let (ours, theirs) = (hunks(&ours), hunks(&theirs));
    let apart = |one: &MergeHunk| theirs.iter().all(|other| are_apart(one, other));
    if !ours.iter().all(apart) {
        return None;
    }
    let mut all: Vec<MergeHunk> = ours.into_iter().chain(theirs).collect();
    all.sort_by_key(|hunk| (hunk.start, hunk.end));
    let lines: Vec<&str> = base.split_inclusive('\n').collect();
    let (mut text, mut at) = (String::new(), 0);
    for hunk in &all {
        text.extend(lines.get(at..hunk.start)?.iter().copied());
        text.extend(hunk.lines.iter().copied());
        at = hunk.end;
    }
    text.extend(lines.get(at..)?.iter().copied());
    Some(text.into_bytes())
}

fn are_apart(one: &MergeHunk, other: &MergeHunk) -> bool {
    let same_place = one.start == other.start && one.end == other.end;
    !same_place && (one.end <= other.start || other.end <= one.start)
}

fn whole_patch<'a>(base: &'a str, other: &'a str) -> diffy::Patch<'a, str> {
    // With the whole file as context, the hunks contain all lines, so that line numbers can be counted.
    let context = base.len() + other.len();
    diffy::DiffOptions::new()
        .set_context_len(context)
        .create_patch(base, other)
}

fn hunks<'a>(patch: &'a diffy::Patch<'_, str>) -> Vec<MergeHunk<'a>> {
    let mut hunks: Vec<MergeHunk> = Vec::new();
    let (mut at, mut open) = (0, false);
    for line in patch.hunks().iter().flat_map(diffy::Hunk::lines) {
        if let diffy::Line::Context(_) = line {
            (at, open) = (at + 1, false);
            continue;
        }
        if !open {
            let lines = Vec::new();
            hunks.push(MergeHunk {
                start: at,
                end: at,
                lines,
            });
            open = true;
        }
        let Some(hunk) = hunks.last_mut() else { continue };
        match line {
            diffy::Line::Insert(text) => hunk.lines.push(text),
            _ => {
                at += 1;
                hunk.end = at;
            }
        }
    }
    hunks
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "# mine\n[a]\nk = 1\nl = 1 # why\n\n[b]\nm = 1\n";

    fn merged(path: &str, base: &str, ours: &str, theirs: &str) -> Option<String> {
        let merged = merge(path, base.as_bytes(), ours.as_bytes(), theirs.as_bytes());
        assert_eq!(merged, merge(path, base.as_bytes(), theirs.as_bytes(), ours.as_bytes()));
        merged.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn neighbouring_keys_are_joined_in_toml_and_lines_nowhere_else() {
        let (ours, theirs) = (BASE.replace("k = 1", "k = 2"), BASE.replace("l = 1", "l = 2"));
        let both = ours.replace("l = 1", "l = 2");
        assert_eq!(merged("config.toml", BASE, &ours, &theirs), Some(both.clone()));
        let dos = |text: &str| text.replace('\n', "\r\n");
        let joined = merged("config.toml", &dos(BASE), &dos(&ours), &dos(&theirs));
        assert_eq!(joined, Some(dos(&both)));
        assert_eq!(merged("prompt.md", BASE, &ours, &theirs), None);
    }

    #[test]
    fn a_key_goes_while_the_one_after_it_comes() {
        let (ours, theirs) = (
            BASE.replace("l = 1 # why\n", ""),
            BASE.replace("# why\n", "# why\nn = 3\n"),
        );
        let both = BASE.replace("l = 1 # why\n", "n = 3\n");
        assert_eq!(merged("config.toml", BASE, &ours, &theirs), Some(both));
    }

    #[test]
    fn the_same_key_or_place_is_a_conflict() {
        for (ours, theirs) in [
            (BASE.replace("k = 1", "k = 2"), BASE.replace("k = 1", "k = 3")),
            (BASE.replace("k = 1\n", ""), BASE.replace("k = 1", "k = 3")),
            (
                BASE.replace("k = 1\n", "k = 1\no = 1\n"),
                BASE.replace("k = 1\n", "k = 1\np = 1\n"),
            ),
        ] {
            assert_eq!(merged("config.toml", BASE, &ours, &theirs), None, "{ours}{theirs}");
        }
    }

    #[test]
    fn no_key_is_left_under_another_header() {
        // Theirs adds a key to a table that ours removes, far enough from its header for a clean merge.
        let base = "[a]\nk = 1\n\n[b]\nl = 1\nm = 1\nn = 1\n";
        let ours = base.replace("[b]\n", "");
        let theirs = format!("{base}o = 1\n");
        assert!(diffy::merge(base, &ours, &theirs).is_ok());
        assert_eq!(merged("config.toml", base, &ours, &theirs), None);
        assert!(merged("notes.md", base, &ours, &theirs).is_some());
    }
}
