//! The names and paths of a manifest's surfaces.

use std::collections::BTreeSet;

use super::detect::DetectedHome;
use crate::manifest::surface::Surface;

/// The names that surfaces have so far.
#[derive(Debug, Default)]
pub(super) struct EntryNames {
    taken: BTreeSet<String>,
}

impl EntryNames {
    /// A name that no surface has yet: the surface's own, with its layout, or with its home and path.
    pub(super) fn free(&mut self, home: &DetectedHome, surface: &Surface) -> String {
        let folder = |name: String| match home.folder.as_str() {
            "" => name,
            folder => format!("{}/{name}", sayable(folder)),
        };
        let own = folder(surface.name.clone());
        let with_layout = folder(format!("{}_{}", home.layout.name, surface.name));
        let with_path = format!("{own}/{}", sayable(&surface.path));
        self.first_free([own, with_layout, with_path])
    }

    /// A name for the files of one name in many folders.
    pub(super) fn nested(&mut self, base: &str) -> String {
        let base = base.trim_start_matches("nested_");
        self.first_free([format!("nested_{base}"), format!("every_{base}"), format!("all_{base}")])
    }

    fn first_free(&mut self, choices: [String; 3]) -> String {
        let [.., last] = choices.clone();
        let numbered = (2..).map(|number| format!("{last}/{number}"));
        let mut all = choices.into_iter().chain(numbered);
        all.find(|name| self.taken.insert(name.clone())).unwrap_or(last)
    }
}

/// A glob that matches a path itself. `?` stands for characters that a glob of a manifest cannot have.
pub(super) fn literal(path: &str) -> String {
    let escaped = path.chars().map(|c| match c {
        '{' | '}' | '\\' => "?".to_owned(),
        '[' | ']' | '*' | '?' => format!("[{c}]"),
        c => c.to_string(),
    });
    escaped.collect()
}

/// A short name for a file: without folder and extension. Files such as `SKILL.md` are known by their folder.
pub(super) fn short(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = match name.trim_start_matches('.').split_once('.') {
        Some((stem, _)) => stem,
        None => name.trim_start_matches('.'),
    };
    let is_fixed = !stem.chars().any(char::is_lowercase);
    sayable(if is_fixed && !folder.is_empty() { folder } else { stem })
}

/// A text with only the characters that a name of a surface may have.
fn sayable(text: &str) -> String {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    let said = text.chars().map(|c| if is_letter(c) { c } else { '_' });
    said.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::surface::compiled;

    #[test]
    fn a_literal_glob_matches_the_path_itself() {
        for path in [
            "a/[x]*.md",
            "{{cookiecutter.slug}}/CLAUDE.md",
            "a?b",
            "plain.md",
            "a\\b.md",
        ] {
            let glob = compiled(&literal(path)).unwrap().compile_matcher();
            assert!(glob.is_match(path), "{path}");
        }
        assert!(!compiled(&literal("a*.md")).unwrap().compile_matcher().is_match("ab.md"));
    }

    #[test]
    fn short_names_tell_files_apart() {
        for (path, name) in [
            (".claude/agents/code-reviewer.md", "code-reviewer"),
            (".claude/skills/pdf/SKILL.md", ".claude/skills/pdf"),
            ("CLAUDE.md", "CLAUDE"),
            ("docs/Stil für alle.md", "Stil_f_r_alle"),
            ("a/x.instructions.md", "x"),
        ] {
            assert_eq!(short(path), name);
        }
    }
}
