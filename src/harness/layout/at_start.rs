//! The files of a harness that a host reads when it starts.

use globset::{GlobSet, GlobSetBuilder};

use super::table::LayoutTable;
use crate::harness::Harness;
use crate::manifest::surface::{Surface, compiled};

/// The files that a host of one of these layouts reads when it starts, in a home at any depth.
pub(crate) fn read_at_start<'h>(harness: &'h Harness, layouts: &[String], table: &LayoutTable) -> Vec<&'h str> {
    let globs = globs(layouts, table);
    let paths = harness.files().map(|(path, _)| path);
    paths.filter(|path| globs.is_match(path)).collect()
}

fn globs(layouts: &[String], table: &LayoutTable) -> GlobSet {
    let rows = table.rows().iter().map(|row| &row.layout);
    let mut globs = GlobSetBuilder::new();
    for layout in rows.filter(|layout| layouts.contains(&layout.name)) {
        let starts = |surface: &&Surface| layout.at_start.contains(&surface.name);
        for surface in layout.surfaces.iter().filter(starts) {
            // The globs of a layout were compiled when it was read.
            if let Ok(glob) = compiled(&format!("**/{}", surface.glob())) {
                globs.add(glob);
            }
        }
    }
    globs.build().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_and_skills_are_read_when_they_are_needed() {
        let mut harness = Harness::default();
        for path in [
            "CLAUDE.md",
            "api/CLAUDE.md",
            ".claude/rules/a.md",
            ".claude/agents/b.md",
            "GEMINI.md",
        ] {
            harness = harness.with(path, "x");
        }
        let table = LayoutTable::built_in().unwrap();
        let found = read_at_start(&harness, &["claude_code".to_owned()], &table);
        assert_eq!(found, [".claude/rules/a.md", "CLAUDE.md", "api/CLAUDE.md"]);
        assert!(read_at_start(&harness, &[], &table).is_empty());
    }
}
