//! Files that also hold tasks, such as a promptfoo configuration: a harness shows only what edits may change in them.
//!
//! The whole file stays where kaizen writes it, and no task is in a digest, a briefing or a student's copy.

use serde_json::{Map, Value};

use super::format::error::FormatError;
use super::format::{set_value, unset_value, values};
use crate::artifact::key_path::{KeyPath, Segment};
use crate::manifest::surface::SurfaceFormat;

/// The keys of a configuration that the harness shows.
const KEPT: [&str; 3] = ["prompts", "providers", "targets"];
/// The fields of a provider that the harness shows.
const OF_PROVIDER: [&str; 3] = ["id", "label", "config"];
/// The settings of a provider that the harness shows.
const OF_CONFIG: [&str; 12] = [
    "model",
    "temperature",
    "top_p",
    "top_k",
    "max_tokens",
    "max_completion_tokens",
    "frequency_penalty",
    "presence_penalty",
    "seed",
    "stop",
    "reasoning_effort",
    "verbosity",
];

/// Whether a file is shown in part.
pub(crate) fn is_partial(path: &str) -> bool {
    is_promptfoo_config(path)
}

/// Whether a file is a configuration of promptfoo, by its name: `promptfooconfig.yaml`, or another one that names the program,
/// such as `support.promptfoo.yml`.
pub(crate) fn is_promptfoo_config(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_config = [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end));
    is_config && name.contains("promptfoo")
}

/// Why a file cannot be read, so that the harness shows no part of it.
pub(super) fn problem(path: &str, whole: &[u8]) -> Option<FormatError> {
    let text = std::str::from_utf8(whole).ok()?;
    values(format_of(path), text).err()
}

/// The part of a file that the harness shows: the values that edits may change, and no comment, which may name a task. A file
/// that cannot be read shows nothing.
pub(super) fn projected(path: &str, whole: &[u8]) -> Vec<u8> {
    let format = format_of(path);
    let Some((text, values)) = read(format, whole) else {
        return Vec::new();
    };
    match cut(format, text, &values) {
        Some(shown) if !may_hold_comments(format, &shown) => shown.into_bytes(),
        _ => written(format, &kept(&values)),
    }
}

/// The text without the keys that the harness does not show; `None` if it cannot be cut.
fn cut(format: SurfaceFormat, text: String, values: &Value) -> Option<String> {
    // From the end, so that places in lists stay right.
    let keys = hidden(values);
    let mut keys = keys.iter().rev();
    let shown = keys.try_fold(text, |text, key| unset_value(format, &text, key).ok())?;
    let left = crate::harness::format::values(format, &shown).ok()?;
    hidden(&left).is_empty().then_some(shown)
}

/// Whether a text may hold comments. Marks of comments are also in ordinary values.
fn may_hold_comments(format: SurfaceFormat, text: &str) -> bool {
    match format {
        SurfaceFormat::Yaml => text.contains('#'),
        _ => serde_json::from_str::<Value>(text).is_err(),
    }
}

/// Values as a new text.
fn written(format: SurfaceFormat, values: &Value) -> Vec<u8> {
    let plain = || format!("{values:#}\n");
    let lines = || {
        let fields = values.as_object()?.iter();
        let add = |text: String, (key, value): (&String, &Value)| {
            let key = KeyPath {
                segments: vec![name(key)],
            };
            set_value(format, &text, &key, value).ok()
        };
        let text = fields.into_iter().try_fold(String::new(), add)?;
        let is_same = read(format, text.as_bytes()).is_some_and(|(_, read)| read == *values);
        is_same.then_some(text)
    };
    let text = match format {
        SurfaceFormat::Yaml => lines().unwrap_or_else(plain),
        _ => plain(),
    };
    text.into_bytes()
}

/// The whole file with what changed in its part. `None` if it cannot be changed so.
pub(super) fn joined(path: &str, whole: &[u8], part: &[u8]) -> Option<Vec<u8>> {
    let format = format_of(path);
    let (text, _) = read(format, whole)?;
    let (_, old) = read(format, &projected(path, whole))?;
    let (_, new) = read(format, part)?;
    let mut changes = Vec::new();
    differences(&old, &new, &mut Vec::new(), &mut changes);
    let changed = changes.into_iter().try_fold(text, |text, (key, value)| match value {
        Some(value) => set_value(format, &text, &key, &value).ok(),
        None => unset_value(format, &text, &key).ok(),
    })?;
    Some(changed.into_bytes())
}

/// Whether a text is a part, rather than a whole file.
pub(super) fn is_part(path: &str, bytes: &[u8]) -> bool {
    read(format_of(path), bytes).is_some_and(|(_, values)| hidden(&values).is_empty())
}

fn format_of(path: &str) -> SurfaceFormat {
    SurfaceFormat::of(path)
}

fn read(format: SurfaceFormat, bytes: &[u8]) -> Option<(String, Value)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let values = values(format, text).ok().filter(Value::is_object)?;
    Some((text.to_owned(), values))
}

/// The shown values.
fn kept(values: &Value) -> Value {
    let mut shown = values.clone();
    if let Value::Object(fields) = &mut shown {
        fields.retain(|key, _| KEPT.contains(&key.as_str()));
        for list in ["providers", "targets"] {
            let items = fields.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
            items.filter_map(Value::as_object_mut).for_each(strip);
        }
    }
    shown
}

fn strip(provider: &mut Map<String, Value>) {
    if !provider.contains_key("id") {
        return provider
            .values_mut()
            .filter_map(Value::as_object_mut)
            .for_each(strip_fields);
    }
    strip_fields(provider);
}

fn strip_fields(provider: &mut Map<String, Value>) {
    provider.retain(|key, _| OF_PROVIDER.contains(&key.as_str()));
    if let Some(Value::Object(config)) = provider.get_mut("config") {
        config.retain(|key, _| OF_CONFIG.contains(&key.as_str()));
    }
}

/// The keys that the harness does not show.
fn hidden(values: &Value) -> Vec<KeyPath> {
    let mut keys = Vec::new();
    for (key, value) in values.as_object().into_iter().flatten() {
        let path = vec![name(key)];
        match value {
            _ if !KEPT.contains(&key.as_str()) => keys.push(KeyPath { segments: path }),
            Value::Array(items) if key != "prompts" => {
                for (at, item) in items.iter().enumerate() {
                    of_provider(item, &[path.clone(), vec![Segment::Index(at)]].concat(), &mut keys);
                }
            }
            _ => {}
        }
    }
    keys
}

fn of_provider(provider: &Value, path: &[Segment], keys: &mut Vec<KeyPath>) {
    let Some(fields) = provider.as_object() else { return };
    if fields.contains_key("id") {
        return of_fields(fields, path, keys);
    }
    // The only key is the id.
    for (id, inner) in fields {
        if let Some(inner) = inner.as_object() {
            of_fields(inner, &[path, &[name(id)]].concat(), keys);
        }
    }
}

fn of_fields(fields: &Map<String, Value>, path: &[Segment], keys: &mut Vec<KeyPath>) {
    let below = |key: &str| KeyPath {
        segments: [path, &[name(key)]].concat(),
    };
    for (key, value) in fields {
        match value.as_object().filter(|_| key == "config") {
            _ if !OF_PROVIDER.contains(&key.as_str()) => keys.push(below(key)),
            Some(config) => {
                let others = config.keys().filter(|key| !OF_CONFIG.contains(&key.as_str()));
                keys.extend(others.map(|other| KeyPath {
                    segments: [path, &[name(key), name(other)]].concat(),
                }));
            }
            None => {}
        }
    }
}

fn name(key: &str) -> Segment {
    Segment::Name(key.to_owned())
}

/// The smallest keys that differ, with their new values.
fn differences(old: &Value, new: &Value, path: &mut Vec<Segment>, found: &mut Vec<(KeyPath, Option<Value>)>) {
    match (old, new) {
        _ if old == new => {}
        (Value::Object(before), Value::Object(after)) => {
            let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for key in names {
                path.push(name(key));
                match (before.get(key), after.get(key)) {
                    (Some(old), Some(new)) => differences(old, new, path, found),
                    (_, new) => found.push((KeyPath { segments: path.clone() }, new.cloned())),
                }
                path.pop();
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (at, (old, new)) in before.iter().zip(after).enumerate() {
                path.push(Segment::Index(at));
                differences(old, new, path, found);
                path.pop();
            }
        }
        _ => found.push((KeyPath { segments: path.clone() }, Some(new.clone()))),
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::Harness;

    const PATH: &str = "a/promptfooconfig.yaml";
    const WHOLE: &str = "description: mine\nprompts: [file://prompt.txt] # all\nproviders:\n  - id: openai:gpt-4.1-mini\n    config:\n      temperature: 0.5 # low\n      apiKey: abc\ntests:\n  - vars: {q: 12 miles in km}\n    assert: [{type: icontains, value: '19.3'}]\n";

    #[test]
    fn a_harness_shows_no_tasks_and_writes_the_whole_file() {
        let before = Harness::new([(PATH.to_owned(), WHOLE.as_bytes().to_vec())]);
        let shown = before.text(PATH).unwrap().to_owned();
        assert_eq!(
            shown,
            "prompts:\n  - file://prompt.txt\nproviders:\n  - config:\n      temperature: 0.5\n    id: openai:gpt-4.1-mini\n"
        );
        let after = before
            .clone()
            .with(PATH, shown.replace("0.5", "0.1").replace("gpt-4.1-mini", "gpt-4.1"));
        let changes = before.changes(&after);
        assert_eq!(changes.len(), 1);
        assert_eq!(
            changes[0].texts(),
            (
                WHOLE.to_owned(),
                WHOLE.replace("0.5", "0.1").replace("gpt-4.1-mini", "gpt-4.1")
            )
        );
        let other_tasks = Harness::new([(PATH.to_owned(), WHOLE.replace("12 miles", "13 miles").into_bytes())]);
        assert_eq!(other_tasks.digest(), before.digest());
        assert_eq!(
            before.changes(&other_tasks).len(),
            1,
            "a change of the tasks is still a change of the file"
        );
    }

    #[test]
    fn a_whole_file_replaces_a_whole_file() {
        let harness = Harness::new([(PATH.to_owned(), WHOLE.as_bytes().to_vec())]);
        let other = WHOLE.replace("12 miles", "13 miles");
        let after = harness.clone().with(PATH, other.clone());
        assert_eq!(harness.changes(&after)[0].texts().1, other);
        assert!(harness.without(PATH).get(PATH).is_none());
    }

    #[test]
    fn a_file_that_cannot_be_read_shows_nothing() {
        let harness = Harness::new([("promptfooconfig.json".to_owned(), b"{\"tests\": [".to_vec())]);
        assert_eq!(harness.text("promptfooconfig.json"), Some(""));
    }

    #[test]
    fn no_comment_is_shown_and_every_comment_stays_in_the_file() {
        for (path, whole, secret) in [
            (
                PATH,
                "# answer: 19.3\nprompts:\n  - |\n    # Title\n    Say {{q}}.\nproviders: [openai:m] # 12 miles = 19.3\ntests: []\n",
                "19.3",
            ),
            (PATH, "prompts: [Say it]\nproviders: [openai:m]\ntests: []\n", "tests"),
        ] {
            let harness = Harness::new([(path.to_owned(), whole.as_bytes().to_vec())]);
            let shown = harness.text(path).unwrap().to_owned();
            assert!(!shown.contains(secret) && shown.contains("openai:m"), "{shown}");
            assert_eq!(
                whole.contains("# Title"),
                shown.contains("# Title"),
                "a value may look like a comment: {shown}"
            );
            let after = harness.clone().with(path, shown.replace("openai:m", "openai:n"));
            let changes = harness.changes(&after);
            assert_eq!(changes[0].texts().1, whole.replace("openai:m", "openai:n"), "{path}");
        }
    }
}
