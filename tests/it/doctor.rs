//! Which student a home has: `init` finds it, `run` does not guess, and `doctor` says what is missing.

use serde_json::{Value, json};

use crate::fixture::{PROMPT, tasks, traces};
use crate::server::{Received, Reply, Server};
use crate::space::{KAIZEN, Said, Space};

/// A home whose agent is a language model.
fn home(model: &str) -> Space {
    let space = Space::empty();
    space.write("config.toml", &format!("[intelligence]\ndefault_model = \"{model}\"\n"));
    space.write("agents/assistant/system_prompt.md", PROMPT);
    space.write("benchmark/tasks.jsonl", &tasks());
    space.write("traces/runs.jsonl", &traces());
    space
}

/// A server that lists these models.
fn server(models: &[&str]) -> Server {
    let list: Vec<_> = models.iter().map(|id| json!({"id": id})).collect();
    Server::answering(Box::new(move |_: &Received| {
        Reply::raw(200, json!({"object": "list", "data": list}).to_string())
    }))
}

fn with_port(space: &Space, port: u16, arguments: &[&str]) -> Said {
    let mut command = space.bare(KAIZEN, arguments);
    Said::of(command.env("KAIZEN_LOCAL_PORTS", port.to_string()).output().unwrap())
}

#[test]
fn a_model_without_a_student_stops_the_run_with_the_lines_to_add() {
    let space = home("qwen3");
    let init = space.kaizen(&["init"]).exits(0);
    let lines = "[student]\n    engine = \"chat\"\n    api = \"ollama\"";
    assert!(init.out.contains("qwen3") && init.out.contains(lines), "{}", init.out);
    let manifest = space.read("kaizen.toml");
    assert!(
        manifest.contains("\n# engine = \"nearest\""),
        "init was not sure: {manifest}"
    );
    let lines = "[student]\nengine = \"chat\"\napi = \"ollama\"";
    for command in [&["run"][..], &["eval"], &["traces", "collect"]] {
        space
            .kaizen(command)
            .exits(4)
            .says(&["qwen3", lines, "kaizen doctor", "nearest"]);
    }
    assert!(!space.root.join("sessions").exists(), "a refused run leaves nothing");
    let doctor = space.kaizen(&["doctor"]).exits(4);
    assert!(
        doctor
            .out
            .contains("missing    student   config.toml names the model qwen3"),
        "{}",
        doctor.out
    );

    space.write(
        "kaizen.toml",
        &manifest.replace("# engine = \"nearest\"", "engine = \"nearest\""),
    );
    space.kaizen(&["run"]).exits(3);
    assert!(space.kaizen(&["doctor"]).exits(0).out.contains("nearest"));
}

#[test]
fn a_server_that_offers_the_model_is_written_into_the_manifest() {
    let space = home("smollm2");
    let server = server(&["other", "smollm2"]);
    let said = with_port(&space, server.port(), &["init"]).exits(0);
    assert!(
        said.out.contains("offers") && said.out.contains("kaizen trust"),
        "{}",
        said.out
    );
    assert!(
        !said.out.contains("put tasks into"),
        "the tasks are there: {}",
        said.out
    );
    let requests = server.received();
    assert_eq!(requests.len(), 1, "only the list of models was asked for");
    assert_eq!(
        (requests[0].method.as_str(), requests[0].path.as_str()),
        ("GET", "/v1/models")
    );
    assert_eq!(requests[0].header("authorization"), None);
    let manifest = space.read("kaizen.toml");
    let url = format!("base_url = \"http://127.0.0.1:{}/v1\"", server.port());
    assert!(
        manifest.contains("\nengine = \"chat\"") && manifest.contains(&url),
        "{manifest}"
    );
    assert!(!manifest.contains("\nmax_cost_usd"), "a server on this machine is free");
    space.untrusted(&["run"]).exits(4).says(&["kaizen trust"]);
    assert_eq!(server.received().len(), 1, "nothing is sent before the approval");
}

#[test]
fn a_paid_provider_comes_with_a_limit() {
    let space = home("gpt-4o-mini");
    let mut command = space.bare(KAIZEN, &["init"]);
    let said = Said::of(command.env("OPENAI_API_KEY", "sk-secret").output().unwrap()).exits(0);
    let manifest = space.read("kaizen.toml");
    assert!(
        manifest.contains("\nengine = \"chat\"") && manifest.contains("\nmax_cost_usd = 5.0"),
        "{manifest}"
    );
    assert!(!manifest.contains("secret") && !said.out.contains("secret"));
}

#[test]
fn tasks_choose_the_built_in_student_and_so_does_a_workspace_that_used_it() {
    let space = Space::empty();
    space.write("tasks.jsonl", &tasks());
    space.kaizen(&["init", "--tasks", "tasks.jsonl"]).exits(0);
    assert!(space.read("kaizen.toml").contains("\nengine = \"nearest\""));

    let space = Space::executed();
    let config = space
        .read("config.toml")
        .replace("default_model = \"base\"", "default_model = \"qwen3\"");
    space.write("config.toml", &config);
    space.commit_all("another model");
    space.kaizen(&["eval"]).exits(0);
}

#[test]
fn the_doctor_prints_one_object_per_check() {
    let space = Space::new();
    let rows = space.kaizen(&["doctor", "--format", "json"]).exits(0).events();
    let checks = [
        "home", "harness", "git", "student", "teacher", "judge", "prices", "evidence", "traces", "lock", "clock",
        "disk", "trust", "trial",
    ];
    for check in checks {
        let row = rows.iter().find(|row| row["check"] == check).unwrap();
        assert_eq!((row["ok"].as_bool(), row.get("fix")), (Some(true), None), "{row}");
    }
    let harness = rows.iter().find(|row| row["check"] == "harness").unwrap();
    assert_eq!(
        (&harness["layouts"], &harness["shown"]),
        (&json!(["openjarvis"]), &json!([])),
        "{harness}"
    );
    assert_eq!(harness["files"].as_array().unwrap().len(), 4, "{harness}");
    space.write("agents/assistant/system_prompt.md", "changed\n");
    space.write("benchmark/tasks.jsonl", "");
    let rows = space.kaizen(&["doctor", "--format", "json"]).exits(4).events();
    for check in ["harness", "evidence"] {
        let row = rows.iter().find(|row| row["check"] == check).unwrap();
        assert!(row["ok"] == false && row["fix"].is_string(), "{row}");
    }
}

#[test]
fn the_doctor_asks_the_student_once_and_only_after_approval() {
    let server = Server::start();
    server.on("", Reply::says("lights_on"));
    let space = Space::new();
    let manifest = space.read("kaizen.toml");
    space.write(
        "kaizen.toml",
        &format!(
            "{manifest}[student]\nengine = \"chat\"\nmodel = \"own\"\nbase_url = \"{}\"\n[session]\nmax_cost_usd = 1.0\n",
            server.url()
        ),
    );
    space.write(
        "config.toml",
        "[agent]\ndefault_agent = \"assistant\"\n[agent.assistant]\nclass = \"simple\"\n",
    );
    space.commit_all("model");
    let row = |rows: &[Value], check: &str| rows.iter().find(|row| row["check"] == check).unwrap().clone();
    let rows = space.untrusted(&["doctor", "--format", "json"]).exits(4).events();
    let trial = row(&rows, "trial");
    assert_eq!((&trial["ok"], &trial["fix"]), (&Value::Null, &json!("kaizen trust")));
    assert!(
        row(&rows, "prices")["fix"]
            .as_str()
            .unwrap()
            .contains("[prices.\"own\"]")
    );
    assert_eq!(server.received().len(), 0);

    space.replace(
        "kaizen.toml",
        "[session]",
        "[prices.own]\ninput = 0.0\noutput = 0.0\n[session]",
    );
    let rows = space.kaizen(&["doctor", "--format", "json"]).exits(0).events();
    let trial = row(&rows, "trial");
    assert!(
        trial["ok"] == true && trial["found"].as_str().unwrap().ends_with(": lights_on"),
        "{trial}"
    );
    assert_eq!(server.received().len(), 1);
    server.forget_rules();
    server.on("", Reply::error(401, "Invalid API key"));
    let trial = row(
        &space.kaizen(&["doctor", "--format", "json"]).exits(4).events(),
        "trial",
    );
    assert!(
        trial["ok"] == false && trial["found"].as_str().unwrap().contains("Invalid API key"),
        "{trial}"
    );
}

#[test]
fn the_canary_shows_which_files_the_student_reads() {
    let space = Space::new();
    let files = [
        ("memory", "CLAUDE.md"),
        ("rules", ".claude/rules/a.md"),
        ("agents", ".claude/agents/b.md"),
        ("imports/style", "docs/style.md"),
        ("api/memory", "api/CLAUDE.md"),
    ];
    let mut manifest = "[ledger]\nauthor = \"t <t@t>\"\n[harness]\nlayouts = [\"claude_code\"]\n".to_owned();
    for (name, path) in files {
        space.write(path, "Be brief.\n");
        manifest += &format!("[[harness.surface]]\nname = \"{name}\"\npath = \"{path}\"\n");
    }
    space.write("CLAUDE.md", "Be brief. @docs/style.md\n");
    // It reads two of the three files that Claude Code reads when it starts.
    let script = "grep -oh 'canary-[0-9a-f]*' CLAUDE.md docs/style.md || echo none";
    manifest += &format!("[student]\nengine = \"command\"\nrun = [\"sh\", \"-c\", \"{script}\"]\n");
    space.write("kaizen.toml", &manifest);
    space.commit_all("home");
    let canaries = |said: Said| -> Vec<Value> {
        let rows = said.events().into_iter();
        rows.filter(|row| row["check"] == "canary").collect()
    };
    let said = space.untrusted(&["doctor", "--canary", "--format", "json"]).exits(4);
    let rows = canaries(said);
    assert_eq!((rows.len(), &rows[0]["fix"]), (1, &json!("kaizen trust")));

    let rows = space.kaizen(&["doctor", "--format", "json"]).exits(0).events();
    let harness = rows.iter().find(|row| row["check"] == "harness").unwrap();
    assert_eq!(harness["layouts"], json!(["claude_code"]));
    assert_eq!(
        harness["files"],
        json!([
            ".claude/agents/b.md",
            ".claude/rules/a.md",
            "CLAUDE.md",
            "api/CLAUDE.md",
            "docs/style.md"
        ])
    );

    let rows = canaries(space.kaizen(&["doctor", "--canary", "--format", "json"]).exits(4));
    let told = |at: usize| (rows[at]["ok"].as_bool(), rows[at]["found"].as_str().unwrap().to_owned());
    assert_eq!(rows.len(), 4, "{rows:?}");
    assert_eq!(told(0), (Some(true), "CLAUDE.md: the student reads it".into()));
    // What a file imports comes right after it.
    assert_eq!(told(1), (Some(true), "docs/style.md: the student reads it".into()));
    assert_eq!(
        told(2),
        (
            Some(false),
            ".claude/rules/a.md: the student did not say the word that this file contained".into()
        )
    );
    let later = "read when it is needed: .claude/agents/b.md, api/CLAUDE.md";
    assert_eq!(told(3), (None, later.into()));
    assert_eq!(space.git(&["status", "--porcelain", "CLAUDE.md", ".claude"]), "");
}

#[test]
fn the_canary_knows_the_users_own_layouts_and_files_that_no_host_reads() {
    let space = Space::new();
    let folder = space.home.join(".config/kaizen/layouts");
    std::fs::create_dir_all(&folder).unwrap();
    let own = "name = 'mine'\nabout = 'Mine'\nmarkers = [{ path = 'MINE.md' }]\nat_start = ['memory']\n\
        one_per_folder = ['memory', 'other']\n[protected]\n[[surface]]\nname = 'memory'\npath = 'MINE.md'\n\
        [[surface]]\nname = 'other'\npath = 'OTHER.md'\n";
    std::fs::write(folder.join("mine.toml"), own).unwrap();
    let mut manifest = "[ledger]\nauthor = \"t <t@t>\"\n[harness]\nlayouts = [\"mine\"]\n".to_owned();
    for path in ["MINE.md", "OTHER.md"] {
        space.write(path, "Be brief.\n");
        manifest += &format!("[[harness.surface]]\nname = \"{path}\"\npath = \"{path}\"\n");
    }
    let script = "grep -oh 'canary-[0-9a-f]*' MINE.md || echo none";
    manifest += &format!("[student]\nengine = \"command\"\nrun = [\"sh\", \"-c\", \"{script}\"]\n");
    space.write("kaizen.toml", &manifest);
    space.commit_all("home");
    let rows = space
        .kaizen(&["doctor", "--canary", "--format", "json"])
        .exits(0)
        .events();
    let found: Vec<&str> = rows
        .iter()
        .filter(|row| row["check"] == "canary")
        .map(|row| row["found"].as_str().unwrap())
        .collect();
    assert_eq!(
        found,
        [
            "MINE.md: the student reads it",
            "OTHER.md: the host reads MINE.md of this folder instead"
        ]
    );
}
