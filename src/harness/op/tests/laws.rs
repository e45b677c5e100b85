//! Properties of ops for any input: no panic, and applying an edit twice is the same as applying it once.
#![allow(clippy::disallowed_methods, clippy::too_many_lines)] // tests: real files, long tables

use proptest::prelude::*;

use super::normalise::changed_line_ratio;
use super::*;

fn toml_line() -> impl Strategy<Value = String> {
    let lines = [
        "[agent.a]",
        "[agent]",
        "[[agent]]",
        "a.k = 1",
        "k = 1 # c",
        "agent.a.k = 'x'",
        "a = { k = 2 }",
        "",
        "# c",
        "tools = [",
        "\"x\",",
        "'y' # y",
        "]",
        "tools = ['x']",
        "tools = \"x,y\"",
        "k = \"\"\"",
        "[z]",
        "\u{fe0f}=",
    ];
    (
        proptest::sample::select(lines.to_vec()),
        proptest::sample::select(vec!["\n", "\r\n", ""]),
    )
        .prop_map(|(line, end)| format!("{line}{end}"))
}

fn diff_line() -> impl Strategy<Value = String> {
    let lines = [
        "@@ -1 +1 @@",
        "@@ -1,2 +1,3 @@",
        "@@ -2,0 +3 @@",
        "@@ -99999999999 +1 @@",
        "@@",
        " a",
        "-a",
        "+a",
        " b",
        "-b",
        "+b",
        "",
        "--- a",
        "+++ b",
        "\\ No newline at end of file",
        "```",
        "é",
    ];
    (
        proptest::sample::select(lines.to_vec()),
        proptest::sample::select(vec!["\n", "\r\n"]),
    )
        .prop_map(|(line, end)| format!("{line}{end}"))
}

proptest! {
    #[test]
    fn toml_edits_never_panic_and_are_idempotent(lines in proptest::collection::vec(toml_line(), 0..8), choice in 0..3) {
        let (op, payload) = [
            (Op::SetAgentParam, json!({"param": "k", "value": {"x y": [1.5, "\u{7f}\"\\\r\n"]}})),
            (Op::AddToolToAgent, json!({"tool_name": "new"})),
            (Op::RemoveToolFromAgent, json!({"tool_name": "x"})),
        ][choice as usize].clone();
        let before = with_config(&lines.concat());
        if let Ok(once) = run(op, payload.clone(), &before) {
            prop_assert_eq!(run(op, payload, &once), Ok(once));
        }
    }

    #[test]
    fn diffs_never_panic_and_never_apply_further(
        text in proptest::collection::vec(proptest::sample::select(vec!["a\n", "b\n", "\n", "a\r\n", "b"]), 0..6),
        diff in proptest::collection::vec(diff_line(), 0..8),
    ) {
        let (text, diff) = (text.concat(), diff.concat());
        if let Ok(once) = unified_diff::apply(&text, &diff)
            && let Ok(twice) = unified_diff::apply(&once, &diff) {
                prop_assert_eq!(twice, once);
            }
    }

    #[test]
    fn any_text_is_safe(text in any::<String>(), other in any::<String>()) {
        let _ = unified_diff::apply(&text, &other);
        let _ = toml_text::set(&text, std::slice::from_ref(&other), &json!(other));
        let _ = toml_list::append(&text, &["k".into()], &other);
        let ratio = changed_line_ratio(&text, &other);
        prop_assert!((0.0..=1.0).contains(&ratio));
    }
}
