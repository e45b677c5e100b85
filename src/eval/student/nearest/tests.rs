//! Tests of the embedded student, by example.
#![allow(clippy::disallowed_methods, clippy::too_many_lines)] // tests: real files, long tables
use proptest::prelude::*;
use serde_json::json;

use super::*;

const CONFIG: &str = r#"
[intelligence]
default_model = "base"
[learning.routing.policy_map]
[models.base]
refuse_below = 0.01
[models.other]
char_ngrams = 3
[agent]
default_agent = "a"
[agent.a]
class = "react"
tools = ["calculator"]
"#;
const TOOLS: &str = "[calculator]\ndescription = \"Calculates arithmetic expressions.\"\n[unit_converter]\ndescription = \"Converts units of length.\"\n";
const PROMPT: &str = "Sort.\n- lost: lost card\n- rate: exchange rate\n";
const SHOTS: &str = r#"[{"input":"my card card is gone","output":"lost"},{"input":"how much is a euro","output":"rate"},
    {"input":"is a bank a card","output":"bank"},{"input":"which bank is it","output":"bank"}]"#;

fn harness() -> Harness {
    Harness::default()
        .with("config.toml", CONFIG)
        .with("tools/descriptions.toml", TOOLS)
        .with("agents/a/system_prompt.md", PROMPT)
        .with("agents/a/few_shot.json", SHOTS)
}

fn task(query: &str) -> Task {
    serde_json::from_value(json!({"task_id": "t", "query": query, "reference_answer": "r"})).unwrap()
}

fn attempt(harness: &Harness, query: &str, seed: u64) -> Attempt {
    Nearest::new(Layout::default())
        .prepare(harness)
        .attempt(&task(query), Draw::first(seed))
}

fn answer(harness: &Harness, query: &str) -> String {
    match attempt(harness, query, 0) {
        Attempt::Answered { answer, .. } => answer,
        other => panic!("{other:?}"),
    }
}

fn footprint(harness: &Harness, query: &str) -> Digest {
    Nearest::new(Layout::default()).prepare(harness).footprint(&task(query))
}

/// Replaces text in one file.
fn edited(path: &str, from: &str, to: &str) -> Harness {
    let text = harness().text(path).unwrap().to_owned();
    assert!(text.contains(from), "{from}");
    harness().with(path, text.replace(from, to))
}

#[test]
fn every_op_changes_an_answer() {
    let config = "config.toml";
    let base = "[models.base]";
    for (op, after, query, before_answer, after_answer) in [
        (
            "set_model_for_query_class",
            edited(config, "policy_map]", "policy_map]\nshort = \"other\""),
            "eurozone",
            "oos",
            "rate",
        ),
        (
            "set_model_param char_ngrams",
            edited(config, base, "[models.base]\nchar_ngrams = 4"),
            "eurozone",
            "oos",
            "rate",
        ),
        (
            "set_model_param refuse_below",
            edited(config, "refuse_below = 0.01", "refuse_below = 0.9"),
            "lost thing",
            "lost",
            "oos",
        ),
        (
            "set_model_param k",
            edited(config, base, "[models.base]\nk = 4"),
            "is a card at the bank lost",
            "bank",
            "bank",
        ),
        (
            "patch_system_prompt",
            edited(
                "agents/a/system_prompt.md",
                "- lost: lost card",
                "- lost: lost card\n- pin: forgotten code",
            ),
            "forgotten",
            "oos",
            "pin",
        ),
        (
            "set_agent_class",
            edited(config, "\"react\"", "\"simple\""),
            "what is 2 plus 3",
            "5",
            "bank",
        ),
        (
            "set_agent_param max_turns",
            edited(config, "\"react\"", "\"react\"\nmax_turns = 1"),
            "what is 2 plus 3",
            "5",
            "bank",
        ),
        (
            "set_agent_param fallback",
            edited(config, "\"react\"", "\"react\"\nfallback = \"none\""),
            "elephant",
            "oos",
            "none",
        ),
        (
            "edit_few_shot_exemplars",
            edited("agents/a/few_shot.json", "how much is a euro", "tell elephant"),
            "elephant",
            "oos",
            "rate",
        ),
        (
            "remove_tool_from_agent",
            edited(config, "[\"calculator\"]", "[]"),
            "what is 2 plus 3",
            "5",
            "bank",
        ),
        (
            "add_tool_to_agent",
            edited(config, "[\"calculator\"]", "\"calculator, unit_converter\""),
            "convert 2 yards into feet",
            "oos",
            "6",
        ),
        (
            "edit_tool_description",
            edited(
                "tools/descriptions.toml",
                "Calculates arithmetic expressions.",
                "Useful.",
            ),
            "what is 2 plus 3",
            "5",
            "bank",
        ),
    ] {
        assert_eq!(answer(&harness(), query), before_answer, "{op} before");
        assert_eq!(answer(&after, query), after_answer, "{op} after");
        assert_ne!(footprint(&harness(), query), footprint(&after, query), "{op}");
    }
}

#[test]
fn footprints_ignore_what_an_answer_cannot_depend_on() {
    let query = "how much is my euro worth today in dollars";
    for after in [
        edited("config.toml", "policy_map]", "policy_map]\nshort = \"other\""),
        edited("config.toml", "char_ngrams = 3", "char_ngrams = 5"),
        edited("config.toml", "[agent]", "[agent.b]\nclass = \"react\"\n[agent]"),
        edited("config.toml", "class = \"react\"", "class = \"react\"\nmax_turns = 7"),
        edited("config.toml", "class = \"react\"", "class = \"orchestrator\""),
        edited("agents/a/system_prompt.md", "Sort.", "Sort well."),
        harness().with("agents/b/few_shot.json", "broken"),
    ] {
        assert_eq!(footprint(&harness(), query), footprint(&after, query));
    }
    // A tool call takes two turns.
    let one_turn = edited("config.toml", "class = \"react\"", "class = \"react\"\nmax_turns = 1");
    assert_ne!(footprint(&harness(), query), footprint(&one_turn, query));
    let none = edited("config.toml", "class = \"react\"", "class = \"simple\"");
    assert_eq!(footprint(&none, query), footprint(&one_turn, query));
}

#[test]
fn a_broken_agent_fails_with_a_reason() {
    for (path, bytes, words) in [
        ("config.toml", "[models", "config.toml"),
        ("config.toml", "[models.default]\nk = \"many\"", "k is"),
        ("config.toml", "[models.default]\nweighting = \"best\"", "weighting"),
        ("config.toml", "[agent.simple]\ntools = 3", "tools"),
        ("agents/simple/few_shot.json", "{}", "few_shot.json"),
        ("agents/simple/few_shot.json", "[{\"input\": 1}]", "few_shot.json"),
    ] {
        let harness = Harness::default()
            .with("agents/simple/system_prompt.md", "x")
            .with(path, bytes);
        let Attempt::Failed { reason } = attempt(&harness, "hello", 0) else {
            panic!("{path} {bytes}");
        };
        assert!(reason.contains(words), "{reason}");
    }
}

#[test]
fn noise_comes_from_the_seed_alone() {
    let noisy = edited("config.toml", "[models.base]", "[models.base]\ntemperature = 0.5");
    let answers = |seed| attempt(&noisy, "is my card a euro", seed);
    assert!((0..30).all(|seed| answers(seed) == answers(seed)));
    assert!((1..30).any(|seed| answers(seed) != answers(0)));
    assert!(
        (1..30)
            .all(|seed| attempt(&harness(), "is my card a euro", seed) == attempt(&harness(), "is my card a euro", 0))
    );
}

#[test]
fn only_a_sampled_answer_varies() {
    let noisy = edited("config.toml", "[models.base]", "[models.base]\ntemperature = 0.5");
    let varies = |harness: &Harness, query: &str| Nearest::new(Layout::default()).prepare(harness).varies(&task(query));
    assert!(varies(&noisy, "is my card a euro"));
    assert!(!varies(&noisy, "what is 2 plus 3"), "a tool does not draw");
    assert!(!varies(&harness(), "is my card a euro"), "at temperature 0");
    let elsewhere = edited("config.toml", "[models.other]", "[models.other]\ntemperature = 0.5");
    assert!(!varies(&elsewhere, "is my card a euro"), "another model's temperature");
    assert!(
        !varies(&noisy.with("agents/a/few_shot.json", "{}"), "is my card a euro"),
        "a broken agent"
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(config in any::<Vec<u8>>(), shots in any::<Vec<u8>>(), prompt in any::<Vec<u8>>(), query in any::<String>()) {
        let harness = Harness::default()
            .with("config.toml", config)
            .with("agents/a/few_shot.json", shots)
            .with("agents/a/system_prompt.md", prompt);
        let _ = attempt(&harness, &query, 1);
    }

    #[test]
    fn no_query_makes_it_panic(query in any::<String>(), agent in proptest::option::of(any::<String>())) {
        let task = Task { agent, ..task(&query) };
        let student = Nearest::new(Layout::default()).prepare(&harness());
        let _ = student.attempt(&task, Draw::first(1));
        let _ = student.footprint(&task);
    }
}

#[test]
fn without_a_threshold_it_guesses_and_never_refuses() {
    let never = edited("config.toml", "refuse_below = 0.01", "refuse_below = 0.0");
    assert_eq!(answer(&harness(), "elephant"), "oos");
    assert_ne!(answer(&never, "elephant"), "oos");
}
