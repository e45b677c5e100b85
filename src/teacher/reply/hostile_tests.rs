//! For any text from a server or a teacher: no panic, and no edit outside the rules. `PROPTEST_CASES` sets the number
//! of cases.
#![allow(clippy::unwrap_used)] // tests

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::artifact::edit::Op;
use crate::harness::{Harness, op};
use crate::llm::chat::Request;
use crate::llm::provider;
use crate::manifest::chat::Api;
use crate::manifest::{HarnessSection, Manifest};
use crate::teacher::check::plan;
use crate::teacher::reply;

fn harness() -> Harness {
    let files = [
        (
            "config.toml",
            "# mine\n[agent.a]\ntools = [\"t\"] # keep\nclass = \"simple\"\n\n[models.\"m.1\"]\nk = 1\n",
        ),
        ("agents/a/system_prompt.md", "You are kind.\nBe brief.\nSay please.\n"),
        ("agents/a/few_shot.json", "[]\n"),
        ("tools/descriptions.toml", "[t]\ndescription = \"Old.\"\n"),
    ];
    Harness::new(files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())))
}

/// Names and texts that a hostile teacher would try.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "a",
            "m.1",
            "t",
            "config.toml",
            "system_prompt",
            "../../.ssh/authorized_keys",
            "/etc/passwd",
            "..",
            ".",
            "",
            "a/../../b",
            "a\\b",
            "con",
            "a\0b",
            "a\nb",
            "agents",
            "-rf",
            "~",
            "$HOME",
            "`id`",
            "{agent}",
            "x.y.z",
            "\u{202e}evil",
            "..\u{2215}..",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,12}",
        "[a-z0-9._/-]{0,20}",
    ]
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        words().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(words(), inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

fn diffs() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just(" You are kind.".to_owned()),
        Just("-Be brief.".to_owned()),
        Just("+Be long.".to_owned()),
        Just("@@ -1,3 +1,3 @@".to_owned()),
        Just("@@ @@".to_owned()),
        Just("--- a/../../x".to_owned()),
        Just("+++ /dev/null".to_owned()),
        "[ +-]\\PC{0,10}",
    ];
    prop::collection::vec(line, 0..8).prop_map(|lines| lines.join("\n"))
}

/// A payload that fits the op, or one that does not.
fn payloads() -> impl Strategy<Value = Value> {
    let field = |value: BoxedStrategy<Value>| value;
    let text = || field(words().prop_map(Value::from).boxed());
    let any_value = || field(values().boxed());
    prop_oneof![
        any_value(),
        (text(), text(), any_value())
            .prop_map(|(agent, param, value)| json!({"agent": agent, "param": param, "value": value})),
        (text(), text(), any_value())
            .prop_map(|(model, param, value)| json!({"model": model, "param": param, "value": value})),
        (text(), text()).prop_map(|(class, model)| json!({"query_class": class, "model": model})),
        (text(), diffs()).prop_map(|(agent, diff)| json!({"agent": agent, "diff": diff})),
        (text(), text()).prop_map(|(agent, content)| json!({"agent": agent, "new_content": content})),
        (text(), text()).prop_map(|(agent, class)| json!({"agent": agent, "new_class": class})),
        (text(), text()).prop_map(|(agent, tool)| json!({"agent": agent, "tool_name": tool})),
        (text(), text()).prop_map(|(tool, words)| json!({"tool_name": tool, "new_description": words})),
        (text(), any_value(), any_value())
            .prop_map(|(agent, a, b)| json!({"agent": agent, "exemplars": [{"input": a, "output": b}]})),
    ]
}

/// Edits as a model would write them, with anything in any field.
fn edits() -> impl Strategy<Value = Value> {
    let op = prop_oneof![
        9 => prop::sample::select(Op::ALL.to_vec()).prop_map(|op| json!(op.name())),
        1 => values(),
    ];
    let target = prop_oneof![words().prop_map(|name| format!("agents.{name}.system_prompt")), words(),];
    let pillar = prop::sample::select(vec!["agent", "tools", "intelligence"]);
    (op, target, payloads(), pillar, values()).prop_map(|(op, target, payload, pillar, extra)| {
        json!({"id": "e", "op": op, "pillar": pillar, "target": target, "payload": payload, "rationale": "r",
            "expected_improvement": "c", "extra": extra})
    })
}

/// A reply's text: a plan in JSON, whole, cut, fenced, or with stray bytes.
fn texts() -> impl Strategy<Value = String> {
    (
        prop::collection::vec(edits(), 0..4),
        0..4usize,
        any::<prop::sample::Index>(),
        "\\PC{0,8}",
    )
        .prop_map(|(edits, form, at, stray)| {
            let whole = json!({"edits": edits}).to_string();
            let cut = whole
                .char_indices()
                .map(|(at, _)| at)
                .nth(at.index(whole.chars().count()))
                .unwrap_or(0);
            match form {
                0 => whole,
                1 => whole[..cut].to_owned(),
                2 => format!("Sure!\n```json\n{whole}\n```\n{stray}"),
                _ => format!("{}{stray}{}", &whole[..cut], &whole[cut..]),
            }
        })
}

/// The body of a server's answer with this text, in a provider's format.
fn body(api: Api, text: &str) -> Value {
    match api {
        Api::Openai => json!({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}),
        Api::Anthropic => json!({"content": [{"type": "text", "text": text}]}),
        Api::Ollama => json!({"message": {"content": text}}),
    }
}

/// Parses a text as a plan and applies each edit; only editable files may change.
fn no_edit_leaves_the_rules(text: &str) -> Result<(), TestCaseError> {
    let (section, harness) = (HarnessSection::default(), harness());
    let allowed = crate::manifest::globs(&section.files).unwrap();
    let rules = op::OpRules {
        layout: section.layout,
        membership: crate::manifest::membership::Membership::of_files(&section.files).unwrap(),
        ..op::OpRules::default()
    };
    plan::problems(text, true);
    let Ok(parsed) = reply::edits(text) else { return Ok(()) };
    for edit in parsed.edits {
        let edit = op::normalise(edit, &harness, &rules, &Manifest::default().harness.tiers);
        prop_assert!(edit.risk_tier >= edit.op.tier(), "a tier was lowered");
        let Ok(after) = op::apply(&edit, &harness, &rules) else {
            continue;
        };
        for change in harness.changes(&after) {
            let parts: Vec<&str> = change.path.split('/').collect();
            prop_assert!(
                allowed.is_match(&change.path),
                "{} was changed by {edit:?}",
                change.path
            );
            prop_assert!(
                !parts.contains(&"..") && !parts.contains(&"") && !change.path.contains('\\'),
                "{}",
                change.path
            );
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_plan_changes_only_what_it_may(text in texts(), api in prop::sample::select(vec![Api::Openai, Api::Anthropic, Api::Ollama])) {
        let body = body(api, &text).to_string();
        let said = provider::read(api, &Request::default(), body.as_bytes()).unwrap();
        prop_assert_eq!(&said.text, &text);
        no_edit_leaves_the_rules(&said.text)?;
    }

    #[test]
    fn any_body_is_a_reply_or_none(body in values(), cut in any::<prop::sample::Index>(), api in prop::sample::select(vec![Api::Openai, Api::Anthropic, Api::Ollama])) {
        let wrapped = json!({"choices": [{"message": {"content": body, "tool_calls": body}}], "content": body, "message": body, "usage": body});
        for value in [&body, &wrapped] {
            let text = value.to_string();
            let end = cut.index(text.len() + 1);
            for bytes in [text.as_bytes(), &text.as_bytes()[..end]] {
                if let Ok(said) = provider::read(api, &Request::default(), bytes) {
                    no_edit_leaves_the_rules(&said.text)?;
                    said.calls.iter().for_each(|call| drop(call.arguments()));
                }
            }
        }
    }

    #[test]
    fn a_diagnosis_is_clusters_or_none(text in texts(), value in values()) {
        for text in [text, value.to_string(), format!("```json\n[{value}]\n```")] {
            for cluster in reply::clusters(&text).map(|parsed| parsed.clusters).unwrap_or_default() {
                prop_assert!((0.0..=1.0).contains(&cluster.student_failure_rate));
                prop_assert!((0.0..=1.0).contains(&cluster.teacher_success_rate));
            }
        }
    }
}
