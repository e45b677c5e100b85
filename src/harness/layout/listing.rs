//! The paths of a workspace, and what its links lead to.

use std::collections::BTreeMap;

/// The files and links of a workspace, without their contents.
#[derive(Clone, Debug, Default)]
pub(crate) struct WorkspaceListing {
    /// The name of the workspace's folder. A hidden one, such as `.claude`, is itself a host's folder.
    pub name: String,
    /// The files, relative to the workspace and with `/`.
    pub files: Vec<String>,
    /// The links, each with its target as written.
    pub links: BTreeMap<String, String>,
}

/// The paths under which a host sees the files of a workspace.
#[derive(Debug, Default)]
pub(super) struct HostView {
    /// Each path that the host sees, with the path of the file. They differ for links, which are followed once.
    pub paths: BTreeMap<String, String>,
    /// Links that lead to no file of the workspace, by the paths that the host sees.
    pub broken: BTreeMap<String, String>,
}

impl WorkspaceListing {
    /// What comes before a path in the eyes of a host: in the user's own `~/.claude`, that folder's name.
    pub(super) fn prefix(&self) -> String {
        match self.name.starts_with('.') {
            true => format!("{}/", self.name),
            false => String::new(),
        }
    }

    /// What a host sees.
    pub(super) fn host_view(&self) -> HostView {
        let folder = self.prefix();
        let mut sorted: Vec<&str> = self.files.iter().map(String::as_str).collect();
        sorted.sort_unstable();
        let mut view = HostView::default();
        for path in &self.files {
            view.paths.insert(format!("{folder}{path}"), path.clone());
        }
        for (link, target) in &self.links {
            let resolved = resolved(link, target);
            let reached = resolved.map_or_else(Vec::new, |target| below(&sorted, &target));
            if reached.is_empty() {
                view.broken.insert(format!("{folder}{link}"), target.clone());
            }
            for (rest, path) in reached {
                view.paths.insert(format!("{folder}{link}{rest}"), path.to_owned());
            }
        }
        view
    }
}

/// The file at a path, or all files in the folder at it, each with the rest of its path. The files are sorted.
fn below<'l>(files: &[&'l str], path: &str) -> Vec<(&'l str, &'l str)> {
    let start = files.partition_point(|file| *file < path);
    let near = files[start..].iter().take_while(|file| file.starts_with(path));
    let rests = near.map(|file| (&file[path.len()..], *file));
    // Names such as `path-x` sort before those in the folder.
    rests
        .filter(|(rest, _)| rest.is_empty() || rest.starts_with('/'))
        .collect()
}

/// The path that `target` names in the file `from`, relative to the workspace; `None` if it leads outside.
pub(super) fn resolved(from: &str, target: &str) -> Option<String> {
    if target.starts_with(['/', '~']) || target.contains('\\') {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
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
            files: vec!["CLAUDE.md".into(), "skills/a/SKILL.md".into(), "skills-x/b.md".into()],
            links: [
                ("AGENTS.md", "CLAUDE.md"),
                (".claude/skills", "../skills"),
                ("two", "AGENTS.md"),
                ("out", "../x"),
            ]
            .map(|(link, target)| (link.to_owned(), target.to_owned()))
            .into(),
        };
        let view = listing.host_view();
        assert_eq!(view.paths["AGENTS.md"], "CLAUDE.md");
        assert_eq!(view.paths[".claude/skills/a/SKILL.md"], "skills/a/SKILL.md");
        assert_eq!(view.paths.len(), 5);
        assert_eq!(view.broken.keys().collect::<Vec<_>>(), ["out", "two"]);
    }
}
