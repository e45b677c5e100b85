//! The end of a case: all files are made valid, the watcher settles all sessions, and the files are checked.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use kaizen::artifact::Edit;
use serde_json::Value;

use crate::edits::{bold, hostile, refuse_below, shy};
use crate::interleavings::user::{PROMPT, User};
use crate::interleavings::watcher::Heard;
use crate::space::{KAIZEN, Said, names};

/// A case that takes longer will not end.
const PATIENCE: Duration = Duration::from_secs(45);
/// A watcher without output for this time is quiet.
const SILENCE: Duration = Duration::from_millis(150);

/// Leaves the user on `main`, without an uncommitted change, and with a valid plan in every session.
pub fn make_sound(user: &mut User) {
    if user.open.is_some() {
        user.close_prompt();
    }
    let start = Instant::now();
    while user.branch() != "main" {
        assert!(start.elapsed() < PATIENCE, "git does not let the user back to main");
        if user.git(&["switch", "-q", "main"]).is_err() {
            // A file of a session is not committed, so the user commits it.
            let _ = user.git(&["add", "-A", "sessions"]);
            let _ = user.git(&["commit", "-q", "-m", "sessions as they are", "--", "sessions"]);
        }
    }
    user.mend_plans();
    user.edit_plan();
}

/// Waits until the watcher is quiet, nothing is stale, and the inbox is empty; returns how long that took.
pub fn settle(user: &User, heard: &Heard) -> Duration {
    let start = Instant::now();
    loop {
        let (lines, silence) = heard.silence();
        let inbox = names(&user.space.root.join("triggers"));
        if silence > SILENCE && inbox.is_empty() {
            let unsettled = unsettled(user);
            if unsettled.is_empty() && heard.silence().0 == lines {
                return start.elapsed();
            }
            assert!(start.elapsed() < PATIENCE, "never settled: {unsettled:?}");
        }
        assert!(start.elapsed() < PATIENCE, "never quiet; the inbox contains {inbox:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Runs kaizen with the real time.
fn kaizen(user: &User, arguments: &[&str]) -> Said {
    let mut command = user.space.command(KAIZEN, arguments);
    Said::of(command.env_remove("KAIZEN_NOW").output().unwrap())
}

fn unsettled(user: &User) -> Vec<String> {
    let said = kaizen(user, &["status", "--all", "--format", "json"]);
    if said.code != Some(0) {
        return vec![said.err];
    }
    let stale = said.events().into_iter().filter(|line| line["state"] != "settled");
    stale.map(|line| line.to_string()).collect()
}

/// Checks all files once the watcher is stopped.
pub fn check(user: &User) {
    user.nothing_lost_at_all();
    user_work_stands(user);
    every_trigger_ran_once(user);
    no_leftovers(user);
    harness_is_as_planned(user);
    let said = kaizen(user, &["verify"]);
    assert_eq!(said.code, Some(0), "verify: {}{}", said.out, said.err);
    for id in user.sessions() {
        let said = kaizen(user, &["run", "--session", &id, "--format", "json"]);
        assert!(matches!(said.code, Some(0 | 3)), "run {id}: {}{}", said.out, said.err);
        let events = said.events();
        assert_eq!(
            events.last().unwrap()["changed"],
            false,
            "run {id} changed something: {}",
            said.out
        );
    }
}

fn user_work_stands(user: &User) {
    let subjects = user.space.git(&["log", "--all", "--format=%s"]);
    for subject in &user.commits {
        let count = subjects.lines().filter(|line| line == subject).count();
        assert_eq!(count, 1, "the user's commit {subject:?}");
    }
    let prompt = user.space.read(PROMPT);
    for line in &user.lines {
        assert!(prompt.contains(line), "{line:?} is gone from the prompt");
    }
    let dirty = user
        .space
        .git(&["status", "--porcelain", "--", "agents", "config.toml", "tools"]);
    assert_eq!(dirty, "", "the harness has no uncommitted changes");
}

/// The triggers of all sessions, in the folder and on every branch.
fn triggers(user: &User) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut add = |path: &str, text: String| {
        let mut parts = path.split('/');
        if let (Some("sessions"), Some(id), Some("trigger.json"), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        {
            let value: Value = serde_json::from_str(&text).unwrap_or_default();
            let note = value["metadata"]["note"].as_str().unwrap_or_default().to_owned();
            found.entry(id.to_owned()).or_default().insert(note);
        }
    };
    for id in names(&user.space.root.join("sessions")) {
        let path = format!("sessions/{id}/trigger.json");
        if let Some(text) = user.look(&path) {
            add(&path, text);
        }
    }
    for branch in user
        .space
        .git(&["for-each-ref", "--format=%(refname)", "refs/heads"])
        .lines()
    {
        let files = user
            .space
            .git(&["ls-tree", "-r", "--name-only", branch, "--", "sessions"]);
        for path in files.lines().filter(|path| path.ends_with("/trigger.json")) {
            add(path, user.space.git(&["show", &format!("{branch}:{path}")]));
        }
    }
    found
}

fn every_trigger_ran_once(user: &User) {
    let found = triggers(user);
    for note in &user.notes {
        let count = found.values().filter(|notes| notes.contains(note)).count();
        assert_eq!(count, 1, "sessions of {note:?}: {found:?}");
    }
    let plain = found
        .values()
        .filter(|notes| notes.iter().all(String::is_empty))
        .count();
    assert_eq!(plain, user.plain + 1, "sessions without a note: {found:?}");
    assert_eq!(names(&user.space.root.join("triggers")), [""; 0], "the inbox is empty");
}

fn no_leftovers(user: &User) {
    let own = |path: &std::path::Path| path.starts_with(".kaizen") || path.starts_with(".git");
    for entry in walkdir::WalkDir::new(&user.space.root).into_iter().map(Result::unwrap) {
        let path = entry.path().strip_prefix(&user.space.root).unwrap();
        let name = entry.file_name().to_string_lossy();
        assert!(
            own(path) || !name.starts_with(".kaizen-"),
            "{} is left over",
            path.display()
        );
    }
    assert!(user.look(".kaizen/intent.json").is_none(), "an intent is left over");
}

/// Asserts that every planned edit has an outcome, and that the files show the applied edits and no others.
fn harness_is_as_planned(user: &User) {
    let mut applied: Vec<String> = Vec::new();
    for id in user.sessions() {
        let plan: Value = serde_json::from_str(&user.look(&format!("sessions/{id}/plan.json")).unwrap()).unwrap();
        for edit in plan["edits"].as_array().unwrap() {
            let digest = serde_json::from_value::<Edit>(edit.clone()).unwrap().digest();
            let outcome = user.look(&format!("sessions/{id}/outcomes/{digest}.json"));
            let outcome: Value = serde_json::from_str(&outcome.expect("an outcome for each edit")).unwrap();
            let pending = user.look(&format!("sessions/{id}/pending_review/{digest}.json"));
            let pending: Option<Value> = pending.map(|text| serde_json::from_str(&text).unwrap());
            decision_counts(&outcome, pending.as_ref());
            if outcome["status"] == "applied" {
                applied.extend([digest.to_string(), outcome["op"].to_string()]);
            }
        }
    }
    let is_applied = |edit: &Value| {
        let digest = serde_json::from_value::<Edit>(edit.clone()).unwrap().digest();
        applied.contains(&digest.to_string())
    };
    // The teacher may propose edits with the same op and other examples.
    let has = |op: &str| applied.contains(&format!("{op:?}"));
    let config: toml::Table = user.space.read("config.toml").parse().unwrap();
    let sure = config["models"]["base"]["refuse_below"].as_float().unwrap();
    let settings = [(bold(), 0.0), (refuse_below("mild", 0.1), 0.1), (shy(), 0.95)];
    let wanted: Vec<f64> = settings
        .iter()
        .filter(|(edit, _)| is_applied(edit))
        .map(|(_, value)| *value)
        .collect();
    let wanted = if wanted.is_empty() { vec![0.9] } else { wanted };
    assert!(
        wanted.contains(&sure),
        "refuse_below is {sure}, and should be {wanted:?}"
    );
    let tools = config["agent"]["assistant"]["tools"].as_array().unwrap();
    assert_eq!(!tools.is_empty(), has("add_tool_to_agent"), "tools are {tools:?}");
    let shown = user.space.read("agents/assistant/few_shot.json").contains("trip_book");
    assert_eq!(shown, has("edit_few_shot_exemplars"), "the example");
    assert_eq!(config["agent"]["assistant"]["max_turns"].as_integer(), Some(3));
    assert!(!is_applied(&hostile()));
}

/// Asserts that the outcome of an edit fits its review question and the answer.
fn decision_counts(outcome: &Value, pending: Option<&Value>) {
    let Some(pending) = pending else {
        return assert_ne!(outcome["status"], "pending_review", "its question is missing");
    };
    let status = outcome["status"].as_str().unwrap();
    let decision = match &pending["decision"] {
        Value::Object(decision) => decision["decision"].as_str(),
        other => other.as_str(),
    };
    // Once an edit was accepted, the gate has decided; a later answer changes nothing.
    let judged = ["applied", "rejected_by_gate", "inapplicable", "rolled_back"].contains(&status);
    let fits = match decision {
        Some("accept") => judged,
        Some("reject") => judged || status == "rejected_by_user",
        _ => judged || status == "pending_review",
    };
    assert!(fits, "{decision:?} became {status}");
}
