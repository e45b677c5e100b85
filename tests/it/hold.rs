//! A session that waits after planning until a person releases the plan.

use serde_json::Value;

use super::edits::{bold, shots};
use super::space::Space;
use super::watcher::Watcher;

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
