//! What a manifest lists for the homes that were found: layouts, files and surfaces, with paths relative to the workspace.
//!
//! A glob is kept only if it matches nothing that was left out; else each file is listed alone.

use std::collections::BTreeSet;

use globset::GlobMatcher;

use super::HostLayout;
use super::detect::{DetectedHome, Detection, HomeFile, PROTECTED};
use super::entry_names::{EntryNames, literal, short};
use super::foreign::joined;
use super::listing::WorkspaceListing;
use super::reserved::{exclusion, is_binary, is_closed};
use crate::manifest::protected_files::ProtectedFiles;
use crate::manifest::relative_path::folder_of;
use crate::manifest::surface::{CreateTier, Surface, SurfaceFormat, compiled};

/// As many files of the same name are listed by one glob, if one selects just them.
const FEW: usize = 3;

/// What the section `[harness]` of a manifest says about the homes of a workspace.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ManifestEntries {
    /// The names of the layouts.
    pub layouts: Vec<String>,
    /// Globs of the files that belong to the agent, but that no edit changes.
    pub files: Vec<String>,
    /// The surfaces; the first one that matches a file has it.
    pub surfaces: Vec<Surface>,
    /// What the user's own layouts protect.
    pub protected: Vec<ProtectedFiles>,
}

/// The entries for what was found. `is_users` says whether a layout is one of the user's own, and `is_json` whether the text
/// of a file is JSON, whatever its name.
pub(crate) fn entries(
    found: &Detection,
    listing: &WorkspaceListing,
    is_users: &dyn Fn(&HostLayout) -> bool,
    is_json: &dyn Fn(&str) -> bool,
) -> ManifestEntries {
    let mut writer = EntryWriter {
        found,
        listing,
        is_json,
        names: EntryNames::default(),
        entries: Vec::new(),
    };
    for siblings in groups(&found.homes) {
        writer.homes(&siblings);
    }
    writer.join_same_names();
    let users = found.homes.iter().filter(|home| is_users(home.layout));
    ManifestEntries {
        layouts: found.layouts().iter().map(|layout| layout.name.clone()).collect(),
        files: writer.files(),
        protected: users.flat_map(|home| writer.protected(home)).collect(),
        surfaces: writer.entries.into_iter().map(|entry| entry.surface).collect(),
    }
}

/// A surface of the manifest.
struct SurfaceEntry {
    surface: Surface,
    glob: GlobMatcher,
    /// The file, if it lists only one.
    single: Option<String>,
}

struct EntryWriter<'f, 't> {
    found: &'f Detection<'t>,
    listing: &'f WorkspaceListing,
    is_json: &'f dyn Fn(&str) -> bool,
    names: EntryNames,
    entries: Vec<SurfaceEntry>,
}

fn is_family(path: &str) -> bool {
    path.contains(['*', '{'])
}

/// The files of a home.
fn files_of<'f, 't>(found: &'f Detection<'t>, home: &DetectedHome) -> Vec<(&'f str, &'f HomeFile<'t>)> {
    let files = found.files.iter().filter(|(_, file)| file.home == *home);
    files.map(|(path, file)| (path.as_str(), file)).collect()
}

/// The files of a surface in a home.
fn paths_of<'f>(found: &'f Detection, home: &DetectedHome, surface: &Surface) -> BTreeSet<&'f str> {
    let own = files_of(found, home)
        .into_iter()
        .filter(|(_, file)| file.surface.name == surface.name);
    own.map(|(path, _)| path).collect()
}

/// Homes that a manifest can list together: those beside each other, if their layout says so.
fn groups<'h, 't>(homes: &'h [DetectedHome<'t>]) -> Vec<Vec<&'h DetectedHome<'t>>> {
    let mut groups: Vec<Vec<&DetectedHome>> = Vec::new();
    for home in homes {
        let beside = |group: &&mut Vec<&DetectedHome>| {
            let first = group[0];
            let is_same = first.layout.name == home.layout.name && folder_of(&first.folder) == folder_of(&home.folder);
            home.layout.siblings.is_some() && is_same && !home.folder.is_empty() && !first.folder.is_empty()
        };
        match groups.iter_mut().find(beside) {
            Some(group) => group.push(home),
            None => groups.push(vec![home]),
        }
    }
    groups
}

impl<'f> EntryWriter<'f, '_> {
    fn homes(&mut self, homes: &[&DetectedHome]) {
        let layout = homes[0].layout;
        for surface in &layout.surfaces {
            if !self.siblings(homes, surface) {
                homes.iter().for_each(|home| self.surface(home, surface));
            }
        }
        // Files that other files name or import belong to no surface of the layout itself.
        let is_known = |file: &HomeFile| layout.surfaces.iter().any(|surface| surface.name == file.surface.name);
        let found = self.found;
        for home in homes {
            for (path, file) in files_of(found, home).into_iter().filter(|(_, file)| !is_known(file)) {
                self.single(home, &file.surface, path, true);
            }
        }
    }

    /// Adds a surface for homes beside each other; returns whether one glob selects their files.
    fn siblings(&mut self, homes: &[&DetectedHome], surface: &Surface) -> bool {
        let first = homes[0];
        let name = first.layout.siblings.as_ref().filter(|_| !first.folder.is_empty());
        let Some(name) = name else { return false };
        // Beside a home at the top of a workspace are other folders.
        if homes.len() == 1 && folder_of(&first.folder).is_empty() {
            return false;
        }
        let shared = DetectedHome {
            layout: first.layout,
            folder: folder_of(&first.folder).to_owned(),
        };
        let paths: BTreeSet<&str> = homes
            .iter()
            .flat_map(|home| paths_of(self.found, home, surface))
            .collect();
        let path = format!("{{{name}}}/{}", surface.path);
        // There is a folder in which files can be created: that of each home. At the top of a workspace, other folders are no
        // homes.
        let is_offered = surface.create != CreateTier::Off && !shared.folder.is_empty();
        let is_exact = self.family(&shared, surface, &path, &paths, is_offered);
        if is_exact {
            homes.iter().for_each(|home| {
                paths_of(self.found, home, surface)
                    .iter()
                    .for_each(|path| self.single(home, surface, path, true))
            });
        }
        is_exact
    }

    fn surface(&mut self, home: &DetectedHome, surface: &Surface) {
        let paths = paths_of(self.found, home, surface);
        self.family(home, surface, &surface.path, &paths, self.is_offered(home, surface));
        let is_family = is_family(&surface.path);
        paths
            .iter()
            .for_each(|path| self.single(home, surface, path, is_family));
    }

    /// Adds a surface for a family of files, or without files if it is offered; returns whether its glob selects just these
    /// files.
    fn family(
        &mut self,
        home: &DetectedHome,
        surface: &Surface,
        path: &str,
        files: &BTreeSet<&str>,
        is_offered: bool,
    ) -> bool {
        let path = self.own(&joined(&literal(&home.folder), path));
        let family = Surface {
            path,
            ..surface.clone()
        };
        let Ok(glob) = compiled(&family.glob()).map(|glob| glob.compile_matcher()) else {
            return false;
        };
        // Files behind links have other paths, so they are listed alone.
        let direct: BTreeSet<&str> = files.iter().copied().filter(|path| glob.is_match(path)).collect();
        let is_exact =
            is_family(&family.path) && self.matched(&glob) == direct && !self.may_match_unlisted(&family.path);
        if is_exact && (!direct.is_empty() || is_offered) {
            self.add(home, family, glob, None);
        }
        is_exact
    }

    /// Whether a family without files is listed so that edits can create some: if the host has a folder for it.
    fn is_offered(&self, home: &DetectedHome, surface: &Surface) -> bool {
        let markers = home.layout.markers.iter().map(|marker| marker.path.as_str());
        let fixed = markers.filter_map(|marker| marker.split_once('*').map(|(fixed, _)| fixed));
        let has_folder = |folder: &str| {
            let folder = self.own(&joined(&home.folder, folder));
            (folder.is_empty() || folder.ends_with('/'))
                && self.listing.files.iter().any(|file| file.starts_with(&folder))
        };
        let of_family = fixed
            .into_iter()
            .filter(|folder| !folder.is_empty() && surface.path.starts_with(folder));
        // The folder of a skill is there, whatever it has.
        let is_folder = home.layout.siblings.is_some();
        surface.create != CreateTier::Off && (is_folder || of_family.into_iter().any(has_folder))
    }

    /// A path as the manifest has it: without the name of the workspace's own folder, which a host sees.
    fn own(&self, path: &str) -> String {
        let prefix = self.listing.prefix();
        path.strip_prefix(&prefix).unwrap_or(path).to_owned()
    }

    /// The files that a glob brings into the harness and that no surface so far has.
    fn matched(&self, glob: &GlobMatcher) -> BTreeSet<&'f str> {
        let free = |path: &&str| !self.entries.iter().any(|earlier| earlier.glob.is_match(path));
        let members = self.members(glob).into_iter().filter(free);
        // No edit can change what a built-in layout protects, whichever surface matches it.
        let is_open = |path: &&str| {
            !is_closed(path) && !is_binary(path) && self.found.shown.get(*path).is_none_or(|reason| reason != PROTECTED)
        };
        members.filter(is_open).collect()
    }

    /// The files that a glob brings into the harness.
    fn members(&self, glob: &GlobMatcher) -> BTreeSet<&'f str> {
        let files = self.listing.files.iter().map(String::as_str);
        let matched = files.filter(|path| glob.is_match(path));
        matched
            .filter(|path| exclusion(path).is_none() && !self.listing.ignored.contains(*path))
            .collect()
    }

    /// Whether a glob could match files of folders that are not listed.
    fn may_match_unlisted(&self, path: &str) -> bool {
        let parts: Vec<&str> = path.split('/').collect();
        let fixed = parts.iter().take_while(|part| !part.contains(['*', '{']));
        let fixed: String = fixed.map(|part| format!("{part}/")).collect();
        let listing = self.listing;
        let unlisted = listing
            .skipped
            .iter()
            .chain(&listing.repositories)
            .chain(&listing.unreadable);
        parts.contains(&"**") && unlisted.into_iter().any(|folder| folder.starts_with(&fixed))
    }

    /// Adds a surface for a single file, unless one has it already.
    fn single(&mut self, home: &DetectedHome, surface: &Surface, path: &str, is_family: bool) {
        if self.entries.iter().any(|entry| entry.glob.is_match(path)) {
            return;
        }
        let literal = literal(path);
        let Ok(glob) = compiled(&literal).map(|glob| glob.compile_matcher()) else {
            return;
        };
        let format = match surface.format {
            Some(SurfaceFormat::Yaml) if (self.is_json)(path) => Some(SurfaceFormat::Json),
            // The link by which a host knows the file may have another extension.
            None if SurfaceFormat::of(path) != surface.format() => Some(surface.format()),
            format => format,
        };
        let name = match is_family {
            true => format!("{}/{}", surface.name, short(path)),
            false => surface.name.clone(),
        };
        let single = Surface {
            name,
            path: literal,
            format,
            create: CreateTier::Off,
            ..surface.clone()
        };
        self.add(home, single, glob, Some(path));
    }

    fn add(&mut self, home: &DetectedHome, surface: Surface, glob: GlobMatcher, single: Option<&str>) {
        let name = self.names.free(home, &surface);
        self.entries.push(SurfaceEntry {
            surface: Surface { name, ..surface },
            glob,
            single: single.map(str::to_owned),
        });
    }

    /// Lists files of the same name in many folders by one glob, where one selects just them.
    fn join_same_names(&mut self) {
        let singles: BTreeSet<String> = self.entries.iter().filter_map(|entry| entry.single.clone()).collect();
        let names: BTreeSet<&str> = singles.iter().filter_map(|path| path.rsplit('/').next()).collect();
        for name in names {
            let path = format!("**/{}", literal(name));
            let Ok(glob) = compiled(&path).map(|glob| glob.compile_matcher()) else {
                continue;
            };
            let is_nested = |entry: &&SurfaceEntry| {
                entry
                    .single
                    .as_ref()
                    .is_some_and(|path| path.ends_with(&format!("/{name}")))
            };
            let Some(first) = self.entries.iter().find(is_nested) else {
                continue;
            };
            let spec = |surface: &Surface| {
                let Surface {
                    format,
                    body,
                    keys,
                    fills,
                    ..
                } = surface.clone();
                (format, body, keys, fills)
            };
            let wanted = spec(&first.surface);
            let is_same = |entry: &&SurfaceEntry| is_nested(entry) && spec(&entry.surface) == wanted;
            let joined = self.entries.iter().filter(is_same).count();
            let others = |path: &&str| {
                self.entries
                    .iter()
                    .filter(|entry| !is_same(entry))
                    .any(|entry| entry.glob.is_match(path))
            };
            let rest = self.members(&glob).into_iter().filter(|path| !others(path)).count();
            if joined <= FEW || rest != joined || self.may_match_unlisted(&path) {
                continue;
            }
            let base = first.surface.name.rsplit('/').next().unwrap_or_default();
            let surface = Surface {
                name: self.names.nested(base),
                path,
                ..first.surface.clone()
            };
            self.entries.retain(|entry| !is_same(&entry));
            self.entries.push(SurfaceEntry {
                surface,
                glob,
                single: None,
            });
        }
    }

    /// What the layout of a home protects: files, and keys of the files that it knows.
    fn protected(&self, home: &DetectedHome) -> Vec<ProtectedFiles> {
        let HostLayout {
            protected,
            surfaces,
            shown,
            ..
        } = home.layout;
        let with_keys = surfaces.iter().filter(|surface| surface.format().has_keys());
        let known: BTreeSet<String> = with_keys.map(Surface::glob).chain(shown.iter().cloned()).collect();
        let known: Vec<String> = known.into_iter().filter(|_| !protected.keys.is_empty()).collect();
        let place = |glob: &String| self.own(&joined(&literal(&home.folder), glob));
        let entry = |globs: &[String], keys: &[String]| ProtectedFiles {
            files: globs.iter().map(place).filter(|path| compiled(path).is_ok()).collect(),
            keys: keys.to_vec(),
        };
        let entries = [entry(&protected.files, &[]), entry(&known, &protected.keys)];
        entries.into_iter().filter(|entry| !entry.files.is_empty()).collect()
    }

    /// Globs of the files that are shown.
    fn files(&self) -> Vec<String> {
        let mut globs: Vec<String> = Vec::new();
        let mut rest: BTreeSet<&str> = self.found.shown.keys().map(String::as_str).collect();
        for home in &self.found.homes {
            for glob in home.layout.shown.iter().chain(&home.layout.protected.files) {
                let path = self.own(&joined(&literal(&home.folder), glob));
                let Ok(matcher) = compiled(&path).map(|glob| glob.compile_matcher()) else {
                    continue;
                };
                let members = self.members(&matcher);
                let is_shown =
                    |file: &&str| self.found.shown.contains_key(*file) || self.found.files.contains_key(*file);
                let is_exact = members.iter().all(is_shown) && !self.may_match_unlisted(&path);
                if is_exact && members.iter().any(|file| rest.contains(file)) {
                    rest.retain(|file| !matcher.is_match(file));
                    globs.push(path);
                }
            }
        }
        globs.extend(rest.into_iter().map(literal).filter(|path| compiled(path).is_ok()));
        globs
    }
}
