//! The search for homes: each layout in turn claims the files that no earlier one has.

use std::collections::{BTreeMap, BTreeSet};

use super::detect::{Barrier, DetectedHome, Detection, HomeFile, IMPORTS, ODD_NAME, PROTECTED, SeenPath};
use super::foreign::{foreign, joined};
use super::listing::{HostView, WorkspaceListing};
use super::marker::FileContents;
use super::matcher::{GlobRole, LayoutMatcher, innermost};
use super::named_files::{is_prose, named_paths};
use super::reserved::{is_binary, is_closed};
use super::table::LayoutTable;
use super::{HostLayout, Marker, NamedFiles};
use crate::harness::skills::is_skill;
use crate::manifest::placeholder::PlaceholderKind;
use crate::manifest::relative_path::folder_of;
use crate::manifest::surface::Surface;

/// The state of a search.
pub(super) struct HomeSearch<'s, 't> {
    pub table: &'t LayoutTable,
    pub matcher: &'s LayoutMatcher,
    pub listing: &'s WorkspaceListing,
    pub view: &'s HostView,
    pub paths: &'s [SeenPath<'s>],
    pub contents: FileContents<'s>,
    /// Files that a layout protects; no later layout opens them.
    pub closed: BTreeSet<String>,
    pub found: Detection<'t>,
}

/// Whether a folder can be a home that a marker marks.
fn is_place(layout: &HostLayout, marker: &Marker, folder: &str) -> bool {
    let is_hidden = folder.split('/').any(|part| part.starts_with('.'));
    (!is_hidden || layout.in_hidden_folders) && (!marker.at_root || folder.is_empty())
}

/// Whether a path that a glob matches in a folder is in one where the layout has no home.
fn is_elsewhere(layout: &HostLayout, glob: &str, folder: &str, path: &str) -> bool {
    let folders = match glob.starts_with("**/") {
        true => folder_of(path),
        false => folder,
    };
    folders
        .split('/')
        .any(|part| layout.not_in.iter().any(|name| name == part))
}

/// The homes of one layout, and the files that mark them.
#[derive(Default)]
struct LayoutHomes {
    folders: BTreeSet<String>,
    markers: BTreeSet<String>,
    /// The homes in which a surface matched a file, whichever layout has it.
    used: BTreeSet<String>,
}

/// The placeholders that a host fills in in the files that a surface has because other files name or import them.
fn filled_in(layout: &HostLayout, surface: &str) -> Vec<PlaceholderKind> {
    let named = layout.named_files.iter().find(|named| named.surface == surface);
    match named {
        Some(named) => named.fills.clone(),
        None => vec![PlaceholderKind::Imports],
    }
}

impl<'s, 't> HomeSearch<'s, 't> {
    /// Finds the homes of a layout and claims their files.
    pub(super) fn layout(&mut self, number: usize) {
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
        self.note_matched(layout);
        for folder in &homes.used {
            let folder = folder.clone();
            self.found.homes.push(DetectedHome { layout, folder });
        }
        self.show_rest(number, &homes.used);
    }

    fn homes(&mut self, number: usize, layout: &HostLayout) -> LayoutHomes {
        let mut homes = LayoutHomes::default();
        for seen in self.paths {
            for (index, marker) in layout.markers.iter().enumerate() {
                // The outermost folder is the home: `.claude/x/.claude/y` is in the home of the first `.claude`.
                let folders = seen.matches.get(&(number, GlobRole::Marker(index)));
                let Some(folder) = folders.and_then(|folders| folders.first()) else {
                    continue;
                };
                if !is_place(layout, marker, folder) || is_elsewhere(layout, &marker.path, folder, seen.path) {
                    continue;
                }
                match &seen.barrier {
                    Some(Barrier::Reserved(_)) => continue,
                    Some(Barrier::Foreign(..)) => {
                        // Reading other people's files to say that they are left out would be a waste.
                        if marker.is_certain() {
                            self.leave_out(seen);
                        }
                        continue;
                    }
                    Some(Barrier::Ignored | Barrier::Unusable(_)) | None => {}
                }
                // A file that an earlier layout claimed marks no home of this one, unless its name alone does.
                if marker.needs_keys() && self.found.files.contains_key(seen.file) {
                    continue;
                }
                let other = marker.beside.as_ref().map(|other| joined(folder, other));
                let has_other = other.is_none_or(|other| self.view.paths.contains_key(&other));
                if has_other && self.contents.satisfies(seen.file, marker) {
                    homes.folders.insert((*folder).to_owned());
                    homes.markers.insert(seen.file.to_owned());
                }
            }
        }
        homes
    }

    fn claim_surfaces(&mut self, number: usize, layout: &'t HostLayout, homes: &mut LayoutHomes) {
        for seen in self.paths {
            let surfaces = layout.surfaces.iter().enumerate();
            let matching = surfaces
                .filter(|(_, surface)| !layout.marked.contains(&surface.name) || homes.markers.contains(seen.file));
            let mut places = matching.filter_map(|(index, surface)| {
                let folders = seen.matches.get(&(number, GlobRole::Surface(index)))?;
                let folder = innermost(folders, &homes.folders)?;
                (!is_elsewhere(layout, &surface.path, folder, seen.path)).then_some((surface, folder))
            });
            let Some((surface, folder)) = places.next() else {
                continue;
            };
            if self.is_barred(seen) || is_binary(seen.file) {
                continue;
            }
            if self.closed.contains(seen.file) || Self::is_protected(number, seen, &homes.folders) {
                self.closed.insert(seen.file.to_owned());
                continue;
            }
            let folder = folder.to_owned();
            let home = DetectedHome { layout, folder };
            if self.claim(seen, &home, surface.clone()) || !layout.fallback {
                homes.used.insert(home.folder);
            }
        }
    }

    /// Whether a file that a home names cannot belong to it; says so in what was found.
    fn is_barred(&mut self, seen: &SeenPath) -> bool {
        if seen.barrier.is_some() {
            self.leave_out(seen);
        }
        seen.barrier.is_some()
    }

    pub(super) fn leave_out(&mut self, seen: &SeenPath) {
        let entry = seen.barrier.as_ref().map(|barrier| barrier.entry(seen.file));
        self.found.left_out.extend(entry);
    }

    /// Gives a file to a surface, unless another one has it; returns whether it has it now.
    fn claim(&mut self, seen: &SeenPath, home: &DetectedHome<'t>, surface: Surface) -> bool {
        let is_new = !self.found.files.contains_key(seen.file);
        let order = self.found.files.len();
        let new = || HomeFile {
            home: home.clone(),
            surface,
            links: BTreeSet::new(),
            order,
        };
        let file = self.found.files.entry(seen.file.to_owned()).or_insert_with(new);
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

    /// The path of the view that a text names.
    pub(super) fn seen(&self, path: &str) -> Option<&'s SeenPath<'s>> {
        self.paths.iter().find(|seen| seen.path == path || seen.file == path)
    }

    /// Claims a text that another file names; returns whether it is a text of the workspace. Other files are only shown.
    pub(super) fn claim_text(&mut self, path: &str, home: &DetectedHome<'t>, named: &str) -> bool {
        let Some(seen) = self.seen(path) else {
            return false;
        };
        if seen.barrier.is_some() {
            self.leave_out(seen);
            return false;
        }
        let is_text = match named == IMPORTS {
            true => [".md", ".txt"].iter().any(|end| path.ends_with(end)),
            false => is_prose(path),
        };
        if !is_text || is_closed(seen.file) || self.closed.contains(seen.file) {
            self.found
                .shown
                .insert(seen.file.to_owned(), "not a text for the model".to_owned());
            return false;
        }
        // An imported skill belongs to the layout that has skills.
        if named == IMPORTS && is_skill(seen.file) {
            return true;
        }
        let own = home.layout.surfaces.iter().find(|own| own.name == named).cloned();
        let surface = own.unwrap_or_else(|| Surface {
            fills: Some(filled_in(home.layout, named)),
            ..Surface::of_named_files(named, seen.file)
        });
        self.claim(seen, home, surface);
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
                // No edit can change what a layout protects, even if an earlier layout claimed it.
                self.found.files.remove(seen.file);
                self.closed.insert(seen.file.to_owned());
            }
            if seen.barrier.is_some() {
                self.leave_out(seen);
            } else if !self.found.files.contains_key(seen.file) && !is_binary(seen.file) {
                let reason = match is_protected {
                    true if self.table.rows()[number].is_users => "protected by your layout",
                    true => PROTECTED,
                    false => "not editable",
                };
                self.found.shown.insert(seen.file.to_owned(), reason.to_owned());
            }
        }
        let files = &self.found.files;
        self.found.shown.retain(|path, _| !files.contains_key(path));
    }

    /// The homes of each layout.
    fn used_homes(&self) -> BTreeMap<&'t str, BTreeSet<String>> {
        let mut used: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for home in &self.found.homes {
            used.entry(&home.layout.name).or_default().insert(home.folder.clone());
        }
        used
    }

    /// Whether a path looks like a part of one of the homes.
    fn is_part(&self, path: &str, used: &BTreeMap<&str, BTreeSet<String>>) -> bool {
        let matches = self.matcher.matches(path);
        matches.iter().any(|((layout, role), folders)| {
            let layout = &self.table.rows()[*layout].layout;
            let homes = used.get(layout.name.as_str());
            let is_used = homes.is_some_and(|homes| innermost(folders, homes).is_some());
            matches!(role, GlobRole::Surface(_)) && (is_used || !layout.fallback && folders.contains(&""))
        })
    }

    /// Whether a path, or what a folder at it may hold, looks like a part of one of the homes.
    fn may_be_part(&self, path: &str, used: &BTreeMap<&str, BTreeSet<String>>) -> bool {
        let name = path.rsplit('/').next().unwrap_or_default();
        let is_folder = !name.trim_start_matches('.').contains('.');
        let mut below = ["x.md", "SKILL.md", "x/SKILL.md"].iter();
        self.is_part(path, used) || is_folder && below.any(|rest| self.is_part(&format!("{path}/{rest}"), used))
    }

    /// Leaves out what looks like a part of a home, but has a name that is not UTF-8.
    pub(super) fn odd_names(&mut self) {
        let used = self.used_homes();
        let prefix = self.listing.prefix();
        let odd = self.listing.odd_names.iter();
        let odd: Vec<&String> = odd
            .filter(|path| foreign(path, self.listing).is_none())
            .filter(|path| self.may_be_part(&format!("{prefix}{path}"), &used))
            .collect();
        let entries = odd.into_iter().map(|path| (path.clone(), ODD_NAME.to_owned()));
        self.found.left_out.extend(entries);
    }

    /// Reports links that look like a part of a home, but lead to no file of the workspace.
    pub(super) fn bad_links(&mut self) {
        let used = self.used_homes();
        let mut bad = BTreeMap::new();
        let prefix = self.listing.prefix();
        for (link, reason) in &self.view.broken {
            let own = link.strip_prefix(&prefix).unwrap_or(link);
            if foreign(own, self.listing).is_some() || self.listing.ignored.contains(own) {
                continue;
            }
            if self.may_be_part(link, &used) {
                bad.insert(link.clone(), reason.clone());
            }
        }
        for seen in self
            .paths
            .iter()
            .filter(|seen| seen.is_link && self.is_part(seen.path, &used))
        {
            if let Some(Barrier::Reserved(reason)) = &seen.barrier {
                let reason = format!("a link to {}, which cannot be edited: {reason}", seen.file);
                bad.insert(seen.path.to_owned(), reason);
            }
        }
        self.found.bad_links.extend(bad);
    }
}
