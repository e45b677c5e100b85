//! Golden cases of the gate: evidence, intervals, error budgets, orders, and whole decisions pair by pair.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::artifact::gate::budget;
use crate::artifact::gate::numbers::{GAMMA, Numbers, Tally};
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::settings::{BudgetMode, GateSettings, Preset};
use crate::artifact::gate::verdict::{GateDecision, RuleKind};
use crate::gate::evidence::{interval, log_e_above, log_e_below};
use crate::gate::exact::{self, Exact};
use crate::gate::order;
use crate::gate::sequential::{self, PairedRun, Sequential};

type Checked = Result<(), String>;

/// A function that checks one case.
type Check = fn(&Value) -> Checked;

/// The lists of the file, each with the function that checks its cases.
const LISTS: [(&str, Check); 7] = [
    ("e_values", e_value),
    ("intervals", an_interval),
    ("overall", overall),
    ("alpha", level),
    ("orders", an_order),
    ("sequential", a_sequence),
    ("exact", an_exact_one),
];

/// Keys that are not lists of cases.
const ABOUT: [&str; 6] = ["version", "lambdas", "brackets", "tolerance", "defaults", "about"];

pub(crate) fn run(file: &Value) -> (usize, Vec<String>) {
    let (mut count, mut failures) = (0, Vec::new());
    for (key, cases) in file.as_object().unwrap() {
        let Some((_, check)) = LISTS.iter().find(|(name, _)| name == key) else {
            if !ABOUT.contains(&key.as_str()) {
                failures.push(format!("gate: no test understands the list {key}"));
            }
            continue;
        };
        for (at, case) in cases.as_array().unwrap().iter().enumerate() {
            count += 1;
            let label = case["id"].as_str().map_or_else(|| format!("{key}#{at}"), str::to_owned);
            let checked = std::panic::catch_unwind(|| check(case)).unwrap_or_else(|_| Err("not understood".to_owned()));
            failures.extend(checked.err().map(|why| format!("gate/{label}: {why}")));
        }
    }
    (count, failures)
}

fn near(what: &str, ours: f64, theirs: &Value) -> Checked {
    let wanted = theirs
        .as_f64()
        .ok_or_else(|| format!("{what}: we say {ours}, they say {theirs}"))?;
    // Relative for large numbers: an e-value of 1e8 does not have nine exact decimal places.
    match (ours - wanted).abs() <= 1e-9 * wanted.abs().max(1.0) {
        true => Ok(()),
        false => Err(format!("{what}: we say {ours}, they say {wanted}")),
    }
}

fn near_or_none(what: &str, ours: Option<f64>, theirs: &Value) -> Checked {
    match ours {
        Some(ours) => near(what, ours, theirs),
        None if theirs.is_null() => Ok(()),
        None => Err(format!("{what}: we say nothing, they say {theirs}")),
    }
}

fn same(what: &str, ours: &Value, theirs: &Value) -> Checked {
    match ours == theirs {
        true => Ok(()),
        false => Err(format!("{what}: we say {ours}, they say {theirs}")),
    }
}

fn count(value: &Value) -> usize {
    value.as_u64().unwrap() as usize
}

/// Wins, losses and ties as differences.
fn differences(wins: &Value, losses: &Value, ties: &Value) -> Vec<f64> {
    [(1.0, wins), (-1.0, losses), (0.0, ties)]
        .into_iter()
        .flat_map(|(difference, times)| vec![difference; count(times)])
        .collect()
}

fn e_value(case: &Value) -> Checked {
    let ds = differences(&case["wins"], &case["losses"], &case["ties"]);
    let m = case["m"].as_f64().unwrap();
    near("log_e_above", log_e_above(&ds, m), &case["log_e_above"])?;
    near("log_e_below", log_e_below(&ds, m), &case["log_e_below"])
}

fn an_interval(case: &Value) -> Checked {
    let ds = differences(&case["wins"], &case["losses"], &case["ties"]);
    let [low, high] = interval(&ds, case["gamma"].as_f64().unwrap());
    near("lo", low, &case["lo"])?;
    near("hi", high, &case["hi"])
}

/// The evidence of an overall gain from these pairs.
fn overall(case: &Value) -> Checked {
    let ratio = case["ratio"].as_f64().unwrap();
    let of = |key: &str| differences(&case[key][0], &case[key][1], &case[key][2]);
    near(
        "log_e",
        sequential::log_e_overall(&of("target"), &of("other"), ratio),
        &case["log_e"],
    )
}

fn level(case: &Value) -> Checked {
    let mode: BudgetMode = serde_json::from_value(case["mode"].clone()).unwrap();
    let level = budget::level(
        mode,
        case["alpha"].as_f64().unwrap(),
        count(&case["t"]),
        count(&case["planned"]),
        count(&case["accepted"]),
    );
    near("level", level, &case["level"])
}

fn an_order(case: &Value) -> Checked {
    let items: Vec<usize> = (0..count(&case["n"])).collect();
    let number = |key: &str| u32::try_from(case[key].as_u64().unwrap()).unwrap();
    let drawn = order::shuffled(
        &items,
        case["seed"].as_u64().unwrap(),
        number("edit"),
        number("round_key"),
    );
    same("order", &json!(drawn), &case["order"])
}

fn clusters(case: &Value) -> Vec<usize> {
    case["clusters"].as_array().unwrap().iter().map(count).collect()
}

fn target(case: &Value) -> Option<usize> {
    case["target"].as_u64().map(|target| target as usize)
}

/// The golden cases have two decisions: running out of pairs is a rejection there, and undecided here.
fn decision(reason: Option<GateReason>) -> &'static str {
    match reason.map(GateReason::decision) {
        Some(GateDecision::Accept) => "accept",
        Some(GateDecision::Reject | GateDecision::Undecided) => "reject",
        None => "none",
    }
}

fn a_sequence(case: &Value) -> Checked {
    let number = |key: &str| case["config"][key].as_f64().unwrap();
    let settings = GateSettings {
        beta: number("beta"),
        delta_min: number("delta_min"),
        min_improvement: number("min_improvement"),
        max_pairs: count(&case["config"]["max_pairs"]),
        guard_rounds: count(&case["config"]["guard_rounds"]),
        alpha_guard: Some(number("alpha_guard")),
        alpha_harm: number("alpha_harm"),
        eps: number("eps"),
        ..GateSettings::of(Preset::Default)
    };
    let categories = clusters(case);
    let is_target = |task: usize| target(case).is_none_or(|target| categories[task] == target);
    let mut game = Sequential::new(sequential::SequentialDesign {
        categories: categories.clone(),
        target: target(case),
        seed: case["seed"].as_u64().unwrap(),
        edit: u32::try_from(case["edit"].as_u64().unwrap()).unwrap(),
        alpha: number("alpha"),
        settings,
    });
    let (mut targets, mut others) = (Vec::new(), Vec::new());
    for pair in case["pairs"].as_array().unwrap() {
        let (task, x, y) = (count(&pair[0]), pair[1].as_f64().unwrap(), pair[2].as_f64().unwrap());
        same("scheduled", &json!(game.upcoming(1)), &json!([task]))?;
        game.feed(PairedRun { task, x, y });
        if is_target(task) { &mut targets } else { &mut others }.push(x - y);
    }
    let expected = &case["expect"];
    let name = |reason: GateReason| reason.name();
    same("decision", &json!(decision(game.decided())), &expected["decision"])?;
    same("reason", &json!(game.decided().map(name)), &expected["reason"])?;
    same("stage", &json!(game.stage()), &expected["stage"])?;
    let reached = categories.iter().enumerate().filter(|(at, _)| is_target(*at)).count();
    let numbers = Numbers::of(&targets, &others, (reached, categories.len() - reached));
    for (key, ours) in [
        ("n", numbers.target.pairs() + numbers.other.pairs()),
        ("n_target", numbers.target.pairs()),
        ("n_other", numbers.other.pairs()),
        ("wins", numbers.target.wins),
        ("losses", numbers.target.losses),
        ("ties", numbers.target.ties),
        ("other_wins", numbers.other.wins),
        ("other_losses", numbers.other.losses),
        ("other_ties", numbers.other.ties),
    ] {
        same(key, &json!(ours), &expected[key])?;
    }
    near("log_e", game.log_e(), &expected["log_e"])?;
    near("e", game.log_e().exp(), &expected["e"])?;
    near("log_e_futility", game.log_e_futility(), &expected["log_e_futility"])?;
    near("log_e_harm", game.log_e_harm(), &expected["log_e_harm"])?;
    near_or_none("log_e_overall", game.log_e_overall(), &expected["log_e_overall"])?;
    near_or_none("mean_target", numbers.mean_target, &expected["mean_target"])?;
    near_or_none("mean_overall", numbers.mean_overall, &expected["mean_overall"])?;
    for (key, [low, high]) in [
        ("ci_target", interval(&targets, GAMMA)),
        ("ci_other", interval(&others, GAMMA)),
    ] {
        near(key, low, &expected[key][0])?;
        near(key, high, &expected[key][1])?;
    }
    Ok(())
}

fn an_exact_one(case: &Value) -> Checked {
    let categories = clusters(case);
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    categories
        .iter()
        .for_each(|category| *sizes.entry(*category).or_default() += 1);
    let rule: RuleKind = serde_json::from_value(case["rule"].clone()).unwrap();
    let baseline: Vec<f64> = serde_json::from_value(case["baseline"].clone()).unwrap();
    let mut exact = Exact::new(exact::ExactDesign {
        categories,
        baseline,
        sizes,
        rule,
        target: target(case),
        min_improvement: 0.0,
        fall: exact::FallRule::Tolerance(case["eps"].as_f64().unwrap()),
    });
    let (mut differences, mut calls) = (Vec::new(), 0);
    for step in case["steps"].as_array().unwrap() {
        let (task, x) = (count(&step[0]), step[1].as_f64().unwrap());
        let confirmations: Vec<(f64, f64)> = serde_json::from_value(step[2].clone()).unwrap();
        same("next", &json!(exact.upcoming(1)), &json!([task]))?;
        same(
            "is a flip",
            &json!(exact.is_flip(task, x)),
            &json!(!confirmations.is_empty()),
        )?;
        calls += 1 + 2 * confirmations.len();
        differences.push(exact.feed(task, x, &confirmations));
    }
    let expected = &case["expect"];
    let name = |reason: GateReason| reason.name();
    same("decision", &json!(decision(exact.decided())), &expected["decision"])?;
    same("reason", &json!(exact.decided().map(name)), &expected["reason"])?;
    let tally = Tally::of(&differences);
    for (key, ours) in [
        ("n", tally.pairs()),
        ("calls", calls),
        ("flaky", exact.flaky()),
        ("wins", tally.wins),
        ("losses", tally.losses),
        ("ties", tally.ties),
    ] {
        same(key, &json!(ours), &expected[key])?;
    }
    near("net", exact.net(), &expected["net"])?;
    near(
        "log_e_generalise",
        log_e_above(&differences, 0.0),
        &expected["log_e_generalise"],
    )
}
