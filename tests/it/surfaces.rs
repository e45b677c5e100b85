//! Surfaces: edits of any file of an agent's home, judged with a student that reads the home, and taken back. `layouts.rs`
//! tries each kind of edit in each layout.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::space::{Space, edit};

const AGENT: &str = "---\nname: reviewer\ndescription: Use after code was written, to review it.\ntools: Read, Grep\nmodel: sonnet\n---\n\nYou review code. Report bugs only.\n";
const SKILL: &str = "---\nname: convert\ndescription: Use when units are to be converted.\nallowed-tools: Bash(python3:*)\n---\n\n# Convert\n\nRun `python3 convert.py`.\n";

const MANIFEST: &str = r#"
[harness]
layouts = ["claude_code"]
files = [".mcp.json"]

[[harness.surface]]
name = "memory"
path = "CLAUDE.md"

[[harness.surface]]
name = "agents"
path = ".claude/agents/{agent}.md"
keys = { description = "auto", model = "auto", tools = "review" }
create = "review"

[[harness.surface]]
name = "skills"
path = ".claude/skills/{skill}/**/*.md"
keys = { description = "auto" }
create = "review"

[[harness.surface]]
name = "settings"
path = ".claude/settings.json"
keys = { model = "auto" }

[ledger]
author = "t <t@t>"

[session]
autonomy = "auto"
min_traces = 1

[student]
engine = "command"
run = ["sh", "agent.sh", "{query}"]

[teacher]
engine = "files"

[gate]
mode = "rule"
rule = "overall"
screen = 0
"#;

/// Answers with the words that stand in the files of the home, as a host reads them.
const STUDENT: &str = "cd \"$KAIZEN_HARNESS\" || exit 1\n\
    if grep -rqF -- \"${1#*:}\" CLAUDE.md .claude; then echo yes; else echo no; fi\n";

/// A home of Claude Code whose agent answers one question for each of these words that its files contain.
fn home(words: &[&str]) -> Space {
    let space = Space::empty();
    space.write("kaizen.toml", MANIFEST);
    for (path, text) in [
        ("CLAUDE.md", "# Project\n\n- Use uv.\n\n## Style\n\nShort lines.\n"),
        (".claude/agents/reviewer.md", AGENT),
        (".claude/skills/convert/SKILL.md", SKILL),
        (".claude/skills/convert/convert.py", "print(1)\n"),
        (
            ".claude/settings.json",
            "{\n  \"model\": \"opus\",\n  \"permissions\": { \"allow\": [\"Bash(uv:*)\"] }\n}\n",
        ),
        (
            ".mcp.json",
            "{\"mcpServers\": {\"x\": {\"command\": \"npx\", \"args\": [\"--token\", \"hidden-too\"], \"env\": {\"A\": \"hidden value\"}}}}\n",
        ),
        ("agent.sh", STUDENT),
        (".gitignore", ".kaizen/\n"),
    ] {
        space.write(path, text);
    }
    let task = |(number, word): (usize, &&str)| {
        json!({"task_id": format!("g{number}"), "query": format!("Is it there?:{word}"), "reference_answer": "yes",
            "category": "words", "scorer": "exact", "split": "gate"})
    };
    let train = json!({"task_id": "t", "query": "Is it there?:nowhere", "reference_answer": "yes", "category": "words",
        "scorer": "exact", "split": "train"});
    let tasks: Vec<Value> = words.iter().enumerate().map(task).chain([train]).collect();
    let tasks: String = tasks.iter().map(|task| format!("{task}\n")).collect();
    space.write("benchmark/t.jsonl", &tasks);
    let trace = json!({"trace_id": "r", "query": "other", "result": "x", "outcome": "failure"});
    space.write("traces/t.jsonl", &format!("{trace}\n"));
    space.git(&["init", "-q", "-b", "main"]);
    space.commit_all("start");
    space
}

/// An edit without a target.
fn generic(id: &str, op: &str, payload: Value) -> Value {
    let mut edit = edit(id, op, "", payload);
    edit.as_object_mut().unwrap().remove("target");
    edit["expected_improvement"] = "c1".into();
    edit
}

/// The files of the home.
fn files(space: &Space) -> BTreeMap<String, String> {
    let listed = space.git(&["ls-files", "CLAUDE.md", ".claude", ".mcp.json"]);
    listed.lines().map(|path| (path.to_owned(), space.read(path))).collect()
}

const REVIEWER: &str = ".claude/agents/reviewer.md";

/// Edits that make the agent answer one more question, one of a protected key, and one without effect.
fn edits() -> Vec<Value> {
    let diff = "@@ -1 +1,2 @@\n You review code. Report bugs only.\n+WORD1 first.\n";
    let section = "## Checks\n\nWORD2 last.\n";
    let rights = json!({"path": ".claude/settings.json", "key": "permissions.allow", "value": ["WORD4"]});
    vec![
        generic("patch", "patch_text", json!({"path": REVIEWER, "diff": diff})),
        generic(
            "insert",
            "insert_section",
            json!({"path": "CLAUDE.md", "content": section, "after": "Style"}),
        ),
        generic(
            "model",
            "set_key",
            json!({"path": ".claude/settings.json", "key": ["model"], "value": "WORD3"}),
        ),
        generic("protected", "set_key", rights),
        generic(
            "useless",
            "set_key",
            json!({"path": REVIEWER, "key": "model", "value": "haiku"}),
        ),
    ]
}

/// The files after the edits that help.
fn edited(original: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut wanted = original.clone();
    let mut change = |path: &str, from: &str, to: &str, more: &str| {
        let text = wanted.get(path).cloned().unwrap_or_default();
        assert!(text.contains(from), "{path}");
        wanted.insert(path.to_owned(), text.replace(from, to) + more);
    };
    change(REVIEWER, "", "", "WORD1 first.\n");
    change("CLAUDE.md", "", "", "\n## Checks\n\nWORD2 last.\n");
    change(".claude/settings.json", "opus", "WORD3", "");
    wanted
}

#[test]
fn edits_are_judged_by_their_effect_and_taken_back() {
    let space = home(&["WORD1", "WORD2", "WORD3", "WORD4"]);
    let original = files(&space);
    space.diagnose_and_plan("r", "t", &edits());
    let said = space.kaizen(&["run"]).exits(0);
    let statuses = space.statuses();
    let helping = ["patch", "insert", "model"];
    for id in helping {
        assert_eq!(statuses[id], "applied", "{statuses:?}\n{}{}", said.out, said.err);
    }
    assert_eq!(statuses["protected"], "inapplicable");
    assert_ne!(statuses["useless"], "applied");
    assert_eq!(files(&space), edited(&original));
    let subjects = space.subjects();
    let set = "set_key .claude/settings.json#model";
    assert!(subjects.iter().any(|subject| subject.contains(set)), "{subjects:?}");
    let blamed = space.kaizen(&["blame", "CLAUDE.md:11"]).exits(0).out;
    assert!(blamed.contains("insert_section"), "{blamed}");
    space.kaizen(&["verify"]).exits(0);
    for id in helping {
        space.kaizen(&["revert", id]).exits(0);
    }
    assert_eq!(files(&space), original);
}

/// The last edit gives a key the value that it had before the first one.
#[test]
fn a_session_is_reverted_whose_edits_cancel_each_other_out() {
    let space = home(&["opus", "WORD1", "WORD2", "WORD3"]);
    let original = files(&space);
    let settings = ".claude/settings.json";
    let model =
        |id: &str, value: &str| generic(id, "set_key", json!({"path": settings, "key": "model", "value": value}));
    let section = json!({"path": "CLAUDE.md", "content": "## Checks\n\nWORD1, WORD2 and WORD3.\n"});
    let plan = [
        model("away", "WORD1 WORD2"),
        generic("words", "insert_section", section),
        model("back", "opus"),
    ];
    space.diagnose_and_plan("r", "t", &plan);
    let said = space.kaizen(&["run"]).exits(0);
    let statuses = space.statuses();
    for id in ["away", "words", "back"] {
        assert_eq!(statuses[id], "applied", "{statuses:?}\n{}{}", said.out, said.err);
    }
    assert_eq!(space.read(settings), original[settings]);
    let session = space.session().replace("sessions/", "");
    space.kaizen(&["revert", &session]).exits(0);
    assert_eq!(files(&space), original);
}

/// A line that only looks like a placeholder may go; what the host fills in may not.
#[test]
fn an_item_that_is_not_in_a_list_and_a_line_of_a_front_matter_are_named() {
    let space = home(&["WORD1"]);
    let list = json!({"path": REVIEWER, "key": "tools", "remove": ["Grap"]});
    let diff = "@@ -4 +4 @@\n-tools: Read, Grep\n+tools: Read\n";
    let plan = [
        generic("list", "edit_list", list),
        generic("head", "patch_text", json!({"path": REVIEWER, "diff": diff})),
    ];
    space.diagnose_and_plan("r", "t", &plan);
    space.kaizen(&["run"]);
    let shown = space.kaizen(&["show", "--format", "json"]).out;
    for words in [
        "`remove` names `Grap`, which is not in the list at `tools`; the nearest is `Grep`",
        "is in the front matter, which is no part of the text; change `tools` of surface `agents` with set_key, or with edit_list",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[test]
fn doctor_lists_the_edits_and_the_teacher_gets_them_without_secrets() {
    let space = home(&["WORD"]);
    let rows: Vec<Value> = space
        .kaizen(&["doctor", "--format", "json"])
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let row = rows.iter().find(|row| row["check"] == "ops").unwrap();
    assert_eq!(row["ok"], true);
    let has = |op: &str, path: &str, key: Value, tier: &str| {
        let wanted = json!({"op": op, "path": path, "key": key, "tier": tier});
        assert!(
            row["ops"].as_array().unwrap().contains(&wanted),
            "{wanted} in {}",
            row["ops"]
        );
    };
    has("patch_text", "CLAUDE.md", Value::Null, "review");
    has("set_key", ".claude/agents/reviewer.md", json!("model"), "auto");
    has("edit_list", ".claude/agents/reviewer.md", json!("tools"), "review");
    has("set_key", ".claude/settings.json", json!("model"), "auto");
    has("create_file", ".claude/agents/{agent}.md", Value::Null, "review");
    let ops = row["ops"].as_array().unwrap();
    assert!(
        ops.iter()
            .all(|op| op["path"] != ".mcp.json" && op["op"] != "patch_system_prompt"),
        "{ops:?}"
    );
    let text = space.kaizen(&["doctor"]).out;
    assert!(
        text.contains(".claude/agents/reviewer.md#tools  review  edit_list"),
        "{text}"
    );

    space.kaizen(&["run"]).exits(3);
    space.kaizen(&["brief", "--out", "out"]).exits(0);
    let readme = space.read("out/README.md");
    assert!(
        readme.contains("### set_key") && readme.contains("Example: `{\"key\":"),
        "{readme}"
    );
    let servers = space.read("out/harness/.mcp.json");
    assert!(
        servers.contains("npx") && servers.contains("--token") && !servers.contains("hidden"),
        "{servers}"
    );
}

#[test]
fn status_warns_of_repeated_lines() {
    let space = home(&["WORD"]);
    space.replace("CLAUDE.md", "- Use uv.", "- Always run all of the tests before.");
    space.replace(
        ".claude/agents/reviewer.md",
        "Report bugs only.",
        "\n1. Always run all of  the tests before.",
    );
    space.commit_all("twice");
    let said = space.kaizen(&["status"]).exits(0);
    assert!(
        said.out
            .contains("warning: .claude/agents/reviewer.md and CLAUDE.md have the same line: Always run all"),
        "{}",
        said.out
    );
}

#[test]
fn status_names_an_accepted_line_that_a_host_does_not_read() {
    let space = home(&["WORD"]);
    let surface = "[[harness.surface]]\nname = \"agents_md\"\npath = \"AGENTS.md\"\n\n[ledger]";
    space.replace("kaizen.toml", "[ledger]", surface);
    space.replace("agent.sh", "CLAUDE.md .claude", "AGENTS.md .claude");
    let line = "Some words that say nothing at all.\n";
    space.write("AGENTS.md", &line.repeat(900));
    space.commit_all("long");
    let content = json!({"path": "AGENTS.md", "content": "## Checks\n\nWORD"});
    space.diagnose_and_plan("r", "t", &[generic("late", "insert_section", content)]);
    space.kaizen(&["run"]).exits(0);
    assert_eq!(space.statuses()["late"], "applied");
    assert!(!space.kaizen(&["status"]).exits(0).out.contains("Codex"));
    space.write("AGENTS.md", &format!("{}{}", line.repeat(20), space.read("AGENTS.md")));
    space.commit_all("longer");
    let said = space.kaizen(&["status"]).exits(0).out;
    assert!(
        said.contains("AGENTS.md: Codex reads 32 KiB of AGENTS.md files in all, and nothing from line 911 on; shorten it. Edit late wrote line 921"),
        "{said}"
    );
}

#[test]
fn a_text_grows_to_its_cap_and_not_beyond() {
    let space = home(&["WORD"]);
    space.write("CLAUDE.md", &"Some words of a line.\n".repeat(300));
    space.replace("kaizen.toml", "screen = 0", "screen = 1");
    space.commit_all("long");
    let grown = |id: &str, lines: usize| {
        let content = format!("## {id}\n\nWORD\n{}", "Some more words.\n".repeat(lines));
        generic(id, "insert_section", json!({"path": "CLAUDE.md", "content": content}))
    };
    // The first payload of this one is too long, so its variant is chosen.
    let mut either = grown("either", 250);
    either["variants"] = json!([grown("either", 5)["payload"]]);
    space.diagnose_and_plan("r", "t", &[grown("much", 250), either, grown("little", 10)]);
    space.kaizen(&["run"]).exits(0);
    let outcomes = space.outcomes();
    let of = |id: &str| outcomes.iter().find(|one| one["edit_id"] == id).unwrap().clone();
    assert_eq!(of("either")["status"], "applied");
    let screened = &space.artifact("screening.json")["variants"][0]["payloads"][0];
    assert!(
        screened["problem"].as_str().unwrap().contains("max_growth"),
        "{screened}"
    );
    assert!(
        of("much")["error"].as_str().unwrap().contains("max_growth"),
        "{}",
        of("much")
    );
}

#[test]
fn a_removed_agent_does_not_come_back_without_its_tools() {
    let space = home(&["WORD1"]);
    let gone = json!({"task_id": "gone", "query": "Is it there?:Report bugs only.", "reference_answer": "no",
        "category": "words", "scorer": "exact", "split": "gate"});
    space.write("benchmark/gone.jsonl", &format!("{gone}\n"));
    space.commit_all("one more task");
    let created = |id: &str, tools: &str| {
        let content = format!("---\nname: reviewer\ndescription: Reviews.\n{tools}---\n\nWORD1 first.\n");
        generic(id, "create_file", json!({"path": REVIEWER, "content": content}))
    };
    let remove = generic("remove", "remove_file", json!({"path": REVIEWER}));
    let plan = [
        remove,
        created("bare", ""),
        created("all", "tools: '*'\n"),
        created("again", "tools: Read\n"),
    ];
    space.diagnose_and_plan("r", "t", &plan);
    let said = space.kaizen(&["run"]).exits(0);
    let statuses = space.statuses();
    for (id, status) in [
        ("remove", "applied"),
        ("bare", "inapplicable"),
        ("all", "inapplicable"),
        ("again", "applied"),
    ] {
        assert_eq!(statuses[id], status, "{id}: {statuses:?}\n{}{}", said.out, said.err);
    }
    let outcomes = space.outcomes();
    let bare = outcomes.iter().find(|one| one["edit_id"] == "bare").unwrap();
    assert!(
        bare["error"].as_str().unwrap().contains("would have no tool any more"),
        "{bare}"
    );
}
