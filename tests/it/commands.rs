//! Commands: init, demo, eval, traces and decisions, as a person or a program would use them.

use serde_json::{Value, json};

use crate::space::{Space, bold, edit, names};

/// Writes task files with three labels that a starter agent can learn.
fn task_files(space: &Space) {
    for (file, offset) in [("gate", 0), ("train", 100), ("test", 200)] {
        let line = |number: usize| {
            let (query, label) = match number % 3 {
                0 => (format!("please play the song number {}", number + offset), "music"),
                1 => (
                    format!("which train leaves for harbour {}", number + offset),
                    "timetable",
                ),
                _ => (format!("what weather is it in district {}", number + offset), "weather"),
            };
            let task = json!({"task_id": format!("{file}-{number}"), "query": query, "reference_answer": label, "category": label});
            format!("{task}\n")
        };
        space.write(&format!("data/{file}.jsonl"), &(0..30).map(line).collect::<String>());
    }
}

const INIT: [&str; 7] = [
    "init",
    "--tasks",
    "data/gate.jsonl",
    "--train",
    "data/train.jsonl",
    "--test",
    "data/test.jsonl",
];

#[test]
fn from_task_files_to_a_settled_session() {
    let space = Space::empty();
    task_files(&space);
    let said = space.kaizen(&[&["--format", "json"][..], &INIT].concat()).exits(0);
    let last: Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&last["train"], &last["gate"], &last["test"]),
        (&json!(30), &json!(30), &json!(30))
    );
    let tracked = space.git(&["ls-files"]);
    assert!(
        tracked.contains("kaizen.toml") && tracked.contains("benchmark/tasks.jsonl"),
        "{tracked}"
    );
    assert!(
        !tracked.contains(".jsonl\ntraces") && !tracked.contains("collected"),
        "traces are private: {tracked}"
    );

    space.run(&["--autonomy", "auto"]).exits(0);
    let record = space.artifact("session.json");
    assert_eq!(record["status"], "completed", "{record}");
    let score = |key: &str| record[key]["overall_score"].as_f64().unwrap();
    assert!(score("benchmark_after") > score("benchmark_before"), "{record}");
    assert!(
        !space.root.join("benchmark/openings.jsonl").exists(),
        "nobody opened the sealed split"
    );
    space.kaizen(&INIT).exits(2).says(&["kaizen.toml", "already", "hint:"]);
}

#[test]
fn a_workspace_with_too_few_tasks_says_what_to_add() {
    let line = |id: &str, split: &str| {
        format!("{{\"task_id\": \"{id}\", \"query\": \"q {id}\", \"reference_answer\": \"x\"{split}}}\n")
    };
    let gate = ", \"split\": \"gate\"";
    for (tasks, words, without) in [
        (
            line("a", gate),
            vec![
                "kaizen eval --split gate",
                "no train tasks: add tasks",
                "20 usable traces are needed, but there are 0",
            ],
            "no gate tasks",
        ),
        (
            line("a", ", \"split\": \"train\""),
            vec![
                "no gate tasks: add tasks",
                "20 usable traces are needed, but there are 1: let the agent work, add train tasks",
            ],
            "kaizen eval",
        ),
    ] {
        let space = Space::empty();
        space.write("tasks.jsonl", &tasks);
        let said = space.kaizen(&["init", "--tasks", "tasks.jsonl"]).exits(0);
        for word in words {
            assert!(said.out.contains(word), "no {word:?} in {}", said.out);
        }
        assert!(
            !said.out.contains(without) && !said.out.contains("kaizen init"),
            "{}",
            said.out
        );
        space.kaizen(&["run"]).exits(4);
    }
}

#[test]
fn in_a_home_of_the_ancestor() {
    let space = Space::empty();
    let config = "[intelligence]\ndefault_model = \"m\"\n\n[learning.spec_search]\nautonomy_mode = \"manual\"\nmin_traces = 7\nteacher_model = \"big\"\n";
    space.write("config.toml", config);
    space.write("agents/simple/system_prompt.md", "Hello.\n");
    space.write("secret.db", "private");
    space.kaizen(&["init"]).exits(0);
    let manifest = space.read("kaizen.toml");
    for words in ["autonomy = \"manual\"", "min_traces = 7", "teacher_model = \"big\""] {
        assert!(manifest.contains(words), "no {words} in {manifest}");
    }
    assert_eq!(space.read("config.toml"), config, "the home's own file is untouched");
    space.write(
        "kaizen.toml",
        &manifest.replace("# engine = \"nearest\"", "engine = \"nearest\""),
    );
    let tracked = space.git(&["ls-files"]);
    assert!(
        tracked.contains("agents/simple/system_prompt.md") && !tracked.contains("secret"),
        "{tracked}"
    );
    space
        .run(&[])
        .exits(4)
        .says(&["Not ready", "7 usable traces", "gate tasks"]);
}

#[test]
fn an_unknown_scorer_is_refused_by_name_and_line() {
    let space = Space::empty();
    task_files(&space);
    let tasks = space.read("data/gate.jsonl");
    let task = json!({"task_id": "odd", "query": "q", "reference_answer": "a", "scorer": "vibes"});
    space.write("data/gate.jsonl", &format!("{tasks}{task}\n"));
    space.kaizen(&INIT).exits(2).says(&["data/gate.jsonl:31", "vibes"]);
    assert_eq!(names(&space.root), ["data"], "nothing was written");
}

#[test]
fn the_demo_leaves_what_is_there_alone() {
    let space = Space::empty();
    space.write("mine/notes.txt", "mine");
    space
        .kaizen(&["demo", "mine"])
        .exits(2)
        .says(&["mine is not empty", "hint:"]);
    assert_eq!(names(&space.root.join("mine")), ["notes.txt"]);
    space.kaizen(&["demo", "mine/notes.txt"]).exits(2).says(&["is a file"]);
}

#[test]
fn eval_ends_in_one_json_object() {
    let space = Space::new();
    for split in ["gate", "train"] {
        let said = space.kaizen(&["eval", "--format", "json", "--split", split]).exits(0);
        let last: Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();
        let keys: Vec<&String> = last.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            [
                "category_scores",
                "failed",
                "infra_errors",
                "overall_score",
                "split",
                "task_count",
                "unscorable",
                "unscored"
            ]
        );
        assert_eq!((&last["split"], &last["task_count"]), (&json!(split), &json!(24)));
    }
    assert!(
        space
            .kaizen(&["eval"])
            .exits(0)
            .out
            .starts_with("gate score 0.0 % over 24 tasks")
    );
    space
        .kaizen(&["eval", "--split", "test"])
        .exits(4)
        .says(&["no test tasks"]);
}

#[test]
fn traces_are_listed_shown_and_searched() {
    let space = Space::new();
    let rows = |arguments: &[&str]| {
        let said = space
            .kaizen(&[&["traces", "--format", "json"], arguments].concat())
            .exits(0);
        let ids = |row: Value| row["trace_id"].as_str().unwrap().to_owned();
        said.events().into_iter().map(ids).collect::<Vec<_>>()
    };
    assert_eq!(rows(&["list", "--limit", "2"]), ["run-023", "run-022"]);
    assert_eq!(rows(&["list", "--outcome", "success"]), Vec::<String>::new());
    assert_eq!(rows(&["show", "run-003"]), ["run-003"]);
    assert_eq!(rows(&["search", "lamp", "kitchen"]), ["run-000"]);
    assert_eq!(rows(&["search", "zeppelin"]), Vec::<String>::new());
    space
        .kaizen(&["traces", "show", "nowhere"])
        .exits(2)
        .says(&["`nowhere`", "hint:"]);
}

#[test]
fn collected_traces_stay_out_of_the_repository() {
    let space = Space::new();
    let said = space.kaizen(&["traces", "collect"]).exits(0);
    assert!(said.out.contains("collected 24 traces"), "{}", said.out);
    assert!(space.root.join("traces/collected.jsonl").is_file());
    assert_eq!(space.git(&["status", "--porcelain"]), "");

    let decided = Space::new();
    decided.write("traces/.gitignore", "*.db\n");
    decided.kaizen(&["traces", "collect"]).exits(0);
    assert_eq!(
        decided.read("traces/.gitignore"),
        "*.db\n",
        "the user's own rule is kept"
    );
}

#[test]
fn decisions_go_to_the_edit_that_is_named() {
    let space = Space::executed();
    space
        .kaizen(&["accept", "nobody"])
        .exits(2)
        .says(&["no edit `nobody`", "shots"]);
    space.kaizen(&["reject", "shots", "--why", "not my house"]).exits(0);
    space.run(&[]).exits(0);
    assert_eq!(space.statuses()["shots"], "rejected_by_user");
    let outcomes = space.outcomes();
    let shots = outcomes.iter().find(|outcome| outcome["edit_id"] == "shots").unwrap();
    assert_eq!(shots["error"], "not my house");

    space.kaizen(&["accept", "shots"]).exits(0);
    space.run(&[]).exits(0);
    assert_eq!(space.statuses()["shots"], "applied", "a person may change the decision");
}

#[test]
fn a_person_may_tell_the_gate_to_stand_aside() {
    let space = Space::planned();
    let mut useless = crate::space::shots();
    useless["payload"]["exemplars"] = json!([{"input": "zeppelin", "output": "airship"}]);
    space.plan(&[bold(), useless]);
    space.run(&[]).exits(3);
    space.kaizen(&["accept", "shots", "--skip-gate"]).exits(0);
    space.run(&[]).exits(0);
    assert_eq!(space.statuses()["shots"], "applied");
    assert!(space.outcomes().iter().any(|outcome| outcome["gate_skipped"] == true));
    assert!(space.read("agents/assistant/few_shot.json").contains("airship"));
}

#[test]
fn a_run_that_stops_at_the_plan_says_what_is_planned() {
    let space = Space::planned();
    let said = space.kaizen(&["run", "--until", "plan"]).exits(0);
    let line = |label: &str| said.out.lines().find(|line| line.contains(label)).unwrap_or_default();
    let bold = line("  bold ");
    assert!(
        bold.contains("auto ") && bold.contains("set_model_param models.base.refuse_below"),
        "{}",
        said.out
    );
    assert!(bold.ends_with("the gate will decide"), "{}", said.out);
    let shots = line("  shots ");
    assert!(
        shots.contains("review ") && shots.ends_with("it will wait for your review"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("  kaizen run   #") && said.out.contains("/plan.json"),
        "{}",
        said.out
    );
    assert!(!said.out.contains("0 commits"), "{}", said.out);

    let unplanned = Space::new();
    let said = unplanned.kaizen(&["run", "--until", "baseline"]).exits(0);
    assert!(said.out.contains("Next") && !said.out.contains("Edits"), "{}", said.out);
    assert!(said.out.contains("  kaizen run   #"), "{}", said.out);
}

#[test]
fn an_older_session_that_never_finished_is_mentioned() {
    let space = Space::planned();
    let older = space.session().replace("sessions/", "");
    let note = format!("`kaizen run --session {older}`");
    let own = space.kaizen(&["run", "--until", "plan"]);
    assert!(
        !own.err.contains(&note),
        "it is the session that the run resumes: {}",
        own.err
    );
    let later = |arguments: &[&str]| space.kaizen_with("KAIZEN_NOW", "2026-03-02T10:00:00Z", arguments);
    let begun = later(&["run", "--new", "--until", "readiness"]).exits(0);
    assert_eq!(begun.err.matches(&note).count(), 1, "{}", begun.err);
    let said = later(&["run", "--until", "readiness"]);
    assert!(said.err.contains("stopped while planning"), "{}", said.err);
    let said = later(&["run", "--session", &older]).exits(3);
    assert!(!said.err.contains("stopped while"), "{}", said.err);
    let said = later(&["run", "--until", "readiness"]);
    assert!(!said.err.contains(&note), "it is settled: {}", said.err);
}

#[test]
fn the_demo_ends_in_commands_that_can_be_copied() {
    let space = Space::empty();
    let said = space.kaizen(&["demo", "my demo"]).exits(0);
    let next: Vec<&str> = said.out.lines().skip_while(|line| *line != "Next").skip(1).collect();
    assert!(
        next[0].starts_with("  cd '") && next[0].ends_with("/my demo'"),
        "{}",
        said.out
    );
    assert!(!next[1..].join("\n").contains("cd "), "{}", said.out);
}

#[test]
fn what_would_steer_a_terminal_is_shown_as_signs() {
    let space = Space::planned();
    let mut sly = super::edits::sums();
    sly["id"] = "sly\u{1b}[2J".into();
    space.plan(&[sly]);
    let said = space.kaizen(&["run"]).exits(0);
    for text in [
        said.out,
        said.err,
        space.kaizen(&["show"]).out,
        space.kaizen(&["log"]).out,
    ] {
        assert!(!text.contains("sly") || text.contains("sly\u{241b}[2J"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}

#[test]
fn a_new_agent_needs_a_name_with_one_meaning_on_every_file_system() {
    let space = Space::empty();
    task_files(&space);
    for (name, problem) in [
        ("nul.txt", "Windows reserves it for a device"),
        ("COM¹", "Windows reserves it for a device"),
        ("agent.", "it ends with a dot"),
        ("a\u{202e}b", "ASCII letters"),
        ("../x", "does not begin with"),
    ] {
        let words = [&INIT[..], &["--agent", name]].concat();
        space
            .kaizen(&words)
            .exits(2)
            .says(&["is not a valid name for a new agent", problem]);
        assert_eq!(names(&space.root), ["data"], "{name}");
    }
    let space = Space::planned();
    space.replace(
        "config.toml",
        "default_agent = \"assistant\"",
        "default_agent = \"Assistant\"",
    );
    space.commit_all("another default");
    let prompt = json!({"agent": "Assistant", "new_content": "You are new.\n"});
    space.plan(&[edit(
        "twin",
        "replace_system_prompt",
        "agents.Assistant.system_prompt",
        prompt,
    )]);
    space.run(&["--autonomy", "auto"]);
    assert_eq!(space.statuses()["twin"], "inapplicable");
    let error = space.outcomes()[0]["error"].to_string();
    assert!(error.contains("an agent has it in another case"), "{error}");
    assert!(!space.root.join("agents/Assistant").exists());
}
