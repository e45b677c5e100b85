//! The teacher's eleven tools: on a small scripted world, on files of OpenJarvis, and with arbitrary arguments.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // tests: real files

mod ancestor;
mod any_arguments;
mod world;

use serde_json::{Value, json};

use self::world::World;
use crate::teacher::tool;

/// The texts of `golden.json` were checked by hand; `BLESS=1` regenerates the file, to be checked again.
#[test]
fn the_tools_say_what_they_said() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/teacher/tool/tests/golden.json");
    let mut cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let world = World::small();
    let bless = std::env::var_os("BLESS").is_some();
    for case in &mut cases {
        let (name, arguments) = (case["tool"].as_str().unwrap(), case["arguments"].as_object().unwrap());
        let told = world.desk(|desk| tool::call(desk, name, arguments));
        let said = serde_json::from_str(&told.text).unwrap_or(Value::from(told.text));
        let told = json!({"says": said, "shows": told.traces});
        if bless {
            case["told"] = told;
        } else {
            assert_eq!(case["told"], told, "{name} {arguments:?}");
        }
    }
    let tools: std::collections::BTreeSet<&str> = cases.iter().filter_map(|case| case["tool"].as_str()).collect();
    for spec in tool::specs() {
        assert!(tools.contains(spec.name.as_str()), "no case for {}", spec.name);
    }
    if bless {
        let lines: Vec<String> = cases.iter().map(|case| format!("  {case}")).collect();
        std::fs::write(&path, format!("[\n{}\n]\n", lines.join(",\n"))).unwrap();
    }
}

#[test]
fn the_teacher_answers_and_judges_where_it_can() {
    let mut world = World::small();
    world.teaches = true;
    let call = |name: &str, arguments: Value| -> Value {
        let told = world.desk(|desk| tool::call(desk, name, arguments.as_object().unwrap()));
        serde_json::from_str(&told.text).unwrap()
    };
    let own = call("run_self_on_task", json!({"task_id": "t-1", "max_tokens": 9}));
    assert_eq!(
        own,
        json!({"task_id": "t-1", "output": "391 in 9", "reasoning": "sums", "cost_usd": 0.5, "tokens_used": 9})
    );
    assert_eq!(
        call("run_self_on_task", json!({"task_id": "t-3"}))["error"],
        "no tongue"
    );
    let judged = json!({"student_output": "a", "teacher_output": "b", "task": "t-3"});
    assert_eq!(
        call("compare_outputs", judged)["judge_reasoning"],
        "a or b for What is meant?"
    );
    let scored = json!({"student_output": "391", "teacher_output": "b", "task": "What is 17 * 23?"});
    let scored = call("compare_outputs", scored);
    assert_eq!(
        (&scored["task_id"], &scored["student_score"]),
        (&json!("t-1"), &json!(1.0))
    );
    // A held-out task is treated like any other text: neither its id nor its reference is known here.
    let held = json!({"student_output": "HELD-OUT-ANSWER", "teacher_output": "b", "task": "g-1"});
    assert_eq!(
        call("compare_outputs", held)["judge_reasoning"],
        "HELD-OUT-ANSWER or b for g-1"
    );
}

/// Providers and clients reject loose schemas: no unknown arguments, and only types that all of them support.
#[test]
fn schemas_are_strict_and_plain() {
    for spec in tool::specs() {
        let parameters = spec.parameters.as_object().unwrap();
        assert_eq!(parameters["type"], "object");
        assert_eq!(parameters["additionalProperties"], false, "{}", spec.name);
        assert!(jsonschema::meta::is_valid(&spec.parameters), "{}", spec.name);
        assert!(spec.description.len() > 40, "{}", spec.name);
        for (name, property) in parameters["properties"].as_object().unwrap() {
            let kind = property["type"].as_str().unwrap();
            assert!(["string", "integer", "number"].contains(&kind), "{name}");
            assert!(property["description"].is_string(), "{name}");
        }
    }
}
