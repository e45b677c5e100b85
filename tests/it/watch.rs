//! `kaizen watch`: files start sessions and resume them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::edits::{bold, shots, sums};
use super::space::{KAIZEN, Space, interrupt, names};
use super::watcher::Watcher;

const A_WHILE: Duration = Duration::from_millis(900);

fn sessions(space: &Space) -> Vec<String> {
    names(&space.root.join("sessions"))
}

fn is_new(first: &str) -> impl Fn(&Value) -> bool {
    move |event| event["event"] == "session_settled" && !first.ends_with(event["session"].as_str().unwrap())
}

#[test]
fn a_dropped_file_starts_one_session_and_becomes_its_trigger() {
    let space = Space::executed();
    let first = space.session();
    let mut watcher = Watcher::start(&space);
    let dropped = json!({"trigger": "user_flag", "metadata": {"trace_id": "run-001"}, "mood": "kept"});
    space.write("triggers/a.json", &dropped.to_string());
    let claimed = watcher.until("trigger_claimed");
    assert_eq!(claimed["file"], "triggers/a.json");
    let settled = watcher.until_where("settled session", is_new(&first));
    let id = settled["session"].as_str().unwrap();
    let read = |name: &str| serde_json::from_str::<Value>(&space.read(&format!("sessions/{id}/{name}"))).unwrap();
    let (trigger, record) = (read("trigger.json"), read("session.json"));
    assert_eq!(trigger["mood"], "kept");
    assert_eq!(record["trigger"], "user_flag");
    assert_eq!(record["trigger_metadata"]["trace_id"], "run-001");
    assert_eq!(
        record["parent_session_id"],
        Path::new(&first).file_name().unwrap().to_str().unwrap()
    );
    assert_eq!(fs::read_dir(space.root.join("triggers")).unwrap().count(), 0);

    space.write("triggers/go", "");
    watcher.until("trigger_claimed");
    watcher.until("session_settled");
    assert_eq!(sessions(&space).len(), 3);
    assert!(watcher.within(A_WHILE).is_empty(), "{:?}", watcher.said.last());
    assert_eq!(space.git(&["status", "--porcelain"]), "");
}

#[test]
fn what_is_no_trigger_stays_until_it_is_one() {
    let space = Space::executed();
    let first = space.session();
    let mut watcher = Watcher::start(&space);
    space.write("triggers/.go.json.swp", "");
    space.write("triggers/half.json", "{\"trigger\": \"on_dem");
    let refused = watcher.until("trigger_refused");
    assert!(
        refused["problem"].as_str().unwrap().contains("half.json:1:"),
        "{refused}"
    );
    assert!(watcher.within(A_WHILE).is_empty());
    space.write("triggers/half.json", "{\"trigger\": \"on_demand\"}");
    watcher.until("trigger_claimed");
    watcher.until_where("settled session", is_new(&first));
    assert_eq!(names(&space.root.join("triggers")), [".go.json.swp"]);
}

#[test]
fn a_file_that_comes_in_pieces_counts_when_it_is_whole() {
    let space = Space::executed();
    let first = space.session();
    let mut watcher = Watcher::start(&space);
    let mut text = String::new();
    for piece in [
        "{\"trigger\":",
        " \"on_demand\",",
        " \"metadata\":",
        " {\"note\": \"whole\"}",
        "}\n",
    ] {
        text += piece;
        space.write("triggers/slow.json", &text);
        std::thread::sleep(Duration::from_millis(60));
    }
    watcher.until_where("settled session", is_new(&first));
    assert!(watcher.said.iter().all(|event| event["event"] != "trigger_refused"));
    let newest = sessions(&space).pop().unwrap();
    assert!(space.read(&format!("sessions/{newest}/trigger.json")).contains("whole"));
}

/// A function that saves a text to a file.
type Save = fn(&Space, &str, &str);

/// Ways to save a file, by name.
const WAYS: [(&str, Save); 8] = [
    ("written in place", |space, name, text| space.write(name, text)),
    ("replaced by a rename", replaced),
    ("old file moved away first, as some editors do", moved_away),
    ("in pieces", in_pieces),
    ("copied with an old time", with_an_old_time),
    ("vim", vim),
    ("sed -i", sed),
    ("git checkout", checked_out),
];

fn replaced(space: &Space, name: &str, text: &str) {
    let new = format!("{name}.new");
    space.write(&new, text);
    fs::rename(space.root.join(new), space.root.join(name)).unwrap();
}

fn moved_away(space: &Space, name: &str, text: &str) {
    let path = space.root.join(name);
    fs::rename(&path, path.with_extension("json~")).unwrap();
    space.write(name, text);
    fs::remove_file(path.with_extension("json~")).unwrap();
}

fn in_pieces(space: &Space, name: &str, text: &str) {
    space.write(name, &text[..text.len() / 2]);
    std::thread::sleep(Duration::from_millis(80));
    space.write(name, text);
}

fn with_an_old_time(space: &Space, name: &str, text: &str) {
    space.write("../new.json", text);
    let old = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let other = fs::File::options().write(true).open(space.root.join("../new.json"));
    other.unwrap().set_modified(old).unwrap();
    let done = space.command("cp", &["-p", "../new.json", name]).status().unwrap();
    assert!(done.success());
}

/// Saves with vim, or directly if vim is not installed.
fn vim(space: &Space, name: &str, text: &str) {
    space.write("../new.json", text);
    let quietly = [
        "-es",
        "-u",
        "NONE",
        "-i",
        "NONE",
        "-c",
        "%!cat ../new.json",
        "-c",
        "wq",
        name,
    ];
    if space.command("vim", &quietly).status().is_err() {
        space.write(name, text);
    }
}

fn sed(space: &Space, name: &str, text: &str) {
    space.write(name, &text.replace("sed -i", "sed -o"));
    let done = space
        .command("sed", &["-i", "s/sed -o/sed -i/", name])
        .status()
        .unwrap();
    assert!(done.success());
}

fn checked_out(space: &Space, name: &str, text: &str) {
    space.write("new.json", text);
    let blob = space.git(&["hash-object", "-w", "new.json"]);
    fs::remove_file(space.root.join("new.json")).unwrap();
    let entry = format!("100644,{},{name}", blob.trim());
    space.git(&["update-index", "--add", "--cacheinfo", &entry]);
    space.git(&["checkout-index", "-f", name]);
    space.git(&["reset", "-q", "--", name]);
}

#[test]
fn a_saved_plan_runs_however_it_is_saved() {
    let space = Space::executed();
    let plan = format!("{}/plan.json", space.session());
    let mut watcher = Watcher::start(&space);
    for (number, (way, save)) in WAYS.into_iter().enumerate() {
        let with_sums = number % 2 == 0;
        let mut edits = vec![bold(), shots()];
        edits.extend(with_sums.then(sums));
        let mut text = space.artifact("plan.json");
        text["edits"] = edits.into();
        text["diagnosis_summary"] = way.into();
        save(&space, &plan, &serde_json::to_string_pretty(&text).unwrap());
        watcher.until_where(way, |event| {
            event["event"] == "phase_started" && event["phase"] == "execute"
        });
        watcher.until_where(way, |event| {
            event["event"] == "session_settled"
                && space.read("config.toml").contains("tools = [\"calculator\"]") == with_sums
        });
        assert_eq!(space.artifact("plan.json")["diagnosis_summary"], way);
    }
    assert!(
        watcher.within(A_WHILE).is_empty(),
        "own writes make no turn: {:?}",
        watcher.said.last()
    );
}

#[test]
fn an_answer_in_the_file_is_enough() {
    let space = Space::executed();
    let folder = format!("{}/pending_review", space.session());
    let name = format!("{folder}/{}", names(&space.root.join(&folder))[0]);
    let mut watcher = Watcher::start(&space);
    // The folder is missing for a moment, as with a synchronization program.
    fs::rename(space.root.join(&folder), space.root.join("away")).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    fs::rename(space.root.join("away"), space.root.join(&folder)).unwrap();
    space.replace(&name, "\"decision\": null", "\"decision\": \"accept\"");
    let settled = watcher.until("session_settled");
    assert_eq!(settled["status"], "completed");
    assert_eq!(space.statuses()["shots"], "applied");
}

#[test]
fn a_broken_plan_runs_nothing_and_has_a_page_beside_it() {
    let space = Space::executed();
    let (plan, page) = (
        format!("{}/plan.json", space.session()),
        format!("{}/plan.check.md", space.session()),
    );
    let (right, statuses, head) = (space.read(&plan), space.statuses(), space.git(&["rev-parse", "HEAD"]));
    let mut watcher = Watcher::start(&space);
    space.write(
        &plan,
        &right.replace("\"op\": \"set_model_param\"", "\"op\": \"set_fire\""),
    );
    let failed = watcher.until("session_failed");
    assert!(failed["problem"].as_str().unwrap().contains("set_fire"), "{failed}");
    assert_eq!(failed["retry_seconds"], Value::Null);
    let told = space.read(&page);
    assert!(
        told.contains("`bold`") && told.contains("`shy`") && told.contains("line "),
        "{told}"
    );
    assert_eq!((space.statuses(), space.git(&["rev-parse", "HEAD"])), (statuses, head));
    assert_eq!(space.artifact("session.json")["status"], "awaiting_review");
    space.write(&plan, &right);
    let start = std::time::Instant::now();
    while space.root.join(&page).exists() {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "the page still exists next to a valid plan"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(
        watcher
            .within(A_WHILE)
            .iter()
            .all(|event| event["event"] != "phase_started")
    );
}

#[test]
fn a_broken_manifest_leaves_the_last_good_one_in_force() {
    let space = Space::executed();
    let first = space.session();
    let manifest = space.read("kaizen.toml");
    let mut watcher = Watcher::start(&space);
    space.write("kaizen.toml", "[ledgr]\n");
    let broken = watcher.until("manifest_broken");
    assert!(broken["problem"].as_str().unwrap().contains("ledgr"), "{broken}");
    space.write("triggers/go", "");
    watcher.until_where("settled session", is_new(&first));
    space.write("kaizen.toml", &format!("{manifest}[session]\nmin_traces = 2\n"));
    watcher.until("manifest_loaded");
}

#[test]
fn one_watcher_is_enough_and_a_run_works_beside_it() {
    let space = Space::executed();
    let mut watcher = Watcher::start(&space);
    let process = watcher.said[0]["process"].to_string();
    space
        .kaizen(&["watch"])
        .exits(1)
        .says(&["kaizen watch, process", &process]);
    space.run(&["--new"]).exits(3);
    assert_eq!(watcher.within(A_WHILE).len(), 0, "{:?}", watcher.said.last());
}

#[test]
fn a_signal_ends_it_at_a_safe_point_and_the_next_watcher_goes_on() {
    for (signal, expected) in [("TERM", Some(0)), (interrupt(), Some(0)), ("KILL", None)] {
        let space = Space::new();
        let mut watcher = Watcher::start(&space);
        space.write("triggers/go", "{\"metadata\": {\"note\": \"once\"}}");
        watcher.until_where("planning", |event| {
            event["event"] == "phase_started" && event["phase"] == "diagnose"
        });
        let (code, took) = watcher.signal(signal);
        assert_eq!(code, expected, "{signal}");
        assert!(took < Duration::from_secs(2), "{signal} took {took:?}");
        let litter: Vec<_> = walkdir::WalkDir::new(space.root.join("sessions"))
            .into_iter()
            .filter(|entry| {
                entry
                    .as_ref()
                    .unwrap()
                    .file_name()
                    .to_string_lossy()
                    .starts_with(".kaizen")
            })
            .collect();
        assert!(signal == "KILL" || litter.is_empty(), "{litter:?}");
        let mut watcher = Watcher::start(&space);
        watcher.until("session_settled");
        assert_eq!(sessions(&space).len(), 1, "{signal}");
        assert_eq!(names(&space.root.join("triggers")), Vec::<String>::new());
        assert_eq!(space.git(&["status", "--porcelain"]), "");
    }
}

#[test]
fn a_loop_is_stopped_and_says_why() {
    let space = Space::executed();
    let name = format!("{}/plan.json", space.session());
    let mut texts = Vec::new();
    for edits in [vec![bold(), shots()], vec![bold(), shots(), sums()]] {
        space.plan(&edits);
        texts.push(space.read(&name));
    }
    let mut watcher = Watcher::start(&space);
    watcher.until("session_settled");
    for round in 0..14 {
        space.write(&name, &texts[round % 2]);
        let next = watcher.until_where("end of a round", |event| {
            event["event"] == "session_settled" || event["event"] == "session_failed"
        });
        if next["event"] == "session_failed" {
            assert!(
                next["problem"].as_str().unwrap().contains("on the same inputs"),
                "{next}"
            );
            assert!(round >= 8, "each plan may run five times");
            return;
        }
    }
    panic!("14 rounds without a failure");
}

#[test]
fn a_polling_watcher_needs_no_bell() {
    let space = Space::executed();
    let mut watcher = Watcher::start_with(&space, &["--poll"]);
    space.plan(&[bold(), shots(), sums()]);
    watcher.until("session_settled");
    assert_eq!(space.statuses()["sums"], "applied");
    assert!(watcher.within(Duration::from_millis(2500)).is_empty());
}

#[test]
fn a_session_that_fails_does_not_end_the_watcher() {
    let space = Space::executed();
    let first = space.session();
    let tasks = space.read("benchmark/tasks.jsonl");
    let mut watcher = Watcher::start(&space);
    space.write("benchmark/tasks.jsonl", "{\"task_id\": 3}\n");
    space.write("triggers/go", "");
    let failed = watcher.until("session_failed");
    assert!(failed["problem"].as_str().unwrap().contains("tasks.jsonl"), "{failed}");
    assert_eq!(failed["retry_seconds"], 30);
    space.write("benchmark/tasks.jsonl", &tasks);
    watcher.until_where("settled session", is_new(&first));
    assert_eq!(sessions(&space).len(), 2);
}

#[test]
fn a_flagged_trace_starts_a_session_once() {
    let space = Space::executed();
    let first = space.session();
    let mut watcher = Watcher::start(&space);
    let mut traces = space.read("traces/runs.jsonl");
    let more = |id: &str, flag: bool| {
        let trace = json!({"trace_id": id, "query": format!("where is {id}"), "result": "none", "user_flag": flag});
        format!("{trace}\n")
    };
    traces += &more("bad-1", true);
    space.write("traces/runs.jsonl", &traces);
    assert_eq!(watcher.until("trigger_dropped")["kind"], "user_flag");
    let settled = watcher.until_where("settled session", is_new(&first));
    let record = space.read(&format!(
        "sessions/{}/session.json",
        settled["session"].as_str().unwrap()
    ));
    assert!(record.contains("bad-1"));
    traces += &more("good-1", false);
    space.write("traces/runs.jsonl", &traces);
    assert!(
        watcher.within(Duration::from_millis(1500)).is_empty(),
        "{:?}",
        watcher.said.last()
    );
}

#[test]
fn a_schedule_that_passed_while_nobody_watched_is_made_up_for_once() {
    let space = Space::executed();
    let first = space.session();
    let manifest = space.read("kaizen.toml");
    space.write(
        "kaizen.toml",
        &format!("{manifest}[triggers]\nschedule = \"0 3 * * *\"\nmin_new_traces = 0\n"),
    );
    space.commit_all("schedule");
    let mut watcher = Watcher::start(&space);
    space.write(
        "triggers/old.json",
        "{\"trigger\": \"scheduled\", \"created_at\": \"2026-01-01T03:00:00Z\"}",
    );
    watcher.until_where("settled session", is_new(&first));
    drop(watcher);
    let mut watcher = Watcher::start(&space);
    let dropped = watcher.until("trigger_dropped");
    assert_eq!(dropped["kind"], "scheduled");
    watcher.until("session_settled");
    assert_eq!(sessions(&space).len(), 3);
    drop(watcher);
    let mut watcher = Watcher::start(&space);
    assert!(watcher.within(A_WHILE).is_empty(), "{:?}", watcher.said.last());
}

#[test]
fn a_thousand_files_at_once_lose_nothing() {
    let space = Space::executed();
    let session = space.session();
    let mut watcher = Watcher::start(&space);
    for number in 0..1000 {
        space.write(&format!("triggers/{number}.tmp"), "x");
        space.write(&format!("{session}/note-{number}"), "x");
    }
    for number in 0..3 {
        space.write(
            &format!("triggers/{number}.json"),
            &json!({"metadata": {"number": number}}).to_string(),
        );
    }
    for _ in 0..3 {
        watcher.until("trigger_claimed");
        watcher.until("session_settled");
    }
    let all = sessions(&space);
    assert_eq!(all.len(), 4);
    let trigger = |id: &String| space.read(&format!("sessions/{id}/trigger.json"));
    let texts: Vec<String> = all.iter().map(trigger).collect();
    for number in 0..3 {
        let wanted = format!("\"number\": {number}");
        assert_eq!(texts.iter().filter(|text| text.contains(&wanted)).count(), 1);
    }
    assert!(Command::new(KAIZEN).arg("--version").status().unwrap().success());
}

#[test]
fn an_undone_change_of_the_users_lets_the_session_go_on() {
    let space = Space::executed();
    let prompt = "agents/assistant/system_prompt.md";
    let before = space.read(prompt);
    let mut watcher = Watcher::start(&space);
    space.write(prompt, "half a thought");
    space.plan(&[bold(), shots(), sums()]);
    let failed = watcher.until("session_failed");
    assert!(failed["problem"].as_str().unwrap().contains(prompt), "{failed}");
    space.write(prompt, &before);
    watcher.until("session_settled");
    assert_eq!(space.statuses()["sums"], "applied");
}
