//! Trials of the built-in student, noisy and deterministic.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;

use super::{Trial, TrialSpec};
use crate::artifact::evaluation::Attempt;
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::record::{AlphaGrant, GateEvidence, GateRecord, RunCounts};
use crate::artifact::gate::sample::SampleSettings;
use crate::artifact::gate::settings::{BudgetMode, GateSettings, Mode, Preset};
use crate::artifact::gate::verdict::GateDecision;
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::eval::memo::{DiskMemo, Memo};
use crate::eval::run::{EvaluationHalted, Evaluator};
use crate::eval::student::nearest::Nearest;
use crate::eval::student::{Draw, PreparedStudent, Student};
use crate::gate::replay;
use crate::harness::Harness;
use crate::manifest::layout::Layout;

/// The built-in student with delays that make attempts finish in no fixed order. The seed depends on the request, so
/// each harness draws independently, as with a language model without a seed.
struct Tardy(Nearest);

struct TardyRead(Box<dyn PreparedStudent>);

impl Student for Tardy {
    fn identity(&self) -> serde_json::Value {
        self.0.identity()
    }

    fn prepare(&self, harness: &Harness) -> Box<dyn PreparedStudent> {
        Box::new(TardyRead(self.0.prepare(harness)))
    }
}

impl PreparedStudent for TardyRead {
    fn footprint(&self, task: &Task) -> Digest {
        self.0.footprint(task)
    }

    fn varies(&self, task: &Task) -> bool {
        self.0.varies(task)
    }

    fn attempt(&self, task: &Task, draw: Draw) -> Attempt {
        let own = Digest::of_value(&(self.footprint(task), draw.seed)).seed();
        std::thread::sleep(Duration::from_micros(own % 300));
        self.0.attempt(task, Draw { seed: own, ..draw })
    }
}

/// A student whose server is out of reach.
struct Unreachable(Nearest);

struct UnreachableRead(Box<dyn PreparedStudent>);

impl Student for Unreachable {
    fn identity(&self) -> serde_json::Value {
        self.0.identity()
    }

    fn prepare(&self, harness: &Harness) -> Box<dyn PreparedStudent> {
        Box::new(UnreachableRead(self.0.prepare(harness)))
    }
}

impl PreparedStudent for UnreachableRead {
    fn footprint(&self, task: &Task) -> Digest {
        self.0.footprint(task)
    }

    fn varies(&self, task: &Task) -> bool {
        self.0.varies(task)
    }

    fn attempt(&self, _: &Task, _: Draw) -> Attempt {
        Attempt::Infra {
            reason: "connection refused".into(),
        }
    }
}

/// An agent that answers about half of `home` and most of `shop` correctly; with `sure`, most of `home`, too.
fn harness(temperature: f64, sure: bool) -> Harness {
    let rooms = ["hall", "attic", "cellar", "study", "porch", "garage"];
    let more = if sure { rooms.len() } else { 1 };
    let mut shots = vec![json!({"input": "switch on the light in the kitchen", "output": "off"})];
    let on = |room: &&str| json!({"input": format!("switch on the light in the {room}"), "output": "on"});
    shots.extend(rooms[..more].iter().map(on));
    shots.push(json!({"input": "buy soap", "output": "buy"}));
    Harness::default()
        .with(
            "config.toml",
            format!("[models.default]\nk = 9\ntemperature = {temperature:?}\n"),
        )
        .with("agents/a/few_shot.json", json!(shots).to_string())
}

fn tasks() -> Vec<Task> {
    let task = |at: usize| match at % 2 {
        0 => {
            json!({"task_id": format!("h{at}"), "query": "switch on the light", "reference_answer": "on", "category": "home"})
        }
        _ => json!({"task_id": format!("s{at}"), "query": "buy soap", "reference_answer": "buy", "category": "shop"}),
    };
    (0..16).map(|at| serde_json::from_value(task(at)).unwrap()).collect()
}

fn tried(
    memo: &dyn Memo,
    concurrency: usize,
    seed: u64,
    arms: (&Harness, &Harness),
    settings: GateSettings,
) -> (GateRecord, RunCounts) {
    gone_on_with(memo, concurrency, seed, arms, settings, None)
}

fn gone_on_with(
    memo: &dyn Memo,
    concurrency: usize,
    seed: u64,
    arms: (&Harness, &Harness),
    settings: GateSettings,
    earlier: Option<&GateRecord>,
) -> (GateRecord, RunCounts) {
    let score = |task: &Task, answer: &str| Ok(f64::from(u8::from(answer == task.reference_answer.as_str())));
    let student = Tardy(Nearest::new(Layout::default()));
    let evaluator = Evaluator {
        student: &student,
        memo,
        score: &score,
        seed,
        epoch: 0,
        concurrency,
        progress: &|_, _| (),
        gauge: &Default::default(),
        halted: &|| None,
    };
    put(&evaluator, arms, settings, earlier).unwrap()
}

/// Runs the trial of the edit with target `home`.
fn put(
    evaluator: &Evaluator,
    arms: (&Harness, &Harness),
    settings: GateSettings,
    earlier: Option<&GateRecord>,
) -> Result<(GateRecord, RunCounts), EvaluationHalted> {
    let stake = AlphaGrant {
        alpha: 0.01,
        budget: BudgetMode::Planned,
        slot: 1,
        carried: 0.0,
        session: None,
    };
    let tasks = tasks();
    Trial::new(evaluator, question(arms, &tasks, settings)).decide(Some(stake), earlier)
}

fn question<'a>(arms: (&'a Harness, &'a Harness), tasks: &'a [Task], settings: GateSettings) -> TrialSpec<'a> {
    TrialSpec {
        before: arms.0,
        after: arms.1,
        tasks,
        target: Some("home"),
        mode: Mode::Sequential,
        one_pass: false,
        settings,
        sample: SampleSettings::default(),
        edit: Digest::of_bytes(b"edit"),
    }
}

fn memo() -> DiskMemo {
    DiskMemo::in_memory().unwrap()
}

#[test]
fn no_decision_depends_on_the_order_of_completion() {
    let (before, after) = (harness(0.25, false), harness(0.25, true));
    for seed in 0..12 {
        let settings = GateSettings::of(Preset::Default);
        let one = tried(&memo(), 1, seed, (&before, &after), settings).0;
        let many = tried(&memo(), 8, seed, (&before, &after), settings).0;
        assert_eq!(one, many);
        assert_eq!(replay::disagreements(&one), Vec::<String>::new());
    }
}

#[test]
fn every_run_is_used_once_and_remembered_runs_cost_nothing() {
    let (before, after) = (harness(0.25, false), harness(0.25, true));
    let memo = memo();
    let settings = GateSettings::of(Preset::Default);
    let (record, made) = tried(&memo, 4, 7, (&before, &after), settings);
    let used: BTreeSet<(&str, u32)> = record.pairs.iter().map(|pair| (pair.task.as_str(), pair.run)).collect();
    assert_eq!(used.len(), record.pairs.len());
    assert!(made.edited >= record.calls.edited && made.baseline >= record.calls.baseline);
    let (again, made) = tried(&memo, 4, 7, (&before, &after), settings);
    assert_eq!((again, made), (record.clone(), RunCounts::default()));
    // The runs of the edited harness are the baseline of the next edit.
    let (_, next) = tried(&memo, 1, 7, (&after, &before), settings);
    assert_eq!(next.edited, 0, "the cached runs of `before` are used again");
    assert!(next.baseline < record.calls.baseline, "{next:?}");
}

#[test]
fn what_changes_nothing_is_kept_at_most_as_often_as_is_allowed() {
    // Other words with the same answers: every request differs, but no probability does.
    let before = harness(0.25, false);
    let padded = harness(0.25, false).with("agents/a/few_shot.json", {
        let text = String::from_utf8_lossy(before.get("agents/a/few_shot.json").unwrap()).into_owned();
        text.replace("buy soap", "buy  soap")
    });
    let better = harness(0.25, true);
    let settings = GateSettings::of(Preset::Thrifty);
    let kept = |after: &Harness| {
        (0..30)
            .filter(|seed| tried(&memo(), 1, *seed, (&before, after), settings).0.decision == GateDecision::Accept)
            .count()
    };
    assert!(kept(&padded) <= 1);
    assert!(kept(&better) >= 24, "{} of 30", kept(&better));
}

#[test]
fn lost_pairs_are_dropped_in_both_arms_until_there_are_too_many() {
    struct Failing(Mutex<usize>, usize);
    impl Failing {
        fn score(&self, task: &Task, answer: &str) -> Result<f64, String> {
            let mut asked = self.0.lock().unwrap();
            *asked += 1;
            match task.task_id == "h0" || self.1 > 0 && (*asked).is_multiple_of(self.1) {
                true => Err("the scorer fell over".into()),
                false => Ok(f64::from(u8::from(answer == task.reference_answer.as_str()))),
            }
        }
    }
    let (before, after) = (harness(0.25, false), harness(0.25, true));
    let run = |failing: &Failing, share: f64| {
        let score = |task: &Task, answer: &str| failing.score(task, answer);
        let evaluator = Evaluator {
            student: &Nearest::new(Layout::default()),
            memo: &memo(),
            score: &score,
            seed: 3,
            epoch: 0,
            concurrency: 1,
            progress: &|_, _| (),
            gauge: &Default::default(),
            halted: &|| None,
        };
        let settings = GateSettings {
            max_infra_share: share,
            ..GateSettings::of(Preset::Default)
        };
        put(&evaluator, (&before, &after), settings, None).map(|(record, _)| record)
    };
    // One task never has a score: its pairs are dropped, and the others decide.
    let record = run(&Failing(Mutex::new(0), 0), 0.5).unwrap();
    assert_eq!(record.decision, GateDecision::Accept);
    assert!(record.staged().unwrap().numbers.dropped > 0);
    assert!(record.pairs.iter().all(|pair| (pair.task == "h0") == pair.x.is_none()));
    assert_eq!(replay::disagreements(&record), Vec::<String>::new());
    // Every run fails, which says nothing about the edit.
    let failing = Failing(Mutex::new(0), 1);
    let halted = run(&failing, 0.05).unwrap_err().to_string();
    assert!(halted.starts_with("the scorer fell over ("), "{halted}");
    let asked = *failing.0.lock().unwrap();
    assert!(asked < 40, "it stopped after {asked} runs");
}

/// The attempts that pairs of the first four tasks made, and whether they were halted. `retries`: the largest number of second
/// tries; `halted_after`: the number of attempts after which they are halted.
fn made_of_pairs(student: &dyn Student, retries: usize, halted_after: usize) -> (RunCounts, bool) {
    let (before, after) = (harness(0.25, false), harness(0.25, true));
    let (tasks, memo, attempts) = (tasks(), memo(), AtomicUsize::new(0));
    let evaluator = Evaluator {
        student,
        memo: &memo,
        score: &|_, _| Ok(1.0),
        seed: 3,
        epoch: 0,
        concurrency: 1,
        progress: &|_, _| {
            attempts.fetch_add(1, Ordering::Relaxed);
        },
        gauge: &Default::default(),
        halted: &|| (attempts.load(Ordering::Relaxed) >= halted_after).then(|| "the budget is spent".to_owned()),
    };
    let settings = GateSettings::of(Preset::Default);
    let trial = Trial::new(&evaluator, question((&before, &after), &tasks, settings));
    trial.limit_retries(retries);
    let mut made = RunCounts::default();
    let is_halted = trial.pairs(&[0, 1, 2, 3], 0, &mut made).is_err();
    (made, is_halted)
}

#[test]
fn attempts_count_also_if_the_runs_are_halted_or_tried_again() {
    let counts = |baseline, edited| RunCounts { edited, baseline };
    let (well, down) = (
        Nearest::new(Layout::default()),
        Unreachable(Nearest::new(Layout::default())),
    );
    for (student, retries, halted_after, wanted) in [
        (&well as &dyn Student, 9, 99, (counts(4, 4), false)),
        (&well, 9, 3, (counts(3, 0), true)),
        (&well, 9, 6, (counts(4, 2), true)),
        (&down, 9, 99, (counts(8, 8), false)),
        (&down, 5, 99, (counts(8, 5), false)),
        (&down, 0, 99, (counts(4, 4), false)),
    ] {
        let made = made_of_pairs(student, retries, halted_after);
        assert_eq!(made, wanted, "{retries} {halted_after}");
    }
}

#[test]
fn a_trial_that_goes_on_pairs_its_runs_as_it_began() {
    let (before, after) = (harness(0.25, false), harness(0.25, true));
    let memo = memo();
    let few = GateSettings {
        max_pairs: 4,
        ..GateSettings::of(Preset::Default)
    };
    let (begun, _) = tried(&memo, 1, 7, (&before, &after), few);
    assert_eq!(
        (begun.reason, begun.staged().unwrap().settings.controls),
        (GateReason::Inconclusive, 2)
    );
    // With one control instead of two, run 1 of a task would be the second control of its run 0.
    let changed = GateSettings { controls: 1, ..few };
    let (gone_on, _) = gone_on_with(&memo, 1, 7, (&before, &after), changed, Some(&begun));
    let staged = gone_on.staged().unwrap();
    assert_eq!((staged.settings.controls, staged.gone_on), (2, 1));
    assert_eq!(gone_on.pairs[..4], begun.pairs[..]);
}

#[test]
fn a_record_that_was_tampered_with_does_not_follow() {
    let (before, after) = (harness(0.25, false), harness(0.25, true));
    let (record, _) = tried(&memo(), 1, 7, (&before, &after), GateSettings::of(Preset::Default));
    let found = |change: fn(&mut GateRecord)| {
        let mut changed = record.clone();
        change(&mut changed);
        replay::disagreements(&changed)
    };
    assert_eq!(found(|_| ()), Vec::<String>::new());
    let twice = found(|record| record.pairs[9].run = 0);
    assert!(twice[0].contains("each run counts once"), "{twice:?}");
    let behind = found(|record| record.pairs.extend(record.pairs.last().cloned()));
    assert!(behind[0].contains("comes after the decision"), "{behind:?}");
    // Numbers that overflow a sum are reported as wrong and cause no panic.
    let huge = found(|record| {
        let GateEvidence::Staged(staged) = &mut record.evidence else {
            panic!("the trial is sequential");
        };
        staged.gone_on = u32::MAX;
        staged.settings.max_pairs = usize::MAX;
        staged.settings.guard_rounds = usize::MAX;
        staged.numbers.target.wins = usize::MAX;
        staged.numbers.target.ties = usize::MAX;
        record.sizes.values_mut().for_each(|size| *size = usize::MAX);
    });
    assert!(
        huge.iter().any(|problem| problem.starts_with("target.wins")),
        "{huge:?}"
    );
}
