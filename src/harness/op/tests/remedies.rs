//! A refusal names a remedy that works.

use super::*;

const MANIFEST: &str = r#"
[[harness.surface]]
name = "memory"
path = "{name}.md"
create = "review"

[[harness.surface]]
name = "agents"
path = ".claude/agents/{agent}.md"
keys = { description = "auto", tools = "review" }
create = "review"

[[harness.surface]]
name = "all"
path = "open/**"
"#;

fn refusal(op: Op, payload: Json) -> String {
    let harness = Harness::default()
        .with("CLAUDE.md", "# P\n\nx\n")
        .with("docs/x.md", "x\n")
        .with(".claude/agents/a.md", "---\nname: a\ntools: Read\n---\nx\n");
    let applied = apply(&placed(op, payload.clone()), &harness, &rules_of(&parsed(MANIFEST)));
    applied.expect_err(&payload.to_string()).to_string()
}

#[test]
fn a_new_file_is_told_its_places() {
    for path in ["../evil.md", "/etc/x.md", ".claude/hooks/x.md", ".git/x", "src/x.rs"] {
        let said = refusal(Op::CreateFile, json!({"path": path, "content": "x"}));
        assert!(
            said.contains("makes no file there; new files may be {name}.md, .claude/agents/{agent}.md"),
            "{path}: {said}"
        );
    }
}

#[test]
fn remedies_are_those_of_the_op() {
    for (op, payload, words, not) in [
        (
            Op::ReplaceText,
            json!({"path": "open//x.md", "new_content": "x"}),
            "correct the path",
            "[harness.layout]",
        ),
        (
            Op::ReplaceText,
            json!({"path": "open/.git/x.md", "new_content": "x"}),
            "no edit may change it",
            "to allow it",
        ),
        (
            Op::ReplaceText,
            json!({"path": "open/x.pem", "new_content": "x"}),
            "may hold credentials",
            "to allow it",
        ),
        (
            Op::PatchText,
            json!({"path": "CLAUDE.md", "diff": "*** Begin Patch\n*** Delete File: CLAUDE.md\n*** End Patch\n"}),
            "create_file or remove_file",
            "replace_system_prompt",
        ),
        (
            Op::SetKey,
            json!({"path": ".claude/agents/a.md", "key": "tools", "value": "*"}),
            "would open all tools with `*`",
            "no tool any more",
        ),
    ] {
        let said = refusal(op, payload);
        assert!(said.contains(words) && !said.contains(not), "{said}");
    }
}
