//! The server for the Model Context Protocol, tested with a small client, and the skill for agents without MCP.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::space::{KAIZEN, Space, bold, names, shots};

/// A client and its server.
pub struct Client {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    number: u64,
    /// The note beside the last answer, if it was a part.
    note: Value,
}

impl Client {
    pub fn start(space: &Space) -> Self {
        Self::named(space, "tester", "2025-06-18")
    }

    fn named(space: &Space, name: &str, version: &str) -> Self {
        let mut command = space.command(KAIZEN, &["mcp"]);
        let mut child = command
            .env_remove("KAIZEN_NOW")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut client = Self {
            input: child.stdin.take(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
            number: 0,
            note: Value::Null,
        };
        let hello =
            json!({"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": name, "version": "1"}});
        let met = client.ask("initialize", hello);
        assert_eq!(met["result"]["protocolVersion"], version);
        assert_eq!(met["result"]["serverInfo"]["name"], "kaizen", "{met}");
        assert_eq!(met["result"]["serverInfo"]["version"], env!("CARGO_PKG_VERSION"));
        client.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        client
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.input.as_mut().unwrap(), "{message}").unwrap();
    }

    /// Sends a line of any bytes; returns the next line of the server.
    fn raw(&mut self, line: &[u8]) -> Value {
        let input = self.input.as_mut().unwrap();
        input.write_all(line).unwrap();
        input.write_all(b"\n").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.number += 1;
        let number = self.number;
        self.send(&json!({"jsonrpc": "2.0", "id": number, "method": method, "params": params}));
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the server has exited");
            // stdout must contain only messages of the protocol.
            let said: Value = serde_json::from_str(&line).unwrap();
            if said["id"] == number {
                return said;
            }
        }
    }

    /// Calls a tool; returns its text, parsed if it is JSON, and whether the call failed.
    pub fn call(&mut self, tool: &str, arguments: Value) -> (Value, bool) {
        let begun = Instant::now();
        let said = self.ask("tools/call", json!({"name": tool, "arguments": arguments}));
        assert!(begun.elapsed() < Duration::from_secs(20), "{tool}");
        let result = &said["result"];
        self.note = result["content"][1]["text"]
            .as_str()
            .map_or(Value::Null, |note| serde_json::from_str(note).unwrap());
        let text = result["content"][0]["text"]
            .as_str()
            .unwrap_or_else(|| panic!("{said}"));
        let value = serde_json::from_str(text).unwrap_or_else(|_| text.into());
        (value, result["isError"] == true)
    }

    #[track_caller]
    pub fn good(&mut self, tool: &str, arguments: Value) -> Value {
        let (value, failed) = self.call(tool, arguments);
        assert!(!failed, "{tool}: {value}");
        value
    }

    #[track_caller]
    fn bad(&mut self, tool: &str, arguments: Value) -> Value {
        let (value, failed) = self.call(tool, arguments);
        assert!(failed, "{tool}: {value}");
        value
    }

    /// Runs the session until it settles.
    pub fn run(&mut self) -> Value {
        assert_eq!(self.good("start_benchmark", json!({}))["started"], true);
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let news = self.good("poll_benchmark", json!({"wait_seconds": 5}));
            assert!(Instant::now() < end, "{news}");
            if news["running"] == false {
                return news["result"].clone();
            }
        }
    }

    pub fn end(mut self) -> Option<i32> {
        drop(self.input.take());
        self.child.wait().unwrap().code()
    }
}

/// The problems of a refused submission.
fn problems(said: &Value) -> Vec<&str> {
    let all = said["problems"].as_array().unwrap();
    all.iter().filter_map(Value::as_str).collect()
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn diagnosis() -> Value {
    let cluster =
        json!({"id": "home", "description": "shy", "student_failure_rate": 1.0, "sample_trace_ids": ["run-001"]});
    json!({"narrative": "# Too shy\n\nIt refuses.", "clusters": [cluster]})
}

#[test]
fn a_session_from_the_first_look_to_commits() {
    // The manifest selects the embedded teacher, but the client is the teacher.
    let space = Space::new();
    let mut client = Client::start(&space);
    let tools = client.ask("tools/list", json!({}));
    assert_eq!(tools["result"]["tools"].as_array().unwrap().len(), 16);
    assert_eq!(client.good("session_status", json!({}))["session"], Value::Null);
    let traces = client.good("list_traces", json!({"limit": 3}));
    assert_eq!(traces.as_array().unwrap().len(), 3);
    assert_eq!(
        client.good("session_status", json!({}))["next"],
        "examine the evidence, then submit_diagnosis"
    );
    let missing = client.bad("get_trace", json!({"trace_id": "nope"}));
    assert_eq!(missing["error"], "Trace nope not found");
    client.bad("list_traces", json!({"limit": "three"}));
    client.bad("submit_plan", json!({"edits": [bold()]}));
    client.good("submit_diagnosis", diagnosis());
    client.good("submit_plan", json!({"edits": [bold(), shots()]}));
    let result = client.run();
    assert_eq!(
        (&result["status"], result["outcomes"].as_array().unwrap().len()),
        (&json!("awaiting_review"), 2)
    );
    assert!(
        result["score_after"].as_f64() > result["score_before"].as_f64(),
        "{result}"
    );
    assert_eq!(space.statuses()["bold"], "applied");
    assert_eq!(space.artifact("plan.json")["teacher_model"], "mcp: tester");
    let log = space.read(&format!("{}/teacher/diagnose.jsonl", space.session()));
    assert!(log.lines().count() == 4 && log.contains("list_traces"), "{log}");
    assert!(
        log.contains("\"call\":\"submit_plan\",\"file\":\"plan.json\",\"by\":\"mcp: tester\""),
        "{log}"
    );
    let evidence = space.read(&format!("{}/evidence.jsonl", space.session()));
    assert_eq!(
        evidence.lines().count(),
        4,
        "the traces that the client has seen, and the one in the cluster"
    );
    assert_eq!(client.end(), Some(0));
    // The embedded teacher does not overwrite the client's files.
    assert_eq!(space.run(&[]).exits(3).phases(), Vec::<String>::new());
    space.kaizen(&["verify"]).exits(0);
    assert_eq!(space.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_session_outlives_its_client_and_the_next_begins_another() {
    let space = Space::new();
    let mut client = Client::start(&space);
    client.good("list_personal_benchmark", json!({}));
    client.good("submit_diagnosis", diagnosis());
    assert_eq!(client.end(), Some(0));
    // `kaizen run` resumes the session but waits for the client's plan.
    let said = space.run(&[]).exits(3);
    assert_eq!(said.events().pop().unwrap()["waits_for_file"], "plan.json");
    let mut client = Client::start(&space);
    assert_eq!(client.good("session_status", json!({}))["next"], "submit_plan");
    client.good("submit_plan", json!({"edits": [bold()]}));
    assert_eq!(client.run()["status"], "completed");
    let second = client.good("submit_diagnosis", diagnosis());
    assert_eq!(names(&space.root.join("sessions")).len(), 2, "{second}");
}

#[test]
fn nothing_is_written_of_what_is_wrong() {
    let space = Space::new();
    let mut client = Client::start(&space);
    for wrong in [
        json!({}),
        json!({"narrative": "x"}),
        json!({"markdown": "no block"}),
        json!({"narrative": "x", "clusters": [{"id": "a", "description": "b", "student_failure_rate": 7}]}),
        json!({"narrative": "x", "clusters": [], "sessions": "../.."}),
    ] {
        client.bad("submit_diagnosis", wrong);
    }
    client.good("submit_diagnosis", diagnosis());
    let before = space.state();
    let mut outside = bold();
    outside["payload"]["model"] = "a\u{0}b".into();
    outside["id"] = "nul".into();
    let hostile = super::space::hostile();
    let said = client.bad("submit_plan", json!({"edits": [bold(), hostile, outside]}));
    let problems = problems(&said);
    assert!(
        problems.len() == 2 && problems[0].contains("hostile") && problems[1].contains("nul"),
        "{problems:?}"
    );
    client.bad("submit_plan", json!({"edits": vec![bold(); 11]}));
    client.bad("submit_plan", json!({"edits": "all"}));
    assert_eq!(space.state(), before);
    let unknown = client.ask("tools/call", json!({"name": "nope", "arguments": {}}));
    assert_eq!(unknown["error"]["code"], -32602);
}

#[test]
fn no_tool_shows_a_held_out_task() {
    let space = Space::new();
    // A past run that answered a gate task is not evidence.
    let gate = "{\"trace_id\": \"leak\", \"query\": \"Please switch the lamp on in the HALL\", \"result\": \"lights_on\", \"started_at\": 1900000000}\n";
    space.write("traces/more.jsonl", gate);
    space.commit_all("a leak");
    let mut client = Client::start(&space);
    for (tool, arguments) in [
        ("list_traces", json!({"limit": 100})),
        ("search_traces", json!({"query": "hall"})),
        ("search_traces", json!({"query": "leak"})),
        ("list_personal_benchmark", json!({"limit": 100})),
    ] {
        let said = client.good(tool, arguments).to_string();
        assert!(
            !said.contains("leak") && !said.contains("HALL") && !said.contains("in the hall"),
            "{said}"
        );
    }
    assert_eq!(
        client.bad("get_trace", json!({"trace_id": "leak"}))["error"],
        "Trace leak not found"
    );
    assert_eq!(
        client.bad("run_student_on_task", json!({"task_id": "home-1"}))["error"],
        "Task home-1 not found in benchmark"
    );
}

#[test]
fn a_workspace_that_is_not_ready_says_so() {
    let space = Space::new();
    space.write("traces/runs.jsonl", "");
    space.commit_all("no traces");
    let mut client = Client::start(&space);
    let said = client.bad("list_traces", json!({}));
    assert!(said["error"].as_str().unwrap().contains("traces"), "{said}");
}

/// The skill names commands that exist, and has the front matter that agents need to find it.
#[test]
fn the_skill_tells_what_there_is() {
    let space = Space::new();
    space.kaizen(&["init", "--skill"]).exits(0);
    space.kaizen(&["init", "--skill"]).exits(0);
    let skill = space.read(".claude/skills/kaizen/SKILL.md");
    let front = skill.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap().0;
    let keys: Vec<&str> = front
        .lines()
        .filter_map(|line| Some(line.split_once(": ")?.0))
        .collect();
    assert_eq!(keys, ["name", "description"]);
    let help = space.kaizen(&["--help"]).exits(0).out;
    let words = skill
        .split("kaizen ")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_lowercase()).next());
    let named: std::collections::BTreeSet<&str> = words.filter(|word| !word.is_empty()).collect();
    for command in [
        "brief", "run", "show", "status", "log", "traces", "review", "accept", "reject",
    ] {
        assert!(named.contains(command), "{command}: {named:?}");
        assert!(help.contains(&format!("\n  {command} ")), "{command}");
    }
    space.write("elsewhere/SKILL.md", "mine");
    space
        .kaizen(&["init", "--skill", "elsewhere"])
        .exits(2)
        .says(&["already exists"]);
    assert_eq!(space.read("elsewhere/SKILL.md"), "mine");
}

#[test]
fn what_would_run_needs_trust_and_what_reads_does_not() {
    let space = Space::new();
    let manifest = space.read("kaizen.toml");
    space.write(
        "kaizen.toml",
        &format!("{manifest}[student]\nengine = \"command\"\nrun = [\"sh\", \"student.sh\"]\n"),
    );
    space.write("student.sh", "touch \"$HOME/ran\"; echo '{\"answer\": \"x\"}'\n");
    let mut client = Client::start(&space);
    space.untrusted(&["trust", "--revoke"]).exits(0);
    for (tool, arguments) in [
        ("run_student_on_task", json!({"task_id": "home-0"})),
        ("submit_diagnosis", json!({"markdown": "x"})),
    ] {
        let (said, failed) = client.call(tool, arguments);
        assert!(
            failed && said["error"].as_str().unwrap().contains("kaizen trust"),
            "{tool}: {said}"
        );
    }
    let (said, failed) = client.call("session_status", json!({}));
    assert!(!failed && said["session"].is_null(), "{said}");
    assert!(!space.home.join("ran").exists() && !space.root.join("sessions").exists());
}

/// Read-only tools, which clients call without asking the user, create, run and send nothing, even in a new workspace.
#[test]
fn a_tool_that_says_it_only_reads_leaves_no_trace() {
    let space = Space::new();
    let student = "[student]\nengine = \"command\"\nrun = [\"sh\", \"-c\", \"touch ran; echo '{}'\"]\n";
    let manifest = space.read("kaizen.toml");
    space.write("kaizen.toml", &format!("{manifest}{student}"));
    space.commit_all("a student that leaves a trace");
    let everything = || {
        let entries = walkdir::WalkDir::new(&space.root)
            .sort_by_file_name()
            .into_iter()
            .map(Result::unwrap);
        let outside_git = entries.filter(|entry| !entry.path().starts_with(space.root.join(".git")));
        outside_git.map(|entry| entry.path().to_owned()).collect::<Vec<_>>()
    };
    let before = everything();
    let mut client = Client::start(&space);
    let tools = client.ask("tools/list", json!({}))["result"]["tools"].clone();
    let mut read_only = 0;
    for tool in tools.as_array().unwrap() {
        let (name, hints) = (tool["name"].as_str().unwrap(), &tool["annotations"]);
        assert_eq!(hints["openWorldHint"] == true, hints["readOnlyHint"] == false, "{name}");
        assert_eq!(hints["destructiveHint"] == true, name == "start_benchmark", "{name}");
        if hints["readOnlyHint"] != true {
            continue;
        }
        read_only += 1;
        let arguments = match name {
            "get_trace" => json!({"trace_id": "run-001"}),
            "search_traces" => json!({"query": "lamp"}),
            "get_agent_prompt" => json!({"agent_name": "assistant"}),
            "get_tool_description" => json!({"tool_name": "calculator"}),
            "run_self_on_task" => {
                let tasks = client.good("list_personal_benchmark", json!({"limit": 1}));
                json!({"task_id": tasks[0]["task_id"]})
            }
            "poll_benchmark" => json!({"wait_seconds": 0}),
            _ => json!({}),
        };
        client.good(name, arguments);
        assert_eq!(everything(), before, "{name}");
    }
    assert_eq!(read_only, 11);
    client.bad("submit_plan", json!({"edits": [bold()]}));
    assert_eq!(everything(), before, "a plan without a diagnosis starts nothing");
}

#[test]
fn submissions_are_checked_by_field_and_lists_may_be_text() {
    let space = Space::new();
    let mut client = Client::start(&space);
    let cluster = |id: &str, words: &str| json!({"id": id, "description": words, "student_failure_rate": 1.0, "sample_trace_ids": ["run-001"]});
    let words = "writes\n```json\n{}\n``` in place of {}, and leaves ``` behind";
    let twice = client.bad(
        "submit_diagnosis",
        json!({"narrative": "Shy.", "clusters": [cluster("home", "a"), cluster("home", "b")]}),
    );
    assert_eq!(
        twice["problems"],
        json!(["clusters[1]: the id `home` is also that of cluster 1"])
    );
    let lacks = client.bad(
        "submit_diagnosis",
        json!({"narrative": "Shy.", "clusters": [{"id": "parcel"}]}),
    );
    let missing = ["description", "student_failure_rate"].map(|name| format!("`clusters[0].{name}` is missing"));
    assert_eq!(lacks["problems"], json!(missing));
    let packed = json!([cluster("home", words)]).to_string();
    client.good(
        "submit_diagnosis",
        json!({"narrative": "Shy.", "clusters": packed, "markdown": ""}),
    );
    let mut nobody = crate::space::edit(
        "nobody",
        "set_agent_param",
        "agents.assistent.max_turns",
        json!({"agent": "assistent", "param": "max_turns", "value": 9}),
    );
    let refused = client.bad("submit_plan", json!({"edits": [nobody.clone()]}));
    assert!(
        refused["problems"][0]
            .as_str()
            .unwrap()
            .contains("there is no agent `assistent`"),
        "{refused}"
    );
    nobody["payload"] = json!(json!({"agent": "assistant", "param": "max_turns", "value": 9}).to_string());
    nobody["target"] = "agents.assistant.max_turns".into();
    nobody["risk_tier"] = "manual".into();
    nobody["expected_improvement"] = "elsewhere".into();
    let taken = client.good("submit_plan", json!({"edits": json!([nobody]).to_string()}));
    let notes = taken["notes"].to_string();
    assert!(
        notes.contains("not a cluster of the diagnosis") && notes.contains("does not count"),
        "{notes}"
    );
    assert_eq!(space.artifact("plan.json")["failure_clusters"][0]["description"], words);
}

/// Every line is answered as JSON-RPC demands, and the next one is served. `request_table_tests.rs` has the whole table.
#[test]
fn malformed_lines_are_answered_and_survived() {
    let space = Space::new();
    let mut client = Client::start(&space);
    let long = [
        &b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\""[..],
        &vec![b'x'; 9 << 20],
        b"\"}",
    ]
    .concat();
    for (line, code) in [
        (&b"garbage"[..], -32700),
        (b"{\"jsonrpc\":\"2.0\",\"method\":\"x\"}\n\r\n[]", -32600),
        (&long, -32600),
    ] {
        let said = client.raw(line);
        assert_eq!((&said["id"], &said["error"]["code"]), (&Value::Null, &json!(code)));
    }
    let named = b"{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"tools/call\",\"params\":{\"name\":\"search_traces\",";
    for query in [&b"\"lamp \\ud83d\""[..], b"\"lamp \xff\""] {
        let said = client.raw(&[&named[..], b"\"arguments\":{\"query\":", query, b"}}}"].concat());
        assert_eq!(
            (&said["id"], &said["result"]["isError"]),
            (&json!("a"), &json!(false)),
            "{said}"
        );
    }
    assert_eq!(client.ask("tools/list", json!([1]))["error"]["code"], -32602);
    assert_eq!(client.end(), Some(0));
    let mut old = Client::named(&space, "old", "2025-03-26");
    let both = old.raw(b"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"},{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/list\"}]");
    let mut ids: Vec<i64> = both
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["id"].as_i64())
        .collect();
    ids.sort();
    assert_eq!(ids, [1, 2]);
    let oldest = Client::named(&space, "oldest", "2024-11-05").ask("tools/list", json!({}));
    assert!(oldest["result"]["tools"][0].get("annotations").is_none());
}

#[test]
fn long_answers_come_in_parts() {
    let space = Space::new();
    let config = space.read("config.toml");
    let models: String = (0..4000)
        .map(|number| format!("[models.m{number}]\nk = {number}\n"))
        .collect();
    space.write("config.toml", &format!("{config}\n{models}"));
    space.commit_all("many models");
    let mut client = Client::start(&space);
    let (mut ids, mut offset) = (Vec::new(), json!(0));
    while offset != Value::Null {
        let page = client.good(
            "list_traces",
            json!({"limit": "5", "offset": offset, "agent": "", "min_feedback": null}),
        );
        ids.extend(page.as_array().unwrap().iter().map(|trace| trace["trace_id"].clone()));
        assert_eq!(client.note["total"], client.note["total"].as_u64().unwrap());
        offset = client.note["next_offset"].clone();
    }
    let total = client.note["total"].as_u64().unwrap() as usize;
    let distinct: std::collections::BTreeSet<String> = ids.iter().map(Value::to_string).collect();
    assert!(ids.len() == total && distinct.len() == total && total > 5, "{total}");
    let whole = space.read("config.toml");
    let (mut read, mut offset) = (String::new(), json!(0));
    while offset != Value::Null {
        let part = client.good("get_current_config", json!({"offset": offset}));
        assert!(part.as_str().unwrap().len() <= 18_000);
        read.push_str(part.as_str().unwrap());
        offset = client.note["next_offset"].clone();
    }
    assert_eq!(read, whole);
    for (tool, arguments, problem) in [
        ("list_traces", json!({"limit": 0}), "from 1 to 100"),
        ("list_personal_benchmark", json!({"limit": -1}), "from 1 to 100"),
        ("get_agent_prompt", json!({"agent": "x"}), "it takes agent_name, offset"),
        ("poll_benchmark", json!({"wait_seconds": -1}), "at least 0"),
    ] {
        let said = client.bad(tool, arguments);
        assert!(said["error"].as_str().unwrap().contains(problem), "{said}");
    }
    client.good("poll_benchmark", json!({"wait_seconds": "0"}));
}

/// Both clients learn of it: the one that replaces, and the one whose work is replaced.
#[test]
fn a_client_that_replaces_the_work_of_another_says_so() {
    let space = Space::new();
    let mut first = Client::named(&space, "first", "2025-11-25");
    first.good("submit_diagnosis", diagnosis());
    let again = first.good("submit_diagnosis", diagnosis());
    assert_eq!(again["notes"], json!([]), "its own work");
    let mut second = Client::named(&space, "second", "2025-11-25");
    let mut other = diagnosis();
    other["narrative"] = "# Another cause".into();
    let replaced = second.good("submit_diagnosis", other);
    let note = replaced["notes"][0].as_str().unwrap();
    assert!(
        note.contains("diagnosis.md that `mcp: first` submitted at 20"),
        "{note}"
    );
    let told = first.good("session_status", json!({}));
    assert!(
        told["notes"][0]
            .as_str()
            .unwrap()
            .contains("`mcp: second` replaced your diagnosis.md at 20"),
        "{told}"
    );
    let plan = first.good("submit_plan", json!({"edits": [bold()]}));
    assert!(
        plan["notes"]
            .to_string()
            .contains("`mcp: second` replaced your diagnosis.md"),
        "{plan}"
    );
    let session = space.session();
    space.write(
        &format!("{session}/diagnosis.md"),
        &space
            .read(&format!("{session}/diagnosis.md"))
            .replace("cause", "reason"),
    );
    let by_hand = second.good("submit_diagnosis", diagnosis());
    assert!(
        by_hand["notes"].to_string().contains("changed in the session's folder"),
        "{by_hand}"
    );
}

#[test]
fn a_refused_submission_names_every_fault_at_once() {
    let space = Space::new();
    let mut client = Client::start(&space);
    client.good("submit_diagnosis", diagnosis());
    let mut edits = vec![bold(), bold(), bold(), bold()];
    edits[0]["op"] = "set_modle_param".into();
    edits[1].as_object_mut().unwrap().remove("rationale");
    edits[1]["target"] = 5.into();
    edits[2]["payload"] = json!({"model": "base"});
    edits[3] = crate::space::edit(
        "nobody",
        "set_agent_param",
        "agents.x.k",
        json!({"agent": "x", "param": "k", "value": 1}),
    );
    let said = client.bad("submit_plan", json!({"edits": edits}));
    let problems = problems(&said);
    for part in [
        "`edits[0].op` must be one of",
        "`edits[1].rationale`",
        "`edits[1].target`",
        "edits[2] (`bold`)",
        "edits[3] (`nobody`)",
    ] {
        assert_eq!(
            problems.iter().filter(|problem| problem.contains(part)).count(),
            1,
            "{part}: {problems:?}"
        );
    }
    let mut typo = bold();
    typo["referencs"] = json!([]);
    let taken = client.good("submit_plan", json!({"edits": [typo]}));
    assert!(
        taken["notes"]
            .to_string()
            .contains("`referencs` is not a field of an edit"),
        "{taken}"
    );
}

#[test]
fn the_next_step_is_named_after_a_restart_and_after_the_end() {
    let space = Space::new();
    let mut client = Client::start(&space);
    assert_eq!(
        client.good("poll_benchmark", json!({"wait_seconds": 0}))["next"],
        "examine the evidence, then submit_diagnosis"
    );
    client.good("submit_diagnosis", diagnosis());
    client.good("submit_plan", json!({"edits": [bold(), shots()]}));
    assert_eq!(client.end(), Some(0));
    let mut client = Client::start(&space);
    let said = client.good("poll_benchmark", json!({"wait_seconds": 1.0}));
    assert_eq!(
        (&said["running"], &said["next"]),
        (&json!(false), &json!("start_benchmark, then poll_benchmark"))
    );
    client.run();
    let status = client.good("session_status", json!({}));
    assert!(status["next"].as_str().unwrap().contains("kaizen review"), "{status}");
    assert_eq!(status["waiting_for_review"][0]["edit"], "shots");
    assert_eq!(
        client.good("poll_benchmark", json!({"wait_seconds": 0}))["next"],
        status["next"]
    );
}

/// Asserts that `kaizen status` and `session_status` tell the same of a session, each with its own words for the next step.
fn agree(space: &Space, client: &mut Client, next: (&str, &str)) {
    let lines = space.kaizen(&["status", "--format", "json"]).exits(0).out;
    let status: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    let told = client.good("session_status", json!({}));
    assert_eq!(told["session"], status["session"]);
    assert_eq!(told["status"], status["status"]);
    for phase in status["phases"].as_array().unwrap() {
        let word = match phase["state"].as_str().unwrap() {
            "fresh" => "done",
            "stale" => "to do",
            "kept" => "kept as edited by hand",
            _ => "waits",
        };
        assert_eq!(
            told["phases"][phase["phase"].as_str().unwrap()],
            word,
            "{status} {told}"
        );
    }
    let open = status["waiting_for_review"].as_array().unwrap().iter();
    let open: Vec<&Value> = open
        .filter(|one| one["decided"] == false)
        .map(|one| &one["edit_id"])
        .collect();
    let asked: Vec<&Value> = told["waiting_for_review"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["edit"])
        .collect();
    assert_eq!(asked, open, "{status} {told}");
    for (said, words) in [(&status["next"], next.0), (&told["next"], next.1)] {
        assert!(
            said.as_str().unwrap().contains(words),
            "no {words:?} in {said}: {status} {told}"
        );
    }
}

#[test]
fn status_and_session_status_agree_in_every_state() {
    let space = Space::new();
    let mut client = Client::start(&space);
    assert_eq!(
        space.kaizen(&["status"]).exits(0).out,
        "No session yet; `kaizen run` starts one.\n"
    );
    assert_eq!(client.good("session_status", json!({}))["session"], Value::Null);
    client.good("submit_diagnosis", diagnosis());
    // A run of the person plans with the teacher of the manifest.
    agree(&space, &mut client, ("kaizen run", "submit_plan"));
    client.good("submit_plan", json!({"edits": [bold(), shots()]}));
    agree(&space, &mut client, ("kaizen run", "start_benchmark"));
    client.run();
    agree(&space, &mut client, ("kaizen review", "kaizen review"));
    space.kaizen(&["accept", "shots"]).exits(0);
    agree(&space, &mut client, ("kaizen run", "start_benchmark"));
    client.run();
    agree(&space, &mut client, ("kaizen run --new", "nothing is left to do"));
}
