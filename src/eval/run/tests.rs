//! Tests of runs, epochs and the memo, with the embedded student.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::json;

use super::*;
use crate::artifact::evaluation::Attempt;
use crate::digest::Digest;
use crate::eval::student::Draw;
use crate::eval::student::nearest::Nearest;
use crate::manifest::layout::Layout;

/// A memo in memory.
#[derive(Default)]
struct Remembers(Mutex<BTreeMap<Digest, Attempt>>);

impl Memo for Remembers {
    fn get(&self, keys: &[Digest]) -> Vec<Option<Attempt>> {
        let known = self.0.lock().unwrap();
        keys.iter().map(|key| known.get(key).cloned()).collect()
    }

    fn put(&self, attempts: &[(Digest, Attempt)]) {
        self.0.lock().unwrap().extend(attempts.iter().cloned());
    }
}

fn harness(temperature: f64) -> Harness {
    let config = format!("[agent]\ndefault_agent = \"a\"\n[models.default]\ntemperature = {temperature:?}\n");
    let shots = r#"[{"input": "a lost card", "output": "lost"}, {"input": "a euro card", "output": "rate"}]"#;
    Harness::default()
        .with("config.toml", config)
        .with("agents/a/few_shot.json", shots)
        .with("agents/b/few_shot.json", shots)
}

fn task(at: usize, agent: &str) -> Task {
    let id = format!("t{at}");
    serde_json::from_value(json!({"task_id": id, "query": "which card", "reference_answer": "lost", "agent": agent}))
        .unwrap()
}

/// Calls a function with an evaluator of this epoch and memo.
fn evaluating<T>(memo: &Remembers, epoch: u32, use_it: impl FnOnce(&Evaluator) -> T) -> T {
    let score = |task: &Task, answer: &str| Ok(f64::from(u8::from(answer == task.reference_answer.as_str())));
    use_it(&Evaluator {
        student: &Nearest::new(Layout::default()),
        memo,
        score: &score,
        seed: 7,
        epoch,
        concurrency: 3,
        progress: &|_, _| {},
        gauge: &Default::default(),
        halted: &|| None,
    })
}

/// The scores of runs of a task, and how many of them were newly made.
fn made(memo: &Remembers, epoch: u32, temperature: f64, numbers: &[u32]) -> (Vec<Option<f64>>, usize) {
    let task = task(1, "a");
    let runs = TaskRun::each(&task, numbers);
    let told = evaluating(memo, epoch, |evaluator| {
        attempt_runs(evaluator, &harness(temperature), &runs)
    });
    let fresh = told.iter().filter(|attempted| attempted.fresh).count();
    (told.iter().map(|attempted| attempted.score).collect(), fresh)
}

#[test]
fn every_run_is_drawn_once_and_remembered() {
    let memo = Remembers::default();
    let numbers: Vec<u32> = (0..30).chain(0..30).collect();
    let (scores, fresh) = made(&memo, 0, 1.0, &numbers);
    assert_eq!(fresh, 30, "each number once");
    assert_eq!(scores[..30], scores[30..]);
    assert!(
        scores.contains(&Some(0.0)) && scores.contains(&Some(1.0)),
        "runs differ"
    );
    assert_eq!(made(&memo, 0, 1.0, &numbers), (scores.clone(), 0), "remembered");
    let (anew, fresh) = made(&memo, 1, 1.0, &numbers);
    assert_eq!(fresh, 30, "another epoch");
    assert_ne!(anew, scores);
}

#[test]
fn a_student_that_cannot_vary_runs_once() {
    let memo = Remembers::default();
    assert_eq!(made(&memo, 0, 0.0, &[3, 0, 1]).1, 1);
    assert_eq!(made(&memo, 5, 0.0, &[0, 9]).1, 0, "whatever the number and the epoch");
}

/// Attempts that earlier versions remembered stay valid.
#[test]
fn run_0_is_asked_as_ever() {
    let task = task(1, "a");
    let seed = Digest::of_value(&(7, "t1")).seed();
    evaluating(&Remembers::default(), 0, |evaluator| {
        let prepared = evaluator.student.prepare(&harness(1.0));
        let asked = |number| ask::questions(evaluator, prepared.as_ref(), &[TaskRun { task: &task, number }]).remove(0);
        let identity = evaluator.student.identity();
        let key = Digest::of_value(&(identity, prepared.footprint(&task), "which card", "a", seed));
        assert_eq!((asked(0).draw, asked(0).key), (Draw::first(seed), key));
        assert_eq!(asked(2).draw.repeat, 2);
        assert_ne!(asked(2).draw.seed, seed);
    });
}

#[test]
fn an_edit_reaches_the_tasks_of_its_agent_alone() {
    let tasks = [task(1, "a"), task(2, "b"), task(3, "a")];
    let tasks: Vec<&Task> = tasks.iter().collect();
    let after = harness(0.0).with(
        "agents/b/few_shot.json",
        r#"[{"input": "which card", "output": "none"}]"#,
    );
    evaluating(&Remembers::default(), 0, |evaluator| {
        let affected = |after: &Harness| affected(evaluator, &harness(0.0), after, &tasks);
        assert_eq!(affected(&after), [false, true, false]);
        assert_eq!(affected(&harness(0.0)), [false; 3]);
        assert_eq!(affected(&harness(0.5)), [true; 3]);
    });
}

#[test]
fn only_what_is_remembered_and_may_change_is_worth_asking_again() {
    let tasks = [task(1, "a"), task(2, "b"), task(3, "a")];
    let tasks: Vec<&Task> = tasks.iter().collect();
    evaluating(&Remembers::default(), 0, |evaluator| {
        let worth_asking = |harness: &Harness| {
            let tasks = remembered(evaluator, harness, &tasks);
            tasks.iter().map(|task| task.task_id.clone()).collect::<Vec<_>>()
        };
        for harness in [harness(1.0), harness(0.0)] {
            attempt_all(evaluator, &harness, &tasks[..2]);
        }
        assert_eq!(worth_asking(&harness(1.0)), ["t1", "t2"]);
        assert!(worth_asking(&harness(0.0)).is_empty(), "it would say the same");
    });
}
