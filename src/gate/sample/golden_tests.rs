//! Golden cases of mode `sample`: our own, and those of a file that is given.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // tests: real files

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use super::choice::{StudentSort, choose};
use super::sign_flip::fewest_wins;
use super::*;
use crate::artifact::error_budget::{ErrorBudget, Slot};
use crate::artifact::gate::settings::{BudgetMode, Mode};
use crate::digest::Digest;

#[derive(Deserialize)]
struct Case {
    id: String,
    level: f64,
    config: BTreeMap<String, Value>,
    categories: Option<Vec<String>>,
    baseline: Vec<f64>,
    edited: Vec<f64>,
    expect: BTreeMap<String, Value>,
}

#[test]
fn llm_gate() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/llm_gate/cases.json");
    let shared = || Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/llm/gate_cases.json"));
    let given = std::env::var_os("KAIZEN_LLM_GATE").map(PathBuf::from);
    let other = given.or_else(|| shared().filter(|path| path.exists()));
    let mut failures = Vec::new();
    for path in std::iter::once(own).chain(other) {
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file: Value = serde_json::from_str(&text).unwrap();
        let found = failures_of(&file);
        println!("{}: {} failures", path.display(), found.len());
        failures.extend(found);
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

fn failures_of(file: &Value) -> Vec<String> {
    let list = |name: &str| file[name].as_array().cloned().unwrap_or_default();
    assert!(!list("cases").is_empty(), "the file holds no list `cases`");
    let defaults: BTreeMap<String, Value> = serde_json::from_value(file["defaults"].clone()).unwrap();
    let mut failures = Vec::new();
    for case in list("cases") {
        let case: Case = serde_json::from_value(case).unwrap();
        failures.extend(differing(&case, &defaults));
    }
    for case in list("p_values") {
        let ds: Vec<f64> = serde_json::from_value(case["ds"].clone()).unwrap();
        failures.extend(unlike("p_values", &json!(p_value(&ds)), &case["p"]));
    }
    if !file["budget"].is_null() {
        failures.extend(unlike(
            "budget",
            &json!(levels(file, &defaults)),
            &file["budget"]["levels"],
        ));
    }
    for case in list("screen") {
        let count = |name: &str| case[name].as_u64().unwrap() as usize;
        let flips = Tally {
            wins: count("wins"),
            losses: count("losses"),
            ties: 0,
        };
        let verdict = if screen::passes(&flips) { "try" } else { "drop" };
        failures.extend(unlike("screen", &json!(verdict), &case["verdict"]));
    }
    failures.extend(
        list("choose")
            .iter()
            .flat_map(|case| unlike("choose", &chosen(case), &case["expect"])),
    );
    for case in list("fewest_failing") {
        let fewest = fewest_wins(case["level"].as_f64().unwrap());
        failures.extend(unlike("fewest_failing", &json!(fewest), &case["n"]));
    }
    failures
}

fn settings(defaults: &BTreeMap<String, Value>, config: &BTreeMap<String, Value>) -> SampleSettings {
    let number = |name: &str| config.get(name).or_else(|| defaults.get(name)).and_then(Value::as_f64);
    let usual = SampleSettings::default();
    SampleSettings {
        beta: number("beta").unwrap_or(usual.beta),
        alpha_harm: number("alpha_harm").unwrap_or(usual.alpha_harm),
        useful_floor: number("useful_floor").unwrap_or(usual.useful_floor),
        useful_share: number("useful_share").unwrap_or(usual.useful_share),
        look: number("look").map_or(usual.look, |look| look as usize),
        likely: number("likely").unwrap_or(usual.likely),
        max_regression: number("max_regression"),
        ..usual
    }
}

fn design(case: &Case, defaults: &BTreeMap<String, Value>) -> (SampleDesign, Vec<String>) {
    let settings = settings(defaults, &case.config);
    let of_task = case
        .categories
        .clone()
        .unwrap_or_else(|| vec![String::new(); case.baseline.len()]);
    let mut names: Vec<String> = of_task.clone();
    names.sort();
    names.dedup();
    let categories: Vec<usize> = of_task
        .iter()
        .map(|name| names.iter().position(|one| one == name).unwrap())
        .collect();
    let mut sizes = BTreeMap::new();
    categories
        .iter()
        .for_each(|category| *sizes.entry(*category).or_default() += 1);
    let design = SampleDesign {
        categories,
        sizes,
        seen: 0,
        order: (0..case.baseline.len()).collect(),
        useful: settings.useful(mean(&case.baseline).unwrap_or_default()),
        level: case.level,
        settings,
        baseline: case.baseline.clone(),
    };
    (design, names)
}

fn differing(case: &Case, defaults: &BTreeMap<String, Value>) -> Vec<String> {
    let (design, names) = design(case, defaults);
    let useful = design.useful;
    let mut sample = Sample::new(design);
    while let Some(task) = sample.upcoming(1).first().copied() {
        sample.feed(task, case.edited[task]);
    }
    let reason = sample.decided().unwrap();
    let ds = sample.differences();
    let tally = Tally::of(ds);
    let fallen: Vec<&str> = sample.fallen().into_iter().map(|at| names[at].as_str()).collect();
    let found = json!({
        "decision": reason.decision().name(),
        "reason": reason.name(),
        "n": ds.len(),
        "of": sample.of(),
        "wins": tally.wins,
        "losses": tally.losses,
        "ties": tally.ties,
        "p": (!ds.is_empty()).then(|| p_value(ds)),
        "level": case.level,
        "useful": useful,
        "gain": mean(ds),
        "interval": summary::interval(ds),
        "complete": !ds.is_empty() && sample.is_complete(),
        "log_e_futile": sample.log_e_futile(),
        "fallen": fallen,
    });
    let unlike = |(name, expected): (&String, &Value)| {
        // Before the first task, there is neither a mean nor evidence.
        let nothing = ds.is_empty() && (expected.is_null() || expected.as_f64() == Some(0.0));
        let is_number = name == "gain" || name == "log_e_futile";
        match nothing && is_number {
            true => Vec::new(),
            false => unlike(&format!("{} {name}", case.id), &found[name], expected),
        }
    };
    case.expect.iter().flat_map(unlike).collect()
}

/// The levels that a plan's edits get in turn.
fn levels(file: &Value, defaults: &BTreeMap<String, Value>) -> Vec<f64> {
    let given = &file["budget"];
    let kept: Vec<bool> = serde_json::from_value(given["kept"].clone()).unwrap();
    let mode = given["mode"]
        .as_str()
        .map_or(BudgetMode::Planned, |mode| serde_json::from_value(json!(mode)).unwrap());
    let alpha = given["alpha_session"]
        .as_f64()
        .or_else(|| defaults["alpha_session"].as_f64())
        .unwrap();
    let planned = given["edits"].as_u64().unwrap() as usize;
    let mut budget = ErrorBudget {
        planned,
        ..ErrorBudget::unspent(mode, alpha)
    };
    let (mut levels, mut accepted, mut carried) = (Vec::new(), 0, 0.0);
    for (at, kept) in kept.into_iter().enumerate() {
        let alpha = carried + budget.next(planned.saturating_sub(at).max(1), accepted);
        levels.push(alpha);
        accepted += usize::from(kept);
        budget.slots.push(Slot {
            slot: at + 1,
            edit_id: String::new(),
            edit_digest: Digest::of_value(&at),
            comparison: Digest::of_value(&at),
            alpha,
            carried,
        });
        carried = budget.handed_on(kept);
    }
    levels
}

fn chosen(case: &Value) -> Value {
    let sort = match case["kind"].as_str().unwrap() {
        "embedded" => StudentSort::Embedded,
        "chat" => StudentSort::Chat,
        "command" => StudentSort::Command,
        other => panic!("unknown kind {other}"),
    };
    let (mode, drawn) = choose(
        sort,
        case["temperature"].as_f64(),
        case["deterministic"].as_bool().unwrap(),
    );
    let runs = SampleSettings::default().runs;
    assert!(matches!(mode, Mode::Exact | Mode::Sample));
    json!({"mode": mode, "runs": runs, "drawn": drawn})
}

fn unlike(what: &str, found: &Value, expected: &Value) -> Vec<String> {
    match near(found, expected) {
        true => Vec::new(),
        false => vec![format!("{what}: found {found}, expected {expected}")],
    }
}

fn near(one: &Value, two: &Value) -> bool {
    match (one, two) {
        (Value::Number(one), Value::Number(two)) => (one.as_f64().unwrap() - two.as_f64().unwrap()).abs() <= 1e-9,
        (Value::Array(one), Value::Array(two)) => {
            one.len() == two.len() && one.iter().zip(two).all(|(one, two)| near(one, two))
        }
        (Value::Object(one), Value::Object(two)) => two.iter().all(|(key, two)| near(&one[key], two)),
        _ => one == two,
    }
}
