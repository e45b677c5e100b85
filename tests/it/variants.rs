//! Edits with variants: train tasks choose the payload before anything else happens to the edit.

use serde_json::{Value, json};

use crate::sample::{GATE, model, says, space};
use crate::server::Server;
use crate::space::{Said, Space, bold, shy};

/// An edit whose last variant is the best.
fn with_variants() -> Value {
    let mut edit = says("HARM");
    edit["id"] = "prompt".into();
    edit["variants"] = json!([says("MIXED")["payload"], says("GOOD")["payload"]]);
    edit
}

fn planned(server: &Server) -> Space {
    space(server, "", GATE, &[with_variants()])
}

fn told(said: &Said) -> String {
    format!("{}{}", said.out, said.err)
}

/// The plan has the best payload, and the others as variants.
fn check_plan(space: &Space) {
    let plan = space.artifact("plan.json");
    let edit = &plan["edits"][0];
    assert_eq!(edit["payload"], says("GOOD")["payload"]);
    assert_eq!(
        edit["variants"],
        json!([says("MIXED")["payload"], says("HARM")["payload"]])
    );
    let screening = space.artifact("screening.json");
    let choice = &screening["variants"][0];
    let payloads = choice["payloads"].as_array().unwrap();
    assert_eq!((payloads.len(), &choice["tasks"]), (3, &json!(30)));
    assert_eq!(choice["chosen"], payloads[2]["edit_digest"]);
    assert!(payloads[2]["gain"].as_f64() > payloads[1]["gain"].as_f64(), "{choice}");
    assert!(payloads[0]["gain"].as_f64().unwrap() < 0.0, "{choice}");
}

#[test]
fn the_best_variant_becomes_the_payload_before_the_question() {
    let server = model();
    let space = planned(&server);
    let said = space.kaizen(&["run", "--autonomy", "tiered"]).exits(3);
    assert!(
        told(&said).contains("prompt: of 3 payloads, variants[1] did best on 30 train tasks (points: "),
        "{}",
        told(&said)
    );
    check_plan(&space);
    let questions = crate::space::names(&space.root.join(space.session()).join("pending_review"));
    let question = space.artifact(&format!("pending_review/{}", questions[0]));
    assert_eq!(question["edit"]["payload"], says("GOOD")["payload"]);
    assert!(question["edit"]["variants"].is_null());
    let gate_task = server
        .received()
        .iter()
        .map(|request| request.json().to_string())
        .any(|request| (request.contains("GOOD") || request.contains("HARM")) && !request.contains("item 10"));
    assert!(!gate_task, "no gate task is run before the answer");

    space.kaizen(&["accept", "prompt"]).exits(0);
    space.kaizen(&["run", "--autonomy", "tiered"]).exits(0);
    check_plan(&space);
    assert_eq!(space.statuses()["prompt"], "applied");
    let outcome = &space.outcomes()[0];
    assert_eq!(
        outcome["edit_digest"],
        space.artifact("screening.json")["variants"][0]["chosen"]
    );
    assert!(space.read("agents/assistant/system_prompt.md").contains("GOOD"));
    let verified = space.kaizen(&["verify"]).exits(0);
    assert!(!told(&verified).contains("plan.json"), "{}", told(&verified));
    space.kaizen(&["recompute"]).exits(0);
    let blamed = space.kaizen(&["blame", "agents/assistant/system_prompt.md"]).exits(0);
    assert!(blamed.out.contains("prompt"), "{}", blamed.out);
    // The session is settled: another run changes nothing.
    let before = space.state();
    space.kaizen(&["run", "--autonomy", "tiered"]).exits(0);
    assert_eq!(space.state(), before);
}

#[test]
fn a_run_that_ended_between_choice_and_plan_resumes_to_the_same_plan() {
    let server = model();
    let whole = planned(&server);
    whole.kaizen(&["run", "--until", "plan"]);
    let cut = whole.copy();
    whole.kaizen(&["run", "--autonomy", "auto"]).exits(0);
    let name = format!("{}/screening.json", cut.session());
    let mut screening: Value = serde_json::from_str(&whole.read(&name)).unwrap();
    screening["edits"] = json!([]);
    cut.write(&name, &screening.to_string());
    cut.kaizen(&["run", "--autonomy", "auto"]).exits(0);
    check_plan(&cut);
    let edits = |space: &Space| space.artifact("plan.json")["edits"].clone();
    assert_eq!(edits(&cut), edits(&whole));
    assert_eq!(cut.statuses(), whole.statuses());
    let digest = |space: &Space| space.outcomes()[0]["edit_digest"].clone();
    assert_eq!(digest(&cut), digest(&whole));
}

#[test]
fn the_built_in_student_screens_variants_too_unless_screening_is_off() {
    let mut edit = shy();
    edit["variants"] = json!([bold()["payload"]]);
    let space = Space::planned();
    space.plan(&[edit.clone()]);
    let off = space.copy();
    let said = space.run(&[]).exits(0);
    assert!(
        told(&said).contains("shy: of 2 payloads, variants[0] did best on 24 train tasks"),
        "{}",
        told(&said)
    );
    assert_eq!(space.artifact("plan.json")["edits"][0]["payload"], bold()["payload"]);
    assert_eq!(space.statuses()["shy"], "applied");
    space.kaizen(&["verify"]).exits(0);
    space.kaizen(&["recompute"]).exits(0);

    let manifest = off.read("kaizen.toml");
    off.write("kaizen.toml", &format!("{manifest}[gate]\nscreen = 0\n"));
    off.commit_all("no screening");
    let said = off.run(&[]).exits(0);
    assert!(
        told(&said)
            .contains("shy: with `[gate] screen = 0`, its variants are not screened, so its first payload stays"),
        "{}",
        told(&said)
    );
    assert_eq!(off.artifact("plan.json")["edits"][0]["payload"], shy()["payload"]);
}

#[test]
fn a_bad_variant_is_named_with_its_number() {
    let mut edit = shy();
    edit["variants"] = json!([bold()["payload"], {"model": "base"}]);
    let space = Space::planned();
    space.plan(&[edit]);
    space.kaizen(&["run"]).exits(1).says(&["variants[1]"]);
    let page = space.read(&format!("{}/plan.check.md", space.session()));
    assert!(page.contains("variants[1]: set_model_param: "), "{page}");
}

#[test]
fn an_estimate_counts_the_runs_that_choose_a_variant() {
    let server = model();
    let space = planned(&server);
    space.kaizen(&["run", "--until", "plan"]).exits(0);
    let estimated = || -> u64 {
        let said = space.kaizen(&["--format", "json", "run", "--estimate"]).exits(0);
        said.events()[0]["parts"][0]["most_calls"].as_u64().unwrap()
    };
    let with = estimated();
    let mut plan = space.artifact("plan.json");
    plan["edits"][0].as_object_mut().unwrap().remove("variants");
    space.write(&format!("{}/plan.json", space.session()), &plan.to_string());
    // 30 train tasks, run without the edit and with each of its three payloads.
    assert_eq!(estimated() + 4 * 30, with);
}
