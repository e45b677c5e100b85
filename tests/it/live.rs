//! What a person sees of a run while it works: its events in `.kaizen/events.jsonl`, and `kaizen status` beside it.

use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::edits::bold;
use super::gate::gated;
use super::hold::{ended, slow, started};
use super::progress::{kill, stuck};
use super::space::{KAIZEN, Space, shy};

/// A command that takes longer hangs.
const HANGS: Duration = Duration::from_secs(30);
const EVENTS: &str = ".kaizen/events.jsonl";

/// The events of a workspace.
pub fn events(space: &Space) -> Vec<Value> {
    let text = space.read(EVENTS);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

#[test]
fn a_run_leaves_its_events_and_a_settled_one_leaves_none() {
    let space = gated("mode = \"sequential\"", &[bold(), shy()]);
    let said = space.run(&[]);
    let log = events(&space);
    for event in &log {
        assert_eq!(event["version"], 1);
        assert!(event["process"].as_str().unwrap().starts_with("kaizen run, process "));
        assert!(event["at"].as_str().unwrap().starts_with("2026-03-"), "{event}");
    }
    let names = names(&log);
    assert_eq!(names.first(), Some(&"work_started"));
    assert_eq!(names.last(), Some(&"work_ended"));
    for kind in [
        "phase_started",
        "phase_finished",
        "progress",
        "load",
        "evidence",
        "edit_settled",
        "session_settled",
    ] {
        assert!(names.contains(&kind), "{kind} in {names:?}");
    }
    let look = log.iter().find(|event| event["event"] == "evidence").unwrap();
    assert_eq!(look["edit"], "bold");
    assert!(
        look["pairs"].as_u64() > Some(0) && look["log_e_needed"].is_f64(),
        "{look}"
    );
    // What the command prints are the same events, without those that only viewers need.
    let shared = ["phase_started", "phase_finished", "edit_settled", "session_settled"];
    let of = |events: &[Value]| -> Vec<Value> {
        let shared = events
            .iter()
            .filter(|event| shared.contains(&event["event"].as_str().unwrap()));
        let bare = |event: &Value| {
            let mut event = event.clone();
            let fields = event.as_object_mut().unwrap();
            ["version", "at", "process"]
                .iter()
                .for_each(|field| drop(fields.remove(*field)));
            event
        };
        shared.map(bare).collect()
    };
    let run: Vec<Value> = log
        .rsplit(|event| event["event"] == "work_started")
        .next()
        .unwrap()
        .to_vec();
    assert_eq!(of(&run), of(&said.events()));
    space.run(&[]);
    assert_eq!(events(&space).len(), log.len(), "a run that does nothing says nothing");
    assert!(space.git(&["status", "--porcelain", "--", ".kaizen"]).is_empty());
}

#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    let space = Space::planned();
    std::fs::remove_file(space.root.join(EVENTS)).unwrap();
    space.write(".kaizen/events.jsonl/in_the_way", "");
    space.write(".kaizen/at_work", "no folder");
    space.kaizen(&["run"]).exits(3);
    space.kaizen(&["eval"]).exits(0);
    space.kaizen(&["status"]).exits(0);
}

#[test]
fn status_shows_the_load_and_a_killed_run_is_no_longer_running() {
    let space = slow();
    let run = started(&space, &["run"]);
    let said = until(&space, &["status", "--format", "json"], "\"in_flight\":1");
    let newest: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    let running = &newest["running"];
    assert_eq!(running["phase"], "execute");
    assert_eq!(running["load"]["failed"], 0);
    let porcelain = space.kaizen(&["status", "--porcelain"]).exits(0).out;
    assert!(
        porcelain.contains("\nin-flight 1\nfailed 0\nspent-usd 0\n"),
        "{porcelain}"
    );
    kill(run);
    let log = events(&space);
    assert_ne!(names(&log).last(), Some(&"work_ended"), "it was killed");
    let said = space.kaizen(&["status", "--porcelain"]).exits(0).out;
    assert!(!said.contains("running"), "{said}");
    std::fs::remove_file(space.root.join("block")).unwrap();
    space.run(&[]).exits(0);
    assert_eq!(names(&events(&space)).last(), Some(&"work_ended"));
}

#[test]
fn a_command_beside_the_runs_is_shown_until_it_ends() {
    let space = stuck();
    let eval = background(&space, &["eval"]);
    let process = format!("kaizen eval, process {}", eval.id());
    // The command is shown before its first task is.
    let said = until(&space, &["status"], "gate, ");
    assert!(said.contains(&process), "{said}");
    let json: Value = serde_json::from_str(&space.kaizen(&["status", "--format", "json"]).exits(0).out).unwrap();
    assert_eq!(json["running"]["process"], process);
    let refused = space.kaizen(&["stop"]).exits(1);
    assert!(
        refused.err.contains(&process) && refused.err.contains("Ctrl-C"),
        "{}",
        refused.err
    );
    kill(eval);
    let said = space.kaizen(&["status"]).exits(0).out;
    assert!(!said.contains("process"), "{said}");
    // The notice of a killed command says nothing, and the next one removes it.
    assert_eq!(super::space::names(&space.root.join(".kaizen/at_work")).len(), 1);
    let other = background(&space, &["eval"]);
    until(&space, &["status"], &format!("process {}", other.id()));
    assert_eq!(
        super::space::names(&space.root.join(".kaizen/at_work")),
        [other.id().to_string()]
    );
    kill(other);
}

#[test]
fn a_run_that_ends_after_a_request_says_so_in_its_events() {
    let space = slow();
    let run = started(&space, &["run"]);
    space.kaizen(&["stop"]).exits(0);
    ended(&space, run).exits(3);
    let log = events(&space);
    assert_eq!(names(&log).last(), Some(&"work_ended"));
    assert_eq!(names(&log).iter().filter(|name| **name == "edit_settled").count(), 1);
}

/// A command in the background, whose output nobody reads.
pub fn background(space: &Space, arguments: &[&str]) -> Child {
    let mut command = space.command(KAIZEN, arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The output of a command once it contains some words.
pub fn until(space: &Space, arguments: &[&str], words: &str) -> String {
    let begun = Instant::now();
    loop {
        let said = space.kaizen(arguments).exits(0).out;
        if said.contains(words) {
            return said;
        }
        assert!(begun.elapsed() < HANGS, "no {words:?} in {said}");
        sleep(Duration::from_millis(50));
    }
}
