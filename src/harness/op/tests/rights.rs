//! What an edit may not add to a file, or take from it: protected settings, lists of tools, and a form that can be read.

use super::*;
use crate::harness::op::base::EditBase;
use crate::harness::op::growth::GrowthCaps;

const MANIFEST: &str = r#"
[[harness.surface]]
name = "agents"
path = ".claude/agents/{agent}.md"
body = "auto"
keys = { description = "auto", tools = "auto", notes = "auto" }
create = "review"

[[harness.surface]]
name = "whole"
path = "conf/*.{toml,yaml,json}"
format = "text"
body = "auto"
create = "review"
"#;

const AGENT: &str = ".claude/agents/a.md";
const OTHER: &str = ".claude/agents/b.md";

fn head(lines: &str) -> String {
    format!("---\nname: a\ndescription: Reviews.\n{lines}---\n\nReview it.\n")
}

fn harness() -> Harness {
    Harness::default()
        .with(AGENT, head("tools: Read, Grep\n"))
        .with("conf/a.toml", "x = 1\n")
        .with("conf/a.yaml", "x: 1\n")
}

fn run_on(harness: &Harness, op: Op, payload: Json) -> Result<Harness, Inapplicable> {
    apply(&placed(op, payload), harness, &rules_of(&parsed(MANIFEST)))
}

fn refusal(op: Op, payload: Json) -> String {
    match run_on(&harness(), op, payload.clone()) {
        Err(reason) => reason.to_string(),
        Ok(after) => panic!("{payload} applied: {:?}", harness().changes(&after)),
    }
}

#[test]
fn a_new_file_adds_no_protected_key_however_it_is_spelled() {
    let other = |lines: &str| head(lines).replace("name: a", "name: b");
    for lines in [
        "permissionMode: x\n",
        "\"permission\\x4dode\": x\n",
        "&a permissionMode: x\n",
        "!!str permissionMode: x\n",
        "? permissionMode\n: x\n",
        "permissionMode : x\n",
        "{permissionMode: x}\n",
        "note: a: b\n\"permissionMode\": x\n",
        "note: a\u{2028}permissionMode: x\n",
        "note: a\rpermissionMode: x\n",
        "note: &n {permissionMode: x}\n<<: *n\n",
        "note: \"a\n",
    ] {
        refusal(Op::CreateFile, json!({"path": OTHER, "content": other(lines)}));
    }
    for content in [
        "---\n{permissionMode: x}\n---\nText.\n",
        "---\n{name: b, hooks: {Stop: x}}\n---\nText.\n",
        "---js\nrequire('x')\n---\nText.\n",
        "\n---\nname: b\npermissionMode: x\n---\nText.\n",
        "---\nname: b\nNo end.\n",
    ] {
        refusal(Op::CreateFile, json!({"path": OTHER, "content": content}));
    }
    for (path, content) in [
        ("conf/b.toml", "\"permission\\u004dode\" = 1\n"),
        ("conf/b.toml", "\"permission\\u004dode\" = 1\nx =\n"),
        ("conf/b.yaml", "? permissions\n: all\n"),
        ("conf/b.yaml", "a: &a {permissions: all}\nb:\n  <<: *a\n"),
        ("conf/b.json", "{\"permission\\u0073\": {}}"),
        ("conf/b.json", "{permissions: {}}"),
    ] {
        refusal(Op::CreateFile, json!({"path": path, "content": content}));
    }
    // The same by other ops.
    refusal(
        Op::ReplaceText,
        json!({"path": "conf/a.yaml", "new_content": "x: 2\n!!str permissions: all\n"}),
    );
    refusal(
        Op::PatchText,
        json!({"path": "conf/a.toml", "diff": "@@ -1 +1,2 @@\n x = 1\n+\"h\\u006foks\" = [\n"}),
    );
    for content in [
        other("notes: **/*.ts\ncolor: blue\n"),
        other(""),
        "No head.\n".to_owned(),
    ] {
        let created = run_on(&harness(), Op::CreateFile, json!({"path": OTHER, "content": content}));
        assert!(created.is_ok(), "{content}: {created:?}");
    }
}

#[test]
fn an_edit_leaves_no_broken_file() {
    let line = refusal(Op::CreateFile, json!({"path": OTHER, "content": head("prose\n")}));
    assert!(line.starts_with(&format!("{OTHER}: line 4: ")), "{line}");
    let line = refusal(
        Op::ReplaceText,
        json!({"path": "conf/a.toml", "new_content": "x = 1\ny =\n"}),
    );
    assert!(line.contains("line 2: not valid TOML"), "{line}");
    // What was broken before stays out of reach, and is named with its line.
    let broken = harness().with(AGENT, head("tools: Read\n</example>\n"));
    for (op, payload) in [
        (Op::ReplaceText, json!({"path": AGENT, "new_content": "Other."})),
        (
            Op::SetKey,
            json!({"path": AGENT, "key": "description", "value": "Other."}),
        ),
        (Op::EditList, json!({"path": AGENT, "key": "tools", "add": ["Grep"]})),
    ] {
        let reason = run_on(&broken, op, payload.clone()).unwrap_err().to_string();
        assert!(reason.contains("line 5"), "{payload}: {reason}");
    }
    // Front matter that is no YAML, but can be read line by line, is not broken.
    let loose = harness().with(AGENT, head("globs: **/*.ts\nnotes: Use when: asked\ntools: Read\n"));
    for (op, payload) in [
        (Op::ReplaceText, json!({"path": AGENT, "new_content": "Other."})),
        (
            Op::SetKey,
            json!({"path": AGENT, "key": "description", "value": "Other."}),
        ),
    ] {
        assert!(run_on(&loose, op, payload.clone()).is_ok(), "{payload}");
    }
}

#[test]
fn a_list_of_tools_is_neither_emptied_nor_opened() {
    let lists = [
        " ",
        ",",
        "~",
        "null",
        "[]",
        "\"\"",
        "*",
        "Read, *",
        "''",
        "\u{a0}",
        "Read\npermissionMode: x",
    ];
    for list in lists {
        refusal(Op::SetKey, json!({"path": AGENT, "key": "tools", "value": list}));
        refusal(
            Op::ReplaceText,
            json!({"path": AGENT, "key": "tools", "new_content": list}),
        );
    }
    refusal(Op::UnsetKey, json!({"path": AGENT, "key": "tools"}));
    refusal(
        Op::EditList,
        json!({"path": AGENT, "key": "tools", "remove": ["Read", "Grep"]}),
    );
    refusal(Op::EditList, json!({"path": AGENT, "key": "tools", "add": ["*"]}));
    let block = harness().with(AGENT, head("tools: [Read]\n"));
    for list in [
        json!([]),
        json!([""]),
        json!([null]),
        json!(["*"]),
        json!(["Read", "*"]),
        json!([" ", "~"]),
    ] {
        let set = run_on(
            &block,
            Op::SetKey,
            json!({"path": AGENT, "key": "tools", "value": list}),
        );
        assert!(set.is_err(), "{list}: {set:?}");
    }
    assert!(
        run_on(
            &block,
            Op::SetKey,
            json!({"path": AGENT, "key": "tools", "value": ["Grep"]})
        )
        .is_ok()
    );
    let added = json!({"path": AGENT, "key": "tools", "add": ["Bash\npermissionMode: x"]});
    assert!(refusal(Op::EditList, added.clone()).contains("control character"));
    assert!(run_on(&block, Op::EditList, added).is_err());
}

#[test]
fn a_file_that_was_removed_comes_back_with_its_rights_alone() {
    let remove = json!({"op": "remove_file", "payload": {"path": AGENT}});
    let create = |lines: &str| json!({"op": "create_file", "payload": {"path": AGENT, "content": head(lines)}});
    let rules = rules_of(&parsed(MANIFEST));
    let base = EditBase::new(harness(), GrowthCaps::default());
    let after = run_on(&harness(), Op::RemoveFile, json!({"path": AGENT})).unwrap();
    for (lines, is_refused) in [
        ("tools: Read\n", false),
        ("tools: Read, Grep, Bash\n", false),
        ("", true),
        ("tools: '*'\n", true),
        ("tools:\n", true),
    ] {
        let alone = placed(Op::CreateFile, create(lines)["payload"].clone());
        let found = base.apply(&alone, &after, &rules);
        assert_eq!(found.is_err(), is_refused, "{lines}: {found:?}");
        // The same in one edit.
        let several = json!({"edits": [remove, create(lines)]});
        let found = run_on(&harness(), Op::Several, several);
        assert_eq!(found.is_err(), is_refused, "{lines}: {found:?}");
    }
    // A file that was never there has no rights to keep, unless it takes the name of the other.
    for (name, is_refused) in [("name: b", false), ("name: a", true)] {
        let content = head("").replace("name: a", name);
        let new = placed(Op::CreateFile, json!({"path": OTHER, "content": content}));
        assert_eq!(base.apply(&new, &after, &rules).is_err(), is_refused, "{name}");
    }
}

#[test]
fn a_new_carriage_return_alone_is_refused() {
    let text = "---\rhooks: x\rpermissionMode: bypassPermissions\r---\r";
    let found = refusal(Op::CreateFile, json!({"path": OTHER, "content": text}));
    assert!(found.contains("line 1 would have a carriage return"), "{found}");
    let found = refusal(
        Op::ReplaceText,
        json!({"path": AGENT, "new_content": format!("Text.\n{text}")}),
    );
    assert!(found.contains("carriage return"), "{found}");
    // One that a line has already may stay.
    let old = harness().with(AGENT, format!("{}a\rb\nc\n", head("")));
    let diff = "@@ -3,2 +3,2 @@\n a\rb\n-c\n+d\n";
    assert!(run_on(&old, Op::PatchText, json!({"path": AGENT, "diff": diff})).is_ok());
}

#[test]
fn a_tag_of_a_template_sets_no_key() {
    let old = "{% if x %}\nsystem: |\n  You {{ y }}\n{% endif %}\n";
    let harness = harness().with("conf/t.yaml", old);
    let patch = |line: &str| {
        let diff = format!("@@ -4 +4,2 @@\n {{% endif %}}\n+{line}\n");
        run_on(&harness, Op::PatchText, json!({"path": "conf/t.yaml", "diff": diff})).map_err(|one| one.to_string())
    };
    assert!(patch("{% set hooks = 1 %}").is_ok());
    assert!(patch("a: {permissions: all}").is_err());
    let refused = patch("? permissions").unwrap_err();
    assert!(refused.contains("`? permissions`"), "{refused}");
}
