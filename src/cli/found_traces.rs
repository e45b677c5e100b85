//! Where the hosts of a home keep their traces, and how many of these files could be imported.
#![allow(clippy::disallowed_methods)] // edge: the files of other programs, the user's home

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use globset::GlobMatcher;
use walkdir::WalkDir;

use crate::artifact::counted;
use crate::harness::layout::HostLayout;
use crate::manifest::membership::is_credential;
use crate::manifest::surface::compiled;
use crate::trace::import::{ImportedFiles, is_readable};
use crate::workspace::Workspace;

/// How many files and folders of one place are looked at.
const MOST: usize = 20_000;
/// How many files are read to see whether their format is known.
const READ: usize = 3;
/// Folders that hold no traces.
const SKIPPED: [&str; 3] = [".git", ".kaizen", "node_modules"];

/// The places of a layout's traces: globs, in which `~` is the user's home.
pub(super) fn places(layout: &HostLayout, workspace: &Path) -> Vec<String> {
    let named: String = workspace
        .to_string_lossy()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let filled = layout.traces.iter().map(|path| path.replace("{workspace}", &named));
    filled.collect()
}

/// The files of one place.
#[derive(Debug, Default)]
pub(super) struct FoundTraces {
    /// The folder or the file.
    pub place: String,
    /// How many files there are.
    pub files: usize,
    /// How many of them were not imported; none if their format is unknown.
    pub waiting: usize,
}

/// The files of all places of some layouts, but for those that the workspace reads itself.
pub(super) fn found(layouts: &[&HostLayout], workspace: &Workspace) -> Vec<FoundTraces> {
    let imported = ImportedFiles::of(&workspace.root);
    let places = layouts.iter().flat_map(|layout| places(layout, &workspace.root));
    let others = places.filter(|place| !workspace.is_evidence(place));
    others.map(|place| look(&place, &workspace.root, &imported)).collect()
}

fn look(place: &str, root: &Path, imported: &ImportedFiles) -> FoundTraces {
    let (fixed, rest) = split(place);
    let mut found = FoundTraces {
        place: if fixed.is_empty() {
            ".".to_owned()
        } else {
            fixed.clone()
        },
        ..FoundTraces::default()
    };
    let Some(folder) = expanded(&fixed, root) else {
        return found;
    };
    let files = match rest.as_deref().map(compiled) {
        None => Some(folder).filter(|file| file.is_file()).into_iter().collect(),
        Some(Ok(glob)) => matching(&folder, &glob.compile_matcher()),
        Some(Err(_)) => Vec::new(),
    };
    found.files = files.len();
    if files.iter().rev().take(READ).any(|path| is_readable(path)) {
        found.waiting = files.iter().filter(|path| !imported.contains(path)).count();
    }
    found
}

/// Splits a place into a folder and the glob of the files below it. A place without a wildcard is one file and has no glob.
fn split(place: &str) -> (String, Option<String>) {
    let parts: Vec<&str> = place.split('/').collect();
    match parts.iter().position(|part| part.contains('*')) {
        Some(first) => (parts[..first].join("/"), Some(parts[first..].join("/"))),
        None => (place.to_owned(), None),
    }
}

/// The path on disk; `None` if the user has no home.
fn expanded(path: &str, root: &Path) -> Option<PathBuf> {
    let Some(below) = path.strip_prefix("~/") else {
        return Some(root.join(path));
    };
    let homes = ["HOME", "USERPROFILE"].map(std::env::var_os);
    Some(home_of(homes)?.join(below))
}

/// The user's home: the first of some values that is an absolute path. A relative one would mean another folder in each place.
fn home_of(values: [Option<OsString>; 2]) -> Option<PathBuf> {
    let paths = values.into_iter().flatten().map(PathBuf::from);
    paths.into_iter().find(|path| path.is_absolute())
}

/// The files that a glob matches, and those in the folders that it matches, by name.
fn matching(folder: &Path, glob: &GlobMatcher) -> Vec<PathBuf> {
    let is_open = |entry: &walkdir::DirEntry| !SKIPPED.iter().any(|name| entry.file_name() == *name);
    let walk = WalkDir::new(folder).sort_by_file_name().into_iter();
    let files = walk.filter_entry(is_open).take(MOST).filter_map(Result::ok);
    let files = files.filter(|entry| entry.file_type().is_file());
    let is_match = |path: &Path| {
        let inside = path.strip_prefix(folder).unwrap_or(path);
        inside.ancestors().any(|part| glob.is_match(part)) && !is_credential(&inside.to_string_lossy())
    };
    files
        .map(walkdir::DirEntry::into_path)
        .filter(|path| is_match(path))
        .collect()
}

impl FoundTraces {
    /// What was found, in words.
    pub(super) fn words(&self) -> String {
        let Self { place, files, waiting } = self;
        match (files, waiting) {
            (0, _) => format!("none in {place}"),
            (_, 0) => format!("{} in {place}, none to import", counted(*files, "file")),
            _ => format!("{waiting} of {} in {place} not imported", counted(*files, "file")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_folder_with_a_glob_or_a_file() {
        let split = |place| split(place);
        assert_eq!(
            split("~/.x/*/chats/*.json"),
            ("~/.x".into(), Some("*/chats/*.json".into()))
        );
        assert_eq!(split("**/*.traj.json"), (String::new(), Some("**/*.traj.json".into())));
        assert_eq!(split(".aider.chat.history.md"), (".aider.chat.history.md".into(), None));
    }

    #[cfg(unix)]
    #[test]
    fn a_home_is_an_absolute_path() {
        for (values, home) in [
            ([Some("/home/ada"), None], Some("/home/ada")),
            ([Some("ada"), Some("/home/ada")], Some("/home/ada")),
            ([Some(""), None], None),
            ([Some("./ada"), None], None),
        ] {
            assert_eq!(
                home_of(values.map(|value| value.map(OsString::from))),
                home.map(PathBuf::from)
            );
        }
    }

    #[test]
    fn files_and_the_contents_of_folders_match_but_credentials_do_not() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["a/1.jsonl", "a/deep/2.jsonl", "a/auth.json", "b.txt"] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "{}").unwrap();
        }
        let count = |glob: &str| matching(folder.path(), &compiled(glob).unwrap().compile_matcher()).len();
        assert_eq!((count("*/*.jsonl"), count("*"), count("**/*.jsonl")), (1, 3, 2));
    }
}
