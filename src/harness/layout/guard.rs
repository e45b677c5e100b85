//! What the built-in layouts protect in the files of a harness. No manifest can take this away.

use std::sync::OnceLock;

use globset::{GlobMatcher, GlobSet, GlobSetBuilder};

use super::foreign::joined;
use super::outline::values_of;
use super::table::LayoutTable;
use super::{HostLayout, Marker};
use crate::harness::Harness;
use crate::harness::format::key_pattern::{leads_to, parts};
use crate::manifest::surface::{SurfaceFormat, compiled};

/// A layout, ready to be compared with paths.
struct GuardRow {
    layout: HostLayout,
    /// The paths that the layout knows.
    known: GlobSet,
    protected: GlobSet,
    markers: Vec<GlobMatcher>,
}

/// What one layout protects in a file.
pub(crate) struct FileGuard {
    layout: &'static HostLayout,
    /// Whether the whole file is protected.
    pub is_closed: bool,
}

impl FileGuard {
    /// Whether a key of the file is protected. Places in lists do not count.
    pub(crate) fn covers(&self, keys: &[String]) -> bool {
        let is_place = |key: &String| key.bytes().all(|byte| byte.is_ascii_digit());
        let names = || keys.iter().filter(|key| !is_place(key)).map(String::as_str);
        let covers = |protected: &String| leads_to(parts(protected).filter(|part| *part != "[*]"), names());
        self.layout.protected.keys.iter().any(covers)
    }
}

/// What the built-in layouts protect in a file of a harness, by the homes that the harness holds.
pub(crate) fn guards(path: &str, harness: &Harness) -> Vec<FileGuard> {
    static ROWS: OnceLock<Vec<GuardRow>> = OnceLock::new();
    let rows = ROWS.get_or_init(rows);
    let mut guards = Vec::new();
    for row in rows {
        let homes = folders(path).filter(|home| row.known.is_match(inside(path, home)));
        for home in homes.filter(|home| row.is_home(home, path, harness)) {
            guards.push(FileGuard {
                layout: &row.layout,
                is_closed: row.protected.is_match(inside(path, home)),
            });
        }
    }
    guards
}

/// The built-in layouts. A test rules out that one is malformed.
fn rows() -> Vec<GuardRow> {
    let table = LayoutTable::built_in()
        .map(|table| table.rows().to_vec())
        .unwrap_or_default();
    table.into_iter().filter_map(|row| GuardRow::of(row.layout)).collect()
}

fn set<'g>(globs: impl Iterator<Item = &'g String>) -> Option<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(compiled(glob).ok()?);
    }
    set.build().ok()
}

impl GuardRow {
    fn of(layout: HostLayout) -> Option<Self> {
        let surfaces: Vec<String> = layout.surfaces.iter().map(|surface| surface.glob()).collect();
        let markers = layout.markers.iter().map(|marker| &marker.path);
        let known = surfaces
            .iter()
            .chain(&layout.protected.files)
            .chain(&layout.shown)
            .chain(markers.clone());
        Some(Self {
            known: set(known)?,
            protected: set(layout.protected.files.iter())?,
            markers: markers
                .map(|path| Some(compiled(path).ok()?.compile_matcher()))
                .collect::<Option<_>>()?,
            layout,
        })
    }

    /// Whether a folder of the harness is a home of this layout. The file itself is looked at first.
    fn is_home(&self, home: &str, path: &str, harness: &Harness) -> bool {
        let below = harness
            .files()
            .map(|(path, _)| path)
            .filter(|file| home.is_empty() || is_below(file, home));
        let marks = |file: &str| {
            let markers = self.markers.iter().zip(&self.layout.markers);
            let mut markers = markers.filter(|(glob, _)| glob.is_match(inside(file, home)));
            markers.any(|(_, marker)| satisfies(marker, home, file, harness))
        };
        marks(path) || below.into_iter().any(marks)
    }
}

/// Whether a file has what its marker demands besides its path. A new file need not have it yet.
fn satisfies(marker: &Marker, home: &str, file: &str, harness: &Harness) -> bool {
    let beside = marker.beside.as_ref().map(|other| joined(home, other));
    if beside.is_some_and(|other| harness.get(&other).is_none()) {
        return false;
    }
    if !marker.needs_keys() {
        return true;
    }
    let values = harness
        .text(file)
        .and_then(|text| values_of(SurfaceFormat::of(file), text));
    values.is_some_and(|values| marker.is_met_by(&values))
}

fn is_below(file: &str, folder: &str) -> bool {
    file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// The folders that hold a path, from the workspace, ``, to the innermost one.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    std::iter::once("").chain(path.match_indices('/').map(|(at, _)| &path[..at]))
}

/// A path relative to a folder that holds it.
fn inside<'p>(path: &'p str, folder: &str) -> &'p str {
    match folder {
        "" => path,
        folder => &path[folder.len() + 1..],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &str, harness: &Harness) -> Vec<(&'static str, bool)> {
        guards(path, harness)
            .into_iter()
            .map(|guard| (guard.layout.name.as_str(), guard.is_closed))
            .collect()
    }

    #[test]
    fn a_file_is_guarded_by_the_layouts_of_its_homes() {
        let harness = Harness::default()
            .with("a/.claude/settings.json", "{}")
            .with("skills/x/SKILL.md", "---\nname: x\n---\n")
            .with("config.toml", "[server]\nport = 1\n")
            .with("data.json", "{}");
        assert_eq!(names("a/.claude/settings.json", &harness), [("claude_code", false)]);
        assert_eq!(names("a/.claude/hooks/x.sh", &harness), [("claude_code", true)]);
        assert_eq!(names("skills/x/scripts/run.py", &harness), [("skills", true)]);
        assert_eq!(names("config.toml", &harness), []);
        assert_eq!(names("data.json", &harness), []);
        let jarvis = harness.with("config.toml", "[agent]\n");
        assert_eq!(names("config.toml", &jarvis), [("openjarvis", false)]);
    }

    #[test]
    fn keys_are_covered_with_all_that_is_under_them() {
        let harness = Harness::default()
            .with(".roomodes", "{}")
            .with(".claude/settings.json", "{}");
        let covers = |path: &str, key: &str| {
            let keys: Vec<String> = key.split('.').map(str::to_owned).collect();
            guards(path, &harness).iter().any(|guard| guard.covers(&keys))
        };
        assert!(covers(".claude/settings.json", "permissions.allow"));
        assert!(covers(".claude/agents/a.md", "name"));
        assert!(!covers(".claude/settings.json", "model"));
        assert!(covers(".roomodes", "customModes.0.groups.1"));
    }
}
