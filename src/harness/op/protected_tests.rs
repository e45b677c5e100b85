//! Tests of protected settings by host, and of ordinary parameters.
#![allow(clippy::too_many_lines)] // tests: long tables

use serde_json::json;

use super::*;
use crate::artifact::edit::{Edit, Op};
use crate::harness::op::{OpRules, apply};
use crate::manifest::layout::Layout;

fn rules() -> OpRules {
    OpRules {
        layout: Layout {
            prompt: "{agent}".into(),
            agent_param: "config.toml#{param}".into(),
            model_param: "config.toml#{model}.{param}".into(),
            agent_class: "config.toml#{agent}".into(),
            query_class: "config.toml#{query_class}".into(),
            tool_description: "config.toml#{tool}.description".into(),
            agent_tools: "config.toml#agent.{agent}.tools".into(),
            ..Layout::default()
        },
        membership: crate::manifest::membership::Membership::everything(),
        ..OpRules::default()
    }
}

fn run(op: Op, payload: serde_json::Value, before: &[(&str, &str)]) -> Result<Harness, Inapplicable> {
    let edit: Edit = serde_json::from_value(json!({
        "id": "e", "pillar": "agent", "op": op.name(), "target": "agents.a.x", "payload": payload,
        "rationale": "", "expected_improvement": "c"
    }))
    .unwrap();
    let with = |harness: Harness, (path, text): &(&str, &str)| harness.with(*path, *text);
    let harness = before.iter().fold(Harness::default(), with);
    apply(&edit, &harness, &rules())
}

fn is_refused(result: &Result<Harness, Inapplicable>) -> bool {
    matches!(
        result,
        Err(Inapplicable::Protected { .. } | Inapplicable::ProtectedFile { .. } | Inapplicable::Program { .. })
    )
}

#[test]
fn settings_that_widen_what_an_agent_may_do_cannot_be_set() {
    for param in [
        "sandbox_mode",
        "sandboxMode",
        "SANDBOX-MODE",
        "sandbox",
        "approval_policy",
        "trust_level",
        "notify",
        "permissions",
        "permissionMode",
        "permission",
        "defaultMode",
        "hooks",
        "env",
        "apiKeyHelper",
        "statusLine",
        "allowed-tools",
        "allowedTools",
        "additionalDirectories",
        "dangerously_bypass_approvals_and_sandbox",
        "autoAccept",
        "yolo",
        "mcp_servers",
        "mcpServers",
        "enableAllProjectMcpServers",
        "api_key",
        "OPENAI_API_KEY",
        "api_key_env",
        "password",
        "mcp",
        "access_token",
        "client_secret",
        "base_url",
        "model_providers",
        "shell_environment_policy",
        "plugin",
        "chat.tools.autoApprove",
        "allow_code_execution",
    ] {
        let set = run(
            Op::SetAgentParam,
            json!({"agent": "a", "param": param, "value": "x"}),
            &[],
        );
        assert!(is_refused(&set), "{param}: {set:?}");
        if matches!(param, "notify" | "plugin") {
            continue; // The name of a program to run, which has no keys under it.
        }
        let below = run(
            Op::SetModelParam,
            json!({"model": param, "param": "x", "value": 1}),
            &[],
        );
        assert!(is_refused(&below), "{param}.x: {below:?}");
        let inside = run(
            Op::SetAgentParam,
            json!({"agent": "a", "param": "k", "value": {param: true}}),
            &[],
        );
        assert!(is_refused(&inside), "k.{param}: {inside:?}");
        let class = run(Op::SetAgentClass, json!({"agent": param, "new_class": "x"}), &[]);
        assert!(is_refused(&class), "{param}: {class:?}");
    }
}

#[test]
fn ordinary_parameters_can_be_set() {
    for param in [
        "temperature",
        "top_p",
        "max_tokens",
        "max_output_tokens",
        "stop_token",
        "pad_token",
        "token_limit",
        "tokens",
        "model",
        "model_reasoning_effort",
        "tools",
        "turns",
        "refuse_below",
        "weighting",
        "k",
        "seed",
        "keys",
        "key",
        "secretary",
        "description",
        "instructions",
        "environmental",
        "notifications",
        "mode",
        "timeout",
        "language",
        "class",
        "fallback",
    ] {
        let set = run(
            Op::SetAgentParam,
            json!({"agent": "a", "param": param, "value": "x"}),
            &[],
        );
        assert!(set.is_ok(), "{param}: {set:?}");
    }
    let tool = json!({"agent": "a", "tool_name": "search"});
    assert!(run(Op::AddToolToAgent, tool, &[]).is_ok());
    let described = json!({"tool_name": "search", "new_description": "Finds. permissions: none."});
    assert!(run(Op::EditToolDescription, described, &[]).is_ok());
    // Protected settings that are unchanged may stay.
    let config = [(
        "config.toml",
        "sandbox_mode = \"read-only\"\n[mcp_servers.x]\ncommand = \"y\"\n",
    )];
    let set = run(
        Op::SetAgentParam,
        json!({"agent": "a", "param": "temperature", "value": 1}),
        &config,
    );
    assert!(set.is_ok(), "{set:?}");
}

/// A text that is replaced as a whole: path, before, after, and whether it is refused.
#[test]
fn a_text_keeps_the_protected_settings_that_it_holds() {
    let front = |more: &str| {
        format!("---\nname: a\ndescription: permissions: none, as prose\n{more}---\nBody\npermissions: all\n")
    };
    for (path, before, after, refused) in [
        ("a.toml", "x = 1\n", "x = 2\n", false),
        (
            "a.toml",
            "[s]\nsandbox_mode = 'a'\n",
            "x = 2\n[s]\nsandbox_mode = 'a'\n",
            false,
        ),
        ("a.toml", "[s]\nsandbox_mode = 'a'\n", "[s]\nsandbox_mode = 'b'\n", true),
        ("a.toml", "[s]\nsandbox_mode = 'a'\n", "[s]\n", true),
        ("a.toml", "x = 1\n", "x = \nsandbox_mode = 'b'\n", true),
        ("a.json", "{\"model\": \"a\"}", "{\"model\": \"b\"}", false),
        (
            "a.json",
            "{\"model\": \"a\"}",
            "{\"permissions\": {\"allow\": [\"Bash\"]}}",
            true,
        ),
        ("a.json", "{\"a\": [{\"hooks\": 1}]}", "{\"a\": [{\"hooks\": 2}]}", true),
        (
            "a.jsonc",
            "{\"model\": 1 /* hooks: */, } // env:",
            "{\"model\": 2,\n}",
            false,
        ),
        ("a.jsonc", "{}", "{// x\n\"mcp\": {},}", true),
        (
            "a.json",
            "{\"prompt\": \"x\"}",
            "{\"prompt\": \"set \\\"permissions\\\": {} and env: x\"}",
            false,
        ),
        ("a.json", "{", "{\"sandbox\": false", true),
        (
            ".roomodes",
            "{\"customModes\": [{\"groups\": [\"read\"]}]}",
            "{\"customModes\": [{\"groups\": [\"command\"]}]}",
            true,
        ),
        ("a.yaml", "role: x\n", "role: y\n", false),
        ("a.yaml", "role: x\n", "role: x\nenvironment:\n  env:\n    A: b\n", true),
        (
            "a.yaml",
            "mcpServers:\n  - command: a\n",
            "mcpServers:\n  - command: b\n",
            true,
        ),
        (
            "a.yaml",
            "mcpServers:\n- command: a\n",
            "role: y\nmcpServers:\n- command: a\n",
            false,
        ),
        ("a.yaml", "a: |\n  hooks: 1\nb: 1\n", "a: |\n  hooks: 2\nb: 1\n", false),
        ("a.yaml", "a: 1\n", "a: {sandbox: off}\n", true),
        ("a.yaml", "a: 1\n", "\"s\\x61ndbox\": off\n", true),
        ("a.yml", "api-key: x\n", "api-key: y\n", true),
        ("a.md", &front(""), &front("model: opus\n"), false),
        ("a.md", &front(""), &front("permissionMode: bypassPermissions\n"), true),
        (
            "a.md",
            &front("allowed-tools: Read\n"),
            &front("allowed-tools: Read, Bash\n"),
            true,
        ),
        (
            "a.md",
            &front("hooks:\n  Stop:\n    - command: x\n"),
            &front("hooks:\n  Stop:\n    - command: y\n"),
            true,
        ),
        ("a.md", &front("hooks: x\n"), "Body\n", true),
        ("a.md", "permissions: read\n", "permissions: all\n", false),
        (".mcp.json", "{}", "{\"a\": 1}", true),
        (".claude/hooks/stop.sh", "a", "b", true),
        (".env", "A=1", "A=2", true),
        (".codex/rules/default.rules", "a", "b", true),
    ] {
        let mut after_edit = Harness::default().with("other", "x");
        after_edit = after_edit.with(path, after);
        let harness = Harness::default().with(path, before).with("other", "x");
        let checked = check(&harness, &after_edit, &OpRules::default(), true);
        assert_eq!(
            checked.is_err(),
            refused,
            "{path}: {before:?} to {after:?}: {checked:?}"
        );
    }
}

#[test]
fn the_reason_names_the_file_and_the_setting() {
    let set = run(
        Op::SetAgentParam,
        json!({"agent": "a", "param": "sandbox_mode", "value": "danger-full-access"}),
        &[],
    );
    let reason = set.unwrap_err().to_string();
    for part in ["config.toml", "`sandbox_mode`", "sandboxing", "by hand"] {
        assert!(reason.contains(part), "{reason}");
    }
}

#[test]
fn no_surface_opens_a_program() {
    let text = "[[harness.surface]]\nname = 'all'\npath = '**'\nformat = 'text'\nbody = 'auto'\ncreate = 'review'\n";
    let manifest = crate::manifest::Manifest::parse(std::path::Path::new("kaizen.toml"), text).unwrap();
    let rules = OpRules::of(&manifest.harness, crate::manifest::membership::Membership::everything());
    let mut harness = Harness::default();
    let programs = [
        "skills/s/run.py",
        "skills/s/bin/tool",
        ".github/workflows/ci.yml",
        ".claude/statusline.sh",
        ".claude/check",
        ".husky/pre-push",
        ".vscode/tasks.json",
    ];
    for path in programs {
        harness = harness.with(path, "one\n");
    }
    harness.mark_executable(".claude/check");
    let apply = |op: &str, payload: serde_json::Value, harness: &Harness| {
        let edit: Edit = serde_json::from_value(json!({"id": "e", "pillar": "agent", "op": op, "payload": payload,
            "rationale": "", "expected_improvement": "c"}))
        .unwrap();
        crate::harness::op::apply(&edit, harness, &rules)
    };
    let is_program = |result: &Result<Harness, Inapplicable>| matches!(result, Err(Inapplicable::Program { .. }));
    for path in programs {
        for (op, payload) in [
            ("replace_text", json!({"path": path, "new_content": "two\n"})),
            ("remove_file", json!({"path": path})),
        ] {
            let result = apply(op, payload, &harness);
            assert!(is_program(&result), "{op} {path}: {result:?}");
        }
        if path != ".claude/check" {
            let result = apply(
                "create_file",
                json!({"path": path, "content": "two\n"}),
                &Harness::default(),
            );
            assert!(is_program(&result), "create_file {path}: {result:?}");
        }
    }
    let offered = crate::harness::op::offers::offers(&harness, &rules, &manifest.harness);
    assert!(offered.iter().all(|offer| !programs.contains(&offer.path.as_str())));
    // A text does not become a program either.
    let text = Harness::default().with("skills/s/notes", "one\n");
    let script = json!({"path": "skills/s/notes", "new_content": "#!/bin/sh\nrm x\n"});
    assert!(is_program(&apply("replace_text", script, &text)));
    let notes = json!({"path": "skills/s/notes", "new_content": "two\n"});
    assert!(apply("replace_text", notes, &text).is_ok());
}
