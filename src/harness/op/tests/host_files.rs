//! Edits of files as their hosts read them: prompts without a front matter, templates, examples, and new agents.

use super::*;

const MANIFEST: &str = r#"
[[harness.surface]]
name = "agents"
path = ".claude/agents/{agent}.md"
keys = { description = "auto", tools = "review" }
create = "review"

[[harness.surface]]
name = "codex_agents"
path = ".codex/agents/{agent}.toml"
keys = { developer_instructions = "review" }
create = "review"

[[harness.surface]]
name = "opencode_agents"
path = ".opencode/agents/{agent}.md"
create = "review"

[[harness.surface]]
name = "prompts"
path = "prompts/{prompt}.md"
format = "text"

[[harness.surface]]
name = "yaml_prompts"
path = "prompts/{prompt}.yaml"
body = "review"

[[harness.surface]]
name = "program"
path = "program.json"
keys = { "*.demos" = "review" }

[[harness.surface]]
name = "shots"
path = "shots/*.json"
body = "review"

[[harness.surface]]
name = "crew"
path = "config/agents.yaml"
keys = { "*.role" = "review", "*.goal" = "review" }
"#;

fn harness() -> Harness {
    Harness::default()
        .with(".claude/settings.json", "{}")
        .with(".codex/config.toml", "model = \"m\"\n")
        .with(".opencode/agents/b.md", "---\ndescription: B.\n---\nText.\n")
}

fn run(harness: &Harness, op: Op, payload: Json) -> Result<Harness, Inapplicable> {
    apply(&placed(op, payload), harness, &rules_of(&parsed(MANIFEST)))
}

fn text_after(harness: &Harness, op: Op, payload: Json) -> String {
    let path = payload["path"].as_str().unwrap().to_owned();
    let after = run(harness, op, payload.clone()).unwrap_or_else(|reason| panic!("{payload}: {reason}"));
    after.text(&path).unwrap().to_owned()
}

#[test]
fn a_prompt_beside_code_has_no_front_matter() {
    let path = "prompts/judge.md";
    for text in [
        "---\nYou are a judge. Consider:\ntask: {{task}}\n---\nAnswer yes or no.\n",
        "---\nRole: judge\n---\nAnswer yes or no.\n",
        "---\nrole: judge\nBe fair.\n",
    ] {
        let home = harness().with(path, text);
        let new = "Judge {{task}}.\n";
        let replaced = text_after(&home, Op::ReplaceText, json!({"path": path, "new_content": new}));
        assert_eq!(replaced, new, "{text}");
        let diff = diffy::create_patch(text, &text.replace("judge", "referee")).to_string();
        let patched = text_after(&home, Op::PatchText, json!({"path": path, "diff": diff}));
        assert_eq!(patched, text.replace("judge", "referee"));
    }
    // A head that code may read stays, and has no new rights.
    let headed = "---\nversion: 2\nmodel: m\n---\nAnswer.\n";
    let home = harness().with(path, headed);
    let replaced = text_after(
        &home,
        Op::ReplaceText,
        json!({"path": path, "new_content": "Say it.\n"}),
    );
    assert_eq!(replaced, headed.replace("Answer", "Say it"));
    let new = headed.replace("model: m", "permissions: all");
    assert!(run(&home, Op::ReplaceText, json!({"path": path, "new_content": new})).is_err());
}

#[test]
fn a_template_of_yaml_can_be_edited_but_not_its_rights() {
    let path = "prompts/a.yaml";
    let text = "{% if kind %}\nprompt: Answer {{ kind }}.\nenv: {A: b}\n{% endif %}\n";
    let home = harness().with(path, text);
    let new = |from: &str, to: &str| json!({"path": path, "new_content": text.replace(from, to)});
    let changed = text_after(&home, Op::ReplaceText, new("Answer", "Say"));
    assert_eq!(changed, text.replace("Answer", "Say"));
    let diff = "@@ -2 +2 @@\n-prompt: Answer {{ kind }}.\n+prompt: Say {{ kind }}.\n";
    assert_eq!(
        text_after(&home, Op::PatchText, json!({"path": path, "diff": diff})),
        changed
    );
    for (from, to) in [
        ("A: b", "A: c"),
        ("kind %}\n", "kind %}\npermissions: all\n"),
        ("env: {A: b}\n", ""),
    ] {
        let found = run(&home, Op::ReplaceText, new(from, to));
        assert!(found.is_err(), "{from} to {to}");
    }
    let offers = offers::offers(&home, &rules_of(&parsed(MANIFEST)), &parsed(MANIFEST).harness);
    assert!(
        offers
            .iter()
            .any(|offer| offer.path == path && offer.op == Op::ReplaceText)
    );
    let sound = harness().with(path, "prompt: x\n");
    assert!(run(&sound, Op::ReplaceText, json!({"path": path, "new_content": text})).is_err());
}

#[test]
fn keys_of_examples_are_no_settings() {
    let program =
        r#"{"predict": {"signature": {"instructions": "Answer."}, "demos": [{"question": "x"}]}, "metadata": {}}"#;
    let shots = r#"[{"input": "x", "output": "y"}]"#;
    let home = harness().with("program.json", program).with("shots/a.json", shots);
    let demo = json!({"question": "x", "tools": [], "env": {"A": "b"}, "command": "ls"});
    let payload = json!({"path": "program.json", "key": "predict.demos", "exemplars": [demo]});
    assert!(text_after(&home, Op::EditExamples, payload).contains("command"));
    let shot = json!({"input": "x", "output": "y", "permissions": "all", "tools": []});
    let payload = json!({"path": "shots/a.json", "exemplars": [shot]});
    assert!(text_after(&home, Op::EditExamples, payload).contains("permissions"));
    // What is no example keeps its settings.
    let servers = home.clone().with("shots/b.json", r#"[{"name": "x", "env": {}}]"#);
    let payload = json!({"path": "shots/b.json", "exemplars": [{"name": "x", "env": {"A": "b"}}]});
    assert!(run(&servers, Op::EditExamples, payload).is_err());
}

#[test]
fn a_new_agent_may_have_fewer_rights_but_not_more() {
    let claude = |head: &str| json!({"path": ".claude/agents/n.md", "content": format!("---\nname: n\ndescription: N.\n{head}---\nText.\n")});
    let opencode = |head: &str| json!({"path": ".opencode/agents/n.md", "content": format!("---\ndescription: N.\n{head}---\nText.\n")});
    let codex = |mode: &str| {
        let content = format!("name = \"n\"\ndescription = \"N.\"\ndeveloper_instructions = \"Text.\"\n{mode}");
        json!({"path": ".codex/agents/n.toml", "content": content})
    };
    for (payload, may) in [
        (claude("disallowedTools: Bash, Edit\n"), true),
        (claude("disallowedTools: []\n"), false),
        (claude("permissionMode: plan\n"), false),
        (claude("tools: \"*\"\n"), false),
        (claude("tools: Read\n"), true),
        (opencode("permission: deny\n"), true),
        (opencode("permission:\n  edit: deny\n  bash:\n    \"*\": deny\n"), true),
        (opencode("permission:\n  edit: allow\n"), false),
        (codex("sandbox_mode = \"read-only\"\n"), true),
        (codex("sandbox_mode = \"danger-full-access\"\n"), false),
        (codex("approval_policy = \"never\"\n"), false),
    ] {
        let found = run(&harness(), Op::CreateFile, payload.clone());
        assert_eq!(found.is_ok(), may, "{payload}: {found:?}");
        let Ok(created) = found else { continue };
        // It may go again, and does not come back with more rights in the same edit.
        let path = payload["path"].clone();
        assert!(
            run(&created, Op::RemoveFile, json!({"path": path})).is_ok(),
            "{payload}"
        );
        let weak = payload["content"]
            .as_str()
            .unwrap()
            .replace("read-only", "workspace-write");
        let weak = weak.replace("deny", "ask").replace("Bash, Edit", "Edit");
        if weak != payload["content"] {
            let edits = json!({"edits": [
                {"op": "remove_file", "payload": {"path": path}},
                {"op": "create_file", "payload": {"path": path, "content": weak}}
            ]});
            assert!(run(&created, Op::Several, edits).is_err(), "{payload}");
        }
    }
}

#[test]
fn several_may_change_the_form_of_a_list_of_tools_but_not_lose_it() {
    let path = ".claude/agents/a.md";
    let home = harness().with(path, "---\nname: a\ndescription: A.\ntools: Read, Grep\n---\nText.\n");
    let edits = |tools: Json| {
        let mut edits = vec![json!({"op": "unset_key", "payload": {"path": path, "key": "tools"}})];
        if !tools.is_null() {
            edits.push(json!({"op": "set_key", "payload": {"path": path, "key": "tools", "value": tools}}));
        }
        run(&home, Op::Several, json!({"edits": edits}))
    };
    let after = edits(json!(["Read"])).unwrap();
    assert!(after.text(path).unwrap().contains("tools: [Read]") || after.text(path).unwrap().contains("- Read"));
    for tools in [json!(null), json!([]), json!(["*"]), json!("")] {
        assert!(edits(tools.clone()).is_err(), "{tools}");
    }
}

#[test]
fn anchors_without_aliases_are_no_obstacle() {
    let path = "config/agents.yaml";
    let text = "cook: &cook\n  role: &role Cook\n  goal: >\n    Cook {dish}.\n";
    let home = harness().with("config/tasks.yaml", "t: {}\n").with(path, text);
    let set = |key: &str, value: &str| json!({"path": path, "key": key, "value": value});
    assert_eq!(
        text_after(&home, Op::SetKey, set("cook.role", "Chef")),
        text.replace("Cook\n", "Chef\n")
    );
    assert_eq!(
        text_after(&home, Op::SetKey, set("cook.goal", "Bake {dish}.\n")),
        text.replace("Cook {", "Bake {")
    );
    let aliased = home.with(path, format!("{text}baker: *cook\n"));
    let refused = run(&aliased, Op::SetKey, set("cook.role", "Chef"))
        .unwrap_err()
        .to_string();
    assert!(refused.contains("an anchor"), "{refused}");
}

#[test]
fn examples_cannot_be_emptied_by_accident() {
    let home = harness()
        .with("shots/a.json", "[{\"input\": \"1\", \"output\": \"one\"}]\n")
        .with("program.json", "{\"draft\": {\"demos\": [{\"text\": \"a\"}]}}\n");
    for payload in [
        json!({"path": "shots/a.json", "exemplars": []}),
        json!({"path": "program.json", "key": "draft.demos", "exemplars": []}),
    ] {
        let refused = run(&home, Op::EditExamples, payload).unwrap_err().to_string();
        assert!(
            refused.contains("`exemplars` is empty") && refused.contains("give all that shall stay"),
            "{refused}"
        );
    }
}
