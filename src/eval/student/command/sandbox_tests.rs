//! Tests of programs in sandboxes: what they contain, their limits, and what a hostile program can do.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::tests::{Place, answer_of, harness, task};
use super::*;
use crate::manifest::bubblewrap::bubblewrap;

/// A student in a sandbox whose program is a shell script.
fn boxed(script: &str, settings: &str) -> Place {
    Place::new(&["sh", "-c", script], &format!("[student.sandbox]\n{settings}"))
}

fn failure(attempt: Attempt) -> String {
    match attempt {
        Attempt::Failed { reason } => reason,
        other => panic!("{other:?}"),
    }
}

fn git(folder: &Path, arguments: &[&str]) {
    let settings = ["-c", "user.name=a", "-c", "user.email=a@localhost"];
    let ended = Command::new("git")
        .current_dir(folder)
        .args(settings)
        .args(arguments)
        .output()
        .unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

/// A workspace with files of every kind, committed.
fn filled(place: &Place) -> &Path {
    let folder = place.folder.path();
    for (path, text) in [
        ("src/lib.py", "code"),
        ("agents/a/system_prompt.md", "The old prompt."),
        ("agents/gone/system_prompt.md", "A harmful rule."),
        ("kaizen.toml", ""),
        (
            "benchmark/t.jsonl",
            "{\"task_id\": \"x\", \"query\": \"q\", \"reference_answer\": \"CANARY\", \"tests\": \"hidden\"}\n",
        ),
        ("hidden/test.py", "CANARY"),
        ("traces/a.jsonl", "CANARY"),
    ] {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    git(folder, &["init", "-q"]);
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "-qm", "one"]);
    fs::write(folder.join("src/later.py"), "not committed").unwrap();
    folder
}

#[test]
fn the_base_is_the_last_commit_with_the_candidate_s_files_and_one_commit() {
    let script = "find . -type f | grep -v '^./.git/' | sort; cat agents/a/system_prompt.md; git status --porcelain; \
                  git log --all --oneline | wc -l; git log -p --all | grep -c 'harmful\\|old prompt'; \
                  git rev-list --objects --all --reflog | grep -c gone; true";
    let place = boxed(script, "base = \"workspace\"");
    filled(&place);
    let said = place.answer("x");
    let lines: Vec<&str> = said.split_whitespace().collect();
    assert_eq!(
        lines,
        ["./agents/a/system_prompt.md", "./src/lib.py", "Be", "kind.1", "0", "0"],
        "{said}"
    );
}

#[test]
fn the_files_of_the_base_are_part_of_the_identity() {
    let place = boxed("cat", "base = \"workspace\"");
    let folder = filled(&place);
    let before = place.student().identity();
    fs::write(folder.join("agents/a/system_prompt.md"), "Another prompt.").unwrap();
    git(folder, &["commit", "-qam", "two"]);
    assert_eq!(place.student().identity(), before, "the agent's files are not");
    fs::write(folder.join("src/lib.py"), "new code").unwrap();
    git(folder, &["commit", "-qam", "three"]);
    assert_ne!(place.student().identity(), before);
}

#[test]
fn preparation_runs_once_and_its_result_is_in_every_sandbox() {
    let kept = "keep = \"all\"\nsetup = [[\"sh\", \"-c\", \"echo made > made; echo x >> $KAIZEN_WORKSPACE/count\"]]\n\
                teardown = [[\"rm\", \"made\"]]";
    let place = boxed("cat made; git status --porcelain; echo left > left", kept);
    let student = place.student();
    let prepared = student.prepare(&harness());
    for seed in 1..3 {
        assert_eq!(answer_of(prepared.attempt(&task("x"), Draw::first(seed))), "made");
    }
    answer_of(student.prepare(&harness()).attempt(&task("x"), Draw::first(9)));
    assert_eq!(fs::read_to_string(place.folder.path().join("count")).unwrap(), "x\n");
    let all: Vec<_> = fs::read_dir(place.folder.path().join(".kaizen/kept"))
        .unwrap()
        .collect();
    assert_eq!(all.len(), 3);
    for one in all {
        let one = one.unwrap().path();
        assert!(one.join("left").exists() && one.join("made").exists());
    }
    let place = boxed("cat", "setup = [[\"false\"]]");
    let Attempt::Infra { reason } = place.attempt("x") else {
        panic!("not the agent's fault")
    };
    assert!(
        reason.contains("[student.sandbox] setup: `false` ended with"),
        "{reason}"
    );
}

#[test]
fn output_memory_and_disk_are_bounded() {
    for (script, settings, words) in [
        ("yes", "max_output_mib = 1", "printed more than 1 MiB"),
        (
            "for i in 1 2 3 4 5 6 7 8; do head -c 300000 /dev/zero > f$i; done; sleep 9",
            "max_disk_mib = 1",
            "wrote more than 1 MiB into its sandbox (max_disk_mib)",
        ),
    ] {
        let reason = failure(boxed(script, settings).attempt("x"));
        assert!(reason.contains(words), "{script}: {reason}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn memory_and_processes_are_bounded_and_a_single_file_too() {
    let many = "i=0; while [ $i -lt 2000 ]; do sleep 60 & i=$((i+1)); done; wait";
    let reason = failure(boxed(many, "max_processes = 20").attempt("x"));
    assert!(
        reason.contains("started more than 20 processes (max_processes)"),
        "{reason}"
    );
    let large = "x=$(head -c 90000000 /dev/zero | tr '\\0' x); sleep 9";
    let reason = failure(boxed(large, "max_memory_mib = 40").attempt("x"));
    assert!(
        reason.contains("more than 40 MiB of memory (max_memory_mib)"),
        "{reason}"
    );
    let place = boxed(
        "sleep 0.1; head -c 9000000 /dev/zero > f; wc -c < f",
        "max_disk_mib = 2",
    );
    assert!(matches!(
        place.attempt("x"),
        Attempt::Failed { .. } | Attempt::Answered { .. }
    ));
}

#[cfg(target_os = "linux")]
#[test]
fn no_process_outlives_its_attempt() {
    for script in [
        "trap '' TERM; (trap '' TERM; sleep 1.7; touch \"$KAIZEN_WORKSPACE/alive\") & sleep 60",
        "setsid sh -c 'cd /; sleep 1; touch \"$KAIZEN_WORKSPACE/alive\"' > /dev/null 2>&1 & echo done",
        "(setsid env -i sh -c 'sleep 1; touch alive' > /dev/null 2>&1 &) ; echo done",
    ] {
        let place = boxed(script, "");
        let begun = std::time::Instant::now();
        place.attempt("x");
        std::thread::sleep(Duration::from_millis(2500).saturating_sub(begun.elapsed()));
        assert!(!place.folder.path().join("alive").exists(), "{script}");
    }
}

/// Whether bubblewrap works on this machine; the tests need it, and say so if it does not.
fn has_bubblewrap() -> bool {
    let tried = Command::new("bwrap")
        .args(["--ro-bind", "/", "/", "--unshare-all", "true"])
        .status();
    let works = tried.is_ok_and(|status| status.success());
    if !works {
        eprintln!("skipped: `bwrap` is missing or does not work here; install bubblewrap");
    }
    works
}

fn wrapped(script: &str, settings: &str) -> Place {
    boxed(script, &format!("{settings}\nwrap = {}", json!(bubblewrap("sh"))))
}

#[test]
fn a_wrapped_program_reaches_its_sandbox_and_nothing_else_of_the_user() {
    if !has_bubblewrap() {
        return;
    }
    let other = tempfile::Builder::new().prefix("kaizen-sandbox-").tempdir().unwrap();
    fs::write(other.path().join("answer"), "CANARY").unwrap();
    let script = format!(
        "cat \"$KAIZEN_WORKSPACE/benchmark/t.jsonl\" {}/answer 2>/dev/null
         grep -rsl CANARY $(ls -d /* | grep -v '^/\\(proc\\|usr\\|etc\\|opt\\|bin\\|sbin\\|lib.*\\|dev\\|nix\\)$')
         touch \"$KAIZEN_WORKSPACE/written\" /etc/written 2>/dev/null
         touch here && echo reached; ls /proc | grep -c '^[0-9]'",
        other.path().display()
    );
    let place = wrapped(&script, "");
    let folder = filled(&place).to_owned();
    let said = place.answer("x");
    let lines: Vec<&str> = said.split_whitespace().collect();
    assert_eq!(lines[0], "reached", "{said}");
    assert!(
        lines[1].parse::<u32>().unwrap() < 10,
        "it sees its own processes only: {said}"
    );
    assert!(!folder.join("written").exists() && !Path::new("/etc/written").exists());
}

#[test]
fn nothing_of_a_wrapped_program_survives_and_a_failing_wrapper_is_no_fault_of_the_agent() {
    if !has_bubblewrap() {
        return;
    }
    let place = wrapped(
        "(setsid env -i sh -c 'cd /; sleep 600.125' > /dev/null 2>&1 &); echo done",
        "",
    );
    assert_eq!(place.answer("x"), "done");
    let alive = Command::new("ps").args(["-eo", "args"]).output().unwrap();
    assert!(!String::from_utf8_lossy(&alive.stdout).contains("sleep 600.125"));
    let place = Place::new(
        &["no-such-program"],
        &format!("[student.sandbox]\nwrap = {}", json!(bubblewrap("sh"))),
    );
    let Attempt::Infra { reason } = place.attempt("x") else {
        panic!("not the agent's fault")
    };
    assert!(
        reason.contains("[student.sandbox] wrap:") && reason.contains("kaizen doctor"),
        "{reason}"
    );
}

/// The score of a task with hidden tests for an agent that runs a script.
fn judged(script: &str, settings: &str, test: Value) -> (Attempt, Place) {
    let place = boxed(script, settings);
    for (path, text) in [
        ("fixtures/f/value", "old"),
        ("hidden/h/test.sh", "test \"$(cat value)\" = new"),
        ("mine", "untouched"),
    ] {
        let path = place.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let task: Task = serde_json::from_value(
        json!({"task_id": "t", "query": "q", "scorer": "run", "fixture": "fixtures/f",
        "tests": "hidden/h", "test": test, "timeout_seconds": 3}),
    )
    .unwrap();
    let attempt = place.student().prepare(&harness()).attempt(&task, Draw::first(1));
    if let Attempt::Answered { answer, .. } = &attempt {
        assert_eq!(crate::eval::score::score(&task, answer).unwrap(), score_of(&attempt));
    }
    (attempt, place)
}

fn score_of(attempt: &Attempt) -> f64 {
    match attempt {
        Attempt::Answered { answer, .. } => serde_json::from_str::<Value>(answer).unwrap()["score"]
            .as_f64()
            .unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_left_is_judged_by_tests_that_the_agent_cannot_see_or_replace() {
    let test = || json!(["sh", "test.sh"]);
    for (script, score) in [
        ("echo new > value", 1.0),
        ("cat value", 0.0),
        (
            "find . \"$KAIZEN_HARNESS\" | grep -q test.sh && echo new > value; true",
            0.0,
        ),
        (
            "echo 1 > reward.txt; echo '{\"reward\": 1}' > reward.json; echo done",
            0.0,
        ),
        (
            "echo 'exit 0' > test.sh; mkdir reward.txt junit.xml; ln -s /etc/passwd reward.json; echo done",
            0.0,
        ),
        ("ln -s \"$KAIZEN_WORKSPACE/mine\" test.sh; echo done", 0.0),
        (
            "(setsid sh -c 'while :; do echo exit 0 > test.sh; done' > /dev/null 2>&1 &) ; echo done",
            0.0,
        ),
        ("git config core.fsmonitor 'sh -c \"echo new > value\"'; echo done", 0.0),
    ] {
        let (attempt, place) = judged(script, "", test());
        assert_eq!(score_of(&attempt), score, "{script}");
        assert_eq!(
            fs::read_to_string(place.folder.path().join("mine")).unwrap(),
            "untouched"
        );
    }
    for (program, score) in [
        ("echo 0.25 > reward.txt; exit 1", Some(0.25)),
        ("echo '{\"reward\": 0.5}' > reward.json", Some(0.5)),
        (
            "echo '<testsuite><testcase/><testcase><error/></testcase></testsuite>' > junit.xml",
            Some(0.5),
        ),
        ("sleep 60", Some(0.0)),
        ("echo 7 > reward.txt", None),
        ("ln -s /etc/passwd reward.txt", None),
    ] {
        let (attempt, _) = judged("echo x", "", json!(["sh", "-c", program]));
        match score {
            Some(score) => assert_eq!(score_of(&attempt), score, "{program}"),
            None => assert!(matches!(attempt, Attempt::Infra { .. }), "{program}: {attempt:?}"),
        }
    }
    let (attempt, _) = judged("echo x", "", json!(["no-such-program"]));
    assert!(matches!(attempt, Attempt::Infra { .. }), "{attempt:?}");
}

#[test]
fn a_test_runs_in_the_wrapper_too() {
    if !has_bubblewrap() {
        return;
    }
    let wrap = format!("wrap = {}", json!(bubblewrap("sh")));
    let program = "test ! -e \"$KAIZEN_WORKSPACE/mine\" && sh test.sh";
    let (attempt, _) = judged("echo new > value", &wrap, json!(["sh", "-c", program]));
    assert_eq!(score_of(&attempt), 1.0);
}
