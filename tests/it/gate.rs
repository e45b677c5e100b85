//! The gate for a noisy student, tested through the program: records, near misses, resumed trials, budgets.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::space::{Space, bold, helping, names, refuse_below, shots, shy, sums};

/// A planned space with these gate settings and edits.
pub fn gated(settings: &str, edits: &[Value]) -> Space {
    let space = Space::planned();
    let manifest = space.read("kaizen.toml");
    space.write("kaizen.toml", &format!("{manifest}\n[gate]\n{settings}\n"));
    space.plan(edits);
    space
}

fn outcome(space: &Space, label: &str) -> Value {
    let outcomes = space.outcomes();
    let of_label = outcomes.into_iter().find(|outcome| outcome["edit_id"] == label);
    of_label.unwrap_or_else(|| panic!("no outcome of {label}"))
}

fn budget(space: &Space) -> Value {
    space.artifact("budget.json")
}

fn pairs(outcome: &Value) -> Vec<Value> {
    outcome["gate"]["pairs"].as_array().unwrap().clone()
}

/// The lines of the log of consultations.
fn consultations(space: &Space) -> Vec<Value> {
    let text = space.read("benchmark/consultations.jsonl");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_sequential_session_from_the_first_line_to_the_last() {
    let space = gated("mode = \"sequential\"", &[bold(), shy(), sums()]);
    space.run(&[]).exits(0);
    let statuses = space.statuses();
    assert_eq!(
        (statuses["bold"].as_str(), statuses["sums"].as_str()),
        ("applied", "applied")
    );
    assert_eq!(statuses["shy"], "rejected_by_gate");
    let bold = outcome(&space, "bold");
    assert_eq!(bold["gate"]["reason"], "improved");
    assert_eq!(bold["gate"]["target"], "home");
    assert!(bold["gate"]["numbers"]["interval_target"][0].as_f64().unwrap() > 0.0);
    // The trial of an edit uses each run of a task only once.
    let runs: Vec<String> = pairs(&bold)
        .iter()
        .map(|pair| format!("{} {}", pair["task"], pair["run"]))
        .collect();
    assert_eq!(runs.iter().collect::<BTreeSet<_>>().len(), runs.len());
    let shy = outcome(&space, "shy");
    assert_eq!(shy["gate"]["reason"], "futile");
    let slots = budget(&space)["slots"].as_array().unwrap().clone();
    assert_eq!(slots.len(), 3);
    for slot in &slots {
        assert!((slot["alpha"].as_f64().unwrap() - 0.1 / 3.0).abs() < 1e-12, "{slot}");
    }
    assert_eq!(consultations(&space).len(), 3);
    space.kaizen(&["recompute"]).exits(0);
    space.kaizen(&["verify"]).exits(0);
    let said = space.kaizen(&["show", "bold"]).exits(0).out;
    for words in ["sequential", "wins", "points at 90 %", "threshold", "slot 1"] {
        assert!(said.contains(words), "no {words:?} in {said}");
    }
    let said = space.kaizen(&["show"]).exits(0).out;
    assert!(
        said.contains("Error budget") && said.contains("0.1000 of 0.1 spent"),
        "{said}"
    );
    assert!(space.kaizen(&["status"]).exits(0).out.contains("error budget"));
}

#[test]
fn a_near_miss_is_put_to_a_person_and_gone_on_with() {
    let space = gated("mode = \"sequential\"\nmax_pairs = 4", &[bold()]);
    space.run(&[]).exits(3);
    let first = outcome(&space, "bold");
    assert_eq!(
        (&first["status"], &first["gate"]["reason"]),
        (&json!("pending_review"), &json!("inconclusive"))
    );
    let listed = space.kaizen(&["review"]).exits(3).out;
    assert!(listed.contains("inconclusive: 4 pairs in home"), "{listed}");
    // Without an answer, nothing is tried again.
    assert_eq!(space.run(&[]).exits(3).phases(), Vec::<String>::new());
    assert_eq!(pairs(&outcome(&space, "bold")), pairs(&first));

    space.kaizen(&["accept", "bold"]).exits(0);
    space.run(&[]).exits(0);
    let second = outcome(&space, "bold");
    assert_eq!(
        (&second["status"], &second["gate"]["gone_on"]),
        (&json!("applied"), &json!(1))
    );
    assert_eq!(pairs(&second)[..4], pairs(&first)[..], "the same trial, not a new one");
    assert!(pairs(&second).len() > 4);
    assert_eq!(
        budget(&space)["slots"].as_array().unwrap().len(),
        1,
        "the edit uses one slot"
    );
    space.kaizen(&["recompute"]).exits(0);
    space.kaizen(&["verify"]).exits(0);
}

#[test]
fn a_near_miss_can_be_refused_and_be_kept_without_the_gate() {
    for (answer, status, said) in [
        (&["reject", "bold"][..], "rejected_by_user", 0),
        (&["accept", "--skip-gate", "bold"], "applied", 0),
    ] {
        let space = gated("mode = \"sequential\"\nmax_pairs = 4", &[bold()]);
        space.run(&[]).exits(3);
        space.kaizen(answer).exits(0);
        space.run(&[]).exits(said);
        assert_eq!(space.statuses()["bold"], status);
    }
}

#[test]
fn an_undecided_trial_goes_on_in_the_next_session_and_after_a_redo() {
    // One pair is not enough for a near miss: the edit stays undecided, and nobody is asked.
    let space = gated("mode = \"sequential\"\nmax_pairs = 1", &[bold()]);
    space.run(&[]).exits(0);
    let first = outcome(&space, "bold");
    assert_eq!(first["status"], "undecided");
    let old = space.session();

    space.run(&["--redo", "execute"]).exits(0);
    let again = outcome(&space, "bold");
    assert_eq!((&again["gate"]["gone_on"], pairs(&again).len()), (&json!(1), 2));
    assert_eq!(budget(&space)["slots"].as_array().unwrap().len(), 1);

    space.kaizen(&["run", "--new", "--until", "plan"]).exits(0);
    assert_ne!(space.session(), old);
    space.plan(&[bold()]);
    space.run(&[]).exits(3);
    let later = outcome(&space, "bold");
    assert_eq!((&later["gate"]["gone_on"], pairs(&later).len()), (&json!(2), 3));
    assert_eq!(pairs(&later)[..2], pairs(&again)[..]);
    assert_eq!(later["gate"]["stake"]["session"], old.trim_start_matches("sessions/"));
    assert!(
        !space.root.join(space.session()).join("budget.json").exists(),
        "the budget of the first session was used"
    );
    space.kaizen(&["recompute"]).exits(0);
}

#[test]
fn a_budget_that_is_spent_leaves_nothing_and_says_so() {
    let settings = "mode = \"sequential\"";
    let space = gated(settings, &[refuse_below("worse", 0.95)]);
    space.run(&[]).exits(0);
    space.plan(&[refuse_below("worse", 0.95), bold()]);
    space.run(&[]).exits(0);
    let bold_outcome = outcome(&space, "bold");
    assert_eq!(
        (&bold_outcome["status"], &bold_outcome["gate"]["reason"]),
        (&json!("undecided"), &json!("no_budget"))
    );
    assert!(
        bold_outcome["error"]
            .as_str()
            .unwrap()
            .contains("error budget is spent")
    );
    assert!(space.kaizen(&["status"]).exits(0).out.contains("nothing is left"));

    let open = gated(
        &format!("{settings}\nbudget = \"open\""),
        &[refuse_below("worse", 0.95)],
    );
    open.run(&[]).exits(0);
    open.plan(&[refuse_below("worse", 0.95), bold()]);
    open.run(&[]).exits(0);
    assert_eq!(open.statuses()["bold"], "applied");
    let slots = budget(&open)["slots"].clone();
    assert!((slots[0]["alpha"].as_f64().unwrap() - 0.05).abs() < 1e-12);
    assert!((slots[1]["alpha"].as_f64().unwrap() - 0.1 / 6.0).abs() < 1e-12);
}

#[test]
fn a_budget_that_is_lost_is_not_given_out_again() {
    let space = gated("mode = \"sequential\"", &[refuse_below("worse", 0.95), sums()]);
    space.run(&[]).exits(0);
    let before = budget(&space);
    let file = space.root.join(space.session()).join("budget.json");
    std::fs::remove_file(&file).unwrap();
    space.plan(&[refuse_below("worse", 0.95), sums(), bold()]);
    space.run(&[]).exits(0);
    assert_eq!(outcome(&space, "bold")["gate"]["reason"], "no_budget");
    let after = budget(&space);
    assert_eq!(after["planned"], before["planned"]);
    assert_eq!(
        after["slots"].as_array().unwrap()[..2],
        before["slots"].as_array().unwrap()[..]
    );
    for nonsense in ["-5", "7"] {
        let text = std::fs::read_to_string(&file).unwrap();
        let first = text.replacen("\"alpha_session\": 0.1", &format!("\"alpha_session\": {nonsense}"), 1);
        assert_ne!(first, text);
        std::fs::write(&file, first).unwrap();
        space.plan(&[refuse_below("worse", 0.95), sums(), bold(), refuse_below("other", 0.5)]);
        space
            .kaizen(&["run"])
            .exits(1)
            .says(&["budget.json", "between 0 and 1", "recomputes what was spent"]);
        std::fs::write(&file, text).unwrap();
    }
}

#[test]
fn auto_finds_out_what_the_student_is_like() {
    let still = gated("", &[bold()]);
    still.run(&[]).exits(0);
    assert_eq!(outcome(&still, "bold")["gate"]["mode"], "exact");
    assert!(
        still.artifact("baseline.json")["probe"].is_null(),
        "what is asked decides, so the baseline runs once"
    );

    let noisy = Space::new();
    noisy.replace("config.toml", "[models.base]", "[models.base]\ntemperature = 1.0");
    noisy.replace("config.toml", "refuse_below = 0.9", "refuse_below = 0.0");
    noisy.commit_all("warm");
    noisy.kaizen(&["run", "--until", "plan"]).exits(0);
    noisy.plan(&[helping("sums", sums())]);
    noisy.run(&[]).exits(0);
    assert_eq!(outcome(&noisy, "sums")["gate"]["mode"], "sample");
    assert_eq!(noisy.statuses()["sums"], "applied");

    // An edit that makes the answers random is not judged as a fact, even if those before it are.
    let warm = json!({"model": "base", "param": "temperature", "value": 1.5});
    let warm = crate::space::edit("warm", "set_model_param", "models.base.temperature", warm);
    let warmed = gated("", &[bold(), warm]);
    let events = warmed.run(&[]).exits(0).events();
    assert_eq!(outcome(&warmed, "bold")["gate"]["mode"], "exact");
    assert_eq!(outcome(&warmed, "warm")["gate"]["mode"], "sample");
    let notes: Vec<String> = events.iter().map(|event| event["text"].to_string()).collect();
    assert!(
        notes
            .iter()
            .any(|note| note.contains("the gate changes from exact to sample")),
        "{notes:?}"
    );
}

#[test]
fn what_an_edit_does_not_reach_is_not_run() {
    let space = gated("", &[bold(), shots()]);
    space.run(&["--autonomy", "auto"]).exits(0);
    // A model that no agent uses changes no request.
    let idle = json!({"model": "spare", "param": "k", "value": 3});
    let idle = crate::space::edit("idle", "set_model_param", "models.spare.k", idle);
    space.plan(&[bold(), shots(), idle]);
    let events = space.run(&[]).exits(0).events();
    let is_execute = |event: &&Value| event["event"] == "phase_finished" && event["phase"] == "execute";
    let executed = events.iter().find(is_execute).unwrap();
    assert_eq!(
        executed["summary"], "3 edits reconciled, 24 tasks not reached and not run",
        "no attempt was made"
    );
    let idle = outcome(&space, "idle");
    assert_eq!(
        (&idle["gate"]["reason"], &idle["gate"]["reached"]),
        (&json!("no_improvement"), &json!([]))
    );
    assert!(names(&space.root.join(space.session()).join("outcomes")).len() == 3);
    let counted = consultations(&space)
        .iter()
        .filter(|line| line["edit_id"] == "idle")
        .count();
    assert_eq!(counted, 0, "a decision without pairs is not a consultation");
}
