//! A language model as the teacher, behind a scripted server: good sessions, garbage, budgets, crashes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::server::{Reply, Server};
use crate::space::{Said, Space};

/// A key that must never be written down.
const KEY: &str = "key-0123456789-never-written-down";
/// Texts in every request of the diagnosis, of the plan, and of the student.
const DIAGNOSIS: &str = "Find out why the student fails";
const PLAN: &str = "you plan edits";
const STUDENT: &str = "You are short.";

/// Words that the student should repeat in capitals.
const WORDS: [&str; 8] = ["oak", "elm", "ash", "fir", "yew", "bay", "fig", "nut"];

/// A workspace whose teacher and student are models behind this server.
fn space(server: &Server, more: &str) -> Space {
    let space = Space::empty();
    space.git(&["init", "-q", "-b", "main"]);
    let url = server.url();
    space.write(
        "kaizen.toml",
        &format!(
            "version = 1\n[session]\nmin_traces = 1\nautonomy = \"auto\"\n{more}\n[network]\nmax_wait_seconds = 2\n\
             [student]\nengine = \"chat\"\nbase_url = \"{url}\"\nmodel = \"gpt-4o-mini\"\nmax_tokens = 20\nconcurrency = 2\n\
             [teacher]\nengine = \"chat\"\nbase_url = \"{url}\"\nmodel = \"gpt-4o\"\nmax_tokens = 500\nmax_turns = 4\napi_key_env = \"MY_KEY\"\n"
        ),
    );
    space.write("config.toml", "[agent]\ndefault_agent = \"echo\"\n");
    space.write("agents/echo/system_prompt.md", "You are short.\n");
    let task = |(at, word): (usize, &&str)| {
        let split = ["train", "gate"][at % 2];
        let task = json!({"task_id": format!("{split}-{at}"), "query": format!("Say {word}."),
            "reference_answer": word.to_uppercase(), "category": "trees", "scorer": "contains", "split": split});
        format!("{task}\n")
    };
    space.write(
        "benchmark/tasks.jsonl",
        &WORDS.iter().enumerate().map(task).collect::<String>(),
    );
    let trace = json!({"trace_id": "t1", "query": "Say pine.", "outcome": "failure", "result": "?"});
    space.write("traces/runs.jsonl", &format!("{trace}\n"));
    space.commit_all("The agent");
    space
}

/// A server whose student is right if its prompt contains LOUD, and whose teacher finds that out.
fn good_server() -> Server {
    let server = Server::start();
    server.on(PLAN, Reply::says(&plan().to_string()));
    server.on("call_1", Reply::says(&diagnosis()));
    server.on(
        DIAGNOSIS,
        Reply::calls("run_student_on_task", r#"{"task_id": "train-0"}"#),
    );
    student(&server);
    server
}

/// Scorer `contains` ignores case, so the wrong answer must be a different word.
fn student(server: &Server) {
    let loud: Vec<String> = WORDS.iter().map(|word| word.to_uppercase()).collect();
    server.on("LOUD", Reply::says(&loud.join(" ")));
    server.on(STUDENT, Reply::says("What?"));
}

fn diagnosis() -> String {
    let clusters = json!([{"id": "c1", "description": "It asks back.", "task_ids": ["train-0", "train-2"],
        "student_failure_rate": 0.1, "skill_gap": "It is not told to shout."}]);
    format!("# Diagnosis\n\nIt asks back.\n\n```json\n{clusters}\n```\n")
}

fn plan() -> Value {
    json!({"edits": [{"id": "shout", "op": "replace_system_prompt", "pillar": "agent", "target": "agents.echo.system_prompt",
        "payload": {"new_content": "You are short. You are LOUD.\n"}, "rationale": "It helps.", "expected_improvement": "c1"}]})
}

fn run(space: &Space, arguments: &[&str]) -> Said {
    let mut command = space.command(crate::space::KAIZEN, arguments);
    Said::of(command.env("MY_KEY", KEY).output().unwrap())
}

fn lines(space: &Space, name: &str) -> Vec<Value> {
    let path = space.root.join(space.session()).join(name);
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn spent(space: &Space) -> f64 {
    let cost = |line: &Value| line["cost_usd"].as_f64().or(line["estimated_usd"].as_f64()).unwrap();
    lines(space, "spending.jsonl").iter().map(cost).sum()
}

/// Asserts that the agent is unchanged, that the session says why it failed, and that `verify` succeeds.
#[track_caller]
fn refused_cleanly(space: &Space, said: &Said, part: &str) {
    assert_eq!(said.code, Some(1), "{}\n{}", said.out, said.err);
    assert!(said.err.contains(part), "no {part:?} in {}", said.err);
    assert_eq!(space.artifact("session.json")["status"], "failed");
    assert_eq!(space.read("agents/echo/system_prompt.md"), "You are short.\n");
    assert_eq!(space.subjects().len(), 1, "{:?}", space.subjects());
    space.kaizen(&["verify"]).exits(0);
}

#[test]
fn a_session_ends_with_a_commit_and_a_bill() {
    let server = good_server();
    let space = space(&server, "");
    let said = run(&space, &["run"]).exits(0);
    for does in ["diagnoses", "plans"] {
        let line = format!("the teacher gpt-4o at {} {does};", server.url());
        assert_eq!(said.err.matches(&line).count(), 1, "{}", said.err);
    }
    let record = space.artifact("session.json");
    assert_eq!(record["benchmark_after"]["overall_score"], 1.0);
    assert_eq!(record["spending"]["teacher"]["calls"], 3);
    let cluster = &space.artifact("plan.json")["failure_clusters"][0];
    assert_eq!(cluster["student_failure_rate"], 1.0, "the teacher said 0.1");
    // Three calls with 100 input and 10 output tokens, at 2.5 and 10 dollars per million.
    let cost = record["teacher_cost_usd"].as_f64().unwrap();
    assert!((cost - 3.0 * (100.0 * 2.5 + 10.0 * 10.0) / 1e6).abs() < 1e-12, "{cost}");
    assert!(
        server
            .received()
            .iter()
            .any(|received| received.header("authorization") == Some(&format!("Bearer {KEY}")))
    );
    for entry in walkdir::WalkDir::new(&space.root).into_iter().filter_map(Result::ok) {
        let bytes = std::fs::read(entry.path()).unwrap_or_default();
        assert!(
            !bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes()),
            "{}",
            entry.path().display()
        );
    }
    space.kaizen(&["verify"]).exits(0);
    let path = format!("{}/spending.jsonl", space.session());
    let first = format!("{}\n", space.read(&path).lines().next().unwrap());
    space.write(&path, &first);
    let found = space.kaizen(&["verify"]).exits(1);
    assert!(
        found.out.contains("spending.jsonl") && found.out.contains("are listed here"),
        "{}",
        found.out
    );
}

#[test]
fn garbage_ends_in_a_clear_refusal() {
    for (reply, part) in [
        (Reply::says(""), "no list of clusters"),
        (Reply::says("I will not."), "no list of clusters"),
        (Reply::raw(200, "{\"choices\": [{\"mess"), "not JSON"),
        (Reply::raw(200, "<html>no</html>"), "not JSON"),
        (Reply::raw(200, "{\"choices\": []}"), "no choice"),
        (
            Reply::raw(200, "{\"choices\": [{\"message\": {\"content\": 7}}]}"),
            "not a text",
        ),
        (Reply::raw(200, vec![0xff, 0xfe, 0x00]), "not JSON"),
        (Reply::huge(50 << 20), "larger than 16 MiB"),
        (Reply::error(400, "context is too long"), "context is too long"),
        (Reply::error(401, &format!("bad key {KEY}")), "[redacted:key]"),
        (Reply::error(404, "no such model"), "no such model"),
        (Reply::error(500, "boom"), "boom"),
        (Reply::error(429, "later").header("Retry-After", "999"), "later"),
        (
            Reply::calls("run_student_on_task", "{\"task_id\": \"tra"),
            "no list of clusters",
        ),
        (Reply::calls("rm", "{\"path\": \"/\"}"), "no list of clusters"),
    ] {
        let server = Server::start();
        server.on(DIAGNOSIS, reply);
        student(&server);
        let space = space(&server, "");
        space.replace("kaizen.toml", "[network]", "[network]\nattempts = 2");
        let said = run(&space, &["run"]);
        refused_cleanly(&space, &said, part);
        assert!(!said.err.contains(KEY));
        assert!(
            !lines(&space, "teacher/diagnose.jsonl").is_empty(),
            "{part}: its words are kept"
        );
    }
}

#[test]
fn a_plan_that_cannot_be_read_is_asked_for_once_more() {
    let edit = |payload: Value| {
        json!({"edits": [{"id": "e", "op": "replace_system_prompt", "pillar": "agent", "rationale": "",
        "target": "agents.echo.system_prompt", "payload": payload, "expected_improvement": "c1"}]})
    };
    for (plan, part) in [
        ("no".to_owned(), "contains no JSON"),
        (
            "{\"edits\": [{\"op\": \"replace_system_prompt\"}]}".to_owned(),
            "none of its edits",
        ),
        (plan().to_string()[..60].to_owned(), "cut off"),
    ] {
        let server = Server::start();
        server.on(PLAN, Reply::says(&plan));
        server.on(DIAGNOSIS, Reply::says(&diagnosis()));
        student(&server);
        let space = space(&server, "");
        refused_cleanly(&space, &run(&space, &["run"]), part);
        let calls = lines(&space, "teacher/plan.jsonl");
        assert_eq!((calls.len(), &calls[1]["call"]), (2, &json!("repair")));
    }
    for payload in [
        json!({"new_content": 7}),
        json!("x"),
        json!({"agent": "../../.ssh", "new_content": "mine"}),
    ] {
        let server = Server::start();
        server.on(PLAN, Reply::says(&edit(payload).to_string()));
        server.on(DIAGNOSIS, Reply::says(&diagnosis()));
        student(&server);
        let space = space(&server, "");
        run(&space, &["run"]);
        assert_eq!(space.read("agents/echo/system_prompt.md"), "You are short.\n");
        assert!(!space.root.parent().unwrap().join(".ssh").exists());
    }
}

#[test]
fn the_limit_is_never_passed_and_a_raised_one_goes_on() {
    let server = good_server();
    // A call of the student costs at most 0.000017 dollars, a call of the teacher 0.02.
    // Mode `rule` runs each task once; a second run would be a second call.
    let space = space(&server, "max_cost_usd = 0.0001\n[gate]\nmode = \"rule\"");
    let said = run(&space, &["run"]);
    refused_cleanly(&space, &said, "max_cost_usd = 0.0001");
    assert!((0.00001..=0.0001).contains(&spent(&space)), "{}", spent(&space));
    let asked = server.received().len();
    let again = run(&space, &["run"]);
    assert!(again.err.contains("max_cost_usd"));
    assert_eq!(server.received().len(), asked, "no further request was sent");
    space.replace("kaizen.toml", "max_cost_usd = 0.0001", "max_cost_usd = 1.0");
    run(&space, &["run"]).exits(0);
    assert_eq!(space.artifact("session.json")["benchmark_after"]["overall_score"], 1.0);
    asked_once(&server);
}

#[test]
fn a_model_without_a_price_is_not_asked_under_a_limit() {
    let server = good_server();
    let space = space(&server, "max_cost_usd = 1.0");
    space.replace("kaizen.toml", "gpt-4o-mini", "my-own");
    let said = run(&space, &["run"]);
    refused_cleanly(&space, &said, "[prices.\"my-own\"]");
    assert!(server.received().is_empty());
    space.replace("kaizen.toml", "max_cost_usd = 1.0", "");
    run(&space, &["run"]).exits(0);
    let record = space.artifact("session.json");
    assert_eq!(
        record["spending"]["student"]["cost_usd"],
        Value::Null,
        "an unknown cost is not 0"
    );
}

/// Asserts that no request was sent twice.
#[track_caller]
fn asked_once(server: &Server) {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for received in server.received() {
        *times.entry(received.body).or_default() += 1;
    }
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(
        twice.is_empty(),
        "{} questions were asked twice, such as {:?}",
        twice.len(),
        twice.first()
    );
}

#[test]
fn after_a_kill_nothing_is_paid_twice() {
    let server = good_server();
    let space = space(&server, "");
    let killed = (0..12).filter(|round| run_and_kill(&space, &server, *round)).count();
    assert!(killed >= 3, "only {killed} runs were killed");
    run(&space, &["run"]).exits(0);
    assert_eq!(space.artifact("session.json")["benchmark_after"]["overall_score"], 1.0);
    let (bodies, paid) = (server.received().len(), lines(&space, "spending.jsonl").len());
    let mut unique: Vec<String> = server.received().into_iter().map(|received| received.body).collect();
    unique.sort();
    unique.dedup();
    // Two calls may be in progress when the run is killed. They have to be sent again if the answer was not stored.
    assert!(
        bodies <= unique.len() + 2 * killed,
        "{bodies} sent, {} different, {killed} kills",
        unique.len()
    );
    assert!(paid + 2 * killed >= unique.len(), "{paid} paid");
}

/// Starts a run and kills it after a few more requests; returns whether it was still running.
fn run_and_kill(space: &Space, server: &Server, round: usize) -> bool {
    let before = server.received().len();
    let mut command = space.command(crate::space::KAIZEN, &["run"]);
    command
        .env("MY_KEY", KEY)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    let begin = Instant::now();
    while server.received().len() < before + 1 + round % 3 && begin.elapsed() < Duration::from_secs(20) {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    true
}

#[test]
fn redo_asks_the_teacher_anew_and_nobody_else() {
    let server = good_server();
    let space = space(&server, "");
    run(&space, &["run"]).exits(0);
    let asked = server.received().len();
    run(&space, &["run", "--redo", "plan"]).exits(0);
    let new: Vec<String> = server.received()[asked..]
        .iter()
        .map(|received| received.body.clone())
        .collect();
    assert_eq!(new.len(), 1, "{new:?}");
    assert!(new[0].contains(PLAN));
}

#[test]
fn what_may_pass_is_tried_again_and_what_may_not_is_not() {
    let server = Server::start();
    server.on(
        DIAGNOSIS,
        Reply::error(429, "slow down").header("Retry-After", "1").times(1),
    );
    server.on(DIAGNOSIS, Reply::error(503, "down").times(1));
    server.on(DIAGNOSIS, Reply::says("half").hanging_up().times(1));
    server.on(DIAGNOSIS, Reply::raw(200, "{").times(1));
    server.on(DIAGNOSIS, Reply::says(&diagnosis()));
    server.on(PLAN, Reply::error(422, "no such field"));
    student(&server);
    let space = space(&server, "");
    let said = run(&space, &["run"]);
    refused_cleanly(&space, &said, "no such field");
    let of = |part: &str| {
        server
            .received()
            .iter()
            .filter(|received| received.body.contains(part))
            .count()
    };
    assert_eq!((of(DIAGNOSIS), of(PLAN)), (5, 1));
}

#[test]
fn the_teacher_sees_no_gate_task_and_no_secret() {
    let server = Server::start();
    server.on(PLAN, Reply::says("{\"edits\": []}"));
    let tools = [
        ("list_personal_benchmark", "{}"),
        ("list_traces", "{}"),
        ("get_current_config", "{}"),
    ];
    for (tool, arguments) in tools {
        server.on(DIAGNOSIS, Reply::calls(tool, arguments).times(1));
    }
    server.on(DIAGNOSIS, Reply::says(&diagnosis()));
    student(&server);
    let space = space(&server, "");
    let config = "[agent]\ndefault_agent = \"echo\"\n\n[engine]\napi_key = \"sk-abcdefghijklmnopqrstuvwxyz\"\n";
    space.write("config.toml", config);
    let trace = json!({"trace_id": "t2", "query": "Say  ELM.", "outcome": "failure", "result": "a gate question"});
    let mine = json!({"trace_id": "t3", "query": "Write to ada@example.org from /home/ada.", "outcome": "failure"});
    space.write("traces/more.jsonl", &format!("{trace}\n{mine}\n"));
    space.commit_all("A key in the configuration");
    run(&space, &["run"]).exits(0);
    let to_teacher: String = server
        .received()
        .iter()
        .filter(|received| received.body.contains("gpt-4o\""))
        .map(|received| received.body.clone())
        .collect();
    assert!(to_teacher.contains("train-0") && to_teacher.contains("[redacted:email]"));
    for hidden in [
        "gate-1",
        "Say elm",
        "Say  ELM",
        "a gate question",
        "sk-abcdef",
        "ada@example.org",
        "/home/ada",
    ] {
        assert!(!to_teacher.contains(hidden), "{hidden}");
    }
}

#[test]
fn a_student_whose_question_is_changed_is_told_of() {
    for (more, told) in [
        ("[privacy]\nredact_student = true", true),
        ("[privacy]\nredact = ['\\w+@\\S+']", true),
        ("", false),
        ("[privacy]\nexempt = [\"student\"]", false),
    ] {
        let server = good_server();
        let space = space(&server, "");
        space.replace("kaizen.toml", "[network]", &format!("{more}\n[network]"));
        space.write(
            "agents/echo/system_prompt.md",
            "You are short. Mail goes to ada@example.org.\n",
        );
        let said = run(&space, &["eval"]).exits(0);
        assert_eq!(said.err.contains("redact_student"), told, "{}", said.err);
        let sent = server
            .received()
            .iter()
            .all(|received| received.body.contains("ada@example.org"));
        assert_eq!(sent, !told);
    }
}

#[test]
fn an_answer_that_comes_too_late_counts_against_the_limit() {
    let server = Server::start();
    server.on(DIAGNOSIS, Reply::says(&diagnosis()).after(Duration::from_secs(3)));
    student(&server);
    let space = space(&server, "max_cost_usd = 1.0");
    space.replace(
        "kaizen.toml",
        "[network]",
        "[network]\nattempts = 2\ntimeout_seconds = 1",
    );
    let said = run(&space, &["run"]);
    refused_cleanly(&space, &said, "may have been charged for");
    let late: Vec<Value> = lines(&space, "spending.jsonl")
        .into_iter()
        .filter(|line| line["role"] == "teacher")
        .collect();
    assert_eq!(late.len(), 2, "each attempt may have been charged for");
    assert!(late[0]["cost_usd"].is_null() && late[0]["estimated_usd"].as_f64().unwrap() > 0.0);
}
