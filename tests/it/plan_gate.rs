//! `kaizen plan-gate` and the first lines of `run`: what the gate can detect, before anything is tried.

use serde_json::Value;

use crate::space::{Space, bold, edit, shots};

/// The preview as JSON.
fn forecast(space: &Space, arguments: &[&str]) -> Value {
    let said = space
        .kaizen(&[&["plan-gate", "--format", "json"], arguments].concat())
        .exits(0);
    said.events().pop().unwrap()
}

/// The tiny workspace with a student that samples its answers.
fn noisy() -> Space {
    let space = Space::new();
    space.replace("kaizen.toml", "[ledger]", "[gate]\nmode = \"sequential\"\n[ledger]");
    let config = space
        .read("config.toml")
        .replace("refuse_below = 0.9 # too shy", "temperature = 1.0");
    space.write("config.toml", &config);
    let shots = serde_json::json!([
        {"input": "please switch the lamp on in the bath", "output": "lights_on"},
        {"input": "put soap for the bath on the shopping list", "output": "list_add"},
        {"input": "book me a train from the bath to town", "output": "trip_book"}
    ]);
    space.write("agents/assistant/few_shot.json", &shots.to_string());
    space.commit_all("a student that varies");
    space
}

fn category<'a>(found: &'a Value, name: &str) -> &'a Value {
    let categories = found["categories"].as_array().unwrap();
    categories.iter().find(|one| one["category"] == name).unwrap()
}

#[test]
fn without_a_session_it_runs_the_baseline_and_wastes_nothing() {
    let space = Space::new();
    let found = forecast(&space, &[]);
    assert_eq!((&found["mode"], &found["session"]), (&"exact".into(), &Value::Null));
    assert_eq!(found["attempts"], 24, "a deterministic student runs once");
    assert_eq!(
        (&found["noise"]["compared"], &found["power"]),
        (&0.into(), &Value::Null),
        "a student that always answers the same needs no second run"
    );
    let home = category(&found, "home");
    assert_eq!(
        (&home["tasks"], &home["smallest_visible"]),
        (&6.into(), &(1.0 / 6.0).into())
    );
    let again = forecast(&space, &[]);
    assert_eq!(again["attempts"], 0);
    assert_eq!(again["categories"], found["categories"]);
    let text = space.kaizen(&["plan-gate"]).exits(0).out;
    assert!(
        text.contains("There is no plan yet") && text.contains("16.7 points"),
        "{text}"
    );
    assert!(space.git(&["status", "--porcelain"]).is_empty(), "nothing is written");
}

#[test]
fn a_plan_is_weighed_before_it_is_tried() {
    let space = Space::planned();
    let found = forecast(&space, &[]);
    assert_eq!(found["attempts"], 0, "the session's baseline is enough");
    let edits = found["edits"].as_array().unwrap();
    assert!(!edits.is_empty(), "{found}");
    for edit in edits.iter().filter(|edit| edit["advice"].is_null()) {
        assert_eq!(edit["can_be_seen"], true, "{edit}");
        let calls = |name: &str| edit["calls"][name].as_u64().unwrap();
        assert!(
            calls("nothing") <= calls("most") && calls("hoped") <= calls("most"),
            "{edit}"
        );
    }
    assert_eq!(found["cost_usd"]["most"], 0.0, "an embedded student is free");
    let text = space.kaizen(&["plan-gate"]).exits(0).out;
    assert!(text.contains("the student costs nothing"), "{text}");
    space.kaizen(&["run"]).exits(3).says(&[
        "the gate is exact, for a student that always answers the same",
        "smallest detectable gain: ",
        "about",
    ]);
}

#[test]
fn a_noisy_student_is_played_out_the_same_each_time() {
    let space = noisy();
    let found = forecast(&space, &[]);
    assert_eq!((&found["mode"], &found["attempts"]), (&"sequential".into(), &48.into()));
    let noise = &found["noise"];
    assert!(
        noise["differing"].as_u64().unwrap() > 0 && noise["variance"].as_f64().unwrap() > 0.0,
        "{noise}"
    );
    let seen = category(&found, "home")["smallest_visible"].as_f64().unwrap();
    assert!(seen > 0.05 && seen < 0.7, "{seen}");
    let needed = found["budget"]["log_e_needed"].as_f64().unwrap();
    assert!(
        (needed - 100f64.ln()).abs() < 1e-9,
        "the budget is divided among ten edits: {needed}"
    );
    let again = forecast(&space, &[]);
    assert_eq!(
        (&again["categories"], &again["attempts"]),
        (&found["categories"], &0.into())
    );
}

#[test]
fn what_cannot_be_seen_is_said_with_what_would_help() {
    let space = noisy();
    space.replace("kaizen.toml", "[gate]\n", "[gate]\npopulation = \"sample\"\n");
    space.commit_all("a sample");
    space.kaizen(&["run", "--until", "plan"]);
    space.plan(&[edit(
        "few",
        "set_model_param",
        "models.base.k",
        serde_json::json!({"model": "base", "param": "k", "value": 3}),
    )]);
    let found = forecast(&space, &[]);
    let edit = &found["edits"][0];
    assert_eq!(edit["can_be_seen"], false, "six tasks cannot give ten wins: {edit}");
    let advice = edit["advice"].as_str().unwrap();
    assert!(advice.contains("such tasks instead of 6"), "{advice}");
    space
        .kaizen(&["run"])
        .says(&["the gate is sequential", "such tasks instead of 6"]);
}

#[test]
fn a_comparison_of_means_is_called_what_it_is() {
    let space = noisy();
    space.replace("kaizen.toml", "mode = \"sequential\"", "mode = \"rule\"");
    space.commit_all("means");
    let text = space.kaizen(&["plan-gate"]).exits(0).out;
    for words in [
        "worth 16.7 points, and max_regression is 5",
        "makes the comparison a coin toss",
    ] {
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn what_is_in_the_way_is_said_with_a_remedy() {
    let space = Space::planned();
    space.write(&format!("{}/plan.json", space.session()), "{ \"edits\": [");
    space
        .kaizen(&["plan-gate"])
        .exits(1)
        .says(&["plan.json", "correct the file", "plans again"]);
    space
        .kaizen(&["plan-gate", "--session", "nobody"])
        .exits(2)
        .says(&["there is no session `nobody`"]);
    let bare = Space::new();
    bare.write("benchmark/tasks.jsonl", "");
    bare.kaizen(&["plan-gate"])
        .exits(4)
        .says(&["no gate tasks", "bench synth"]);
}

#[test]
fn an_edit_that_reaches_nothing_is_named() {
    let space = Space::planned();
    space.plan(&[shots(), bold()]);
    let found = forecast(&space, &[]);
    assert_eq!(found["edits"].as_array().unwrap().len(), 2);
    let manifest = space.read("kaizen.toml");
    space.write("kaizen.toml", &format!("{manifest}[gate]\nmode = \"rule\"\n"));
    let found = forecast(&space, &[]);
    assert_eq!(found["mode"], "rule");
    assert_eq!(found["edits"][0]["can_be_seen"], Value::Null);
}

/// The briefing says that a list of edits is enough; `plan-gate` is run before phase `plan` takes the file.
#[test]
fn a_bare_list_of_edits_is_enough() {
    let space = Space::planned();
    let path = format!("{}/plan.json", space.session());
    let plan: Value = serde_json::from_str(&space.read(&path)).unwrap();
    space.write(&path, &serde_json::json!({"edits": plan["edits"]}).to_string());
    let said = space.kaizen(&["plan-gate"]).exits(0);
    assert!(said.out.contains("shots"), "{}", said.out);
    space.write(&path, "{\"edits\": [{\"id\": 3}]}");
    space.kaizen(&["plan-gate"]).exits(1).says(&["plan.json:1:"]);
}
