//! Prune: the gate decides about old edits again; those that no longer help are listed, or reverted one after another.

use serde_json::{Value, json};

use crate::audit::noisy;
use crate::fixture::PROMPT;
use crate::revert::{another, sessions, statuses};
use crate::space::{Space, bold, edit, refuse_below, shots, sums};

/// An edit of a parameter that a person changes later.
fn turns() -> Value {
    let payload = json!({"agent": "assistant", "param": "max_turns", "value": 5});
    edit("turns", "set_agent_param", "agents.assistant.max_turns", payload)
}

/// An edit of the fallback, which is in every request but is never used, because the agent refuses nothing.
fn word() -> Value {
    let payload = json!({"agent": "assistant", "param": "fallback", "value": "nothing"});
    edit("word", "set_agent_param", "agents.assistant.fallback", payload)
}

/// Edits that send all queries except sums to another model, which answers them.
fn spare() -> [Value; 2] {
    let payload = json!({"model": "spare", "param": "refuse_below", "value": 0.0});
    let route = json!({"query_class": "general", "model": "spare"});
    [
        edit("spare", "set_model_param", "models.spare.refuse_below", payload),
        edit("route", "set_model_for_query_class", "routing.general", route),
    ]
}

/// An edit that adds the label of `shots` to the prompt.
fn label() -> Value {
    let prompt = format!("{PROMPT}\n- trip_book: book me a train to town\n");
    let payload = json!({"agent": "assistant", "new_content": prompt});
    edit(
        "label",
        "replace_system_prompt",
        "agents.assistant.system_prompt",
        payload,
    )
}

/// The same edit, but the plan expects an improvement of the wrong category.
fn astray(mut edit: Value) -> Value {
    edit["expected_improvement"] = "home".into();
    edit
}

/// A workspace with an old session, whose edits have different fates, and a newer session.
fn grown() -> Space {
    let space = Space::new();
    another(&space, &[bold(), astray(shots()), astray(sums()), turns()]);
    space.replace("config.toml", "max_turns = 5", "max_turns = 7");
    space.commit_all("mine");
    another(&space, &spare());
    space
}

/// The events of `kaizen prune`.
fn looked(space: &Space, arguments: &[&str]) -> Vec<Value> {
    let said = space
        .kaizen(&[&["prune", "--format", "json"], arguments].concat())
        .exits(0);
    said.events()
}

fn of<'v>(events: &'v [Value], label: &str) -> &'v Value {
    events
        .iter()
        .find(|event| event["edit"] == label)
        .unwrap_or_else(|| panic!("no event about {label}: {events:?}"))
}

/// An edit of a model that no task uses.
fn inert() -> Value {
    edit(
        "inert",
        "set_model_param",
        "models.spare.k",
        json!({"model": "spare", "param": "k", "value": 2}),
    )
}

#[test]
fn each_old_edit_is_asked_about_and_nothing_is_written() {
    let space = grown();
    let state = || {
        let mut state = space.state();
        state.remove("benchmark/consultations.jsonl");
        state.remove("benchmark/.gitattributes");
        state.remove("git status");
        state
    };
    let before = state();
    let events = looked(&space, &[]);
    // A later session sends all queries except sums to another model, so the gain of `bold` exists without it.
    assert_eq!(
        (&of(&events, "bold")["fate"], &of(&events, "bold")["goes"]),
        (&json!("tie"), &json!(true))
    );
    // Neither helps its planned target, but both help another category.
    for label in ["shots", "sums"] {
        let event = of(&events, label);
        assert_eq!(
            (&event["category"], &event["fate"]),
            (&json!("home"), &json!("helps")),
            "{event}"
        );
        assert_eq!(event["reasons"].as_array().unwrap().len(), 2);
    }
    assert!(
        of(&events, "turns")["left"]
            .as_str()
            .unwrap()
            .contains("config.toml was changed by hand")
    );
    assert!(
        !events.iter().any(|event| event["edit"] == "spare"),
        "edits of the newest session are too young"
    );
    let sum = events.last().unwrap();
    assert_eq!(
        (&sum["looked_at"], &sum["help"], &sum["left"], &sum["proposed"]),
        (&json!(4), &json!(2), &json!(1), &json!(1))
    );
    assert_eq!(state(), before);

    let said = space.kaizen(&["prune"]).exits(0).out;
    let command = of(&events, "bold")["command"].as_str().unwrap();
    for words in [
        "goes: it changes no score",
        command,
        "kaizen prune --apply",
        "aimed at home",
        "it changes no score",
    ] {
        assert!(said.contains(words), "no {words:?} in {said}");
    }
    let arguments: Vec<&str> = command.split(' ').skip(1).collect();
    space.kaizen(&arguments).exits(0);
    assert_eq!(statuses(&space, &sessions(&space)[0])["bold"], "rolled_back");
}

#[test]
fn what_goes_is_taken_back_as_revert_does() {
    let space = grown();
    let events = looked(&space, &["--apply"]);
    let taken = of(&events, "bold");
    assert_eq!(taken["taken_back"], true);
    let commit = taken["reverted_in"].as_str().unwrap();
    let message = space.git(&["log", "-1", "--format=%B", commit]);
    let digest = taken["edit_digest"].as_str().unwrap();
    assert!(message.contains(&format!("Reverts-Edit: {digest}")), "{message}");
    let session = &sessions(&space)[0];
    let ends = statuses(&space, session);
    assert_eq!(
        (&ends["bold"][..], &ends["shots"][..], &ends["turns"][..]),
        ("rolled_back", "applied", "applied")
    );
    assert!(space.read("config.toml").contains("refuse_below = 0.9 # too shy"));
    for check in ["verify", "recompute"] {
        space.kaizen(&[check]).exits(0);
    }
    let noted = space.read("benchmark/consultations.jsonl");
    assert!(noted.contains("\"kind\":\"prune\""), "{noted}");
    let events = looked(&space, &["--apply"]);
    assert!(
        !events.iter().any(|event| event["edit"] == "bold"),
        "the edit was reverted"
    );
    assert_eq!(events.last().unwrap()["taken_back"], 0);
}

#[test]
fn of_two_that_stand_in_for_each_other_one_stays() {
    let space = Space::new();
    another(&space, &[bold(), label(), shots()]);
    another(&space, &[inert()]);
    let fates = |events: &[Value]| ["label", "shots"].map(|label| of(events, label)["goes"].clone());
    assert_eq!(fates(&looked(&space, &[])), [true, true], "each alone is redundant");
    let events = looked(&space, &["--apply"]);
    assert_eq!(fates(&events), [true, false]);
    assert_eq!(of(&events, "shots")["fate"], "helps");
    assert_eq!(space.read("agents/assistant/system_prompt.md"), PROMPT);
    assert!(space.read("agents/assistant/few_shot.json").contains("trip_book"));
    space.kaizen(&["verify"]).exits(0);
}

#[test]
fn a_noisy_student_is_judged_by_pairs_with_a_budget_of_its_own() {
    let space = noisy();
    let session = another(&space, &[bold(), inert(), word()]);
    another(&space, &[sums()]);
    let budget = space.root.join(format!("sessions/{session}/budget.json"));
    let spent = || std::fs::read(&budget).unwrap_or_default();
    let before = spent();
    let events = looked(&space, &[]);
    let record = |label: &str| of(&events, label)["records"][0].clone();
    assert_eq!(
        of(&events, "bold")["fate"],
        "helps",
        "{}",
        of(&events, "bold")["reasons"]
    );
    assert_eq!(
        (&record("bold")["mode"], &record("bold")["settings"]["fresh_baseline"]),
        (&json!("sequential"), &json!(true))
    );
    // A third of the budget for each edit, and half of that for each of its two trials.
    assert!((record("bold")["stake"]["alpha"].as_f64().unwrap() - 0.1 / 6.0).abs() < 1e-12);
    assert!(of(&events, "bold")["runs_made"].as_u64().unwrap() > 0);
    let inert = of(&events, "inert");
    assert_eq!((&inert["fate"], &inert["runs_made"]), (&json!("tie"), &json!(0)));
    // It reaches every task but changes no answer: futile for its target and for the overall score.
    let word = of(&events, "word");
    assert_eq!(
        (&word["fate"], word["records"].as_array().unwrap().len()),
        (&json!("tie"), 2),
        "{}",
        word["reasons"]
    );
    assert_eq!(spent(), before, "the budget of the session is unchanged");
    looked(&space, &["--apply"]);
    assert_eq!(statuses(&space, &session)["word"], "rolled_back");
    for check in ["verify", "recompute"] {
        space.kaizen(&[check]).exits(0);
    }
}

#[test]
fn one_edit_by_name_and_none_at_all() {
    let space = Space::new();
    let said = space.kaizen(&["prune"]).exits(0).out;
    assert!(said.contains("There is no applied edit to test"), "{said}");
    another(&space, &[bold(), sums()]);
    let said = space.kaizen(&["prune"]).exits(0).out;
    assert!(said.contains("`--older-than 0`"), "{said}");
    assert_eq!(looked(&space, &["--older-than", "0"]).last().unwrap()["looked_at"], 2);
    let events = looked(&space, &["--edit", "bold"]);
    assert_eq!(
        (&of(&events, "bold")["fate"], &events.last().unwrap()["looked_at"]),
        (&json!("helps"), &json!(1))
    );
    space
        .kaizen(&["prune", "--edit", "nobody"])
        .exits(2)
        .says(&["no edit or session `nobody`"]);
    space.kaizen(&["revert", "bold"]).exits(0);
    space
        .kaizen(&["prune", "--edit", "bold"])
        .exits(2)
        .says(&["already reverted"]);
}

#[test]
fn an_edit_on_which_a_later_one_rests_is_left_and_dirty_files_are_refused() {
    let space = Space::new();
    another(&space, &[refuse_below("half", 0.5)]);
    another(&space, &[bold()]);
    let events = looked(&space, &[]);
    let left = of(&events, "half")["left"].as_str().unwrap();
    assert!(left.contains("later edit bold of session-"), "{left}");
    space.replace("config.toml", "max_turns = 3", "max_turns = 4");
    space
        .kaizen(&["prune"])
        .exits(4)
        .says(&["uncommitted changes in config.toml"]);
}

/// The plan's category falls with the edit, so the gate would refuse it; but the whole gains far more.
#[test]
fn an_edit_that_helps_the_whole_stays_though_a_category_falls() {
    for mode in ["auto", "rule", "sequential"] {
        let space = Space::new();
        let tasks = space.read("benchmark/tasks.jsonl");
        // With the edit the agent answers `lights_on` here, and without it `none`, which is right.
        let rare = json!({"task_id": "rare", "query": "the lamp switch", "reference_answer": "none", "category": "rare",
            "scorer": "exact", "split": "gate"});
        space.write("benchmark/tasks.jsonl", &format!("{tasks}{rare}\n"));
        let gate = format!("\n[gate]\nmode = \"{mode}\"\nrule = \"overall\"\n");
        space.write("kaizen.toml", &format!("{}{gate}", crate::fixture::MANIFEST));
        space.commit_all("a rare task");
        another(&space, &[bold()]);
        let events = looked(&space, &["--older-than", "0", "--apply"]);
        assert_eq!(of(&events, "bold")["goes"], false, "{mode}: {}", of(&events, "bold"));
        if mode == "rule" {
            let reasons = of(&events, "bold")["reasons"].to_string();
            assert!(reasons.contains("rare"), "the category fell: {reasons}");
        }
        assert!(
            space.read("config.toml").contains("refuse_below = 0.0 # too shy"),
            "{mode}"
        );
    }
}

#[test]
fn without_gate_tasks_nothing_goes() {
    let space = Space::new();
    another(&space, &[inert()]);
    space.git(&["rm", "-q", "benchmark/tasks.jsonl"]);
    space.commit_all("no tasks");
    space
        .kaizen(&["prune", "--older-than", "0", "--apply"])
        .exits(4)
        .says(&["no gate tasks", "no edit can be tested"]);
}

#[test]
fn means_are_compared_where_the_manifest_says_so() {
    let space = Space::new();
    space.write(
        "kaizen.toml",
        &format!("{}\n[gate]\nmode = \"rule\"\n", crate::fixture::MANIFEST),
    );
    space.commit_all("rule");
    another(&space, &[bold(), inert()]);
    let events = looked(&space, &["--older-than", "0"]);
    assert_eq!(
        (&of(&events, "bold")["fate"], &of(&events, "inert")["fate"]),
        (&json!("helps"), &json!("tie"))
    );
}
