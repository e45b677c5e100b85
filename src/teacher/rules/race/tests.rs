//! Examples of the race, with a student that answers like a small language model.
use std::sync::Mutex;

use serde_json::{Value, json};

use super::*;
use crate::artifact::evaluation::{Attempt, ScoredAttempt};
use crate::artifact::task::Task;
use crate::artifact::trace::Trace;
use crate::eval::score::score;
use crate::harness::Harness;
use crate::harness::home::ParsedHome;
use crate::manifest::layout::Layout;
use crate::manifest::surface_table::SurfaceTable;
use crate::teacher::rules::{RulesSettings, RulesTeacher, edits as write};
use crate::teacher::{Teacher, for_any_tasks};

const LABELS: [&str; 3] = ["card", "cash", "rate"];

/// Train tasks of a router: each query names its label half of the time, else another word of it.
fn tasks(count: usize) -> Vec<Task> {
    let task = |at: usize| {
        let label = at % LABELS.len();
        let word = [["plastic", "visa"], ["notes", "coins"], ["euro", "yen"]][label][at / 3 % 2];
        serde_json::from_value(json!({
            "task_id": format!("t{at:03}"), "query": format!("please help with {word}, request {at}"),
            "reference_answer": LABELS[label], "category": LABELS[label]
        }))
        .unwrap()
    };
    (0..count).map(task).collect()
}

/// The answer of a model that repeats what an example with a word of the query says, else chats; a grammar that it knows
/// forces the first label that fits.
fn answer(harness: &Harness, query: &str) -> String {
    let layout = Layout::default();
    let home = ParsedHome::new(harness, &layout);
    let shots: Vec<Value> = serde_json::from_str(harness.text("agents/simple/few_shot.json").unwrap_or("[]")).unwrap();
    let words = ["plastic", "visa", "notes", "coins", "euro", "yen"];
    let asked = words.iter().find(|word| query.contains(**word)).unwrap();
    let shown = shots
        .iter()
        .find(|shot| shot["input"].as_str().unwrap().contains(asked));
    let known = shown.map(|shot| shot["output"].as_str().unwrap().to_owned());
    let names = [("agent", "simple"), ("param", "grammar")];
    let grammar = home
        .value(&layout.agent_param, &names)
        .ok()
        .flatten()
        .and_then(Value::as_str);
    match (known, grammar) {
        (Some(label), None) => label,
        (Some(label), Some(grammar)) if grammar.contains(&label) => label,
        (_, Some(grammar)) => grammar.split('"').nth(1).unwrap().to_owned(),
        (None, None) => format!("I am happy to help with {asked}."),
    }
}

fn run<'t>(harness: &Harness, tasks: &[&'t Task]) -> Vec<ScoredAttempt<'t>> {
    let attempted = |task: &&'t Task| {
        let answer = answer(harness, &task.query);
        ScoredAttempt {
            score: score(task, &answer).ok(),
            attempt: Attempt::Answered {
                answer,
                model: None,
                tool: None,
                used: None,
            },
            task,
            fresh: true,
        }
    };
    tasks.iter().map(attempted).collect()
}

/// A plan, and how it was made.
struct TestPlan {
    edits: Vec<Edit>,
    /// The harness with the plan.
    after: Harness,
    /// The query of every attempt.
    asked: Vec<String>,
    /// What the teacher said.
    said: Vec<String>,
}

fn planned(train: &[Task], traces: &[Trace], most: usize, seed: u64) -> TestPlan {
    let (harness, layout) = (
        Harness::default().with("agents/simple/system_prompt.md", "Sort requests.\n"),
        Layout::default(),
    );
    let (asked, said) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let counted = for_any_tasks(|harness, tasks| {
        asked
            .lock()
            .unwrap()
            .extend(tasks.iter().map(|task| task.query.clone()));
        run(harness, tasks)
    });
    let briefing = Briefing {
        harness: &harness,
        layout: &layout,
        surfaces: &SurfaceTable::default(),
        ops: &Op::ALL,
        offers: &[],
        train,
        traces,
        run_student: &counted,
        rejected: &[],
        search_traces: &|_, _| Ok(Vec::new()),
        score: &|task, answer| score(task, answer).map_err(|error| error.to_string()),
        tell: &|text| said.lock().unwrap().push(text.to_owned()),
        session: "session-1",
        seed,
    };
    let settings = RulesSettings {
        race: Some(RaceSettings {
            max_student_calls: most,
            api: Some(Api::Openai),
            temperature: Some(0.0),
        }),
        ..RulesSettings::default()
    };
    let rules = RulesTeacher::new(layout.clone(), settings);
    let clusters = rules.diagnose(&briefing).unwrap().clusters;
    let edits = rules.plan(&briefing, "", &clusters).unwrap().edits;
    let after = edits.iter().fold(harness.clone(), |harness, edit| {
        write::applied(edit, &harness, &layout).unwrap()
    });
    TestPlan {
        edits,
        after,
        asked: asked.into_inner().unwrap(),
        said: said.into_inner().unwrap(),
    }
}

#[test]
fn it_finds_examples_within_its_budget_and_says_what_it_measures() {
    let train = tasks(150);
    for seed in 0..2 {
        let TestPlan {
            edits,
            after,
            asked,
            said,
        } = planned(&train, &[], 400, seed);
        assert!(asked.len() <= 400, "{}", asked.len());
        assert_eq!(edits[0].op, Op::EditFewShotExemplars);
        let measured = "train tasks that did not choose it, the score rises from 0 %";
        assert!(edits[0].rationale.contains(measured), "{}", edits[0].rationale);
        assert!(edits.iter().all(|edit| !edit.expected_improvement.is_empty()));
        let all: Vec<&Task> = train.iter().collect();
        let right = run(&after, &all).iter().filter(|one| one.score == Some(1.0)).count();
        assert!(right >= 140, "{right}");
        assert!(
            said[0].contains("configurations on 8 train tasks each") && said.len() >= 3,
            "{said:?}"
        );
        assert_eq!(edits, planned(&train, &[], 400, seed).edits);
    }
}

#[test]
fn no_measured_task_becomes_an_example() {
    for seed in 0..2 {
        let TestPlan { edits, asked, .. } = planned(&tasks(60), &[], 400, seed);
        let shown = edits[0].payload["exemplars"].as_array().unwrap().iter();
        let inputs: Vec<&str> = shown.map(|shot| shot["input"].as_str().unwrap()).collect();
        assert!((1..=18).contains(&inputs.len()));
        assert!(
            inputs.iter().all(|input| asked.iter().all(|query| query != input)),
            "{inputs:?}"
        );
    }
}

#[test]
fn a_small_budget_is_kept_and_few_tasks_do_no_harm() {
    for (count, most) in [(150, 40), (150, 8), (24, 400), (9, 400), (5, 400), (150, 1)] {
        let TestPlan { edits, asked, .. } = planned(&tasks(count), &[], most, 1);
        assert!(asked.len() <= most, "{} of {most}", asked.len());
        assert!(edits.len() <= 3 && (count >= 8 || edits.is_empty()));
    }
}

/// Where the references are no answers, examples come from past answers that were right.
#[test]
fn past_answers_that_were_right_become_examples() {
    let mut train = tasks(150);
    for task in &mut train {
        task.scorer = crate::artifact::task::Scorer::Regex;
        task.reference_answer = format!("^{}$", task.reference_answer.as_str()).into();
    }
    let trace = |(at, (word, answer, outcome)): (usize, &(&str, &str, &str))| -> Trace {
        serde_json::from_value(json!({
            "trace_id": at.to_string(), "query": format!("a question about {word}"), "result": answer, "outcome": outcome
        }))
        .unwrap()
    };
    let past = [
        ("plastic", "card", "success"),
        ("visa", "cash", "failure"),
        ("notes", "cash", "success"),
        ("euro", "rate", "success"),
        ("yen, says ada@example.org", "rate", "success"),
    ];
    let traces: Vec<Trace> = past.iter().enumerate().map(trace).collect();
    let TestPlan { edits, .. } = planned(&train, &traces, 400, 1);
    let mut shown: Vec<&str> = edits[0].payload["exemplars"]
        .as_array()
        .unwrap()
        .iter()
        .map(|shot| shot["input"].as_str().unwrap())
        .collect();
    shown.sort_unstable();
    let expected = [
        "a question about euro",
        "a question about notes",
        "a question about plastic",
    ];
    assert_eq!(shown, expected);
}
