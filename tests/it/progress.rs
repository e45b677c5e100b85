//! Progress: lines in a log, and the run of another process in `kaizen status`.

use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use regex::Regex;
use serde_json::Value;

use crate::space::{KAIZEN, Said, Space};

/// A run that takes longer hangs.
const HANGS: Duration = Duration::from_secs(30);

/// The result of a command that writes a line for each tenth of its work.
fn logged(space: &Space, arguments: &[&str]) -> Said {
    space.kaizen_with("KAIZEN_PROGRESS_SECONDS", "0", arguments)
}

#[test]
fn a_log_says_how_far_the_work_has_come() {
    let space = Space::planned();
    let attempts = Regex::new("(?m) of [0-9]+ attempts").unwrap();
    for (arguments, works) in [
        (&["eval", "--split", "train"][..], &[][..]),
        (&["plan-gate"], &[]),
        (&["eval", "--format", "json"], &[]),
        (&["run"], &["edit bold"]),
        (&["run", "--new", "--until", "baseline"], &[]),
        (&["traces", "collect"], &["traces"]),
    ] {
        let said = logged(&space, arguments);
        for work in works {
            let line = Regex::new(&format!(
                r"(?m)^  {work}: \d+ of \d+ attempts(, .* per (second|minute))?"
            ))
            .unwrap();
            assert!(line.is_match(&said.err), "{arguments:?}: no {work} in {}", said.err);
        }
        let count = attempts.find_iter(&said.err).count();
        assert!(count <= 200, "{count} lines: {}", said.err);
        assert!(
            !said.out.contains(" attempts, "),
            "progress is for stderr: {}",
            said.out
        );
    }
    let quiet = space.kaizen(&["eval"]).exits(0);
    assert!(
        !quiet.err.contains("attempts"),
        "short work needs no line: {}",
        quiet.err
    );
}

/// A workspace whose agent answers two tasks and then waits for ever.
pub fn stuck() -> Space {
    let space = Space::new();
    space.write(
        "kaizen.toml",
        "[ledger]\nauthor = \"t <t@t>\"\n[student]\nengine = \"command\"\nrun = [\"sh\", \"agent.sh\"]\nconcurrency = 1\n",
    );
    space.write(
        "agent.sh",
        "echo >> runs\n[ $(wc -l < runs) -lt 3 ] || sleep 60\necho four\n",
    );
    space.write(".gitignore", "/runs\n");
    space.commit_all("an agent");
    space
}

/// `kaizen status` once it contains some words.
fn status_with(space: &Space, words: &str) -> String {
    let begun = Instant::now();
    loop {
        let said = space.kaizen(&["status"]).exits(0).out;
        if said.contains(words) {
            return said;
        }
        assert!(begun.elapsed() < HANGS, "no {words:?} in {said}");
        sleep(Duration::from_millis(50));
    }
}

pub fn kill(mut run: Child) {
    run.kill().unwrap();
    run.wait().unwrap();
}

#[test]
fn status_shows_the_run_of_another_process_until_it_ends() {
    let space = stuck();
    let run = space
        .command(KAIZEN, &["run"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let said = status_with(&space, " attempts");
    let process = format!("kaizen run, process {}", run.id());
    let line = format!(r"running since 2026-03-01 10:00 UTC \({process}\): baseline, [12] of \d+ attempts");
    assert!(Regex::new(&line).unwrap().is_match(&said), "{said}");
    assert!(
        Regex::new(r"(?m)^  baseline +running +[12] of")
            .unwrap()
            .is_match(&said),
        "{said}"
    );
    assert!(!said.contains("stale"), "{said}");
    assert!(said.contains(&format!("Next  wait until {process} ends")), "{said}");
    let json: Value = serde_json::from_str(&space.kaizen(&["status", "--format", "json"]).exits(0).out).unwrap();
    assert_eq!(json["running"]["process"], process.as_str());
    assert_eq!(json["running"]["progress"]["what"], "baseline");
    let refused = space.kaizen(&["run"]).exits(1);
    assert!(
        refused.err.contains(&process) && !refused.err.contains('{'),
        "{}",
        refused.err
    );
    kill(run);
    let said = space.kaizen(&["status"]).exits(0).out;
    assert!(!said.contains("running") && said.contains("Next  kaizen run"), "{said}");
    assert!(space.git(&["status", "--porcelain", "--", ".kaizen"]).is_empty());
}
