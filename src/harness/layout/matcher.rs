//! Matches the paths of a workspace against the globs of all layouts at once.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use globset::{Glob, GlobMatcher, GlobSet, GlobSetBuilder};

use super::HostLayout;
use super::table::LayoutTable;
use crate::manifest::surface::compiled;

/// The role of a glob in its layout, with its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum GlobRole {
    Marker(usize),
    Surface(usize),
    Protected,
    Shown,
}

/// A glob of a layout.
struct LayoutGlob {
    layout: usize,
    role: GlobRole,
    glob: Glob,
    /// Compiled when it is first needed: most workspaces have the files of few layouts.
    matcher: OnceCell<GlobMatcher>,
}

impl LayoutGlob {
    fn is_match(&self, path: &str) -> bool {
        self.matcher.get_or_init(|| self.glob.compile_matcher()).is_match(path)
    }
}

/// The globs of all layouts, relative to a home at any depth.
pub(super) struct LayoutMatcher {
    globs: Vec<LayoutGlob>,
    /// The globs that need a part of the path with just this name, such as `.claude`. They rule most paths out.
    by_part: BTreeMap<String, Vec<usize>>,
    /// The other globs, at any depth, and their places in `globs`.
    others: GlobSet,
    places: Vec<usize>,
}

/// The folders that may be the home of a path for each glob that matches it, outermost first.
pub(super) type PathMatches<'p> = BTreeMap<(usize, GlobRole), Vec<&'p str>>;

impl LayoutMatcher {
    /// Compiles the globs of a table.
    ///
    /// # Errors
    /// A malformed glob; parsing a layout rules that out.
    pub(super) fn new(table: &LayoutTable) -> Result<Self, String> {
        let mut matcher = Self {
            globs: Vec::new(),
            by_part: BTreeMap::new(),
            others: GlobSet::empty(),
            places: Vec::new(),
        };
        let mut others = GlobSetBuilder::new();
        for (layout, row) in table.rows().iter().enumerate() {
            for (role, glob) in globs_of(&row.layout) {
                let place = matcher.globs.len();
                match fixed_part(&glob) {
                    Some(part) => matcher.by_part.entry(part.to_owned()).or_default().push(place),
                    None => {
                        others.add(compiled(&format!("**/{glob}"))?);
                        matcher.places.push(place);
                    }
                }
                matcher.globs.push(LayoutGlob {
                    layout,
                    role,
                    glob: compiled(&glob)?,
                    matcher: OnceCell::new(),
                });
            }
        }
        matcher.others = others.build().map_err(|error| error.to_string())?;
        Ok(matcher)
    }

    /// The globs that match a path in some home.
    pub(super) fn matches<'p>(&self, path: &'p str) -> PathMatches<'p> {
        let by_part = path
            .split('/')
            .filter_map(|part| self.by_part.get(part))
            .flatten()
            .copied();
        let others = self.others.matches(path).into_iter().map(|index| self.places[index]);
        let candidates: BTreeSet<usize> = by_part.chain(others).collect();
        let mut found = PathMatches::new();
        for glob in candidates.into_iter().map(|place| &self.globs[place]) {
            let homes: Vec<&str> = folders(path).filter(|home| glob.is_match(inside(path, home))).collect();
            if !homes.is_empty() {
                found.insert((glob.layout, glob.role), homes);
            }
        }
        found
    }
}

/// The longest part of a glob without wildcards; every path that the glob matches has it.
fn fixed_part(glob: &str) -> Option<&str> {
    let fixed = glob.split('/').filter(|part| !part.contains(['*', '?', '[', '{']));
    fixed.max_by_key(|part| part.len())
}

fn globs_of(layout: &HostLayout) -> Vec<(GlobRole, String)> {
    let markers = layout.markers.iter().enumerate();
    let markers = markers.map(|(number, marker)| (GlobRole::Marker(number), marker.path.clone()));
    let surfaces = layout.surfaces.iter().enumerate();
    let surfaces = surfaces.map(|(number, surface)| (GlobRole::Surface(number), surface.glob()));
    let protected = layout.protected.files.iter();
    let protected = protected.map(|glob| (GlobRole::Protected, glob.clone()));
    let shown = layout.shown.iter().map(|glob| (GlobRole::Shown, glob.clone()));
    markers.chain(surfaces).chain(protected).chain(shown).collect()
}

/// The folders that hold a path, from the workspace, ``, to the innermost one.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    std::iter::once("").chain(path.match_indices('/').map(|(at, _)| &path[..at]))
}

/// A path relative to a home that holds it.
fn inside<'p>(path: &'p str, home: &str) -> &'p str {
    match home {
        "" => path,
        home => &path[home.len() + 1..],
    }
}

/// The innermost of some folders that is a home.
pub(super) fn innermost<'p>(folders: &[&'p str], homes: &BTreeSet<String>) -> Option<&'p str> {
    folders.iter().rev().find(|folder| homes.contains(**folder)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_matches_in_a_home_at_any_depth() {
        let table = LayoutTable::built_in().unwrap();
        let matcher = LayoutMatcher::new(&table).unwrap();
        let claude = table
            .rows()
            .iter()
            .position(|row| row.layout.name == "claude_code")
            .unwrap();
        let surface = table.rows()[claude]
            .layout
            .surfaces
            .iter()
            .position(|surface| surface.name == "agents");
        let key = (claude, GlobRole::Surface(surface.unwrap()));
        let homes = |path| matcher.matches(path).get(&key).cloned().unwrap_or_default();
        assert_eq!(homes(".claude/agents/x.md"), [""]);
        assert_eq!(homes("a/b/.claude/agents/deep/x.md"), ["a/b"]);
        assert!(homes("claude/agents/x.md").is_empty());
    }
}
