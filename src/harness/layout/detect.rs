//! Finds the agent homes of a workspace: which layouts they have, and which files are editable, shown or left out.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::imports;
use super::listing::{HostView, WorkspaceListing};
use super::marker::{FileContents, ReadText};
use super::matcher::{GlobRole, LayoutMatcher, PathMatches, innermost};
use super::named_files::{is_prose, named_paths};
use super::reserved::{exclusion, is_closed};
use super::table::LayoutTable;
use super::{HostLayout, NamedFiles};
use crate::manifest::surface::Surface;

/// The surface of files that are imported with `@path`; the host reads them with the file that imports them.
pub(crate) const IMPORTS: &str = "imports";

/// What was found in a workspace.
#[derive(Debug, Default)]
pub(crate) struct Detection<'t> {
    /// The homes, by layout in the order of the table, then by folder.
    pub homes: Vec<DetectedHome<'t>>,
    /// The files with an editable part, by path.
    pub files: BTreeMap<String, HomeFile<'t>>,
    /// Files that the teacher sees, but that are not editable, each with the reason.
    pub shown: BTreeMap<String, &'static str>,
    /// Paths that look like a part of a home, but cannot be used, each with the reason.
    pub left_out: BTreeMap<String, String>,
}

/// A folder that has a layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DetectedHome<'t> {
    /// The layout.
    pub layout: &'t HostLayout,
    /// The folder, relative to the workspace; empty for the workspace itself.
    pub folder: String,
}

/// A file with an editable part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HomeFile<'t> {
    /// The home to which it belongs.
    pub home: DetectedHome<'t>,
    /// Its surface.
    pub surface: Surface,
    /// Links through which hosts read it.
    pub links: BTreeSet<String>,
}

impl Detection<'_> {
    /// The layouts that were found, in the order of the table.
    pub(crate) fn layouts(&self) -> Vec<&HostLayout> {
        let mut layouts: Vec<&HostLayout> = self.homes.iter().map(|home| home.layout).collect();
        layouts.dedup_by_key(|layout| &layout.name);
        layouts
    }
}

/// Finds the homes of a workspace. Contents are read only where a path alone does not decide.
///
/// # Errors
/// A malformed glob in a layout; parsing the layouts rules that out.
pub(crate) fn detect<'t>(
    table: &'t LayoutTable,
    listing: &WorkspaceListing,
    read: ReadText,
) -> Result<Detection<'t>, String> {
    let matcher = LayoutMatcher::new(table)?;
    let view = listing.host_view();
    let prefix = listing.prefix();
    let seen = view.paths.iter().map(|(path, file)| SeenPath {
        path,
        file,
        is_link: path.strip_prefix(&prefix) != Some(file),
        matches: matcher.matches(path),
        is_reserved: exclusion(file).is_some(),
    });
    let mut paths: Vec<SeenPath> = seen.collect();
    // A file belongs to the surface of its own path rather than to that of a link.
    paths.sort_by_key(|seen| seen.is_link);
    let mut search = HomeSearch {
        table,
        matcher: &matcher,
        view: &view,
        paths: &paths,
        contents: FileContents::new(read),
        closed: BTreeSet::new(),
        found: Detection::default(),
    };
    let rows = table.rows().iter().enumerate();
    let (last, first): (Vec<_>, Vec<_>) = rows.partition(|(_, row)| row.layout.fallback);
    for (number, _) in first.into_iter().chain(last) {
        search.layout(number);
    }
    search.broken_links();
    Ok(search.found)
}

/// A path that a host sees.
struct SeenPath<'v> {
    path: &'v str,
    /// The path of the file, which differs for a link.
    file: &'v str,
    is_link: bool,
    matches: PathMatches<'v>,
    is_reserved: bool,
}

struct HomeSearch<'s, 't> {
    table: &'t LayoutTable,
    matcher: &'s LayoutMatcher,
    view: &'s HostView,
    paths: &'s [SeenPath<'s>],
    contents: FileContents<'s>,
    /// Files that a layout protects; no later layout opens them.
    closed: BTreeSet<String>,
    found: Detection<'t>,
}

/// The homes of one layout, and the files that mark them.
#[derive(Default)]
struct LayoutHomes {
    folders: BTreeSet<String>,
    markers: BTreeSet<String>,
    /// The homes in which a surface matched a file, whichever layout has it.
    used: BTreeSet<String>,
}

impl<'t> HomeSearch<'_, 't> {
    /// Finds the homes of a layout and claims their files.
    fn layout(&mut self, number: usize) {
        let table: &'t LayoutTable = self.table;
        let layout = &table.rows()[number].layout;
        let mut homes = self.homes(number, layout);
        if homes.folders.is_empty() {
            return;
        }
        self.claim_surfaces(number, layout, &mut homes);
        for folder in homes.folders.clone() {
            let home = DetectedHome { layout, folder };
            for named in &layout.named_files {
                self.claim_named(&home, named, &mut homes.used);
            }
        }
        self.claim_imports(layout);
        for folder in &homes.used {
            self.found.homes.push(DetectedHome {
                layout,
                folder: folder.clone(),
            });
        }
        self.show_rest(number, &homes.used);
    }

    fn homes(&mut self, number: usize, layout: &HostLayout) -> LayoutHomes {
        let mut homes = LayoutHomes::default();
        for seen in self.paths.iter().filter(|seen| !seen.is_reserved) {
            for (index, marker) in layout.markers.iter().enumerate() {
                // The outermost folder is the home: `.claude/x/.claude/y` is in the home of the first `.claude`.
                let folders = seen.matches.get(&(number, GlobRole::Marker(index)));
                let Some(folder) = folders.and_then(|folders| folders.first()) else {
                    continue;
                };
                let is_hidden = folder.split('/').any(|part| part.starts_with('.'));
                let join = |path: &str| {
                    if folder.is_empty() {
                        path.to_owned()
                    } else {
                        format!("{folder}/{path}")
                    }
                };
                let has_other = marker.beside.as_ref();
                let has_other = has_other.is_none_or(|other| self.view.paths.contains_key(&join(other)));
                if (!is_hidden || layout.in_hidden_folders) && has_other && self.contents.satisfies(seen.file, marker) {
                    homes.folders.insert((*folder).to_owned());
                    homes.markers.insert(seen.file.to_owned());
                }
            }
        }
        homes
    }

    fn claim_surfaces(&mut self, number: usize, layout: &'t HostLayout, homes: &mut LayoutHomes) {
        for seen in self.paths.iter().filter(|seen| !seen.is_reserved) {
            let surfaces = layout.surfaces.iter().enumerate();
            let matching = surfaces
                .filter(|(_, surface)| !layout.marked.contains(&surface.name) || homes.markers.contains(seen.file));
            let mut places = matching.filter_map(|(index, surface)| {
                let folders = seen.matches.get(&(number, GlobRole::Surface(index)))?;
                Some((surface, innermost(folders, &homes.folders)?))
            });
            let Some((surface, folder)) = places.next() else {
                continue;
            };
            if self.closed.contains(seen.file) || Self::is_protected(number, seen, &homes.folders) {
                self.closed.insert(seen.file.to_owned());
                continue;
            }
            let home = DetectedHome {
                layout,
                folder: folder.to_owned(),
            };
            if self.claim(seen, &home, surface.clone()) || !layout.fallback {
                homes.used.insert(home.folder);
            }
        }
    }

    /// Gives a file to a surface, unless another one has it; returns whether it has it now.
    fn claim(&mut self, seen: &SeenPath, home: &DetectedHome<'t>, surface: Surface) -> bool {
        let is_new = !self.found.files.contains_key(seen.file);
        let file = self
            .found
            .files
            .entry(seen.file.to_owned())
            .or_insert_with(|| HomeFile {
                home: home.clone(),
                surface,
                links: BTreeSet::new(),
            });
        if seen.is_link {
            file.links.insert(seen.path.to_owned());
        }
        is_new
    }

    fn is_protected(number: usize, seen: &SeenPath, homes: &BTreeSet<String>) -> bool {
        let protected = seen.matches.get(&(number, GlobRole::Protected));
        let in_home = protected.is_some_and(|folders| innermost(folders, homes).is_some());
        in_home || is_closed(seen.file) || is_closed(seen.path)
    }

    /// Claims the files that a value of a home names.
    fn claim_named(&mut self, home: &DetectedHome<'t>, named: &NamedFiles, used: &mut BTreeSet<String>) {
        let paths = named_paths(named, &home.folder, self.view, &mut self.contents);
        for path in paths {
            self.claim_text(&path, home, &named.surface);
            used.insert(home.folder.clone());
        }
    }

    /// Claims the files that the files of a layout import, as deep as its host follows them.
    fn claim_imports(&mut self, layout: &'t HostLayout) {
        let own = self.found.files.iter();
        let own = own
            .filter(|(_, file)| file.home.layout.name == layout.name && layout.importing.contains(&file.surface.name));
        let mut level: Vec<(String, DetectedHome<'t>)> =
            own.map(|(path, file)| (path.clone(), file.home.clone())).collect();
        let mut seen: BTreeSet<String> = level.iter().map(|(path, _)| path.clone()).collect();
        for _ in 0..layout.import_depth {
            let mut next = Vec::new();
            for (path, home) in &level {
                let text = self.contents.text(path).unwrap_or_default().to_owned();
                for target in imports(path, &text) {
                    if seen.insert(target.clone()) && self.claim_text(&target, home, IMPORTS) {
                        next.push((target, home.clone()));
                    }
                }
            }
            level = next;
        }
    }

    /// Claims a text that another file names; returns whether it is a text of the workspace. Other files are only shown.
    fn claim_text(&mut self, path: &str, home: &DetectedHome<'t>, surface: &str) -> bool {
        let names = |seen: &&SeenPath| seen.path == path || seen.file == path;
        let Some(seen) = self.paths.iter().find(names) else {
            return false;
        };
        if let Some(reason) = exclusion(seen.file) {
            self.found.left_out.insert(seen.file.to_owned(), reason.to_owned());
            return false;
        }
        let is_imported = surface == IMPORTS;
        let is_text = match is_imported {
            true => [".md", ".txt"].iter().any(|end| path.ends_with(end)),
            false => is_prose(path),
        };
        if !is_text || is_closed(seen.file) || self.closed.contains(seen.file) {
            self.found
                .shown
                .insert(seen.file.to_owned(), "not a text for the model");
            return false;
        }
        let own = Surface::of_named_files(surface, seen.file);
        self.claim(seen, home, own);
        true
    }

    /// Shows the files of the homes that are not editable.
    fn show_rest(&mut self, number: usize, used: &BTreeSet<String>) {
        for seen in self.paths {
            let of = |role| {
                let folders = seen.matches.get(&(number, role));
                folders.is_some_and(|folders| innermost(folders, used).is_some())
            };
            let (is_protected, is_shown) = (of(GlobRole::Protected), of(GlobRole::Shown));
            if !is_protected && !is_shown {
                continue;
            }
            if is_protected {
                self.closed.insert(seen.file.to_owned());
            }
            match exclusion(seen.file) {
                Some(reason) => drop(self.found.left_out.insert(seen.file.to_owned(), reason.to_owned())),
                None if self.found.files.contains_key(seen.file) => {}
                None => {
                    let reason = if is_protected { "protected" } else { "not editable" };
                    self.found.shown.insert(seen.file.to_owned(), reason);
                }
            }
        }
        let files = &self.found.files;
        self.found.shown.retain(|path, _| !files.contains_key(path));
    }

    /// Reports links that look like a part of a home that was found, but lead to no file of the workspace.
    fn broken_links(&mut self) {
        let used = |layout: usize| {
            let name = &self.table.rows()[layout].layout.name;
            let homes = self.found.homes.iter().filter(move |home| home.layout.name == *name);
            homes.map(|home| home.folder.clone()).collect::<BTreeSet<_>>()
        };
        let is_part = |path: &str| {
            let matches = self.matcher.matches(path);
            matches.iter().any(|((layout, role), folders)| match role {
                GlobRole::Surface(_) => {
                    let row = &self.table.rows()[*layout].layout;
                    innermost(folders, &used(*layout)).is_some() || !row.fallback && folders.contains(&"")
                }
                _ => false,
            })
        };
        let mut left_out = BTreeMap::new();
        for (link, target) in &self.view.broken {
            let inside = ["", "/x.md", "/SKILL.md", "/x/SKILL.md"].map(|rest| format!("{link}{rest}"));
            let (itself, below) = inside.split_at(1);
            let is_folder = !link
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .trim_start_matches('.')
                .contains('.');
            if itself.iter().any(|path| is_part(path)) || is_folder && below.iter().any(|path| is_part(path)) {
                let reason = format!(
                    "a link to {target}, which is no file of this workspace; replace it by a copy or by a link to one"
                );
                left_out.insert(link.clone(), reason);
            }
        }
        self.found.left_out.extend(left_out);
    }
}
