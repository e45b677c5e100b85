//! Kinds of values: a key that a file does not have takes what its name, or its neighbours, say.

use super::*;

const MANIFEST: &str = r#"
[[harness.surface]]
name = "config"
path = "opencode.json"
format = "jsonc"
keys = { model = "auto", "agent.*.model" = "auto", "agent.*.temperature" = "auto", "agent.*.steps" = "auto" }

[[harness.surface]]
name = "agents"
path = ".claude/agents/{agent}.md"
keys = { description = "auto", model = "auto", paths = "review", note = "auto" }

[[harness.surface]]
name = "aider"
path = ".aider.conf.yml"
keys = { map-tokens = "auto", edit-format = "auto" }

[[harness.surface]]
name = "promptfoo"
path = "promptfooconfig.yaml"
fills = ["templates"]
keys = { prompts = "review", "prompts[*]" = "review" }

[[harness.surface]]
name = "chat"
path = "p.json"
body = "review"
fills = ["templates"]
"#;

const AGENT: &str = ".claude/agents/a.md";
const CHAT: &str = "[{\"role\": \"system\", \"content\": \"Be\"}, {\"role\": \"user\", \"content\": \"{{x}}\"}]\n";

fn harness() -> Harness {
    Harness::default()
        .with(
            "opencode.json",
            "{\"agent\": {\"build\": {}, \"plan\": {\"steps\": 3}}}\n",
        )
        .with(AGENT, "---\nname: a\ndescription: Reviews.\n---\nText.\n")
        .with(".aider.conf.yml", "auto-commits: false\n")
        .with("p.json", CHAT)
        .with(
            "promptfooconfig.yaml",
            "prompts:\n  - Say {{topic}}.\n  - raw: Tell {{topic}}.\nproviders: [openai:a]\n",
        )
}

fn run(op: Op, path: &str, more: Json) -> Result<Harness, String> {
    let mut payload = json!({"path": path});
    payload
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    apply(&placed(op, payload), &harness(), &rules_of(&parsed(MANIFEST))).map_err(|reason| reason.to_string())
}

#[test]
fn a_new_key_takes_the_kind_that_its_name_or_its_neighbours_say() {
    let config = "opencode.json";
    for (path, key, value, is_allowed) in [
        (config, "agent.build.model", json!("x/y"), true),
        (config, "agent.build.model", json!({"a": 1}), false),
        (config, "agent.build.model", json!(["a"]), false),
        (config, "model", json!(""), false),
        (config, "agent.build.temperature", json!(0.2), true),
        (config, "agent.build.temperature", json!(true), false),
        (config, "agent.build.temperature", json!("hot"), false),
        (config, "agent.build.steps", json!(4), true),
        (config, "agent.build.steps", json!("many"), false),
        (".aider.conf.yml", "map-tokens", json!("lots"), false),
        (".aider.conf.yml", "map-tokens", json!(1024), true),
        (".aider.conf.yml", "edit-format", json!("diff"), true),
        (AGENT, "paths", json!(["src/**"]), true),
        (AGENT, "paths", json!("src/**"), true),
        (AGENT, "paths", json!({"a": 1}), false),
        (AGENT, "note", json!({"a": 1}), true),
        (AGENT, "description", json!("Reviews."), true),
        (AGENT, "description", json!(" "), false),
    ] {
        let found = run(Op::SetKey, path, json!({"key": key, "value": value}));
        assert_eq!(found.is_ok(), is_allowed, "{path} {key} {value}: {found:?}");
    }
    let refused = run(Op::UnsetKey, AGENT, json!({"key": "description"})).unwrap_err();
    assert!(refused.contains("use set_key"), "{refused}");
}

#[test]
fn prompts_are_no_examples() {
    let config = "promptfooconfig.yaml";
    for (path, key, exemplars, words) in [
        (
            config,
            Some("prompts"),
            json!([{"input": "a", "output": "b"}]),
            "use edit_list",
        ),
        (
            config,
            Some("prompts"),
            json!([{"raw": "x {{topic}}"}]),
            "use edit_list",
        ),
        (
            config,
            Some("prompts"),
            json!(["file://a.txt"]),
            "`exemplars[0]` is text",
        ),
        (
            "p.json",
            None,
            json!([{"role": "user", "content": "none"}]),
            "use replace_text",
        ),
        ("p.json", None, json!([{"input": "a", "output": "b"}]), "chat messages"),
    ] {
        let mut more = json!({"exemplars": exemplars});
        if let Some(key) = key {
            more["key"] = key.into();
        }
        let refused = run(Op::EditExamples, path, more).unwrap_err();
        assert!(refused.contains(words), "{refused}");
    }
    let section = parsed(MANIFEST).harness;
    let offers = super::offers::offers(&harness(), &rules_of(&parsed(MANIFEST)), &section);
    assert!(offers.iter().all(|offer| offer.op != Op::EditExamples), "{offers:?}");
    let chat = CHAT.replace("Be", "Be kind");
    assert!(run(Op::ReplaceText, "p.json", json!({"new_content": chat})).is_ok());
}

#[test]
fn prompts_stay_and_keep_their_placeholders() {
    let path = "promptfooconfig.yaml";
    for (op, more, is_allowed) in [
        (Op::SetKey, json!({"value": []}), false),
        (Op::UnsetKey, json!({}), false),
        (Op::SetKey, json!({"value": ["none"]}), false),
        (Op::SetKey, json!({"value": ["One {{topic}}.", "two", "three"]}), true),
        (Op::EditList, json!({"add": [], "remove": ["Say {{topic}}."]}), true),
    ] {
        let mut more = more;
        more["key"] = "prompts".into();
        let found = run(op, path, more.clone());
        assert_eq!(found.is_ok(), is_allowed, "{more}: {found:?}");
    }
}
