//! The built-in teacher with a language model as the student, behind a server that enforces one form of constraint.

use serde_json::{Value, json};

use crate::server::{Received, Reply, Server};
use crate::space::Space;

const LABELS: [&str; 3] = ["card", "cash", "rate"];
const WORDS: [[&str; 2]; 3] = [["plastic", "visa"], ["notes", "coins"], ["euro", "yen"]];

/// A model that repeats the answer of an example with the same word, else chats. It obeys `structured_outputs` as vLLM does,
/// and refuses `grammar`.
fn answer(request: &Received) -> Reply {
    let body = request.json();
    if !body["grammar"].is_null() {
        return Reply::error(400, "Unrecognized request argument supplied: grammar");
    }
    let messages: Vec<(&str, &str)> = body["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| (message["role"].as_str().unwrap(), message["content"].as_str().unwrap()))
        .collect();
    let query = messages.last().unwrap().1;
    let word = WORDS.iter().flatten().find(|word| query.contains(**word)).unwrap();
    let shots = messages
        .windows(2)
        .filter(|pair| pair[0].0 == "user" && pair[1].0 == "assistant");
    let known = shots
        .filter(|pair| pair[0].1.contains(word))
        .map(|pair| pair[1].1)
        .next();
    let choices: Vec<&str> = body["structured_outputs"]["choice"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|choice| choice.as_str().unwrap())
        .collect();
    match known {
        Some(label) if choices.is_empty() || choices.contains(&label) => Reply::says(label),
        _ if !choices.is_empty() => Reply::says(choices[0]),
        _ => Reply::says(&format!("I am happy to help you with {word}.")),
    }
}

/// A workspace with 90 train and 30 gate tasks of a router.
fn space(server: &Server, teacher: &str) -> Space {
    let space = Space::empty();
    space.git(&["init", "-q", "-b", "main"]);
    let manifest = format!(
        "version = 1\n[ledger]\nauthor = \"t <t@t>\"\n[session]\nmin_traces = 0\n[student]\nengine = \"chat\"\nmodel = \"own\"\n\
         base_url = \"{}\"\ntemperature = 0.0\n[teacher]\n{teacher}\n",
        server.url()
    );
    space.write("kaizen.toml", &manifest);
    space.write("config.toml", "[agent]\ndefault_agent = \"desk\"\n");
    space.write("agents/desk/system_prompt.md", "Sort requests.\n");
    let task = |at: usize| {
        let (label, split) = (at % 3, if at < 90 { "train" } else { "gate" });
        let word = WORDS[label][at / 3 % 2];
        let task = json!({"task_id": format!("t{at}"), "query": format!("please help with {word}, number {at}"),
            "reference_answer": LABELS[label], "category": LABELS[label], "split": split});
        format!("{task}\n")
    };
    space.write("benchmark/tasks.jsonl", &(0..120).map(task).collect::<String>());
    space.commit_all("desk");
    space
}

#[test]
fn it_plans_for_a_language_model_within_its_calls_and_says_so() {
    let server = Server::answering(Box::new(answer));
    let space = space(&server, "seed = 3\nmax_student_calls = 300");
    let estimated = || -> Value {
        let said = space.kaizen(&["--format", "json", "run", "--estimate"]).exits(0);
        serde_json::from_str(&said.out).unwrap()
    };
    let most = estimated()["parts"][0]["most_calls"].as_u64().unwrap();
    space.replace("kaizen.toml", "calls = 300", "calls = 200");
    assert_eq!(estimated()["parts"][0]["most_calls"].as_u64().unwrap() + 100, most);
    space.replace("kaizen.toml", "calls = 200", "calls = 300");
    space.kaizen(&["run", "--until", "baseline"]).exits(0);
    let before = server.received().len();
    let said = space.kaizen(&["run", "--until", "plan"]).exits(0);
    let made = server.received().len() - before;
    assert!((100..=300).contains(&made), "{made} calls");
    let told = format!("{}{}", said.out, said.err);
    assert!(told.contains("the teacher of agent desk measures"), "{told}");
    let plan = space.artifact("plan.json");
    let edits = plan["edits"].as_array().unwrap();
    assert_eq!(edits[0]["op"], "edit_few_shot_exemplars", "{plan}");
    assert!(
        edits.iter().all(|edit| edit["payload"]["param"] != "grammar"),
        "the server refuses it"
    );
    assert!(
        edits[0]["rationale"]
            .as_str()
            .unwrap()
            .contains("that did not choose it")
    );
    let shown = edits[0]["payload"]["exemplars"].as_array().unwrap();
    let gate = |shot: &Value| (90..120).any(|at| shot["input"].as_str().unwrap().ends_with(&format!("number {at}")));
    assert!(!shown.iter().any(gate), "the teacher sees no gate task");
    let asked = |received: &Received| (90..120).any(|at| received.body.contains(&format!("number {at}\"")));
    assert!(!server.received()[before..].iter().any(asked));
    let constrained = server.received();
    let obeyed = constrained
        .iter()
        .filter(|one| !one.json()["structured_outputs"].is_null())
        .count();
    assert!(
        obeyed > 20,
        "{obeyed} requests with the constraint that the server enforces"
    );
    // Only the refused request is sent again: its answer is not remembered, because the server may change.
    let until = server.received().len();
    space.kaizen(&["run", "--until", "plan", "--redo", "plan"]).exits(0);
    assert_eq!(server.received().len(), until + 1);
}

#[test]
fn its_candidates_appear_in_the_briefing_of_another_teacher() {
    let server = Server::answering(Box::new(answer));
    let space = space(&server, "engine = \"files\"\nseed = 3\ncandidates = true");
    space.kaizen(&["run"]).exits(3);
    let briefing = format!("{}/briefing", space.session());
    let found: Value = serde_json::from_str(&space.read(&format!("{briefing}/candidates.json"))).unwrap();
    assert_eq!(found["edits"][0]["op"], "edit_few_shot_exemplars", "{found}");
    assert!(
        found["edits"][0]["rationale"]
            .as_str()
            .unwrap()
            .contains("the score rises from 0 %")
    );
    assert!(
        space
            .read(&format!("{briefing}/README.md"))
            .contains("- `candidates.json`: ")
    );
}
