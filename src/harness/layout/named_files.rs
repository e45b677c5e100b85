//! Finds the files that a value of another file names, such as `read:` of Aider.

use serde_json::Value;

use super::NamedFiles;
use super::foreign::joined;
use super::listing::{HostView, resolved_in};
use super::marker::FileContents;
use crate::harness::format::key_pattern::values_at;
use crate::manifest::relative_path::folder_of;
use crate::manifest::surface::compiled;

/// Extensions of texts for a model. Other named files, such as code, are only shown.
const PROSE: [&str; 12] = [
    "md", "mdc", "txt", "rst", "adoc", "j2", "jinja", "jinja2", "prompt", "json", "yaml", "yml",
];

/// The length of the longest text that is taken for a path.
const MOST_CHARACTERS: usize = 400;

/// Whether a named file is text for a model.
pub(super) fn is_prose(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.')
        .is_none_or(|(_, extension)| PROSE.contains(&extension))
}

/// The paths of the view that a value of a home names.
pub(super) fn named_paths(named: &NamedFiles, home: &str, view: &HostView, contents: &mut FileContents) -> Vec<String> {
    let files = matching(view, &joined(home, &named.file));
    files
        .iter()
        .flat_map(|file| named_in(file, named, home, view, contents))
        .collect()
}

fn named_in(file: &str, named: &NamedFiles, home: &str, view: &HostView, contents: &mut FileContents) -> Vec<String> {
    let Some(values) = view.paths.get(file).and_then(|real| contents.values(real)) else {
        return Vec::new();
    };
    let names: Vec<String> = values_at(values, &named.key).into_iter().flat_map(names).collect();
    let folder = if named.from_home { home } else { folder_of(file) };
    let globs = names.iter().filter_map(|name| match named.anywhere {
        true => Some(joined(home, &format!("**/{name}"))),
        false => resolved_in(folder, name),
    });
    globs.flat_map(|glob| matching(view, &glob)).collect()
}

/// The names in a value: a string, a list of strings, objects that state a file, or an object with a key for each file.
fn names(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => name(text).into_iter().collect(),
        Value::Array(items) => items.iter().flat_map(names).collect(),
        Value::Object(map) => {
            let stated: Vec<&Value> = ["id", "file", "raw"].iter().filter_map(|key| map.get(*key)).collect();
            match stated.is_empty() {
                true => map.keys().filter_map(|key| name(key)).collect(),
                false => stated.into_iter().flat_map(names).collect(),
            }
        }
        _ => Vec::new(),
    }
}

/// The path that a text names, as it is or in one of the hosts' forms: `file://x`, `{file:x}`.
fn name(text: &str) -> Option<String> {
    let inner = text.strip_prefix("{file:").and_then(|text| text.strip_suffix('}'));
    let name = inner.unwrap_or(text).trim();
    let name = name.strip_prefix("file://").unwrap_or(name);
    // `prompts.py:function` names a part of a program.
    let name = [".py:", ".js:", ".ts:"]
        .iter()
        .find_map(|end| Some(&name[..name.find(end)? + 3]))
        .unwrap_or(name);
    let is_path = !name.is_empty() && !name.contains("://") && !name.contains('\n') && name.len() < MOST_CHARACTERS;
    is_path.then(|| name.to_owned())
}

/// The paths that a glob matches. A name that is no glob matches itself, and a folder the files in it.
fn matching(view: &HostView, glob: &str) -> Vec<String> {
    if view.paths.contains_key(glob) {
        return vec![glob.to_owned()];
    }
    let folder = format!("{glob}/");
    let inside: Vec<String> = view
        .paths
        .keys()
        .filter(|path| path.starts_with(&folder))
        .cloned()
        .collect();
    // A value that is itself a prompt is no glob.
    if glob.contains(' ') || !inside.is_empty() {
        return inside;
    }
    let Ok(matcher) = compiled(glob).map(|glob| glob.compile_matcher()) else {
        return Vec::new();
    };
    let paths = view.paths.keys().filter(|path| matcher.is_match(path));
    paths.cloned().collect()
}
