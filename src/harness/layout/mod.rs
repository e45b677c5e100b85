//! Layouts of agent homes as data: what marks a home, which parts are editable, and what is protected.
//!
//! Each layout is a TOML file. The built-in ones are in `data`; a user may add more. [`detect`] finds the layouts of a
//! workspace.

pub(crate) mod at_start;
pub(crate) mod detect;
pub(crate) mod entries;
mod entry_names;
mod followed_imports;
mod foreign;
pub(crate) mod guard;
pub(crate) mod imports;
pub(crate) mod listing;
mod marker;
mod matcher;
pub(crate) mod model_ids;
mod named_files;
mod outline;
mod parse;
mod read_condition;
mod reserved;
mod search;
pub(crate) mod table;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Deserialize;

use self::model_ids::ModelIds;
pub(crate) use self::parse::LayoutError;
use self::read_condition::ReadCondition;
use crate::harness::format::key_pattern::{leads_to, parts};
use crate::manifest::placeholder::PlaceholderKind;
use crate::manifest::surface::{Surface, SurfaceFormat};

/// The values of a file, read well enough to compare them; `None` if it has none, or they cannot be read.
pub(crate) fn values(path: &str, text: &str) -> Option<serde_json::Value> {
    outline::values_of(SurfaceFormat::of(path), text)
}

/// The same in a format.
pub(crate) fn values_in(format: SurfaceFormat, text: &str) -> Option<serde_json::Value> {
    outline::values_of(format, text)
}

/// The layout of the homes of one host.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HostLayout {
    /// Its name.
    pub name: String,
    /// The host, in a few words.
    pub about: String,
    /// The files that mark a home.
    pub markers: Vec<Marker>,
    /// Whether the layout is only for files that no other layout has.
    #[serde(default)]
    pub fallback: bool,
    /// Whether a home may be inside a hidden folder.
    #[serde(default)]
    pub in_hidden_folders: bool,
    /// Names of folders in which there is no home of this layout, such as `docs`.
    #[serde(default)]
    pub not_in: Vec<String>,
    /// What a folder beside a home is called that is a home as well, such as `skill`.
    pub siblings: Option<String>,
    /// The surface that holds the main instructions.
    pub main: Option<String>,
    /// The surfaces that the host reads when it starts, in this order. It reads the others when they are needed.
    #[serde(default)]
    pub at_start: Vec<String>,
    /// Files of these surfaces that the host reads only if they match.
    #[serde(default)]
    pub read_when: Vec<ReadCondition>,
    /// Surfaces of which the host reads only the first file that a folder has, in this order.
    #[serde(default)]
    pub one_per_folder: Vec<String>,
    /// The surfaces in whose files the host follows `@path`.
    #[serde(default)]
    pub importing: Vec<String>,
    /// How many imports deep it follows them.
    #[serde(default)]
    pub import_depth: usize,
    /// The surfaces that consist of markers: other files that their globs match do not belong to them.
    #[serde(default)]
    pub marked: Vec<String>,
    /// The suggested program of the student and its arguments; `{query}` is the task.
    #[serde(default)]
    pub student: Vec<String>,
    /// What to say about a student where the layout has no program of its own.
    pub student_advice: Option<String>,
    /// Variables for the student, each with a folder of the home.
    #[serde(default)]
    pub student_variables: BTreeMap<String, String>,
    /// Where the host writes traces; `{workspace}` is the path of the workspace, in which `-` stands for every character
    /// that is neither a letter nor a digit.
    #[serde(default)]
    pub traces: Vec<String>,
    /// Globs of files that the teacher sees, but that are not editable.
    #[serde(default)]
    pub shown: Vec<String>,
    /// What no edit may change.
    pub protected: Protection,
    /// The surfaces. The first one that matches a file has it.
    #[serde(rename = "surface")]
    pub surfaces: Vec<Surface>,
    /// Values that name further files.
    #[serde(default)]
    pub named_files: Vec<NamedFiles>,
    /// Keys in whose values the host fills in more than in the rest of their file.
    #[serde(default)]
    pub filled_keys: Vec<FilledKey>,
    /// The ids that name models, where a configuration also names programs.
    pub model_ids: Option<ModelIds>,
}

/// What a host fills in in the values of a key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilledKey {
    /// The dotted path of the key, in which `*` is any key.
    pub key: String,
    /// The placeholders.
    pub fills: Vec<PlaceholderKind>,
}

impl FilledKey {
    /// Whether a key is this one, or inside it.
    pub(crate) fn covers(&self, keys: &[String]) -> bool {
        leads_to(parts(&self.key), keys.iter().map(String::as_str))
    }
}

/// A file whose presence marks a home.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Marker {
    /// A glob relative to the home.
    pub path: String,
    /// Keys that the file must all have, as dotted paths in which `*` is any key.
    #[serde(default)]
    pub has: Vec<String>,
    /// Keys of which the file must have at least one.
    #[serde(default)]
    pub has_any: Vec<String>,
    /// Another file that the home must have.
    pub beside: Option<String>,
    /// Whether only the workspace itself can be such a home.
    #[serde(default)]
    pub at_root: bool,
}

impl Marker {
    /// Whether the path alone marks a home.
    pub(crate) fn is_certain(&self) -> bool {
        self.has.is_empty() && self.has_any.is_empty() && self.beside.is_none()
    }
}

/// The files and keys of a layout that no edit may change, whatever its surfaces say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Protection {
    /// Globs relative to the home.
    #[serde(default)]
    pub files: Vec<String>,
    /// Dotted paths of keys; everything under them is protected as well.
    #[serde(default)]
    pub keys: Vec<String>,
    /// Globs of files of examples, which hold data, and no settings of the host.
    #[serde(default)]
    pub data: Vec<String>,
    /// Dotted paths of examples in other files.
    #[serde(default)]
    pub data_keys: Vec<String>,
}

/// A value that names files or folders of the harness.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NamedFiles {
    /// The surface of the named files: one of this layout, or a new name for texts.
    pub surface: String,
    /// The file with the value, as a glob relative to the home.
    pub file: String,
    /// The dotted path of a string or a list of strings, which may be globs.
    pub key: String,
    /// Whether a name means the files of that name in every folder of the home.
    #[serde(default)]
    pub anywhere: bool,
    /// Whether a name is relative to the home, and not to the file that has the value.
    #[serde(default)]
    pub from_home: bool,
    /// The placeholders that are filled in in the named files, unless the layout has their surface.
    #[serde(default)]
    pub fills: Vec<PlaceholderKind>,
}
