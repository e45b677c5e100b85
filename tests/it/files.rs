//! Sessions whose diagnosis and plan a person or an agent writes, and their briefing.

use std::time::Duration;

use serde_json::{Value, json};

use super::space::{Space, bold, names, shots, sums};
use super::watcher::Watcher;

/// A diagnosis as a person writes it, including odd white space.
pub const DIAGNOSIS: &str = "# What goes wrong\n\nIt is too shy, and not   \n\n```json\n[{\"description\": \"rude\", \"sample_trace_ids\": [\"run-005\"]}]\n```\n\n\n```json\n[ {\"id\": \"home\", \"description\": \"shy\",\n\
    \"student_failure_rate\": 1, \"sample_trace_ids\": [\"run-000\"]},\n {\"id\": \"guess\", \"description\": \"not measured\"} ]\n```\n";

/// A workspace with teacher `files`.
pub fn by_files() -> Space {
    let space = Space::new();
    let manifest = space.read("kaizen.toml");
    space.write("kaizen.toml", &format!("{manifest}[teacher]\nengine = \"files\"\n"));
    space.commit_all("by files");
    space
}

/// Writes both files into the session.
pub fn write_both(space: &Space) {
    write(space, "diagnosis.md", DIAGNOSIS);
    write(space, "plan.json", &bare(&[bold()]));
}

fn write(space: &Space, name: &str, text: &str) {
    space.write(&format!("{}/{name}", space.session()), text);
}

fn bare(edits: &[Value]) -> String {
    json!({"edits": edits}).to_string()
}

fn waits_for(space: &Space) -> Value {
    let said = space.run(&[]).exits(3);
    said.events().pop().unwrap()["waits_for_file"].clone()
}

#[test]
fn the_session_waits_for_each_file_checks_it_and_goes_on() {
    let space = by_files();
    let said = space.kaizen(&["run"]).exits(3);
    assert!(
        said.out.contains("waits for diagnosis.md") && said.out.contains("briefing/README.md"),
        "{}",
        said.out
    );
    assert_eq!(space.artifact("session.json")["status"], "diagnosing");
    for command in ["status", "explain"] {
        let said = space.kaizen(&[command]).exits(0).out;
        assert!(said.contains("waits for") && said.contains("diagnosis.md"), "{said}");
    }
    // A second run still waits.
    assert_eq!(waits_for(&space), "diagnosis.md");
    write(&space, "diagnosis.md", DIAGNOSIS);
    assert_eq!(waits_for(&space), "plan.json");
    assert_eq!(space.artifact("session.json")["status"], "planning");
    let text = bare(&[bold(), shots()]);
    write(&space, "plan.json", &text);
    assert_eq!(waits_for(&space), Value::Null);
    assert_eq!(space.statuses()["bold"], "applied");
    assert_eq!(space.statuses()["shots"], "pending_review");
    was_taken(&space, &text);
    assert!(
        !space.root.join(space.session()).join("briefing").exists(),
        "the settled session needs no briefing"
    );
    space.kaizen(&["verify"]).exits(0);
}

/// Asserts that the session has the files that the person wrote, and that kaizen completed the plan.
#[track_caller]
fn was_taken(space: &Space, text: &str) {
    // The diagnosis is unchanged, byte for byte; the person's version of the plan is in the attic.
    assert_eq!(space.read(&format!("{}/diagnosis.md", space.session())), DIAGNOSIS);
    let plan = space.artifact("plan.json");
    assert_eq!(
        (
            &plan["teacher_model"],
            &plan["failure_clusters"][0]["addressed_by_edit_ids"]
        ),
        (&json!("files"), &json!(["bold"]))
    );
    assert!(
        plan["failure_clusters"][1]["skill_gap"]
            .as_str()
            .unwrap()
            .starts_with("dropped")
    );
    assert_eq!(plan["edits"][1]["risk_tier"], "review");
    let attic = format!("{}/attic", space.session());
    let kept = names(&space.root.join(&attic))
        .into_iter()
        .map(|name| space.read(&format!("{attic}/{name}")));
    assert!(
        kept.into_iter().any(|kept| kept == text),
        "the person's plan is in the attic"
    );
    assert!(
        space
            .read(&format!("{}/evidence.jsonl", space.session()))
            .contains("\"run-000\"")
    );
    assert!(
        !space
            .read(&format!("{}/evidence.jsonl", space.session()))
            .contains("run-005"),
        "the list in the narrative counts"
    );
}

#[test]
fn a_byte_order_mark_is_no_part_of_any_value_and_stays_in_its_file() {
    const MARK: &str = "\u{feff}";
    let space = by_files();
    let files = [
        "kaizen.toml",
        "config.toml",
        "agents/assistant/system_prompt.md",
        "benchmark/tasks.jsonl",
        "traces/runs.jsonl",
    ];
    for file in files {
        let text = space.read(file);
        space.write(file, &format!("{MARK}{text}"));
    }
    let shots = json!([{"input": "book me a train to town", "output": "trip_book"}]);
    space.write("agents/assistant/few_shot.json", &format!("{MARK}{shots}\n"));
    space.commit_all("saved by an editor of Windows");
    assert_eq!(waits_for(&space), "diagnosis.md");
    write(&space, "diagnosis.md", &format!("{MARK}{DIAGNOSIS}"));
    assert_eq!(waits_for(&space), "plan.json");
    let plan = format!("{MARK}{}", bare(&[bold()]));
    let utf16: Vec<u8> = plan.encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(space.root.join(space.session()).join("plan.json"), utf16).unwrap();
    space
        .kaizen(&["run"])
        .exits(1)
        .says(&["plan.json is UTF-16 text; save it as UTF-8"]);
    write(&space, "plan.json", &plan);
    space.run(&[]).exits(0);
    assert_eq!(space.statuses()["bold"], "applied", "{:?}", space.outcomes());
    let config = space.read("config.toml");
    assert!(
        config.starts_with(MARK) && config.matches(MARK).count() == 1 && config.contains("refuse_below = 0.0"),
        "{config}"
    );
    assert_eq!(
        space.read(&format!("{}/diagnosis.md", space.session())),
        format!("{MARK}{DIAGNOSIS}")
    );
    space.kaizen(&["verify"]).exits(0);
}

#[test]
fn half_typed_files_are_told_about_and_stop_everything() {
    let space = by_files();
    space.run(&[]).exits(3);
    write(&space, "diagnosis.md", "# What goes wrong\n\n```json\n[\n");
    space.kaizen(&["run"]).exits(1).says(&["diagnosis.md:"]);
    assert!(
        space
            .read(&format!("{}/diagnosis.check.md", space.session()))
            .contains("diagnosis.md")
    );
    write(&space, "diagnosis.md", DIAGNOSIS);
    assert_eq!(waits_for(&space), "plan.json");
    assert!(!space.root.join(space.session()).join("diagnosis.check.md").exists());
    let mut lacking = sums();
    lacking["payload"].as_object_mut().unwrap().remove("tool_name");
    for (text, words) in [
        ("{\"edits\": [".to_owned(), "EOF"),
        (bare(&[lacking]), "tool_name"),
        ("{}".to_owned(), "missing field `edits`"),
        (bare(&[json!({"id": "x"})]), "missing field"),
    ] {
        write(&space, "plan.json", &text);
        space.kaizen(&["run"]).exits(1).says(&["plan.json:", words]);
        assert!(
            space
                .read(&format!("{}/plan.check.md", space.session()))
                .contains(words)
        );
    }
    write(&space, "plan.json", &bare(&[sums()]));
    space.run(&[]).exits(0);
    assert_eq!(space.statuses()["sums"], "applied");
}

#[test]
fn what_was_written_stands_until_it_is_asked_for_anew() {
    let space = by_files();
    space.run(&[]).exits(3);
    write_both(&space);
    space.run(&[]).exits(0);
    // The harness changes under a session without edits: the person's diagnosis still counts.
    space.kaizen(&["run", "--new"]).exits(3);
    let newest = format!("sessions/{}", names(&space.root.join("sessions")).pop().unwrap());
    space.write(&format!("{newest}/diagnosis.md"), DIAGNOSIS);
    space.kaizen(&["run", "--until", "diagnose"]).exits(0);
    space.replace("config.toml", "# Mine.", "# Mine, and changed.");
    space.commit_all("a change");
    let said = space.run(&[]).exits(3);
    assert_eq!(said.phases(), ["baseline", "diagnose"]);
    assert_eq!(said.events().pop().unwrap()["waits_for_file"], "plan.json");
    assert!(
        space
            .read(&format!("{newest}/briefing/harness/config.toml"))
            .contains("and changed")
    );
    // With `--redo`, the old text moves to the attic.
    let said = space.run(&["--redo", "diagnose"]).exits(3);
    assert_eq!(said.events().pop().unwrap()["waits_for_file"], "diagnosis.md");
    assert!(!space.root.join(&newest).join("diagnosis.md").exists());
    assert_eq!(names(&space.root.join(format!("{newest}/attic"))).len(), 1);
}

#[test]
fn a_watcher_goes_on_when_a_file_is_there() {
    let space = by_files();
    let mut watcher = Watcher::start(&space);
    space.write("triggers/go", "");
    assert_eq!(watcher.until("file_awaited")["phase"], "diagnose");
    assert!(
        watcher.within(Duration::from_millis(700)).is_empty(),
        "{:?}",
        watcher.said.last()
    );
    write(&space, "diagnosis.md", "half");
    watcher.until("session_failed");
    write(&space, "diagnosis.md", DIAGNOSIS);
    assert_eq!(watcher.until("file_awaited")["phase"], "plan");
    write(&space, "plan.json", &bare(&[bold()]));
    watcher.until("session_settled");
    assert_eq!(space.statuses()["bold"], "applied");
}

#[test]
fn the_briefing_tells_all_that_may_be_told() {
    let space = Space::new();
    let config = space.read("config.toml");
    space.write(
        "config.toml",
        &format!("{config}\n[cloud]\napi_key = \"very-private\"\n"),
    );
    space.commit_all("a key");
    let said = space.kaizen(&["brief"]).exits(0).out;
    assert!(said.contains("briefing") && said.contains("kaizen run"), "{said}");
    let folder = format!("{}/briefing", space.session());
    let mut everything = String::new();
    for entry in walkdir::WalkDir::new(space.root.join(&folder))
        .into_iter()
        .map(Result::unwrap)
    {
        if entry.file_type().is_file() {
            everything += &std::fs::read_to_string(entry.path()).unwrap();
        }
    }
    for task in super::fixture::tasks()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
    {
        let told = everything.contains(task["query"].as_str().unwrap());
        assert_eq!(told, task["split"] == "train", "{task}");
    }
    assert!(!everything.contains("very-private"));
    let readme = space.read(&format!("{folder}/README.md"));
    for op in ["set_model_param", "replace_system_prompt", "edit_tool_description"] {
        assert!(readme.contains(&format!("### {op}")), "{op}");
    }
    assert!(
        !readme.contains('{') || !readme.contains("{ops}") && !readme.contains("{place}"),
        "{readme}"
    );
    let clusters: Value = serde_json::from_str(&space.read(&format!("{folder}/clusters.json"))).unwrap();
    assert_eq!(
        (clusters.as_array().unwrap().len(), &clusters[0]["student_failure_rate"]),
        (4, &json!(1.0))
    );
    assert!(
        space
            .read(&format!("{folder}/train.jsonl"))
            .lines()
            .all(|line| line.contains("\"student\":{\"answer\":"))
    );
    // `--out` writes to a separate folder and never overwrites other files.
    space
        .kaizen(&["brief", "--out", "."])
        .exits(2)
        .says(&["contains other files"]);
    space.kaizen(&["brief", "--out", "told"]).exits(0);
    space.kaizen(&["brief", "--out", "told"]).exits(0);
    assert_eq!(space.read("told/README.md"), readme);
    assert!(space.root.join("config.toml").exists());
}
