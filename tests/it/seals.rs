//! Seals of settled sessions: each command prints the same with and without them, whatever people do to the files.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::space::{Said, Space, bold, names, shy};

/// The commands that use seals.
const COMMANDS: [&[&str]; 9] = [
    &["status"],
    &["status", "--all"],
    &["status", "--all", "--format", "json"],
    &["log"],
    &["log", "--format", "json"],
    &["blame", "config.toml", "--format", "json"],
    &["verify"],
    &["verify", "--format", "json"],
    &["report", "--all", "-o", "-"],
];
/// What a command may remember.
const MEMORY: &str = ".kaizen/cache";
/// Its files.
const FILES: [&str; 7] = [
    "seals",
    "verified.jsonl",
    "history.graph",
    "history.entries",
    "index",
    "ledger",
    "wear",
];
/// Longer than a change may hide behind an earlier one.
const CALM: Duration = Duration::from_millis(1100);

/// What a person does, in words and as a function.
type NamedChange<'c> = (&'c str, &'c dyn Fn(&Space));

/// A workspace with three sessions, the oldest of which applied, rejected and asked about edits.
fn three_sessions() -> Space {
    let space = Space::executed();
    for hour in ["11", "12"] {
        let now = format!("2026-03-01T{hour}:00:00Z");
        let said = space.kaizen_with("KAIZEN_NOW", &now, &["run", "--new"]);
        assert!(matches!(said.code, Some(0 | 3)), "{}", said.err);
    }
    space
}

fn oldest(space: &Space) -> String {
    format!("sessions/{}", names(&space.root.join("sessions"))[0])
}

fn seal(space: &Space) {
    std::thread::sleep(CALM);
    space.kaizen(&["status"]).exits(0);
    space.kaizen(&["verify"]);
}

fn said(said: Said) -> (Option<i32>, String, String) {
    (said.code, said.out, said.err)
}

/// The output of all commands must not depend on what earlier commands remembered.
#[track_caller]
fn memory_does_not_show(space: &Space, what: &str) {
    for arguments in COMMANDS {
        let with = said(space.kaizen(arguments));
        let forgetful = space.root.join(MEMORY);
        let aside = space.root.join("aside");
        fs::rename(&forgetful, &aside).unwrap();
        let without = said(space.kaizen(arguments));
        let _ = fs::remove_dir_all(&forgetful);
        fs::rename(&aside, &forgetful).unwrap();
        assert_eq!(with, without, "{what}: {arguments:?}");
    }
}

#[test]
fn nothing_that_people_do_to_a_sealed_session_is_missed() {
    let sealed = three_sessions();
    let session = oldest(&sealed);
    let outcome = |space: &Space| {
        format!(
            "{session}/outcomes/{}",
            names(&space.root.join(&session).join("outcomes"))[0]
        )
    };
    let question = |space: &Space| {
        let folder = format!("{session}/pending_review");
        format!("{folder}/{}", names(&space.root.join(&folder))[0])
    };
    let remove = |space: &Space, name: &str| fs::remove_file(space.root.join(name)).unwrap();
    let changes: [NamedChange; 9] = [
        ("nothing", &|_| {}),
        ("an edited plan", &|space| {
            space.replace(&format!("{session}/plan.json"), "\"rationale\"", "\"rationale \"");
        }),
        ("a plan with another edit", &|space| {
            let name = format!("{session}/plan.json");
            let mut plan: serde_json::Value = serde_json::from_str(&space.read(&name)).unwrap();
            plan["edits"] = serde_json::json!([shy(), bold()]);
            space.write(&name, &plan.to_string());
        }),
        ("an edited diagnosis", &|space| {
            let name = format!("{session}/diagnosis.md");
            space.write(&name, &format!("Really.\n\n{}", space.read(&name)));
        }),
        ("an answer by hand", &|space| {
            space.replace(
                &question(space),
                "\"decision\": null",
                "\"decision\": {\"decision\": \"reject\"}",
            );
        }),
        ("a deleted outcome", &|space| remove(space, &outcome(space))),
        ("a deleted plan", &|space| {
            remove(space, &format!("{session}/plan.json"))
        }),
        ("a deleted session", &|space| {
            fs::remove_dir_all(space.root.join(&session)).unwrap()
        }),
        ("a deleted trigger", &|space| {
            remove(space, &format!("{session}/trigger.json"))
        }),
    ];
    let spaces: Vec<Space> = changes.iter().map(|_| sealed.copy()).collect();
    std::thread::sleep(CALM);
    for (space, (what, change)) in spaces.iter().zip(changes) {
        seal_at_once(space);
        change(space);
        memory_does_not_show(space, what);
    }
}

/// The same as [`seal`] for files that have not changed for long enough.
fn seal_at_once(space: &Space) {
    space.kaizen(&["status"]).exits(0);
    space.kaizen(&["verify"]);
    for file in FILES {
        let path = space.root.join(MEMORY).join(file);
        assert!(path.is_file(), "{file}");
    }
    let seals = space.read(&format!("{MEMORY}/seals"));
    assert_eq!(seals.lines().count(), 4, "{seals}");
}

#[test]
fn what_people_do_in_git_is_not_missed() {
    let sealed = three_sessions();
    let applied = sealed
        .git(&["log", "-1", "--format=%H", "--grep=Edit-Digest"])
        .trim()
        .to_owned();
    let start = sealed.git(&["rev-list", "--max-parents=0", "HEAD"]).trim().to_owned();
    let changes: [NamedChange; 6] = [
        ("a revert with git", &|space| {
            drop(space.git(&["revert", "--no-edit", &applied]))
        }),
        ("a revert of the revert", &|space| {
            space.git(&["revert", "--no-edit", &applied]);
            space.git(&["revert", "--no-edit", "HEAD"]);
        }),
        ("an edit that a person removed and put back", &|space| {
            space.git(&["revert", "--no-commit", &applied]);
            space.commit_all("without it");
            space.kaizen(&["verify"]);
            space.git(&["checkout", "-q", &applied, "--", "config.toml"]);
            space.commit_all("with it");
        }),
        ("another branch", &|space| {
            drop(space.git(&["switch", "-q", "-c", "other", &start]))
        }),
        ("a squash", &|space| {
            space.git(&["reset", "-q", "--soft", &start]);
            space.commit_all("all at once");
        }),
        ("an unrelated commit", &|space| {
            space.write("notes.txt", "mine\n");
            space.commit_all("notes");
        }),
    ];
    let spaces: Vec<Space> = changes.iter().map(|_| sealed.copy()).collect();
    std::thread::sleep(CALM);
    for (space, (what, change)) in spaces.iter().zip(changes) {
        seal_at_once(space);
        change(space);
        memory_does_not_show(space, what);
    }
}

#[cfg(unix)]
#[test]
fn verify_full_reads_what_only_a_forger_could_hide() {
    let space = three_sessions();
    seal(&space);
    let name = format!("{}/readiness.json", oldest(&space));
    space.write(&name, "{");
    // The forger also changes the stamp in the memory, which needs the number and the times of the file.
    let memory = format!("{MEMORY}/verified.jsonl");
    let forged = forged(
        &space.read(&memory),
        &oldest(&space),
        "readiness.json",
        &space.root.join(&name),
    );
    space.write(&memory, &forged);
    space.kaizen(&["verify"]).exits(0);
    let full = space.kaizen(&["verify", "--full"]).exits(1);
    assert!(full.out.contains("readiness.json"), "{}", full.out);
    // The check also corrects the memory.
    space.kaizen(&["verify"]).exits(1);
}

/// The memory with the present stamp of a file.
#[cfg(unix)]
fn forged(memory: &str, session: &str, file: &str, path: &Path) -> String {
    use std::os::unix::fs::MetadataExt;
    let facts = fs::metadata(path).unwrap();
    let time = |seconds: i64, rest: i64| seconds * 1_000_000_000 + rest;
    let stamp = serde_json::json!([
        facts.size(),
        time(facts.mtime(), facts.mtime_nsec()),
        time(facts.ctime(), facts.ctime_nsec()),
        facts.ino()
    ]);
    let id = session.trim_start_matches("sessions/");
    let line = |line: &str| {
        let mut value: serde_json::Value = serde_json::from_str(line).unwrap();
        if value["id"] == id {
            for pair in value["stamps"].as_array_mut().unwrap() {
                if pair[0] == file {
                    pair[1] = stamp.clone();
                }
            }
        }
        format!("{value}\n")
    };
    memory.lines().map(line).collect()
}

#[test]
fn a_memory_that_is_damaged_or_of_another_workspace_is_not_used() {
    let space = three_sessions();
    seal(&space);
    let other = space.copy();
    for file in names(&space.root.join(MEMORY))
        .iter()
        .filter(|name| !name.ends_with(".db"))
    {
        let name = format!("{MEMORY}/{file}");
        let text = space.read(&name);
        let half = &text[..text.len() / 2];
        let expected = said(space.kaizen(&["log", "--format", "json"]));
        for damaged in ["", "garbage\n", half, &text.replace('1', "2")] {
            space.write(&name, damaged);
            let found = said(space.kaizen(&["log", "--format", "json"]));
            assert_eq!(found, expected, "{file}: {damaged:.40}");
            space.write(&name, damaged);
            space.kaizen(&["verify"]).exits(0);
        }
    }
    // The files of a copy have other numbers and times.
    memory_does_not_show(&other, "a copy");
}

#[cfg(unix)]
#[test]
fn a_workspace_that_cannot_be_written_needs_no_memory() {
    use std::os::unix::fs::PermissionsExt;
    let space = three_sessions();
    let before: Vec<_> = COMMANDS.iter().map(|arguments| said(space.kaizen(arguments))).collect();
    let cache = space.root.join(MEMORY);
    for entry in fs::read_dir(&cache).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|kind| kind != "db") {
            fs::remove_file(path).unwrap();
        }
    }
    // The modes of files do not stop root, but a file in the place of the folder does.
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o555)).unwrap();
    std::thread::sleep(CALM);
    let after: Vec<_> = COMMANDS.iter().map(|arguments| said(space.kaizen(arguments))).collect();
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(before, after);
}

#[test]
fn a_crash_while_it_writes_its_memory_does_no_harm() {
    let space = three_sessions();
    let log = space.root.parent().unwrap().join("effects");
    let forget = || {
        for file in FILES {
            let _ = fs::remove_file(space.root.join(MEMORY).join(file));
        }
    };
    std::thread::sleep(CALM);
    for command in ["status", "verify", "log"] {
        forget();
        let _ = fs::remove_file(&log);
        let expected = said(space.kaizen_with("KAIZEN_EFFECTS", log.to_str().unwrap(), &[command]));
        let effects = fs::read_to_string(&log).unwrap();
        assert!(effects.contains("remember seals") || command == "verify", "{effects}");
        for effect in effects.lines() {
            forget();
            let number = effect.split_once(' ').unwrap().0;
            let crashed = space.kaizen_with("KAIZEN_CRASH_BEFORE", number, &[command]);
            assert_eq!(crashed.code, None, "no crash before {effect}: {}", crashed.err);
            assert_eq!(said(space.kaizen(&[command])), expected, "before {effect}");
        }
    }
}
