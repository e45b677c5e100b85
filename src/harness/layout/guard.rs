//! What the built-in layouts protect in the files of a harness, and what the manifest adds. No manifest can take anything
//! away.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use globset::{GlobMatcher, GlobSet, GlobSetBuilder};

use super::foreign::joined;
use super::listing::seen_prefix;
use super::outline::values_of;
use super::table::LayoutTable;
use super::{FilledKey, HostLayout, Marker};
use crate::harness::Harness;
use crate::harness::format::key_pattern::{leads_to, parts};
use crate::harness::skills::is_data;
use crate::manifest::HarnessSection;
use crate::manifest::placeholder::PlaceholderKind;
use crate::manifest::protected_files::ProtectedFiles;
use crate::manifest::surface::{CreateTier, Surface, SurfaceFormat, compiled};

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
    /// The globs of its surfaces.
    surfaces: OnceLock<Vec<GlobMatcher>>,
    markers: OnceLock<Vec<GlobMatcher>>,
}

/// A glob of a layout.
struct GlobMeaning {
    row: usize,
    /// Whether the files are protected, not only known to the layout.
    protects: bool,
}

/// What one layout, or the manifest, protects in a file.
pub(crate) struct FileGuard<'g> {
    keys: &'g [String],
    /// Whether the whole file is protected.
    pub is_closed: bool,
    /// The surface of the layout that has the file.
    surface: Option<&'g Surface>,
    /// The keys whose values are data of examples.
    data_keys: &'g [String],
    /// Whether the file, if it is a list, is data of examples.
    is_data: bool,
    /// Whether the file is one of the layout, rather than another one of a family of which only some mark it.
    is_own: bool,
}

impl FileGuard<'_> {
    /// Whether a key of the file is protected. Places in lists do not count.
    pub(crate) fn covers(&self, keys: &[String]) -> bool {
        lead_to(self.keys, keys)
    }

    /// Whether a key is data of an example, and no setting of the host.
    pub(crate) fn is_data(&self, keys: &[String]) -> bool {
        let is_in_list = keys.len() > 1 && is_place(&keys[0]);
        self.is_data && is_in_list || lead_to(self.data_keys, keys)
    }

    /// Whether the host reads settings in the file.
    pub(crate) fn has_settings(&self) -> bool {
        self.is_own && !self.keys.is_empty()
    }

    /// Whether the host reads the file as a text without keys; `None` if its layout has no surface for it.
    pub(crate) fn is_plain(&self) -> Option<bool> {
        Some(self.surface?.format == Some(SurfaceFormat::Text))
    }

    /// Whether the file is one of a family, such as an agent, whose settings apply only to itself.
    pub(crate) fn is_unit(&self) -> bool {
        self.surface.is_some_and(|surface| surface.create == CreateTier::Review)
    }
}

/// Whether a segment of a key is a place in a list.
pub(crate) fn is_place(key: &str) -> bool {
    key.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether one of some patterns leads to a key. Places in lists do not count.
fn lead_to(patterns: &[String], keys: &[String]) -> bool {
    let names = || keys.iter().filter(|key| !is_place(key)).map(String::as_str);
    let leads = |pattern: &String| leads_to(parts(pattern).filter(|part| *part != "[*]"), names());
    patterns.iter().any(leads)
}

/// What protects the files of a workspace, whatever its surfaces open: the built-in layouts, and what the manifest adds.
#[derive(Clone, Debug, Default)]
pub(crate) struct HomeGuard {
    /// What a host sees before each path, see [`seen_prefix`].
    prefix: String,
    /// The files that the manifest protects, each with the keys; without keys, the whole file.
    added: Vec<(GlobSet, Vec<String>)>,
}

impl HomeGuard {
    /// The guard of a section that was checked. A malformed glob is left out.
    pub(crate) fn of(section: &HarnessSection) -> Self {
        let added = |one: &ProtectedFiles| Some((set(&one.files)?, one.keys.clone()));
        Self {
            prefix: String::new(),
            added: section.protected.iter().filter_map(added).collect(),
        }
    }

    /// This guard for a workspace in a folder of that name.
    pub(crate) fn in_folder(self, name: &str) -> Self {
        // The table is read only if it can know the name.
        let prefix = match name.starts_with('.').then(LayoutTable::shared) {
            Some(Some(table)) => seen_prefix(&table.folder_of_host(name)),
            Some(None) => seen_prefix(name),
            None => String::new(),
        };
        Self { prefix, ..self }
    }

    /// What protects a file, by the homes that the harness holds.
    pub(crate) fn guards(&self, path: &str, harness: &Harness) -> Vec<FileGuard<'_>> {
        let added = self.added.iter().filter(|(files, _)| files.is_match(path));
        let added = added.map(|(_, keys)| FileGuard {
            keys,
            is_closed: keys.is_empty(),
            surface: None,
            data_keys: &[],
            is_data: false,
            is_own: true,
        });
        // The host does not read the keys of a skill's data, such as a table with names.
        let is_data = is_data(path, harness);
        let of_home = |home: HomeOfFile<'static>| FileGuard {
            keys: if is_data { &[] } else { &home.row.layout.protected.keys },
            is_closed: home.is_closed,
            surface: home.surface(),
            data_keys: &home.row.layout.protected.data_keys,
            is_data: home.is_data(),
            is_own: home.is_own,
        };
        added
            .chain(self.homes(path, harness).into_iter().map(of_home))
            .collect()
    }

    /// The placeholders that the hosts of a file fill in, by the homes that the harness holds; `None` if no layout knows the
    /// file.
    pub(crate) fn fills(&self, path: &str, harness: &Harness) -> Option<Vec<PlaceholderKind>> {
        let homes = self.homes(path, harness);
        let surfaces = homes.iter().filter_map(|home| Some((home, home.surface()?)));
        let (last, first): (Vec<_>, Vec<_>) = surfaces.partition(|(home, _)| home.row.layout.fallback);
        let counted = if first.is_empty() { last } else { first };
        let fills = counted.iter().flat_map(|(_, surface)| surface.fills.iter().flatten());
        (!counted.is_empty()).then(|| fills.copied().collect())
    }

    /// The keys of a file in which its hosts fill in more than in the rest.
    pub(crate) fn fills_of_keys(&self, path: &str, harness: &Harness) -> Vec<FilledKey> {
        let homes = self.homes(path, harness).into_iter();
        homes.flat_map(|home| home.row.layout.filled_keys.clone()).collect()
    }

    /// The homes that have a file.
    fn homes(&self, path: &str, harness: &Harness) -> Vec<HomeOfFile<'static>> {
        static TABLE: OnceLock<GuardTable> = OnceLock::new();
        let table = TABLE.get_or_init(|| GuardTable::built_in().unwrap_or_default());
        let view = HarnessView {
            prefix: &self.prefix,
            harness,
        };
        let path = &*view.seen(path);
        let of_folder = |home| {
            let known = table.knowing(inside(path, home));
            let known = known.filter(|(row, _)| row.is_home(home, path, &view));
            known.map(|(row, is_closed)| {
                let found = HomeOfFile {
                    row,
                    path: inside(path, home).to_owned(),
                    is_closed,
                    is_own: true,
                };
                let is_marked = |surface: &Surface| row.layout.marked.contains(&surface.name);
                let is_own = !found.surface().is_some_and(is_marked) || row.marks(home, path, &view);
                HomeOfFile { is_own, ..found }
            })
        };
        folders(path).flat_map(of_folder).collect()
    }
}

/// A home that has a file.
struct HomeOfFile<'t> {
    row: &'t GuardRow,
    /// The path of the file in the home.
    path: String,
    /// Whether the layout protects the whole file.
    is_closed: bool,
    /// Whether the file is one of the layout.
    is_own: bool,
}

impl<'t> HomeOfFile<'t> {
    /// The surface of the layout that has the file.
    fn surface(&self) -> Option<&'t Surface> {
        let row = self.row;
        let globs = row.surfaces.get_or_init(|| {
            let globs = row.layout.surfaces.iter().map(Surface::glob);
            globs
                .filter_map(|glob| Some(compiled(&glob).ok()?.compile_matcher()))
                .collect()
        });
        let mut surfaces = globs.iter().zip(&row.layout.surfaces);
        let found = surfaces.find(|(glob, _)| glob.is_match(&self.path));
        found.map(|(_, surface)| surface)
    }

    /// Whether the whole file is data of examples.
    fn is_data(&self) -> bool {
        let globs = &self.row.layout.protected.data;
        !globs.is_empty() && set(globs).is_some_and(|globs| globs.is_match(&self.path))
    }
}

/// `None` if a glob is malformed.
fn set(globs: &[String]) -> Option<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(compiled(glob).ok()?);
    }
    set.build().ok()
}

/// A harness as a host sees it.
struct HarnessView<'h> {
    prefix: &'h str,
    harness: &'h Harness,
}

impl HarnessView<'_> {
    fn seen<'p>(&self, path: &'p str) -> Cow<'p, str> {
        match self.prefix {
            "" => Cow::Borrowed(path),
            prefix => Cow::Owned(format!("{prefix}{path}")),
        }
    }

    /// The path in the harness of a path that a host sees.
    fn own<'p>(&self, seen: &'p str) -> &'p str {
        seen.strip_prefix(self.prefix).unwrap_or(seen)
    }
}

impl GuardTable {
    /// `None` if a built-in layout is malformed, which a test rules out.
    fn built_in() -> Option<Self> {
        let mut table = Self::default();
        let mut globs = GlobSetBuilder::new();
        for (at, row) in LayoutTable::shared()?.rows().iter().enumerate() {
            for (glob, protects) in globs_of(&row.layout) {
                globs.add(compiled(&glob).ok()?);
                table.meanings.push(GlobMeaning { row: at, protects });
            }
            table.rows.push(GuardRow {
                layout: row.layout.clone(),
                surfaces: OnceLock::new(),
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
    fn is_home(&self, home: &str, path: &str, view: &HarnessView) -> bool {
        let files = view.harness.files().map(|(path, _)| view.seen(path));
        let below = files.filter(|file| home.is_empty() || is_below(file, home));
        self.marks(home, path, view) || below.into_iter().any(|file| self.marks(home, &file, view))
    }

    /// Whether a file marks a home.
    fn marks(&self, home: &str, file: &str, view: &HarnessView) -> bool {
        let markers = self.markers().iter().zip(&self.layout.markers);
        let mut markers = markers.filter(|(glob, _)| glob.is_match(inside(file, home)));
        markers.any(|(_, marker)| satisfies(marker, home, file, view))
    }

    /// The globs of the markers. They are well-formed, since the table is built from the same ones.
    fn markers(&self) -> &[GlobMatcher] {
        let compile = |marker: &Marker| compiled(&marker.path).ok().map(|glob| glob.compile_matcher());
        self.markers
            .get_or_init(|| self.layout.markers.iter().filter_map(compile).collect())
    }
}

/// Whether a file has what its marker demands besides its path. A new file need not have it yet.
fn satisfies(marker: &Marker, home: &str, file: &str, view: &HarnessView) -> bool {
    let beside = marker.beside.as_ref().map(|other| joined(home, other));
    if beside.is_some_and(|other| view.harness.get(view.own(&other)).is_none()) {
        return false;
    }
    if !marker.needs_keys() {
        return true;
    }
    let values = view
        .harness
        .text(view.own(file))
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
#[path = "guard_tests.rs"]
mod tests;
