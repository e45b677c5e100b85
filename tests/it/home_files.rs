//! Files that no edit changes, or that a person has to repair first: programs, links, unreadable names, read-only files.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::space::Space;

/// A row of `init` or `doctor`.
fn row(rows: &[Value], check: &str) -> Value {
    rows.iter().find(|row| row["check"] == check).unwrap().clone()
}

fn executable(space: &Space, path: &str) {
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(space.root.join(path), mode).unwrap();
}

#[test]
fn programs_that_a_manifest_lists_are_only_shown() {
    let space = Space::empty();
    let mut manifest = "[harness]\nlayouts = [\"claude_code\"]\n".to_owned();
    let programs = [
        ".claude/check",
        ".claude/statusline.sh",
        ".github/workflows/ci.yml",
        "skills/s/run.py",
        "skills/s/tool",
    ];
    for (at, path) in programs.iter().chain(&["CLAUDE.md"]).enumerate() {
        let text = if *path == "skills/s/tool" {
            "#!/bin/sh\n"
        } else {
            "on: push\n"
        };
        space.write(path, text);
        manifest +=
            &format!("[[harness.surface]]\nname = \"s{at}\"\npath = \"{path}\"\nformat = \"text\"\nbody = \"auto\"\n");
    }
    // A text that was copied with the mode of a program stays a text.
    executable(&space, ".claude/check");
    executable(&space, "CLAUDE.md");
    space.write("kaizen.toml", &manifest);
    space.git(&["init", "-q"]);
    space.commit_all("clone");
    let rows = space.kaizen(&["doctor", "--format", "json"]).exits(4).events();
    let harness = row(&rows, "harness");
    assert_eq!(harness["files"], json!(["CLAUDE.md"]));
    assert_eq!(harness["shown"], json!(programs));
    let found = harness["found"].as_str().unwrap();
    assert!(
        found.contains(".claude/check, .claude/statusline.sh, .github/workflows/ci.yml and 2 more")
            && found.contains("no edit"),
        "{found}"
    );
}

#[test]
fn init_only_shows_programs_that_their_mode_or_first_line_marks() {
    let space = Space::empty();
    space.write(".goosehints", "Be brief.\n");
    space.write(".clinerules/a.md", "Be brief.\n");
    space.write(".clinerules/run", "#!/bin/sh\nls\n");
    let rows = space.kaizen(&["init", "--format", "json"]).exits(0).events();
    let harness = row(&rows, "harness");
    assert!(!harness["files"].to_string().contains("run"), "{harness}");
}

/// A home of Claude Code and Codex with the same text under two names, and skills behind a link.
fn linked_home() -> Space {
    let space = Space::empty();
    space.write("CLAUDE.md", "Be brief.\n");
    space.write("skills/a/SKILL.md", "---\nname: a\ndescription: A\n---\nDo a.\n");
    space.write(".claude/settings.json", "{\"model\": \"opus\"}\n");
    std::os::unix::fs::symlink("CLAUDE.md", space.root.join("AGENTS.md")).unwrap();
    std::os::unix::fs::symlink("../skills", space.root.join(".claude/skills")).unwrap();
    space.git(&["init", "-q"]);
    space.commit_all("home");
    space
}

#[test]
fn copies_for_a_student_have_the_links_of_the_home() {
    let space = linked_home();
    space.kaizen(&["init"]).exits(0);
    let task = |id: &str, split: &str, query: &str, answer: &str| json!({"task_id": id, "query": query, "reference_answer": answer, "category": "c", "scorer": "exact", "split": split});
    let tasks = [
        task("t", "train", "AGENTS.md", "Be brief."),
        task("g", "gate", ".claude/skills/a/SKILL.md", "Do a."),
        task("h", "gate", "AGENTS.md", "Be brief."),
    ];
    space.write("benchmark/t.jsonl", &tasks.map(|task| format!("{task}\n")).concat());
    let manifest = space.read("kaizen.toml");
    for sandbox in ["[student.sandbox]\n", "[other]\n"] {
        let student = "[student]\nengine = \"command\"\nrun = [\"sh\", \"-c\", \"cd $KAIZEN_HARNESS && tail -n 1 $0\", \"{query}\"]\n";
        let manifest = manifest.replace("\n[student]\n", &format!("\n{student}"));
        let manifest = match sandbox {
            "[other]\n" => manifest.replace("\n[student.sandbox]\n", "\n"),
            _ => manifest,
        };
        space.write("kaizen.toml", &manifest);
        space.commit_all("student");
        let said = space.kaizen(&["eval", "--split", "gate"]).exits(0);
        assert!(said.out.contains("100.0 %"), "{}", said.out);
    }
}

#[test]
fn a_link_that_is_in_no_commit_fails_the_doctor_with_what_to_run() {
    let space = Space::empty();
    space.write("CLAUDE.md", "Be brief.\n");
    space.write("skills/a/SKILL.md", "---\nname: a\ndescription: A\n---\nDo a.\n");
    space.write(".claude/settings.json", "{\"model\": \"opus\"}\n");
    space.git(&["init", "-q"]);
    space.commit_all("home");
    std::os::unix::fs::symlink("../skills", space.root.join(".claude/skills")).unwrap();
    space.kaizen(&["init"]).exits(0);
    let doctor = |space: &Space| {
        let rows = space.kaizen(&["doctor", "--format", "json"]).exits(4).events();
        row(&rows, "harness")
    };
    let harness = doctor(&space);
    assert_eq!(harness["ok"], false, "{harness}");
    assert!(
        harness
            .to_string()
            .contains(".claude/skills is a link that is in no commit"),
        "{harness}"
    );
    assert_eq!(
        harness["fix"],
        "git add '.claude/skills' && git commit -m 'Add .claude/skills'"
    );
    space.commit_all("link");
    assert_eq!(doctor(&space)["ok"], true);
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_its_line_and_the_remedy() {
    let space = Space::empty();
    let text = "prompts: [a]\ndescription: My eval: x\nproviders: [openai:x]\n";
    space.write("promptfooconfig.yaml", text);
    space.write(".claude/output-styles/a.md", "---\nname: a\n</example>\n---\nText.\n");
    space.write("CLAUDE.md", "Be brief.\n");
    let said = space.kaizen(&["init"]).exits(0).out;
    for line in [
        "line 3: the front matter has a line that is no `name: value`; change it by hand; until then, no edit can change",
        "line 2: not valid YAML: a colon and a blank in a text without quotes; put the text in quotes; until then, no edit",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
}

#[test]
fn an_edit_of_a_link_names_its_target() {
    let space = linked_home();
    let rows = space.kaizen(&["init", "--format", "json"]).exits(0).events();
    assert_eq!(
        row(&rows, "harness")["files"],
        json!([".claude/settings.json", "CLAUDE.md", "skills/a/SKILL.md"])
    );
    let rows = space.kaizen(&["doctor", "--format", "json"]).exits(4).events();
    let harness = row(&rows, "harness");
    assert_eq!(harness["ok"], true, "{harness}");
}

#[test]
fn a_link_to_elsewhere_that_is_new_fails_the_doctor_and_a_new_file_is_named() {
    let space = linked_home();
    space.kaizen(&["init"]).exits(0);
    space.write("sub/CLAUDE.md", "New.\n");
    space.commit_all("new");
    let found = |space: &Space| {
        row(
            &space.kaizen(&["doctor", "--format", "json"]).exits(4).events(),
            "harness",
        )
    };
    let harness = found(&space);
    assert_eq!(harness["ok"], true);
    assert!(
        harness["found"]
            .as_str()
            .unwrap()
            .contains("does not list sub/CLAUDE.md"),
        "{harness}"
    );
    std::os::unix::fs::symlink("/srv/agents", space.root.join(".claude/agents")).unwrap();
    let harness = found(&space);
    assert_eq!(harness["ok"], false);
    assert!(
        harness["found"]
            .as_str()
            .unwrap()
            .contains(".claude/agents is a link to /srv/agents"),
        "{harness}"
    );
}

#[test]
fn init_says_which_home_reads_a_file_and_which_file_comes_first() {
    let space = Space::empty();
    for path in [
        "AGENTS.override.md",
        "AGENTS.md",
        "web/AGENTS.override.md",
        "web/AGENTS.md",
    ] {
        space.write(path, "Be brief.\n");
    }
    space.write(".codex/config.toml", "model = \"gpt-5\"\n");
    let rows = space.kaizen(&["init", "--format", "json"]).exits(0).events();
    let harness = row(&rows, "harness");
    assert_eq!(
        harness["read_at_start"]["codex"],
        json!(["AGENTS.override.md", ".codex/config.toml"])
    );
    assert_eq!(
        harness["homes"],
        json!([
            {"layout": "codex", "folder": "", "read_at_start": ["AGENTS.override.md", ".codex/config.toml"],
                "not_read": {"AGENTS.md": "AGENTS.override.md"}},
            {"layout": "codex", "folder": "web", "read_at_start": ["web/AGENTS.override.md"],
                "not_read": {"web/AGENTS.md": "web/AGENTS.override.md"}},
        ])
    );
    std::fs::remove_file(space.root.join("kaizen.toml")).unwrap();
    let said = space.kaizen(&["init"]).exits(0);
    for part in [
        "read when it starts, in this order:\n    AGENTS.override.md: text\n    .codex/config.toml: ",
        "in web: web/AGENTS.override.md: text",
        "AGENTS.md: AGENTS.override.md comes first",
    ] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
}

#[test]
fn the_users_own_codex_home_starts_with_its_agents_md() {
    let mut space = Space::empty();
    space.root = space.root.join(".codex");
    std::fs::create_dir_all(&space.root).unwrap();
    space.write("AGENTS.md", "Be brief.\n");
    space.write("config.toml", "model = \"gpt-5\"\n");
    let rows = space.kaizen(&["init", "--format", "json"]).exits(0).events();
    assert_eq!(
        row(&rows, "harness")["read_at_start"]["codex"],
        json!(["AGENTS.md", "config.toml"])
    );
}

#[test]
fn the_doctor_names_a_file_that_cannot_be_written() {
    let space = linked_home();
    space.kaizen(&["init"]).exits(0);
    let mode = std::fs::Permissions::from_mode(0o444);
    std::fs::set_permissions(space.root.join("CLAUDE.md"), mode).unwrap();
    let rows = space.kaizen(&["doctor", "--format", "json"]).exits(4).events();
    let harness = row(&rows, "harness");
    assert_eq!(
        (&harness["ok"], &harness["fix"]),
        (&json!(false), &json!("chmod u+w 'CLAUDE.md'"))
    );
    assert!(
        harness["found"]
            .as_str()
            .unwrap()
            .starts_with("CLAUDE.md cannot be written"),
        "{harness}"
    );
}

#[test]
fn init_names_the_imports_that_are_not_followed_and_why() {
    let space = Space::empty();
    space.write(
        "CLAUDE.md",
        "@gone.md @~/mine.md @../other.md @a.md @vendor/v.md @octocat @scope/package and @b.md twice: @b.md\n",
    );
    space.write("a.md", "@CLAUDE.md @b.md\n");
    space.write("b.md", "@1.md\n");
    for depth in 1..6 {
        space.write(&format!("{depth}.md"), &format!("@{}.md\n", depth + 1));
    }
    space.write("6.md", "Deep.\n");
    space.write("vendor/v.md", "Theirs.\n");
    let rows = space.kaizen(&["init", "--format", "json"]).exits(0).events();
    let harness = row(&rows, "harness");
    let skipped = |file: &str, import: &str, reason: &str| json!({"file": file, "import": import, "reason": reason});
    assert_eq!(
        harness["skipped_imports"],
        json!([
            skipped("4.md", "5.md", "the host follows no imports so deep"),
            skipped("CLAUDE.md", "../other.md", "it is outside the workspace"),
            skipped("CLAUDE.md", "gone.md", "there is no such file in the workspace"),
            skipped("CLAUDE.md", "vendor/v.md", "code that others maintain"),
            skipped("CLAUDE.md", "~/mine.md", "it is outside the workspace"),
            skipped("a.md", "CLAUDE.md", "it would import itself"),
        ])
    );
    std::fs::remove_file(space.root.join("kaizen.toml")).unwrap();
    let said = space.kaizen(&["init"]).exits(0);
    assert!(
        said.out
            .contains("imports that are not followed:\n    @5.md in 4.md: the host follows no"),
        "{}",
        said.out
    );
}

#[test]
fn init_reads_the_files_before_it_writes() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
    let space = Space::empty();
    space.write("CLAUDE.md", "Be brief.\n");
    space.write(".cursorrules", pointer);
    space.kaizen(&["init"]).exits(4).says(&[".cursorrules", "git lfs pull"]);
    assert!(!space.root.join("kaizen.toml").exists() && !space.root.join(".git").exists());

    let space = Space::empty();
    space.write("config.toml", "[agent.x]\nclass = \"simple\"\n");
    std::fs::create_dir_all(space.root.join("agents/x")).unwrap();
    std::fs::write(space.root.join("agents/x/system_prompt.md"), b"caf\xe9\n").unwrap();
    let task = "{\"task_id\": \"t\", \"query\": \"Q\", \"reference_answer\": \"a\", \"category\": \"c\", \"split\": \"train\"}\n";
    space.write("t.jsonl", task);
    for arguments in [&["init"][..], &["init", "--tasks", "t.jsonl"]] {
        space
            .kaizen(arguments)
            .exits(1)
            .says(&["agents/x/system_prompt.md", "save it as UTF-8"]);
        assert!(!space.root.join("kaizen.toml").exists() && !space.root.join("benchmark").exists());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_utf8_is_left_out_aloud() {
    use std::os::unix::ffi::OsStrExt;

    let space = linked_home();
    for folder in [".claude/agents", "docs"] {
        let folder = space.root.join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(std::ffi::OsStr::from_bytes(b"caf\xe9.md")), "Mine.\n").unwrap();
    }
    let rows = space.kaizen(&["init", "--format", "json"]).exits(0).events();
    let reason = "its name is not UTF-8; rename it";
    assert_eq!(
        row(&rows, "harness")["left_out"],
        json!({".claude/agents/caf\u{fffd}.md": reason})
    );
    let rows = space.kaizen(&["doctor", "--format", "json"]).exits(4).events();
    let harness = row(&rows, "harness");
    assert!(
        harness["found"]
            .as_str()
            .unwrap()
            .contains(".claude/agents/caf\u{fffd}.md (its name"),
        "{harness}"
    );
}

#[test]
fn the_data_of_a_skill_is_a_text_and_its_programs_are_shown() {
    let space = linked_home();
    for (path, text) in [
        ("references/units.json", "[{\"name\": \"mile\", \"km\": 1.6}]\n"),
        ("references/deep/rules.yaml", "a: 1\n"),
        ("assets/table.csv", "a,b\n"),
        ("assets/page.html", "<p>\n"),
        ("assets/logo.png", "not shown\n"),
        ("assets/run.py", "print(1)\n"),
        ("other/x.json", "{}\n"),
    ] {
        space.write(&format!("skills/a/{path}"), text);
    }
    space.commit_all("data");
    let rows = space.kaizen(&["init", "--format", "json"]).exits(0).events();
    let harness = row(&rows, "harness");
    let files = [
        ".claude/settings.json",
        "CLAUDE.md",
        "skills/a/SKILL.md",
        "skills/a/assets/page.html",
        "skills/a/assets/table.csv",
        "skills/a/references/deep/rules.yaml",
        "skills/a/references/units.json",
    ];
    assert_eq!(harness["files"], json!(files));
    assert_eq!(
        harness["shown"],
        json!(["skills/a/assets/run.py", "skills/a/other/x.json"])
    );
    let op = json!({"op": "patch_text", "path": "skills/a/references/units.json", "key": null, "tier": "review"});
    assert!(row(&rows, "ops")["ops"].as_array().unwrap().contains(&op));
    let rows = space.kaizen(&["doctor", "--format", "json"]).exits(4).events();
    assert_eq!(row(&rows, "harness")["files"], json!(files));
}
