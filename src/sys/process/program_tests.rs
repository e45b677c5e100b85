//! Tests with real programs.
#![allow(clippy::disallowed_methods)] // edge: real processes and the clock, in tests

use std::path::PathBuf;
use std::sync::LazyLock;

use super::*;
use crate::sys::consent::{Approvals, Consent};

fn words(script: &str) -> Vec<String> {
    ["sh", "-c", script].map(str::to_owned).to_vec()
}

fn program(run: &[String]) -> Program<'_> {
    static CONSENT: LazyLock<Consent> = LazyLock::new(|| Approvals::of_a_test().consent().unwrap());
    Program {
        consent: &CONSENT,
        run,
        folder: Path::new("/"),
        withheld: &[],
        variables: Vec::new(),
        timeout: Some(Duration::from_secs(20)),
        bounds: None,
    }
}

fn printed(script: &str, stdin: Option<&[u8]>) -> String {
    let ended = program(&words(script)).run(stdin).unwrap();
    assert!(ended.status.success(), "{script}: {}", ended.complaint());
    String::from_utf8(ended.stdout).unwrap()
}

#[test]
fn it_reads_prints_and_complains() {
    assert_eq!(printed("cat", Some(b"hello")), "hello");
    assert_eq!(printed("pwd; cat", None), "/\n");
    let marked = "printf '\\357\\273\\277a\\357\\273\\277'";
    assert_eq!(printed(marked, None), "a\u{feff}", "a byte order mark is no output");
    let run = words("echo one >&2; echo >&2; echo two >&2; exit 3");
    let ended = program(&run).run(None).unwrap();
    assert_eq!(
        (ended.status.code(), ended.complaint().as_str()),
        (Some(3), "one / two")
    );
}

#[test]
fn more_than_a_pipe_holds_goes_both_ways() {
    let large = "x".repeat(3 << 20);
    assert_eq!(printed("cat", Some(large.as_bytes())).len(), large.len());
    assert_eq!(
        printed("echo done", Some(large.as_bytes())),
        "done\n",
        "it need not read"
    );
}

#[test]
fn keys_are_kept_from_it() {
    let run = words("env");
    let withheld = ["HOME".to_owned()];
    let mut program = program(&run);
    program.variables = vec![("KAIZEN_HARNESS", "/x".into())];
    let text = |ended: ProgramOutput| String::from_utf8(ended.stdout).unwrap();
    let all = text(program.run(None).unwrap());
    assert!(all.contains("\nHOME=") || all.starts_with("HOME="), "{all}");
    assert!(all.contains("KAIZEN_HARNESS=/x"), "{all}");
    program.withheld = &withheld;
    let fewer = text(program.run(None).unwrap());
    assert!(
        !fewer.lines().any(|line| line.starts_with("HOME=")) && fewer.contains("PATH="),
        "{fewer}"
    );
}

#[test]
fn too_long_ends_it_and_what_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("late");
    let run = words(&format!("(sleep 2; touch '{}') & sleep 30", mark.display()));
    let mut program = program(&run);
    program.timeout = Some(Duration::from_millis(300));
    let begin = Instant::now();
    assert!(matches!(program.run(None), Err(ProgramFailure::TimedOut { .. })));
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    std::thread::sleep(Duration::from_millis(2200));
    assert!(!mark.exists(), "the grandchild was still running");
}

#[test]
fn a_grandchild_that_holds_the_pipes_is_not_waited_for() {
    let begin = Instant::now();
    assert_eq!(printed("sleep 30 & echo answer", None), "answer\n");
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    // A grandchild that left the process group too.
    if PathBuf::from("/usr/bin/setsid").exists() {
        assert_eq!(printed("setsid sleep 8 & echo answer", None), "answer\n");
        assert!(begin.elapsed() < Duration::from_secs(6), "{:?}", begin.elapsed());
    }
}

#[test]
fn it_may_close_its_outputs_and_work_on() {
    let begin = Instant::now();
    assert_eq!(printed("exec >&- 2>&-; sleep 0.3", None), "");
    assert!(begin.elapsed() >= Duration::from_millis(300));
}

#[test]
fn what_floods_us_is_ended() {
    for script in ["yes", "yes >&2"] {
        let run = words(script);
        let error = program(&run).run(None).unwrap_err();
        assert!(error.to_string().contains("16 MiB"), "{error}");
    }
}

#[test]
fn what_cannot_be_run_says_so() {
    for run in [vec![], vec!["/no/such/program".to_owned(), "x".to_owned()]] {
        let error = program(&run).run(None).unwrap_err();
        assert!(matches!(error, ProgramFailure::NotStarted { .. }), "{error}");
    }
}
