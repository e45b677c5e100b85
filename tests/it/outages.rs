//! Outages and refused requests, tested through the program: they are no scores, are not remembered, and end a command
//! early with their reason.

use serde_json::{Value, json};

use crate::server::{Reply, Server};
use crate::space::{Space, edit};

/// Settings of an agent that answers after one request.
const CONFIG: &str =
    "[intelligence]\ndefault_model = \"m\"\n[agent]\ndefault_agent = \"echo\"\n[agent.echo]\ntop_p = 0.5\n";

/// A workspace with twelve tasks, whose answer is `Paris`, and a teacher that works by files.
fn space(student: &str) -> Space {
    let space = Space::empty();
    space.git(&["init", "-q", "-b", "main"]);
    space.write(
        "kaizen.toml",
        &format!(
            "version = 1\n[session]\nmin_traces = 1\nautonomy = \"auto\"\n[teacher]\nengine = \"files\"\n\
             [network]\nattempts = 2\nmax_wait_seconds = 1\n[student]\n{student}\n"
        ),
    );
    space.write("config.toml", CONFIG);
    space.write("agents/echo/system_prompt.md", "You are short.\n");
    let task = |at: usize| {
        let split = ["train", "gate"][at % 2];
        let task = json!({"task_id": format!("{split}-{at}"), "query": format!("Capital of France? {at}"),
            "reference_answer": "Paris", "category": "towns", "scorer": "exact", "split": split});
        format!("{task}\n")
    };
    space.write("benchmark/tasks.jsonl", &(0..24).map(task).collect::<String>());
    let trace = json!({"trace_id": "t1", "query": "Capital of Spain?", "outcome": "failure", "result": "?"});
    space.write("traces/runs.jsonl", &format!("{trace}\n"));
    space.commit_all("The agent");
    space
}

/// Such a workspace, whose agent is a language model on this server.
pub fn chat(server: &Server, more: &str) -> Space {
    space(&format!(
        "engine = \"chat\"\nmodel = \"m\"\nbase_url = \"{}\"\n{more}",
        server.url()
    ))
}

/// Runs a session up to its plan, which has these edits.
fn plan(space: &Space, edits: &[Value]) {
    space.diagnose_and_plan("t1", "train-0", edits);
}

/// Runs a session with these edits to its end, and returns its outcomes.
fn outcomes(space: &Space, edits: &[Value]) -> Vec<Value> {
    plan(space, edits);
    space.kaizen(&["run"]).exits(0);
    space.outcomes()
}

#[test]
fn an_outage_is_never_a_score_and_is_over_when_it_is_over() {
    let in_choice = json!({"choices": [{"finish_reason": "error", "error": {"code": 502, "message": "Provider returned error"},
        "message": {"role": "assistant", "content": ""}}]});
    for (outage, words) in [
        (Reply::raw(200, in_choice.to_string()), "Provider returned error"),
        (Reply::error(400, "Your credit balance is too low"), "credit balance"),
        (
            Reply::error(404, "The model `m` does not exist."),
            "config.toml `[intelligence] default_model`",
        ),
        (Reply::error(401, "Incorrect API key"), "the key is read from"),
        (
            Reply::raw(200, "<html><head><title>Sign in</title></head>"),
            "an HTML page: Sign in",
        ),
        (Reply::raw(200, json!({"choices": []}).to_string()), "no choice"),
        (Reply::error(400, "no such thing"), "no such thing"),
    ] {
        let server = Server::start();
        server.on("", outage);
        let space = chat(&server, "");
        space.kaizen(&["eval"]).exits(1).says(&[words]);
        space.kaizen(&["run"]).exits(1).says(&[words]);
        let asked = server.received().len();
        assert!(asked < 50, "{words}: {asked} requests");
        server.forget_rules();
        server.on("", Reply::says("Paris"));
        let said = space.kaizen(&["eval"]).exits(0).out;
        assert!(said.contains("100.0 % over 12 tasks"), "{words}: {said}");
    }
}

#[test]
fn a_program_reports_an_outage_of_its_service() {
    let space = space("engine = \"command\"\nrun = [\"sh\", \"agent.sh\"]\n");
    space.write(
        "agent.sh",
        "cat > /dev/null; cat \"$HOME/said\"; exit $(cat \"$HOME/code\" || echo 0)\n",
    );
    let says = |text: &str, code: &str| {
        std::fs::write(space.home.join("said"), text).unwrap();
        std::fs::write(space.home.join("code"), code).unwrap();
    };
    for (text, code, words) in [
        (
            r#"{"type": "result", "subtype": "success", "is_error": true, "result": "API Error: Rate limit reached"}"#,
            "0",
            "Rate limit reached",
        ),
        (
            r#"{"type": "result", "is_error": true, "result": "Credit balance is too low"}"#,
            "1",
            "Credit balance",
        ),
        (
            "{\"type\": \"thread.started\"}\n{\"type\": \"turn.failed\", \"error\": {\"message\": \"You've hit your usage limit.\"}}",
            "1",
            "usage limit",
        ),
        (
            r#"{"error": {"type": "FatalAuthenticationError", "message": "no login", "code": 41}}"#,
            "41",
            "no login",
        ),
    ] {
        says(text, code);
        space.kaizen(&["eval"]).exits(1).says(&[words]);
        space.kaizen(&["run"]).exits(1).says(&[words]);
    }
    says(
        r#"{"type": "result", "subtype": "error_max_turns", "is_error": true}"#,
        "0",
    );
    let said = space.kaizen(&["eval"]).exits(0).out;
    assert!(said.contains("0.0 % over 12 tasks"), "the agent's own failure: {said}");
    space.write("agent.sh", "cat > /dev/null; echo Paris\n");
    let said = space.kaizen(&["eval"]).exits(0).out;
    assert!(said.contains("100.0 % over 12 tasks"), "{said}");
}

/// Edits after which the server refuses each request, with its words.
fn refused_edits() -> Vec<(Value, &'static str, Reply, &'static str)> {
    let param = |name: &str, value: Value| {
        edit(
            "e",
            "set_agent_param",
            &format!("agents.echo.{name}"),
            json!({"agent": "echo", "param": name, "value": value}),
        )
    };
    let model = json!({"query_class": "short", "model": "nobody-has-it"});
    vec![
        (
            param("temperature", json!(1.5)),
            "\"temperature\":1.5",
            Reply::error(
                400,
                "Unsupported value: 'temperature' does not support 1.5 with this model.",
            ),
            "config.toml `[agent.echo] temperature`",
        ),
        (
            edit("e", "set_model_for_query_class", "r", model),
            "nobody-has-it",
            Reply::error(404, "The model `nobody-has-it` does not exist."),
            "nobody-has-it` does not exist",
        ),
        (
            edit(
                "e",
                "replace_system_prompt",
                "agents.echo.system_prompt",
                json!({"new_content": "A long story.\n"}),
            ),
            "A long story",
            Reply::error(400, "This model's maximum context length is 10 tokens."),
            "agents/echo/system_prompt.md",
        ),
    ]
}

#[test]
fn an_edit_whose_requests_the_server_refuses_is_inapplicable() {
    let modes = ["exact", "sequential", "rule"];
    for (at, (edit, mark, reply, words)) in refused_edits().into_iter().enumerate() {
        // Every mode for the first edit, and one for each of the others.
        let modes = if at == 0 { &modes[..] } else { &modes[at % 3..=at % 3] };
        for mode in modes {
            let (edit, reply) = (edit.clone(), reply.clone());
            let server = Server::start();
            server.on(mark, reply).on("", Reply::says("London"));
            let space = chat(&server, &format!("[gate]\nmode = \"{mode}\"\n"));
            let outcomes = outcomes(&space, &[edit]);
            assert_eq!(outcomes[0]["status"], "inapplicable", "{mode} {mark}: {}", outcomes[0]);
            let error = outcomes[0]["error"].as_str().unwrap();
            assert!(error.contains("HTTP 4") && error.contains(words), "{mode}: {error}");
            let asked = server.received().iter().filter(|one| one.body.contains(mark)).count();
            assert!(asked <= 16, "{mode} {mark}: {asked} requests");
        }
    }
}

/// A server that goes out of order refuses everybody, the current harness too.
#[test]
fn an_outage_in_mid_session_is_never_the_fault_of_an_edit() {
    let text = json!({"new_content": "You are brief.\n"});
    let edit = edit("e", "replace_system_prompt", "agents.echo.system_prompt", text);
    let expired = json!([{"error": {"code": 400, "message": "API key expired. Please renew the API key.", "status": "INVALID_ARGUMENT"}}]);
    for (mode, outage, words) in [
        ("exact", Reply::error(404, "model 'm' not found"), "model 'm' not found"),
        ("sequential", Reply::error(400, "No models loaded."), "No models loaded"),
        (
            "rule",
            Reply::error(400, "This model's maximum context length is 4 tokens."),
            "maximum context length",
        ),
        ("exact", Reply::raw(400, expired.to_string()), "API key expired"),
        ("exact", Reply::error(503, "Service Unavailable"), "HTTP 503"),
        ("sequential", Reply::error(503, "Service Unavailable"), "HTTP 503"),
    ] {
        let server = Server::start();
        server.on("", Reply::says("London"));
        let space = chat(&server, &format!("[gate]\nmode = \"{mode}\"\n"));
        plan(&space, std::slice::from_ref(&edit));
        server.forget_rules();
        server.on("", outage);
        space.kaizen(&["run"]).exits(1).says(&[words]);
        server.forget_rules();
        server.on("brief", Reply::says("Paris")).on("", Reply::says("London"));
        space.kaizen(&["run"]).exits(0);
        let outcome = &space.outcomes()[0];
        assert_eq!(outcome["status"], "applied", "{mode} {words}: {outcome}");
    }
}

#[test]
fn what_the_current_harness_is_refused_is_an_error_that_names_file_and_key() {
    let server = Server::start();
    server
        .on(
            "top_p",
            Reply::error(400, "Unsupported parameter: 'top_p' is not supported with this model."),
        )
        .on("\"temperature\":0.1", Reply::error(400, "'temperature' must be 1"))
        .on("", Reply::says("Paris"));
    let space = chat(&server, "temperature = 0.1\n");
    space
        .kaizen(&["run"])
        .exits(1)
        .says(&["top_p", "config.toml `[agent.echo] top_p`"]);
    space.write("config.toml", "[agent]\ndefault_agent = \"echo\"\n");
    space.commit_all("no top_p");
    space
        .kaizen(&["run"])
        .exits(1)
        .says(&["'temperature' must be 1", "[student] temperature in kaizen.toml"]);
}

#[test]
fn what_the_answer_does_not_depend_on_is_left_out_once_and_said() {
    let server = Server::start();
    server
        .on(
            "\"seed\"",
            Reply::error(400, "Unrecognized request argument supplied: seed"),
        )
        .on(
            "\"max_tokens\"",
            Reply::error(
                400,
                "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
            ),
        )
        .on("", Reply::says("Paris"));
    let space = chat(&server, "temperature = 0.7\nmax_tokens = 50\nconcurrency = 1\n");
    let said = space.kaizen(&["eval"]).exits(0);
    assert!(said.out.contains("100.0 % over 12 tasks"), "{}", said.out);
    let lines = said.err.lines().filter(|line| line.contains("kaizen")).count();
    assert_eq!(lines, 2, "one line for each: {}", said.err);
    let bodies: Vec<String> = server.received().into_iter().map(|one| one.body).collect();
    assert_eq!(bodies.len(), 12 + 2, "remembered");
    assert!(
        bodies[2..]
            .iter()
            .all(|body| body.contains("\"max_completion_tokens\":50") && !body.contains("seed"))
    );
    // The next process knows it, until its file is deleted.
    space.write("agents/echo/system_prompt.md", "You are brief.\n");
    let said = space.kaizen(&["eval"]).exits(0);
    assert!(!said.err.contains("does not depend"), "{}", said.err);
    assert_eq!(server.received().len(), 2 * 12 + 2);
    std::fs::remove_file(space.root.join(".kaizen/cache/rejected.jsonl")).unwrap();
    space.write("agents/echo/system_prompt.md", "You are terse.\n");
    let said = space.kaizen(&["eval"]).exits(0);
    assert!(said.err.contains("does not depend"), "{}", said.err);
    assert_eq!(server.received().len(), 3 * 12 + 4, "each field is refused once more");
}

#[test]
fn a_query_that_is_too_long_is_left_out_and_the_others_are_scored() {
    let server = Server::start();
    server
        .on(
            "France? 3",
            Reply::error(
                400,
                "request (20034 tokens) exceeds the available context size (4096 tokens)",
            ),
        )
        .on("", Reply::says("Paris"));
    let space = chat(&server, "");
    let said = space.kaizen(&["--format", "json", "eval"]).exits(0).out;
    let said: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&said["overall_score"], &said["infra_errors"]),
        (&json!(1.0), &json!(1)),
        "{said}"
    );
}

#[test]
fn a_compressed_reply_is_read() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let body = json!({"choices": [{"message": {"role": "assistant", "content": "Paris"}}]}).to_string();
    std::io::Write::write_all(&mut packed, body.as_bytes()).unwrap();
    let server = Server::start();
    server.on(
        "",
        Reply::raw(200, packed.finish().unwrap()).header("Content-Encoding", "gzip"),
    );
    let said = chat(&server, "").kaizen(&["eval"]).exits(0).out;
    assert!(said.contains("100.0 % over 12 tasks"), "{said}");
}

#[test]
fn the_built_in_teacher_plans_nothing_while_the_student_is_out() {
    let server = Server::start();
    server.on("", Reply::says("Paris"));
    let space = chat(&server, "");
    space.replace("kaizen.toml", "engine = \"files\"", "engine = \"rules\"");
    space.kaizen(&["run", "--until", "baseline"]).exits(0);
    server.forget_rules();
    server.on("", Reply::error(529, "Overloaded"));
    space.kaizen(&["run"]).exits(1).says(&["phase diagnose", "Overloaded"]);
    server.forget_rules();
    server.on("", Reply::says("Paris"));
    space.kaizen(&["run"]).exits(0);
}
