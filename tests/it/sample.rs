//! Mode `sample`, tested through the program: a server answers like a language model whose prompt matters.

use serde_json::{Value, json};

use crate::server::{Received, Reply, Server};
use crate::space::{Said, Space, bold, edit};

/// The number of gate tasks.
pub const GATE: usize = 120;

/// The number of the task in a request, and the system prompt.
fn asked(request: &Received) -> (usize, String) {
    let body = request.json();
    let messages = body["messages"].as_array().unwrap().clone();
    let text = |role: &str| {
        let of_role = messages.iter().rev().find(|message| message["role"] == role);
        of_role.map_or(String::new(), |message| message["content"].as_str().unwrap().to_owned())
    };
    let digits: String = text("user").chars().filter(char::is_ascii_digit).collect();
    (digits.parse().unwrap(), text("system"))
}

/// Answers every second task right, and other ones depending on a word in the prompt.
fn answer(request: &Received) -> Reply {
    let (number, prompt) = asked(request);
    let right = number % 2 == 1;
    let right = match prompt {
        prompt if prompt.contains("GOOD") => right || number % 4 == 0,
        prompt if prompt.contains("HARM") => right && number % 4 == 1,
        prompt if prompt.contains("MIXED") => (right && number % 10 != 1) || number % 8 == 0,
        prompt if prompt.contains("TRADE") => number / 4 % 3 != 0 || (right && number % 8 == 1),
        _ => right,
    };
    Reply::says(if right { "yes" } else { "no" })
}

pub fn model() -> Server {
    Server::answering(Box::new(answer))
}

/// A workspace whose student is that model, with a plan.
pub fn space(server: &Server, gate: &str, tasks: usize, edits: &[Value]) -> Space {
    let space = Space::new();
    let manifest = format!(
        "[ledger]\nauthor = \"t <t@t>\"\n[student]\nengine = \"chat\"\nmodel = \"own\"\nbase_url = \"{}\"\n\
         temperature = 0.0\n[teacher]\nengine = \"files\"\n[gate]\n{gate}\n",
        server.url()
    );
    space.write("kaizen.toml", &manifest);
    space.write(
        "config.toml",
        "[agent]\ndefault_agent = \"assistant\"\n[agent.assistant]\nclass = \"simple\"\n",
    );
    let gate = (0..tasks).map(|number| task(number, "gate"));
    let train = (1000..1040).map(|number| task(number, "train"));
    let lines: String = gate.chain(train).map(|task| format!("{task}\n")).collect();
    space.write("benchmark/tasks.jsonl", &lines);
    space.commit_all("model");
    if !edits.is_empty() {
        space.diagnose_and_plan("run-000", "train-1000", edits);
    }
    space
}

/// One of its tasks.
pub fn task(number: usize, split: &str) -> Value {
    json!({"task_id": format!("{split}-{number}"), "query": format!("item {number}"), "reference_answer": "yes",
        "category": format!("c{}", number / 4 % 3), "scorer": "exact", "split": split})
}

/// An edit that puts a word into the prompt.
pub fn says(word: &str) -> Value {
    edit(
        &word.to_lowercase(),
        "replace_system_prompt",
        "agents.assistant.system_prompt",
        json!({"new_content": format!("Say yes or no. {word}\n")}),
    )
}

/// An edit that changes every request and no answer.
fn longer() -> Value {
    edit(
        "longer",
        "set_agent_param",
        "agents.assistant.max_tokens",
        json!({"agent": "assistant", "param": "max_tokens", "value": 99}),
    )
}

fn run(space: &Space) -> Said {
    space.kaizen(&["run", "--autonomy", "auto"])
}

fn outcome(space: &Space, label: &str) -> Value {
    let outcomes = space.outcomes();
    let of_label = outcomes.into_iter().find(|outcome| outcome["edit_id"] == label);
    of_label.unwrap_or_else(|| panic!("no outcome of {label}"))
}

/// Screening drops the edit that changes nothing and the one that harms, before the gate.
fn check_screening(space: &Space) {
    let screening = space.artifact("screening.json");
    let of = |label: &str| {
        let edits = screening["edits"].as_array().unwrap();
        edits.iter().find(|one| one["edit_id"] == label).unwrap().clone()
    };
    assert_eq!(
        (&of("longer")["goes_on"], &of("longer")["ties"]),
        (&json!(false), &json!(30))
    );
    assert_eq!(
        (&of("harm")["goes_on"], &of("good")["goes_on"]),
        (&json!(false), &json!(true))
    );
    let harm = outcome(space, "harm");
    assert_eq!(harm["status"], "rejected_by_gate");
    assert!(
        harm["error"].as_str().unwrap().starts_with("screened out: 0 wins and "),
        "{harm}"
    );
    assert!(harm["gate"].is_null() && harm["benchmark_delta"].is_null());
}

/// The record of the edit that helps, and the scores of the session.
fn check_good(space: &Space) {
    let good = outcome(space, "good");
    let gate = &good["gate"];
    assert_eq!(
        (&good["status"], &gate["reason"]),
        (&json!("applied"), &json!("improved"))
    );
    assert_eq!(
        (&gate["mode"], &gate["decision"], &gate["complete"]),
        (&json!("sample"), &json!("accept"), &json!(true))
    );
    assert_eq!(
        (&gate["wins"], &gate["losses"], &gate["n"], &gate["of"]),
        (&json!(30), &json!(0), &json!(120), &json!(120))
    );
    assert_eq!((&gate["gain"], &good["benchmark_delta"]), (&json!(0.25), &json!(0.25)));
    assert!(
        (gate["level"].as_f64().unwrap() - 0.05).abs() < 1e-12,
        "two edits share 10 %: {}",
        gate["level"]
    );
    assert!(gate["numbers"].is_null() && gate["stage"].is_null(), "{gate}");
    let record = space.artifact("session.json");
    let scores = ["benchmark_before", "benchmark_after"].map(|name| record[name]["overall_score"].as_f64().unwrap());
    assert_eq!(scores, [0.5, 0.75], "the recorded gain is the rise of the score");
}

#[test]
fn a_session_screens_tests_every_gate_task_and_records_true_gains() {
    let server = model();
    let space = space(
        &server,
        "",
        GATE,
        &[longer(), says("HARM"), says("GOOD"), says("MIXED")],
    );
    let said = run(&space).exits(0);
    let told = format!("{}{}", said.out, said.err);
    assert!(told.contains("2 of 4 edits go on to the gate"), "{told}");
    assert!(
        told.contains("the gate is sample: 120 gate tasks, of which 60 fail"),
        "{told}"
    );

    check_screening(&space);
    check_good(&space);
    // The edit that was tried after the accept gets the level that the accept handed on.
    let mixed = outcome(&space, "mixed");
    assert!(
        (mixed["gate"]["level"].as_f64().unwrap() - 0.1).abs() < 1e-12,
        "{}",
        mixed["gate"]
    );
    let log = space.git(&["log", "--format=%B"]);
    assert!(log.contains("Gate: sample +25.0 points, 90 %: +"), "{log}");
    space.kaizen(&["recompute"]).exits(0);
    space.kaizen(&["verify"]).exits(0);
    let shown = space.kaizen(&["show", "good"]).exits(0).out;
    assert!(
        shown.contains("30 wins, 0 losses, 90 ties") && shown.contains("at most 0.050 is accepted"),
        "{shown}"
    );
    assert!(
        space.artifact("baseline.json")["probe"].is_null(),
        "the baseline runs once"
    );
}

#[test]
fn a_trial_stops_against_an_edit_and_then_states_no_gain() {
    let server = model();
    let space = space(&server, "screen = 0", GATE, &[longer(), says("HARM"), says("TRADE")]);
    let told = run(&space).exits(0);
    let told = format!("{}{}", told.out, told.err);
    assert!(!space.root.join(space.session()).join("screening.json").exists());
    let harm = outcome(&space, "harm");
    assert_eq!(harm["gate"]["reason"], "harmful");
    let n = harm["gate"]["n"].as_u64().unwrap();
    assert!(
        n < 30 && harm["gate"]["of"] == 120 && harm["gate"]["complete"] == false,
        "{}",
        harm["gate"]
    );
    assert!(harm["gate"]["gain"].is_null() && harm["benchmark_delta"].is_null() && harm["cluster_deltas"] == json!({}));
    assert!(harm["gate"]["interval"][1].as_f64().unwrap() < 0.2);
    assert!(told.contains(&format!("stopped after {n} of 120")), "{told}");
    let longer = outcome(&space, "longer");
    assert_eq!(
        (&longer["gate"]["reason"], &longer["gate"]["p"]),
        (&json!("no_effect"), &json!(1.0))
    );
    // It raises the whole and lowers one category by far: undecided, with the full record.
    let trade = outcome(&space, "trade");
    assert_eq!(
        (&trade["status"], &trade["gate"]["reason"]),
        (&json!("undecided"), &json!("category_fell"))
    );
    assert!(
        trade["error"].as_str().unwrap().contains("c0 fell by 37.5 points"),
        "{trade}"
    );
    assert_eq!(trade["gate"]["complete"], true);
    // The prompts were tried before the parameter, which the plan names first.
    let tried: Vec<Value> = space.artifact("budget.json")["slots"].as_array().unwrap().clone();
    let tried: Vec<&str> = tried.iter().map(|slot| slot["edit_id"].as_str().unwrap()).collect();
    assert_eq!(tried, ["harm", "trade", "longer"]);
    space.kaizen(&["recompute"]).exits(0);
    space.kaizen(&["verify"]).exits(0);
}

/// A parameter of another agent, which no gate task uses.
fn elsewhere() -> Value {
    edit(
        "elsewhere",
        "set_agent_param",
        "agents.other.max_tokens",
        json!({"agent": "other", "param": "max_tokens", "value": 50}),
    )
}

/// A session in which a prompt waits for a person, a parameter depends on it, and another one does not.
fn held() -> (Server, Space) {
    let server = model();
    let space = space(&server, "", GATE, &[]);
    let config = space.read("config.toml");
    space.write("config.toml", &format!("{config}[agent.other]\nclass = \"simple\"\n"));
    space.commit_all("another agent");
    space.diagnose_and_plan("run-000", "train-1000", &[longer(), says("GOOD"), elsewhere()]);
    (server, space)
}

fn tiered(space: &Space) -> Said {
    space.kaizen(&["run", "--autonomy", "tiered"])
}

#[test]
fn an_edit_that_depends_on_one_awaiting_review_is_tried_after_the_answer() {
    for (answer, status) in [("accept", "applied"), ("reject", "rejected_by_user")] {
        let (_server, space) = held();
        let said = tiered(&space).exits(3);
        let told = format!("{}{}", said.out, said.err);
        assert!(
            told.contains("longer comes after good, which waits for you: answer first (kaizen review)"),
            "{told}"
        );
        let statuses = space.statuses();
        assert_eq!(statuses.get("good").map(String::as_str), Some("pending_review"));
        assert!(!statuses.contains_key("longer"), "{statuses:?}");
        assert!(statuses.contains_key("elsewhere"), "{statuses:?}");
        let session = space.root.join(space.session());
        assert_eq!(crate::space::names(&session.join("pending_review")).len(), 1);
        assert_eq!(space.artifact("session.json")["status"], "awaiting_review");
        space.kaizen(&["verify"]).exits(0);

        // Without an answer, nothing changes.
        let again = tiered(&space).exits(3);
        assert!(!space.statuses().contains_key("longer"), "{}", again.err);

        space.kaizen(&[answer, "good"]).exits(0);
        let said = tiered(&space).exits(0);
        let statuses = space.statuses();
        assert_eq!(statuses["good"], status, "{}", said.err);
        assert_eq!(statuses["longer"], "rejected_by_gate", "it changes no answer");
        assert_eq!(space.artifact("session.json")["status"], "completed");
        space.kaizen(&["recompute"]).exits(0);
        space.kaizen(&["verify"]).exits(0);
    }
}

#[test]
fn too_few_failing_tasks_are_named_before_money_is_spent() {
    let server = model();
    let space = space(&server, "", 6, &[says("GOOD"), says("MIXED")]);
    space.kaizen(&["run", "--until", "plan"]).exits(0);
    let said = space.kaizen(&["plan-gate"]).exits(0).out;
    assert!(
        said.contains("3 of 6 gate tasks fail, so no edit can be shown"),
        "{said}"
    );
    assert!(said.contains("mode = \"exact\""), "{said}");
    let lines = space.kaizen(&["--format", "json", "plan-gate"]).exits(0).events();
    assert_eq!((lines.len(), &lines[0]["power"]["failing"]), (1, &json!(3)));
    assert_eq!(lines[0]["power"]["fewest_failing"], 5);
}

#[test]
fn settings_of_other_modes_are_refused_at_load() {
    let server = model();
    let space = space(&server, "", 6, &[]);
    let manifest = space.read("kaizen.toml");
    for setting in ["min_improvement = 0.1", "rule = \"target\"", "delta_min = 0.1"] {
        space.write("kaizen.toml", &format!("{manifest}{setting}\n"));
        space.kaizen(&["status"]).exits(2).says(&["mode = \"sequential\""]);
        space.write("kaizen.toml", &format!("{manifest}{setting}\nmode = \"sequential\"\n"));
        space.kaizen(&["status"]).exits(0);
    }
}

#[test]
fn an_accepted_edit_of_the_built_in_student_records_the_rise_of_the_score() {
    let space = Space::planned();
    space.plan(&[bold()]);
    space.run(&[]).exits(0);
    let bold = outcome(&space, "bold");
    let gate = &bold["gate"];
    assert_eq!((&gate["mode"], &bold["status"]), (&json!("exact"), &json!("applied")));
    let ran = gate["ran"].as_u64().unwrap();
    let all = gate["sizes"]
        .as_object()
        .unwrap()
        .values()
        .map(|size| size.as_u64().unwrap())
        .sum::<u64>();
    assert!(ran < all, "the decision needed {ran} of {all} tasks");
    let record = space.artifact("session.json");
    let [before, after] =
        ["benchmark_before", "benchmark_after"].map(|name| record[name]["overall_score"].as_f64().unwrap());
    let gain = bold["benchmark_delta"].as_f64().unwrap();
    assert!((gain - (after - before)).abs() < 1e-9, "{gain} of {before} to {after}");
    assert_eq!(gate["completed"]["gain"], bold["benchmark_delta"]);
    space.kaizen(&["recompute"]).exits(0);
    space.kaizen(&["verify"]).exits(0);
}

#[test]
fn an_edit_behind_one_that_waits_is_tried_after_the_answer() {
    let server = model();
    let space = space(&server, "screen = 0", 24, &[says("GOOD"), longer()]);
    let said = space.kaizen(&["run", "--autonomy", "tiered"]).exits(3);
    let words = "longer comes after good, which waits for you: answer first (kaizen review)";
    assert!(said.err.contains(words), "{}", said.err);
    let of_longer = |space: &Space| space.outcomes().into_iter().find(|one| one["edit_id"] == "longer");
    assert_eq!(
        of_longer(&space),
        None,
        "it is not judged on an agent that its plan means to change"
    );
    space.kaizen(&["accept", "good"]).exits(0);
    space.kaizen(&["run"]);
    assert_eq!(outcome(&space, "good")["status"], "applied");
    assert_eq!(of_longer(&space).unwrap()["gate"]["mode"], "sample");
}

/// Three of 120 tasks are right by chance at a high temperature; answers are wrong throughout without a prompt.
fn warm(request: &Received) -> Reply {
    let (number, _) = asked(request);
    let is_warm = request.json()["temperature"]
        .as_f64()
        .is_some_and(|temperature| temperature > 1.0);
    Reply::says(if is_warm && number % 40 == 0 { "yes" } else { "no" })
}

#[test]
fn a_few_lucky_answers_are_no_fact_although_the_baseline_never_varied() {
    let server = Server::answering(Box::new(warm));
    let hot = edit(
        "hot",
        "set_agent_param",
        "agents.assistant.temperature",
        json!({"agent": "assistant", "param": "temperature", "value": 1.8}),
    );
    // Where every answer is wrong, two runs of a student that varies do not differ either.
    for temperature in ["0.0", "0.7"] {
        let space = space(&server, "screen = 0", GATE, &[]);
        space.replace(
            "kaizen.toml",
            "temperature = 0.0",
            &format!("temperature = {temperature}"),
        );
        space.diagnose_and_plan("run-000", "train-1000", std::slice::from_ref(&hot));
        let said = run(&space).exits(0);
        let words = "the gate is sample: 120 gate tasks, of which 120 fail";
        assert!(said.err.contains(words), "no {words:?} in {}", said.err);
        let hot = outcome(&space, "hot");
        assert_ne!(hot["status"], "applied", "{hot}");
        assert_eq!(hot["gate"]["mode"], "sample");
    }
}

/// A workspace in which an edit that helps was applied.
fn pruned(server: &Server, gate: &str) -> Space {
    let space = space(server, &format!("screen = 0\n{gate}"), GATE, &[says("GOOD")]);
    run(&space).exits(0);
    assert_eq!(outcome(&space, "good")["status"], "applied");
    space
}

fn looked_at(space: &Space, arguments: &[&str]) -> Value {
    let all = [&["prune", "--format", "json", "--older-than", "0"], arguments].concat();
    let events = space.kaizen(&all).exits(0).events();
    events.into_iter().find(|event| event["event"] == "looked_at").unwrap()
}

#[test]
fn prune_measures_an_edit_on_all_gate_tasks_and_keeps_its_worth() {
    let server = model();
    let space = pruned(&server, "");
    let shown = space.kaizen(&["show", "good"]).exits(0).out;
    assert!(!shown.contains("worth"), "{shown}");
    let event = looked_at(&space, &[]);
    let worth = &event["records"][0];
    assert_eq!(
        (&event["fate"], &event["goes"]),
        (&json!("helps"), &json!(false)),
        "{event}"
    );
    let numbers = ["gain", "n", "wins", "losses", "ties"].map(|name| worth[name].clone());
    assert_eq!(numbers, [json!(0.25), json!(120), json!(30), json!(0), json!(90)]);
    // New runs of both harnesses: those on which the edit was accepted are not evidence.
    assert_eq!((&event["runs_made"], &worth["level"]), (&json!(240), &json!(0.9)));
    assert_eq!(worth["margin"], 0.05, "a tenth of what fails without the edit");
    let again = looked_at(&space, &[]);
    assert_eq!((&again["runs_made"], &again["records"]), (&json!(0), &event["records"]));

    let line = "+25.0 points, 90.0 %: +";
    let shown = space.kaizen(&["show", "good"]).exits(0).out;
    assert!(
        shown.contains(line) && shown.contains("on the present harness"),
        "{shown}"
    );
    let shown = space
        .kaizen(&["blame", "agents/assistant/system_prompt.md:1"])
        .exits(0)
        .out;
    assert!(shown.contains(line), "{shown}");
    space.write("agents/assistant/system_prompt.md", "Say yes or no. GOOD\nBriefly.\n");
    space.commit_all("mine");
    let shown = space.kaizen(&["show", "good"]).exits(0).out;
    assert!(shown.contains(line) && shown.contains("on an older harness"), "{shown}");
    let shown = space.kaizen(&["--format", "json", "show", "good"]).exits(0).events();
    assert_eq!(
        (&shown[0]["worth"]["is_present"], &shown[0]["worth"]["n"]),
        (&json!(false), &json!(120))
    );
    space.kaizen(&["verify"]).exits(0);
}

#[test]
fn prune_removes_an_edit_only_if_its_gain_is_surely_below_the_margin() {
    let server = model();
    let space = pruned(&server, "prune_margin = 0.3");
    let event = looked_at(&space, &[]);
    assert_eq!(event["fate"], "helps", "the interval ends above 30 points: {event}");
    let manifest = space
        .read("kaizen.toml")
        .replace("prune_margin = 0.3", "prune_margin = 0.5");
    space.write("kaizen.toml", &manifest);
    let said = space.kaizen(&["prune", "--older-than", "0"]).exits(0).out;
    assert!(
        said.contains("goes: it no longer helps") && said.contains("ends below +50.0 points"),
        "{said}"
    );
    let event = looked_at(&space, &["--apply"]);
    assert_eq!(
        (&event["fate"], &event["taken_back"]),
        (&json!("no_help"), &json!(true)),
        "{event}"
    );
    space.kaizen(&["verify"]).exits(0);
}
