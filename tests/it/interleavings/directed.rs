//! Regression tests for problems that random cases found.

use std::io::Write;
use std::time::{Duration, Instant};

use crate::interleavings::user::PROMPT;
use crate::interleavings::watcher::{Heard, Watcher};
use crate::space::{Space, names};

/// Less than the delay after which the watcher retries a failed session.
const SOON: Duration = Duration::from_secs(20);

fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < SOON, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn said(heard: &Heard, words: &str) -> bool {
    heard.lines().iter().any(|line| line.contains(words))
}

/// The trigger of the second session.
fn second(space: &Space) -> String {
    let id = names(&space.root.join("sessions")).pop().unwrap();
    space.read(&format!("sessions/{id}/trigger.json"))
}

#[test]
fn a_session_goes_on_once_the_change_in_its_way_is_undone() {
    let (space, heard) = (super::first(), Heard::new());
    let watcher = Watcher::start(&space, &heard);
    space.write(PROMPT, "something else\n");
    space.write("triggers/go", "");
    wait("it fails", || said(&heard, "uncommitted changes"));
    space.git(&["checkout", "-q", "--", PROMPT]);
    wait("it goes on", || said(&heard, "session_settled"));
    watcher.stop();
}

#[test]
fn an_empty_file_that_is_still_being_written_is_no_trigger_yet() {
    let (space, heard) = (super::first(), Heard::new());
    space.replace("kaizen.toml", "quiet_ms = 50", "quiet_ms = 1000");
    let watcher = Watcher::start(&space, &heard);
    let mut file = std::fs::File::create(space.root.join("triggers/go.json")).unwrap();
    // A rescan looks at all files, even without an event.
    for _ in 0..6 {
        std::thread::sleep(Duration::from_millis(300));
        file.write_all(b" ").unwrap();
    }
    file.write_all(br#"{"metadata": {"note": "all of it"}}"#).unwrap();
    wait("it is claimed", || said(&heard, "trigger_claimed"));
    wait("it runs", || said(&heard, "session_settled"));
    assert!(second(&space).contains("all of it"), "{}", second(&space));
    watcher.stop();
}
