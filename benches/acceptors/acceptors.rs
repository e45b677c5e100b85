//! The acceptors of the study. Those of kaizen's modes run kaizen's own rules.

use kaizen::internals::{
    Confirmation, Exact, ExactDesign, FallRule, GateDecision, GateReason, GateSettings, PairedRun, Preset, RuleKind,
    Sample, SampleDesign, SampleSettings, Sequential, SequentialDesign, Wealth, p_value,
};

use crate::draw::{DrawnTrial, SCREEN, Session};
use crate::shares::{Plan, Shares};

/// What an acceptor says about one edit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ruling {
    /// Whether the edit is kept.
    pub kept: bool,
    /// Whether nothing is decided.
    pub undecided: bool,
    /// The gain that is recorded, in points.
    pub recorded: f64,
    /// Number of runs with the edit.
    pub calls: usize,
}

/// An acceptor: its name in the tables, and what it does.
pub struct Acceptor {
    /// The name.
    pub name: &'static str,
    /// The rule.
    pub rule: Rule,
}

/// How an acceptor decides.
#[derive(Clone, Copy)]
pub enum Rule {
    /// By one run of all tasks.
    Complete(fn(&[f64]) -> bool),
    /// By mode `exact`. The calls count both arms of the runs that confirm a flip, until one disagrees.
    Exact {
        /// Whether the category that fails most has to gain.
        target: bool,
    },
    /// By mode `sequential`, at a level of 0.01.
    Sequential(Preset),
    /// By one bet on tasks that differ, with a stake that adapts.
    Adaptive,
    /// By kaizen's bets, with the futility line of mode `sample`.
    Bets(Shares),
    /// By mode `sample`.
    Sample(Plan),
}

impl Rule {
    /// The rulings about all edits of a session, in the order of its trials.
    pub fn rulings(&self, session: &Session) -> Vec<Ruling> {
        let each = |rule: &dyn Fn(&DrawnTrial) -> Ruling| session.trials.iter().map(rule).collect();
        match self {
            Rule::Complete(passes) => each(&|trial| complete(session, trial, *passes)),
            Rule::Exact { target } => each(&|trial| exact(session, trial, *target)),
            Rule::Sequential(preset) => each(&|trial| sequential(session, trial, *preset)),
            Rule::Adaptive => each(&|trial| adaptive(session, trial)),
            Rule::Bets(shares) => Plan::unscreened(*shares).rulings(session, &bets),
            Rule::Sample(plan) => plan.rulings(session, &|session, trial, level| plan.trial(session, trial, level)),
        }
    }

    /// Number of runs without an edit that a session makes.
    pub fn baseline_calls(&self, tasks: usize) -> usize {
        match self {
            Rule::Exact { .. } => 2 * tasks,
            Rule::Sequential(_) => 400,
            Rule::Sample(plan) => plan.runs * tasks + if plan.screened { SCREEN } else { 0 },
            _ => tasks,
        }
    }
}

/// The differences of one run of all tasks, in their order.
fn differences(session: &Session, trial: &DrawnTrial) -> Vec<f64> {
    let difference = |task: usize| trial.runs[task][0] - session.base[task][0];
    session.order(trial).into_iter().map(difference).collect()
}

/// The mean of differences, in points.
pub fn points(differences: &[f64]) -> f64 {
    100.0 * differences.iter().sum::<f64>() / differences.len().max(1) as f64
}

fn complete(session: &Session, trial: &DrawnTrial, passes: fn(&[f64]) -> bool) -> Ruling {
    let all = differences(session, trial);
    Ruling {
        kept: passes(&all),
        undecided: false,
        recorded: points(&all),
        calls: all.len(),
    }
}

/// Whether the mean is larger than its standard error.
pub fn exceeds_its_error(differences: &[f64]) -> bool {
    let count = differences.len() as f64;
    let mean = points(differences) / 100.0;
    let squares: f64 = differences.iter().map(|difference| (difference - mean).powi(2)).sum();
    mean > (squares / (count - 1.0) / count).sqrt() + 1e-9
}

/// Whether McNemar's exact test rejects at 0.05.
pub fn is_significant(differences: &[f64]) -> bool {
    points(differences) > 0.0 && p_value(differences) <= 0.05
}

fn exact(session: &Session, trial: &DrawnTrial, target: bool) -> Ruling {
    let settings = GateSettings::of(Preset::Default);
    let mut gate = Exact::new(ExactDesign {
        categories: session.categories.clone(),
        baseline: session.base.iter().map(|runs| runs[0]).collect(),
        sizes: session.sizes.clone(),
        rule: if target { RuleKind::Target } else { RuleKind::Overall },
        target: target.then(|| fails_most(session)),
        min_improvement: 0.0,
        fall: FallRule::Tolerance(settings.eps),
    });
    let (mut calls, mut sum) = (0, 0.0);
    while let Some(task) = gate.upcoming(1).first().copied() {
        let (x, y) = (&trial.runs[task], &session.base[task]);
        let more = if gate.is_flip(task, x[0]) {
            settings.confirm as usize
        } else {
            0
        };
        let confirmations: Vec<Confirmation> = (1..=more).map(|run| (x[run], y[run])).collect();
        sum += gate.feed(task, x[0], &confirmations);
        let repeats = |(again, before): &&Confirmation| *again == x[0] && *before == y[0];
        let held = confirmations.iter().take_while(repeats).count();
        calls += 1 + 2 * (held + 1).min(more);
    }
    Ruling {
        kept: gate.decided() == Some(GateReason::Improved),
        undecided: false,
        recorded: 100.0 * sum / session.base.len() as f64,
        calls,
    }
}

/// The category with the most failures: the one that a diagnosis names first.
fn fails_most(session: &Session) -> usize {
    let failures = |category: &&usize| {
        let of = |task: &usize| session.categories[*task] == **category;
        (0..session.base.len())
            .filter(of)
            .filter(|task| session.base[*task][0] == 0.0)
            .count()
    };
    session.sizes.keys().max_by_key(failures).copied().unwrap_or_default()
}

fn sequential(session: &Session, trial: &DrawnTrial, preset: Preset) -> Ruling {
    let settings = GateSettings::of(preset);
    let mut game = Sequential::new(SequentialDesign {
        categories: session.categories.clone(),
        target: None,
        seed: session.seed,
        edit: trial.number,
        alpha: 0.01,
        settings,
    });
    let controls = settings.controls as usize;
    let mut used = vec![0; session.base.len()];
    let mut all = Vec::new();
    while let Some(task) = game.upcoming(1).first().copied() {
        let run: usize = used[task];
        used[task] += 1;
        let runs = &session.base[task][run * controls..(run + 1) * controls];
        let y = runs.iter().sum::<f64>() / controls as f64;
        let x = trial.runs[task][run];
        game.feed(PairedRun { task, x, y });
        all.push(x - y);
    }
    let reason = game.decided();
    Ruling {
        kept: reason == Some(GateReason::Improved),
        undecided: is_undecided(reason),
        recorded: points(&all),
        calls: all.len(),
    }
}

fn is_undecided(reason: Option<GateReason>) -> bool {
    reason.is_some_and(|reason| reason.decision() == GateDecision::Undecided)
}

/// PACE-like: a bet on each task whose result differs, at even odds. The stake is the present lead as a share of the
/// tasks that differed so far, and never negative; the edit is kept as soon as the wealth reaches 1/0.05.
fn adaptive(session: &Session, trial: &DrawnTrial) -> Ruling {
    let (mut wealth, mut seen, mut flips) = (1.0, Vec::new(), Vec::new());
    for difference in differences(session, trial) {
        seen.push(difference);
        if difference != 0.0 {
            let lead: f64 = flips.iter().sum();
            let stake = (lead / (flips.len() as f64 + PRIOR)).clamp(0.0, MOST);
            wealth *= 1.0 + stake * difference;
            flips.push(difference);
        }
        if wealth >= 20.0 {
            break;
        }
    }
    Ruling {
        kept: wealth >= 20.0,
        undecided: false,
        recorded: points(&seen),
        calls: seen.len(),
    }
}

/// Imagined ties in the first stakes of the adaptive bet.
const PRIOR: f64 = 1.0;

/// The largest stake of the adaptive bet.
const MOST: f64 = 0.9;

/// The largest probability that the bets drop an edit with a useful gain.
const BETA: f64 = 0.20;

/// The bets of mode `sequential` on one run of all tasks: kept or dropped as soon as the evidence suffices.
fn bets(session: &Session, trial: &DrawnTrial, level: f64) -> Ruling {
    let useful = useful(session, &SampleSettings::default());
    let (mut gain, mut futility) = (Wealth::above(0.0), Wealth::below(useful));
    let mut seen = Vec::new();
    let (mut kept, mut dropped) = (false, false);
    for difference in differences(session, trial) {
        seen.push(difference);
        gain.add(difference);
        futility.add(difference);
        kept = gain.log_e() >= -level.ln();
        dropped = futility.log_e() >= -BETA.ln();
        if kept || dropped {
            break;
        }
    }
    Ruling {
        kept,
        undecided: !kept && !dropped,
        recorded: points(&seen),
        calls: seen.len(),
    }
}

fn useful(session: &Session, settings: &SampleSettings) -> f64 {
    let right: f64 = session.base.iter().map(|runs| runs[0]).sum();
    settings.useful(right / session.base.len() as f64)
}

/// A finished trial of mode `sample`.
pub fn sampled(session: &Session, trial: &DrawnTrial, level: f64, runs: usize, settings: SampleSettings) -> Sample {
    let mean = |of: &[f64]| of[..runs].iter().sum::<f64>() / runs as f64;
    let baseline: Vec<f64> = session.base.iter().map(|of| mean(of)).collect();
    let whole = mean_of(&baseline);
    let mut sample = Sample::new(SampleDesign {
        baseline,
        categories: session.categories.clone(),
        sizes: session.sizes.clone(),
        seen: 0,
        order: session.order(trial),
        useful: settings.useful(whole),
        level,
        settings,
    });
    while let Some(task) = sample.upcoming(1).first().copied() {
        sample.feed(task, mean(&trial.runs[task]));
    }
    sample
}

fn mean_of(scores: &[f64]) -> f64 {
    scores.iter().sum::<f64>() / scores.len().max(1) as f64
}

/// The ruling of a finished trial of mode `sample`.
pub fn ruled(sample: &Sample, runs: usize) -> Ruling {
    Ruling {
        kept: sample.decided() == Some(GateReason::Improved),
        undecided: is_undecided(sample.decided()),
        recorded: points(sample.differences()),
        calls: sample.differences().len() * runs,
    }
}
