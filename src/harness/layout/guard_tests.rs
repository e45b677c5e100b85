//! Tests of what protects the files of a harness.

use super::*;

/// Whether just one layout guards a file, judging by what it protects.
fn is_guarded_by(layout: &str, path: &str, is_closed: bool, harness: &Harness) -> bool {
    let rows = GuardTable::built_in().unwrap().rows;
    let row = rows.iter().find(|row| row.layout.name == layout).unwrap();
    let guard = HomeGuard::default();
    let guards = guard.guards(path, harness);
    let is_it = |guard: &FileGuard| guard.keys == row.layout.protected.keys && guard.is_closed == is_closed;
    guards.len() == 1 && is_it(&guards[0])
}

fn is_covered(guard: &HomeGuard, path: &str, key: &str, harness: &Harness) -> bool {
    let keys: Vec<String> = key.split('.').map(str::to_owned).collect();
    guard.guards(path, harness).iter().any(|guard| guard.covers(&keys))
}

#[test]
fn every_built_in_layout_guards() {
    let layouts = LayoutTable::built_in().unwrap();
    assert_eq!(GuardTable::built_in().unwrap().rows.len(), layouts.rows().len());
}

#[test]
fn a_file_is_guarded_by_the_layouts_of_its_homes() {
    let harness = Harness::default()
        .with("a/.claude/settings.json", "{}")
        .with("skills/x/SKILL.md", "---\nname: x\n---\n")
        .with("config.toml", "[server]\nport = 1\n")
        .with("data.json", "{}");
    assert!(is_guarded_by("claude_code", "a/.claude/settings.json", false, &harness));
    assert!(is_guarded_by("claude_code", "a/.claude/hooks/x.sh", true, &harness));
    assert!(is_guarded_by("skills", "skills/x/scripts/run.py", true, &harness));
    for path in ["config.toml", "data.json"] {
        assert!(HomeGuard::default().guards(path, &harness).is_empty(), "{path}");
    }
    let jarvis = harness.with("config.toml", "[agent]\n");
    assert!(is_guarded_by("openjarvis", "config.toml", false, &jarvis));
}

#[test]
fn keys_are_covered_with_all_that_is_under_them() {
    let harness = Harness::default()
        .with(".roomodes", "{}")
        .with(".claude/settings.json", "{}");
    let covers = |path: &str, key: &str| is_covered(&HomeGuard::default(), path, key, &harness);
    assert!(covers(".claude/settings.json", "permissions.allow"));
    assert!(covers(".claude/agents/a.md", "name"));
    assert!(!covers(".claude/settings.json", "model"));
    assert!(covers(".roomodes", "customModes.0.groups.1"));
}

#[test]
fn the_data_of_a_skill_has_no_keys_of_a_host() {
    let harness = Harness::default()
        .with(".claude/skills/x/SKILL.md", "---\nname: x\n---\n")
        .with(".claude/settings.json", "{}");
    let covers = |path: &str| is_covered(&HomeGuard::default(), path, "name", &harness);
    assert!(!covers(".claude/skills/x/references/units.json"));
    assert!(!covers(".claude/skills/x/assets/a/units.json"));
    for path in [
        ".claude/skills/x/SKILL.md",
        ".claude/skills/y/assets/units.json",
        ".claude/skills/x/other/units.json",
    ] {
        assert!(covers(path), "{path}");
    }
}

#[test]
fn a_workspace_may_be_the_folder_of_a_host() {
    let harness = Harness::default()
        .with("settings.json", "{}")
        .with("skills/x/SKILL.md", "---\nname: x\n---\n")
        .with("config.toml", "model = 'm'\n");
    for (folder, path, key) in [
        (".claude", "settings.json", "permissions.allow"),
        (".claude", "agents/a.md", "name"),
        (".claude", "commands/a.md", "allowed-tools"),
        (".claude", "skills/x/SKILL.md", "allowed-tools"),
        (".codex", "config.toml", "projects"),
    ] {
        let own = HomeGuard::default().in_folder(folder);
        assert!(is_covered(&own, path, key, &harness), "{folder}: {path} {key}");
        assert!(!is_covered(&own, path, "model", &harness), "{folder}: {path}");
    }
    let own = HomeGuard::default().in_folder(".claude");
    assert!(own.guards("hooks/x.sh", &harness).iter().any(|guard| guard.is_closed));
    assert!(!is_covered(
        &HomeGuard::default().in_folder("demo"),
        "settings.json",
        "permissions",
        &harness
    ));
}

#[test]
fn a_manifest_protects_more() {
    let text = "[[harness.protected]]\nfiles = ['bot/vault/**']\n[[harness.protected]]\nfiles = ['bot/*.toml']\nkeys = ['limits', 'a.*.b']\n";
    let manifest = crate::manifest::Manifest::parse(std::path::Path::new("kaizen.toml"), text).unwrap();
    let guard = HomeGuard::of(&manifest.harness);
    let harness = Harness::default();
    assert!(guard.guards("bot/vault/x.md", &harness)[0].is_closed);
    for (path, key, is_protected) in [
        ("bot/x.toml", "limits.most", true),
        ("bot/x.toml", "a.c.b", true),
        ("bot/x.toml", "a.c", false),
        ("bot/deep/x.toml", "limits", false),
    ] {
        assert_eq!(is_covered(&guard, path, key, &harness), is_protected, "{path} {key}");
    }
}
