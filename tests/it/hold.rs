//! Sessions that wait: after planning until a person releases the plan, and between two edits because a person asked.

use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::edits::{bold, shots, shy};
use super::space::{KAIZEN, Said, Space};
use super::watcher::Watcher;

/// A run that takes longer hangs.
const HANGS: Duration = Duration::from_secs(30);

fn held() -> Space {
    let space = Space::new();
    let manifest = space.read("kaizen.toml");
    space.write("kaizen.toml", &format!("{manifest}[session]\nhold = \"plan\"\n"));
    space.commit_all("hold");
    space
}

#[test]
fn a_held_plan_waits_until_it_is_released() {
    let space = held();
    let said = space.kaizen(&["run"]).exits(3);
    assert!(
        said.out.contains("Planned") && said.out.contains("kaizen release"),
        "{}",
        said.out
    );
    assert!(!space.root.join(space.session()).join("outcomes").exists());
    space.run(&[]).exits(3);
    space.plan(&[bold(), shots()]);
    space.run(&[]).exits(3);
    assert!(
        !space.root.join(space.session()).join("outcomes").exists(),
        "saving the plan does not release it"
    );
    for words in ["is released", "was already released"] {
        assert!(space.kaizen(&["release"]).exits(0).out.contains(words), "{words}");
    }
    space.run(&[]).exits(3);
    assert_eq!(space.statuses()["bold"], "applied");
    // An edit of a released plan runs at once; a plan on hold again waits.
    let mut plan: Value = space.artifact("plan.json");
    plan["edits"] = vec![shots()].into();
    plan["released"] = false.into();
    let name = format!("{}/plan.json", space.session());
    space.write(&name, &plan.to_string());
    space.run(&[]).exits(3);
    assert_eq!(space.statuses()["bold"], "applied");
    plan["released"] = true.into();
    space.write(&name, &plan.to_string());
    space.run(&[]).exits(3);
    assert_eq!(space.statuses()["bold"], "rolled_back");
}

#[test]
fn a_watcher_says_that_a_plan_waits_and_goes_on_when_it_is_released() {
    let space = held();
    let mut watcher = Watcher::start(&space);
    space.write("triggers/go", "");
    watcher.until("plan_held");
    assert!(
        watcher.within(std::time::Duration::from_millis(700)).is_empty(),
        "{:?}",
        watcher.said.last()
    );
    let mut plan = space.artifact("plan.json");
    plan["edits"] = vec![bold()].into();
    plan["released"] = true.into();
    space.write(&format!("{}/plan.json", space.session()), &plan.to_string());
    watcher.until("session_settled");
    assert_eq!(space.statuses()["bold"], "applied");
}

/// A planned session of two edits whose agent waits as long as the file `block` exists.
pub fn slow() -> Space {
    let space = Space::planned();
    let manifest = space.read("kaizen.toml");
    let student = "[student]\nengine = \"command\"\nrun = [\"sh\", \"agent.sh\"]\nconcurrency = 1\n";
    space.write("kaizen.toml", &format!("{manifest}{student}"));
    space.write("agent.sh", "while [ -e block ]; do sleep 0.02; done\necho four\n");
    space.write(".gitignore", "/block\n");
    space.commit_all("a slow agent");
    space.run(&["--until", "plan"]);
    space.plan(&[bold(), shy()]);
    space.write("block", "");
    space
}

/// A command that tries the first edit and waits for its agent.
pub fn started(space: &Space, arguments: &[&str]) -> Child {
    let mut command = space.command(KAIZEN, arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while !space.kaizen(&["status"]).exits(0).out.contains("execute     running") {
        assert!(begun.elapsed() < HANGS, "{}", space.kaizen(&["status"]).out);
        sleep(Duration::from_millis(20));
    }
    child
}

/// What a command said, once its agent answers.
pub fn ended(space: &Space, child: Child) -> Said {
    std::fs::remove_file(space.root.join("block")).unwrap();
    Said::of(child.wait_with_output().unwrap())
}

#[test]
fn a_run_stops_after_its_present_edit_and_the_next_one_goes_on() {
    let space = slow();
    let run = started(&space, &["run"]);
    let process = format!("kaizen run, process {}", run.id());
    let state = space.kaizen(&["status", "--porcelain"]).exits(0).out;
    assert!(
        state.starts_with(&format!("state running\nprocess {process}\nphase execute\n")),
        "{state}"
    );
    let asked = space.kaizen(&["stop"]).exits(0).out;
    assert!(asked.contains(&process), "{asked}");
    ended(&space, run)
        .exits(3)
        .says(&["as `kaizen stop` asked", "the same command continues"]);
    assert_eq!(space.statuses().keys().collect::<Vec<_>>(), ["bold"]);
    assert!(!space.root.join(".kaizen/pause.json").exists());
    assert!(
        !space.kaizen(&["status"]).exits(0).out.contains("stopped"),
        "nothing failed"
    );
    space.run(&[]).exits(0);
    assert_eq!(space.statuses().len(), 2);
    assert!(space.kaizen(&["stop"]).exits(0).out.contains("nothing runs here"));
    let state = space.kaizen(&["status", "--porcelain"]).exits(0).out;
    assert!(state.starts_with("state completed\nsession session-"), "{state}");
}

#[test]
fn a_held_run_leaves_the_rest_of_its_plan_for_a_release() {
    let space = slow();
    let run = started(&space, &["run"]);
    space.kaizen(&["hold"]).exits(0);
    let said = ended(&space, run).exits(3);
    assert!(said.out.contains("kaizen release"), "{}", said.out);
    assert_eq!(space.statuses().keys().collect::<Vec<_>>(), ["bold"]);
    assert_eq!(space.artifact("plan.json")["held"], true);
    space.run(&[]).exits(3);
    assert!(space.kaizen(&["release"]).exits(0).out.contains("is released"));
    space.run(&[]).exits(0);
    assert_eq!(space.statuses().len(), 2);
    // Without a run, the newest plan is held at once.
    space.kaizen(&["hold"]).exits(0);
    space.plan(&[bold(), shy(), shots()]);
    space.run(&[]).exits(3);
    assert_eq!(space.statuses().len(), 2);
}

#[test]
fn a_request_to_another_process_is_ignored() {
    let space = slow();
    std::fs::remove_file(space.root.join("block")).unwrap();
    let request = r#"{"version": 1, "pause": "stop", "process": "kaizen run, process 1"}"#;
    space.write(".kaizen/pause.json", request);
    space.run(&[]).exits(0);
    assert!(
        !space.root.join(".kaizen/pause.json").exists(),
        "it was for an earlier run"
    );
}

#[test]
fn a_watcher_ends_after_its_present_edit() {
    let space = slow();
    let watcher = started(&space, &["watch"]);
    space.kaizen(&["stop"]).exits(0);
    let said = ended(&space, watcher).exits(0);
    assert!(said.out.contains("stopped by `kaizen stop`"), "{}", said.out);
    assert_eq!(space.statuses().len(), 1);
}
