//! Students that are language models or programs, and the judge, tested through the program.

use serde_json::{Value, json};

use crate::server::{Reply, Server};
use crate::space::{Said, Space};

/// A workspace whose student is a language model behind the server.
pub fn chat(server: &Server, more: &str) -> Space {
    let space = Space::new();
    let manifest = format!(
        "[ledger]\nauthor = \"t <t@t>\"\n[student]\nengine = \"chat\"\nmodel = \"own\"\nbase_url = \"{}\"\n{more}",
        server.url()
    );
    space.write("kaizen.toml", &manifest);
    // The settings of `nearest` mean nothing to a server.
    space.write(
        "config.toml",
        "[agent]\ndefault_agent = \"assistant\"\n[agent.assistant]\nclass = \"tool_user\"\ntools = [\"calculator\"]\n",
    );
    space.commit_all("chat");
    space
}

/// Replaces the tasks of the fixture.
pub fn benchmark(space: &Space, tasks: &[Value]) {
    let lines: String = tasks.iter().map(|task| format!("{task}\n")).collect();
    space.write("benchmark/tasks.jsonl", &lines);
}

/// A gate task.
pub fn task(id: &str, query: &str, reference: &str, scorer: &str) -> Value {
    json!({"task_id": id, "query": query, "reference_answer": reference, "scorer": scorer, "split": "gate"})
}

/// The result of `kaizen eval` for the present harness.
pub fn eval(space: &Space, code: i32) -> Value {
    let said = space.kaizen(&["--format", "json", "eval"]).exits(code);
    serde_json::from_str(&said.out).unwrap_or_default()
}

#[test]
fn a_language_model_answers_with_a_tool() {
    let server = Server::start();
    server
        .on("\"role\":\"tool\"", Reply::says("It is 42."))
        .on("times", Reply::calls("calculator", r#"{"a": 6}"#))
        .on("hello", Reply::says("hi"));
    let tool = "[student.tools.calculator]\nrun = [\"sh\", \"tool.sh\"]\n";
    let space = chat(&server, tool);
    space.write("tool.sh", "cat; env\n");
    benchmark(
        &space,
        &[
            task("a", "6 times 7", "42", "number"),
            task("b", "hello", "hi", "exact"),
        ],
    );
    let said = space.kaizen_with("OPENAI_API_KEY", "sk-secret-of-mine", &["--format", "json", "eval"]);
    let said: Value = serde_json::from_str(&said.exits(0).out).unwrap();
    assert_eq!(
        (&said["overall_score"], &said["infra_errors"]),
        (&json!(1.0), &json!(0))
    );

    let received = server.received();
    assert_eq!(received.len(), 3);
    assert!(received.iter().all(
        |one| one.path == "/v1/chat/completions" && one.header("authorization") == Some("Bearer sk-secret-of-mine")
    ));
    let body = received[0].json();
    assert_eq!(body["model"], "own");
    assert!(
        body["messages"][0]["content"]
            .as_str()
            .unwrap()
            .contains("assistant of a house")
    );
    assert_eq!(body["tools"][0]["function"]["name"], "calculator");
    let second = received
        .iter()
        .find(|one| one.body.contains("\"role\":\"tool\""))
        .unwrap();
    assert!(second.body.contains(r#"{\"a\":6}"#), "{}", second.body);
    assert!(
        second.body.contains("PATH=") && !second.body.contains("sk-secret"),
        "{}",
        second.body
    );

    eval(&space, 0);
    assert_eq!(server.received().len(), 3, "no request is sent twice");
}

#[test]
fn who_is_to_blame_for_a_server() {
    let server = Server::start();
    server
        .on("refuse", Reply::error(400, "no such parameter"))
        .on(
            "busy",
            Reply::error(429, "slow down").header("Retry-After", "0").times(2),
        )
        .on("busy", Reply::says("x"))
        .on("broken", Reply::says("x").hanging_up().times(1))
        .on("broken", Reply::says("x"))
        .on("garbage", Reply::raw(200, "<html>"))
        .on("huge", Reply::huge(17 << 20));
    let space = chat(&server, "[network]\nattempts = 3\n");
    let queries = ["refuse", "busy", "broken", "garbage", "huge"];
    let tasks: Vec<Value> = queries.iter().map(|query| task(query, query, "x", "exact")).collect();
    benchmark(&space, &tasks);
    let said = eval(&space, 0);
    // Two tasks are right; the refused one and the two unreadable replies have no score.
    assert_eq!(
        (&said["task_count"], &said["infra_errors"]),
        (&json!(2), &json!(3)),
        "{said}"
    );
    assert_eq!(said["overall_score"].as_f64().unwrap(), 1.0);
}

#[test]
fn a_program_answers_without_keys_but_its_own() {
    let space = Space::new();
    space.write(
        "kaizen.toml",
        "[ledger]\nauthor = \"t <t@t>\"\n[student]\nengine = \"command\"\nrun = [\"sh\", \"agent.sh\"]\nenv = [\"ANTHROPIC_API_KEY\"]\n",
    );
    space.write(
        "agent.sh",
        "cat > /dev/null; test -z \"$OPENAI_API_KEY\" || exit 1; cat \"$KAIZEN_HARNESS/agents/assistant/few_shot.json\" >> seen\n\
         echo \"{\\\"answer\\\": \\\"$ANTHROPIC_API_KEY\\\", \\\"cost_usd\\\": 0.5}\"\n",
    );
    benchmark(&space, &[task("a", "x", "mine", "exact")]);
    let command = || {
        let mut command = space.command(crate::space::KAIZEN, &["--format", "json", "eval"]);
        command
            .env("OPENAI_API_KEY", "sk-other")
            .env("ANTHROPIC_API_KEY", "mine");
        crate::space::Said::of(command.output().unwrap()).exits(0)
    };
    let said: Value = serde_json::from_str(&command().out).unwrap();
    assert_eq!(said["overall_score"], 1.0, "{said}");
    assert_eq!(space.read("seen"), "[]\n");
    command();
    assert_eq!(space.read("seen"), "[]\n", "the program does not run twice");
    let spending = space.read(".kaizen/spending.jsonl");
    assert_eq!(spending.lines().count(), 1);
    assert!(spending.contains("0.5"), "{spending}");
}

/// What the program of each agent prints for a question with the answer `yes`.
const PRINTED: [(&str, &str); 7] = [
    (
        "claude",
        r#"{"type":"result","subtype":"success","is_error":false,"result":"yes","total_cost_usd":0.5,"usage":{"input_tokens":3,"output_tokens":1},"modelUsage":{"claude-opus":{"outputTokens":1}}}"#,
    ),
    (
        "codex",
        "{\"type\":\"thread.started\",\"thread_id\":\"t\"}\n{\"type\":\"item.completed\",\"item\":{\"type\":\"agent_message\",\"text\":\"yes\"}}\n{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":3,\"cached_input_tokens\":0,\"output_tokens\":1}}",
    ),
    (
        "gemini",
        r#"{"response":"yes","stats":{"models":{"gemini-pro":{"tokens":{"prompt":3,"candidates":1,"total":4}}}}}"#,
    ),
    (
        "opencode",
        "{\"type\":\"text\",\"sessionID\":\"s\",\"part\":{\"messageID\":\"m\",\"text\":\"yes\"}}\n{\"type\":\"step_finish\",\"sessionID\":\"s\",\"part\":{\"cost\":0.5,\"tokens\":{\"input\":3,\"output\":1}}}",
    ),
    (
        "amp",
        "{\"type\":\"system\",\"subtype\":\"init\"}\n{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":\"yes\",\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}",
    ),
    (
        "goose",
        "starting session | provider: p model: gpt-4o\n    session id: 1\n\nyes",
    ),
    (
        "aider",
        "Main model: sonnet with diff edit format\n\nyes\n\nTokens: 3 sent, 1 received. Cost: $0.50 message, $0.50 session.",
    ),
];

#[test]
fn what_the_programs_of_agents_print_is_read() {
    let space = Space::new();
    benchmark(&space, &[task("a", "is it?", "yes", "exact")]);
    for (name, printed) in PRINTED {
        for (program, speaks) in [
            (format!("bin/{name}"), String::new()),
            (format!("bin/my-{name}"), format!("speaks = \"{name}\"\n")),
        ] {
            space.write(&program, &format!("#!/bin/sh\ncat <<'E'\n{printed}\nE\n"));
            Said::of(space.bare("chmod", &["+x", &program]).output().unwrap()).exits(0);
            let manifest = format!("[student]\nengine = \"command\"\nrun = [\"./{program}\", \"{{query}}\"]\n{speaks}");
            space.write("kaizen.toml", &manifest);
            space.kaizen(&["trust", "--yes"]).exits(0);
            assert_eq!(eval(&space, 0)["overall_score"], 1.0, "{program}");
        }
    }
    space.replace("kaizen.toml", "speaks = \"aider\"", "speaks = \"text\"");
    space.kaizen(&["trust", "--yes"]).exits(0);
    assert_eq!(
        eval(&space, 0)["overall_score"],
        0.0,
        "all that is printed is the answer"
    );
}

#[test]
fn a_program_that_is_not_there_is_named_before_the_baseline() {
    let space = Space::new();
    space.write(
        "kaizen.toml",
        "[ledger]\nauthor = \"t <t@t>\"\n[student]\nengine = \"command\"\nrun = [\"./no-such-agent\"]\n",
    );
    space.commit_all("command");
    space.kaizen(&["run"]).exits(1).says(&["no-such-agent", "[student]"]);
}

#[test]
fn a_judge_scores() {
    let server = Server::start();
    server
        // The text as it is in the JSON of the request, after the delimiter.
        .on(r"\nthe first", Reply::says("Let me see.").times(1))
        .on("This cannot be read", Reply::says("at_least_as_good"))
        .on("the wrong one", Reply::says(r#"{"verdict": "worse"}"#))
        .on(
            "You judge answers",
            Reply::says(r#"{"reasoning": "", "verdict": "at_least_as_good"}"#),
        )
        .on("second", Reply::says("the wrong one"))
        .on("", Reply::says("four"));
    let space = chat(
        &server,
        &format!("[judge]\nmodel = \"wise\"\nbase_url = \"{}\"\n", server.url()),
    );
    let mut tasks = vec![
        task("a", "the first: 2 + 2?", "4", "judge"),
        task("b", "the second: 2 + 2?", "4", "judge"),
    ];
    for task in &mut tasks {
        task["category"] = task["task_id"].clone();
    }
    benchmark(&space, &tasks);
    let said = eval(&space, 0);
    assert_eq!(said["category_scores"], json!({"a": 1.0, "b": 0.0}), "{said}");
    let judged = server.received();
    let judged: Vec<_> = judged.iter().filter(|one| one.json()["model"] == "wise").collect();
    assert_eq!(judged.len(), 3, "the unreadable verdict was requested again");
    let count = server.received().len();
    eval(&space, 0);
    assert_eq!(server.received().len(), count, "verdicts are cached");
}

#[test]
fn without_a_judge_it_says_so() {
    let space = Space::new();
    let mut tasks: Vec<Value> = space
        .read("benchmark/tasks.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    tasks[0]["scorer"] = "judge".into();
    tasks[0]["split"] = "gate".into();
    benchmark(&space, &tasks);
    space.commit_all("judge");
    space
        .kaizen(&["eval"])
        .exits(0)
        .says(&["scorer `judge`", "[judge] model"]);
    space.kaizen(&["run", "--until", "readiness"]).exits(0);
    let readiness = space.artifact("readiness.json");
    assert!(
        readiness["message"].as_str().unwrap().contains("[judge] model"),
        "{readiness}"
    );
}

#[test]
fn an_interrupted_run_leaves_no_program_behind_and_remembers_no_failure() {
    let space = Space::new();
    space.write(
        "kaizen.toml",
        "[ledger]\nauthor = \"t <t@t>\"\n[student]\nengine = \"command\"\nrun = [\"sh\", \"agent.sh\"]\nconcurrency = 1\n",
    );
    space.write(
        "agent.sh",
        "[ -e quick ] || while :; do echo >> beats; sleep 0.02; done\necho four\n",
    );
    benchmark(&space, &[task("a", "2 + 2?", "four", "exact")]);
    space.commit_all("slow");
    let mut command = space.command(crate::space::KAIZEN, &["eval"]);
    let child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let beats = || std::fs::metadata(space.root.join("beats")).map_or(0, |file| file.len());
    while beats() < 3 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let process = child.id().to_string();
    let signal = crate::space::interrupt();
    space.command("kill", &["-s", signal, &process]).status().unwrap();
    let said = crate::space::Said::of(child.wait_with_output().unwrap());
    assert_eq!(said.code, None, "the signal ended it");
    let last = said.err.lines().last().unwrap();
    assert_eq!(
        last,
        "interrupted: the answers so far are kept; `kaizen eval` continues"
    );
    let then = beats();
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(beats(), then, "the program still runs");
    space.write("quick", "");
    assert_eq!(
        eval(&space, 0)["overall_score"],
        1.0,
        "an interrupted attempt is not cached"
    );
}

#[test]
fn a_sandbox_contains_the_candidate_alone_and_leaves_nothing() {
    let space = Space::new();
    let place = space.root.parent().unwrap().join("place");
    std::fs::create_dir(&place).unwrap();
    // Right only in a fresh repository outside the workspace with nothing but the harness.
    let script = "test \"$PWD\" = \"$KAIZEN_HARNESS\" && test \"$PWD/x\" = \"$OWN\" && test \"$(git rev-parse --show-toplevel)\" = \"$PWD\" \\\n\
         && test -z \"$(git status --porcelain)\" && test \"$(ls | tr '\\n' ' ')\" = 'agents config.toml tools ' \\\n\
         && test \"$(dirname \"$PWD\")\" = \"$PLACE\" && touch notes.txt && echo lights_on\n";
    space.write("agent.sh", &format!("#!/bin/sh\n{script}"));
    std::process::Command::new("chmod")
        .args(["+x", "agent.sh"])
        .current_dir(&space.root)
        .status()
        .unwrap();
    let manifest = space.read("kaizen.toml");
    let place_text = place.canonicalize().unwrap().display().to_string();
    space.write(
        "kaizen.toml",
        &format!(
            "{manifest}[student]\nengine = \"command\"\nrun = [\"./agent.sh\", \"{{query}}\"]\n[student.set]\nOWN = \"{{sandbox}}/x\"\n\
             PLACE = \"{place_text}\"\n[student.sandbox]\nplace = \"{place_text}\"\n"
        ),
    );
    let queries = [
        "please switch the lamp on in the hall",
        "please switch the lamp on in the attic",
    ];
    let tasks: Vec<Value> = queries
        .iter()
        .map(|query| task(query, query, "lights_on", "exact"))
        .collect();
    benchmark(&space, &tasks);
    space.commit_all("sandbox");
    let said = eval(&space, 0);
    assert_eq!(
        (&said["overall_score"], &said["infra_errors"]),
        (&json!(1.0), &json!(0)),
        "{said}"
    );
    assert_eq!(space.git(&["status", "--porcelain"]), "");
    assert_eq!(std::fs::read_dir(&place).unwrap().count(), 0);

    std::fs::write(space.root.parent().unwrap().join("AGENTS.md"), "above").unwrap();
    space
        .kaizen(&["eval"])
        .exits(1)
        .says(&["would also read", "AGENTS.md", "[student.sandbox] place"]);
}
