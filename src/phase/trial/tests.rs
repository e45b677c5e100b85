//! The trial of a student that throws a coin of known bias for each task: few no-ops pass, most real gains do, and
//! nothing depends on how many runs are made at once.

use std::sync::Mutex;

use serde_json::json;

use super::*;
use crate::artifact::evaluation::Attempt;
use crate::gate::{BudgetMode, Decision, Preset};
use crate::port::{Draw, Forgetful, Prepared, Student};

/// Answers right with the chance that the harness names for the task's category. Every harness has luck of its own.
#[derive(Default)]
struct Coin {
    /// What was attempted: footprint, task and repetition.
    attempts: std::sync::Arc<Mutex<Vec<(Digest, String, u64)>>>,
}

struct Thrown {
    harness: Harness,
    attempts: std::sync::Arc<Mutex<Vec<(Digest, String, u64)>>>,
}

impl Student for Coin {
    fn identity(&self) -> serde_json::Value {
        json!("coin")
    }

    fn prepare(&self, harness: &Harness) -> Box<dyn Prepared> {
        Box::new(Thrown {
            harness: harness.clone(),
            attempts: self.attempts.clone(),
        })
    }
}

impl Prepared for Thrown {
    fn footprint(&self, task: &Task) -> Digest {
        let text = |path: &str| self.harness.text(path).unwrap_or_default().to_owned();
        Digest::of_value(&(text(&task.category), text("words")))
    }

    fn attempt(&self, task: &Task, draw: Draw) -> Attempt {
        let footprint = self.footprint(task);
        let asked = (footprint, task.task_id.clone(), draw.repeat);
        self.attempts.lock().unwrap().push(asked);
        let chance: f64 = self.harness.text(&task.category).unwrap().parse().unwrap();
        let drawn = Digest::of_value(&(draw.seed, footprint)).seed() >> 11;
        let is_right = (drawn as f64 / (1u64 << 53) as f64) < chance;
        Attempt::Answered {
            answer: if is_right { "yes" } else { "no" }.to_owned(),
            model: None,
            tool: None,
        }
    }
}

fn tasks() -> Vec<Task> {
    let task = |at: usize| {
        json!({"task_id": format!("t{at}"), "query": "?", "reference_answer": "yes",
        "category": format!("c{}", at % 4)})
    };
    (0..50).map(|at| serde_json::from_value(task(at)).unwrap()).collect()
}

fn harness(chances: [f64; 4], words: &str) -> Harness {
    let start = Harness::default().with("words", words);
    chances.iter().enumerate().fold(start, |harness, (at, chance)| {
        harness.with(format!("c{at}"), chance.to_string())
    })
}

const BEFORE: [f64; 4] = [0.4, 0.2, 0.8, 0.9];

/// The record of an edit that aims at the first category, and all attempts.
fn tried(after: &Harness, seed: u64, concurrency: usize) -> (GateRecord, Vec<(Digest, String, u64)>) {
    let student = Coin::default();
    let score = |task: &Task, answer: &str| Ok(f64::from(u8::from(answer == task.reference_answer)));
    let evaluator = Evaluator {
        student: &student,
        memo: &Forgetful,
        score: &score,
        seed,
        epoch: 0,
        concurrency,
        progress: &|_, _| {},
        halted: &|| None,
    };
    let (before, tasks) = (harness(BEFORE, "old"), tasks());
    let question = Question {
        before: &before,
        after,
        tasks: &tasks,
        target: Some("c0"),
        mode: Mode::Sequential,
        one_pass: false,
        settings: Settings::of(Preset::Default),
        edit: after.digest(),
    };
    let stake = Stake {
        alpha: 0.01,
        budget: BudgetMode::Planned,
        slot: 1,
        session: None,
    };
    let record = Trial::new(&evaluator, question).decide(Some(stake), None).unwrap();
    let attempts = student.attempts.lock().unwrap().clone();
    (record, attempts)
}

fn accepted(after: &Harness) -> usize {
    let is_accepted = |seed: &u64| tried(after, *seed, 1).0.decision == Decision::Accept;
    (0..20).filter(is_accepted).count()
}

#[test]
fn few_edits_that_do_nothing_pass_and_most_that_lift_their_target_do() {
    let words_alone = accepted(&harness(BEFORE, "new"));
    assert!(words_alone <= 1, "{words_alone} of 20 no-ops were accepted");
    let [target, others @ ..] = BEFORE;
    let [one, two, three] = others;
    let focused = accepted(&harness([target + 0.4, one, two, three], "new"));
    assert!(focused >= 15, "only {focused} of 20 gains of 40 points were accepted");
}

#[test]
fn nothing_depends_on_how_many_runs_are_made_at_once() {
    let after = harness([0.7, 0.2, 0.8, 0.9], "new");
    for seed in 0..4 {
        let told = |concurrency| {
            let record = tried(&after, seed, concurrency).0;
            GateRecord {
                made: Runs::default(),
                ..record
            }
        };
        let (alone, together) = (told(1), told(8));
        assert_eq!(alone.stage, 2, "the end of the first stage is where they could part");
        assert!(
            alone == together,
            "seed {seed}: {} or {}",
            alone.line(),
            together.line()
        );
    }
}

/// Without a memory, a run that was used twice would be made twice.
#[test]
fn every_run_of_either_arm_is_used_once() {
    let after = harness([0.7, 0.2, 0.8, 0.9], "new");
    let (record, mut attempts) = tried(&after, 1, 1);
    let made = attempts.len();
    assert_eq!(
        made,
        record.calls.edited + record.calls.baseline,
        "none was made in vain"
    );
    assert_eq!(record.calls.baseline, 2 * record.calls.edited);
    attempts.sort();
    attempts.dedup();
    assert_eq!(attempts.len(), made);
}
