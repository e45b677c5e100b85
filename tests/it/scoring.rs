//! Tasks that cannot be scored, scorers that fail, and the collection of traces, tested through the program.

use serde_json::{Value, json};

use crate::server::{Reply, Server};
use crate::space::{Said, Space};
use crate::students::{benchmark, chat, eval, task};

fn train(id: &str, query: &str) -> Value {
    json!({"task_id": id, "query": query, "reference_answer": "x", "scorer": "exact", "split": "train"})
}

fn both(said: &Said) -> String {
    format!("{}{}", said.out, said.err)
}

#[test]
fn tasks_that_cannot_be_scored_are_named_in_one_go() {
    let space = Space::new();
    let mut text = space.read("benchmark/tasks.jsonl");
    for broken in [
        task("look", "ahead", "(?=a)b", "regex"),
        task("nan", "how many", "NaN", "number"),
        json!({"task_id": "null", "query": "nothing", "reference_answer": null, "split": "gate"}),
        task("judged", "is it good", "yes", "judge"),
        json!({"task_id": "program", "query": "run it", "reference_answer": "x", "scorer": "command", "split": "train"}),
    ] {
        text += &format!("{broken}\n");
    }
    space.write("benchmark/tasks.jsonl", &text);
    let places = [49, 50, 51, 52].map(|line| format!("benchmark/tasks.jsonl:{line}"));
    let said = space.kaizen(&["eval"]).exits(0);
    assert!(said.out.starts_with("gate score 0.0 % over 24 tasks\n"), "{}", said.out);
    let told = both(&said);
    assert!(told.contains("4 tasks cannot be scored and are left out"), "{told}");
    assert!(places[..3].iter().all(|place| told.contains(place)), "{told}");
    assert!(!told.contains("infrastructure"), "{told}");
    let said = eval(&space, 0);
    let ids: Vec<&Value> = said["unscorable"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| &task["task_id"])
        .collect();
    assert_eq!(ids, ["look", "nan", "null", "judged"]);
    assert_eq!(said["infra_errors"], 0);

    let said = space.kaizen(&["run", "--until", "readiness"]).exits(0);
    said.says(&[
        "5 tasks cannot be scored",
        &places[0],
        "task look",
        "look-ahead",
        "and 2 more for other reasons",
    ]);
    let readiness = space.artifact("readiness.json");
    assert_eq!(
        (&readiness["ready"], &readiness["benchmark"]["gate"]),
        (&json!(true), &json!(24))
    );
    assert_eq!(readiness["unscorable"].as_array().unwrap().len(), 5);
    assert!(
        space
            .kaizen(&["status"])
            .exits(0)
            .out
            .contains("5 tasks cannot be scored")
    );
}

#[test]
fn a_list_of_references_means_any_of_them() {
    let space = Space::new();
    let mut cities = task("b", "please switch the lamp on in the hall", "", "exact");
    cities["reference_answer"] = json!(["none", "nothing"]);
    benchmark(&space, &[cities]);
    let said = eval(&space, 0);
    assert_eq!(said["overall_score"], 1.0, "the agent says `none`");
}

/// A workspace whose gate tasks have scorer `command`.
fn scored_by(run: &str, script: &str) -> Space {
    let space = Space::new();
    let manifest = format!("[ledger]\nauthor = \"t <t@t>\"\n[benchmark]\nscorer_command = {run}\n");
    space.write("kaizen.toml", &manifest);
    space.write("score.sh", script);
    let tasks: Vec<Value> = (0..4)
        .map(|at| task(&format!("g{at}"), &format!("question {at}"), "x", "command"))
        .chain([train("t", "other")])
        .collect();
    benchmark(&space, &tasks);
    space.commit_all("scorer");
    space
}

#[test]
fn a_scorer_that_fails_is_named_with_its_last_words() {
    for (run, script, words) in [
        (
            "[\"sh\", \"score.sh\"]",
            "echo 'kaboom: no rubric' >&2; exit 3",
            vec!["`sh score.sh` ended with exit status: 3", "kaboom: no rubric"],
        ),
        (
            "[\"no-such-scorer\"]",
            "",
            vec!["`no-such-scorer` cannot be run", "correct [benchmark] scorer_command"],
        ),
        (
            "[\"sh\", \"score.sh\"]",
            "echo '{\"score\": 7}'",
            vec!["the score 7, which is not from 0 to 1"],
        ),
    ] {
        let space = scored_by(run, script);
        for command in ["eval", "run"] {
            let said = space.kaizen(&[command]).exits(1);
            let expected = [words.clone(), vec!["4 of 4 unscored"]].concat();
            said.says(&expected);
        }
    }
}

#[test]
fn one_scorer_of_several_that_fails_is_told_with_every_score() {
    let script = "read line; case $line in *'\"g2\"'*) echo out of paper >&2; exit 1;; esac; echo '{\"score\": 1}'";
    let space = scored_by("[\"sh\", \"score.sh\"]", script);
    let said = space.kaizen(&["eval"]).exits(0);
    assert!(
        said.out
            .starts_with("gate score 100.0 % over 3 tasks; 1 of 4 unscored: the scorer"),
        "{}",
        said.out
    );
    assert!(said.out.contains("out of paper"), "{}", said.out);
    let said = eval(&space, 0);
    assert_eq!(
        (&said["task_count"], &said["unscored"][0]["task_id"]),
        (&json!(3), &json!("g2"))
    );
    assert!(said["unscored"][0]["reason"].as_str().unwrap().contains("out of paper"));

    let said = space.kaizen(&["run", "--until", "baseline"]);
    said.says(&["100.0 % of 3 gate tasks", "1 of 4 unscored", "out of paper"]);
    let stored = space.artifact("baseline.json");
    assert_eq!(stored["evaluation"]["infra_errors"], 1);
}

#[test]
fn a_settled_session_says_how_many_tasks_have_no_score() {
    let script = "read line; case $line in *'\"g2\"'*) exit 1;; esac; echo '{\"score\": 1}'";
    let space = scored_by("[\"sh\", \"score.sh\"]", script);
    space.kaizen(&["run"]);
    let record = space.artifact("session.json");
    assert_eq!(record["benchmark_after"]["unscored"], 1, "{record}");
    for command in ["status", "show"] {
        let said = space.kaizen(&[command]).exits(0);
        assert!(said.out.contains("1 of 4 unscored"), "{command}: {}", said.out);
    }
    let body = space.git(&["log", "-1", "--format=%b"]);
    assert!(body.contains("100.0 % after; 1 of 4 unscored."), "{body}");
    assert!(space.kaizen(&["verify"]).exits(0).out.contains("0 failures"));
    // Older versions did not record the number.
    let path = space.root.join(space.session()).join("session.json");
    let old = std::fs::read_to_string(&path)
        .unwrap()
        .replace(",\n    \"unscored\": 1", "");
    assert!(!old.contains("unscored"), "{old}");
    std::fs::write(&path, old).unwrap();
    assert!(space.kaizen(&["verify"]).exits(0).out.contains("0 failures"));
}

#[test]
fn only_what_the_agent_did_is_collected_and_the_rest_later() {
    let server = Server::start();
    server
        .on("weak", Reply::error(401, "Incorrect API key provided"))
        .on("fine", Reply::says("x"));
    let space = chat(&server, "concurrency = 1\n[network]\nattempts = 1\n");
    let queries = ["fine 1", "weak 1", "fine 2", "weak 2"];
    let tasks: Vec<Value> = queries
        .iter()
        .map(|query| train(&query.replace(' ', "-"), query))
        .collect();
    benchmark(&space, &tasks);
    // A trace that an older version made of an error message, and one of the user's own without a rating.
    let lost = json!({"trace_id": "fine-1-0", "query": "fine 1", "result": "Connection refused", "metadata": {"collected_from": "x"}});
    let own = json!({"trace_id": "own", "query": "mine", "result": "y"});
    space.write("traces/collected.jsonl", &format!("{lost}\n{own}\n"));
    let said = space.kaizen(&["traces", "collect"]).exits(1);
    said.says(&["have no trace", "Incorrect API key", "collects the rest"]);
    let results = || -> Vec<String> {
        let text = space.read("traces/collected.jsonl");
        let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut results: Vec<String> = rows.map(|row| row["result"].as_str().unwrap().to_owned()).collect();
        results.sort();
        results
    };
    assert!(
        results().iter().all(|result| result == "x" || result == "y"),
        "{:?}",
        results()
    );
    server.forget_rules();
    server.on("weak", Reply::says("x")).on("fine", Reply::says("x"));
    let said = space.kaizen(&["--format", "json", "traces", "collect"]).exits(0);
    let last: Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();
    assert_eq!((&last["missing"], &last["reason"]), (&json!(0), &json!(null)));
    assert_eq!(results(), ["x", "x", "x", "x", "y"]);
    assert_eq!(
        server
            .received()
            .iter()
            .filter(|one| one.body.contains("fine 1"))
            .count(),
        1,
        "not asked twice"
    );
    space
        .kaizen(&["traces", "collect", "--limit", "0"])
        .exits(2)
        .says(&["from 1 to"]);
}

#[test]
fn the_failures_of_the_agent_are_collected() {
    let space = Space::new();
    space.write(
        "kaizen.toml",
        "[ledger]\nauthor = \"t <t@t>\"\n[student]\nengine = \"command\"\nrun = [\"sh\", \"-c\", \"echo I am lost >&2; exit 1\"]\n",
    );
    benchmark(&space, &[train("a", "one")]);
    space.kaizen(&["traces", "collect"]).exits(0);
    let row: Value = serde_json::from_str(&space.read("traces/collected.jsonl")).unwrap();
    assert!(row["result"].as_str().unwrap().contains("I am lost"), "{row}");
    assert_eq!((&row["outcome"], &row["feedback"]), (&json!("failure"), &json!(0.0)));
}

#[test]
fn a_collected_trace_says_what_the_answer_took() {
    let (read, missing) = (
        |space: &Space| -> Value { serde_json::from_str(&space.read("traces/collected.jsonl")).unwrap() },
        Value::Null,
    );
    let collect = |space: &Space| {
        let mut command = space.command(crate::space::KAIZEN, &["traces", "collect"]);
        // With a fixed time, nothing takes any.
        Said::of(command.env_remove("KAIZEN_NOW").output().unwrap()).exits(0);
    };
    let server = Server::start();
    server.on("", Reply::says("x"));
    let space = chat(&server, "[prices.own]\ninput = 1.0\noutput = 2.0\n");
    benchmark(&space, &[train("a", "one")]);
    collect(&space);
    let row = read(&space);
    assert_eq!(
        (
            &row["total_tokens"],
            &row["input_tokens"],
            &row["output_tokens"],
            &row["cached_tokens"]
        ),
        (&json!(110), &json!(100), &json!(10), &json!(0)),
        "{row}"
    );
    assert!((row["cost_usd"].as_f64().unwrap() - 0.00012).abs() < 1e-12, "{row}");
    assert!(row["total_latency_seconds"].as_f64().is_some(), "{row}");

    for (printed, tokens, cost) in [
        (
            r#"{"answer": "x", "cost_usd": 0.5, "usage": {"input_tokens": 3, "output_tokens": 4}}"#,
            json!(7),
            json!(0.5),
        ),
        (
            r#"{"answer": "x", "input_tokens": 30, "cached_tokens": 10, "output_tokens": 4}"#,
            json!(34),
            missing.clone(),
        ),
        ("x", missing.clone(), missing.clone()),
    ] {
        let space = Space::new();
        space.write(
            "kaizen.toml",
            "[ledger]\nauthor = \"t <t@t>\"\n[student]\nengine = \"command\"\nrun = [\"cat\", \"said.json\"]\n",
        );
        space.write("said.json", printed);
        benchmark(&space, &[train("a", "one")]);
        collect(&space);
        let row = read(&space);
        assert_eq!((&row["total_tokens"], &row["cost_usd"]), (&tokens, &cost), "{row}");
        assert!(row["total_latency_seconds"].as_f64().is_some(), "{row}");
    }
}

#[test]
fn the_failures_of_the_agent_are_counted_and_quoted() {
    let space = Space::new();
    space.write(
        "kaizen.toml",
        "[ledger]\nauthor = \"t <t@t>\"\n[student]\nengine = \"command\"\nrun = [\"sh\", \"-c\", \"echo no luck >&2; exit 1\"]\n",
    );
    benchmark(
        &space,
        &[
            task("a", "one", "x", "exact"),
            task("b", "two", "x", "exact"),
            train("t", "three"),
        ],
    );
    space.commit_all("unlucky");
    let words = "2 of 2 attempts failed: exit status: 1: no luck";
    for _ in ["asked", "remembered"] {
        let said = space.kaizen(&["eval"]).exits(0);
        assert!(said.out.starts_with("gate score 0.0 % over 2 tasks\n"), "{}", said.out);
        assert!(said.out.contains(words), "{}", said.out);
    }
    let said = eval(&space, 0);
    assert_eq!(said["failed"][1]["reason"], "exit status: 1: no luck", "{said}");
    let said = space.kaizen(&["run", "--until", "baseline"]).exits(0);
    assert!(both(&said).contains(words), "{}", both(&said));
    let stored = &space.artifact("baseline.json")["evaluation"]["tasks"][0];
    assert_eq!(
        (&stored["score"], &stored["failed"]),
        (&json!(0.0), &Value::Null),
        "{stored}"
    );
    space.replace("config.toml", "max_turns = 3", "max_turns = 4");
    let said = space.kaizen(&["audit", "--since", "HEAD"]).exits(0);
    assert!(
        said.out.contains("attempts failed: exit status: 1: no luck"),
        "{}",
        said.out
    );
}

#[test]
fn eval_says_why_no_server_answers() {
    let server = Server::start();
    server.on("hello", Reply::error(401, "Incorrect API key provided"));
    let space = chat(&server, "[network]\nattempts = 1\n");
    benchmark(
        &space,
        &[task("a", "hello 1", "x", "exact"), task("b", "hello 2", "x", "exact")],
    );
    space.kaizen(&["eval"]).exits(1).says(&["401", "Incorrect API key"]);
    let space = chat(&Server::start(), "[network]\nattempts = 1\nmax_wait_seconds = 1\n");
    benchmark(&space, &[task("a", "hello 1", "x", "exact")]);
    space.kaizen(&["eval"]).exits(1).says(&["refused"]);
}
