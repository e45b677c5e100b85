//! The log of consultations, and `kaizen bench refresh`: the bytes that change, refusals, and crashes.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::space::Space;

const FILE: &str = "benchmark/consultations.jsonl";
const TASKS: &str = "benchmark/tasks.jsonl";
const MORE: &str = "benchmark/more.jsonl";

/// `count` reserve tasks of each category, formatted as a person might write them.
fn reserve(count: usize) -> String {
    let line = |category: &str, n: usize| {
        format!(
            "{{ \"split\" : \"reserve\", \"task_id\": \"new-{category}-{n}\", \"query\": \"{category} anew {n}\", \
             \"reference_answer\": \"x\", \"category\": \"{category}\", \"mine\": 1.50 }}\n"
        )
    };
    let categories = ["home", "shop", "trip", "sums"];
    categories
        .iter()
        .flat_map(|category| (0..count).map(|n| line(category, n)))
        .collect()
}

fn with_reserve(count: usize) -> Space {
    let space = Space::new();
    space.write(MORE, &reserve(count));
    space.commit_all("more");
    space
}

fn refresh(space: &Space, arguments: &[&str]) -> Value {
    let said = space.kaizen(&[&["bench", "refresh", "--format", "json"], arguments].concat());
    said.exits(0).events().remove(0)
}

fn ids(value: &Value) -> Vec<String> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap().to_owned())
        .collect()
}

/// The split of every task.
fn splits(space: &Space) -> BTreeMap<String, String> {
    let text = space.read(TASKS) + "\n" + &fs::read_to_string(space.root.join(MORE)).unwrap_or_default();
    let tasks = text
        .trim_start_matches('\u{feff}')
        .lines()
        .filter(|line| !line.is_empty());
    tasks
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|task| {
            (
                task["task_id"].as_str().unwrap().into(),
                task["split"].as_str().unwrap().into(),
            )
        })
        .collect()
}

fn edit(number: usize) -> String {
    let digest = format!("{number:040x}");
    let line = json!({"kind": "edit", "at": "2026-01-01T00:00:00Z", "session_id": "s", "edit_id": format!("e{number}"),
        "edit_digest": digest, "tasks": "0".repeat(40), "pairs": 24, "decision": "reject", "reason": "futile"});
    format!("{line}\n")
}

fn edits(count: usize) -> String {
    (0..count).map(edit).collect()
}

#[test]
fn tasks_change_places_and_no_other_byte_does() {
    let space = with_reserve(3);
    let crlf = format!("\u{feff}{}", space.read(TASKS).replace('\n', "\r\n").trim_end());
    space.write(TASKS, &crlf);
    space.commit_all("as another editor writes");
    let (before, more) = (crlf, space.read(MORE));
    let report = refresh(&space, &[]);
    let (retired, drawn) = (ids(&report["retired"]), ids(&report["drawn"]));
    assert_eq!((retired.len(), drawn.len()), (7, 7), "30 % of 24 gate tasks");
    let splits = splits(&space);
    assert!(retired.iter().all(|id| splits[id] == "train"));
    assert!(drawn.iter().all(|id| splits[id] == "gate" && id.starts_with("new-")));
    assert_eq!(splits.values().filter(|split| *split == "gate").count(), 24);
    for (was, is) in [(before, space.read(TASKS)), (more, space.read(MORE))] {
        for (was, is) in was.split_inclusive('\n').zip(is.split_inclusive('\n')) {
            let known = |id: &String| was.contains(&format!("\"{id}\""));
            let expected = match () {
                () if retired.iter().any(known) => was.replace("\"gate\"", "\"train\""),
                () if drawn.iter().any(known) => was.replace("\"reserve\"", "\"gate\""),
                () => was.to_owned(),
            };
            assert_eq!(is, expected);
        }
    }
    let line: Value = serde_json::from_str(&space.read(FILE)).unwrap();
    assert_eq!((&line["kind"], ids(&line["retired"])), (&json!("refresh"), retired));
    assert_eq!(space.git(&["status", "--porcelain"]), "");
    let message = space.git(&["log", "-1", "--format=%B"]);
    assert!(message.starts_with("kaizen: refresh the gate split\n"), "{message}");
    assert!(
        message.contains(&drawn[0]) && message.contains("Tasks-Retired: 7"),
        "{message}"
    );
    assert!(!message.contains("Session-ID"));
}

#[test]
fn another_refresh_draws_others_until_the_reserve_is_too_small() {
    let space = with_reserve(2);
    // Tasks that were consulted retire before newer ones.
    space.write(FILE, &edit(1));
    let first = refresh(&space, &["--share", "0.25"]);
    assert_eq!(ids(&first["drawn"]).len(), 6);
    let said = space.kaizen(&["bench", "refresh", "--share", "0.25"]).exits(0);
    assert!(
        said.out.contains("should retire, but the reserve has only"),
        "{}",
        said.out
    );
    let splits = splits(&space);
    let new_gate = |id: &str, split: &str| id.starts_with("new-") && split == "gate";
    assert_eq!(splits.iter().filter(|(id, split)| new_gate(id, split)).count(), 8);
    assert_eq!(space.read(FILE).lines().count(), 3);
    let bytes = space.state();
    let said = space.kaizen(&["bench", "refresh"]).exits(4);
    said.says(&["home, shop, sums, trip", "\"split\": \"reserve\"", "--from FILE"]);
    assert_eq!(space.state(), bytes);
    for share in ["0", "1.1", "NaN", "x"] {
        space.kaizen(&["bench", "refresh", "--share", share]).exits(2);
    }
}

#[test]
fn a_dry_run_says_the_same_and_writes_nothing() {
    let space = with_reserve(3);
    let bytes = space.state();
    // kaizen's own folder holds the lock, which a read-only workspace cannot have.
    let own = space.root.join(".kaizen");
    std::fs::remove_dir_all(&own).ok();
    let would = refresh(&space, &["--dry-run"]);
    assert!(!own.exists());
    assert_eq!(space.state(), bytes);
    assert_eq!(would["event"], "would_refresh");
    let does = refresh(&space, &[]);
    assert_eq!((&would["retired"], &would["drawn"]), (&does["retired"], &does["drawn"]));
}

#[test]
fn a_file_is_drawn_from_and_what_is_not_needed_waits() {
    let space = Space::new();
    let cut = space.read(TASKS).trim_end().to_owned();
    space.write(TASKS, &cut);
    space.commit_all("no last newline");
    let offered = reserve(3).replace("\"split\" : \"reserve\", ", "");
    space.write("../offered.jsonl", &offered);
    let report = refresh(&space, &["--from", "../offered.jsonl"]);
    assert_eq!((ids(&report["drawn"]).len(), &report["reserved"]), (7, &json!(5)));
    let splits = splits(&space);
    let count = |split: &str| {
        splits
            .iter()
            .filter(|(id, other)| id.starts_with("new-") && *other == split)
            .count()
    };
    assert_eq!((count("gate"), count("reserve"), splits.len()), (7, 5, 48 + 12));
    assert_eq!(space.read("../offered.jsonl"), offered);
    assert!(
        space.read(TASKS).contains("\"mine\": 1.50,\"split\":\"gate\" }\n"),
        "{}",
        space.read(TASKS)
    );
    // The next refresh needs no file.
    assert_eq!(ids(&refresh(&space, &["--share", "0.1"])["drawn"]).len(), 2);
}

#[test]
fn what_cannot_join_the_benchmark_is_refused_by_line() {
    let space = Space::new();
    let bytes = space.state();
    let good = "{\"task_id\":\"n1\",\"query\":\"new\",\"reference_answer\":\"x\",\"category\":\"home\"}\n";
    for (row, words) in [
        (good.replace("new", "other"), "task_id `n1` already exists"),
        (good.replace("n1", "home-0"), "task_id `home-0` already exists"),
        (
            good.replace("n1", "n2").replace("new", "NEW "),
            "a task with this query already exists",
        ),
        (
            good.replace("n1", "n2").replace("\"new\"", "\"x\",\"split\":\"train\""),
            "its split is `train`",
        ),
        ("{\"task_id\":\"n2\"}\n".into(), "missing field"),
    ] {
        space.write("../offered.jsonl", &format!("{good}{row}"));
        let said = space
            .kaizen(&["bench", "refresh", "--from", "../offered.jsonl"])
            .exits(2);
        said.says(&["offered.jsonl:2: ", words, "hint: "]);
    }
    space.write("../offered.jsonl", "\n");
    let said = space
        .kaizen(&["bench", "refresh", "--from", "../offered.jsonl"])
        .exits(2);
    said.says(&["it contains no task"]);
    let said = space.kaizen(&["bench", "refresh", "--from", "../none.jsonl"]).exits(2);
    said.says(&["there is no such file"]);
    assert_eq!(space.state(), bytes);
}

#[test]
fn a_persons_uncommitted_changes_are_refused_and_what_git_ignores_is_kept() {
    let space = with_reserve(3);
    space.write(MORE, &format!("{}\n", reserve(3)));
    let bytes = space.state();
    let said = space.kaizen(&["bench", "refresh"]).exits(4);
    said.says(&["uncommitted changes in benchmark/more.jsonl", "commit or undo them"]);
    assert_eq!(space.state(), bytes);
    space.git(&["rm", "-q", "--cached", MORE]);
    space.write(".gitignore", "benchmark/more.jsonl\n.kaizen\n");
    space.git(&["add", ".gitignore"]);
    space.git(&["commit", "-q", "-m", "ignore"]);
    let report = refresh(&space, &[]);
    let copies = ids(&report["kept_copies"]);
    assert_eq!(space.read(&copies[0]), format!("{}\n", reserve(3)));
    assert!(space.git(&["show", "--stat", "HEAD"]).contains(TASKS));
    assert_eq!(
        space.kaizen(&["eval", "--split", "gate"]).exits(0).code,
        Some(0),
        "the copy is not part of the benchmark"
    );
}

#[test]
fn after_a_crash_anywhere_the_next_refresh_completes_the_first() {
    let space = with_reserve(3);
    let undisturbed = space.copy();
    let log = undisturbed.root.parent().unwrap().join("effects");
    let refresh = ["bench", "refresh"];
    undisturbed
        .kaizen_with("KAIZEN_EFFECTS", log.to_str().unwrap(), &refresh)
        .exits(0);
    let end = undisturbed.state();
    let effects = fs::read_to_string(&log).unwrap();
    assert!(effects.lines().count() >= 7, "{effects}");
    for (at, effect) in effects.lines().enumerate() {
        let (number, name) = effect.split_once(' ').unwrap();
        // The next command completes the refresh; if that is itself a refresh, it does not start another one.
        for next in [&refresh[..], &["run", "--until", "readiness"]] {
            let space = space.copy();
            let crashed = space.kaizen_with("KAIZEN_CRASH_BEFORE", number, &refresh);
            assert_eq!(crashed.code, None, "no crash before {name}");
            let began = space.root.join(".kaizen/refresh.json").exists();
            assert_eq!(
                began,
                at > 1,
                "{name}: the folder's .gitignore, the announcement, then the rest"
            );
            space.kaizen(next).exits(0);
            if next.len() > 2 && began {
                fs::remove_dir_all(space.root.join("sessions")).unwrap();
            }
            if next.len() == 2 || began {
                space.ends_as(&end, name);
            }
            assert!(!space.root.join(".kaizen/refresh.json").exists());
        }
    }
}

#[test]
fn what_a_person_wrote_after_a_crash_is_not_overwritten() {
    let space = with_reserve(3);
    let refresh = ["bench", "refresh"];
    space.kaizen_with("KAIZEN_CRASH_BEFORE", "3", &refresh);
    let mine = format!("{}\n", space.read(MORE));
    space.write(MORE, &mine);
    space
        .kaizen(&refresh)
        .exits(1)
        .says(&["benchmark/more.jsonl was changed", "git restore", "refresh.json"]);
    assert_eq!(space.read(MORE), mine);
    space.git(&["restore", MORE]);
    let said = space.kaizen(&refresh).exits(0);
    assert!(said.out.contains("completed the interrupted refresh"), "{}", said.out);
    assert_eq!(space.read(FILE).lines().count(), 1);
}

#[test]
fn a_line_that_is_none_is_named_and_nothing_is_lost() {
    let space = with_reserve(3);
    let garbage = format!("{}<<<<<<< HEAD\n{}", edit(1), edit(2));
    space.write(FILE, &garbage);
    let words = ["benchmark/consultations.jsonl:2:", "correct or delete that line"];
    space.run(&[]).exits(1).says(&words);
    space.kaizen(&["bench", "refresh"]).exits(1).says(&words);
    let said = space.kaizen(&["verify"]).exits(1);
    assert!(
        said.out.contains("failure: benchmark/consultations.jsonl: 2:"),
        "{}",
        said.out
    );
    assert_eq!(space.read(FILE), garbage);
    assert!(!space.root.join("sessions").exists(), "no session began");
    // A line that a crash cut off is not an error: it stays on its own line and is ignored.
    space.write(FILE, &format!("{}{}", edit(1), &edit(2)[..40]));
    refresh(&space, &[]);
    let text = space.read(FILE);
    assert!(
        text.starts_with(&format!("{}{}\n{{\"kind\":\"refresh\"", edit(1), &edit(2)[..40])),
        "{text}"
    );
    space.kaizen(&["verify"]).exits(0);
}

#[test]
fn a_worn_split_is_told_and_makes_nothing_stale() {
    let space = Space::executed();
    let status = |space: &Space| space.kaizen(&["status", "--format", "json"]).events().remove(0);
    assert_eq!(status(&Space::planned())["gate_split"], Value::Null);
    assert_eq!(
        status(&space)["gate_split"]["consultations"],
        1,
        "one edit was tried on the split"
    );
    let before = status(&space);
    space.write(FILE, &edits(49));
    assert_eq!(status(&space)["gate_split"]["worn"], false);
    assert!(!space.kaizen(&["run"]).err.contains("consulted"));
    space.write(FILE, &edits(50));
    let now = status(&space);
    assert_eq!(now["gate_split"]["consultations"], 50);
    assert_eq!(now["phases"], before["phases"], "a longer log makes nothing stale");
    let said = space.kaizen(&["status"]).exits(0);
    assert!(
        said.out
            .contains("consulted 50 times since it was drawn (worn after 50): accepted edits"),
        "{}",
        said.out
    );
    let said = space.run(&[]).exits(3);
    assert_eq!(said.phases(), Vec::<String>::new());
    let note = &said.events()[0];
    assert_eq!(note["event"], "note");
    assert!(
        note["text"].as_str().unwrap().contains("`kaizen bench refresh`"),
        "{note}"
    );
    space.write(
        "kaizen.toml",
        "[ledger]\nauthor = \"t <t@t>\"\n[gate]\nworn_after = 0\n",
    );
    assert!(!space.kaizen(&["run"]).err.contains("consulted"));
    assert_eq!(status(&space)["phases"], before["phases"]);
}

#[test]
fn a_settled_session_stays_history_and_a_new_one_measures_the_new_tasks() {
    let space = Space::executed();
    let offered = reserve(3);
    space.write("../offered.jsonl", &offered);
    let old = space.session();
    let drawn = ids(&refresh(&space, &["--from", "../offered.jsonl"])["drawn"]);
    assert_eq!(space.run(&[]).exits(3).phases(), Vec::<String>::new());
    space.kaizen(&["verify"]).exits(0);
    let later = space.kaizen_with(
        "KAIZEN_NOW",
        "2026-03-02T10:00:00Z",
        &["run", "--new", "--until", "baseline"],
    );
    later.exits(0);
    let sessions = crate::space::names(&space.root.join("sessions"));
    let new = sessions.iter().find(|name| !old.ends_with(*name)).unwrap();
    let baseline = space.read(&format!("sessions/{new}/baseline.json"));
    assert!(drawn.iter().all(|id| baseline.contains(&format!("\"{id}\""))));
    // After an answer in the old session, the present gate tasks decide.
    let id = old.trim_start_matches("sessions/");
    space.kaizen(&["accept", "shots", "--session", id]).exits(0);
    space.run(&["--session", id]).exits(0);
    let outcomes = crate::space::names(&space.root.join(&old).join("outcomes"));
    let read = |name: &String| space.read(&format!("{old}/outcomes/{name}"));
    let shots = outcomes
        .iter()
        .map(read)
        .find(|text| text.contains("\"shots\""))
        .unwrap();
    assert!(!shots.contains("pending_review"), "{shots}");
    space.kaizen(&["verify"]).exits(0);
}

#[test]
fn it_is_committed_with_the_session_and_shown_to_nobody() {
    let space = Space::planned();
    space.write(FILE, &edit(1).replace("futile", "CONSULTED"));
    space.kaizen(&["run"]).exits(3);
    let committed = space.git(&["show", "--stat", "--format=%s", "HEAD"]);
    assert!(
        committed.contains("kaizen: record") && committed.contains(FILE),
        "{committed}"
    );
    // Even if a pattern in the manifest matches the log, it is not part of the harness, the traces or the tasks.
    space.write(
        "kaizen.toml",
        "[ledger]\nauthor = \"t <t@t>\"\n[harness]\nfiles = [\"config.toml\", \"agents/**\", \"tools/*\", \"benchmark/c*\"]\n\
         [traces]\nfiles = [\"traces/*.jsonl\", \"benchmark/c*.jsonl\"]\n",
    );
    space.kaizen(&["traces", "list"]).exits(0);
    space.kaizen(&["brief", "--out", "told"]).exits(0);
    for entry in walkdir::WalkDir::new(space.root.join("told"))
        .into_iter()
        .map(Result::unwrap)
    {
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        assert!(!text.contains("CONSULTED"), "{}", entry.path().display());
    }
}

#[test]
fn a_session_under_way_is_told_that_it_begins_anew() {
    let space = with_reserve(3);
    space.run(&["--until", "baseline"]).exits(0);
    let said = space.kaizen(&["bench", "refresh"]).exits(0);
    said.says(&["is not settled", "measures and diagnoses again"]);
    assert_eq!(space.run(&["--until", "baseline"]).phases(), ["readiness", "baseline"]);
}
