//! Labels: the digest identifies an edit, so a plan may contain the same id twice, and nothing is lost or guessed.

use serde_json::Value;

use crate::space::{Space, bold, refuse_below, shots};

/// Standard error of a run.
fn notes(space: &Space) -> String {
    space.kaizen(&["run"]).err
}

#[test]
fn an_exact_copy_counts_once_and_is_remarked_upon() {
    let space = Space::planned();
    let mut copy = bold();
    copy["id"] = "again".into();
    space.plan(&[bold(), shots(), copy]);
    let remark = "edits 1 (`bold`) and 3 (`again`) of the plan are the same edit";
    let planned = space.kaizen(&["run", "--until", "plan"]).exits(0);
    assert!(planned.out.contains(remark), "{}", planned.out);
    let said = notes(&space);
    assert!(said.contains(remark) && said.contains("[2/2]"), "{said}");
    assert_eq!(space.statuses().len(), 2);
    assert!(space.kaizen(&["show"]).exits(0).out.contains(remark));
    let verified = space.kaizen(&["verify"]).exits(0);
    assert!(
        verified.out.contains(remark) && verified.out.contains("plan.json"),
        "{}",
        verified.out
    );
}

/// A different edit with the id of `shots`, which also waits for review.
fn other_shots() -> Value {
    let mut other = shots();
    other["payload"]["exemplars"][0]["output"] = "trip_cancel".into();
    other
}

#[test]
fn an_id_of_two_edits_is_refused_with_their_digests() {
    let space = Space::planned();
    space.plan(&[bold(), shots(), other_shots()]);
    let said = notes(&space);
    assert!(said.contains("the id `shots` names 2 different edits"), "{said}");
    let digests: Vec<String> = space
        .outcomes()
        .iter()
        .filter(|outcome| outcome["edit_id"] == "shots")
        .map(|outcome| outcome["edit_digest"].as_str().unwrap()[..10].to_owned())
        .collect();
    assert_eq!(digests.len(), 2);
    for command in ["accept", "reject", "show"] {
        let said = space.kaizen(&[command, "shots"]).exits(2);
        let said = said.says(&["more than one edit", "hint:", &digests[0], &digests[1]]);
        assert!(said.err.contains("edit_few_shot_exemplars"), "{}", said.err);
    }
    for (command, name) in [("show", ""), ("status", ""), ("verify", ""), ("show", &digests[1])] {
        let arguments = if name.is_empty() {
            vec![command]
        } else {
            vec![command, name]
        };
        let said = space.kaizen(&arguments).exits(0);
        assert!(said.out.contains(&digests[1]), "{command} {name}: {}", said.out);
    }
    space.kaizen(&["accept", &digests[1]]).exits(0);
    let said = space.kaizen(&["run"]).exits(3);
    let named = format!("kaizen accept {}", digests[0]);
    assert!(said.out.contains(&named), "no {named} in {}", said.out);
    assert!(!said.out.contains("kaizen accept shots"), "{}", said.out);
}

#[test]
fn an_id_that_only_one_waiting_edit_has_is_ambiguous_all_the_same() {
    let space = Space::planned();
    space.plan(&[refuse_below("shots", 0.0), shots()]);
    space.kaizen(&["run"]).exits(3);
    space.kaizen(&["accept", "shots"]).exits(2).says(&["set_model_param"]);
}

#[test]
fn a_new_label_in_the_plan_is_the_label_everywhere() {
    let space = Space::executed();
    let name = format!("{}/plan.json", space.session());
    for label in ["bold", "shy", "shots"] {
        space.replace(
            &name,
            &format!("\"id\": \"{label}\""),
            &format!("\"id\": \"{label}-2\""),
        );
    }
    let said = space.kaizen(&["run"]).exits(3);
    for label in ["bold-2", "shy-2", "kaizen accept shots-2"] {
        assert!(said.out.contains(label), "no {label} in {}", said.out);
    }
    assert_eq!(space.statuses()["bold-2"], "applied");
    assert_eq!(space.statuses().len(), 4, "nothing was tried again");
    let status = space.kaizen(&["status"]).exits(0);
    assert!(status.out.contains("shots-2"), "{}", status.out);
    space.kaizen(&["verify"]).exits(0);
    space.kaizen(&["accept", "shots-2"]).exits(0);
    space.kaizen(&["run"]).exits(0);
    assert_eq!(space.statuses()["shots-2"], "applied");
    space.kaizen(&["verify"]).exits(0);
}
