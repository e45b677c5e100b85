//! What the built-in layouts protect in the files of a harness. No manifest can take this away.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use globset::{GlobMatcher, GlobSet, GlobSetBuilder};

use super::foreign::joined;
use super::outline::values_of;
use super::table::LayoutTable;
use super::{HostLayout, Marker};
use crate::harness::Harness;
use crate::harness::format::key_pattern::{leads_to, parts};
use crate::manifest::surface::{SurfaceFormat, compiled};

/// The built-in layouts with one set of all their globs, because building many sets takes longer than a command.
#[derive(Default)]
struct GuardTable {
    rows: Vec<GuardRow>,
    globs: GlobSet,
    /// What each glob of the set says.
    meanings: Vec<GlobMeaning>,
}

/// A layout, ready to be compared with the files of a harness.
struct GuardRow {
    layout: HostLayout,
    markers: OnceLock<Vec<GlobMatcher>>,
}

/// A glob of a layout.
struct GlobMeaning {
    row: usize,
    /// Whether the files are protected, not only known to the layout.
    protects: bool,
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
    static TABLE: OnceLock<GuardTable> = OnceLock::new();
    let table = TABLE.get_or_init(|| GuardTable::built_in().unwrap_or_default());
    let mut guards = Vec::new();
    for home in folders(path) {
        for (row, is_closed) in table.knowing(inside(path, home)) {
            if row.is_home(home, path, harness) {
                guards.push(FileGuard {
                    layout: &row.layout,
                    is_closed,
                });
            }
        }
    }
    guards
}

impl GuardTable {
    /// `None` if a built-in layout is malformed, which a test rules out.
    fn built_in() -> Option<Self> {
        let mut table = Self::default();
        let mut globs = GlobSetBuilder::new();
        for (at, row) in LayoutTable::built_in().ok()?.rows().iter().enumerate() {
            for (glob, protects) in globs_of(&row.layout) {
                globs.add(compiled(&glob).ok()?);
                table.meanings.push(GlobMeaning { row: at, protects });
            }
            table.rows.push(GuardRow {
                layout: row.layout.clone(),
                markers: OnceLock::new(),
            });
        }
        table.globs = globs.build().ok()?;
        Some(table)
    }

    /// The layouts that know a path in one of their homes, and whether each protects the whole file.
    fn knowing(&self, path: &str) -> impl Iterator<Item = (&GuardRow, bool)> {
        let mut known: BTreeMap<usize, bool> = BTreeMap::new();
        for glob in self.globs.matches(path) {
            let GlobMeaning { row, protects } = self.meanings[glob];
            *known.entry(row).or_default() |= protects;
        }
        known.into_iter().map(|(row, is_closed)| (&self.rows[row], is_closed))
    }
}

/// The globs of the paths that a layout knows, and whether each protects its files.
fn globs_of(layout: &HostLayout) -> impl Iterator<Item = (String, bool)> {
    let surfaces = layout.surfaces.iter().map(|surface| surface.glob());
    let markers = layout.markers.iter().map(|marker| marker.path.clone());
    let known = surfaces.chain(markers).chain(layout.shown.iter().cloned());
    let protected = layout.protected.files.iter().cloned();
    known
        .map(|glob| (glob, false))
        .chain(protected.map(|glob| (glob, true)))
}

impl GuardRow {
    /// Whether a folder of the harness is a home of this layout. The file itself is looked at first.
    fn is_home(&self, home: &str, path: &str, harness: &Harness) -> bool {
        let below = harness
            .files()
            .map(|(path, _)| path)
            .filter(|file| home.is_empty() || is_below(file, home));
        let marks = |file: &str| {
            let markers = self.markers().iter().zip(&self.layout.markers);
            let mut markers = markers.filter(|(glob, _)| glob.is_match(inside(file, home)));
            markers.any(|(_, marker)| satisfies(marker, home, file, harness))
        };
        marks(path) || below.into_iter().any(marks)
    }

    /// The globs of the markers. They are well-formed, since the table is built from the same ones.
    fn markers(&self) -> &[GlobMatcher] {
        let compile = |marker: &Marker| compiled(&marker.path).ok().map(|glob| glob.compile_matcher());
        self.markers
            .get_or_init(|| self.layout.markers.iter().filter_map(compile).collect())
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
    fn every_built_in_layout_guards() {
        let layouts = LayoutTable::built_in().unwrap();
        assert_eq!(GuardTable::built_in().unwrap().rows.len(), layouts.rows().len());
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
