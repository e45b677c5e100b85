//! Tests of the placeholders that a host fills in.

use super::*;

/// The placeholders of a file with these kinds, in a harness with `src/main.py`.
fn found(path: &str, kinds: &[PlaceholderKind], text: &str) -> String {
    let harness = Harness::default().with("src/main.py", "");
    let filled = FilledPlaceholders {
        path,
        kinds: kinds.to_vec(),
        harness: &harness,
    };
    let found: Vec<String> = filled.of_text(text).into_iter().collect();
    found.join(" ")
}

#[test]
fn placeholders_of_unknown_hosts_are_known() {
    for (text, wanted) in [
        ("Convert {q} and {{ unit }}.", "{q} {{unit}}"),
        ("Fix $ARGUMENTS, then $1 of $HOME for $5.00 or $1,000.", "$1 $ARGUMENTS"),
        ("Fix $1, $2. Then ${3:-all} and $4; cost: $12.", "$1 $2 $3 $4"),
        ("Plan {{args}} with !{git diff}.", "!{git diff} {{args}}"),
        ("Now: !`git status`", "!`git status`"),
        ("See @docs/style.md. Mail me@example.org, @ada.", "@docs/style.md"),
        ("Use `{x}` and `@y/z`.\n```\n{y} $1\n```\n", "$1"),
        ("{a: 1} is {} for { b }! {ok}", "{b} {ok}"),
        ("Raw {{{ html }}}, {{x}}.", "{{x}} {{{html}}}"),
        (
            "{file:./prompts/a b.txt} {env:KEY} {file:~/x.md}",
            "{env:KEY} {file:./prompts/a b.txt} {file:~/x.md}",
        ),
        ("{file:x\ny} `{file:y}` if (a) { return b; } ${c}", ""),
        (
            "Install @types/node or @scope/a-b, and read @src/main.py.",
            "@src/main.py",
        ),
    ] {
        assert_eq!(found("x.md", &PlaceholderKind::USUAL, text), wanted, "{text}");
    }
    assert_eq!(found("x.txt", &PlaceholderKind::USUAL, "`{x}`"), "{x}");
}

#[test]
fn each_kind_is_found_alone() {
    let text = "{a} {{b}} {{args}} {%if c%} $ARGUMENTS $1 ${2:-x} $FILE ${input:d e} ${CLAUDE_SKILL_DIR} !`f` {env:G} \
                @h.md @{i j}";
    for (kind, wanted) in [
        (PlaceholderKind::Braces, "{a}"),
        (PlaceholderKind::Templates, "{%ifc%} {{args}} {{b}}"),
        (PlaceholderKind::Args, "{{args}}"),
        (PlaceholderKind::Arguments, "$ARGUMENTS"),
        (PlaceholderKind::NumberedArguments, "$1 $2"),
        (PlaceholderKind::NamedArguments, "$ARGUMENTS $FILE"),
        (PlaceholderKind::Variables, "${CLAUDE_SKILL_DIR} ${input:d e}"),
        (PlaceholderKind::HostVariables, "${CLAUDE_SKILL_DIR}"),
        (PlaceholderKind::Commands, "!`f`"),
        (PlaceholderKind::Sources, "{env:G}"),
        (PlaceholderKind::Imports, "@h.md @{i j}"),
    ] {
        assert_eq!(found("x.md", &[kind], text), wanted, "{kind:?}");
    }
}

/// The kinds that count in a file of a home, without any statement of a manifest.
fn in_home(path: &str, text: &str) -> String {
    let harness = Harness::default()
        .with(".codex/config.toml", "model = 'm'\n")
        .with(".gemini/settings.json", "{}")
        .with("promptfooconfig.yaml", "prompts: [a]\n")
        .with(path, text);
    let filled = FilledPlaceholders::of(path, &harness, &OpRules::default());
    filled.of_text(text).into_iter().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_placeholder_counts_where_the_host_fills_it_in() {
    let text = "Get /users/{id}, {{ title }}, @types/node, @docs/a.md, $ARGUMENTS, $5 or $10, $FILE, {{args}}, ${x}.";
    for (path, wanted) in [
        ("CLAUDE.md", "@docs/a.md"),
        ("sub/CLAUDE.md", "@docs/a.md"),
        ("AGENTS.md", ""),
        ("GEMINI.md", "@docs/a.md"),
        (".claude/rules/api.md", "@docs/a.md"),
        (".claude/agents/a.md", ""),
        (".claude/skills/a/SKILL.md", "$ARGUMENTS @docs/a.md"),
        (".claude/skills/a/references/x.md", ""),
        (".claude/commands/a.md", "$5 $ARGUMENTS @docs/a.md"),
        (".codex/prompts/a.md", "$5 $ARGUMENTS $FILE"),
        (".github/copilot-instructions.md", ""),
        (".github/prompts/a.prompt.md", "${x}"),
        (".gemini/commands/a.toml", "@docs/a.md {{args}}"),
        (".cursor/rules/a.mdc", "@docs/a.md"),
        ("promptfooconfig.yaml", "{{args}} {{title}}"),
        ("prompts/a.md", "{id} {{args}} {{title}}"),
        ("bot/text.md", "$5 $ARGUMENTS @docs/a.md {id} {{args}} {{title}}"),
    ] {
        assert_eq!(in_home(path, text), wanted, "{path}");
    }
}

fn lost(path: &str, format: SurfaceFormat, old: &str, new: &str) -> Option<String> {
    let file = ChangedFile {
        path,
        format: Some(format),
        old,
        new,
        has_examples: path.ends_with(".jsonl"),
        sets_values: false,
    };
    let harness = Harness::default();
    let filled = FilledPlaceholders::of(path, &harness, &OpRules::default());
    check(&file, &filled).err().map(|reason| reason.to_string())
}

#[test]
fn an_argument_at_the_end_of_a_sentence_is_one() {
    let lost = |old: &str, new: &str| lost(".claude/commands/a.md", SurfaceFormat::FrontMatter, old, new);
    assert!(lost("Fix $1.", "Fix it.").is_some());
    assert_eq!(lost("Fix $1 now, then $2", "Now fix $1, and ${2:-all}."), None);
    assert_eq!(lost("It costs $1.50 or $2,000.", "It is free."), None);
}

#[test]
fn a_lost_placeholder_is_named() {
    let refused = lost("p.txt", SurfaceFormat::Text, "Convert {q} to {u}.", "Convert.").unwrap();
    assert!(refused.contains("`{q}`, `{u}`"), "{refused}");
    let refused = lost("p.txt", SurfaceFormat::Text, "{% if x %}{{ q }}{% endif %}", "").unwrap();
    assert!(
        refused.contains("drops `{% endif %}`, `{% if x %}`, `{{ q }}`,"),
        "{refused}"
    );
    assert_eq!(
        lost("p.txt", SurfaceFormat::Text, "Convert {q}.", "Now: {q} {new}"),
        None
    );
}

#[test]
fn values_are_compared_one_by_one() {
    use crate::manifest::surface::SurfaceFormat::{FrontMatter, Json, Jsonl, Toml, Yaml};
    for (path, format, old, new, is_lost) in [
        ("a.yaml", Yaml, "a: Say {x}.\nb: '{x}'\n", "a: Say.\nb: '{x}'\n", true),
        ("a.yaml", Yaml, "a: Say {x}.\nb: 1\n", "a: \"Now: {x}\"\nb: 2\n", false),
        ("a.yaml", Yaml, "a: Say {x}.\nb: y\n", "b: y {x}\n", true),
        ("a.toml", Toml, "[p]\na = '{x}'\n", "[p]\na = '{x} \u{e9}'\n", false),
        (
            "a.json",
            Json,
            "{\"p\": [\"{{q}} a\", \"{{q}} b\"]}",
            "{\"p\": [\"{{q}} a\", \"b\"]}",
            true,
        ),
        (
            "a.json",
            Json,
            "{\"p\": [\"{{q}} a\", \"{{q}} b\"]}",
            "{\"p\": [\"{{q}} b\"]}",
            false,
        ),
        (
            "a.json",
            Json,
            "{\"p\": \"{file:./a/b.txt}\"}",
            "{\"p\": \"Be kind.\"}",
            true,
        ),
        ("a.jsonl", Jsonl, "{\"q\": \"{x}\"}\n", "{\"q\": \"y\"}\n", false),
        (
            "a.md",
            FrontMatter,
            "---\nhint: '{x}'\n---\n{x}\n",
            "---\nhint: '{x}'\n---\nNo.\n",
            true,
        ),
        (
            "a.md",
            FrontMatter,
            "---\nhint: '{x}'\n---\n{x}\n",
            "---\nhint: y\n---\n{x}\n",
            true,
        ),
        ("a.md", FrontMatter, "Fix $FILE.\n", "Fix.\n", false),
        (".codex/prompts/a.md", FrontMatter, "Fix $FILE.\n", "Fix.\n", true),
    ] {
        assert_eq!(lost(path, format, old, new).is_some(), is_lost, "{old} to {new}");
    }
}
