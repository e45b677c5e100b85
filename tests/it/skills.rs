//! Tasks that ask which skills a query needs, tested through the program.

use serde_json::{Value, json};

use crate::server::{Received, Reply, Server};
use crate::space::{Space, edit};
use crate::students::{benchmark, eval};

fn skill(description: &str, name: &str) -> String {
    format!("---\nname: {name}\ndescription: {description}\n---\n\n# How\n\nDo it well.\n")
}

fn task(id: &str, query: &str, loads: &[&str]) -> Value {
    let category = loads.first().unwrap_or(&"none");
    json!({"task_id": id, "query": query, "category": category, "loads": loads, "split": "gate"})
}

/// Loads each skill of which a word of the description occurs in the request.
fn chooser(request: &Received) -> Reply {
    let body = request.json();
    let question = body["messages"].as_array().unwrap().last().unwrap()["content"]
        .as_str()
        .unwrap();
    let (skills, request) = question
        .split_once("\nRequest:\n")
        .expect("the skills come before the request");
    let request = request.split("\n\nAnswer with").next().unwrap();
    let names: Vec<&str> = skills
        .lines()
        .filter_map(|line| line.strip_prefix("- ")?.split_once(": "))
        .filter(|(_, description)| {
            request
                .split(' ')
                .any(|word| description.split(' ').any(|own| own == word))
        })
        .map(|(name, _)| name)
        .collect();
    Reply::says(&if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    })
}

fn space(server: Option<&Server>) -> Space {
    let space = Space::new();
    let student = server.map_or("engine = \"nearest\"".to_owned(), |server| {
        format!(
            "engine = \"chat\"\nmodel = \"m\"\nbase_url = \"{}\"\ntemperature = 0.0",
            server.url()
        )
    });
    space.write(
        "kaizen.toml",
        &format!(
            "[ledger]\nauthor = \"t <t@t>\"\n[harness]\nfiles = [\"skills/**\", \"config.toml\", \"agents/**\"]\n[student]\n{student}\n"
        ),
    );
    space.write("skills/pdf/SKILL.md", &skill("fills forms", "pdf"));
    space.write("skills/csv/SKILL.md", &skill("sorts tables", "csv"));
    benchmark(
        &space,
        &[
            task("a", "please fill these forms", &["pdf"]),
            task("b", "now sort all tables", &["csv"]),
            task("c", "which tables and forms", &["csv", "pdf"]),
            task("d", "good morning", &[]),
        ],
    );
    space.commit_all("skills");
    space
}

#[test]
fn a_student_chooses_skills_by_their_descriptions() {
    let server = Server::answering(Box::new(chooser));
    for server in [Some(&server), None] {
        let space = space(server);
        let said = eval(&space, 0);
        assert_eq!(
            (&said["overall_score"], &said["infra_errors"]),
            (&json!(1.0), &json!(0)),
            "{said}"
        );
        // A body is not shown, so it changes no answer; a description is.
        space.replace("skills/csv/SKILL.md", "Do it well", "fill forms");
        space.commit_all("body");
        assert_eq!(eval(&space, 0)["overall_score"], 1.0);
        space.replace("skills/csv/SKILL.md", "sorts tables", "fills forms");
        space.commit_all("description");
        let said = eval(&space, 0);
        assert!(said["overall_score"].as_f64().unwrap() < 0.6, "{said}");
        assert_eq!(said["category_scores"]["none"], 1.0, "{said}");
    }
}

/// The guard of the categories is one of sibling skills: tasks with `loads` have the skill as their category.
#[test]
fn a_description_that_takes_a_siblings_requests_is_rejected() {
    let space = space(None);
    space.replace(
        "kaizen.toml",
        "[student]",
        "[[harness.surface]]\nname = \"skills\"\npath = \"skills/{skill}/SKILL.md\"\nkeys = { description = \"auto\" }\n\
         [gate]\nmode = \"exact\"\n[session]\nautonomy = \"auto\"\nmin_traces = 1\n[teacher]\nengine = \"files\"\n[student]",
    );
    space.replace("skills/csv/SKILL.md", "sorts tables", "sorts numbers");
    let queries = [
        "now sort all tables",
        "tables please",
        "these tables too",
        "my tables",
        "open tables",
    ];
    let csv = queries
        .iter()
        .enumerate()
        .map(|(at, query)| task(&format!("csv{at}"), query, &["csv"]));
    let pdf = ["please fill these forms", "fill my forms"].map(|query| task(query, query, &["pdf"]));
    let train = json!({"task_id": "t", "query": "sort tables", "category": "csv", "loads": ["csv"], "split": "train"});
    let tasks: Vec<Value> = csv.chain(pdf).chain([train]).collect();
    benchmark(&space, &tasks);
    let trace = json!({"trace_id": "r", "query": "sort tables", "result": "x", "outcome": "failure"});
    space.write("traces/runs.jsonl", &format!("{trace}\n"));
    space.commit_all("tasks");
    let described = |id: &str, text: &str| {
        let payload = json!({"path": "skills/csv/SKILL.md", "key": "description", "value": text});
        let mut edit = edit(id, "set_key", "", payload);
        edit.as_object_mut().unwrap().remove("target");
        edit["expected_improvement"] = "c1".into();
        edit
    };
    let plan = [
        described("greedy", "sorts tables, fills forms"),
        described("right", "sorts tables"),
    ];
    space.diagnose_and_plan("r", "t", &plan);
    let said = space.kaizen(&["run"]).exits(0);
    let statuses = space.statuses();
    assert_eq!(statuses["greedy"], "rejected_by_gate", "{}{}", said.out, said.err);
    assert_eq!(statuses["right"], "applied", "{}{}", said.out, said.err);
    let greedy = space
        .outcomes()
        .into_iter()
        .find(|outcome| outcome["edit_id"] == "greedy");
    assert!(
        greedy.unwrap().to_string().contains("pdf"),
        "the outcome names the category that falls"
    );
}

#[test]
fn a_task_with_neither_reference_nor_skills_is_named() {
    let space = space(None);
    let lines = [
        json!({"task_id": "x", "query": "q"}),
        json!({"task_id": "y", "query": "q", "loads": "pdf"}),
    ];
    space.write("benchmark/tasks.jsonl", &lines.map(|line| format!("{line}\n")).concat());
    space.kaizen(&["eval"]).exits(1).says(&[
        "benchmark/tasks.jsonl:1: not a task: missing field `reference_answer`",
        "benchmark/tasks.jsonl:2: not a task: ",
    ]);
    let named = json!({"task_id": "z", "query": "q", "scorer": "loads", "reference_answer": "pdf", "split": "gate"});
    space.write("benchmark/tasks.jsonl", &format!("{named}\n"));
    let said = space.kaizen(&["eval"]);
    assert!(
        format!("{}{}", said.out, said.err).contains("scorer `loads` needs the field `loads`"),
        "{}{}",
        said.out,
        said.err
    );
}
