//! Surfaces by name, keys that are text, formats that the manifest states, and skills that come and go.

use super::*;

const SURFACES: &str = r#"
[[harness.surface]]
name = "memory"
path = "CLAUDE.md"

[[harness.surface]]
name = "agents"
path = ".claude/agents/**/{agent}.md"
keys = { model = "auto" }
create = "review"

[[harness.surface]]
name = "commands"
path = ".claude/commands/{command}.md"
keys = { argument-hint = "auto", paths = "review" }
text = ["argument-hint"]

[[harness.surface]]
name = "texts"
path = ".claude/skills/{skill}/{text}.md"
create = "review"

[[harness.surface]]
name = "settings"
path = ".claude/settings.json"
format = "text"
create = "review"

[[harness.surface]]
name = "modes"
path = "modes.conf"
format = "yaml"
keys = { model = "auto" }
body = "review"
"#;

fn skill(name: &str, more: &str) -> String {
    format!("---\nname: {name}\ndescription: Does {name}\n{more}---\n\nDo {name}.\n")
}

fn harness() -> Harness {
    Harness::default()
        .with("CLAUDE.md", "Be brief.\n")
        .with(".claude/agents/a.md", "---\nname: a\nmodel: m\n---\nReview.\n")
        .with(".claude/agents/deep/b.c.md", "---\nname: b.c\nmodel: m\n---\nWrite.\n")
        .with(".claude/agents/one/two.md", "One.\n")
        .with(".claude/agents/other/two.md", "Other.\n")
        .with(
            ".claude/commands/fix.md",
            "---\nargument-hint: [issue]\npaths: [a]\n---\nFix.\n",
        )
        .with(
            ".claude/skills/csv/SKILL.md",
            skill("csv", "allowed-tools: Bash(csv:*)\n"),
        )
        .with(".claude/skills/tsv/SKILL.md", skill("tsv", ""))
        .with(".claude/settings.json", "{\"permissions\": {\"deny\": [\"Bash\"]}}\n")
        .with("modes.conf", "model: m\nmodes:\n  - permissions: ask\n")
}

fn run(op: Op, payload: Json) -> Result<Harness, Inapplicable> {
    let manifest = parsed(SURFACES);
    let rules = rules_of(&manifest);
    let edit = placed(op, payload);
    let found = apply(&edit, &harness(), &rules);
    // An edit with paths in place of surfaces does the same, and has the same tier.
    let normalised = normalise::normalise(edit.clone(), &harness(), &rules, &Default::default());
    assert_eq!(apply(&normalised, &harness(), &rules).ok(), found.clone().ok());
    if found.is_ok() {
        assert_eq!(tier(&edit, &manifest.harness), normalised.risk_tier, "{edit:?}");
        assert_eq!(check_payload(&edit), Ok(()));
    }
    found
}

fn reason(op: Op, payload: Json) -> String {
    run(op, payload).unwrap_err().to_string()
}

#[test]
fn a_file_is_named_by_its_surface_and_the_names_in_its_path() {
    let opus = |path: &str| json!({"path": path, "key": "model", "value": "opus"});
    for (payload, path) in [
        (
            json!({"surface": "agents.a", "key": "model", "value": "opus"}),
            ".claude/agents/a.md",
        ),
        (
            json!({"surface": "agents", "agent": "a", "key": "model", "value": "opus"}),
            ".claude/agents/a.md",
        ),
        (
            json!({"surface": "agents.b.c", "key": "model", "value": "opus"}),
            ".claude/agents/deep/b.c.md",
        ),
    ] {
        assert_eq!(run(Op::SetKey, payload), run(Op::SetKey, opus(path)));
    }
    let after = run(
        Op::ReplaceText,
        json!({"surface": "memory", "new_content": "Be kind.\n"}),
    )
    .unwrap();
    assert_eq!(after.text("CLAUDE.md"), Some("Be kind.\n"));
    let two = json!({"surface": "texts", "skill": "tsv", "text": "units", "content": "Tabs."});
    let after = run(Op::CreateFile, two).unwrap();
    assert_eq!(after.text(".claude/skills/tsv/units.md"), Some("Tabs.\n"));
    let new = json!({"surface": "agents.new", "content": "---\nname: new\n---\nNew.\n"});
    assert!(run(Op::CreateFile, new).unwrap().get(".claude/agents/new.md").is_some());
    let member = |op: &str, payload: Json| json!({"op": op, "payload": payload});
    let both = json!({"edits": [
        member("create_file", json!({"surface": "texts.tsv.x", "content": "One."})),
        member("replace_text", json!({"surface": "texts.tsv.x", "new_content": "Two.\n"})),
    ]});
    assert_eq!(
        run(Op::Several, both).unwrap().text(".claude/skills/tsv/x.md"),
        Some("Two.\n")
    );
}

#[test]
fn what_no_surface_means_is_refused_with_what_is_there() {
    let in_surface = |surface: &str| json!({"surface": surface, "key": "model", "value": "x"});
    for (payload, words) in [
        (in_surface("agent.a"), "the nearest is `agents`"),
        (in_surface("agents"), "needs `agent`, the name in .claude"),
        (
            in_surface("agents.two"),
            "several such files: .claude/agents/one/two.md, .claude/agents/other/two.md",
        ),
        (in_surface("agents.zz"), "no such file"),
        (in_surface("agents.../x"), "no name of a file"),
        (in_surface("memory.x"), "CLAUDE.md has no name for `x`"),
        (json!({"key": "model", "value": "x"}), "missing field `path`"),
    ] {
        let reason = reason(Op::SetKey, payload.clone());
        assert!(reason.contains(words), "{payload}: {reason}");
    }
}

#[test]
fn a_key_that_is_text_for_the_host_gets_text() {
    let hint = |value: Json| json!({"path": ".claude/commands/fix.md", "key": "argument-hint", "value": value});
    let after = run(Op::SetKey, hint(json!("[issue] [branch]"))).unwrap();
    let text = after.text(".claude/commands/fix.md").unwrap();
    assert!(text.contains("\nargument-hint: \"[issue] [branch]\"\n"), "{text}");
    assert!(reason(Op::SetKey, hint(json!(["a"]))).contains("`value` is a list, but `argument-hint` is text"));
    // Another key keeps its type, unless it is removed first.
    let paths = json!({"path": ".claude/commands/fix.md", "key": "paths", "value": "a, b"});
    assert!(reason(Op::SetKey, paths.clone()).contains("`several` of unset_key and set_key"));
    let unset = json!({"path": ".claude/commands/fix.md", "key": "paths"});
    let both = json!({"edits": [{"op": "unset_key", "payload": unset}, {"op": "set_key", "payload": paths}]});
    let after = run(Op::Several, both).unwrap();
    assert!(
        after
            .text(".claude/commands/fix.md")
            .unwrap()
            .contains("\npaths: a, b\n")
    );
}

#[test]
fn a_stated_format_protects_more_and_never_less() {
    let modes = |text: &str| json!({"path": "modes.conf", "new_content": text});
    assert!(run(Op::ReplaceText, modes("model: n\nmodes:\n  - permissions: ask\n")).is_ok());
    let wider = reason(Op::ReplaceText, modes("model: m\nmodes:\n  - permissions: all\n"));
    assert!(wider.contains("protected setting"), "{wider}");
    // This surface says that settings.json is only text.
    let settings = json!({"path": ".claude/settings.json", "new_content": "{\"permissions\": {}}\n"});
    assert!(reason(Op::ReplaceText, settings).contains("protected setting"));
}

#[test]
fn a_skill_goes_with_its_rights_and_gives_them_to_no_other() {
    let path = |name: &str| format!(".claude/skills/{name}/SKILL.md");
    let remove = |name: &str| json!({"op": "remove_file", "payload": {"path": path(name)}});
    let write =
        |name: &str, body: &str| json!({"op": "replace_text", "payload": {"path": path(name), "new_content": body}});
    let create = |name: &str, more: &str| json!({"op": "create_file", "payload": {"path": path(name), "content": skill(name, more)}});
    let several = |members: &[Json]| run(Op::Several, json!({"edits": members}));
    let rights = "allowed-tools: Bash(csv:*)\n";
    // Merged into one, split into two, or renamed: the rights are gone.
    let merged = several(&[write("tsv", "Do csv and tsv.\n"), remove("csv")]).unwrap();
    assert!(merged.get(&path("csv")).is_none() && !merged.text(&path("tsv")).unwrap().contains("allowed"));
    assert!(several(&[create("read", ""), create("write", ""), remove("csv")]).is_ok());
    for members in [
        vec![create("read", rights)],
        vec![remove("csv"), create("read", rights)],
        // The file remains, and lost its rights.
        vec![remove("csv"), create("csv", "")],
        vec![remove("csv"), create("csv", "allowed-tools: Bash\n")],
        vec![json!({"op": "remove_file", "payload": {"path": ".claude/settings.json"}})],
    ] {
        let refused = several(&members).unwrap_err().to_string();
        assert!(refused.contains("protected setting"), "{members:?}: {refused}");
    }
}

#[test]
fn a_path_that_is_a_link_means_its_target() {
    let text = "[[harness.surface]]\nname = 'all'\npath = '**/*.md'\ncreate = 'review'\n";
    let rules = rules_of(&parsed(text));
    let mut harness = Harness::default()
        .with("CLAUDE.md", "One.\n")
        .with("skills/a/SKILL.md", "---\nname: a\ndescription: A\n---\nTwo.\n");
    harness.link("AGENTS.md", "CLAUDE.md");
    harness.link(".claude/skills", "../skills");
    for (path, target) in [
        ("AGENTS.md", "CLAUDE.md"),
        (".claude/skills/a/SKILL.md", "skills/a/SKILL.md"),
    ] {
        let edit = placed(Op::ReplaceText, json!({"path": path, "new_content": "Three.\n"}));
        let refused = apply(&edit, &harness, &rules).unwrap_err().to_string();
        assert!(refused.contains(&format!("a symbolic link to {target}")), "{refused}");
        let edit = normalise::normalise(edit, &harness, &rules, &BTreeMap::new());
        assert_eq!(edit.target, target);
        let after = apply(&edit, &harness, &rules).unwrap();
        assert!(after.text(target).unwrap().ends_with("Three.\n") && after.get(path).is_none());
    }
    let new = placed(
        Op::CreateFile,
        json!({"path": ".claude/skills/a/x.md", "content": "x\n"}),
    );
    let new = normalise::normalise(new, &harness, &rules, &BTreeMap::new());
    assert!(apply(&new, &harness, &rules).unwrap().get("skills/a/x.md").is_some());
}
