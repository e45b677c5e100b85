//! Trust: nothing is started, sent or created before a person approves the list; and `kaizen trust`.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use super::server::counting;
use super::space::{KAIZEN, Said, Space};
use super::watcher::Watcher;

const STUDENT: &str = "[student]\nengine = \"command\"\nrun = [\"sh\", \"student.sh\"]\n";
/// A student that leaves a mark when it runs, and always gives the same answer.
const ANSWERS: &str = "touch \"$HOME/ran\"\necho '{\"answer\": \"lights_on\"}'\n";
const LINT: &str =
    "[phase.lint]\nreads = [\"readiness.json\"]\nwrites = [\"lint.md\"]\nrun = [\"sh\", \"../../../lint.sh\"]\n";

/// The tiny workspace with additional sections in its manifest.
fn space(sections: &str) -> Space {
    let space = Space::new();
    let manifest = space.read("kaizen.toml");
    space.write("kaizen.toml", &format!("{manifest}{sections}"));
    space.write("student.sh", ANSWERS);
    space.write("lint.sh", "touch \"$HOME/ran\"\necho fine > lint.md\n");
    space.commit_all("programs");
    space
}

/// Every path of the workspace outside `.git`.
fn paths(space: &Space) -> BTreeSet<String> {
    let entries = walkdir::WalkDir::new(&space.root).into_iter().map(Result::unwrap);
    entries
        .map(|entry| entry.path().strip_prefix(&space.root).unwrap().display().to_string())
        .filter(|path| !path.starts_with(".git/"))
        .collect()
}

fn ran(space: &Space) -> bool {
    let mark = space.home.join("ran");
    let ran = mark.exists();
    let _ = fs::remove_file(mark);
    ran
}

fn digest(space: &Space) -> String {
    space.untrusted(&["trust", "--digest"]).exits(0).out.trim().to_owned()
}

#[test]
fn without_trust_nothing_is_started_sent_or_created() {
    let (url, connections) = counting();
    let chat = |section: &str| format!("[{section}]\nengine = \"chat\"\nmodel = \"m\"\nbase_url = \"{url}\"\n");
    let evaluating: &[&[&str]] = &[
        &["run"],
        &["run", "--until", "baseline"],
        &["loop", "--max-sessions", "1"],
        &["eval"],
        &["eval", "--split", "train"],
        &["plan-gate"],
        &["brief"],
        &["traces", "collect"],
    ];
    let sessions: &[&[&str]] = &[&["run"], &["run", "--new"], &["loop"]];
    let teacher = "[teacher]\nengine = \"command\"\nrun = [\"sh\", \"student.sh\"]\n";
    for (sections, commands, listed) in [
        (STUDENT, evaluating, "sh student.sh"),
        (&chat("student"), evaluating, &*url),
        (teacher, sessions, "sh student.sh"),
        (&chat("teacher"), sessions, "OPENAI_API_KEY"),
        (LINT, sessions, "lint.sh"),
    ] {
        let space = space(sections);
        let before = paths(&space);
        for command in commands {
            let said = space.untrusted(command).exits(4).says(&["kaizen trust", listed]);
            assert!(said.out.is_empty(), "{command:?}: {}", said.out);
            assert_eq!(paths(&space), before, "{command:?}");
        }
        assert!(!ran(&space), "{sections}");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[test]
fn what_uses_nothing_of_the_list_needs_no_trust() {
    let space = space("[teacher]\nengine = \"command\"\nrun = [\"sh\", \"student.sh\"]\n");
    for command in [
        &["eval"][..],
        &["plan-gate"],
        &["status"],
        &["log"],
        &["egress", "--outside"],
        &["traces", "list"],
        &["traces", "search", "lamp"],
        &["run", "--estimate"],
        &["run", "--until", "baseline"],
        &["verify"],
        &["status"],
        &["schema", "plan"],
    ] {
        space.untrusted(command).exits(0);
    }
    space.untrusted(&["run"]).exits(4).says(&["kaizen trust"]);
    assert!(!ran(&space));
    // The scorer's program runs only if a task uses it.
    let space = self::space("[benchmark]\nscorer_command = [\"sh\", \"student.sh\"]\n");
    space.untrusted(&["eval"]).exits(0);
    let task = json!({"task_id": "c", "query": "q", "reference_answer": "a", "scorer": "command", "split": "gate"});
    space.write("benchmark/c.jsonl", &format!("{task}\n"));
    space.untrusted(&["eval"]).exits(4).says(&["student.sh"]);
    assert!(!ran(&space));
}

#[test]
fn an_approval_is_for_these_bytes_and_stays() {
    let space = space(STUDENT);
    let said = space.untrusted(&["trust"]).exits(4).says(&["kaizen trust --yes"]);
    assert!(
        said.out.contains("sh student.sh") && said.out.contains("not covered"),
        "{}",
        said.out
    );
    assert!(!space.home.join("trust").exists());
    let said = space.untrusted(&["trust", "--yes"]).exits(0);
    assert!(said.out.contains("Approved"), "{}", said.out);
    assert!(space.untrusted(&["trust"]).exits(0).out.contains("Already approved"));
    space.untrusted(&["eval"]).exits(0);
    assert!(ran(&space));

    space.write("student.sh", &format!("{ANSWERS}\n# other\n"));
    space.untrusted(&["eval"]).exits(4);
    assert!(!ran(&space));
    space.write("student.sh", ANSWERS);
    space.untrusted(&["eval"]).exits(0);

    // A different manifest with the same list needs no approval, a different list does; both stay approved.
    let manifest = space.read("kaizen.toml");
    space.write("kaizen.toml", &format!("{manifest}[triggers]\nquiet_ms = 1\n"));
    space.untrusted(&["eval"]).exits(0);
    space.replace("kaizen.toml", "\"student.sh\"]", "\"student.sh\", \"-v\"]");
    space.untrusted(&["eval"]).exits(4);
    space.untrusted(&["trust", "--yes"]).exits(0);
    space.untrusted(&["eval"]).exits(0);
    space.write("kaizen.toml", &manifest);
    space.untrusted(&["eval"]).exits(0);

    let listed = space.untrusted(&["trust", "--list"]).exits(0).out;
    assert_eq!(
        (listed.lines().count(), listed.matches("current list").count()),
        (2, 1),
        "{listed}"
    );
    space.untrusted(&["trust", "--revoke"]).exits(0);
    space.untrusted(&["eval"]).exits(4);
}

#[test]
fn a_digest_on_the_command_line_counts_alone_and_is_not_stored() {
    let space = space(STUDENT);
    let digest = digest(&space);
    space.untrusted(&["--trust", &digest, "eval"]).exits(0);
    assert!(ran(&space) && !space.home.join("trust").exists());
    space.untrusted(&["eval"]).exits(4);
    space.untrusted(&["trust", "--yes"]).exits(0);
    let other = "0".repeat(40);
    for command in [&["eval"][..], &["status"], &["run"]] {
        let arguments = [&["--trust", &*other], command].concat();
        space.untrusted(&arguments).exits(4).says(&["kaizen trust --digest"]);
    }
    assert!(!ran(&space));
    space.untrusted(&["eval", "--trust", "abc"]).exits(2);
}

#[test]
fn worktrees_share_approvals_and_clones_do_not() {
    let space = space(STUDENT);
    space.untrusted(&["trust", "--yes"]).exits(0);
    let beside = |name: &str| space.root.parent().unwrap().join(name);
    let (tree, clone) = (beside("tree"), beside("clone"));
    space.git(&["worktree", "add", "-q", "-b", "other", tree.to_str().unwrap()]);
    space.git(&["clone", "-q", ".", clone.to_str().unwrap()]);
    let eval = |folder: &std::path::Path| {
        let mut command = space.bare(KAIZEN, &["eval"]);
        Said::of(command.current_dir(folder).output().unwrap())
    };
    eval(&tree).exits(0);
    eval(&clone).exits(4);
    // A branch with a different program needs approval; the original branch is still approved.
    space.git(&["switch", "-q", "-c", "changed"]);
    space.write("student.sh", "exit 1\n");
    space.commit_all("another");
    eval(&space.root).exits(4);
    space.git(&["switch", "-q", "main"]);
    eval(&space.root).exits(0);
}

#[test]
fn a_settled_session_needs_no_trust_to_stay_so() {
    let space = space(LINT);
    space.untrusted(&["trust", "--yes"]).exits(0);
    let first = space.untrusted(&["run"]);
    assert!(ran(&space) && matches!(first.code, Some(0 | 3)), "{}", first.err);
    space.untrusted(&["trust", "--revoke"]).exits(0);
    space.untrusted(&["run"]).exits(first.code.unwrap());
    space.untrusted(&["run", "--redo", "lint"]).exits(4);
    space.untrusted(&["run", "--new"]).exits(4);
    assert!(!ran(&space));
}

#[test]
fn a_watcher_waits_for_an_approval() {
    let space = Space::new();
    space.write("lint.sh", "touch \"$HOME/ran\"\necho fine > lint.md\n");
    let manifest = space.read("kaizen.toml") + "[triggers]\nquiet_ms = 50\nrescan_seconds = 1\n";
    space.write("kaizen.toml", &manifest);
    space.commit_all("calm");
    let mut watcher = Watcher::start(&space);
    space.write("kaizen.toml", &format!("{manifest}{LINT}"));
    let needed = watcher.until("trust_needed");
    assert!(needed["problem"].as_str().unwrap().contains("lint.sh"), "{needed}");
    space.write("triggers/ask.json", "{}\n");
    let heard = watcher.within(Duration::from_secs(3));
    assert!(heard.is_empty(), "the watcher reports it only once: {heard:?}");
    assert!(!space.root.join("sessions").exists() && space.root.join("triggers/ask.json").exists());
    assert!(!ran(&space));
    space.untrusted(&["trust", "--yes"]).exits(0);
    watcher.until("trusted");
    watcher.until("manifest_loaded");
    watcher.until_where("lint", |event| {
        event["phase"] == "lint" && event["event"] == "phase_finished"
    });
    assert!(ran(&space));
    watcher.until("session_settled");
    space.write("lint.sh", "echo other > lint.md\n");
    watcher.until("trust_needed");
}

#[test]
fn a_harness_file_is_no_program() {
    let space =
        space("[harness]\nfiles = [\"agents/**\"]\n[student]\nengine = \"command\"\nrun = [\"./agents/run\"]\n");
    for command in [&["status"][..], &["run"], &["trust"]] {
        space.untrusted(command).exits(2).says(&["harness file"]);
    }
    // The same through a link, which only the file system shows.
    space.replace("kaizen.toml", "./agents/run", "./start");
    space.write("agents/run", "exit 1\n");
    symlink("agents/run", space.root.join("start")).unwrap();
    space.untrusted(&["status"]).exits(2).says(&["harness file", "./start"]);
    // An argument may be a harness file, and is not pinned.
    space.replace("kaizen.toml", "\"./start\"", "\"sh\", \"agents/run\"");
    let listed = space.untrusted(&["trust", "--yes"]).exits(0).out;
    assert!(listed.contains("agents/run: edited by kaizen, not pinned"), "{listed}");
    let before = digest(&space);
    space.write("agents/run", "exit 2\n");
    assert_eq!(digest(&space), before);
}

#[test]
fn approvals_come_from_no_repository() {
    let space = space(STUDENT);
    space.untrusted(&["trust", "--yes"]).exits(0);
    for place in ["trust", ".kaizen/trust", "sub/../trust"] {
        let inside = space.root.join(place);
        fs::create_dir_all(&inside).unwrap();
        for arguments in [&["eval"][..], &["trust", "--yes"], &["trust", "--list"]] {
            let mut command = space.bare(KAIZEN, arguments);
            let said = Said::of(command.env("KAIZEN_TRUST_DIR", &inside).output().unwrap());
            said.exits(1).says(&["inside the workspace", "KAIZEN_TRUST_DIR"]);
        }
    }
    let mut command = space.bare(KAIZEN, &["eval"]);
    command.env_remove("KAIZEN_TRUST_DIR").env_remove("HOME");
    Said::of(command.output().unwrap()).exits(1).says(&["HOME is not set"]);
    assert!(!ran(&space));
}

#[test]
fn a_corrupted_approval_is_an_error_and_no_approval() {
    let space = space(STUDENT);
    space.untrusted(&["trust", "--yes"]).exits(0);
    let files = walkdir::WalkDir::new(space.home.join("trust"))
        .into_iter()
        .map(Result::unwrap);
    let file = files
        .filter(|entry| entry.file_type().is_file())
        .last()
        .unwrap()
        .into_path();
    let good: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(good["version"], 1);
    fs::write(&file, "{\"version\": 1").unwrap();
    let name = file.display().to_string();
    for command in [&["eval"][..], &["trust"], &["trust", "--yes"], &["trust", "--list"]] {
        space.untrusted(command).exits(1).says(&[&name, "remove it"]);
    }
    assert!(!ran(&space));
    fs::remove_file(&file).unwrap();
    space.untrusted(&["eval"]).exits(4);
}

#[test]
fn a_link_outside_is_read_once_it_is_approved() {
    let space = space("");
    let outside = space.home.join("more.jsonl");
    let line = json!({"trace_id": "far", "query": "what is far away", "outcome": "failure"});
    fs::write(&outside, format!("{line}\n")).unwrap();
    symlink(&outside, space.root.join("traces/more.jsonl")).unwrap();
    let list = || space.untrusted(&["traces", "list", "--limit", "1000"]).exits(0);
    let said = list().says(&["traces/more.jsonl", "not read", "kaizen trust"]);
    assert!(!said.out.contains("far"), "{}", said.out);
    space.untrusted(&["status"]).exits(0).says(&["not read"]);
    for command in [&["run"][..], &["eval"], &["bench", "synth"], &["traces", "collect"]] {
        space.untrusted(command).exits(4).says(&["more.jsonl"]);
    }
    assert!(!space.root.join("sessions").exists());
    space.untrusted(&["trust", "--yes"]).exits(0);
    assert!(list().out.contains("far"));
    // A different target makes a different list.
    let other = space.home.join("other.jsonl");
    fs::copy(&outside, &other).unwrap();
    fs::remove_file(space.root.join("traces/more.jsonl")).unwrap();
    symlink(&other, space.root.join("traces/more.jsonl")).unwrap();
    assert!(!list().out.contains("far"));
}

#[test]
fn nothing_to_approve_is_said() {
    let space = Space::new();
    let said = space.untrusted(&["trust"]).exits(0);
    assert!(said.out.contains("needs no approval"), "{}", said.out);
    space.untrusted(&["trust", "--yes"]).exits(0);
    assert!(!space.home.join("trust").exists() && !space.root.join(".kaizen").exists());
    Space::empty().untrusted(&["trust", "--yes"]).exits(2);
    let said = space.untrusted(&["trust", "--format", "json"]).exits(0);
    let said = &said.events()[0];
    assert_eq!(
        (&said["needed"], &said["list"]["programs"]),
        (&json!(false), &json!([])),
        "{said}"
    );
}

#[test]
fn a_phase_runs_the_file_that_was_approved_and_what_it_is_given_is_not_called_pinned() {
    let stanza = |reads: &str, word: &str| {
        format!("[phase.lint]\nreads = [{reads}]\nwrites = [\"lint.md\"]\nrun = [\"sh\", \"{word}\"]\n")
    };
    let listed = |space: &Space| {
        let said = space.untrusted(&["trust", "--yes"]).exits(0);
        format!("{}{}", said.out, said.err)
    };
    let by_name = space(&stanza("\"readiness.json\"", "lint.sh"));
    assert!(listed(&by_name).contains("lint.sh: pinned at"), "{}", listed(&by_name));
    by_name.untrusted(&["run", "--until", "lint"]).exits(0);
    assert!(ran(&by_name), "the file of the workspace ran");
    let given = space(&stanza("\"readiness.json\", \"lint.sh\"", "lint.sh"));
    let list = listed(&given);
    assert!(
        list.contains("lint.sh: from the session, not pinned") && !list.contains("pinned at"),
        "{list}"
    );
    let harness = space(&stanza("\"@harness\"", "harness/agents/assistant/system_prompt.md"));
    assert!(listed(&harness).contains("edited by kaizen, not pinned"));
}
