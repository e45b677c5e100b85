//! Laws that hold for all files: generated ones, and broken ones.

use std::env;

use serde_json::{Value as Json, json};

use super::super::change::KeyText;
use super::super::error::FormatError;
use super::super::list::edit_list;
use super::super::{set_value, unset_value, value, values};
use super::dice::Dice;
use super::files::{GeneratedFile, file};
use crate::artifact::key_path::{KeyPath, Segment};
use crate::manifest::surface::SurfaceFormat;

const FORMATS: [SurfaceFormat; 6] = [
    SurfaceFormat::Json,
    SurfaceFormat::Jsonc,
    SurfaceFormat::Jsonl,
    SurfaceFormat::Toml,
    SurfaceFormat::Yaml,
    SurfaceFormat::FrontMatter,
];

const VALUES: [&str; 16] = [
    "x",
    "a: b",
    " x ",
    "",
    "true",
    "12",
    "two\nlines",
    "a block\nof lines\n",
    "- x",
    "it's \"so\"",
    "# c",
    "日本 é",
    "[a, b]",
    "\ttab",
    "ends\n\n",
    "x\r\ny",
];

/// The paths of all scalars; a name stands for itself, an item for its index.
pub(super) fn scalars(value: &Json) -> Vec<KeyPath> {
    let mut paths = Vec::new();
    collect(value, &mut Vec::new(), &mut paths, false);
    paths
}

/// The paths of all values but the root.
fn all(value: &Json) -> Vec<KeyPath> {
    let mut paths = Vec::new();
    collect(value, &mut Vec::new(), &mut paths, true);
    paths
}

fn collect(value: &Json, segments: &mut Vec<Segment>, paths: &mut Vec<KeyPath>, with_collections: bool) {
    if !segments.is_empty() && (with_collections || !value.is_array() && !value.is_object()) {
        paths.push(KeyPath {
            segments: segments.clone(),
        });
    }
    match value {
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                segments.push(Segment::Index(index));
                collect(item, segments, paths, with_collections);
                segments.pop();
            }
        }
        Json::Object(fields) => {
            for (name, item) in fields {
                segments.push(Segment::Name(name.clone()));
                collect(item, segments, paths, with_collections);
                segments.pop();
            }
        }
        _ => {}
    }
}

/// Fails unless only the place of the value at the path differs.
pub(super) fn only_the_place_changed(format: SurfaceFormat, before: &str, after: &str, path: &KeyPath) {
    let keys = KeyText::of(format, before).unwrap();
    let place = keys.tree.find(&keys.text, path).unwrap().node.place();
    let start = before.find(&keys.text).unwrap() + place.start;
    let end = start + place.len();
    assert!(after.starts_with(&before[..start]), "{path} of\n{before}\n{after}");
    assert!(after.ends_with(&before[end..]), "{path} of\n{before}\n{after}");
    assert!(
        after.len() >= before.len() - place.len(),
        "{path} of\n{before}\n{after}"
    );
}

/// The comments of a generated file: all end in a number of their own.
fn comments(text: &str) -> Vec<&str> {
    text.match_indices(" c")
        .filter_map(|(at, _)| {
            let end = text[at + 2..]
                .find(|c: char| !c.is_ascii_digit())
                .map_or(text.len(), |end| at + 2 + end);
            (end > at + 2 && (text[..at].ends_with('#') || text[..at].ends_with("//") || text[..at].ends_with("/*")))
                .then(|| &text[at..end])
        })
        .collect()
}

fn new_value(dice: &mut Dice) -> Json {
    match dice.below(8) {
        0 => json!(dice.below(100)),
        1 => json!(dice.one_in(2)),
        2 => json!(["x", "y: z"]),
        _ => Json::from(*dice.pick(&VALUES)),
    }
}

/// The seeds of a run: a thousand times as many with `KAIZEN_FULL`, or as many as `KAIZEN_SEEDS` says.
fn seeds(few: u64) -> std::ops::Range<u64> {
    let stated = env::var("KAIZEN_SEEDS").ok().and_then(|count| count.parse().ok());
    let factor = if env::var("KAIZEN_FULL").is_ok() { 1000 } else { 1 };
    0..stated.unwrap_or(few * factor)
}

#[test]
fn a_generated_file_reads_as_its_values() {
    for format in FORMATS {
        for seed in seeds(1000) {
            let GeneratedFile { text, values: wanted } = file(format, seed);
            assert_eq!(values(format, &text).as_ref(), Ok(&wanted), "{format:?} {seed}\n{text}");
        }
    }
}

#[test]
fn a_set_value_is_read_and_nothing_else_changes() {
    for format in FORMATS {
        for seed in seeds(1000) {
            let GeneratedFile { text, values: old } = file(format, seed);
            let mut dice = Dice::of(seed);
            let paths = scalars(&old);
            for _ in 0..3.min(paths.len()) {
                let path = dice.pick(&paths);
                let current = value(format, &text, path).unwrap();
                assert_eq!(
                    set_value(format, &text, path, &current).as_deref(),
                    Ok(text.as_str()),
                    "{format:?} {seed} {path}"
                );
                let new = new_value(&mut dice);
                let changed = set_value(format, &text, path, &new)
                    .unwrap_or_else(|error| panic!("{format:?} {seed} {path} {new}: {error}\n{text}"));
                assert_eq!(value(format, &changed, path), Ok(new), "{format:?} {seed} {path}");
                only_the_place_changed(format, &text, &changed, path);
                assert_eq!(
                    comments(&text),
                    comments(&changed),
                    "{format:?} {seed} {path}\n{text}\n{changed}"
                );
            }
        }
    }
}

#[test]
fn changes_of_two_values_commute() {
    for format in FORMATS {
        for seed in seeds(1000) {
            let GeneratedFile { text, values: old } = file(format, seed);
            let mut dice = Dice::of(seed);
            let mut paths = all(&old);
            // An empty value that becomes a collection takes its indentation from elsewhere.
            paths.retain(|path| !value(format, &text, path).unwrap().is_null());
            if paths.is_empty() {
                continue;
            }
            let (first, second) = (dice.pick(&paths), dice.pick(&paths));
            let (one, other) = (&first.segments, &second.segments);
            if one.starts_with(other) || other.starts_with(one) {
                continue;
            }
            let mut new = || match dice.one_in(2) {
                true => new_value(&mut dice),
                false => super::files::value(&mut dice, 2, format == SurfaceFormat::Toml),
            };
            let (x, y) = (new(), new());
            let set = |text: &str, path, value| set_value(format, text, path, value);
            let one = set(&text, first, &x).and_then(|text| set(&text, second, &y));
            let other = set(&text, second, &y).and_then(|text| set(&text, first, &x));
            assert_eq!(
                one.ok(),
                other.ok(),
                "{format:?} {seed} {first} {x} {second} {y}\n{text}"
            );
        }
    }
}

#[test]
fn a_new_name_can_be_taken_out_again() {
    for format in FORMATS {
        let (mut restored, mut count) = (0, 0);
        for seed in seeds(1000) {
            let GeneratedFile { text, values: old } = file(format, seed);
            let mut dice = Dice::of(seed);
            let mut maps: Vec<KeyPath> = all(&old)
                .into_iter()
                .filter(|path| value(format, &text, path).unwrap().is_object())
                .collect();
            if old.is_object() {
                maps.push(KeyPath::default());
            }
            if maps.is_empty() {
                continue;
            }
            let mut path = dice.pick(&maps).clone();
            path.segments.push(Segment::Name("new key".to_owned()));
            let new = new_value(&mut dice);
            let with = set_value(format, &text, &path, &new)
                .unwrap_or_else(|error| panic!("{format:?} {seed} {path} {new}: {error}\n{text}"));
            assert_eq!(value(format, &with, &path), Ok(new), "{format:?} {seed} {path}");
            assert_eq!(
                comments(&text),
                comments(&with),
                "{format:?} {seed} {path}\n{text}\n{with}"
            );
            let without = unset_value(format, &with, &path)
                .unwrap_or_else(|error| panic!("{format:?} {seed} {path}: {error}\n{with}"));
            assert_eq!(values(format, &without), Ok(old), "{format:?} {seed} {path}");
            (restored, count) = (restored + usize::from(without == text), count + 1);
        }
        eprintln!("{format:?}: {restored} of {count} restored");
        assert!(restored * 100 >= count * 95, "{format:?}: {restored} of {count}");
    }
}

#[test]
fn a_value_can_be_taken_out_or_changed_as_a_whole() {
    for format in FORMATS {
        let (mut refused, mut count) = (0, 0);
        for seed in seeds(1000) {
            let GeneratedFile { text, values: old } = file(format, seed);
            let mut dice = Dice::of(seed);
            let paths = all(&old);
            if paths.is_empty() {
                continue;
            }
            let path = dice.pick(&paths);
            count += 2;
            let without = unset_value(format, &text, path);
            refused += usize::from(without.is_err());
            let new = super::files::value(&mut dice, 2, format == SurfaceFormat::Toml);
            match set_value(format, &text, path, &new) {
                Ok(changed) => assert_eq!(value(format, &changed, path), Ok(new), "{format:?} {seed} {path}"),
                Err(error) => {
                    refused += 1;
                    assert!(
                        matches!(error, FormatError::Unsafe { .. }),
                        "{format:?} {seed} {path} {error}"
                    );
                }
            }
        }
        eprintln!("{format:?}: {refused} of {count} refused");
        assert!(refused * 20 <= count, "{format:?}: {refused} of {count}");
    }
}

#[test]
fn an_edited_list_has_the_items() {
    for format in FORMATS {
        for seed in seeds(1000) {
            let GeneratedFile { text, values: old } = file(format, seed);
            let lists: Vec<KeyPath> = all(&old)
                .into_iter()
                .filter(|path| value(format, &text, path).unwrap().is_array())
                .collect();
            let mut dice = Dice::of(seed);
            if lists.is_empty() {
                continue;
            }
            let path = dice.pick(&lists);
            let items = value(format, &text, path).unwrap().as_array().unwrap().clone();
            let remove: Vec<Json> = items.iter().filter(|_| dice.one_in(3)).cloned().collect();
            let add = [Json::from("new: item"), json!("two")];
            match edit_list(format, &text, path, &add, &remove) {
                Ok(changed) => {
                    let mut wanted: Vec<Json> = items.into_iter().filter(|item| !remove.contains(item)).collect();
                    wanted.extend(add);
                    assert_eq!(
                        value(format, &changed, path),
                        Ok(Json::Array(wanted)),
                        "{format:?} {seed} {path}\n{text}"
                    );
                }
                Err(error) => assert!(
                    matches!(error, FormatError::Unsafe { .. }),
                    "{format:?} {seed} {path} {error}\n{text}"
                ),
            }
        }
    }
}

const SYNTAX: [&str; 40] = [
    ":", ": ", "-", "- ", "#", " #", "\"", "'", "[", "]", "{", "}", ",", "\n", "\r\n", "\r", " ", "  ", "\t", "|", ">",
    "|-\n  x", "&a ", "*a", "!t ", "---\n", "...\n", "<<: *a\n", "=", "[[x]]\n", "[x]\n", "\"\"\"", "'''", "//", "/*",
    "*/", "\\", "\u{feff}", "é", "? ",
];

/// A file with some bytes gone, repeated, moved or added.
fn broken(text: &str, dice: &mut Dice) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len() + 1);
        let end = (at + dice.below(12)).min(bytes.len());
        match dice.below(5) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let part = bytes[at..end].to_vec();
                let to = dice.below(bytes.len() + 1);
                bytes.splice(to..to, part);
            }
            2 if at < bytes.len() => bytes[at] = u8::try_from(dice.below(256)).unwrap(),
            _ => drop(bytes.splice(at..at, dice.pick(&SYNTAX).bytes())),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Changes of a broken file. Returns whether it could be read.
fn try_changes(format: SurfaceFormat, text: &str, dice: &mut Dice) -> bool {
    let Ok(present) = values(format, text) else {
        return false;
    };
    let paths = scalars(&present);
    if paths.is_empty() {
        return true;
    }
    let path = dice.pick(&paths);
    let Ok(current) = value(format, text, path) else {
        return true;
    };
    let same = set_value(format, text, path, &current);
    assert_eq!(same.as_deref(), Ok(text), "{path}");
    let new = new_value(dice);
    if let Ok(changed) = set_value(format, text, path, &new) {
        assert_eq!(value(format, &changed, path), Ok(new), "{path} of\n{text}\n{changed}");
        only_the_place_changed(format, text, &changed, path);
    }
    if dice.one_in(4) {
        let _ = unset_value(format, text, path);
        let _ = edit_list(format, text, path, &["x".into()], &[]);
    }
    true
}

#[test]
fn broken_files_neither_panic_nor_change_elsewhere() {
    for format in FORMATS {
        let (mut read, mut count) = (0_u64, 0_u64);
        for seed in seeds(1000) {
            let mut dice = Dice::of(seed);
            let text = broken(&file(format, seed % 10_000).text, &mut dice);
            let outcome = std::panic::catch_unwind(|| try_changes(format, &text, &mut Dice::of(seed)));
            match outcome {
                Ok(is_read) => read += u64::from(is_read),
                Err(_) => panic!("{format:?} {seed}:\n{text:?}"),
            }
            count += 1;
        }
        eprintln!("{format:?}: {read} of {count} broken files are still read");
        assert!(read * 20 > count, "{format:?}");
    }
}
