//! Generic ops: edits of files by path, key and section.

use super::offers::OpOffer;
use super::*;

const MANIFEST: &str = r#"
[[harness.surface]]
name = "memory"
path = "CLAUDE.md"

[[harness.surface]]
name = "agents"
path = ".claude/agents/{agent}.md"
keys = { description = "auto", model = "auto", tools = "review" }
create = "review"

[[harness.surface]]
name = "skills"
path = ".claude/skills/{skill}/**/*.md"
keys = { description = "auto" }
create = "review"

[[harness.surface]]
name = "settings"
path = ".claude/settings.json"
keys = { model = "auto" }

[[harness.surface]]
name = "codex"
path = ".codex/config.toml"
keys = { model = "auto", "profiles.*.model" = "auto", prompt = "review" }

[[harness.surface]]
name = "continue"
path = ".continue/config.yaml"
keys = { "models[*].model" = "auto", "prompts[*].prompt" = "review" }

[[harness.surface]]
name = "examples"
path = "shots/*.jsonl"
body = "review"

[[harness.surface]]
name = "templates"
path = "bot/*.md"

[[harness.surface]]
name = "letters"
path = "letters/*.md"
fills = ["arguments"]
"#;

fn section() -> crate::manifest::HarnessSection {
    parsed(MANIFEST).harness
}

fn rules() -> OpRules {
    rules_of(&parsed(MANIFEST))
}

const REVIEWER: &str = "---\nname: reviewer\ndescription: Use after code was written, to review it.\ntools: Read, Grep\nmodel: sonnet\n---\n\nYou review code.\nReport {count} bugs.\n";

fn harness() -> Harness {
    Harness::default()
        .with("CLAUDE.md", "# Project\n\n- Use uv.\n\n## Style\n\nShort lines.\n")
        .with(".claude/agents/reviewer.md", REVIEWER)
        .with(".claude/settings.json", "{\n  \"model\": \"opus\",\n  \"permissions\": { \"allow\": [\"Bash(uv:*)\"] }\n}\n")
        .with(".codex/config.toml", "# mine\nmodel = \"gpt-5\" # cheap\nprompt = \"\"\"\nOne.\nTwo.\n\"\"\"\n\n[profiles.fast]\nmodel = \"mini\"\n")
        .with(
            ".continue/config.yaml",
            "name: demo\nmodels:\n  - name: main\n    model: sonnet # big\nprompts:\n  - name: check\n    prompt: |\n      Check it.\n",
        )
        .with("shots/a.jsonl", "{\"q\": 1,  \"a\": \"x\"}\n{\"a\": \"y\", \"q\": 2}\n")
}

fn run(op: Op, payload: Json) -> Result<Harness, Inapplicable> {
    apply(&placed(op, payload), &harness(), &rules())
}

/// The file after an edit; applying the edit again changes nothing.
fn text(op: Op, payload: Json, path: &str) -> String {
    let after = run(op, payload.clone()).unwrap_or_else(|reason| panic!("{payload}: {reason}"));
    let again = apply(&placed(op, payload.clone()), &after, &rules());
    assert_eq!(again.as_ref(), Ok(&after), "{payload}");
    let changed: Vec<String> = harness()
        .changes(&after)
        .into_iter()
        .map(|change| change.path)
        .collect();
    assert_eq!(changed, [path], "{payload}");
    after.text(path).unwrap_or_default().to_owned()
}

fn reason(op: Op, payload: Json) -> String {
    run(op, payload).unwrap_err().to_string()
}

#[test]
fn texts_are_patched_and_replaced_under_their_front_matter() {
    let agent = ".claude/agents/reviewer.md";
    let diff = "@@ -1 +1,2 @@\n You review code.\n+Be kind.\n";
    let patched = text(Op::PatchText, json!({"path": agent, "diff": diff}), agent);
    assert_eq!(patched, REVIEWER.replace("code.\n", "code.\nBe kind.\n"));
    let new = "You review {count} changes.";
    let replaced = text(Op::ReplaceText, json!({"path": agent, "new_content": new}), agent);
    let head = &REVIEWER[..REVIEWER.len() - "You review code.\nReport {count} bugs.\n".len()];
    assert_eq!(replaced, format!("{head}{new}\n"));
    let repeated = format!("{head}{new}\n");
    assert_eq!(
        text(Op::ReplaceText, json!({"path": agent, "new_content": repeated}), agent),
        repeated
    );
    let other = repeated.replace("model: sonnet", "model: opus");
    assert!(reason(Op::ReplaceText, json!({"path": agent, "new_content": other})).contains("set_key"));
}

#[test]
fn sections_come_and_go() {
    let path = "CLAUDE.md";
    for (payload, wanted) in [
        (
            json!({"content": "## Tests\n\nRun them."}),
            "# Project\n\n- Use uv.\n\n## Style\n\nShort lines.\n\n## Tests\n\nRun them.\n",
        ),
        (
            json!({"content": "## Tests\n\nRun them.", "after": "Project"}),
            "# Project\n\n- Use uv.\n\n## Style\n\nShort lines.\n\n## Tests\n\nRun them.\n",
        ),
        (
            json!({"content": "Run them.", "section": "Tests", "after": "Style"}),
            "# Project\n\n- Use uv.\n\n## Style\n\nShort lines.\n\n## Tests\n\nRun them.\n",
        ),
    ] {
        let mut payload = payload;
        payload["path"] = path.into();
        assert_eq!(text(Op::InsertSection, payload, path), wanted);
    }
    let deleted = text(Op::DeleteSection, json!({"path": path, "section": "Style"}), path);
    assert_eq!(deleted, "# Project\n\n- Use uv.\n");
    for (op, payload, words) in [
        (
            Op::DeleteSection,
            json!({"path": path, "section": "Stile"}),
            "the nearest is `Style`",
        ),
        (
            Op::InsertSection,
            json!({"path": path, "content": "x", "after": "Style"}),
            "must begin with a heading",
        ),
        (
            Op::InsertSection,
            json!({"path": path, "content": "## Style\nx"}),
            "already; change it with patch_text",
        ),
        (
            Op::InsertSection,
            json!({"path": path, "content": "## X\nx", "after": "Stile"}),
            "the nearest is `Style`",
        ),
        (
            Op::DeleteSection,
            json!({"path": path, "section": "Project"}),
            "no text any more",
        ),
    ] {
        let found = reason(op, payload.clone());
        assert!(found.contains(words), "{payload}: {found}");
    }
}

#[test]
fn files_are_created_and_removed_where_the_surface_lets_them() {
    let new = ".claude/agents/tester.md";
    let content = "---\nname: tester\ndescription: Tests.\n---\n\nYou test.";
    let created = text(Op::CreateFile, json!({"path": new, "content": content}), new);
    assert_eq!(created, format!("{content}\n"));
    assert_eq!(
        text(
            Op::RemoveFile,
            json!({"path": ".claude/agents/reviewer.md"}),
            ".claude/agents/reviewer.md"
        ),
        ""
    );
    for (op, payload, words) in [
        (
            Op::CreateFile,
            json!({"path": "docs/x.md", "content": "x"}),
            "makes no file there",
        ),
        (
            Op::CreateFile,
            json!({"path": "CLAUDE.md", "content": "x"}),
            "may not create or remove",
        ),
        (Op::RemoveFile, json!({"path": "CLAUDE.md"}), "may not create or remove"),
        (
            Op::CreateFile,
            json!({"path": ".claude/agents/reviewer.md", "content": "x"}),
            "the file exists",
        ),
        (
            Op::CreateFile,
            json!({"path": ".claude/agents/Reviewer.md", "content": "x"}),
            "in another case",
        ),
        (
            Op::CreateFile,
            json!({"path": ".claude/agents/../x.md", "content": "x"}),
            "makes no file there",
        ),
        (
            Op::CreateFile,
            json!({"path": ".claude/skills/x/../../y.md", "content": "x"}),
            "no path inside the harness",
        ),
        (
            Op::CreateFile,
            json!({"path": ".claude/agents/x.md", "content": "---\npermissionMode: plan\n---\nx"}),
            "protected",
        ),
        (
            Op::CreateFile,
            json!({"path": ".claude/skills/x/SKILL.md", "content": "Body."}),
            "needs a front matter",
        ),
        (
            Op::CreateFile,
            json!({"path": ".claude/skills/x/SKILL.md", "content": "---\nname: y\ndescription: d\n---\nBody."}),
            "that of its folder, `x`",
        ),
    ] {
        let found = reason(op, payload.clone());
        assert!(found.contains(words), "{payload}: {found}");
    }
}

#[test]
fn keys_are_set_and_removed_and_nothing_else_changes() {
    let agent = ".claude/agents/reviewer.md";
    for (op, path, more, from, to) in [
        (
            Op::SetKey,
            agent,
            json!({"key": "model", "value": "haiku"}),
            "model: sonnet",
            "model: haiku",
        ),
        (
            Op::SetKey,
            agent,
            json!({"key": "description", "value": "Use when: units, e.g. miles, are asked."}),
            "description: Use after code was written, to review it.",
            "description: \"Use when: units, e.g. miles, are asked.\"",
        ),
        (
            Op::EditList,
            agent,
            json!({"key": "tools", "add": ["Glob"]}),
            "Read, Grep",
            "Read, Grep, Glob",
        ),
        (
            Op::EditList,
            agent,
            json!({"key": ["tools"], "remove": ["Read"]}),
            "Read, Grep",
            "Grep",
        ),
        (Op::UnsetKey, agent, json!({"key": "model"}), "model: sonnet\n", ""),
        (
            Op::SetKey,
            ".claude/settings.json",
            json!({"key": "model", "value": "haiku"}),
            "\"opus\"",
            "\"haiku\"",
        ),
        (
            Op::SetKey,
            ".codex/config.toml",
            json!({"key": "model", "value": "o3"}),
            "\"gpt-5\" # cheap",
            "\"o3\" # cheap",
        ),
        (
            Op::SetKey,
            ".codex/config.toml",
            json!({"key": "profiles.fast.model", "value": "o3"}),
            "\"mini\"",
            "\"o3\"",
        ),
        (
            Op::PatchText,
            ".codex/config.toml",
            json!({"key": "prompt", "diff": "@@ -1,2 +1,2 @@\n One.\n-Two.\n+2.\n"}),
            "Two.",
            "2.",
        ),
        (
            Op::SetKey,
            ".continue/config.yaml",
            json!({"key": "models[name=main].model", "value": "haiku"}),
            "model: sonnet # big",
            "model: haiku # big",
        ),
        (
            Op::ReplaceText,
            ".continue/config.yaml",
            json!({"key": ["prompts", {"name": "check"}, "prompt"], "new_content": "Check it well."}),
            "Check it.",
            "Check it well.",
        ),
    ] {
        let mut payload = more;
        payload["path"] = path.into();
        let before = harness();
        let wanted = before.text(path).unwrap().replacen(from, to, 1);
        assert_eq!(text(op, payload, path), wanted);
    }
}

#[test]
fn examples_keep_the_lines_that_stay() {
    let examples = json!([{"q": 2, "a": "y"}, {"q": 3, "a": "z"}]);
    let after = text(
        Op::EditExamples,
        json!({"path": "shots/a.jsonl", "exemplars": examples}),
        "shots/a.jsonl",
    );
    assert_eq!(after, "{\"a\": \"y\", \"q\": 2}\n{\"q\": 3,  \"a\": \"z\"}\n");
}

#[test]
fn what_is_not_open_is_refused_with_what_is() {
    let agent = ".claude/agents/reviewer.md";
    for (op, payload, words) in [
        (
            Op::PatchText,
            json!({"path": ".claude/agents/reviwer.md", "diff": "x"}),
            "the nearest is .claude/agents/reviewer.md",
        ),
        (
            Op::SetKey,
            json!({"path": agent, "key": "modle", "value": "x"}),
            "the nearest is `model`",
        ),
        (
            Op::SetKey,
            json!({"path": agent, "key": "name", "value": "x"}),
            "is not editable",
        ),
        (
            Op::SetKey,
            json!({"path": ".claude/settings.json", "key": "permissions.allow", "value": []}),
            "protected",
        ),
        (
            Op::SetKey,
            json!({"path": ".codex/config.toml", "key": "profiles.fst.model", "value": "x"}),
            "the nearest is `profiles.fast.model`",
        ),
        (
            Op::SetKey,
            json!({"path": agent, "key": "model", "value": 3}),
            "`model` is text",
        ),
        (
            Op::SetKey,
            json!({"path": agent, "key": "model", "value": null}),
            "use unset_key",
        ),
        (
            Op::ReplaceText,
            json!({"path": ".claude/settings.json", "new_content": "{}"}),
            "its keys are: model",
        ),
        (Op::UnsetKey, json!({"path": agent, "key": "tools"}), "no tool any more"),
        (
            Op::EditList,
            json!({"path": agent, "key": "tools", "remove": ["Read", "Grep"]}),
            "no tool any more",
        ),
        (Op::EditList, json!({"path": agent, "key": "tools"}), "name an item"),
        (
            Op::SetKey,
            json!({"path": "CLAUDE.md", "key": "model", "value": "x"}),
            "not editable",
        ),
    ] {
        let found = reason(op, payload.clone());
        assert!(found.contains(words), "{payload}: {found}");
    }
    let bare = OpRules::default();
    let found = apply(&placed(Op::RemoveFile, json!({"path": "CLAUDE.md"})), &harness(), &bare).unwrap_err();
    assert!(found.to_string().contains("no [[harness.surface]]"), "{found}");
}

#[test]
fn a_line_is_bound_to_what_the_host_fills_in() {
    let text = "Get /users/{id}.\nInstall @types/node for $5 or $10.\nUse {{ title }} and $ARGUMENTS.\n";
    for (path, lost) in [
        ("CLAUDE.md", None),
        (".claude/agents/a.md", None),
        ("letters/a.md", Some("drops `$ARGUMENTS`, which")),
        (
            "bot/a.md",
            Some("drops `$5`, `$ARGUMENTS`, `{id}`, `{{ title }}`, which"),
        ),
    ] {
        let before = harness().with(path, text);
        let payload = json!({"path": path, "new_content": "Be kind.\n"});
        let found = apply(&placed(Op::ReplaceText, payload), &before, &rules());
        match (found, lost) {
            (Ok(after), None) => assert_eq!(after.text(path), Some("Be kind.\n"), "{path}"),
            (Err(reason), Some(words)) => assert!(reason.to_string().contains(words), "{path}: {reason}"),
            (found, _) => panic!("{path}: {found:?}"),
        }
    }
}

#[test]
fn the_tier_is_that_of_the_place() {
    let agent = ".claude/agents/reviewer.md";
    for (op, payload, wanted) in [
        (
            Op::PatchText,
            json!({"path": "CLAUDE.md", "diff": ""}),
            RiskTier::Review,
        ),
        (
            Op::SetKey,
            json!({"path": agent, "key": "model", "value": "x"}),
            RiskTier::Auto,
        ),
        (
            Op::SetKey,
            json!({"path": agent, "key": ["model"], "value": "x"}),
            RiskTier::Auto,
        ),
        (Op::EditList, json!({"path": agent, "key": "tools"}), RiskTier::Review),
        (Op::CreateFile, json!({"path": agent, "content": ""}), RiskTier::Review),
        (
            Op::SetKey,
            json!({"path": agent, "key": "other", "value": "x"}),
            RiskTier::Review,
        ),
        (
            Op::SetKey,
            json!({"path": "x", "key": "other", "value": "x"}),
            RiskTier::Review,
        ),
    ] {
        let edit = placed(op, payload.clone());
        assert_eq!(tier(&edit, &section()), wanted, "{payload}");
        let member = json!({"op": op.name(), "payload": payload});
        assert_eq!(
            tier(&placed(Op::Several, json!({"edits": [member]})), &section()),
            wanted,
            "{payload}"
        );
    }
    let normalised = normalise::normalise(
        placed(Op::SetKey, json!({"path": agent, "key": "model", "value": "x"})),
        &harness(),
        &rules(),
        &BTreeMap::new(),
    );
    assert_eq!(
        (normalised.target.as_str(), normalised.risk_tier),
        (".claude/agents/reviewer.md#model", RiskTier::Auto)
    );
}

#[test]
fn every_op_is_offered_where_it_applies_and_its_example_is_well_formed() {
    let listed = REVIEWER.replace("Read, Grep", "[Read, Grep]");
    let harness = harness().with(".claude/agents/lister.md", listed);
    let offers = offers::offers(&harness, &rules(), &section());
    assert!(offers.iter().all(|offer| offer.op.is_generic()));
    let of_list = |offer: &&OpOffer| offer.path.ends_with("lister.md") && offer.op == Op::EditList;
    let removed = offers.iter().find(of_list).map(|offer| &offer.example["remove"]);
    assert_eq!(removed, Some(&json!(["Read"])));
    // No edit but its removal is offered for a file that cannot be read.
    let broken = harness.with(".claude/agents/lister.md", "---\nname: lister\nprose\n---\nText.\n");
    let offered = offers::offers(&broken, &rules(), &section());
    let ops: Vec<Op> = offered
        .iter()
        .filter(|offer| offer.path.ends_with("lister.md"))
        .map(|offer| offer.op)
        .collect();
    assert_eq!(ops, [Op::RemoveFile]);
    for offer in &offers {
        let edit = placed(offer.op, offer.example.clone());
        assert_eq!(check_payload(&edit), Ok(()), "{}", offer.example);
        assert!(tier(&edit, &section()) <= offer.tier, "{}", offer.example);
    }
    let places: Vec<(&str, Option<&str>)> = offers
        .iter()
        .filter(|offer| offer.op == Op::SetKey)
        .map(|offer| (offer.path.as_str(), offer.key.as_deref()))
        .collect();
    for place in [
        (".claude/agents/reviewer.md", Some("description")),
        (".claude/settings.json", Some("model")),
        (".codex/config.toml", Some("profiles.fast.model")),
        (".continue/config.yaml", Some("models[name=main].model")),
    ] {
        assert!(places.contains(&place), "{place:?} of {places:?}");
    }
}

#[test]
fn several_files_change_as_one_edit_and_links_are_checked_at_its_end() {
    let skill = "---\nname: convert\ndescription: Converts.\n---\n\nSee [units](units.md).\n";
    let members = json!([
        {"op": "create_file", "payload": {"path": ".claude/skills/convert/SKILL.md", "content": skill}},
        {"op": "create_file", "payload": {"path": ".claude/skills/convert/units.md", "content": "km"}}
    ]);
    assert!(run(Op::Several, json!({"edits": members})).is_ok());
    let one = json!([members[0]]);
    assert!(reason(Op::Several, json!({"edits": one})).contains("links to .claude/skills/convert/units.md"));
}

#[test]
fn setting_the_present_value_changes_nothing() {
    let offers = offers::offers(&harness(), &rules(), &section());
    let present = offers
        .iter()
        .filter(|offer| offer.op == Op::SetKey && offer.example["value"] != "…");
    assert!(present.clone().count() > 4);
    for offer in present {
        assert_eq!(
            run(Op::SetKey, offer.example.clone()),
            Ok(harness()),
            "{}",
            offer.example
        );
    }
}

#[test]
fn a_broken_file_is_refused() {
    for (path, text, key) in [
        (".claude/settings.json", "{\"model\": ", "model"),
        (".codex/config.toml", "model = \n", "model"),
        (".continue/config.yaml", "models: [\n", "models[name=main].model"),
        (".claude/agents/reviewer.md", "---\nmodel: x\nNo end.\n", "model"),
    ] {
        let broken = harness().with(path, text);
        let edit = placed(Op::SetKey, json!({"path": path, "key": key, "value": "y"}));
        let found = apply(&edit, &broken, &rules());
        assert!(
            matches!(found, Err(Inapplicable::Format { .. } | Inapplicable::NoKey { .. })),
            "{path}: {found:?}"
        );
    }
}
