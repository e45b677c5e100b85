//! Finds the files that a value of another file names, such as `read:` of Aider.

use serde_json::Value;

use super::NamedFiles;
use super::listing::{HostView, resolved};
use super::marker::FileContents;
use super::outline::values_at;
use crate::manifest::surface::compiled;

/// Extensions of texts for a model. Other named files, such as code, are only shown.
const PROSE: [&str; 12] = [
    "md", "mdc", "txt", "rst", "adoc", "j2", "jinja", "jinja2", "prompt", "json", "yaml", "yml",
];

/// Whether a named file is text for a model.
pub(super) fn is_prose(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.')
        .is_none_or(|(_, extension)| PROSE.contains(&extension))
}

/// The paths of the view that a value of a home names.
pub(super) fn named_paths(named: &NamedFiles, home: &str, view: &HostView, contents: &mut FileContents) -> Vec<String> {
    let file = match home {
        "" => named.file.clone(),
        home => format!("{home}/{}", named.file),
    };
    let Some(values) = view.paths.get(&file).and_then(|real| contents.values(real)) else {
        return Vec::new();
    };
    let names: Vec<String> = values_at(values, &named.key).into_iter().flat_map(names).collect();
    let globs = names.iter().filter_map(|name| match named.anywhere {
        true => Some(match home {
            "" => format!("**/{name}"),
            home => format!("{home}/**/{name}"),
        }),
        false => resolved(&file, name),
    });
    globs.flat_map(|glob| matching(view, &glob)).collect()
}

/// The names in a value: a string, a list of strings, or objects with an `id`.
fn names(value: &Value) -> Vec<String> {
    match value {
        Value::String(name) => {
            let name = name.strip_prefix("file://").unwrap_or(name);
            let is_path = !name.contains("://") && !name.contains('\n') && name.len() < 400;
            is_path.then(|| name.to_owned()).into_iter().collect()
        }
        Value::Array(items) => items.iter().flat_map(names).collect(),
        Value::Object(map) => map.get("id").into_iter().flat_map(names).collect(),
        _ => Vec::new(),
    }
}

/// The paths that a glob matches. A name that is no glob matches itself.
fn matching(view: &HostView, glob: &str) -> Vec<String> {
    if view.paths.contains_key(glob) {
        return vec![glob.to_owned()];
    }
    let Ok(matcher) = compiled(glob).map(|glob| glob.compile_matcher()) else {
        return Vec::new();
    };
    let paths = view.paths.keys().filter(|path| matcher.is_match(path));
    paths.cloned().collect()
}
