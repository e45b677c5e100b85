//! The agent homes that `kaizen init` finds.
#![allow(clippy::disallowed_methods)] // edge: the targets of links

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::exit::CommandFailure;
use super::offered::OfferedEdits;
use super::visible::visible;
use crate::harness::format::all_values::all_values;
use crate::harness::format::error::FormatError;
use crate::harness::layout::HostLayout;
use crate::harness::layout::detect::{Detection, detect};
use crate::harness::layout::entries::{ManifestEntries, entries};
use crate::harness::layout::listing::WorkspaceListing;
use crate::harness::layout::table::LayoutTable;
use crate::ledger::Git;
use crate::manifest::surface::Surface;
use crate::sys::disk::{DiskError, LARGEST_HARNESS_FILE, Root, WalkVisitor};

/// Folders that hold no home: they are machine-local, or hold other people's code.
const SKIPPED: [&str; 9] = [
    ".git",
    ".kaizen",
    ".tox",
    ".venv",
    "__pycache__",
    "bower_components",
    "node_modules",
    "site-packages",
    "venv",
];

/// The largest file whose text is read to find homes, in bytes.
const LARGEST: u64 = 4 << 20;

/// What to do about a link that leads to no file of the workspace.
pub(crate) const LINK_REMEDY: &str = "replace it by a copy, or by a link to a file of this workspace";

/// The homes of a workspace, and its files.
pub(crate) struct FoundHomes<'t> {
    /// What was found.
    pub found: Detection<'t>,
    table: &'t LayoutTable,
    listing: WorkspaceListing,
}

impl<'t> FoundHomes<'t> {
    /// Finds the homes of a workspace, without files that git ignores.
    ///
    /// # Errors
    /// A folder cannot be read, or git fails.
    pub(crate) fn find(root: &Root, table: &'t LayoutTable, git: Option<&Git>) -> Result<Self, CommandFailure> {
        let mut listing = listing(root, git)?;
        listing.name = table.folder_of_host(&listing.name);
        let find = |listing: &WorkspaceListing| {
            detect(table, listing, &|path| text(root, path)).map_err(CommandFailure::failed)
        };
        let found = find(&listing)?;
        let candidates = found
            .files
            .keys()
            .chain(found.shown.keys())
            .chain(found.bad_links.keys());
        let candidates: Vec<&str> = candidates.chain(&listing.skipped).map(String::as_str).collect();
        let ignored = match git {
            Some(git) if !candidates.is_empty() => git.ignored(&candidates)?,
            _ => Vec::new(),
        };
        let unusable: Vec<(String, String)> = candidates
            .iter()
            .filter_map(|path| Some(((*path).to_owned(), unusable(root, path)?)))
            .collect();
        if ignored.is_empty() && unusable.is_empty() {
            return Ok(Self { found, table, listing });
        }
        drop(found);
        listing.skipped.retain(|folder| !ignored.contains(folder));
        listing.ignored.extend(ignored);
        listing.unusable.extend(unusable);
        let found = find(&listing)?;
        Ok(Self { found, table, listing })
    }

    /// Shows the files in which no op applies, such as settings that cannot be parsed, instead of offering them.
    pub(super) fn keep_editable(&mut self, root: &Root, offered: &OfferedEdits) {
        let files = std::mem::take(&mut self.found.files);
        let (open, closed): (BTreeMap<_, _>, BTreeMap<_, _>) =
            files.into_iter().partition(|(path, _)| offered.files.contains(path));
        self.found.files = open;
        let closed = closed.into_iter().map(|(path, file)| {
            let reason = match offered.programs.contains(&path) {
                true => "a program".to_owned(),
                false => why_closed(text(root, &path), &file.surface, &path),
            };
            (path, reason)
        });
        self.found.shown.extend(closed);
    }

    /// Checks that the links of the homes lead to files of the workspace.
    ///
    /// # Errors
    /// One does not; the message names it.
    pub(crate) fn check_links(&self) -> Result<(), CommandFailure> {
        match self.bad_link() {
            Some(problem) => Err(CommandFailure::usage(problem).hint(LINK_REMEDY)),
            None => Ok(()),
        }
    }

    /// The first link of the homes that leads to no file of the workspace, with the reason.
    pub(crate) fn bad_link(&self) -> Option<String> {
        let (link, reason) = self.found.bad_links.first_key_value()?;
        Some(format!("{} is {}", visible(link), visible(reason)))
    }

    /// The paths by which hosts read files of the homes through links.
    pub(crate) fn linked_paths(&self) -> Vec<String> {
        let prefix = self.listing.prefix();
        let paths = self.found.files.values().flat_map(|file| &file.links);
        paths
            .map(|path| path.strip_prefix(&prefix).unwrap_or(path).to_owned())
            .collect()
    }

    /// The layout of the homes, if only one was looked for.
    pub(super) fn only_layout(&self) -> Option<&str> {
        match self.table.rows() {
            [row] => Some(&row.layout.name),
            _ => None,
        }
    }

    /// The links of the workspace.
    pub(crate) fn links(&self) -> Vec<String> {
        self.listing.links.keys().cloned().collect()
    }

    /// What the manifest lists for the homes.
    pub(crate) fn entries(&self, root: &Root) -> ManifestEntries {
        let is_json = |path: &str| text(root, path).is_some_and(|text| text.trim_start().starts_with('{'));
        let is_users = |layout: &HostLayout| {
            let mut rows = self.table.rows().iter();
            rows.any(|row| row.is_users && row.layout.name == layout.name)
        };
        entries(&self.found, &self.listing, &is_users, &is_json)
    }
}

/// The layouts to look for.
///
/// # Errors
/// There is no layout of the name.
pub(super) fn chosen(mut table: LayoutTable, name: Option<&str>) -> Result<LayoutTable, CommandFailure> {
    let Some(name) = name else { return Ok(table) };
    match table.keep_only(name) {
        true => Ok(table),
        false => {
            let problem = format!("there is no layout `{}`", name.escape_debug());
            Err(CommandFailure::usage(problem).hint("`kaizen layouts` lists them"))
        }
    }
}

/// Why no op applies to a file with this text, with the line and the remedy.
fn why_closed(text: Option<String>, surface: &Surface, path: &str) -> String {
    let Some(text) = text else {
        return "it is no UTF-8 text; save it as UTF-8 to let edits change it".to_owned();
    };
    match all_values(surface.format_of(path), &text) {
        Ok(_) | Err(FormatError::Keyless) => {
            let keys: Vec<&str> = surface.keys.keys().map(String::as_str).collect();
            format!("it has none of the keys that edits change: {}", keys.join(", "))
        }
        Err(problem) => format!("{problem}; until then, no edit can change the file"),
    }
}

/// Why a file cannot belong to a harness: its size, or the rights of this user.
fn unusable(root: &Root, path: &str) -> Option<String> {
    let about = std::fs::symlink_metadata(root.join(path)).ok()?;
    if about.len() > LARGEST_HARNESS_FILE {
        return Some(format!("it is larger than {} MiB", LARGEST_HARNESS_FILE >> 20));
    }
    let is_locked = about.is_file() && std::fs::File::open(root.join(path)).is_err();
    is_locked.then(|| "it cannot be read".to_owned())
}

fn text(root: &Root, path: &str) -> Option<String> {
    let bytes = root.read_up_to(Path::new(path), LARGEST).ok()??;
    String::from_utf8(bytes).ok()
}

/// The files and links of a workspace. Folders at its top that git ignores hold build results rather than homes, unless
/// they are hidden.
fn listing(root: &Root, git: Option<&Git>) -> Result<WorkspaceListing, CommandFailure> {
    let mut listing = WorkspaceListing {
        name: root.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        ..WorkspaceListing::default()
    };
    let tops = tops(root)?;
    let tops: Vec<&str> = tops.iter().map(String::as_str).collect();
    let ignored = match git {
        Some(git) if !tops.is_empty() => git.ignored(&tops)?,
        _ => Vec::new(),
    };
    let mut odd = BTreeSet::new();
    let visit: WalkVisitor = &mut |entry| {
        if entry.kind.is_dir() {
            return Ok(is_entered(root, entry.path, &ignored, &mut listing));
        }
        if entry.kind.is_symlink() {
            // The link may have been removed since the walk found it.
            if let Ok(target) = std::fs::read_link(root.join(&entry.path)) {
                listing.links.insert(entry.path, target.to_string_lossy().into_owned());
            }
        } else if entry.kind.is_file() {
            listing.files.insert(entry.path);
        }
        Ok(false)
    };
    root.walk_noting(visit, &mut |path| odd.extend([path]))?;
    listing.odd_names = odd;
    Ok(listing)
}

/// Whether the files of a folder are listed. Says in the listing why not, unless git ignores it.
fn is_entered(root: &Root, folder: String, ignored: &[String], listing: &mut WorkspaceListing) -> bool {
    let name = folder.rsplit('/').next().unwrap_or_default();
    if SKIPPED.contains(&name) {
        if !name.starts_with(".git") && !name.starts_with(".kaizen") {
            listing.skipped.insert(folder);
        }
        return false;
    }
    match root.is_taken(format!("{folder}/.git")) {
        Ok(true) => {
            listing.repositories.insert(folder);
            false
        }
        _ if ignored.contains(&folder) => false,
        Ok(false) => true,
        Err(_) => {
            listing.unreadable.insert(folder);
            false
        }
    }
}

/// The folders at the top of a workspace that are not hidden.
fn tops(root: &Root) -> Result<Vec<String>, DiskError> {
    let mut tops = Vec::new();
    root.walk(&mut |entry| {
        if entry.kind.is_dir() && !entry.path.starts_with('.') {
            tops.push(entry.path);
        }
        Ok(false)
    })?;
    Ok(tops)
}
