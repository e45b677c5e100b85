//! Links between the files of a harness: hosts read a file under the name of a link as well, so copies have them too.

use super::Harness;
use crate::digest::Digest;
use crate::manifest::membership::Membership;
use crate::manifest::relative_path::{beside, folder_of};

impl Harness {
    /// Notes a link, with its target as written. Only a link to a file of the harness, or to a folder that holds some, counts;
    /// links to links do not.
    pub(crate) fn link(&mut self, path: &str, target: &str) {
        let is_free = Membership::everything().selects(path) && self.get(path).is_none();
        let Some(target) = beside(path, target).filter(|target| !target.is_empty() && is_free) else {
            return;
        };
        let is_around = path.strip_prefix(&target).is_some_and(|rest| rest.starts_with('/'));
        if !is_around && self.holds(&target) {
            self.links.insert(path.to_owned(), target);
        }
    }

    /// The links of another harness of the same workspace, as far as their targets are in this one.
    pub(crate) fn link_like(&mut self, other: &Harness) {
        for (link, target) in &other.links {
            if self.get(link).is_none() && self.holds(target) {
                self.links.insert(link.clone(), target.clone());
            }
        }
    }

    /// Whether there is a file at a path, or below it.
    fn holds(&self, path: &str) -> bool {
        let mut near = self.files.range(path.to_owned()..);
        let is_below = |file: &str| file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        // Names such as `path-x` sort before those in the folder.
        near.by_ref()
            .take_while(|(file, _)| file.starts_with(path))
            .any(|(file, _)| file == path || is_below(file))
    }

    /// The links that lead to files of the harness: each with its target, relative to the folder of the link.
    pub(crate) fn links(&self) -> impl Iterator<Item = (&str, String)> {
        let links = self.links.iter().filter(|(_, target)| self.holds(target));
        links.map(|(link, target)| (link.as_str(), relative(folder_of(link), target)))
    }

    /// The path of the file that a path means, if the path is a link or leads through one.
    pub(crate) fn followed(&self, path: &str) -> Option<String> {
        self.links.iter().find_map(|(link, target)| {
            let rest = path.strip_prefix(link.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("{target}{rest}"))
        })
    }

    /// The files that a link leads to, with the paths that they have through the link.
    pub(crate) fn behind(&self, link: &str) -> impl Iterator<Item = (String, &[u8])> {
        let target = self.links.get(link);
        self.files().filter_map(move |(path, bytes)| {
            let rest = path.strip_prefix(target?.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then(|| (format!("{link}{rest}"), bytes))
        })
    }

    /// The digest of the paths and bytes of all files, and of the links between them.
    pub fn digest(&self) -> Digest {
        let links: Vec<(&str, String)> = self
            .links()
            .map(|(link, to)| (link, format!("\0link to {to}")))
            .collect();
        Digest::of_parts(
            self.files()
                .chain(links.iter().map(|(link, to)| (*link, to.as_bytes()))),
        )
    }

    /// The digest without the links, as versions before 0.3 wrote it.
    pub(crate) fn digest_of_files(&self) -> Digest {
        Digest::of_parts(self.files())
    }
}

/// A path as it is written in a folder.
fn relative(folder: &str, path: &str) -> String {
    let from: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let to: Vec<&str> = path.split('/').collect();
    let common = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    let up = std::iter::repeat_n("..", from.len() - common);
    let parts: Vec<&str> = up.chain(to[common..].iter().copied()).collect();
    match parts.is_empty() {
        true => ".".to_owned(),
        false => parts.join("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> Harness {
        Harness::default()
            .with("CLAUDE.md", "Be brief.\n")
            .with("skills/a/SKILL.md", "Do a.\n")
            .with("skills-x/b.md", "b\n")
    }

    #[test]
    fn only_links_to_files_of_the_harness_count() {
        for (link, target, followed) in [
            ("AGENTS.md", "CLAUDE.md", Some("CLAUDE.md")),
            ("AGENTS.md", "./sub/../CLAUDE.md", Some("CLAUDE.md")),
            (".claude/skills", "../skills", Some("skills")),
            ("sub/AGENTS.md", "../CLAUDE.md", Some("CLAUDE.md")),
            ("AGENTS.md", "../CLAUDE.md", None),
            ("AGENTS.md", "/etc/passwd", None),
            ("AGENTS.md", "other.md", None),
            ("short", "skill", None),
            ("root", ".", None),
            ("skills/loop", "..", None),
            ("skills/loop", "../skills", None),
            ("CLAUDE.md", "skills/a/SKILL.md", None),
            (".git/hooks", "../skills", None),
            ("benchmark/x.md", "../CLAUDE.md", None),
        ] {
            let mut harness = home();
            harness.link(link, target);
            assert_eq!(harness.followed(link).as_deref(), followed, "{link} -> {target}");
            let is_same = harness.digest() == home().digest();
            assert_eq!(is_same, followed.is_none(), "{link} -> {target}");
        }
    }

    #[test]
    fn paths_through_a_link_are_followed_and_targets_are_relative() {
        let mut harness = home();
        harness.link(".claude/skills", "../skills");
        harness.link("sub/deep/AGENTS.md", "../../CLAUDE.md");
        assert_eq!(
            harness.followed(".claude/skills/a/SKILL.md").as_deref(),
            Some("skills/a/SKILL.md")
        );
        assert_eq!(harness.followed(".claude/skills-x"), None);
        let links: Vec<(&str, String)> = harness.links().collect();
        assert_eq!(
            links,
            [
                (".claude/skills", "../skills".to_owned()),
                ("sub/deep/AGENTS.md", "../../CLAUDE.md".to_owned())
            ]
        );
        let without = harness.without("CLAUDE.md");
        assert_eq!(without.links().count(), 1, "a link to nothing is in no copy");
    }
}
