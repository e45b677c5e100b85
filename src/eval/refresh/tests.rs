//! Tests of the tasks that a refresh retires and draws, and of the bytes that stay.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::artifact::task::Split;

fn task(id: &str, category: &str) -> Task {
    serde_json::from_value(json!({"task_id": id, "query": id, "reference_answer": "x", "category": category})).unwrap()
}

fn tasks(prefix: &str, counts: &[(&str, usize)]) -> Vec<Task> {
    let of = |(category, count): &(&str, usize)| -> Vec<Task> {
        (0..*count)
            .map(|n| task(&format!("{prefix}-{category}-{n}"), category))
            .collect()
    };
    counts.iter().flat_map(of).collect()
}

fn drawn(gate: &[Task], reserve: &[Task], share: f64, refreshes: usize, consulted: &[(&str, usize)]) -> Exchange {
    exchange(&RefreshDraw {
        gate: &gate.iter().collect::<Vec<_>>(),
        consulted: &consulted.iter().copied().collect(),
        reserve: &reserve.iter().collect::<Vec<_>>(),
        share,
        refreshes,
    })
}

#[test]
fn each_category_keeps_its_number_and_the_most_consulted_go_first() {
    let gate = tasks("g", &[("a", 10), ("b", 5), ("c", 1)]);
    let reserve = tasks("r", &[("a", 9), ("b", 9), ("c", 9), ("d", 9)]);
    let one = drawn(&gate, &reserve, 0.3, 0, &[("g-a-7", 9), ("g-a-2", 9), ("g-b-4", 9)]);
    let of = |ids: &[String], part: &str| ids.iter().filter(|id| id.contains(part)).count();
    // 5 of 16 gives 3.125, 1.5625 and 0.3125, so that b gets the remaining one.
    for (category, count) in [("-a-", 3), ("-b-", 2), ("-c-", 0), ("-d-", 0)] {
        assert_eq!((of(&one.retired, category), of(&one.drawn, category)), (count, count));
    }
    for id in ["g-a-7", "g-a-2", "g-b-4"] {
        assert!(one.retired.contains(&id.to_owned()), "{:?}", one.retired);
    }
    assert!(one.short.is_empty());
    assert_eq!(
        one,
        drawn(&gate, &reserve, 0.3, 0, &[("g-a-7", 9), ("g-a-2", 9), ("g-b-4", 9)])
    );
    assert_ne!(
        drawn(&gate, &reserve, 0.3, 0, &[]).retired,
        drawn(&gate, &reserve, 0.3, 1, &[]).retired
    );
}

#[test]
fn only_what_can_be_replaced_retires() {
    let gate = tasks("g", &[("a", 10), ("b", 10)]);
    let few = drawn(&gate, &tasks("r", &[("a", 1)]), 0.3, 0, &[]);
    assert_eq!((few.retired.len(), few.drawn.len()), (1, 1));
    assert_eq!(few.short["a"], Short { wanted: 3, reserve: 1 });
    assert_eq!(few.short["b"], Short { wanted: 3, reserve: 0 });
    let least = drawn(&gate, &tasks("r", &[("a", 1), ("b", 1)]), 0.001, 0, &[]);
    assert_eq!(least.retired.len(), 1, "at least one");
    let one_of = drawn(
        &tasks("g", &[("a", 1), ("b", 1), ("c", 1)]),
        &tasks("r", &[("b", 1)]),
        0.3,
        0,
        &[],
    );
    assert_eq!(one_of.retired, ["g-b-0"], "the one that something can replace");
    assert_eq!(drawn(&[], &tasks("r", &[("a", 1)]), 0.3, 0, &[]), Exchange::default());
}

#[test]
fn nothing_but_the_split_changes() {
    for (line, expected) in [
        (
            "\u{feff}{ \"split\" : \"gate\" ,\t\"task_id\": \"\\u00e9\", \"n\": 1.50 }\r\n",
            "\u{feff}{ \"split\" : \"train\" ,\t\"task_id\": \"\\u00e9\", \"n\": 1.50 }\r\n",
        ),
        (
            "{\"query\":\"\\\"split\\\":\\\"gate\\\" }\",\"meta\":{\"split\":\"gate\"}}",
            "{\"query\":\"\\\"split\\\":\\\"gate\\\" }\",\"meta\":{\"split\":\"gate\"},\"split\":\"train\"}",
        ),
        (
            "{\"task_id\":\"a\", \"split\": null}",
            "{\"task_id\":\"a\", \"split\": \"train\"}",
        ),
        ("{\"spl\\u0069t\":\"gate\"}", "{\"spl\\u0069t\":\"train\"}"),
        ("{\"a\":1 } \n", "{\"a\":1,\"split\":\"train\" } \n"),
    ] {
        assert_eq!(with_split(line, Split::Train).as_deref(), Some(expected));
    }
    assert_eq!(with_split("[1]", Split::Train), None);
}

#[test]
fn lines_are_added_as_the_others_end() {
    let line = ["{}".to_owned()];
    assert_eq!(with_lines("a\r\nb", &line), "a\r\nb\r\n{}\r\n");
    assert_eq!(with_lines("a\n", &line), "a\n{}\n");
    assert_eq!(with_lines("", &line), "{}\n");
    assert_eq!(with_lines("a", &[]), "a");
}

proptest! {
    #[test]
    fn as_many_come_as_go_and_none_is_invented(
        gate in prop::collection::vec(0usize..8, 3), reserve in prop::collection::vec(0usize..8, 3),
        share in 0.01f64..=1.0, refreshes in 0usize..3,
    ) {
        let named = |counts: &[usize]| -> Vec<(&str, usize)> { ["a", "b", "c"].into_iter().zip(counts.iter().copied()).collect() };
        let (gate, reserve) = (tasks("g", &named(&gate)), tasks("r", &named(&reserve)));
        let done = drawn(&gate, &reserve, share, refreshes, &[]);
        let category = |tasks: &[Task], id: &String| tasks.iter().find(|task| task.task_id == *id).map(|task| task.category.clone());
        let gone: Vec<_> = done.retired.iter().map(|id| category(&gate, id)).collect();
        let come: Vec<_> = done.drawn.iter().map(|id| category(&reserve, id)).collect();
        prop_assert!(gone.iter().all(Option::is_some));
        prop_assert_eq!(gone, come);
        prop_assert!(done.retired.len() as f64 <= (share * gate.len() as f64).round().max(1.0));
        let unique: BTreeSet<_> = done.retired.iter().chain(&done.drawn).collect();
        prop_assert_eq!(unique.len(), 2 * done.retired.len());
    }

    #[test]
    fn a_changed_line_says_the_same_but_for_its_split(
        fields in prop::collection::btree_map("[a-z\"\\\\é ]{0,6}", any::<Option<String>>(), 0..5), split in any::<bool>(),
    ) {
        let mut value = json!(fields);
        if split {
            value["split"] = "gate".into();
        }
        for line in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let changed: Value = serde_json::from_str(&with_split(&line, Split::Reserve).unwrap()).unwrap();
            let mut expected = value.clone();
            expected["split"] = "reserve".into();
            prop_assert_eq!(changed, expected);
        }
    }
}
