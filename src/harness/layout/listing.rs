//! The paths of a workspace, and what its links lead to.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::manifest::relative_path::{folder_of, within};

/// The files and links of a workspace, without their contents.
#[derive(Clone, Debug, Default)]
pub(crate) struct WorkspaceListing {
    /// The name of the workspace's folder. A hidden one, such as `.claude`, is itself a host's folder.
    pub name: String,
    /// The files, relative to the workspace and with `/`.
    pub files: BTreeSet<String>,
    /// The links, each with its target as written.
    pub links: BTreeMap<String, String>,
    /// Files that git ignores. They say which homes there are, but do not belong to them.
    pub ignored: BTreeSet<String>,
    /// Files that a harness cannot have, each with the reason: they are too large, or cannot be read.
    pub unusable: BTreeMap<String, String>,
    /// Files and folders whose names are not UTF-8, with a mark for what cannot be read of them.
    pub odd_names: BTreeSet<String>,
    /// Folders that cannot be read. Their files are not listed.
    pub unreadable: BTreeSet<String>,
    /// Folders that are other git repositories, such as submodules and worktrees. Their files are not listed.
    pub repositories: BTreeSet<String>,
    /// Other folders whose files are not listed, because they hold no home.
    pub skipped: BTreeSet<String>,
}

/// The paths under which a host sees the files of a workspace.
#[derive(Debug, Default)]
pub(super) struct HostView {
    /// Each path that the host sees, with the path of the file. They differ for links, which are followed once.
    pub paths: BTreeMap<String, String>,
    /// Links that lead to no file of the workspace, by the paths that the host sees, each with the reason.
    pub broken: BTreeMap<String, String>,
}

/// What comes before a path of a workspace in the eyes of a host: in the user's own `~/.claude`, that folder's name.
pub(super) fn seen_prefix(name: &str) -> String {
    match name.starts_with('.') {
        true => format!("{name}/"),
        false => String::new(),
    }
}

impl WorkspaceListing {
    /// Whether there is a file at a path.
    pub(super) fn has(&self, path: &str) -> bool {
        self.files.contains(path)
    }

    /// What comes before a path in the eyes of a host, see [`seen_prefix`].
    pub(crate) fn prefix(&self) -> String {
        seen_prefix(&self.name)
    }

    /// What a host sees.
    pub(super) fn host_view(&self) -> HostView {
        let folder = self.prefix();
        let mut view = HostView::default();
        for path in &self.files {
            view.paths.insert(format!("{folder}{path}"), path.clone());
        }
        for (link, target) in &self.links {
            let resolved = resolved(link, target);
            let reached = resolved.as_ref().map_or_else(Vec::new, |target| self.below(target));
            if reached.is_empty() {
                let is_link = resolved.is_some_and(|target| self.links.contains_key(&target));
                let reason = match is_link {
                    true => format!("a link to {target}, which is itself a link"),
                    false => format!("a link to {target}, which is no file of this workspace"),
                };
                view.broken.insert(format!("{folder}{link}"), reason);
            }
            for (rest, path) in reached {
                view.paths.insert(format!("{folder}{link}{rest}"), path.to_owned());
            }
        }
        view
    }

    /// The file at a path, or all files in the folder at it, each with the rest of its path.
    fn below<'l>(&'l self, path: &str) -> Vec<(&'l str, &'l str)> {
        let from = (Bound::Included(path), Bound::Unbounded);
        let near = self
            .files
            .range::<str, _>(from)
            .take_while(|file| file.starts_with(path));
        let rests = near.map(|file| (&file[path.len()..], file.as_str()));
        // Names such as `path-x` sort before those in the folder.
        rests
            .filter(|(rest, _)| rest.is_empty() || rest.starts_with('/'))
            .collect()
    }
}

/// The path that `target` names in the file `from`, relative to the workspace; `None` if it leads outside.
pub(super) fn resolved(from: &str, target: &str) -> Option<String> {
    resolved_in(folder_of(from), target)
}

/// The path that `target` names in a folder; `None` if it leads outside the workspace.
pub(super) fn resolved_in(folder: &str, target: &str) -> Option<String> {
    if target.starts_with(['/', '~']) || target.contains('\\') {
        return None;
    }
    within(folder, target).filter(|path| !path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_relative_to_the_folder_of_its_link() {
        assert_eq!(resolved("a/b.md", "c.md").as_deref(), Some("a/c.md"));
        assert_eq!(resolved("a/b.md", "./../c.md").as_deref(), Some("c.md"));
        for (from, target) in [
            ("b.md", "../c.md"),
            ("b.md", "/etc/passwd"),
            ("b.md", "~/x"),
            ("a/b", ".."),
        ] {
            assert_eq!(resolved(from, target), None, "{target}");
        }
    }

    #[test]
    fn links_are_followed_once_and_only_inside() {
        let listing = WorkspaceListing {
            name: "demo".into(),
            files: ["CLAUDE.md", "skills/a/SKILL.md", "skills-x/b.md"]
                .map(str::to_owned)
                .into(),
            links: [
                ("AGENTS.md", "CLAUDE.md"),
                (".claude/skills", "../skills"),
                ("two", "AGENTS.md"),
                ("out", "../x"),
            ]
            .map(|(link, target)| (link.to_owned(), target.to_owned()))
            .into(),
            ..WorkspaceListing::default()
        };
        let view = listing.host_view();
        assert_eq!(view.paths["AGENTS.md"], "CLAUDE.md");
        assert_eq!(view.paths[".claude/skills/a/SKILL.md"], "skills/a/SKILL.md");
        assert_eq!(view.paths.len(), 5);
        assert!(view.broken["out"].contains("no file") && view.broken["two"].contains("itself a link"));
        assert_eq!(view.broken.len(), 2);
    }
}
