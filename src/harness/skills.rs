//! The skills of a harness: folders with a `SKILL.md`, whose front matter has the skill's name and description.

use serde::Serialize;
use serde_json::Value as Json;

use super::Harness;
use super::format::values;
use crate::manifest::surface::SurfaceFormat;

/// The file that makes a folder a skill.
pub(crate) const SKILL_FILE: &str = "SKILL.md";

/// The folders of a skill with what it reads when it needs it.
pub(crate) const DATA_FOLDERS: [&str; 2] = ["references", "assets"];

/// What an agent knows of a skill before it loads it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct SkillSummary {
    /// The name in the front matter, else that of the folder.
    pub name: String,
    /// The description on one line; empty if the skill has no description.
    pub description: String,
}

/// Whether a file makes its folder a skill. Some hosts also accept the lower-case name.
pub(crate) fn is_skill(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.eq_ignore_ascii_case(SKILL_FILE)
}

/// Whether a file is data of a skill: in its folder of references or assets, and no text with front matter.
pub(super) fn is_data(path: &str, harness: &Harness) -> bool {
    if SurfaceFormat::of(path) == SurfaceFormat::FrontMatter {
        return false;
    }
    let files = [SKILL_FILE.to_owned(), SKILL_FILE.to_ascii_lowercase()];
    let ends = path.match_indices('/').map(|(at, _)| at);
    ends.map(|end| &path[..end]).any(|folder| {
        let (parent, name) = folder.rsplit_once('/').unwrap_or(("", folder));
        let is_skill = |file: &String| match parent {
            "" => harness.get(file).is_some(),
            parent => harness.get(&format!("{parent}/{file}")).is_some(),
        };
        DATA_FOLDERS.contains(&name) && files.iter().any(is_skill)
    })
}

/// The skills of a harness by name. Of several with one name, the first path counts.
pub(crate) fn skills(harness: &Harness) -> Vec<SkillSummary> {
    let mut found: Vec<SkillSummary> = Vec::new();
    for (path, bytes) in harness.files().filter(|(path, _)| is_skill(path)) {
        let summary = summary(path, &String::from_utf8_lossy(bytes));
        if !found.iter().any(|known| known.name == summary.name) {
            found.push(summary);
        }
    }
    found.sort();
    found
}

fn summary(path: &str, text: &str) -> SkillSummary {
    let [name, description] = stated(text).map(|text| {
        let text = text.unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    });
    let folder = path.rsplit('/').nth(1).unwrap_or_default();
    SkillSummary {
        name: if name.is_empty() { folder.to_owned() } else { name },
        description,
    }
}

/// The name and the description in the front matter of a skill. Front matter that cannot be read states neither, as for
/// the host.
pub(crate) fn stated(text: &str) -> [Option<String>; 2] {
    let head = values(SurfaceFormat::FrontMatter, text).unwrap_or_default();
    ["name", "description"].map(|key| {
        Some(match head.get(key)? {
            Json::String(text) => text.trim().to_owned(),
            Json::Null => String::new(),
            other => other.to_string(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skill_has_the_name_and_description_of_its_front_matter() {
        let harness = Harness::default()
            .with(
                ".claude/skills/pdf/SKILL.md",
                "---\nname: pdf-tools\ndescription: Reads\n---\nLong text.\n",
            )
            .with(
                ".agents/skills/pdf/SKILL.md",
                "---\nname: pdf-tools\ndescription: >\n  Reads and\n  writes PDF.\n---\n",
            )
            .with("skills/csv/SKILL.md", "No front matter.\n")
            .with("skills/csv/NOTES.md", "---\nname: other\n---\n");
        let found: Vec<(String, String)> = skills(&harness)
            .into_iter()
            .map(|skill| (skill.name, skill.description))
            .collect();
        let expected = [("csv", ""), ("pdf-tools", "Reads and writes PDF.")];
        assert_eq!(found, expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
    }
}
