//! Examples of plans of the built-in teacher.
#![allow(clippy::disallowed_methods, clippy::too_many_lines)] // tests: real files, long tables
use std::path::Path;

use super::*;
use crate::artifact::edit::{Edit, Op};
use crate::artifact::evaluation::{Attempt, Evaluation, ScoredAttempt, TaskScore};
use crate::artifact::task::Task;
use crate::eval::score::score;
use crate::eval::student::nearest::Nearest;
use crate::eval::student::{Draw, Student};
use crate::harness::Harness;

fn run<'t>(harness: &Harness, tasks: &[&'t Task]) -> Vec<ScoredAttempt<'t>> {
    let student = Nearest::new(Layout::default()).prepare(harness);
    let attempted = |task: &&'t Task| {
        let attempt = student.attempt(task, Draw::default());
        let score = match &attempt {
            Attempt::Answered { answer, .. } => score(task, answer).ok(),
            Attempt::Failed { .. } => Some(0.0),
            Attempt::Infra { .. } | Attempt::Refused { .. } => None,
        };
        ScoredAttempt {
            task,
            attempt,
            score,
            fresh: true,
        }
    };
    tasks.iter().map(attempted).collect()
}

fn evaluation(harness: &Harness, tasks: &[Task]) -> Evaluation {
    let tasks: Vec<&Task> = tasks.iter().collect();
    Evaluation::of(run(harness, &tasks).into_iter().map(TaskScore::from).collect())
}

fn briefing<'a>(harness: &'a Harness, layout: &'a Layout, train: &'a [Task]) -> Briefing<'a> {
    Briefing {
        harness,
        layout,
        surfaces: Box::leak(Box::default()),
        ops: &Op::ALL,
        offers: &[],
        train,
        traces: &[],
        run_student: &run,
        rejected: &[],
        search_traces: &|_, _| Ok(Vec::new()),
        score: &|_, _| Ok(0.0),
        tell: &|_| {},
        session: "session-1",
        seed: 7,
    }
}

fn starter(train: &[Task]) -> Harness {
    let labels: std::collections::BTreeSet<String> = train
        .iter()
        .map(|task| task.reference_answer.as_str().to_owned())
        .collect();
    let labels: Vec<String> = labels.into_iter().filter(|label| label != "oos").collect();
    crate::harness::starter::harness(&labels, "intent")
}

fn read(path: &Path) -> Vec<Task> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Gates a plan: the harness after the accepted edits, and a line of numbers for each edit.
fn gated(start: &Harness, edits: &[Edit], gate: &[Task]) -> Harness {
    let mut head = start.clone();
    let mut before = evaluation(&head, gate);
    eprintln!("gate at the start {:.4}", before.overall_score);
    for edit in edits {
        let next = edits::applied(edit, &head, &Layout::default()).unwrap();
        let after = evaluation(&next, gate);
        let worst = after
            .category_scores
            .iter()
            .map(|(category, score)| score - before.category_scores[category]);
        let worst = worst.fold(0.0, f64::min);
        let accepted = after.overall_score > before.overall_score && worst >= -0.05 - 1e-9;
        eprintln!(
            "{} {} {} overall {:.4} worst {worst:+.4} oos {:?} {}",
            edit.op.name(),
            edit.target,
            edit.payload.get("value").unwrap_or_default(),
            after.overall_score,
            after.category_scores.get("oos"),
            edit.rationale
        );
        eprintln!("   {}", if accepted { "accepted" } else { "REJECTED" });
        if accepted {
            (head, before) = (next, after);
        }
    }
    head
}

fn improve(train: &[Task], gate: &[Task]) -> (Harness, Harness) {
    let (layout, start) = (Layout::default(), starter(train));
    let briefing = briefing(&start, &layout, train);
    let rules = RulesTeacher::new(layout.clone(), RulesSettings::default());
    let began = std::time::Instant::now();
    let diagnosed = rules.diagnose(&briefing).unwrap();
    eprintln!("{} clusters after {:?}", diagnosed.clusters.len(), began.elapsed());
    let planned = rules.plan(&briefing, "", &diagnosed.clusters).unwrap();
    eprintln!("{} edits after {:?}", planned.edits.len(), began.elapsed());
    let end = gated(&start, &planned.edits, gate);
    (start, end)
}

/// Sums for a calculator, and two labels with distinct vocabularies.
fn small_world() -> (Harness, Vec<Task>) {
    let task = |at: usize| {
        let (query, answer, category) = match at % 3 {
            0 => (format!("what is {at} plus {}", at * 7), (at * 8).to_string(), "sums"),
            1 => (
                format!("my plastic vanished near shop {at}"),
                "card_lost".to_owned(),
                "labels",
            ),
            _ => (
                format!("euro against yen on monday {at}"),
                "exchange_rate".to_owned(),
                "labels",
            ),
        };
        serde_json::from_value(serde_json::json!({
            "task_id": format!("t{at}"), "query": query, "reference_answer": answer, "category": category
        }))
        .unwrap()
    };
    let labels = ["card_lost".to_owned(), "exchange_rate".to_owned()];
    (
        crate::harness::starter::harness(&labels, "intent"),
        (0..90).map(task).collect(),
    )
}

#[test]
fn it_finds_the_missing_tool_and_the_missing_examples_and_repeats_itself() {
    let (harness, train) = small_world();
    let layout = Layout::default();
    let briefing = briefing(&harness, &layout, &train);
    let rules = RulesTeacher::new(layout.clone(), RulesSettings::default());
    let diagnosed = rules.diagnose(&briefing).unwrap();
    let ids: Vec<&str> = diagnosed.clusters.iter().map(|cluster| cluster.id.as_str()).collect();
    assert!(
        ids.contains(&"tool-missing-sums") && ids.contains(&"knowledge-missing-labels"),
        "{ids:?}"
    );
    let edits = rules.plan(&briefing, "", &diagnosed.clusters).unwrap().edits;
    let ops: Vec<Op> = edits.iter().map(|edit| edit.op).collect();
    assert!(
        ops.contains(&Op::AddToolToAgent) && ops.contains(&Op::EditFewShotExemplars),
        "{ops:?}"
    );
    for edit in &edits {
        assert!(ids.contains(&edit.expected_improvement.as_str()), "{edit:?}");
    }
    assert_eq!(rules.plan(&briefing, "", &diagnosed.clusters).unwrap().edits, edits);
}

#[test]
fn it_offers_only_ops_that_have_a_home_and_at_most_so_many() {
    let (harness, train) = small_world();
    let layout = Layout::default();
    let all = briefing(&harness, &layout, &train);
    let clusters = RulesTeacher::new(layout.clone(), RulesSettings::default())
        .diagnose(&all)
        .unwrap()
        .clusters;
    let one = RulesSettings {
        max_edits: 1,
        ..RulesSettings::default()
    };
    assert_eq!(
        RulesTeacher::new(layout.clone(), one)
            .plan(&all, "", &clusters)
            .unwrap()
            .edits
            .len(),
        1
    );
    let few = Briefing {
        ops: &[Op::AddToolToAgent],
        offers: &[],
        ..all
    };
    let edits = RulesTeacher::new(layout.clone(), RulesSettings::default())
        .plan(&few, "", &clusters)
        .unwrap()
        .edits;
    assert!(edits.iter().all(|edit| edit.op == Op::AddToolToAgent) && !edits.is_empty());
    assert!(
        RulesTeacher::new(layout.clone(), RulesSettings::default())
            .plan(&few, "", &[])
            .unwrap()
            .edits
            .is_empty()
    );
}

/// Runs on public intent data if `KAIZEN_DATA` names its folder; `KAIZEN_TEST=1` also opens the test split.
#[test]
fn learns_public_intents() {
    let Ok(data) = std::env::var("KAIZEN_DATA") else { return };
    let folder = Path::new(&data);
    let train = read(&folder.join("train.jsonl"));
    let (train, gate) = match folder.join("val.jsonl").exists() {
        true => (train, read(&folder.join("val.jsonl"))),
        false => train
            .into_iter()
            .partition(|task| task.split() == crate::artifact::task::Split::Train),
    };
    let (start, end) = improve(&train, &gate);
    let gain = evaluation(&end, &gate).overall_score - evaluation(&start, &gate).overall_score;
    eprintln!("gate gain {gain:+.4}");
    if std::env::var("KAIZEN_TEST").is_ok() {
        let test = read(&folder.join("test.jsonl"));
        let (before, after) = (evaluation(&start, &test), evaluation(&end, &test));
        eprintln!(
            "test {:.4} to {:.4}: {:+.4}",
            before.overall_score,
            after.overall_score,
            after.overall_score - before.overall_score
        );
    }
    assert!(gain > 0.2);
}

/// A home of so many agents that all lack the same examples, with ten tasks each.
fn many_agents(agents: usize) -> (Harness, Vec<Task>) {
    let prompt = |agent: usize| {
        (
            format!("agents/a{agent}/system_prompt.md"),
            b"You are helpful.\n".to_vec(),
        )
    };
    let task = |at: usize| {
        let word = ["alpha", "beta", "gamma", "delta"][at / agents % 4];
        serde_json::from_value(serde_json::json!({
            "task_id": format!("t{at}"), "query": format!("{word} question number {at}"), "reference_answer": word,
            "category": word, "agent": format!("a{}", at % agents)
        }))
        .unwrap()
    };
    (
        Harness::new((0..agents).map(prompt)),
        (0..10 * agents).map(task).collect(),
    )
}

/// The number of attempts for a plan.
fn attempts(agents: usize) -> usize {
    let (harness, train) = many_agents(agents);
    let layout = Layout::default();
    let made = std::sync::atomic::AtomicUsize::new(0);
    let counted = crate::teacher::for_any_tasks(|harness, tasks| {
        made.fetch_add(tasks.len(), std::sync::atomic::Ordering::Relaxed);
        run(harness, tasks)
    });
    let briefing = Briefing {
        run_student: &counted,
        ..briefing(&harness, &layout, &train)
    };
    let rules = RulesTeacher::new(layout.clone(), RulesSettings::default());
    let clusters = rules.diagnose(&briefing).unwrap().clusters;
    let edits = rules.plan(&briefing, "", &clusters).unwrap().edits;
    assert!(!edits.is_empty());
    made.into_inner()
}

#[test]
fn the_attempts_grow_as_the_number_of_agents_does() {
    let (few, many) = (attempts(5), attempts(20));
    assert!(many <= 5 * few, "5 agents: {few} attempts, 20 agents: {many}");
}

/// Requests with 60 labels in 30 categories. Each names its label, or uses two of the label's four other words, beside
/// words that all labels share. The first 12 labels are always named, so examples can only harm them.
fn many_categories(per_label: u64, of: &str) -> Vec<Task> {
    let request = |number: u64| {
        let label = number / per_label;
        let drawn = |what: &str, below: u64| crate::digest::Digest::of_value(&(of, number, what)).seed() % below;
        let own = match label < 12 || drawn("kind", 3) == 0 {
            true => format!("topic{label}"),
            false => format!("word{label}x{} word{label}x{}", drawn("one", 4), drawn("other", 4)),
        };
        serde_json::from_value(serde_json::json!({
            "task_id": format!("{of}{number}"), "reference_answer": format!("topic{label}"),
            "query": format!("{own} shared{} shared{}", drawn("third", 60), drawn("fourth", 60)),
            "category": format!("group{}", label / 2)
        }))
        .unwrap()
    };
    (0..60 * per_label).map(request).collect()
}

#[test]
fn many_small_categories_do_not_hide_that_examples_help() {
    let (train, gate) = (many_categories(10, "train"), many_categories(5, "gate"));
    let (layout, start) = (Layout::default(), starter(&train));
    let before = evaluation(&start, &gate);
    for seed in 0..5 {
        let briefing = Briefing {
            seed,
            ..briefing(&start, &layout, &train)
        };
        let settings = RulesSettings {
            max_edits: 1,
            ..RulesSettings::default()
        };
        let rules = RulesTeacher::new(layout.clone(), settings);
        let clusters = rules.diagnose(&briefing).unwrap().clusters;
        let edits = rules.plan(&briefing, "", &clusters).unwrap().edits;
        let ops: Vec<Op> = edits.iter().map(|edit| edit.op).collect();
        assert_eq!(ops, [Op::EditFewShotExemplars], "seed {seed}");
        let after = evaluation(&edits::applied(&edits[0], &start, &layout).unwrap(), &gate);
        assert!(after.overall_score > before.overall_score + 0.15, "seed {seed}");
    }
}

fn rules_narrative(briefing: &Briefing) -> String {
    let rules = RulesTeacher::new(briefing.layout.clone(), RulesSettings::default());
    rules.diagnose(briefing).unwrap().narrative
}

#[test]
fn a_query_with_a_password_becomes_no_example() {
    let (harness, mut train) = small_world();
    let layout = Layout::default();
    for (at, task) in train.iter_mut().enumerate() {
        task.query = format!("{} my password is hunter22x{at}", task.query);
    }
    train[1].query = "my plastic vanished near the harbour".to_owned();
    let briefing = briefing(&harness, &layout, &train);
    assert_eq!(sample::open_tasks(&briefing), [&train[1]]);
    let narrative = rules_narrative(&briefing);
    assert!(
        narrative.contains("my password is") && !narrative.contains("hunter22"),
        "{narrative}"
    );
}
