//! Tests of all ops.
#![allow(clippy::too_many_lines)] // tests: long tables

mod continue_prompts;
mod dialects;
mod diffs;
mod host_files;
mod laws;
mod new_agents;
mod offered;
mod payloads;
mod protected_layouts;
mod real_files;
mod remedies;
mod rights;
mod sample_homes;
mod several;
mod surfaces;
mod units;
mod value_kinds;

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::*;
use crate::artifact::edit::RiskTier;
use crate::manifest::Manifest;

const CONFIG: &str = "\u{feff}# head\r\n[agent.a] # the agent\r\n  turns = 5 # few\r\n\r\n[other]\r\nkeep = 'x'";

fn membership(patterns: &[&str]) -> Membership {
    let patterns: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
    Membership::of_files(&patterns).unwrap()
}

fn rules() -> OpRules {
    OpRules {
        membership: membership(&["config.toml", "agents/**", "tools/*.toml"]),
        ..OpRules::default()
    }
}

fn edit(op: Op, payload: Json) -> Edit {
    let name = op.name();
    serde_json::from_value(json!({
        "id": "e", "pillar": "engine", "op": name, "target": "agents.a.system_prompt", "payload": payload,
        "rationale": "", "expected_improvement": "c"
    }))
    .unwrap()
}

/// An edit without a target: its payload names the place.
fn placed(op: Op, payload: Json) -> Edit {
    Edit {
        target: String::new(),
        ..edit(op, payload)
    }
}

fn parsed(manifest: &str) -> Manifest {
    Manifest::parse(std::path::Path::new("kaizen.toml"), manifest).unwrap()
}

fn rules_of(manifest: &Manifest) -> OpRules {
    OpRules::of(&manifest.harness, Membership::new(manifest).unwrap())
}

fn run(op: Op, payload: Json, harness: &Harness) -> Result<Harness, Inapplicable> {
    apply(&edit(op, payload), harness, &rules())
}

fn with_config(text: &str) -> Harness {
    Harness::default().with("config.toml", text)
}

fn config_after(op: Op, payload: Json, before: &str) -> String {
    let after = run(op, payload, &with_config(before)).unwrap();
    after.text("config.toml").unwrap().to_owned()
}

#[test]
fn comments_marks_line_ends_and_a_missing_last_line_end_survive() {
    let set =
        |param: &str, value: Json| config_after(Op::SetAgentParam, json!({"param": param, "value": value}), CONFIG);
    assert_eq!(set("turns", json!(9)), CONFIG.replace("5 # few", "9 # few"));
    assert_eq!(
        set("k", json!("v")),
        CONFIG.replace("# few\r\n", "# few\r\n  k = \"v\"\r\n")
    );
    assert_eq!(set("turns", json!(5)), CONFIG);
    let none = CONFIG.replace("agent.a", "server");
    let class = config_after(Op::SetAgentClass, json!({"agent": "b", "new_class": "c"}), &none);
    assert_eq!(class, format!("{none}\r\n\r\n[agent.b]\r\nclass = \"c\""));
}

#[test]
fn a_key_goes_where_its_table_is_written() {
    for (before, after) in [
        ("[agent.a]\n[z]\n", "[agent.a]\nk = 1\n[z]\n"),
        ("agent.a.x = 1\n", "agent.a.x = 1\nagent.a.k = 1\n"),
        ("agent.x = 1\n", "agent.x = 1\nagent.a.k = 1\n"),
        ("[agent]\na.x = 1\n", "[agent]\na.x = 1\na.k = 1\n"),
        ("[agent]\na = { x = 1 }\n", "[agent]\na = { x = 1, k = 1 }\n"),
        ("agent = {}\n", "agent = { a.k = 1 }\n"),
        ("[agent.a.sub]\nx = 1\n", "[agent.a.sub]\nx = 1\n\n[agent.a]\nk = 1\n"),
        ("[agent.a]\nk.x = 1\n", ""),
        ("[agent.a.k]\n", ""),
        ("[[agent]]\n", ""),
        ("agent = 3\n", ""),
    ] {
        let result = run(
            Op::SetAgentParam,
            json!({"param": "k", "value": 1}),
            &with_config(before),
        );
        match result {
            Ok(result) => assert_eq!(result.text("config.toml"), Some(after), "{before:?}"),
            Err(problem) => assert_eq!(after, "", "{before:?}: {problem}"),
        }
    }
}

#[test]
fn lists_keep_their_form() {
    for (tools, add, remove) in [
        ("['x', 'y']", "['x', 'y', 'c']", "['y']"),
        (
            "[\n  \"x\", # one\n  \"y\" # two\n]",
            "[\n  \"x\", # one\n  \"y\", # two\n  \"c\"\n]",
            "[\n  \"y\" # two\n]",
        ),
        ("[\"y\", \"x\",]", "[\"y\", \"x\", \"c\",]", "[\"y\", ]"),
        ("[\"x\", \"x\"]", "[\"x\", \"x\", \"c\"]", "[]"),
        ("\"x,y\" # z", "\"x,y,c\" # z", "\"y\" # z"),
        ("'y, x'", "'y, x, c'", "'y'"),
    ] {
        let text = |tools: &str| format!("[agent.a]\ntools = {tools}\n# end\n");
        let change = |op, name| config_after(op, json!({"tool_name": name}), &text(tools));
        assert_eq!(change(Op::AddToolToAgent, "c"), text(add));
        assert_eq!(change(Op::RemoveToolFromAgent, "x"), text(remove));
        assert_eq!(change(Op::AddToolToAgent, "x"), text(tools));
        assert_eq!(change(Op::RemoveToolFromAgent, "absent"), text(tools));
    }
    let absent = run(Op::RemoveToolFromAgent, json!({"tool_name": "x"}), &Harness::default());
    assert_eq!(absent, Ok(Harness::default()));
}

fn targeted(op: Op, target: &str, payload: Json) -> Edit {
    Edit {
        target: target.into(),
        ..edit(op, payload)
    }
}

#[test]
fn an_edit_names_what_it_changes() {
    let harness =
        with_config("[agent.a]\nk = 1\nj = 1\n[agent.b]\nk = 1\n[models.\"m.1\"]\nk = 1\n[models.m]\nk = 1\n")
            .with(
                "tools/descriptions.toml",
                "[t]\ndescription = \"T\"\n[u]\ndescription = \"U\"\n",
            )
            .with("agents/b/system_prompt.md", "B\n");
    let param = |agent: &str, param: &str| json!({"agent": agent, "param": param, "value": 2});
    let model = |model: &str| json!({"model": model, "param": "k", "value": 2});
    let tool = json!({"tool_name": "t", "new_description": "New"});
    for (op, target, payload, part) in [
        (
            Op::SetAgentParam,
            "agents.b.k",
            param("a", "k"),
            "names agent `b`, but the payload changes agent `a`",
        ),
        (
            Op::SetAgentParam,
            "agents.a.j",
            param("a", "k"),
            "names `j`, but the payload changes `k`",
        ),
        (
            Op::SetAgentParam,
            "agents.c.k",
            param("c", "k"),
            "there is no agent `c`; the harness has `a`, `b`",
        ),
        (
            Op::SetAgentParam,
            "agents/b/system_prompt.md",
            param("a", "k"),
            "names the file agents/b/system_prompt.md",
        ),
        (Op::SetModelParam, "models.m.1.k", model("m"), "names model `m.1`"),
        (Op::SetModelParam, "models.m.k", model("m.1"), "names model `m`"),
        (
            Op::EditToolDescription,
            "tools.u.description",
            tool.clone(),
            "names tool `u`",
        ),
        (
            Op::ReplaceSystemPrompt,
            "agents.bb.system_prompt",
            json!({"new_content": "x"}),
            "there is no agent `bb`",
        ),
        (
            Op::EditFewShotExemplars,
            "agents.bb",
            json!({"exemplars": []}),
            "there is no agent `bb`",
        ),
    ] {
        let refused = apply(&targeted(op, target, payload), &harness, &rules())
            .unwrap_err()
            .to_string();
        assert!(refused.contains(part), "{target}: {refused}");
    }
    for (op, target, payload) in [
        (Op::SetAgentParam, "agents.a.k", param("a", "k")),
        (Op::SetAgentParam, "agents.a", param("a", "k")),
        (Op::SetAgentParam, "agents.a.new", param("a", "k")),
        (Op::SetAgentParam, "agents.unknown.k", param("a", "k")),
        (Op::SetAgentParam, "config.toml#agent.a.k", param("a", "k")),
        (Op::SetModelParam, "models.m.1.k", model("m.1")),
        (Op::SetModelParam, "models.new.k", model("new")),
        (Op::EditToolDescription, "tools.t.description", tool),
        (
            Op::ReplaceSystemPrompt,
            "agents.a.system_prompt",
            json!({"new_content": "x"}),
        ),
    ] {
        let applied = apply(&targeted(op, target, payload), &harness, &rules());
        assert!(applied.is_ok(), "{target}: {applied:?}");
    }
}

#[test]
fn a_value_keeps_the_style_of_the_one_before() {
    let set = |before: &str, value: Json| {
        let text = |value: &str| format!("[agent.a]\nk = {value} # why\nj = 1\n");
        let after = config_after(Op::SetAgentParam, json!({"param": "k", "value": value}), &text(before));
        let (head, tail) = ("[agent.a]\nk = ", " # why\nj = 1\n");
        after
            .strip_prefix(head)
            .and_then(|rest| rest.strip_suffix(tail))
            .map(str::to_owned)
    };
    for (before, value, after) in [
        ("\"a\"", json!("b\"c"), r#""b\"c""#),
        ("'a'", json!("b \"c\" \\d"), r#"'b "c" \d'"#),
        ("'a'", json!("it's"), "\"it's\""),
        ("'a'", json!("two\nlines"), r#""two\nlines""#),
        (
            "\"\"\"\nOne.\nTwo.\n\"\"\"",
            json!("One.\nTwo and three.\n"),
            "\"\"\"\nOne.\nTwo and three.\n\"\"\"",
        ),
        (
            "\"\"\"One \"quoted\".\n\\tTwo.\"\"\"",
            json!("One \"quoted\".\n\tTwo.\nNew \"q\"."),
            "\"\"\"One \"quoted\".\n\\tTwo.\nNew \\\"q\\\".\"\"\"",
        ),
        (
            "'''\nOne \\.\n'''",
            json!("One \\.\nTwo \\.\n"),
            "'''\nOne \\.\nTwo \\.\n'''",
        ),
        ("'''One.'''", json!("It's '''so'''."), "\"It's '''so'''.\""),
        (
            "[\n  \"END\", # ends\n  \"UI\", # used\n]",
            json!(["END", "UI", "###"]),
            "[\n  \"END\", # ends\n  \"UI\", # used\n  \"###\",\n]",
        ),
        (
            "[\n  \"END\", # ends\n  \"UI\" # used\n]",
            json!(["new", "UI"]),
            "[\n  \"new\",\n  \"UI\" # used\n]",
        ),
        ("[1, 2, 3]", json!([1, 4, 3]), "[1, 4, 3]"),
        ("[1, 2]", json!(["a"]), "[\"a\"]"),
        ("[\n  1, # one\n]", json!([]), "[]"),
        (
            "[ { a = 1 }, { a = 2 } ]",
            json!([{"a": 2}, {"a": 3}]),
            "[ { a = 2 }, { a = 3 } ]",
        ),
        ("1", json!(1.5), "1.5"),
        ("7", json!(9_223_372_036_854_775_807_i64), "9223372036854775807"),
    ] {
        assert_eq!(set(before, value).as_deref(), Some(after), "{before}");
    }
    for value in ["18446744073709551617", "9223372036854775808", "[-18446744073709551617]"] {
        let value: Json = serde_json::from_str(value).unwrap();
        let refused = run(
            Op::SetAgentParam,
            json!({"param": "k", "value": value}),
            &with_config("[agent.a]\nk = 7\n"),
        );
        assert!(refused.unwrap_err().to_string().contains("beyond 64 signed bits"));
    }
}

#[test]
fn hostile_edits_are_refused() {
    let big = "x".repeat(10 << 20);
    let mut harness = with_config("[agent.a]\n").with("agents/file", "not a folder");
    harness.forbid("agents/link", "a symbolic link");
    let mut names: Vec<String> = [
        "",
        "..",
        "../../etc",
        "/etc",
        "a/b",
        "a\\b",
        "a\0",
        "a\n",
        ".git",
        "~root",
        " a",
    ]
    .map(String::from)
    .into();
    names.extend(["link".into(), "file".into(), "n".repeat(129)]);
    for name in names {
        let result = run(
            Op::ReplaceSystemPrompt,
            json!({"agent": name, "new_content": "x"}),
            &harness,
        );
        assert!(result.is_err(), "{name:?}");
    }
    for (op, payload) in [
        (Op::ReplaceSystemPrompt, json!({"new_content": big})),
        (Op::ReplaceSystemPrompt, json!({"new_content": "a\0b"})),
        (Op::ReplaceSystemPrompt, json!({"new_content": 3})),
        (Op::ReplaceSystemPrompt, json!({})),
        (Op::PatchSystemPrompt, json!({"diff": "@@ -1 +1 @@\n-a\n+b\n"})),
        (Op::SetAgentParam, json!({"param": "k", "value": null})),
        (Op::SetAgentParam, json!({"param": "k", "value": {"x": [null]}})),
        (Op::SetAgentParam, json!({"param": "k", "value": u64::MAX})),
        (Op::SetModelParam, json!({"model": "../x", "param": "k", "value": 1})),
        (
            Op::EditToolDescription,
            json!({"tool_name": "../t", "new_description": "d"}),
        ),
        (Op::EditFewShotExemplars, json!({"exemplars": "x"})),
        (Op::EditFewShotExemplars, json!({"exemplars": [{"input": "q"}]})),
        (Op::LoraFinetune, json!({})),
    ] {
        assert!(run(op, payload, &harness).is_err(), "{op:?}");
    }
    let broken = run(
        Op::SetAgentParam,
        json!({"param": "k", "value": 1}),
        &with_config("a = 1\nb = = 2\n"),
    );
    assert!(
        broken
            .unwrap_err()
            .to_string()
            .starts_with("config.toml: line 2: not TOML")
    );
}

#[test]
fn only_editable_files_are_touched_and_messages_name_the_key() {
    let closed = OpRules {
        membership: membership(&["agents/*"]),
        ..OpRules::default()
    };
    let replace = edit(Op::ReplaceSystemPrompt, json!({"new_content": "x"}));
    let refused = apply(&replace, &Harness::default(), &closed);
    assert_eq!(
        refused,
        Err(Inapplicable::NotEditable {
            path: "agents/a/system_prompt.md".into()
        })
    );
    let wrong = run(
        Op::ReplaceSystemPrompt,
        json!({"agent": "a", "new_content": 3}),
        &Harness::default(),
    );
    assert!(
        wrong
            .unwrap_err()
            .to_string()
            .starts_with("payload: `new_content`: invalid type")
    );
}

#[test]
fn a_layout_may_move_a_prompt_into_a_key_and_take_a_home_away() {
    let mut rules = rules();
    rules.layout.prompt = "config.toml#agent.{agent}.prompt".into();
    rules.layout.few_shot = String::new();
    let harness = with_config("[agent.a]\nprompt = \"one\\ntwo\\n\"\n");
    let patch = edit(Op::PatchSystemPrompt, json!({"diff": "@@ -2 +2 @@\n-two\n+2\n"}));
    let after = apply(&patch, &harness, &rules).unwrap();
    assert_eq!(after.text("config.toml"), Some("[agent.a]\nprompt = \"one\\n2\\n\"\n"));
    assert_eq!(home(Op::EditFewShotExemplars, &rules.layout), None);
    let homeless = apply(
        &edit(Op::EditFewShotExemplars, json!({"exemplars": []})),
        &harness,
        &rules,
    );
    assert!(matches!(homeless, Err(Inapplicable::NoHome { .. })));
}

#[test]
fn normalise_raises_tiers_and_turns_only_large_patches_that_apply_into_replacements() {
    let harness = Harness::default().with("agents/a/system_prompt.md", "1\n2\n3\n4\n");
    let lower = BTreeMap::from([
        (Op::PatchSystemPrompt, RiskTier::Auto),
        (Op::SetAgentParam, RiskTier::Manual),
    ]);
    let of = |op, payload| normalise(edit(op, payload), &harness, &rules(), &lower);
    let patch = |diff: &str| of(Op::PatchSystemPrompt, json!({"diff": diff}));
    assert_eq!(patch("@@ -1,2 +1,2 @@\n-1\n-2\n+a\n+b\n").op, Op::PatchSystemPrompt);
    assert_eq!(patch("@@ -1 +1,2 @@\n+new\n 1\n").risk_tier, RiskTier::Review);
    let large = patch("@@ -1,3 +1,3 @@\n-1\n-2\n-3\n+a\n+b\n+c\n");
    assert_eq!(
        (large.op, &large.payload["new_content"]),
        (Op::ReplaceSystemPrompt, &json!("a\nb\nc\n4\n"))
    );
    assert_eq!(patch("make it better").payload["diff"], "make it better");
    assert_eq!(of(Op::SetAgentParam, json!({})).risk_tier, RiskTier::Manual);
}

#[test]
fn schemas_accept_what_applies_and_refuse_what_is_missing() {
    let schema = edit_schema(schemars::schema_for!(Edit));
    let validator = jsonschema::validator_for(schema.as_value()).unwrap();
    let valid = |op, payload| validator.is_valid(&serde_json::to_value(edit(op, payload)).unwrap());
    assert!(valid(Op::SetAgentParam, json!({"param": "k", "value": 1})));
    assert!(!valid(Op::SetAgentParam, json!({"param": "k"})));
    assert!(valid(
        Op::EditFewShotExemplars,
        json!({"exemplars": [{"input": "q", "output": "a"}]})
    ));
    assert!(!valid(Op::EditFewShotExemplars, json!({"exemplars": ["q"]})));
    assert!(!valid(Op::ReplaceSystemPrompt, json!({"diff": "x"})));
}
