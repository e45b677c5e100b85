//! Payloads of generic ops: fields, keys and paths.

use super::*;

const MANIFEST: &str = r#"
[[harness.surface]]
name = "notes"
path = "notes/**/*.md"
body = "auto"
create = "review"

[[harness.surface]]
name = "settings"
path = "config.yaml"
keys = { "models[*].model" = "auto" }
"#;

fn harness() -> Harness {
    let lines: String = (0..9).map(|at| format!("Line {at}.\n")).collect();
    Harness::default()
        .with("notes/a.md", format!("# A\n\n## One\n\n{lines}\n## Two\n\n{lines}"))
        .with(
            "config.yaml",
            "models:\n  - name: main\n    model: a\n  - name: small\n    model: b\n",
        )
}

fn refusal(op: Op, payload: Json) -> String {
    match apply(&placed(op, payload.clone()), &harness(), &rules_of(&parsed(MANIFEST))) {
        Err(reason) => reason.to_string(),
        Ok(after) => panic!("{payload} applied: {:?}", harness().changes(&after)),
    }
}

#[test]
fn a_field_that_the_op_ignores_is_refused() {
    let path = "notes/a.md";
    let diff = "@@ -1 +1,2 @@\n # A\n+New.\n";
    for (op, payload, words) in [
        (
            Op::ReplaceText,
            json!({"path": path, "new_content": "x", "section": "One"}),
            "`section`: replace_text does not use it",
        ),
        (
            Op::PatchText,
            json!({"path": path, "diff": diff, "section": "One"}),
            "`section`: patch_text does not use it",
        ),
        (
            Op::CreateFile,
            json!({"path": "notes/b.md", "content": "x", "key": "a"}),
            "`key`: create_file does not use it",
        ),
        (
            Op::RemoveFile,
            json!({"path": path, "key": "a"}),
            "`key`: remove_file does not use it",
        ),
        (
            Op::PatchText,
            json!({"path": path, "surface": "notes", "diff": diff}),
            "`surface`",
        ),
    ] {
        assert!(refusal(op, payload.clone()).contains(words), "{payload}");
        // Members of an edit are checked too.
        let several = json!({"edits": [{"op": op.name(), "payload": payload}]});
        assert!(refusal(Op::Several, several).contains(words), "{payload}");
    }
    // A large patch does not become a replacement without the field.
    let large: String = (0..9).map(|at| format!("-Line {at}.\n+New {at}.\n")).collect();
    let payload = json!({"path": path, "diff": format!("@@ -5,9 +5,9 @@\n{large}"), "section": "One"});
    let rules = rules_of(&parsed(MANIFEST));
    let kept = normalise(
        placed(Op::PatchText, payload.clone()),
        &harness(),
        &rules,
        &Default::default(),
    );
    assert_eq!((kept.op, Json::from(kept.payload)), (Op::PatchText, payload));
}

#[test]
fn a_key_may_be_text_or_a_list_with_either_form_of_item() {
    for key in [
        json!("models[name=main].model"),
        json!(["models", {"name": "main"}, "model"]),
        json!(["models", "[name=main]", "model"]),
        json!(["models", "[0]", "model"]),
    ] {
        let edit = placed(Op::SetKey, json!({"path": "config.yaml", "key": key, "value": "c"}));
        let after = apply(&edit, &harness(), &rules_of(&parsed(MANIFEST))).unwrap();
        let wanted = harness().text("config.yaml").unwrap().replace("model: a", "model: c");
        assert_eq!(after.text("config.yaml"), Some(wanted.as_str()), "{key}");
    }
}

#[test]
fn a_name_that_no_file_can_have_is_refused() {
    let deep = "notes/".to_owned() + &"a/".repeat(600) + "b.md";
    for (path, words) in [
        (format!("notes/{}.md", "a".repeat(300)), "more than 255 bytes"),
        (format!("notes/{}.md", "é".repeat(127)), "more than 255 bytes"),
        (format!("notes/{}/b.md", "a".repeat(256)), "more than 255 bytes"),
        (deep, "more than 1,000 bytes"),
        ("notes/a\nb.md".to_owned(), "control character"),
        ("notes/a\u{7f}b.md".to_owned(), "control character"),
        ("notes/a\0b.md".to_owned(), "NUL"),
    ] {
        let reason = refusal(Op::CreateFile, json!({"path": path, "content": "Text.\n"}));
        assert!(reason.contains(words) && reason.len() < 300, "{path}: {reason}");
    }
    let longest = format!("notes/{}.md", "a".repeat(252));
    let edit = placed(Op::CreateFile, json!({"path": longest, "content": "Text.\n"}));
    assert!(apply(&edit, &harness(), &rules_of(&parsed(MANIFEST))).is_ok());
}
