//! Agent homes: what `init` finds in them, and `layouts`.

use std::path::{Path, PathBuf};

use globset::GlobBuilder;
use serde_json::{Value, json};

use crate::space::Space;

fn harness_line(out: &str) -> Value {
    let lines = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.into_iter().find(|line| line["check"] == "harness").unwrap()
}

fn claude_home() -> Space {
    let space = Space::empty();
    for (path, text) in [
        ("CLAUDE.md", "# Rules\n\n- Use uv.\n@docs/style.md\n"),
        ("docs/style.md", "Short lines.\n"),
        (".claude/agents/reviewer.md", "---\nname: reviewer\n---\nReport bugs.\n"),
        (".claude/settings.json", "{\"model\": \"opus\"}\n"),
        (
            ".claude/skills/a/SKILL.md",
            "---\nname: a\ndescription: A\n---\nDo a.\n",
        ),
        (".claude/skills/a/run.py", "print(1)\n"),
        (".claude/.env", "KEY=1\n"),
        (".claude/agents/mine.md", "Not in git.\n"),
        (".gitignore", "mine.md\n.env\n"),
    ] {
        space.write(path, text);
    }
    space
}

#[test]
fn init_finds_a_home_of_claude_code_and_writes_its_texts() {
    let space = claude_home();
    space.git(&["init", "-q"]);
    let said = space.kaizen(&["init", "--format", "json"]).exits(0);
    let found = harness_line(&said.out);
    assert_eq!(found["layouts"], json!(["claude_code"]));
    let files = [
        ".claude/agents/reviewer.md",
        ".claude/settings.json",
        ".claude/skills/a/SKILL.md",
        "CLAUDE.md",
        "docs/style.md",
    ];
    assert_eq!(found["files"], json!(files));
    assert_eq!(found["shown"], json!([".claude/skills/a/run.py"]));
    assert_eq!(found["ok"], true);
    let manifest = space.read("kaizen.toml");
    assert!(
        manifest.contains("prompt = \"CLAUDE.md\"") && manifest.contains("\"docs/style.md\""),
        "{manifest}"
    );
    assert!(
        !manifest.contains("mine.md") && !manifest.contains("settings.json"),
        "{manifest}"
    );
    assert!(!space.root.join("agents").exists(), "no starter agent beside this one");
    space.kaizen(&["status"]).exits(0);
}

#[test]
fn init_says_what_the_host_reads_and_what_can_be_edited_now() {
    let space = claude_home();
    space.git(&["init", "-q"]);
    let said = space.kaizen(&["init"]).exits(0);
    for part in [
        "found claude_code (Claude Code): 5 files",
        "read when it starts, in this order:\n    CLAUDE.md\n    .claude/settings.json\n    docs/style.md",
        "kaizen trust",
        "~/.claude/projects",
        ".claude/skills/a/run.py (not editable)",
        "kaizen can edit CLAUDE.md now",
    ] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
}

#[test]
fn a_home_without_a_text_to_edit_gets_no_manifest() {
    let space = Space::empty();
    space.write("config/agents.yaml", "cook:\n  role: Cook\n");
    space.write("config/tasks.yaml", "meal:\n  description: Cook it\n");
    let said = space.kaizen(&["init"]).exits(2);
    assert!(said.err.contains("crewai"), "{}", said.err);
    assert!(!space.root.join("kaizen.toml").exists());
}

#[test]
fn layouts_are_listed_with_the_users_own_first() {
    let space = Space::empty();
    let own = "name = 'mine'\nabout = 'Mine'\nmarkers = [{ path = 'MINE.md' }]\n[protected]\n[[surface]]\nname = 'memory'\npath = 'MINE.md'\n";
    let folder = space.home.join(".config/kaizen/layouts");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("mine.toml"), own).unwrap();
    let said = space.kaizen(&["layouts", "--format", "json"]).exits(0);
    let rows: Vec<Value> = said
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!((&rows[0]["layout"], &rows[0]["own"]), (&json!("mine"), &json!(true)));
    let names: Vec<&str> = rows.iter().map(|row| row["layout"].as_str().unwrap()).collect();
    assert!(names.len() > 18 && names.contains(&"promptfoo"), "{names:?}");
    assert!(rows.iter().all(|row| !row["surfaces"].as_array().unwrap().is_empty()));
    let said = space.kaizen(&["layouts"]).exits(0);
    let agents = ".claude/agents/**/{agent}.md: text, description, model, tools";
    assert!(
        said.out.contains(agents) && said.out.contains("Mine (yours)"),
        "{}",
        said.out
    );

    space.write("MINE.md", "Be brief.\n");
    let said = space.kaizen(&["init", "--format", "json"]).exits(0);
    assert_eq!(harness_line(&said.out)["layouts"], json!(["mine"]));

    std::fs::write(
        folder.join("mine.toml"),
        own.replace("path = 'MINE.md'\n", "path = '../x'\n"),
    )
    .unwrap();
    space
        .kaizen(&["layouts"])
        .exits(1)
        .says(&["mine.toml", "line 7", "inside the home"]);
}

/// The paths among `files` that a glob of an expectation names; text after a blank is a comment.
fn named<'f>(expected: &Value, files: &'f [String]) -> Vec<&'f String> {
    let glob = expected.as_str().unwrap().split(' ').next().unwrap();
    let glob = GlobBuilder::new(glob)
        .literal_separator(true)
        .build()
        .unwrap()
        .compile_matcher();
    files.iter().filter(|path| glob.is_match(path)).collect()
}

/// Copies a folder into a workspace and returns the paths.
fn copied(home: &Path, space: &Space) -> Vec<String> {
    let entries = walkdir::WalkDir::new(home).into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file());
    let copy = |entry: walkdir::DirEntry| {
        let path = entry.path().strip_prefix(home).unwrap().to_str().unwrap().to_owned();
        space.write(&path, &std::fs::read_to_string(entry.path()).unwrap());
        path
    };
    files.map(copy).collect()
}

/// Needs sample homes that are not in this repository; without them, the test does nothing.
#[test]
fn the_expected_files_of_every_sample_home_are_found() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/dialects/homes");
    let Ok(entries) = std::fs::read_dir(&samples) else {
        return eprintln!("skipped: there is no {}", samples.display());
    };
    for entry in entries {
        let path = entry.unwrap().path();
        let Some(name) = path.to_str().unwrap().strip_suffix(".expected.json") else {
            continue;
        };
        let expected: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let space = Space::empty();
        let files = copied(&PathBuf::from(name), &space);
        let found = harness_line(&space.kaizen(&["init", "--format", "json"]).out);
        assert_eq!(found["layouts"], json!([expected["layout"]]), "{name}");
        let holds = |key: &str, path: &String| found[key].as_array().unwrap().contains(&json!(path));
        let list = |key: &str| expected[key].as_array().cloned().unwrap_or_default();
        for path in list("editable").iter().flat_map(|glob| named(glob, &files)) {
            assert!(holds("files", path), "{name}: {path} is not editable");
        }
        for path in list("shown_not_edited").iter().flat_map(|glob| named(glob, &files)) {
            assert!(
                holds("shown", path) && !holds("files", path),
                "{name}: {path} is not only shown"
            );
        }
    }
}
