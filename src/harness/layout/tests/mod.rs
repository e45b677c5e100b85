//! Tests of the table of layouts, and of detection in small homes.
#![allow(clippy::too_many_lines)] // tests: long tables

mod manifest_entries;
mod public_homes;

use std::collections::BTreeMap;
use std::path::Path;

use super::HostLayout;
use super::detect::{Detection, detect};
use super::listing::WorkspaceListing;
use super::table::{BUILT_IN, LayoutTable};
use crate::manifest::membership::is_credential;
use crate::manifest::surface::compiled;

/// What is found in a workspace: names of layouts, editable files, shown files, and files that were left out.
struct FoundPaths {
    layouts: Vec<String>,
    files: Vec<String>,
    shown: Vec<String>,
    left_out: BTreeMap<String, String>,
    bad_links: BTreeMap<String, String>,
    /// `file: surface` with the links to it.
    surfaces: Vec<String>,
}

fn listing(files: &BTreeMap<&str, &str>, links: &[(&str, &str)]) -> WorkspaceListing {
    WorkspaceListing {
        name: "demo".into(),
        files: files.keys().map(|path| (*path).to_owned()).collect(),
        links: links
            .iter()
            .map(|(link, target)| ((*link).to_owned(), (*target).to_owned()))
            .collect(),
        ..WorkspaceListing::default()
    }
}

fn paths(found: &Detection) -> FoundPaths {
    FoundPaths {
        layouts: found.layouts().iter().map(|layout| layout.name.clone()).collect(),
        files: found.files.keys().cloned().collect(),
        shown: found.shown.keys().cloned().collect(),
        left_out: found.left_out.clone(),
        bad_links: found.bad_links.clone(),
        surfaces: found
            .files
            .iter()
            .map(|(path, file)| {
                let links: Vec<&str> = file.links.iter().map(String::as_str).collect();
                format!("{path}: {} {}", file.surface.name, links.join(" "))
                    .trim_end()
                    .to_owned()
            })
            .collect(),
    }
}

fn find(files: &[(&str, &str)], links: &[(&str, &str)]) -> FoundPaths {
    let files: BTreeMap<&str, &str> = files.iter().copied().collect();
    let read = |path: &str| {
        assert!(!is_credential(path), "{path} was read");
        files.get(path).map(|text| (*text).to_owned())
    };
    let table = LayoutTable::built_in().unwrap();
    paths(&detect(&table, &listing(&files, links), &read).unwrap())
}

/// For homes whose contents do not matter.
fn find_paths(files: &[&str]) -> FoundPaths {
    let files: Vec<(&str, &str)> = files.iter().map(|path| (*path, "")).collect();
    find(&files, &[])
}

#[test]
fn every_built_in_layout_passes_the_checks_of_a_users_layout() {
    for (file, text) in BUILT_IN {
        HostLayout::parse(Path::new(file), text).unwrap();
    }
}

#[test]
fn every_row_of_the_table_parses_under_its_own_name() {
    let table = LayoutTable::built_in().unwrap();
    let names: Vec<&str> = table.rows().iter().map(|row| row.layout.name.as_str()).collect();
    for name in [
        "claude_code",
        "claude_plugin",
        "skills",
        "codex",
        "agents_md",
        "gemini",
        "opencode",
        "cursor",
        "copilot",
        "aider",
        "continue",
        "cline",
        "roo",
        "crewai",
        "promptfoo",
        "dspy",
        "mini_swe_agent",
        "openjarvis",
        "langgraph",
    ] {
        assert_eq!(names.iter().filter(|other| **other == name).count(), 1, "{name}");
    }
    for row in table.rows() {
        let layout = &row.layout;
        assert!(
            !layout.surfaces.is_empty() && !layout.about.is_empty(),
            "{}",
            layout.name
        );
        for surface in &layout.surfaces {
            for key in surface.keys.keys() {
                assert!(!layout.protected.covers_key(key), "{}: {key}", layout.name);
            }
            assert!(compiled(&surface.glob()).is_ok());
        }
    }
}

#[test]
fn each_layout_is_found_by_its_markers() {
    let json = r#"{"predict": {"signature": {"instructions": "x"}, "demos": []}}"#;
    for (layout, files, editable) in [
        ("claude_code", vec![("CLAUDE.md", "")], vec!["CLAUDE.md"]),
        (
            "claude_code",
            vec![(".claude/settings.json", "{}")],
            vec![".claude/settings.json"],
        ),
        (
            "claude_plugin",
            vec![
                ("p/.claude-plugin/plugin.json", "{}"),
                ("p/commands/a.md", ""),
                ("p/skills/x/SKILL.md", ""),
            ],
            vec!["p/commands/a.md", "p/skills/x/SKILL.md"],
        ),
        (
            "claude_plugin",
            vec![("agents/a.md", "---\nname: a\n---\n")],
            vec!["agents/a.md"],
        ),
        (
            "skills",
            vec![("tools/x/SKILL.md", ""), ("tools/x/references/a.md", "")],
            vec!["tools/x/SKILL.md", "tools/x/references/a.md"],
        ),
        (
            "codex",
            vec![(".codex/config.toml", "model = 'x'"), ("AGENTS.md", "")],
            vec![".codex/config.toml", "AGENTS.md"],
        ),
        (
            "agents_md",
            vec![("AGENTS.md", ""), ("a/AGENTS.md", "")],
            vec!["AGENTS.md", "a/AGENTS.md"],
        ),
        ("gemini", vec![("GEMINI.md", "")], vec!["GEMINI.md"]),
        (
            "opencode",
            vec![("opencode.jsonc", "{}"), ("AGENTS.md", "")],
            vec!["AGENTS.md", "opencode.jsonc"],
        ),
        ("cursor", vec![(".cursorrules", "")], vec![".cursorrules"]),
        (
            "copilot",
            vec![(".github/prompts/a.prompt.md", "")],
            vec![".github/prompts/a.prompt.md"],
        ),
        (
            "continue",
            vec![(".continue/config.yaml", "")],
            vec![".continue/config.yaml"],
        ),
        ("cline", vec![(".clinerules/a.md", "")], vec![".clinerules/a.md"]),
        ("cline", vec![(".clinerules", "")], vec![".clinerules"]),
        (
            "roo",
            vec![(".roomodes", ""), (".roo/rules-code/a.md", "")],
            vec![".roo/rules-code/a.md", ".roomodes"],
        ),
        (
            "crewai",
            vec![
                ("src/x/config/agents.yaml", ""),
                ("src/x/config/tasks.yaml", ""),
                ("crews/y/config/agents.yaml", "cook:\n  role: Cook\n  goal: Cook\n"),
            ],
            vec![
                "crews/y/config/agents.yaml",
                "src/x/config/agents.yaml",
                "src/x/config/tasks.yaml",
            ],
        ),
        (
            "dspy",
            vec![("out/program.json", json), ("package.json", "{}"), ("x.json", "[1]")],
            vec!["out/program.json"],
        ),
        (
            "mini_swe_agent",
            vec![
                ("c/mini.yaml", "agent:\n  system_template: |\n    Hi.\n"),
                ("c/other.yaml", "agent:\n  x: system_template\n"),
            ],
            vec!["c/mini.yaml"],
        ),
        (
            "openjarvis",
            vec![("config.toml", "[intelligence]\nx = 1\n"), ("SOUL.md", "")],
            vec!["SOUL.md", "config.toml"],
        ),
        (
            "openjarvis",
            vec![("agents/a/system_prompt.md", "")],
            vec!["agents/a/system_prompt.md"],
        ),
        (
            "langgraph",
            vec![
                ("src/prompts/a.md", ""),
                ("src/prompts/b.jinja2", ""),
                ("src/x.md", ""),
                ("src/prompts/README.md", ""),
            ],
            vec!["src/prompts/a.md", "src/prompts/b.jinja2"],
        ),
        (
            "codex",
            vec![("config.toml", "model = 'x'\n[profiles.a]\nmodel = 'y'\n")],
            vec!["config.toml"],
        ),
        (
            "aider",
            vec![(".aider.conf.yml", "model: m\n")],
            vec![".aider.conf.yml"],
        ),
        (
            "promptfoo",
            vec![("e/promptfooconfig.yaml", "prompts: ['{{q}}']\n")],
            vec!["e/promptfooconfig.yaml"],
        ),
        (
            "windsurf",
            vec![(".windsurf/rules/a.md", ""), (".windsurfrules", "")],
            vec![".windsurf/rules/a.md", ".windsurfrules"],
        ),
        (
            "kiro",
            vec![(".kiro/steering/tech.md", ""), (".kiro/specs/x/design.md", "")],
            vec![".kiro/steering/tech.md"],
        ),
        (
            "goose",
            vec![
                ("r/recipe.yaml", "title: T\ndescription: D\ninstructions: Do it.\n"),
                ("ci.yaml", "title: T\n"),
            ],
            vec!["r/recipe.yaml"],
        ),
        (
            "antigravity",
            vec![(".agent/rules/a.md", "")],
            vec![".agent/rules/a.md"],
        ),
        (
            "kilo",
            vec![(".kilocode/rules/a.md", ""), (".kilocodemodes", "")],
            vec![".kilocode/rules/a.md", ".kilocodemodes"],
        ),
        (
            "qwen",
            vec![("QWEN.md", "@a.md"), ("a.md", "")],
            vec!["QWEN.md", "a.md"],
        ),
        (
            "junie",
            vec![(".junie/guidelines.md", "")],
            vec![".junie/guidelines.md"],
        ),
        (
            "amazon_q",
            vec![(".amazonq/rules/a.md", "")],
            vec![".amazonq/rules/a.md"],
        ),
        (
            "factory",
            vec![(".factory/droids/a.md", "")],
            vec![".factory/droids/a.md"],
        ),
        (
            "augment",
            vec![(".augment-guidelines", "")],
            vec![".augment-guidelines"],
        ),
    ] {
        let found = find(&files, &[]);
        assert_eq!(found.layouts, [layout], "{files:?}");
        assert_eq!(found.files, editable, "{files:?}");
    }
}

#[test]
fn nothing_is_found_without_a_marker() {
    for files in [
        vec![("README.md", "@docs/a.md"), ("docs/a.md", ""), ("src/main.rs", "")],
        vec![("config.toml", "[server]\nport = 1\n")],
        vec![("config/agents.yaml", "")],
        vec![("agents/a.md", "# No front matter\n")],
        vec![("website/docs/agents/a.md", "---\nname: a\n---\n")],
        vec![(".github/workflows/ci.yml", "agent: x")],
    ] {
        let found = find(&files, &[]);
        assert_eq!(found.layouts, Vec::<String>::new(), "{files:?}");
        assert!(found.files.is_empty() && found.shown.is_empty(), "{files:?}");
    }
}

#[test]
fn a_hosts_own_layout_wins_over_the_general_ones() {
    let found = find_paths(&[".claude/skills/a/SKILL.md", "CLAUDE.md"]);
    assert_eq!(found.layouts, ["claude_code"]);
    let found = find_paths(&[
        ".codex/config.toml",
        "AGENTS.md",
        "sub/AGENTS.md",
        ".agents/skills/a/SKILL.md",
    ]);
    assert_eq!(found.layouts, ["codex"]);
    // What no host's own layout has stays theirs.
    let found = find_paths(&["CLAUDE.md", "AGENTS.md", "lib/a/SKILL.md"]);
    assert_eq!(found.layouts, ["claude_code", "skills", "agents_md"]);
}

#[test]
fn each_nested_home_of_a_monorepo_is_found() {
    let found = find_paths(&[
        "CLAUDE.md",
        "a/CLAUDE.md",
        "a/.claude/agents/x.md",
        "b/.cursor/rules/y.mdc",
        "c/GEMINI.md",
        ".claude/worktrees/w/GEMINI.md",
    ]);
    assert_eq!(found.layouts, ["claude_code", "gemini", "cursor"]);
    assert_eq!(
        found.files,
        [
            "CLAUDE.md",
            "a/.claude/agents/x.md",
            "a/CLAUDE.md",
            "b/.cursor/rules/y.mdc",
            "c/GEMINI.md"
        ]
    );
    assert!(found.shown.is_empty());
}

#[test]
fn imports_are_followed_inside_the_workspace_as_deep_as_the_host_does() {
    let mut files = vec![(
        "CLAUDE.md",
        "@AGENTS.md @d/1.md @run.py @../out.md @.env @none.md @kaizen.toml",
    )];
    files.extend([
        ("AGENTS.md", ""),
        ("run.py", ""),
        (".env", "KEY=1"),
        ("kaizen.toml", ""),
    ]);
    files.extend([
        ("d/1.md", "@2.md"),
        ("d/2.md", "@3.md"),
        ("d/3.md", "@4.txt"),
        ("d/4.txt", "@5.md"),
    ]);
    files.extend([("d/5.md", "@6.md @1.md"), ("d/6.md", "")]);
    let found = find(&files, &[]);
    assert_eq!(found.layouts, ["claude_code"]);
    let expected = [
        "AGENTS.md",
        "CLAUDE.md",
        "d/1.md",
        "d/2.md",
        "d/3.md",
        "d/4.txt",
        "d/5.md",
    ];
    assert_eq!(found.files, expected);
    assert_eq!(found.shown, ["run.py"]);
    assert_eq!(found.left_out.keys().collect::<Vec<_>>(), [".env", "kaizen.toml"]);
}

#[test]
fn values_of_settings_name_further_files() {
    let aider = [
        (".aider.conf.yml", "read: [STYLE.md, src/x.py]\nmodel: m\n"),
        ("STYLE.md", ""),
        ("src/x.py", ""),
    ];
    let found = find(&aider, &[]);
    assert_eq!(found.files, [".aider.conf.yml", "STYLE.md"]);
    assert_eq!(found.shown, ["src/x.py"]);

    let opencode = [
        (
            "opencode.json",
            "{\"instructions\": [\"docs/*.md\", \"https://x/y.md\"], // c\n}",
        ),
        ("docs/a.md", ""),
    ];
    assert_eq!(find(&opencode, &[]).files, ["docs/a.md", "opencode.json"]);

    let gemini = [
        (".gemini/settings.json", r#"{"context": {"fileName": "RULES.md"}}"#),
        ("a/RULES.md", ""),
        ("RULES.md", ""),
    ];
    assert_eq!(
        find(&gemini, &[]).files,
        [".gemini/settings.json", "RULES.md", "a/RULES.md"]
    );

    let promptfoo = [
        (
            "e/promptfooconfig.yaml",
            "prompts:\n  - file://p/*.txt\n  - id: file://q.json\n  - file://make.py:run\n  - 'Say {{q}}'\n",
        ),
        ("e/p/a.txt", ""),
        ("e/q.json", "[]"),
        ("e/make.py", ""),
    ];
    let found = find(&promptfoo, &[]);
    assert_eq!(found.layouts, ["promptfoo"]);
    assert_eq!(found.files, ["e/p/a.txt", "e/promptfooconfig.yaml", "e/q.json"]);
}

#[test]
fn a_link_is_followed_once_to_a_file_of_the_workspace() {
    let found = find(&[("CLAUDE.md", "")], &[("AGENTS.md", "CLAUDE.md")]);
    assert_eq!(found.layouts, ["claude_code"]);
    assert_eq!(found.surfaces, ["CLAUDE.md: memory AGENTS.md"]);
    // The same the other way round: the host of the link has the file.
    let found = find(&[("AGENTS.md", "")], &[("CLAUDE.md", "AGENTS.md")]);
    assert_eq!(found.surfaces, ["AGENTS.md: memory CLAUDE.md"]);
    assert_eq!(found.layouts, ["claude_code"]);

    let found = find(
        &[("skills/a/SKILL.md", ""), ("CLAUDE.md", "")],
        &[(".claude/skills", "../skills")],
    );
    assert_eq!(
        found.surfaces,
        [
            "CLAUDE.md: memory",
            "skills/a/SKILL.md: skills .claude/skills/a/SKILL.md"
        ]
    );

    let links = [
        ("AGENTS.md", "CLAUDE.md"),
        ("GEMINI.md", "AGENTS.md"),
        (".claude/agents", "/srv/agents"),
        ("data", "/srv/data"),
    ];
    let found = find(&[("CLAUDE.md", "")], &links);
    assert_eq!(
        found.bad_links.keys().collect::<Vec<_>>(),
        [".claude/agents", "GEMINI.md"]
    );
    assert!(found.bad_links["GEMINI.md"].contains("AGENTS.md, which is itself a link"));
    assert!(found.bad_links[".claude/agents"].contains("no file of this workspace"));
    // The target is never read, so it is not a harness file.
    let found = find(
        &[(".env", "KEY=1")],
        &[("CLAUDE.md", ".env"), (".claude/agents/x.md", "../../.env")],
    );
    assert_eq!(
        found.bad_links.keys().collect::<Vec<_>>(),
        [".claude/agents/x.md", "CLAUDE.md"]
    );
}

#[test]
fn protected_files_are_shown_and_credentials_are_not() {
    let found = find_paths(&[
        ".claude/settings.json",
        ".claude/hooks/check.sh",
        ".claude/skills/a/SKILL.md",
        ".claude/skills/a/run.py",
        ".claude/skills/a/scripts/notes.md",
        ".claude/skills/kaizen/SKILL.md",
        ".claude/.credentials.json",
        ".claude/.env",
        ".codex/auth.json",
        ".mcp.json",
    ]);
    assert_eq!(found.files, [".claude/settings.json", ".claude/skills/a/SKILL.md"]);
    let shown = [
        ".claude/hooks/check.sh",
        ".claude/skills/a/run.py",
        ".claude/skills/a/scripts/notes.md",
        ".claude/skills/kaizen/SKILL.md",
        ".mcp.json",
    ];
    assert_eq!(found.shown, shown);
    assert_eq!(
        found.left_out.keys().collect::<Vec<_>>(),
        [".claude/.credentials.json", ".claude/.env"]
    );
}

#[test]
fn the_users_own_folder_of_a_host_is_a_home() {
    let table = LayoutTable::built_in().unwrap();
    let mut listing = listing(
        &BTreeMap::from([
            ("CLAUDE.md", ""),
            ("agents/x.md", ""),
            ("settings.json", ""),
            ("m.md", ""),
        ]),
        &[],
    );
    listing.name = ".claude".into();
    let read = |path: &str| {
        Some(if path == "CLAUDE.md" {
            "@m.md".to_owned()
        } else {
            String::new()
        })
    };
    let found = paths(&detect(&table, &listing, &read).unwrap());
    assert_eq!(found.layouts, ["claude_code"]);
    assert_eq!(found.files, ["CLAUDE.md", "agents/x.md", "m.md", "settings.json"]);
    assert_eq!(found.surfaces[0], "CLAUDE.md: claude_memory");
}

#[test]
fn a_hidden_folder_that_is_no_hosts_is_an_ordinary_workspace() {
    let table = LayoutTable::built_in().unwrap();
    for (name, wanted) in [(".claude", ".claude"), (".dotfiles", ""), (".clau", ""), ("claude", "")] {
        assert_eq!(table.folder_of_host(name), wanted);
    }
}

#[test]
fn a_users_layout_comes_first_and_cannot_open_what_is_protected() {
    let mut table = LayoutTable::built_in().unwrap();
    let text = "name = 'mine'\nabout = 'Mine'\nmarkers = [{ path = 'MINE.md' }]\n[protected]\n[[surface]]\nname = 'memory'\npath = 'MINE.md'\n[[surface]]\nname = 'all'\npath = '**/*'\nformat = 'text'\n";
    table.add(Path::new("/c/layouts/mine.toml"), text).unwrap();
    let files = ["MINE.md", "CLAUDE.md", "x.sh", ".mcp.json", "auth.json"];
    let files: BTreeMap<&str, &str> = files.iter().map(|path| (*path, "")).collect();
    let found = paths(&detect(&table, &listing(&files, &[]), &|_| Some(String::new())).unwrap());
    assert_eq!(found.layouts, ["mine", "claude_code"]);
    assert_eq!(found.files, ["CLAUDE.md", "MINE.md"]);

    let own = include_str!("../data/claude_code.toml");
    let opened = own.replace(
        "keys = { model = \"auto\" }",
        "keys = { model = \"auto\", hooks = \"auto\" }",
    );
    let opened = opened.replace("\"hooks\", ", "");
    let error = table
        .add(Path::new("/c/claude_code.toml"), &opened)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("/c/claude_code.toml") && error.contains("`hooks`"),
        "{error}"
    );
    let shorter = own.replace(", \".claude/skills/kaizen/**\"", "");
    assert_ne!(own, shorter);
    table.add(Path::new("/c/claude_code.toml"), &shorter).unwrap();
    let row = table
        .rows()
        .iter()
        .find(|row| row.layout.name == "claude_code")
        .unwrap();
    assert!(
        row.is_users
            && row
                .layout
                .protected
                .files
                .iter()
                .any(|glob| glob == ".claude/skills/kaizen/**")
    );
}

#[test]
fn errors_of_a_layout_name_file_line_and_remedy() {
    let head = "name = 'x'\nabout = 'X'\n";
    let marker = "markers = [{ path = 'X.md' }]\n";
    let surface = "[protected]\n[[surface]]\nname = 'a'\n";
    for (text, parts) in [
        (
            format!("{head}{marker}{surface}pth = 'a.md'\n"),
            ["line 7", "did you mean `path`?"],
        ),
        (
            format!("{head}{marker}{surface}path = '../a.md'\n"),
            ["line 7", "inside the home"],
        ),
        (
            format!("{head}{marker}{surface}path = 'a['\n"),
            ["line 7", "not a glob"],
        ),
        (
            format!("{head}{marker}{surface}path = 'a.py'\nkeys = {{ k = 'auto' }}\n"),
            ["line 7", "state `format`"],
        ),
        (
            format!("{head}{marker}main = 'b'\n{surface}path = 'a.md'\n"),
            ["line 4", "name one of this layout"],
        ),
        (
            format!("{head}markers = []\n{surface}path = 'a.md'\n"),
            ["line 3", "add the path"],
        ),
        (
            format!("name = 'X y'\nabout = 'X'\n{marker}{surface}path = 'a.md'\n"),
            ["line 1", "rename it"],
        ),
        (
            format!("{head}{marker}{surface}path = 'a.md'\n[[surface]]\nname = 'a'\npath = 'b.md'\n"),
            ["line 6", "rename one"],
        ),
        (
            format!("{head}{marker}{surface}path = 'a.md'\nkeys = {{ env = 'auto' }}\n"),
            ["`env`", "remove it"],
        ),
    ] {
        let mut table = LayoutTable::built_in().unwrap();
        let error = table.add(Path::new("/c/x.toml"), &text).unwrap_err().to_string();
        assert!(error.starts_with("/c/x.toml: "), "{error}");
        parts
            .iter()
            .for_each(|part| assert!(error.contains(part), "{part}: {error}"));
    }
    let mut table = LayoutTable::built_in().unwrap();
    let text = format!("{head}{marker}{surface}path = 'a.md'\n");
    let error = table.add(Path::new("/c/y.toml"), &text).unwrap_err().to_string();
    assert!(error.contains("rename the file to x.toml"), "{error}");
}

#[test]
fn homes_of_other_people_are_left_out() {
    let found = find_paths(&[
        "CLAUDE.md",
        "node_modules/x/CLAUDE.md",
        "vendor/y/AGENTS.md",
        "third_party/z/SKILL.md",
        "tests/fixtures/repo/.claude/agents/a.md",
        "src/CLAUDE.md",
    ]);
    assert_eq!(found.layouts, ["claude_code"]);
    assert_eq!(found.files, ["CLAUDE.md", "src/CLAUDE.md"]);
    let folders = ["node_modules/", "tests/fixtures/", "third_party/", "vendor/"];
    assert_eq!(found.left_out.keys().collect::<Vec<_>>(), folders);
}

#[test]
fn ignored_files_mark_homes_but_do_not_belong_to_them() {
    let table = LayoutTable::built_in().unwrap();
    let files = [
        (".aider.chat.history.md", ""),
        ("CONVENTIONS.md", ""),
        (".claude/agents/mine.md", ""),
        ("CLAUDE.md", "@me.md"),
        ("me.md", ""),
    ];
    let files: BTreeMap<&str, &str> = files.into();
    let mut listing = listing(&files, &[]);
    listing.ignored = [".aider.chat.history.md", ".claude/agents/mine.md", "me.md"]
        .map(str::to_owned)
        .into();
    listing.repositories = ["sub".to_owned()].into();
    let found = paths(&detect(&table, &listing, &|path| files.get(path).map(|text| (*text).to_owned())).unwrap());
    assert_eq!(found.layouts, ["claude_code", "aider"]);
    assert_eq!(found.files, ["CLAUDE.md", "CONVENTIONS.md"]);
    let left_out = [".aider.chat.history.md", ".claude/agents/mine.md", "me.md", "sub/"];
    assert_eq!(found.left_out.keys().collect::<Vec<_>>(), left_out);
}

#[test]
fn files_that_are_named_belong_to_the_surface_of_their_kind() {
    let plugin = [
        (".claude-plugin/plugin.json", "{\"agents\": \"./a.md\"}"),
        ("a.md", ""),
        ("agents/b.md", ""),
    ];
    assert_eq!(find(&plugin, &[]).surfaces, ["a.md: agents", "agents/b.md: agents"]);
    let small = [("CLAUDE.md", ""), (".claude/skills/x/skill.md", "")];
    assert_eq!(find(&small, &[]).surfaces[0], ".claude/skills/x/skill.md: small_skills");
}

#[test]
fn files_that_a_harness_cannot_have_mark_homes_but_do_not_belong_to_them() {
    let table = LayoutTable::built_in().unwrap();
    let mut listing = listing(&BTreeMap::from([("CLAUDE.md", ""), (".claude/agents/a.md", "")]), &[]);
    listing.unusable = [("CLAUDE.md".to_owned(), "it is too large".to_owned())].into();
    listing.unreadable = ["data".to_owned()].into();
    let found = paths(&detect(&table, &listing, &|_| Some(String::new())).unwrap());
    assert_eq!(found.files, [".claude/agents/a.md"]);
    assert_eq!(found.left_out["CLAUDE.md"], "it is too large");
    assert_eq!(found.left_out["data/"], "it cannot be read");
}
