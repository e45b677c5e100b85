//! Tests of the synthesis.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::artifact::task::Split;

fn trace(id: &str, query: &str, feedback: f64) -> Trace {
    serde_json::from_value(
        json!({"trace_id": id, "query": query, "agent": "home", "result": format!("answer {id}"),
        "feedback": feedback}),
    )
    .unwrap()
}

fn rules() -> SynthRules {
    SynthRules {
        limit: 100,
        scorer: Scorer::Judge,
        shares: Shares::default(),
    }
}

fn make(rated: Vec<Trace>) -> Synthesis {
    synth(rated, &rules(), &ExistingTasks::default(), &Redactor::default())
}

fn ids(made: &Synthesis) -> Vec<&str> {
    made.tasks.iter().map(|task| task.task_id.as_str()).collect()
}

#[test]
fn the_best_of_each_class_comes_best_first() {
    let newer = Trace {
        started_at: Some(5.0),
        ..trace("newer", "tea", 0.8)
    };
    let made = make(vec![
        trace("a", "Lamp  ON", 0.8),
        trace("b", "lamp on", 0.9),
        trace("tea", "tea", 0.8),
        newer,
        trace("c", "milk", 1.0),
    ]);
    assert_eq!(ids(&made), ["c", "b", "newer"]);
    assert_eq!((made.classes, made.left_out[&SkipReason::SameClass]), (3, 2));
}

#[test]
fn a_class_is_the_agent_and_the_beginning_of_the_query() {
    let long = "x".repeat(50);
    let other = Trace {
        agent: Some("desk".into()),
        ..trace("c", &format!("{long} gamma"), 0.7)
    };
    let made = make(vec![
        trace("a", &format!("{long} alpha"), 0.9),
        trace("b", &format!("{} beta", long.to_uppercase()), 0.8),
        other,
        trace("d", &format!("{} delta", &long[1..]), 0.7),
    ]);
    assert_eq!(ids(&made), ["a", "c", "d"]);
}

#[test]
fn a_task_says_what_the_trace_said() {
    let mut said = trace("t1", "mail ada@example.org", 0.9);
    said.result = Some("password=hunter2".into());
    said.metadata = json!({"category": "mail"});
    let made = make(vec![said, trace("ada@example.org/7", "plain", 0.8)]);
    let wanted = json!({"task_id": "t1", "query": "mail [redacted:email]", "reference_answer": "password=[redacted:secret]",
        "category": "mail", "agent": "home", "scorer": "judge"});
    let mut found = serde_json::to_value(&made.tasks[0]).unwrap();
    found.as_object_mut().unwrap().remove("split");
    assert_eq!(found, wanted);
    let second = &made.tasks[1];
    assert!(
        second.task_id.starts_with("trace-") && second.category == "home",
        "{second:?}"
    );
}

#[test]
fn what_cannot_be_a_task_is_counted() {
    let answerless = Trace {
        result: Some(" ".into()),
        ..trace("b", "b", 0.9)
    };
    let written = make(vec![trace("x", "mail [redacted:email]", 0.9), trace("e", "e", 0.9)]).tasks;
    let rated = vec![
        trace("a", " ", 0.9),
        answerless,
        trace("c", "mail ada@example.org", 0.9),
        trace("d", "d", 0.8),
        trace("e", "another question, the id is taken", 0.8),
        trace("f", "f", 0.7),
    ];
    let only = SynthRules { limit: 1, ..rules() };
    let made = synth(
        rated,
        &only,
        &ExistingTasks::of(&written, &Redactor::default()),
        &Redactor::default(),
    );
    assert_eq!(ids(&made), ["d"]);
    let expected = [
        (SkipReason::NoQuery, 1),
        (SkipReason::NoAnswer, 1),
        (SkipReason::Known, 2),
        (SkipReason::OverLimit, 1),
    ];
    assert_eq!(made.left_out, BTreeMap::from(expected));
}

#[test]
fn a_person_s_own_task_is_known_before_redaction_too() {
    let mut own = make(vec![trace("x", "plain", 0.9)]).tasks;
    own[0].query = "mail ada@example.org".into();
    let made = synth(
        vec![trace("a", "Mail ada@example.org", 0.9)],
        &rules(),
        &ExistingTasks::of(&own, &Redactor::default()),
        &Redactor::default(),
    );
    assert_eq!(made.left_out[&SkipReason::Known], 1);
}

#[test]
fn the_same_question_to_two_agents_is_asked_once() {
    let other = Trace {
        agent: Some("desk".into()),
        ..trace("b", "lamp on", 0.8)
    };
    let made = make(vec![trace("a", "lamp on", 0.9), other]);
    assert_eq!((ids(&made), made.left_out[&SkipReason::Known]), (vec!["a"], 1));
}

#[test]
fn shares_are_read_or_refused() {
    assert_eq!("train=0.5,gate=0.5".parse(), Ok(Shares::default()));
    for (text, part) in [
        ("train=0.5", "add up to 1"),
        ("train=0.5,train=0.5", "twice"),
        ("train=0.5,gat=0.5", "unknown split `gat`"),
        ("train=2", "between 0 and 1"),
        ("train=x", "not a share"),
        ("", "not a share"),
        ("train=NaN", "between 0 and 1"),
    ] {
        let problem = text.parse::<Shares>().unwrap_err();
        assert!(problem.contains(part), "{text}: {problem}");
    }
}

#[test]
fn many_tasks_are_split_as_asked() {
    let rules = SynthRules {
        limit: 10_000,
        shares: "train=0.5,gate=0.3,test=0.2".parse().unwrap(),
        ..rules()
    };
    let rated = (0..3000)
        .map(|n| trace(&format!("t{n}"), &format!("q{n}"), 0.9))
        .collect();
    let splits = synth(rated, &rules, &ExistingTasks::default(), &Redactor::default()).splits();
    for (name, wanted) in [("train", 1500), ("gate", 900), ("test", 600)] {
        assert!(splits[name].abs_diff(wanted) < 100, "{splits:?}");
    }
}

#[test]
fn categories_of_one_task_each_are_split_as_well() {
    for seed in 0..50 {
        let mut rated = vec![
            trace(&format!("a{seed}"), "a", 0.9),
            trace(&format!("b{seed}"), "b", 0.9),
        ];
        rated[0].metadata = json!({"category": "other"});
        assert_eq!(make(rated).splits(), BTreeMap::from([("gate", 1), ("train", 1)]));
    }
}

fn any_trace() -> impl Strategy<Value = Trace> {
    let agent = prop_oneof![Just(None), "[ab]".prop_map(Some)];
    let query = prop_oneof!["[xyz ]{0,3}", "[p]{49}[qr]{1,2}", Just("a@b.org".to_owned())];
    let result = prop_oneof![Just(None), "[uv ]{0,2}".prop_map(Some)];
    let times = proptest::option::of(0..3);
    ("[a-f]{1,2}", query, agent, result, 7..=10, times).prop_map(|(id, query, agent, result, tenths, time)| {
        serde_json::from_value(json!({"trace_id": id, "query": query, "agent": agent, "result": result,
            "feedback": f64::from(tenths) / 10.0, "started_at": time}))
        .unwrap()
    })
}

fn any_shares() -> impl Strategy<Value = Shares> {
    proptest::sample::select(vec![
        "train=0.5,gate=0.5",
        "train=0.5,gate=0.3,test=0.2",
        "train=0.01,gate=0.01,test=0.98",
        "train=0.4,gate=0.3,reserve=0.3",
        "train=0.3,gate=0.3,test=0.2,reserve=0.2",
        "gate=1",
        "train=1",
    ])
    .prop_map(|text| text.parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn laws((rated, shuffled) in proptest::collection::vec(any_trace(), 0..30).prop_flat_map(|rated| (Just(rated.clone()), Just(rated).prop_shuffle())),
            shares in any_shares(), limit in 0usize..20) {
        let rules = SynthRules { limit, shares, ..rules() };
        let run = |rated: &[Trace]| synth(rated.to_vec(), &rules, &ExistingTasks::default(), &Redactor::default());
        let made = run(&rated);
        // The order of traces does not matter.
        prop_assert_eq!(&run(&shuffled).tasks, &made.tasks);
        // Each trace is either a task or left out.
        prop_assert_eq!(made.tasks.len() + made.left_out.values().sum::<usize>(), rated.len());
        prop_assert!(made.tasks.len() <= limit && made.tasks.len() <= made.classes);
        // No class, query or id twice.
        for distinct in [
            made.tasks.iter().map(|task| format!("{:?}", class(task))).collect::<BTreeSet<_>>(),
            made.tasks.iter().map(|task| normal(&task.query)).collect(),
            made.tasks.iter().map(|task| task.task_id.clone()).collect(),
        ] {
            prop_assert_eq!(distinct.len(), made.tasks.len());
        }
        // The next synthesis knows the tasks that this one made.
        let again = synth(rated.clone(), &rules, &ExistingTasks::of(&made.tasks, &Redactor::default()), &Redactor::default());
        let queries: BTreeSet<_> = made.tasks.iter().map(|task| normal(&task.query)).collect();
        prop_assert!(again.tasks.iter().all(|task| !queries.contains(&normal(&task.query))));
        covers(&made.tasks, &shares)?;
    }
}

/// Every task has a split with a share, and every category of two or more tasks has a train and a gate task.
fn covers(tasks: &[Task], shares: &Shares) -> Result<(), TestCaseError> {
    let mut categories: BTreeMap<&str, Vec<Split>> = BTreeMap::new();
    for task in tasks {
        let split = task.split.expect("assigned");
        prop_assert!(shares.share(split) > 0.0);
        categories.entry(&task.category).or_default().push(split);
    }
    for splits in categories.values().filter(|splits| splits.len() > 1) {
        for split in [Split::Train, Split::Gate] {
            prop_assert!(splits.contains(&split) || shares.share(split) == 0.0);
        }
    }
    Ok(())
}
