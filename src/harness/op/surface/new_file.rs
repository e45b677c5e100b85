//! An example of a new file for a surface: a free path that the surface matches, and a text of the right form.

use crate::harness::Harness;
use crate::harness::skills::is_skill;
use crate::manifest::surface::{Surface, SurfaceFormat};

/// The path and the text of a new file; none if every path of the surface is taken.
pub(super) fn new_file(surface: &Surface, harness: &Harness) -> Option<(String, String)> {
    let is_free = |path: &String| !harness.files().any(|(known, _)| known.eq_ignore_ascii_case(path));
    let path = ["", "new"]
        .map(|deep| path_of(&surface.path, deep))
        .into_iter()
        .find(is_free)?;
    let text = text_of(surface, &path)?;
    Some((path, text))
}

/// A path that a pattern matches; `deep` stands for the folders of `**`.
fn path_of(pattern: &str, deep: &str) -> String {
    let segment = |segment: &str| match segment {
        "**" => deep.to_owned(),
        segment => named(segment),
    };
    let segments: Vec<String> = pattern.split('/').map(segment).collect();
    let kept: Vec<&str> = segments
        .iter()
        .map(String::as_str)
        .filter(|name| !name.is_empty())
        .collect();
    kept.join("/")
}

/// A name for a segment of a pattern: `new-skill` for `{skill}`, `new.md` for `*.md`, `rules` for `rules*`.
fn named(segment: &str) -> String {
    if let Some((before, rest)) = segment.split_once('{')
        && let Some((name, after)) = rest.split_once('}')
    {
        return format!("{before}new-{name}{after}");
    }
    match segment.split_once('*') {
        Some(("", after)) => format!("new{after}"),
        Some((before, after)) => format!("{before}{after}"),
        None => segment.to_owned(),
    }
}

/// A text with the description and the prompt that a host looks for; none for formats whose new files cannot be guessed.
fn text_of(surface: &Surface, path: &str) -> Option<String> {
    const DESCRIPTION: &str = "Use when …, to …";
    let has = |key: &str| surface.keys.contains_key(key);
    let folder = path.rsplit('/').nth(1).unwrap_or_default();
    match surface.format_of(path) {
        _ if is_skill(path) => Some(format!(
            "---\nname: {folder}\ndescription: {DESCRIPTION}\n---\n\n# Steps\n\nThe whole text of the skill.\n"
        )),
        SurfaceFormat::FrontMatter | SurfaceFormat::Preamble if has("description") => Some(format!(
            "---\ndescription: {DESCRIPTION}\n---\n\nThe whole text of the file.\n"
        )),
        SurfaceFormat::FrontMatter | SurfaceFormat::Preamble | SurfaceFormat::Text => {
            Some("The whole text of the file.\n".to_owned())
        }
        SurfaceFormat::Toml => {
            let keys = ["description", "prompt", "developer_instructions"]
                .into_iter()
                .filter(|key| has(key));
            let lines: String = keys.map(|key| format!("{key} = \"The whole text.\"\n")).collect();
            (!lines.is_empty()).then_some(lines)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_path_matches_its_pattern() {
        for (pattern, wanted) in [
            (".claude/skills/{skill}/SKILL.md", ".claude/skills/new-skill/SKILL.md"),
            (".claude/rules/**/*.md", ".claude/rules/new.md"),
            (".kilocode/rules*/**/{rule}.md", ".kilocode/rules/new-rule.md"),
            ("**/CLAUDE.md", "new/CLAUDE.md"),
        ] {
            let harness = Harness::default().with("CLAUDE.md", "x");
            let surface = Surface::of_named_files("s", pattern);
            let (path, _) = new_file(&surface, &harness).unwrap();
            assert_eq!(path, wanted);
        }
        let harness = Harness::default().with("AGENTS.md", "x");
        assert_eq!(new_file(&Surface::of_named_files("s", "agents.md"), &harness), None);
    }
}
