//! Legacy prompts of Continue: keys, then a line `---`, without one before the keys.

use super::offered::section_of;
use super::*;

const PATH: &str = ".continue/prompts/core-unit-test.prompt";
const HEAD: &str = "name: Write Core Unit Test\ndescription: Generate unit tests\n---\n";
const BODY: &str = "Write jest tests for {{{ input }}}.\n\n---\n\nUse mocks.\n";

fn home() -> Harness {
    Harness::default().with(PATH, format!("{HEAD}{BODY}"))
}

fn run(op: Op, payload: Json) -> Result<String, String> {
    let home = home();
    let section = section_of(&home);
    let rules = OpRules::of(&section, Membership::of_files(&section.globs()).unwrap());
    let mut payload = payload;
    payload["path"] = PATH.into();
    let after = apply(&placed(op, payload), &home, &rules).map_err(|reason| reason.to_string())?;
    Ok(after.text(PATH).unwrap().to_owned())
}

#[test]
fn the_keys_stay_where_the_text_changes() {
    let new = "Write vitest tests for {{{ input }}}.\n";
    for new in [new.to_owned(), format!("{HEAD}{new}")] {
        let replaced = run(Op::ReplaceText, json!({"new_content": new}));
        assert_eq!(
            replaced,
            Ok(format!("{HEAD}Write vitest tests for {{{{{{ input }}}}}}.\n"))
        );
    }
    let diff = "@@ -5 +5 @@\n-Use mocks.\n+Use no mocks.\n";
    let patched = run(Op::PatchText, json!({"diff": diff}));
    assert_eq!(
        patched,
        Ok(format!("{HEAD}{BODY}").replace("Use mocks", "Use no mocks"))
    );
    let other = HEAD.replace("unit", "other");
    let refused = run(Op::ReplaceText, json!({"new_content": format!("{other}{new}")})).unwrap_err();
    assert!(refused.contains("change its keys with set_key"), "{refused}");
    let refused = run(
        Op::PatchText,
        json!({"diff": "@@ -1 +1 @@\n-name: Write Core Unit Test\n+name: X\n"}),
    );
    assert!(refused.unwrap_err().contains("no edit changes `name`"));
}

#[test]
fn the_keys_are_changed_in_place() {
    let set = run(Op::SetKey, json!({"key": "description", "value": "Tests: all"}));
    let head = HEAD.replace("Generate unit tests", "\"Tests: all\"");
    assert_eq!(set, Ok(format!("{head}{BODY}")));
    assert!(run(Op::SetKey, json!({"key": "model", "value": "x"})).is_err());
}

#[test]
fn a_new_text_sets_no_key() {
    let home = Harness::default().with(PATH, BODY);
    let section = section_of(&home);
    let rules = OpRules::of(&section, Membership::of_files(&section.globs()).unwrap());
    let run = |op: Op, payload: Json| apply(&placed(op, payload), &home, &rules);
    let new = "model: x\nmcpServers: y\n---\nHi {{{ input }}}.\n";
    assert!(run(Op::ReplaceText, json!({"path": PATH, "new_content": new})).is_err());
    let set = run(Op::SetKey, json!({"path": PATH, "key": "description", "value": "x"})).unwrap();
    assert_eq!(
        set.text(PATH),
        Some(format!("---\ndescription: x\n---\n{BODY}").as_str())
    );
}
