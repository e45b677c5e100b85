//! Attempts in a world of their own: what each host discovers in a sandbox, and tasks whose tests judge what is left there.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::space::{Space, folder};

/// Follows the documented discovery of a host, adds what git remembers, and says whether the question is among the words.
///
/// claude: CLAUDE.md in the folder and in each one above it. codex: AGENTS.md from the root of the repository to the folder.
/// gemini: the file that `context.fileName` names, in the folder and above it up to the root of the repository.
const HOST: &str = r#"#!/bin/sh
# sh host.sh HOST QUESTION [FOLDER]
[ -z "$3" ] || cd "$3" || exit 75
name=CLAUDE.md top=/
case $1 in
codex) name=AGENTS.md top=$(git rev-parse --show-toplevel) ;;
gemini)
    name=$(sed -n 's/.*"fileName": *"\([^"]*\)".*/\1/p' .gemini/settings.json 2>/dev/null)
    name=${name:-GEMINI.md} top=$(git rev-parse --show-toplevel)
    ;;
esac
at=$PWD
words=$(git log -p --all 2>/dev/null; git reflog -p 2>/dev/null)
while :; do
    [ ! -f "$at/$name" ] || words="$words $(cat "$at/$name")"
    [ "$at" != "$top" ] && [ "$at" != / ] || break
    at=$(dirname "$at")
done
echo noise > notes.txt
echo "more words" >> "$name"
case $words in *"$2"*) echo yes ;; *) echo no ;; esac
"#;

/// A workspace with these files, after `init`, whose manifest has these settings in its sections, with a teacher that
/// proposes these edits.
fn world(files: &[(&str, &str)], student: &str, sandbox: &str, edits: &Value, tasks: &[Value]) -> Space {
    let space = Space::empty();
    files.iter().for_each(|(path, text)| space.write(path, text));
    std::fs::write(space.home.join("host.sh"), HOST).unwrap();
    std::fs::write(space.home.join("teach.sh"), "cat \"$1/$KAIZEN_PHASE\"\n").unwrap();
    space.kaizen(&["init"]).exits(0);
    let home = space.home.display();
    for (section, settings) in [
        ("[student]", format!("engine = \"command\"\n{student}")),
        ("[student.sandbox]", sandbox.to_owned()),
        (
            "[teacher]",
            format!("engine = \"command\"\nrun = [\"sh\", \"{home}/teach.sh\", \"{home}\"]"),
        ),
        ("[session]", "autonomy = \"auto\"\nmin_traces = 1".to_owned()),
        ("[gate]", "mode = \"rule\"\nrule = \"overall\"\nscreen = 0".to_owned()),
        ("[ledger]", "author = \"t <t@t>\"".to_owned()),
    ] {
        let manifest = space.read("kaizen.toml");
        let changed = manifest.replace(&format!("\n{section}\n"), &format!("\n{section}\n{settings}\n"));
        assert_ne!(manifest, changed, "{section}");
        space.write("kaizen.toml", &changed);
    }
    let clusters = json!([{"id": "c1", "description": "It fails.", "sample_trace_ids": ["r"],
        "student_failure_rate": 1.0, "teacher_success_rate": 1.0, "skill_gap": "x", "task_ids": ["t"]}]);
    let diagnosis = format!("It fails.\n\n```json\n{clusters}\n```\n");
    std::fs::write(space.home.join("diagnose"), diagnosis).unwrap();
    std::fs::write(space.home.join("plan"), json!({"edits": edits}).to_string()).unwrap();
    let lines: String = tasks.iter().map(|task| format!("{task}\n")).collect();
    space.write("benchmark/t.jsonl", &lines);
    let trace = json!({"trace_id": "r", "query": "other", "result": "x", "outcome": "failure"});
    space.write("traces/t.jsonl", &format!("{trace}\n"));
    space.commit_all("world");
    space
}

fn patch(id: &str, path: &str, diff: &str) -> Value {
    json!({"id": id, "pillar": "agent", "op": "patch_text", "payload": {"path": path, "diff": diff},
        "rationale": "It helps.", "expected_improvement": "c1"})
}

fn asked(id: &str, query: &str, answer: &str, split: &str) -> Value {
    json!({"task_id": id, "query": query, "reference_answer": answer, "category": "words", "scorer": "exact", "split": split})
}

#[test]
fn an_added_rule_and_a_removed_one_are_judged_under_each_host_s_discovery() {
    let text = "Line one.\nharmful\nLine three.\n";
    let settings = "{\"context\": {\"fileName\": \"CONTEXT.md\"}}\n";
    // Where the host finds its files, and how its program is told where to work.
    for (host, file, more, way) in [
        ("claude", "CLAUDE.md", None, ""),
        ("claude", "CLAUDE.md", None, "{harness}"),
        ("codex", "AGENTS.md", None, "{harness}"),
        ("gemini", "GEMINI.md", None, ""),
        ("gemini", "CONTEXT.md", Some((".gemini/settings.json", settings)), ""),
    ] {
        let tasks = [
            asked("added", "wolf", "yes", "gate"),
            asked("removed", "harmful", "no", "gate"),
            asked("t", "nowhere", "yes", "train"),
        ];
        let edits = json!([
            patch("e0", file, "@@ -3 +3,2 @@\n Line three.\n+wolf\n"),
            patch("e1", file, "@@ -1,3 +1,2 @@\n Line one.\n-harmful\n Line three.\n"),
        ]);
        let files: Vec<(&str, &str)> = [(file, text)].into_iter().chain(more).collect();
        let place = folder();
        let student = format!("run = [\"sh\", \"HOST\", \"{host}\", \"{{query}}\", \"{way}\"]");
        let sandbox = format!("place = {:?}", place.path());
        let space = world(&files, &student, &sandbox, &edits, &tasks);
        space.replace("kaizen.toml", "\"HOST\"", &format!("{:?}", space.home.join("host.sh")));
        space.commit_all("host");
        let said = space.kaizen(&["run"]);
        let statuses = space.statuses();
        let both = ["e0", "e1"].map(|id| statuses.get(id).map(String::as_str));
        assert_eq!(
            both,
            [Some("applied"); 2],
            "{host} {file} {way}: {}\n{:?}",
            said.err,
            space.outcomes()
        );
        assert_eq!(space.read(file), "Line one.\nLine three.\nwolf\n");
        assert_eq!(
            space.git(&["status", "--porcelain"]),
            "",
            "attempts write nothing into the workspace"
        );
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    }
}

/// An agent that corrects the program if its instructions say how.
const CODER: &str =
    "#!/bin/sh\ngrep -q subtractive AGENTS.md && sed -i 's/IIII/IV/; s/VIIII/IX/' roman.sh\necho done\n";
const ROMAN: &str = "case $1 in 4) echo IIII ;; 9) echo VIIII ;; esac\n";

fn coding(id: &str, number: &str, tests: &str, split: &str) -> Value {
    json!({"task_id": id, "query": format!("{id}: roman.sh {number} is wrong. Correct it."), "category": "bugs", "scorer": "run",
        "fixture": "fixtures/roman", "tests": tests, "test": ["sh", "test_roman.sh"], "timeout_seconds": 20, "split": split})
}

fn coding_space() -> Space {
    let edits = json!([patch(
        "e0",
        "AGENTS.md",
        "@@ -1 +1,2 @@\n Be brief.\n+Use the subtractive notation.\n"
    )]);
    let tasks = [
        coding("four", "4", "hidden/four", "gate"),
        coding("nine", "9", "hidden/nine", "gate"),
        coding("t", "4", "hidden/four", "train"),
    ];
    let files = [
        ("AGENTS.md", "Be brief.\n"),
        ("fixtures/roman/roman.sh", ROMAN),
        (
            "hidden/four/test_roman.sh",
            "test \"$(sh roman.sh 4)\" = IV && echo CANARY_OF_TESTS\n",
        ),
        (
            "hidden/nine/test_roman.sh",
            "test \"$(sh roman.sh 9)\" = IX && echo CANARY_OF_TESTS\n",
        ),
        ("src/main.c", "int main;\n"),
    ];
    let space = world(
        &files,
        "run = [\"sh\", \"CODER\"]",
        "base = \"workspace\"",
        &edits,
        &tasks,
    );
    std::fs::write(space.home.join("coder.sh"), CODER).unwrap();
    space.replace(
        "kaizen.toml",
        "\"CODER\"",
        &format!("{:?}", space.home.join("coder.sh")),
    );
    space.commit_all("coder");
    space
}

#[test]
fn a_session_on_a_coding_fixture_goes_from_0_to_100_percent() {
    let space = coding_space();
    let eval = || -> Value { serde_json::from_str(&space.kaizen(&["eval", "--format", "json"]).exits(0).out).unwrap() };
    let before = eval();
    assert_eq!(
        (&before["overall_score"], &before["infra_errors"]),
        (&json!(0.0), &json!(0)),
        "{before}"
    );
    let said = space.kaizen(&["run"]);
    let applied = BTreeMap::from([("e0".to_owned(), "applied".to_owned())]);
    assert_eq!(space.statuses(), applied, "{}\n{:?}", said.err, space.outcomes());
    assert_eq!(eval()["overall_score"], json!(1.0));
    assert_eq!(space.read("AGENTS.md"), "Be brief.\nUse the subtractive notation.\n");
    assert_eq!(space.read("fixtures/roman/roman.sh"), ROMAN, "attempts work in copies");
    assert_eq!(space.git(&["status", "--porcelain"]), "");
    // A changed test is another task.
    space.write("hidden/nine/test_roman.sh", "exit 1\n");
    space.commit_all("harder");
    assert_eq!(eval()["overall_score"], json!(0.5));
}

#[test]
fn programs_of_tasks_need_approval_with_the_bytes_of_their_folders() {
    let space = coding_space();
    let said = space.untrusted(&["trust"]);
    let shown = format!("{}{}", said.out, said.err);
    for part in [
        "sh test_roman.sh",
        "[benchmark] tasks",
        "hidden/four/",
        "hidden/nine/",
        "fixtures/roman/",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let pinned = |shown: &str| -> Vec<String> {
        let lines = shown.lines().filter(|line| line.contains("hidden/four/"));
        lines.map(str::to_owned).collect()
    };
    space.write("hidden/four/test_roman.sh", "rm -rf ~\n");
    let said = space.untrusted(&["trust"]);
    assert_ne!(pinned(&format!("{}{}", said.out, said.err)), pinned(&shown));
}

#[test]
fn a_task_that_cannot_be_run_says_why() {
    for (change, words) in [
        (
            ("[student.sandbox]", "[student.tools]"),
            "add a section [student.sandbox]",
        ),
        (
            ("\"test\":[\"sh\",\"test_roman.sh\"],", ""),
            "names no program in `test`",
        ),
        (
            ("\"fixtures/roman\"", "\"../roman\""),
            "`../roman` is no folder of the workspace",
        ),
    ] {
        let space = coding_space();
        let (from, to) = change;
        for file in ["kaizen.toml", "benchmark/t.jsonl"] {
            let text = space.read(file);
            space.write(file, &text.replace(from, to).replace("\nbase = \"workspace\"", ""));
        }
        let said = space.kaizen(&["eval"]);
        assert_ne!(said.code, Some(0));
        let all = format!("{}{}", said.out, said.err);
        assert!(all.contains(words), "{words}: {all}");
    }
}
