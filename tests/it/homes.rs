//! Agent homes: what `init` finds in them, and `layouts`.

use std::path::{Path, PathBuf};

use globset::GlobBuilder;
use serde_json::{Value, json};

use crate::space::{KAIZEN, Said, Space, names};

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
fn init_finds_a_home_of_claude_code_and_writes_its_surfaces() {
    let space = claude_home();
    space.git(&["init", "-q"]);
    let said = space.kaizen(&["init", "--format", "json"]).exits(0);
    let lines: Vec<Value> = said
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for line in &lines {
        assert!(
            line["check"].is_string() && (line["ok"] == true || line["fix"].is_string()),
            "{line}"
        );
    }
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
    let left_out = found["left_out"].as_object().unwrap();
    assert_eq!(
        left_out.keys().collect::<Vec<_>>(),
        [".claude/.env", ".claude/agents/mine.md"]
    );
    let manifest = space.read("kaizen.toml");
    for part in [
        "layouts = [\"claude_code\"]",
        "files = [\".claude/skills/**\"]",
        "name = \"memory\"\npath = \"CLAUDE.md\"\n",
        "path = \".claude/agents/**/{agent}.md\"\nkeys = { description = \"auto\", model = \"auto\", tools = \"review\" }\ncreate = \"review\"\n",
        "path = \".claude/settings.json\"\nkeys = { model = \"auto\" }\n",
        "name = \"imports/style\"\npath = \"docs/style.md\"\nformat = \"text\"\nbody = \"review\"\nfills = [\"imports\"]\n",
        "\n[student.sandbox]\n# With bubblewrap",
        "# wrap = [\n#   \"bwrap\", ",
        "# run = [\"claude\", \"-p\", \"{query}\", \"--output-format\", \"json\"]",
    ] {
        assert!(manifest.contains(part), "{part}: {manifest}");
    }
    assert!(!space.root.join("agents").exists(), "no starter agent beside this one");
    assert_eq!(
        space.git(&["show", "--name-only", "--format=", "HEAD"]).trim(),
        "kaizen.toml"
    );
    space.kaizen(&["status"]).exits(0);
}

#[test]
fn a_workspace_in_a_hidden_folder_is_like_any_other() {
    let space = Space::empty();
    for (path, text) in [
        (".dots/CLAUDE.md", "Use uv.\n"),
        (".dots/.claude/agents/a.md", "Report bugs.\n"),
        (".dots/api/CLAUDE.md", "Use npm.\n"),
    ] {
        space.write(path, text);
    }
    let folder = space.root.join(".dots");
    let run = |program: &str, arguments: &[&str]| {
        let output = space.bare(program, arguments).current_dir(&folder).output();
        Said::of(output.unwrap()).exits(0)
    };
    run("git", &["init", "-q", "-b", "main"]);
    let found = harness_line(&run(KAIZEN, &["init", "--format", "json"]).out);
    assert_eq!(
        found["files"],
        json!([".claude/agents/a.md", "CLAUDE.md", "api/CLAUDE.md"])
    );
    assert_eq!(found["read_at_start"]["claude_code"], json!(["CLAUDE.md"]));
}

#[test]
fn init_and_doctor_agree_on_the_files_and_the_ops() {
    let space = claude_home();
    for (path, text) in [
        // Settings that cannot be read, a text that is not UTF-8, and one that only a template of new files matches.
        (".gemini/settings.json", "{\"model\":"),
        (".codex/config.toml", "model = \n"),
        (".clinerules/a.md", "Be short.\n"),
        (".clinerules/hooks/README.md", "Hooks.\n"),
        (".claude/skills/a/README.md", "For people.\n"),
    ] {
        space.write(path, text);
    }
    std::fs::write(space.root.join(".claude/agents/latin.md"), b"caf\xe9\n").unwrap();
    space.git(&["init", "-q"]);
    space.commit_all("clone");
    let init = space.kaizen(&["init", "--format", "json"]).exits(0).events();
    let doctor = space.kaizen(&["doctor", "--format", "json"]).exits(4).events();
    let row = |rows: &[Value], check: &str| rows.iter().find(|row| row["check"] == check).unwrap().clone();
    for key in ["layouts", "files", "shown"] {
        let [found, checked] = [&init, &doctor].map(|rows| row(rows, "harness")[key].clone());
        assert_eq!(found, checked, "{key}");
    }
    assert_eq!(row(&init, "ops"), row(&doctor, "ops"));
    let shown = &row(&init, "harness")["shown"];
    for path in [
        ".claude/agents/latin.md",
        ".claude/skills/a/README.md",
        ".clinerules/hooks/README.md",
        ".codex/config.toml",
        ".gemini/settings.json",
    ] {
        assert!(shown.as_array().unwrap().contains(&json!(path)), "{path}: {shown}");
    }
    let op = json!({"op": "set_key", "path": ".claude/settings.json", "key": "model", "tier": "auto"});
    assert!(row(&init, "ops")["ops"].as_array().unwrap().contains(&op));
}

#[test]
fn a_file_that_is_too_large_is_left_out() {
    let space = claude_home();
    let large = space.root.join("CLAUDE.md");
    std::fs::File::create(&large).unwrap().set_len((8 << 20) + 1).unwrap();
    let init = space.kaizen(&["init", "--format", "json"]).exits(0);
    let found = harness_line(&init.out);
    assert!(
        found["left_out"]["CLAUDE.md"].as_str().unwrap().contains("8 MiB"),
        "{found}"
    );
    assert!(!found["files"].as_array().unwrap().contains(&json!("CLAUDE.md")));
    let doctor = space.kaizen(&["doctor", "--format", "json"]).exits(4).events();
    assert!(doctor.iter().any(|row| row["check"] == "harness" && row["ok"] == true));
}

#[test]
fn doctor_names_the_hosts_student_and_its_traces_that_wait() {
    let space = claude_home();
    let workspace = space.root.canonicalize().unwrap();
    let folder: String = workspace
        .to_str()
        .unwrap()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let home = tempfile::tempdir().unwrap();
    let traces = home.path().join(".claude/projects").join(&folder);
    std::fs::create_dir_all(&traces).unwrap();
    let line = |id: &str| {
        let user = json!({"type": "user", "uuid": id, "sessionId": id, "cwd": "/x", "timestamp": "2026-01-01T00:00:00Z",
            "message": {"role": "user", "content": format!("Question {id}")}});
        let answer = json!({"type": "assistant", "uuid": format!("{id}2"), "parentUuid": id, "sessionId": id,
            "timestamp": "2026-01-01T00:00:01Z", "message": {"role": "assistant", "content": [{"type": "text", "text": "Done"}]}});
        format!("{user}\n{answer}\n")
    };
    for id in ["a", "b"] {
        std::fs::write(traces.join(format!("{id}.jsonl")), line(id)).unwrap();
    }
    let kaizen = |arguments: &[&str]| space.kaizen_with("HOME", home.path().to_str().unwrap(), arguments);
    kaizen(&["init"]).exits(0);
    let row = |check: &str| {
        let rows = kaizen(&["doctor", "--format", "json"]).exits(4).events();
        rows.into_iter().find(|row| row["check"] == check).unwrap()
    };
    let student = row("student");
    assert_eq!(student["ok"], false);
    assert!(
        student["fix"].as_str().unwrap().contains("run = [\"claude\", \"-p\""),
        "{student}"
    );
    let place = format!("~/.claude/projects/{folder}");
    let found = row("traces");
    assert_eq!(
        (&found["ok"], &found["fix"]),
        (&Value::Null, &json!(format!("kaizen traces import {place}")))
    );
    assert!(found["found"].as_str().unwrap().contains("2 of 2 files"), "{found}");
    kaizen(&["traces", "import", traces.to_str().unwrap()]).exits(0);
    let found = row("traces");
    assert_eq!(found["ok"], true, "{found}");
    assert!(found["found"].as_str().unwrap().contains("none to import"), "{found}");
}

#[test]
fn init_says_what_the_host_reads_and_what_can_be_edited() {
    let space = claude_home();
    space.write(".gemini/settings.json", "{\"model\":");
    space.git(&["init", "-q"]);
    let said = space.kaizen(&["init"]).exits(0);
    for part in [
        ".gemini/settings.json (line 1: not valid JSON: ",
        "possible edits in 5 files, and new files in",
        "found claude_code (Claude Code): 5 files",
        "read when it starts, in this order:\n    CLAUDE.md: text\n    docs/style.md: text\n    .claude/settings.json: model",
        "read when needed:\n    .claude/agents/reviewer.md: text, description, model, tools",
        "`claude -p {query} --output-format json`",
        "kaizen trust",
        "~/.claude/projects/-",
        ".claude/skills/a/run.py (not editable)",
        ".claude/agents/mine.md: git ignores it",
        ".claude/.env: it may hold credentials",
    ] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
}

/// A home of each kind whose files are keys or front matter, or text, with the files that have an editable part.
#[test]
fn a_home_of_each_layout_gets_a_manifest() {
    for (layout, files, editable) in [
        (
            "crewai",
            &[
                ("config/agents.yaml", "cook:\n  role: Cook\n"),
                ("config/tasks.yaml", "meal:\n  description: Cook it\n"),
            ][..],
            2,
        ),
        (
            "cursor",
            &[
                (".cursor/rules/a.mdc", "---\nglobs: **/*.py\n---\nUse uv.\r\n"),
                (".cursor/mcp.json", "{}"),
            ],
            1,
        ),
        (
            "continue",
            &[(".continue/config.yaml", "models:\n  - name: main\n    model: m\n")],
            1,
        ),
        (
            "dspy",
            &[(
                "out/p.json",
                "{\"predict\": {\"signature\": {\"instructions\": \"x\"}, \"demos\": []}}",
            )],
            1,
        ),
        (
            "mini_swe_agent",
            &[
                ("c.yaml", "agent:\n  system_template: |\n    Hi.\n"),
                ("d.yaml", "a: 1\n"),
            ],
            1,
        ),
        (
            "codex",
            &[
                (".codex/config.toml", "model = \"m\"\n"),
                ("AGENTS.md", "Be brief.\n"),
                ("a/AGENTS.md", "Be kind.\n"),
            ],
            3,
        ),
        (
            "gemini",
            &[
                ("GEMINI.md", "@./x.md\n"),
                ("x.md", "Be brief.\n"),
                (".gemini/settings.json", "{\"model\": {\"name\": \"m\"}}"),
            ],
            3,
        ),
        (
            "opencode",
            &[
                (
                    "opencode.jsonc",
                    "{ // mine\n  \"agent\": {\"a\": {\"prompt\": \"{file:./p.txt}\"}},\n}",
                ),
                ("p.txt", "Hi.\n"),
            ],
            2,
        ),
        (
            "copilot",
            &[
                (".github/copilot-instructions.md", "Be brief.\n"),
                (".github/workflows/ci.yml", "on: push\n"),
            ],
            1,
        ),
        (
            "aider",
            &[(".aider.conf.yml", "read: STYLE.md\n"), ("STYLE.md", "Be brief.\n")],
            2,
        ),
        ("cline", &[(".clinerules/a.md", "Be brief.\n")], 1),
        (
            "roo",
            &[
                (".roomodes", "{\"customModes\": [{\"roleDefinition\": \"You cook.\"}]}"),
                (".roo/rules/a.md", "Be brief.\n"),
            ],
            2,
        ),
        (
            "claude_plugin",
            &[
                (".claude-plugin/plugin.json", "{\"name\": \"p\"}"),
                ("commands/a.md", "Do it.\n"),
            ],
            1,
        ),
        (
            "skills",
            &[
                ("skills/a/SKILL.md", "---\nname: a\ndescription: A\n---\nDo a.\n"),
                ("skills/a/scripts/a.sh", "ls\n"),
            ],
            1,
        ),
        ("agents_md", &[("AGENTS.md", "Be brief.\n")], 1),
        (
            "promptfoo",
            &[
                (
                    "promptfooconfig.yaml",
                    "prompts: [file://p.txt]\nproviders: [openai:m]\n",
                ),
                ("p.txt", "{{q}}\n"),
            ],
            2,
        ),
        ("langgraph", &[("src/prompts/a.jinja2", "{{ q }}\n")], 1),
        (
            "openjarvis",
            &[
                ("config.toml", "[intelligence]\ndefault_model = \"m\"\n"),
                ("SOUL.md", "You are Jarvis.\n"),
            ],
            2,
        ),
        ("goose", &[(".goosehints", "Be brief.\n")], 1),
        ("windsurf", &[(".windsurf/rules/a.md", "Be brief.\n")], 1),
        ("kiro", &[(".kiro/steering/a.md", "Be brief.\n")], 1),
    ] {
        let space = Space::empty();
        files.iter().for_each(|(path, text)| space.write(path, text));
        let said = space.kaizen(&["init", "--format", "json"]).exits(0);
        let found = harness_line(&said.out);
        assert_eq!(found["layouts"], json!([layout]));
        assert_eq!(found["files"].as_array().unwrap().len(), editable, "{layout}: {found}");
        let manifest: toml::Table = space.read("kaizen.toml").parse().unwrap();
        let surfaces = manifest["harness"]["surface"].as_array().unwrap();
        assert!(surfaces.len() >= editable.min(1), "{layout}");
        space.kaizen(&["status"]).exits(0);
        // Every file of the home is in the first commit, because there was no repository.
        let committed = space.git(&["ls-files"]);
        for path in found["files"]
            .as_array()
            .unwrap()
            .iter()
            .chain(found["shown"].as_array().unwrap())
        {
            assert!(
                committed.lines().any(|line| line == path.as_str().unwrap()),
                "{layout}: {path}: {committed}"
            );
        }
        assert!(!committed.contains("schemas/"), "{committed}");
    }
}

#[test]
fn a_nested_home_is_enough() {
    let space = Space::empty();
    space.write("bots/one/config.toml", "[agent.a]\nclass = \"simple\"\n");
    space.write("bots/one/agents/a/system_prompt.md", "Be brief.\n");
    let said = space.kaizen(&["init", "--format", "json"]).exits(0);
    let files = ["bots/one/agents/a/system_prompt.md", "bots/one/config.toml"];
    assert_eq!(harness_line(&said.out)["files"], json!(files));
    assert!(
        space
            .read("kaizen.toml")
            .contains("path = \"bots/one/agents/{agent}/system_prompt.md\"")
    );
    space.kaizen(&["status"]).exits(0);
}

#[test]
fn a_link_to_elsewhere_is_an_error_that_names_it() {
    let space = claude_home();
    std::os::unix::fs::symlink("/srv/agents", space.root.join(".claude/commands")).unwrap();
    let said = space.kaizen(&["init", "--format", "json"]).exits(2);
    let found = harness_line(&said.out);
    assert_eq!(found["ok"], false);
    assert!(found["fix"].as_str().unwrap().contains(".claude/commands"), "{found}");
    space
        .kaizen(&["init"])
        .exits(2)
        .says(&[".claude/commands is a link to /srv/agents"]);
    assert!(!space.root.join("kaizen.toml").exists());
}

#[test]
fn one_layout_can_be_chosen() {
    let space = claude_home();
    space.write(".cursorrules", "Be brief.\n");
    let said = space
        .kaizen(&["init", "--layout", "cursor", "--format", "json"])
        .exits(0);
    assert_eq!(harness_line(&said.out)["files"], json!([".cursorrules"]));
    let other = Space::empty();
    other
        .kaizen(&["init", "--layout", "none"])
        .exits(2)
        .says(&["there is no layout `none`", "kaizen layouts"]);
}

#[test]
fn tasks_make_a_starter_only_where_no_layout_matched() {
    let task = "{\"task_id\": \"t\", \"query\": \"Q\", \"reference_answer\": \"a\", \"category\": \"c\"}\n";
    let space = claude_home();
    space.write("tasks.jsonl", task);
    space.kaizen(&["init", "--tasks", "tasks.jsonl"]).exits(0);
    assert!(!space.root.join("agents").exists() && space.root.join("benchmark/tasks.jsonl").exists());
    let space = Space::empty();
    space.write("tasks.jsonl", task);
    space.kaizen(&["init", "--tasks", "tasks.jsonl"]).exits(0);
    assert!(space.root.join("agents/assistant").exists());
}

#[test]
fn files_name_their_schema_only_where_there_are_schemas() {
    let space = claude_home();
    space.kaizen(&["init"]).exits(0);
    assert!(!space.root.join("schemas").exists() && !space.read("kaizen.toml").contains("#:schema"));
    let trigger = || {
        space.kaizen(&["trigger", "--note", "x"]).exits(0);
        let folder = space.root.join("triggers");
        let mut texts: Vec<String> = names(&folder)
            .iter()
            .map(|name| space.read(&format!("triggers/{name}")))
            .collect();
        std::fs::remove_dir_all(folder).unwrap();
        texts.pop().unwrap()
    };
    assert!(!trigger().contains("$schema"));
    space.kaizen(&["schema", "--write"]).exits(0);
    assert!(space.root.join("schemas/plan.schema.json").exists());
    assert!(trigger().contains("schemas/trigger.schema.json"));
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
        .says(&["mine.toml", "line 7", "inside the home", "move it away"]);
}

#[test]
fn what_a_users_layout_protects_is_protected_at_edit_time() {
    let space = Space::empty();
    let layout = "name = 'mine'\nabout = 'Mine'\nmarkers = [{ path = 'bot/**' }]\n\
        [protected]\nfiles = ['bot/vault/**']\nkeys = ['limits']\n\
        [[surface]]\nname = 'config'\npath = 'bot/{name}.yaml'\nkeys = { model = 'auto' }\n\
        [[surface]]\nname = 'vault'\npath = 'bot/vault/*.md'\n";
    let folder = space.home.join(".config/kaizen/layouts");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("mine.toml"), layout).unwrap();
    space.write("bot/a.yaml", "model: m\nlimits: { most: 3 }\n");
    space.write("bot/vault/x.md", "Secret plans.\n");
    space.kaizen(&["init"]).exits(0);
    let manifest = space.read("kaizen.toml");
    let protected = "[[harness.protected]]\nfiles = [\"bot/vault/**\"]\n\n\
        [[harness.protected]]\nfiles = [\"bot/*.yaml\", \"bot/vault/*.md\"]\nkeys = [\"limits\"]\n";
    assert!(manifest.contains(protected), "{manifest}");
    // Without the layout, and with surfaces that open everything, it is still protected.
    std::fs::remove_file(folder.join("mine.toml")).unwrap();
    let open =
        "[[harness.surface]]\nname = \"all\"\npath = \"bot/vault/*.md\"\n\n[[harness.surface]]\nname = \"config\"";
    space.replace("kaizen.toml", "[[harness.surface]]\nname = \"config\"", open);
    space.replace(
        "kaizen.toml",
        "model = \"auto\"",
        "model = \"auto\", \"limits.most\" = \"auto\"",
    );
    let said = space.kaizen(&["doctor", "--format", "json"]);
    let rows = said.events();
    let ops = rows.iter().find(|row| row["check"] == "ops").unwrap()["ops"].to_string();
    assert!(
        ops.contains("bot/a.yaml") && !ops.contains("limits") && !ops.contains("vault"),
        "{ops}"
    );
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
