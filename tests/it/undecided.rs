//! Edits that the gate leaves undecided, tested through the program: one question, a person's consent, second looks.

use serde_json::{Value, json};

use crate::server::{Received, Reply, Server};
use crate::space::{Said, Space, edit, names};

/// The number of gate tasks.
const GATE: usize = 120;

/// Every second task is answered right. ALSO wins 15 tasks and loses 6, 77 tokens win 14 and lose 6, PERHAPS wins 14 and
/// loses 9, and LESS loses 10.
fn answer(request: &Received) -> Reply {
    let body = request.json();
    let messages = body["messages"].as_array().unwrap();
    let text = |role: &str| {
        let of_role = messages.iter().rev().find(|message| message["role"] == role);
        of_role.map_or(String::new(), |message| message["content"].as_str().unwrap().to_owned())
    };
    let digits: String = text("user").chars().filter(char::is_ascii_digit).collect();
    let (number, prompt) = (digits.parse::<usize>().unwrap(), text("system"));
    let (even, has) = (number % 2 == 0, |word: &str| prompt.contains(word));
    let tokens = body["max_tokens"] == 77;
    let wins = even
        && ((has("ALSO") && number < 30)
            || (tokens && (30..58).contains(&number))
            || (has("PERHAPS") && number < 28)
            || (number >= 1000 && has("ALSO")));
    let loses = !even
        && ((has("ALSO") && number < 12)
            || (tokens && (13..24).contains(&number))
            || (has("PERHAPS") && number < 18)
            || (has("LESS") && number < 20));
    Reply::says(if (!even || wins) && !loses { "yes" } else { "no" })
}

fn task(number: usize, split: &str) -> Value {
    json!({"task_id": format!("{split}-{number}"), "query": format!("item {number}"), "reference_answer": "yes",
        "category": format!("c{}", number / 4 % 3), "scorer": "exact", "split": split})
}

/// A workspace whose student is that model, with a plan of four edits. The port of the server is part of the seed of the
/// order of tasks; a small `beta` keeps an unlucky order from ending the trial of an edit that gains.
fn space(server: &Server, gate: &str) -> Space {
    let space = Space::new();
    let manifest = format!(
        "[ledger]\nauthor = \"t <t@t>\"\n[student]\nengine = \"chat\"\nmodel = \"own\"\nbase_url = \"{}\"\n\
         temperature = 0.0\n[teacher]\nengine = \"files\"\n[gate]\nscreen = 0\nbeta = 0.001\n{gate}\n",
        server.url()
    );
    space.write("kaizen.toml", &manifest);
    space.write(
        "config.toml",
        "[agent]\ndefault_agent = \"assistant\"\n[agent.assistant]\nclass = \"simple\"\n",
    );
    write_tasks(&space, GATE);
    space.commit_all("model");
    plan(&space, 1, &[]);
    space
}

/// The newest session.
fn newest(space: &Space) -> String {
    let folder = space.root.join("sessions");
    names(&folder)
        .into_iter()
        .rfind(|name| folder.join(name).is_dir())
        .unwrap()
}

fn artifact(space: &Space, name: &str) -> Value {
    let text = space.read(&format!("sessions/{}/{name}", newest(space)));
    serde_json::from_str(&text).unwrap()
}

fn write_tasks(space: &Space, gate: usize) {
    let tasks = (0..GATE)
        .chain(1000..1000 + gate - GATE)
        .map(|number| task(number, "gate"));
    let tasks = tasks.chain([task(2000, "train")]);
    let lines: String = tasks.map(|task| format!("{task}\n")).collect();
    space.write("benchmark/tasks.jsonl", &lines);
}

/// Begins a session and plans the four edits.
fn plan(space: &Space, day: u32, more: &[&str]) {
    let edits = [says("PERHAPS"), tokens(), says("ALSO"), says("LESS")];
    run(space, day, more).exits(3);
    let clusters = json!([{"id": "c1", "description": "It fails.", "sample_trace_ids": ["t"],
        "student_failure_rate": 1.0, "teacher_success_rate": 1.0, "skill_gap": "x", "task_ids": ["train-2000"]}]);
    let diagnosis = format!("It fails.\n\n```json\n{clusters}\n```\n");
    space.write(&format!("sessions/{}/diagnosis.md", newest(space)), &diagnosis);
    run(space, day, &[]).exits(3);
    space.write(
        &format!("sessions/{}/plan.json", newest(space)),
        &json!({"edits": edits}).to_string(),
    );
}

fn says(word: &str) -> Value {
    edit(
        &word.to_lowercase(),
        "replace_system_prompt",
        "agents.assistant.system_prompt",
        json!({"new_content": format!("Say yes or no. {word}\n")}),
    )
}

fn tokens() -> Value {
    edit(
        "tokens",
        "set_agent_param",
        "agents.assistant.max_tokens",
        json!({"agent": "assistant", "param": "max_tokens", "value": 77}),
    )
}

/// Runs kaizen on a day of March, so that the ids of sessions follow each other.
fn run(space: &Space, day: u32, more: &[&str]) -> Said {
    let now = format!("2026-03-0{day}T10:00:00Z");
    space.kaizen_with("KAIZEN_NOW", &now, &[&["run", "--autonomy", "auto"], more].concat())
}

fn outcome(space: &Space, label: &str) -> Value {
    let folder = space.root.join("sessions").join(newest(space)).join("outcomes");
    let mut outcomes = names(&folder)
        .into_iter()
        .map(|name| artifact(space, &format!("outcomes/{name}")));
    let of_label = outcomes.find(|outcome| outcome["edit_id"] == label);
    of_label.unwrap_or_else(|| panic!("no outcome of {label}"))
}

fn verdict(space: &Space, label: &str) -> (String, String, Value) {
    let outcome = outcome(space, label);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let gate = &outcome["gate"];
    (text(&outcome["status"]), text(&gate["reason"]), gate["kept_by"].clone())
}

fn is_sound(space: &Space) {
    space.kaizen(&["recompute"]).exits(0);
    space.kaizen(&["verify"]).exits(0);
}

fn prints(said: &Said, words: &[&str]) {
    for word in words {
        assert!(said.out.contains(word), "no {word:?} in {}", said.out);
    }
}

fn undecided(reason: &str) -> (String, String, Value) {
    ("undecided".to_owned(), reason.to_owned(), Value::Null)
}

fn kept(reason: &str, by: &str) -> (String, String, Value) {
    ("applied".to_owned(), reason.to_owned(), json!(by))
}

#[test]
fn one_question_asks_about_undecided_edits_and_a_person_keeps_them() {
    let server = Server::answering(Box::new(answer));
    let space = space(&server, "");
    let said = run(&space, 1, &[]).exits(0);
    assert_eq!(verdict(&space, "also"), undecided("likely"));
    assert_eq!(verdict(&space, "tokens"), undecided("likely"));
    assert_eq!(verdict(&space, "perhaps"), undecided("open"));
    let question =
        "2 edits likely help, not proven at this size (120 tasks show gains from 13 points): kaizen accept --likely";
    prints(
        &said,
        &[
            question,
            "also     +7.5 points (",
            "15 wins, 6 losses in 120 tasks, p = 0.039",
        ],
    );
    prints(
        &said,
        &["1 edit gained, which may be chance or lowers a category: kaizen accept EDIT keeps it"],
    );
    assert_eq!(artifact(&space, "session.json")["status"], "completed");
    prints(&space.kaizen(&["status"]).exits(0), &["kaizen accept --likely"]);

    let asked = server.received().len();
    let said = space.kaizen(&["accept", "--likely"]).exits(0);
    prints(&said, &["also is accepted", "tokens is accepted"]);
    run(&space, 1, &[]).exits(0);
    assert_eq!(verdict(&space, "also"), kept("likely", "person"));
    let also = outcome(&space, "also");
    assert_eq!(
        (&also["gate"]["decision"], &also["gate"]["wins"]),
        (&json!("undecided"), &json!(15))
    );
    // The first one is committed on its recorded run, the second one runs completely on the new head.
    let tokens = outcome(&space, "tokens");
    assert_eq!(verdict(&space, "tokens").0, "applied");
    assert_eq!(
        (&tokens["gate"]["complete"], &tokens["gate"]["kept_by"]),
        (&json!(true), &json!("person"))
    );
    assert_ne!(tokens["against"], also["against"]);
    let new = server.received().len() - asked;
    assert_eq!(new, GATE, "only the second edit ran, with the first one below it");
    let log = space.git(&["log", "--format=%s%n%B"]);
    assert!(log.contains("kept by a person"), "{log}");
    let first = log.find("set_agent_param").unwrap();
    assert!(
        first < log.find("replace_system_prompt").unwrap(),
        "the newest commit is the second edit: {log}"
    );
    is_sound(&space);

    // It gained on the old harness; on the new one it loses, and a person's consent does not change that.
    space.kaizen(&["accept", "perhaps"]).exits(0);
    run(&space, 1, &[]).exits(0);
    assert_eq!(verdict(&space, "perhaps").0, "rejected_by_gate");
    is_sound(&space);
    space.kaizen(&["accept", "--likely"]).exits(2).says(&["likely helps"]);
    space.kaizen(&["accept", "less"]).exits(2);
}

#[test]
fn an_edit_proposed_again_runs_only_new_gate_tasks() {
    let server = Server::answering(Box::new(answer));
    let space = space(&server, "");
    run(&space, 1, &[]).exits(0);
    let level = outcome(&space, "also")["gate"]["level"].clone();
    let first = newest(&space);
    plan(&space, 2, &["--new"]);
    let asked = server.received().len();
    run(&space, 2, &[]).exits(0);
    let again = outcome(&space, "also");
    assert_eq!(verdict(&space, "also"), undecided("likely"));
    assert_eq!(again["gate"]["remembered"], json!(first));
    assert!(again["error"].as_str().unwrap().contains(&first), "{again}");
    let slots = artifact(&space, "budget.json")["slots"].as_array().map_or(0, Vec::len);
    let asked_again = server.received().len() - asked;
    assert!(slots <= 1, "only the rejected edit is a new trial: {slots} slots");
    assert_eq!(asked_again, 0, "the answers are known");
    is_sound(&space);

    // 60 further tasks, of which the edit wins all that fail.
    write_tasks(&space, GATE + 60);
    space.commit_all("more tasks");
    plan(&space, 3, &["--new"]);
    run(&space, 3, &[]).exits(0);
    let also = outcome(&space, "also");
    let gate = &also["gate"];
    assert_eq!(
        (&gate["seen"], &gate["n"], &gate["of"]),
        (&json!(120), &json!(180), &json!(180))
    );
    assert_eq!(
        (&also["status"], &gate["reason"]),
        (&json!("applied"), &json!("improved"))
    );
    assert!(
        gate["level"].as_f64().unwrap() >= level.as_f64().unwrap(),
        "a look pays its own level: {gate}"
    );
    let is_new = |pair: &Value| pair["task"].as_str().unwrap().len() == "gate-1000".len();
    let pairs = gate["pairs"].as_array().unwrap();
    assert!(!pairs[..120].iter().any(is_new) && pairs[120..].iter().all(is_new));
    is_sound(&space);
}

#[test]
fn a_setting_keeps_what_is_likely_at_once_but_not_in_a_loop() {
    let server = Server::answering(Box::new(answer));
    let space = space(&server, "keep = \"likely\"");
    run(&space, 1, &[]).exits(0);
    assert_eq!(verdict(&space, "also"), kept("likely", "setting"));
    assert_eq!(verdict(&space, "perhaps").2, Value::Null);
    is_sound(&space);

    let space = self::space(&server, "keep = \"likely\"");
    let begun = json!({"version": 1, "started_at": "2026-01-01T00:00:00Z", "stagnation_eps": 0.0, "stagnation_k": 2,
        "max_total_cost_usd": null, "steps": []});
    space.write("sessions/loop.json", &begun.to_string());
    run(&space, 1, &[]).exits(0);
    assert_eq!(verdict(&space, "also"), undecided("likely"));
}
