//! The entries of a manifest for the homes that were found.

use std::collections::BTreeMap;

use super::listing;
use crate::harness::layout::detect::detect;
use crate::harness::layout::entries::entries;
use crate::harness::layout::table::LayoutTable;
use crate::manifest::surface::compiled;

/// The entries of a manifest as `name: path`, and its files.
fn listed(files: &[(&str, &str)], links: &[(&str, &str)], skipped: &[&str]) -> (Vec<String>, Vec<String>) {
    let table = LayoutTable::built_in().unwrap();
    let files: BTreeMap<&str, &str> = files.iter().copied().collect();
    let mut listing = listing(&files, links);
    listing.skipped = skipped.iter().map(|folder| (*folder).to_owned()).collect();
    let read = |path: &str| files.get(path).map(|text| (*text).to_owned());
    let found = detect(&table, &listing, &read).unwrap();
    let is_json = |path: &str| read(path).is_some_and(|text| text.starts_with('{'));
    let entries = entries(&found, &listing, &|_| false, &is_json);
    let surfaces: Vec<String> = entries
        .surfaces
        .iter()
        .map(|surface| format!("{}: {}", surface.name, surface.path))
        .collect();
    // Each file that was found belongs to exactly its own surface.
    for (path, file) in &found.files {
        let first = entries
            .surfaces
            .iter()
            .find(|surface| compiled(&surface.glob()).unwrap().compile_matcher().is_match(path));
        let first = first.unwrap_or_else(|| panic!("{path} has no surface: {surfaces:?}"));
        assert_eq!(
            (first.body_of(path), &first.keys),
            (file.surface.body_of(path), &file.surface.keys),
            "{path}"
        );
    }
    (surfaces, entries.files)
}

#[test]
fn a_manifest_lists_families_by_globs_and_the_rest_by_themselves() {
    let (surfaces, files) = listed(
        &[
            ("CLAUDE.md", "@docs/style.md"),
            ("docs/style.md", ""),
            (".claude/agents/a.md", ""),
            (".claude/skills/x/SKILL.md", ""),
            (".claude/skills/x/run.py", ""),
            (".claude/settings.json", "{}"),
            (".mcp.json", "{}"),
        ],
        &[],
        &[],
    );
    assert_eq!(
        surfaces,
        [
            "memory: CLAUDE.md",
            "rules: .claude/rules/**/*.md",
            "agents: .claude/agents/**/{agent}.md",
            "skills: .claude/skills/{skill}/SKILL.md",
            "skill_texts: .claude/skills/{skill}/**/*.md",
            "commands: .claude/commands/**/{command}.md",
            "settings: .claude/settings.json",
            "imports/style: docs/style.md",
        ]
    );
    assert_eq!(files, [".mcp.json", ".claude/skills/**"]);

    // What a glob would bring in besides is listed alone.
    let (surfaces, _) = listed(
        &[
            ("CLAUDE.md", ""),
            ("a/CLAUDE.md", ""),
            ("fixtures/b/CLAUDE.md", ""),
            ("c/[x]/CLAUDE.md", ""),
        ],
        &[],
        &[],
    );
    assert_eq!(
        surfaces,
        [
            "memory: CLAUDE.md",
            "a/memory: a/CLAUDE.md",
            "c/_x_/memory: c/[[]x[]]/CLAUDE.md"
        ]
    );
}

#[test]
fn many_files_of_one_name_are_one_entry_unless_folders_are_not_listed() {
    let paths = ["CLAUDE.md", "a/CLAUDE.md", "b/CLAUDE.md", "c/CLAUDE.md", "d/CLAUDE.md"];
    let files: Vec<(&str, &str)> = paths.map(|path| (path, "")).into();
    let (surfaces, _) = listed(&files, &[], &[]);
    assert_eq!(surfaces, ["memory: CLAUDE.md", "nested_memory: **/CLAUDE.md"]);
    let (surfaces, _) = listed(&files, &[], &["node_modules"]);
    assert_eq!(surfaces.len(), 5);
}

#[test]
fn skills_beside_each_other_are_one_family() {
    let (surfaces, files) = listed(
        &[
            ("skills/x/SKILL.md", ""),
            ("skills/y/SKILL.md", ""),
            ("skills/y/references/r.md", ""),
            ("skills/y/scripts/s.py", ""),
            ("skills/README.md", ""),
        ],
        &[],
        &[],
    );
    assert_eq!(
        surfaces,
        [
            "skills/skills: skills/{skill}/SKILL.md",
            "skills/skill_texts: skills/{skill}/*.md",
            "skills/references: skills/{skill}/references/**/*.md",
            "skills/assets: skills/{skill}/assets/**/*.md",
            "skills/asset_notes: skills/{skill}/assets/**/*.txt",
        ]
    );
    assert_eq!(files, ["skills/y/**"]);
}

#[test]
fn plugins_beside_each_other_are_one_family() {
    let (surfaces, _) = listed(
        &[
            ("plugins/a/.claude-plugin/plugin.json", "{}"),
            ("plugins/a/commands/x.md", ""),
            ("plugins/b/.claude-plugin/plugin.json", "{}"),
            ("plugins/b/commands/y.md", ""),
        ],
        &[],
        &[],
    );
    let commands = "plugins/commands: plugins/{plugin}/commands/**/{command}.md";
    assert!(surfaces.contains(&commands.to_owned()), "{surfaces:?}");
    assert_eq!(
        surfaces.iter().filter(|surface| surface.contains("commands")).count(),
        1
    );
}

#[test]
fn names_are_unique_and_a_link_lends_its_format() {
    let (surfaces, _) = listed(
        &[
            (".claude/agents/a.md", ""),
            (".cursor/agents/a.md", ""),
            ("rules.txt", ""),
            (".roomodes", "{}"),
        ],
        &[(".cursor/rules/a.mdc", "../../rules.txt")],
        &[],
    );
    for name in [
        "agents: .claude/agents/**/{agent}.md",
        "cursor_agents: .cursor/agents/{agent}.md",
        "modes: .roomodes",
    ] {
        assert!(surfaces.iter().any(|surface| surface == name), "{name}: {surfaces:?}");
    }
    assert!(
        surfaces.contains(&"cursor_rules/rules: rules.txt".to_owned())
            || surfaces.contains(&"rules/rules: rules.txt".to_owned()),
        "{surfaces:?}"
    );
}

#[test]
fn the_folder_of_a_skill_takes_new_texts_whatever_it_has() {
    let files = |folder: &str| {
        [
            (
                format!("{folder}SKILL.md"),
                "---\nname: pdf\ndescription: Reads PDF.\n---\nx\n",
            ),
            (format!("{folder}scripts/run.py"), "x\n"),
        ]
    };
    for (folder, of_family, prefix) in [
        ("", "", ""),
        ("pdf/", "pdf/", "pdf/"),
        ("skills/pdf/", "skills/{skill}/", "skills/"),
    ] {
        let files = files(folder);
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let (surfaces, _) = listed(&files, &[], &[]);
        for (name, path) in [
            ("skill_texts", "*.md"),
            ("references", "references/**/*.md"),
            ("assets", "assets/**/*.md"),
            ("asset_notes", "assets/**/*.txt"),
        ] {
            let wanted = format!("{prefix}{name}: {of_family}{path}");
            assert!(surfaces.contains(&wanted), "{wanted} in {surfaces:?}");
        }
    }
    // Other folders at the top of a workspace are no skills.
    let (first, second) = (files("pdf/"), files("csv/"));
    let files: Vec<(&str, &str)> = first
        .iter()
        .chain(&second)
        .map(|(path, text)| (path.as_str(), *text))
        .collect();
    let (surfaces, _) = listed(&files, &[], &[]);
    assert!(
        !surfaces.iter().any(|surface| surface.contains("assets")),
        "{surfaces:?}"
    );
}
