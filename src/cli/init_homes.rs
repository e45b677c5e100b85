//! The agent homes that `kaizen init` finds.
#![allow(clippy::disallowed_methods)] // edge: the targets of links

use std::path::Path;

use super::exit::CommandFailure;
use super::visible::visible;
use crate::harness::layout::detect::{Detection, detect};
use crate::harness::layout::entries::{ManifestEntries, entries};
use crate::harness::layout::listing::WorkspaceListing;
use crate::harness::layout::table::LayoutTable;
use crate::ledger::Git;
use crate::sys::disk::{DiskError, Root};

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

/// The homes of a workspace, and its files.
pub(crate) struct FoundHomes<'t> {
    /// What was found.
    pub found: Detection<'t>,
    listing: WorkspaceListing,
}

impl<'t> FoundHomes<'t> {
    /// Finds the homes of a workspace, without files that git ignores.
    ///
    /// # Errors
    /// A folder cannot be read, or git fails.
    pub(crate) fn find(root: &Root, table: &'t LayoutTable, git: Option<&Git>) -> Result<Self, CommandFailure> {
        let mut listing = listing(root, git)?;
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
        if ignored.is_empty() {
            return Ok(Self { found, listing });
        }
        drop(found);
        listing.skipped.retain(|folder| !ignored.contains(folder));
        listing.ignored.extend(ignored);
        let found = find(&listing)?;
        Ok(Self { found, listing })
    }

    /// Checks that the links of the homes lead to files of the workspace.
    ///
    /// # Errors
    /// One does not; the message names it.
    pub(crate) fn check_links(&self) -> Result<(), CommandFailure> {
        let Some((link, reason)) = self.found.bad_links.first_key_value() else {
            return Ok(());
        };
        let problem = format!("{} is {}", visible(link), visible(reason));
        Err(CommandFailure::usage(problem).hint("replace it by a copy, or by a link to a file of this workspace"))
    }

    /// What the manifest lists for the homes.
    pub(crate) fn entries(&self, root: &Root) -> ManifestEntries {
        let is_json = |path: &str| text(root, path).is_some_and(|text| text.trim_start().starts_with('{'));
        entries(&self.found, &self.listing, &is_json)
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
    root.walk(&mut |entry| {
        let name = entry.path.rsplit('/').next().unwrap_or_default();
        if entry.kind.is_dir() {
            let is_skipped = SKIPPED.contains(&name);
            if !is_skipped && root.is_taken(format!("{}/.git", entry.path))? {
                listing.repositories.insert(entry.path);
                return Ok(false);
            }
            if is_skipped && !name.starts_with(".git") && !name.starts_with(".kaizen") {
                listing.skipped.insert(entry.path.clone());
            }
            return Ok(!is_skipped && !ignored.contains(&entry.path));
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
    })?;
    Ok(listing)
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
