//! Outputs: files that kaizen writes outside its own folders never replace files of a person.

use std::fs;

use serde_json::json;

use crate::space::Space;

#[test]
fn a_briefing_goes_over_its_own_files_only() {
    let space = Space::new();
    space.kaizen(&["brief", "--out", "told"]).exits(0);
    let readme = space.read("told/README.md");
    for (name, text) in [
        ("told/notes.md", "mine"),
        ("told/.git/HEAD", "mine"),
        ("told/sub/draft", "mine"),
        ("told/README.md", "edited"),
    ] {
        space.write(name, text);
    }
    space
        .kaizen(&["brief", "--out", "told"])
        .exits(0)
        .says(&["is now", "README.md.bak"]);
    for (name, text) in [
        ("told/notes.md", "mine"),
        ("told/.git/HEAD", "mine"),
        ("told/sub/draft", "mine"),
        ("told/README.md.bak", "edited"),
        ("told/README.md", readme.as_str()),
    ] {
        assert_eq!(space.read(name), text, "{name}");
    }
    space.write("mine/notes.md", "mine");
    space
        .kaizen(&["brief", "--out", "mine"])
        .exits(2)
        .says(&["contains other files"]);
    assert!(!space.root.join("mine/README.md").exists());
}

#[test]
fn what_a_person_adds_to_a_sessions_briefing_outlives_it() {
    let space = Space::new();
    space.replace("kaizen.toml", "[ledger]", "[teacher]\nengine = \"files\"\n[ledger]");
    space.commit_all("by files");
    space.kaizen(&["run"]).exits(3);
    let session = space.session();
    space.write(&format!("{session}/briefing/notes.md"), "mine");
    space.write(
        &format!("{session}/diagnosis.md"),
        "Nothing fails.\n\n```json\n[]\n```\n",
    );
    space.kaizen(&["run"]).exits(3);
    space.write(&format!("{session}/plan.json"), "{\"edits\": []}");
    space.kaizen(&["run"]).exits(0);
    assert_eq!(space.read(&format!("{session}/briefing/notes.md")), "mine");
    assert!(!space.root.join(&session).join("briefing/README.md").exists());
}

#[test]
fn a_schema_never_replaces_another_file() {
    let space = Space::new();
    space.write("mine/plan.schema.json", "{\"title\": \"A plan of mine\"}\n");
    let said = space.kaizen(&["schema", "--write", "mine"]).exits(1);
    said.says(&["plan.schema.json already exists", "move that file away"]);
    assert_eq!(
        crate::space::names(&space.root.join("mine")),
        ["plan.schema.json"],
        "nothing was written before the error"
    );
    space.kaizen(&["schema", "--write", "out"]).exits(0);
    let schema = space.read("out/plan.schema.json");
    let edited = schema.replace("\"title\": \"Plan\"", "\"title\": \"Plan\", \"x-mine\": 1");
    space.write("out/plan.schema.json", &edited);
    space
        .kaizen(&["schema", "plan", "--write", "out"])
        .exits(0)
        .says(&["plan.schema.json.bak"]);
    assert_eq!(space.read("out/plan.schema.json.bak"), edited);
    assert_eq!(space.read("out/plan.schema.json"), schema);
}

#[test]
fn a_benchmark_goes_where_tasks_belong() {
    let space = Space::new();
    let places = [
        ("kaizen.toml", "is the manifest"),
        ("KAIZEN.toml", "is the manifest"),
        ("config.toml", "is a file of the harness"),
        ("sessions/x.jsonl", "kaizen's own"),
        ("triggers/x.jsonl", "kaizen's own"),
        ("traces/runs.jsonl", "is read as traces"),
        ("notes.md", "is not a JSON Lines file"),
        (".kaizen/x.jsonl", "cannot be used as an output file"),
    ];
    for (out, word) in places {
        let said = space.kaizen(&["bench", "synth", "--min-samples", "1", "--force", "--out", out]);
        said.exits(2).says(&[word]);
    }
    space
        .kaizen(&["bench", "synth", "--limit", "0"])
        .exits(2)
        .says(&["a whole number from 1"]);
    assert_eq!(space.git(&["status", "--porcelain"]), "");
}

#[cfg(unix)]
#[test]
fn no_output_goes_through_a_link() {
    let space = Space::new();
    let outside = space.root.parent().unwrap().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("mine"), "mine").unwrap();
    let link = |to: &str, name: &str| {
        let path = space.root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(outside.join(to), path).unwrap();
    };
    link("mine", "out/plan.schema.json");
    link("", "briefing");
    link("new", ".claude/skills/kaizen/SKILL.md");
    link("", "bench");
    link("new", "traces/collected.jsonl");
    for arguments in [
        &["schema", "plan", "--write", "out"][..],
        &["brief", "--out", "briefing"],
        &["init", "--skill"],
        &["traces", "collect"],
    ] {
        space.kaizen(arguments).exits(1).says(&["is a symbolic link"]);
    }
    let trace = json!({"trace_id": "good", "query": "q", "result": "r", "agent": "assistant", "feedback": 1.0});
    space.write("traces/rated.jsonl", &format!("{trace}\n"));
    let synth = ["bench", "synth", "--min-samples", "1", "--out", "bench/tasks.jsonl"];
    space.kaizen(&synth).exits(1).says(&["is a symbolic link"]);
    assert_eq!(crate::space::names(&outside), ["mine"]);
    assert_eq!(fs::read_to_string(outside.join("mine")).unwrap(), "mine");
}

#[test]
fn an_import_and_a_copy_replace_nothing() {
    let space = Space::new();
    let trace = json!({"trace_id": "new", "query": "q", "result": "r"});
    space.write("elsewhere.jsonl", &format!("{trace}\n"));
    let report = space.kaizen(&["traces", "import", "elsewhere.jsonl", "--dry-run", "--format", "json"]);
    let written = report.exits(0).events().remove(0)["written"]
        .as_str()
        .unwrap()
        .to_owned();
    let mine = "{\"trace_id\": \"mine\", \"query\": \"mine\"}\n";
    space.write(&written, mine);
    let said = space.kaizen(&["traces", "import", "elsewhere.jsonl"]);
    assert!(said.err.contains("kaizen did not write it"), "{}", said.err);
    assert_eq!(space.read(&written), mine);
}
