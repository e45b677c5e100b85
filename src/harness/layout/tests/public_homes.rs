//! Detection in homes like those of public repositories.

use super::find;

/// Small homes of kinds that public repositories have. Each names the layouts, the editable and the shown files.
#[test]
fn homes_as_in_public_repositories_are_found() {
    let head = "---\nname: a\ndescription: d\n---\n";
    let crew = "a:\n  role: r\n  goal: g\n";
    let eval = "prompts: [file://p.txt]\nproviders: [openai:gpt-4o]\n";
    type Home<'h> = (
        &'h str,
        &'h [(&'h str, &'h str)],
        &'h [&'h str],
        &'h [&'h str],
        &'h [&'h str],
    );
    let homes: [Home; 15] = [
        (
            "a plugin that names its agents",
            &[
                (
                    "c/1/.claude-plugin/plugin.json",
                    "{\"agents\": [\"./a.md\", \"./b.md\"], \"commands\": \"./cmds\"}",
                ),
                ("c/1/a.md", head),
                ("c/1/b.md", head),
                ("c/1/cmds/x.md", ""),
                ("c/1/README.md", ""),
            ],
            &["claude_plugin"],
            &["c/1/a.md", "c/1/b.md", "c/1/cmds/x.md"],
            &["c/1/.claude-plugin/plugin.json"],
        ),
        (
            "a skill in small letters",
            &[
                ("CLAUDE.md", ""),
                (".claude/skills/x/skill.md", head),
                ("lib/y/skill.md", head),
                ("docs/skill.md", "# Skill\n"),
            ],
            &["claude_code", "skills"],
            &[".claude/skills/x/skill.md", "CLAUDE.md", "lib/y/skill.md"],
            &[],
        ),
        (
            "a context that imports a skill of a plugin",
            &[
                ("GEMINI.md", "@./skills/x/SKILL.md\n@./skills/x/references/r.md\n"),
                (".claude-plugin/plugin.json", "{}"),
                ("skills/x/SKILL.md", head),
                ("skills/x/references/r.md", ""),
            ],
            &["gemini", "claude_plugin"],
            &["GEMINI.md", "skills/x/SKILL.md", "skills/x/references/r.md"],
            &[".claude-plugin/plugin.json"],
        ),
        (
            "files of Copilot for other repositories",
            &[
                ("agents/a.agent.md", head),
                ("prompts/p.prompt.md", ""),
                ("instructions/i.instructions.md", ""),
                (".github/prompts/ci.md", ""),
                (".github/agents/deep/b.md", ""),
                (".vscode/mcp.json", "{}"),
            ],
            &["copilot"],
            &[
                ".github/agents/deep/b.md",
                ".github/prompts/ci.md",
                "agents/a.agent.md",
                "instructions/i.instructions.md",
                "prompts/p.prompt.md",
            ],
            &[".vscode/mcp.json"],
        ),
        (
            "rules of Cursor for other repositories",
            &[("rules/react.mdc", ""), ("rules/x/.cursorrules", "")],
            &["cursor"],
            &["rules/react.mdc", "rules/x/.cursorrules"],
            &[],
        ),
        (
            "a style guide of reviews",
            &[(".gemini/styleguide.md", ""), (".gemini/config.yaml", "")],
            &["gemini"],
            &[".gemini/styleguide.md"],
            &[".gemini/config.yaml"],
        ),
        (
            "a configuration inside the host's folder",
            &[
                (
                    ".opencode/opencode.jsonc",
                    "{\"instructions\": [\"docs/g.md\"], \"agent\": {\"b\": {\"prompt\": \"{file:./b.txt}\"}}}",
                ),
                (".opencode/b.txt", ""),
                ("docs/g.md", ""),
            ],
            &["opencode"],
            &[".opencode/b.txt", ".opencode/opencode.jsonc", "docs/g.md"],
            &[],
        ),
        (
            "skills of Cline",
            &[
                (".clinerules/skills/s/SKILL.md", head),
                (".cline/skills/t/SKILL.md", head),
                (".clinerules/hooks/README.md", ""),
            ],
            &["cline"],
            &[".cline/skills/t/SKILL.md", ".clinerules/skills/s/SKILL.md"],
            &[".clinerules/hooks/README.md"],
        ),
        (
            "blocks of Continue",
            &[
                (".continue/rules/r.yaml", ""),
                (".continue/prompts/p.yaml", ""),
                (".continue/models/m.yaml", ""),
            ],
            &["continue"],
            &[
                ".continue/models/m.yaml",
                ".continue/prompts/p.yaml",
                ".continue/rules/r.yaml",
            ],
            &[],
        ),
        (
            "a crew without a folder for its configuration",
            &[
                ("src/agents.yaml", crew),
                ("src/tasks.yaml", ""),
                ("other/agents.yaml", crew),
            ],
            &["crewai"],
            &["src/agents.yaml", "src/tasks.yaml"],
            &[],
        ),
        (
            "an evaluation under another name",
            &[
                ("e/promptfoo.yaml", eval),
                ("e/p.txt", ""),
                ("promptfoo-notes.yaml", "a: 1\n"),
            ],
            &["promptfoo"],
            &["e/p.txt", "e/promptfoo.yaml"],
            &[],
        ),
        (
            "prompts beside code",
            &[
                ("src/prompt/a.txt", ""),
                ("src/agent/system_prompt.md", ""),
                ("x.prompty", ""),
                ("docs/prompts/b.md", ""),
                ("tests/prompts/c.txt", ""),
                ("tests/system_prompt.md", ""),
            ],
            &["langgraph"],
            &["src/agent/system_prompt.md", "src/prompt/a.txt", "x.prompty"],
            &[],
        ),
        (
            "prompts that an evaluation names",
            &[
                ("promptfooconfig.yaml", "prompts: [file://prompts/a.txt]\n"),
                ("prompts/a.txt", ""),
            ],
            &["promptfoo"],
            &["promptfooconfig.yaml", "prompts/a.txt"],
            &[],
        ),
        (
            "texts in the protected folder of a plugin",
            &[
                ("CLAUDE.md", ""),
                ("p/.claude-plugin/plugin.json", "{}"),
                ("p/.claude-plugin/CLAUDE.md", ""),
                ("p/commands/a.md", ""),
            ],
            &["claude_code", "claude_plugin"],
            &["CLAUDE.md", "p/commands/a.md"],
            &["p/.claude-plugin/CLAUDE.md", "p/.claude-plugin/plugin.json"],
        ),
        (
            "one text for all hosts",
            &[
                ("AGENTS.md", ""),
                (".aider.conf.yml", "read: AGENTS.md\n"),
                (
                    ".gemini/settings.json",
                    "{\"context\": {\"fileName\": [\"AGENTS.md\"]}}",
                ),
            ],
            &["gemini", "aider"],
            &[".aider.conf.yml", ".gemini/settings.json", "AGENTS.md"],
            &[],
        ),
    ];
    for (kind, files, layouts, editable, shown) in homes {
        let found = find(files, &[]);
        assert_eq!(found.layouts, layouts, "{kind}");
        assert_eq!(found.files, editable, "{kind}");
        assert_eq!(found.shown, shown, "{kind}");
    }
}
