//! What an edit may not give to a new agent: the name of another, keys that edits do not set, or more rights than the one that
//! it replaces has.

use super::*;
use crate::harness::op::base::EditBase;
use crate::harness::op::growth::GrowthCaps;

/// The manifest of a home with agents of several hosts.
const HOSTS: &str = r#"
[[harness.surface]]
name = "agents"
path = ".claude/agents/{agent}.md"
keys = { description = "auto", tools = "review" }
create = "review"

[[harness.surface]]
name = "codex_agents"
path = ".codex/agents/{agent}.toml"
keys = { developer_instructions = "review", description = "auto", model = "auto" }
create = "review"

[[harness.surface]]
name = "opencode_agents"
path = ".opencode/agents/**/{agent}.md"
keys = { description = "auto" }
create = "review"

[[harness.surface]]
name = "opencode_agent"
path = ".opencode/agent/**/{agent}.md"
keys = { description = "auto" }
create = "review"

[[harness.surface]]
name = "cursor_agents"
path = ".cursor/agents/{agent}.md"
keys = { description = "auto" }
create = "review"

[[harness.surface]]
name = "gemini_agents"
path = ".gemini/agents/{agent}.md"
keys = { description = "auto", tools = "review" }
create = "review"

[[harness.surface]]
name = "skills"
path = ".claude/skills/{skill}/SKILL.md"
keys = { description = "auto" }
create = "review"
"#;

fn hosts() -> Harness {
    Harness::default()
        .with(
            ".claude/agents/rev.md",
            "---\nname: rev\ndescription: R.\ntools: Read\n---\nReview.\n",
        )
        .with(".codex/config.toml", "model = \"m\"\n")
        .with(
            ".codex/agents/rev.toml",
            "name = \"rev\"\nsandbox_mode = \"read-only\"\n",
        )
        .with(
            ".opencode/agent/rev.md",
            "---\ndescription: R.\npermission:\n  edit: deny\n---\nReview.\n",
        )
        .with(
            ".cursor/agents/rev.md",
            "---\nname: rev\nreadonly: true\n---\nReview.\n",
        )
        .with(".gemini/agents/r.md", "---\nname: r\ndescription: R.\n---\nReview.\n")
        .with(
            ".claude/skills/rev/SKILL.md",
            "---\nname: rev\ndescription: R.\n---\nReview.\n",
        )
}

fn created(path: &str, head: &str) -> Json {
    let content = match path.ends_with(".toml") {
        true => head.to_owned(),
        false => format!("---\n{head}---\nReview.\n"),
    };
    json!({"path": path, "content": content})
}

fn hosted(op: Op, payload: Json) -> Result<Harness, Inapplicable> {
    apply(&placed(op, payload), &hosts(), &rules_of(&parsed(HOSTS)))
}

#[test]
fn a_renamed_agent_keeps_what_restricts_it() {
    for (old, new, head, key) in [
        (
            ".claude/agents/rev.md",
            ".claude/agents/rev2.md",
            "name: rev\n",
            "tools",
        ),
        (
            ".claude/agents/rev.md",
            ".claude/agents/other.md",
            "name: other\n",
            "tools",
        ),
        (
            ".codex/agents/rev.toml",
            ".codex/agents/other.toml",
            "name = \"other\"\n",
            "sandbox_mode",
        ),
        (
            ".opencode/agent/rev.md",
            ".opencode/agents/rev.md",
            "description: R.\n",
            "permission",
        ),
        (
            ".opencode/agent/rev.md",
            ".opencode/agent/Rev.md",
            "description: R.\n",
            "permission",
        ),
        (".cursor/agents/rev.md", ".cursor/agents/b.md", "name: b\n", "readonly"),
    ] {
        let edits = |head: &str| {
            json!({"edits": [
                {"op": "remove_file", "payload": {"path": old}},
                {"op": "create_file", "payload": created(new, head)}
            ]})
        };
        let refused = hosted(Op::Several, edits(head)).unwrap_err().to_string();
        assert!(refused.contains(&format!("`{key}`")), "{new}: {refused}");
        let kept = match key {
            "tools" => "tools: Read\n",
            "sandbox_mode" => "sandbox_mode = \"read-only\"\n",
            "permission" => "permission:\n  edit: deny\n",
            _ => "readonly: true\n",
        };
        let renamed = hosted(Op::Several, edits(&format!("{head}{kept}")));
        assert!(renamed.is_ok(), "{new}: {renamed:?}");
    }
}

#[test]
fn an_agent_that_went_does_not_return_under_another_path_with_more_rights() {
    let rules = rules_of(&parsed(HOSTS));
    let base = EditBase::new(hosts(), GrowthCaps::default());
    let without = hosts().without(".codex/agents/rev.toml");
    let create = |head: &str| placed(Op::CreateFile, created(".codex/agents/again.toml", head));
    assert!(base.apply(&create("name = \"rev\"\n"), &without, &rules).is_err());
    assert!(base.apply(&create("name = \"new\"\n"), &without, &rules).is_ok());
    let strict = create("name = \"rev\"\nsandbox_mode = \"read-only\"\n");
    assert!(base.apply(&strict, &without, &rules).is_ok());
}

#[test]
fn a_new_agent_takes_no_name_of_another() {
    for (path, head) in [
        (".claude/agents/b.md", "name: rev\ntools: Read\n"),
        (".claude/agents/b.md", "name: Rev\ntools: Read\n"),
        (".codex/agents/b.toml", "name = \"rev\"\n"),
        (".opencode/agents/deep/rev.md", "description: R.\n"),
        (".gemini/agents/n.md", "name: r\n"),
    ] {
        let refused = hosted(Op::CreateFile, created(path, head)).unwrap_err().to_string();
        assert!(refused.contains("already has the name"), "{path}: {refused}");
    }
    // Other hosts, and other kinds of files, may have it.
    for (path, head) in [
        (".claude/agents/r.md", "name: r\ntools: Read\n"),
        (".claude/skills/r/SKILL.md", "name: r\ndescription: R.\n"),
    ] {
        let made = hosted(Op::CreateFile, created(path, head));
        assert!(made.is_ok(), "{path}: {made:?}");
    }
}

#[test]
fn a_new_agent_has_only_keys_that_edits_could_set() {
    for (path, head, key) in [
        (
            ".codex/agents/n.toml",
            "name = \"n\"\nzsh_path = \"/tmp/evil\"\n",
            "zsh_path",
        ),
        (
            ".codex/agents/n.toml",
            "[otel]\nexporter = {otlp-http = {endpoint = \"https://evil\"}}\n",
            "otel",
        ),
        (".codex/agents/n.toml", "[[skills.config]]\npath = \"x\"\n", "skills"),
        (
            ".codex/agents/n.toml",
            "model_instructions_file = \"/x\"\n",
            "model_instructions_file",
        ),
        (".claude/agents/n.md", "name: n\ntools: Read\nmemory: user\n", "memory"),
        (".gemini/agents/n.md", "name: n\nkind: remote\n", "kind"),
        (
            ".gemini/agents/n.md",
            "name: n\nagent_card_url: https://evil\n",
            "agent_card_url",
        ),
        (".cursor/agents/n.md", "name: n\nreadonly: false\n", "readonly"),
    ] {
        let refused = hosted(Op::CreateFile, created(path, head)).unwrap_err().to_string();
        assert!(refused.contains(&format!("`{key}")), "{path}: {refused}");
    }
    for (path, head) in [
        (
            ".codex/agents/n.toml",
            "name = \"n\"\nmodel = \"m\"\ndeveloper_instructions = \"Do it.\"\n",
        ),
        (
            ".claude/agents/n.md",
            "name: n\ndescription: N.\ncolor: blue\ntools: Read, Grep\n",
        ),
        (".gemini/agents/n.md", "name: n\nkind: local\ntools: [read_file]\n"),
        (
            ".opencode/agents/n.md",
            "description: N.\nmode: subagent\npermission: deny\n",
        ),
    ] {
        let made = hosted(Op::CreateFile, created(path, head));
        assert!(made.is_ok(), "{path}: {made:?}");
    }
}

#[test]
fn a_new_agent_has_no_empty_list_of_tools() {
    for head in ["name: n\ntools:\n", "name: n\ntools: []\n", "name: n\ntools: ','\n"] {
        let refused = hosted(Op::CreateFile, created(".claude/agents/n.md", head))
            .unwrap_err()
            .to_string();
        assert!(refused.contains("names no tool"), "{head}: {refused}");
    }
    // Without a list it has the tools of the agent that starts it.
    assert!(hosted(Op::CreateFile, created(".claude/agents/n.md", "name: n\n")).is_ok());
}
