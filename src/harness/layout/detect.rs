//! Finds the agent homes of a workspace: which layouts they have, and which files are editable, shown or left out.

use std::collections::{BTreeMap, BTreeSet};

use super::HostLayout;
use super::foreign::{foreign, joined};
use super::listing::{HostView, WorkspaceListing};
use super::marker::{FileContents, ReadText};
use super::matcher::{LayoutMatcher, PathMatches};
use super::reserved::exclusion;
use super::search::HomeSearch;
use super::table::LayoutTable;
use crate::manifest::surface::{Surface, compiled};

/// The surface of files that are imported with `@path`; the host reads them with the file that imports them.
pub(crate) const IMPORTS: &str = "imports";

/// Why a file is only shown that a built-in layout protects.
pub(super) const PROTECTED: &str = "protected";

/// Why a file is left out whose name no manifest can have.
pub(crate) const ODD_NAME: &str = "its name is not UTF-8; rename it";

/// What was found in a workspace.
#[derive(Debug, Default)]
pub(crate) struct Detection<'t> {
    /// The homes, by layout in the order of the table, then by folder.
    pub homes: Vec<DetectedHome<'t>>,
    /// The files with an editable part, by path.
    pub files: BTreeMap<String, HomeFile<'t>>,
    /// Files that the teacher sees, but that are not editable, each with the reason.
    pub shown: BTreeMap<String, String>,
    /// Files and folders that look like a part of a home, but do not belong to one, each with the reason.
    pub left_out: BTreeMap<String, String>,
    /// The files that each file imports, in the order of its text.
    pub imported: BTreeMap<String, Vec<String>>,
    /// Files of surfaces that a host reads when it starts, but that it reads only when they match.
    pub matched: BTreeSet<String>,
    /// Imports that are not followed, by the file and the import as it is written, each with the reason.
    pub skipped_imports: BTreeMap<(String, String), String>,
    /// Links that look like a part of a home, but lead to no file that can belong to one, each with the reason.
    pub bad_links: BTreeMap<String, String>,
}

/// A folder that has a layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DetectedHome<'t> {
    /// The layout.
    pub layout: &'t HostLayout,
    /// The folder as the host sees it, relative to the workspace; empty for the workspace itself.
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
    /// Its place in the order in which files were found. Files that a value names come in the order of the value.
    pub order: usize,
}

impl HomeFile<'_> {
    /// The link through which the host of its home reads it: of several, one at the place of its surface.
    pub(crate) fn own_link(&self) -> Option<&str> {
        let glob = joined(&self.home.folder, &self.surface.glob());
        let glob = compiled(&glob).ok().map(|glob| glob.compile_matcher());
        let is_own = |link: &&String| glob.as_ref().is_some_and(|glob| glob.is_match(link));
        let own = self.links.iter().find(is_own);
        own.or(self.links.first()).map(String::as_str)
    }
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
    let paths = seen_paths(&matcher, &view, listing);
    let mut search = HomeSearch {
        table,
        matcher: &matcher,
        listing,
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
    search.bad_links();
    search.odd_names();
    let mut found = search.found;
    let other = "a git repository of its own; run `kaizen init` there";
    let repositories = listing.repositories.iter().map(|folder| (folder, other));
    let unreadable = listing.unreadable.iter().map(|folder| (folder, "it cannot be read"));
    let folders = repositories.chain(unreadable);
    found
        .left_out
        .extend(folders.map(|(folder, reason)| (format!("{folder}/"), reason.to_owned())));
    Ok(found)
}

/// A path that a host sees.
pub(super) struct SeenPath<'v> {
    /// The path.
    pub path: &'v str,
    /// The path of the file, which differs for a link.
    pub file: &'v str,
    /// Whether the path is a link, or leads through one.
    pub is_link: bool,
    /// The globs that match the path.
    pub matches: PathMatches<'v>,
    /// Why the file cannot belong to a home.
    pub barrier: Option<Barrier<'v>>,
}

/// Why a file cannot belong to a home of the workspace.
pub(super) enum Barrier<'v> {
    /// It is never read, for the given reason.
    Reserved(&'static str),
    /// A folder that holds it has other people's homes, for the given reason.
    Foreign(&'v str, &'static str),
    /// git ignores it, so no commit has it. It may still mark a home.
    Ignored,
    /// A harness cannot have it, for the given reason. It may still mark a home.
    Unusable(&'v str),
}

impl Barrier<'_> {
    /// What is left out, and why.
    pub(super) fn entry(&self, file: &str) -> (String, String) {
        match self {
            Self::Reserved(reason) => (file.to_owned(), (*reason).to_owned()),
            Self::Foreign(folder, reason) => (format!("{folder}/"), (*reason).to_owned()),
            Self::Ignored => (file.to_owned(), "git ignores it".to_owned()),
            Self::Unusable(reason) => (file.to_owned(), (*reason).to_owned()),
        }
    }
}

/// The paths of a view that some glob matches. A path of a file itself comes before those of links to files.
fn seen_paths<'v>(matcher: &LayoutMatcher, view: &'v HostView, listing: &'v WorkspaceListing) -> Vec<SeenPath<'v>> {
    let prefix = listing.prefix();
    let seen = view.paths.iter().map(|(path, file)| SeenPath {
        path,
        file,
        is_link: path.strip_prefix(&prefix) != Some(file),
        matches: matcher.matches(path),
        barrier: barrier(file, listing),
    });
    let mut paths: Vec<SeenPath> = seen.collect();
    paths.sort_by_key(|seen| seen.is_link);
    paths
}

fn barrier<'v>(file: &'v str, listing: &'v WorkspaceListing) -> Option<Barrier<'v>> {
    let reserved = exclusion(file).map(Barrier::Reserved);
    let foreign = || foreign(file, listing).map(|(folder, reason)| Barrier::Foreign(folder, reason));
    let ignored = || listing.ignored.contains(file).then_some(Barrier::Ignored);
    let unusable = || listing.unusable.get(file).map(|reason| Barrier::Unusable(reason));
    reserved.or_else(foreign).or_else(ignored).or_else(unusable)
}
