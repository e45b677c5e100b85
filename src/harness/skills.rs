//! The skills of a harness: folders with a `SKILL.md`, whose front matter has the skill's name and description.

use serde::Serialize;

use super::Harness;
use super::format::values;
use crate::manifest::surface::SurfaceFormat;

/// The file that makes a folder a skill.
pub(crate) const SKILL_FILE: &str = "SKILL.md";

/// What an agent knows of a skill before it loads it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct SkillSummary {
    /// The name in the front matter, else that of the folder.
    pub name: String,
    /// The description on one line; empty if there is none.
    pub description: String,
}

/// The skills of a harness by name. Of several with one name, the first path counts.
pub(crate) fn skills(harness: &Harness) -> Vec<SkillSummary> {
    let is_skill = |path: &str| path.rsplit('/').next() == Some(SKILL_FILE);
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

/// Front matter that cannot be read has neither name nor description, as for the host.
fn summary(path: &str, text: &str) -> SkillSummary {
    let head = values(SurfaceFormat::FrontMatter, text).unwrap_or_default();
    let value = |key: &str| {
        let text = head[key].as_str().unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let folder = path.rsplit('/').nth(1).unwrap_or_default();
    SkillSummary {
        name: Some(value("name"))
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| folder.to_owned()),
        description: value("description"),
    }
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
