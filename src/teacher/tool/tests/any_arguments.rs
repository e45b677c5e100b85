//! For any arguments of a tool call: no panic, valid text, and nothing of a held-out task.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::world::World;
use crate::teacher::tool;

fn value() -> impl Strategy<Value = Value> {
    let known = [
        "t-1", "t-2", "t-3", "t-4", "g-1", "s-1", "a", "b", "c", "h", "shop", "search", "mute", "failure", "",
    ];
    prop_oneof![
        4 => proptest::sample::select(known.to_vec()).prop_map(Value::from),
        2 => "\\PC{0,12}".prop_map(Value::from),
        1 => proptest::sample::select(vec!["../../etc/passwd", "a\0b", "{agent}", "\"", "* OR (", "\u{feff}"]).prop_map(Value::from),
        2 => any::<i64>().prop_map(Value::from),
        2 => any::<f64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(json!([1, {"a": "b"}])),
    ]
}

fn call() -> impl Strategy<Value = (String, Map<String, Value>)> {
    let specs = tool::specs();
    let tool = proptest::sample::select(specs);
    tool.prop_flat_map(|spec| {
        let names: Vec<String> = spec.parameters["properties"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        let given = proptest::collection::vec(proptest::option::weighted(0.9, value()), names.len());
        let stray = proptest::option::weighted(0.05, ("[a-z_]{1,8}", value()));
        (Just(spec.name), Just(names), given, stray).prop_map(|(name, names, given, stray)| {
            let given = names
                .into_iter()
                .zip(given)
                .filter_map(|(name, value)| Some((name, value?)));
            (name, given.chain(stray).collect())
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]
    #[test]
    fn nothing_panics_and_nothing_held_out_is_said(((name, arguments), teaches) in (call(), any::<bool>())) {
        let mut world = World::small();
        world.teaches = teaches;
        let told = world.desk(|desk| tool::call(desk, &name, &arguments));
        prop_assert!(!told.text.to_uppercase().contains("HELD-OUT"), "{}", told.text);
        prop_assert!(!told.text.contains("very-private") && !told.text.contains("hunter22"), "{}", told.text);
        prop_assert!(!told.traces.contains(&"h".to_owned()));
        let rows = serde_json::from_str::<Vec<Value>>(&told.text).map_or(0, |rows| rows.len());
        prop_assert!(rows <= 100);
    }

    /// A held-out id gets exactly the same answer as an id that does not exist.
    #[test]
    fn held_out_and_unknown_are_the_same((mut call, held) in (call(), proptest::sample::select(vec!["g-1", "s-1", "t-4", "h"]))) {
        let world = World::small();
        let told = |call: &(String, Map<String, Value>)| world.desk(|desk| tool::call(desk, &call.0, &call.1).text);
        for key in ["task_id", "trace_id", "task"] {
            if call.1.contains_key(key) {
                call.1.insert(key.into(), held.into());
                let secret = told(&call);
                call.1.insert(key.into(), "zz-0".into());
                prop_assert_eq!(secret.replace(&format!(" {held} "), " zz-0 "), told(&call));
            }
        }
    }
}
