//! Tests on real TOML files that an edit changes only the targeted lines.
#![allow(clippy::disallowed_methods, clippy::too_many_lines)] // tests: real files, long tables

use super::inapplicable::TomlProblem;
use super::*;

/// Sets, updates and empties a value in every TOML file of the data directory.
#[test]
fn real_files_change_in_the_targeted_lines_only() {
    let data = std::env::var("KAIZEN_DATA").unwrap_or_else(|_| "../shared/data".into());
    let root = std::path::Path::new(&data).join("toml");
    if !root.is_dir() {
        return eprintln!("skipped: no data directory at {data}");
    }
    for entry in walkdir::WalkDir::new(root)
        .into_iter()
        .flatten()
        .filter(|entry| entry.file_type().is_file())
    {
        let path = entry.path();
        let before = std::fs::read_to_string(path).unwrap();
        let table: toml::Table = toml::from_str(&before).unwrap();
        check_set(&before, &["brand new".into(), "key".into()]);
        for (keys, value) in leaves(&table, &[]) {
            check_set(&before, &keys);
            let mut beside = keys.clone();
            beside.pop();
            beside.push("brand new".into());
            check_set(&before, &beside);
            if value
                .as_array()
                .is_some_and(|items| items.iter().all(toml::Value::is_str))
            {
                check_list(&before, &keys, &value);
            }
        }
    }
}

/// The keys and values, without those inside arrays of tables.
fn leaves(table: &toml::Table, prefix: &[String]) -> Vec<(Vec<String>, toml::Value)> {
    let below = |(name, value): (&String, &toml::Value)| {
        let keys = [prefix, std::slice::from_ref(name)].concat();
        match value {
            toml::Value::Table(inner) => leaves(inner, &keys),
            _ => vec![(keys, value.clone())],
        }
    };
    table.iter().flat_map(below).collect()
}

fn check_set(before: &str, keys: &[String]) {
    match toml_text::set(before, keys, &json!("changed")) {
        Ok(after) => {
            assert!(
                touched_lines(before, &after) <= lines_of(before, keys),
                "{keys:?}\n{after}"
            );
            assert_eq!(toml_text::set(&after, keys, &json!("changed")), Ok(after));
        }
        Err(problem) => assert!(matches!(problem, TomlProblem::Shape { .. }), "{keys:?}: {problem}"),
    }
}

/// The number of lines of a value; for an absent value, those of a new table: a blank line, the header and the key.
fn lines_of(text: &str, keys: &[String]) -> usize {
    let body = text.trim_start_matches('\u{feff}');
    let document = toml_text::parse(body).unwrap();
    let span = toml_text::lookup(&document, keys)
        .unwrap()
        .and_then(toml_edit::Value::span);
    span.map_or(3, |span| body[span].split('\n').count())
}

fn check_list(before: &str, keys: &[String], value: &toml::Value) {
    let added = toml_list::append(before, keys, "brand new").unwrap();
    assert!(touched_lines(before, &added) <= 2, "{keys:?}\n{added}");
    let removed = toml_list::remove(&added, keys, "brand new").unwrap();
    assert!(touched_lines(before, &removed) <= 1, "{keys:?}\n{removed}");
    assert_eq!(toml::from_str::<toml::Table>(&removed), toml::from_str(before));
    if let Some(first) = value.as_array().and_then(|items| items.first()?.as_str()) {
        assert!(
            touched_lines(before, &toml_list::remove(before, keys, first).unwrap()) <= 1,
            "{keys:?}"
        );
    }
}

/// Lines of the longer text between the common head and tail, line ends included.
fn touched_lines(before: &str, after: &str) -> usize {
    let (a, b): (Vec<_>, Vec<_>) = (
        before.split_inclusive('\n').collect(),
        after.split_inclusive('\n').collect(),
    );
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let tail = a[head..]
        .iter()
        .rev()
        .zip(b[head..].iter().rev())
        .take_while(|(x, y)| x == y)
        .count();
    a.len().max(b.len()) - head - tail
}
