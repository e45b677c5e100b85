//! Half-typed files of a person: they are not used, and no decision is lost.

use super::edits::{bold, shots, sums};
use super::space::Space;

fn head(space: &Space) -> String {
    space.git(&["rev-parse", "HEAD"])
}

#[test]
fn a_diagnosis_without_its_closing_block_takes_nothing_back() {
    let space = Space::executed();
    let (name, page) = (
        format!("{}/diagnosis.md", space.session()),
        format!("{}/diagnosis.check.md", space.session()),
    );
    let (whole, before) = (space.read(&name), head(&space));
    for text in [
        String::new(),
        whole[..whole.len() - 8].to_owned(),
        whole.replace("```json", "```json\n{"),
    ] {
        space.write(&name, &text);
        space.kaizen(&["run"]).exits(1).says(&["diagnosis.md:", "git restore"]);
        assert!(space.read(&page).contains("diagnosis.md cannot be used yet"));
        assert_eq!(head(&space), before);
        assert_eq!(space.statuses()["bold"], "applied");
    }
    let said = space.kaizen(&["status"]).exits(0).out;
    assert!(
        said.contains("diagnosis.md:") && said.contains("correct sessions/"),
        "{said}"
    );
    space.write(&name, &whole);
    space.run(&[]).exits(3);
    assert!(!space.root.join(&page).exists());
    assert_eq!(head(&space), before);
}

#[test]
fn an_edit_that_lost_its_payload_is_half_typed_and_stays_applied() {
    let space = Space::executed();
    space.plan(&[bold(), shots(), sums()]);
    space.run(&[]).exits(3);
    let before = head(&space);
    let mut cut = sums();
    cut["payload"].as_object_mut().unwrap().remove("tool_name");
    space.plan(&[bold(), shots(), cut]);
    space.kaizen(&["run"]).exits(1).says(&["plan.json:", "tool_name"]);
    assert!(
        space
            .read(&format!("{}/plan.check.md", space.session()))
            .contains("`sums`")
    );
    assert_eq!((head(&space), space.statuses()["sums"].as_str()), (before, "applied"));
    let said = space.kaizen(&["status"]).exits(0).out;
    assert!(
        said.contains("tool_name") && !said.contains("the edited version is used"),
        "{said}"
    );
}

#[test]
fn the_bytes_of_a_held_plan_are_kept_and_named() {
    let space = Space::new();
    let manifest = space.read("kaizen.toml");
    space.write("kaizen.toml", &format!("{manifest}[session]\nhold = \"plan\"\n"));
    space.commit_all("hold");
    space.run(&[]).exits(3);
    let said = space.kaizen(&["status"]).exits(0).out;
    assert!(said.contains("on hold") && said.contains("kaizen release"), "{said}");
    let name = format!("{}/plan.json", space.session());
    let good = space.read(&name);
    space.write(&name, "garb");
    space.kaizen(&["run"]).exits(1);
    let page = space.read(&format!("{}/plan.check.md", space.session()));
    let kept = page.split('`').find(|part| part.starts_with("attic/")).expect(&page);
    assert_eq!(space.read(&format!("{}/{kept}", space.session())), good);
}

#[test]
fn a_half_typed_answer_hides_neither_the_status_nor_that_something_waits() {
    let space = Space::executed();
    let folder = format!("{}/pending_review", space.session());
    let name = format!("{folder}/{}", super::space::names(&space.root.join(&folder))[0]);
    let plan = format!("{}/plan.json", space.session());
    let (question, whole) = (space.read(&name), space.read(&plan));
    space.write(&name, "{\"decision\":");
    let said = space.kaizen(&["status"]).exits(0).out;
    assert!(said.contains("pending_review/"), "{said}");
    assert_ne!(space.kaizen(&["review", "--format", "json"]).code, Some(0));
    space.write(&name, &question);
    space.write(&plan, "{");
    space.kaizen(&["review", "--format", "json"]).exits(3);
    space.write(&plan, &whole);
    space.kaizen(&["review", "--format", "json"]).exits(3);
}
