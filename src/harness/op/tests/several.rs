//! The op that makes several changes as one edit.

use super::*;

fn member(op: Op, payload: Json) -> Json {
    json!({"op": op.name(), "target": "agents.a", "payload": payload})
}

fn several(members: &[Json]) -> Edit {
    edit(Op::Several, json!({"edits": members}))
}

fn turns(value: Json) -> Json {
    member(
        Op::SetAgentParam,
        json!({"agent": "a", "param": "turns", "value": value}),
    )
}

fn prompt(text: &str) -> Json {
    member(Op::ReplaceSystemPrompt, json!({"agent": "a", "new_content": text}))
}

fn harness() -> Harness {
    with_config(CONFIG).with("agents/a/system_prompt.md", "Be kind to {user}.\n")
}

#[test]
fn members_apply_in_order_and_applying_again_changes_nothing() {
    let diff = "--- a\n+++ b\n@@ -1 +1,2 @@\n Be brief.\n+Be kind.\n";
    let patch = member(Op::PatchSystemPrompt, json!({"agent": "a", "diff": diff}));
    let edit = several(&[turns(json!(9)), prompt("Be brief.\n"), patch]);
    let after = apply(&edit, &harness(), &rules()).unwrap();
    assert_eq!(after.text("agents/a/system_prompt.md"), Some("Be brief.\nBe kind.\n"));
    assert!(after.text("config.toml").unwrap().contains("turns = 9"));
    let simple = several(&[turns(json!(9)), prompt("Be brief.\n")]);
    let once = apply(&simple, &harness(), &rules()).unwrap();
    assert_eq!(apply(&simple, &once, &rules()).as_ref(), Ok(&once));
    assert_eq!(contains(&simple, &once, &rules()), Some(true));
    assert_eq!(contains(&simple, &harness(), &rules()), Some(false));
}

#[test]
fn a_member_that_is_wrong_is_named_and_nothing_applies() {
    let bare = member(Op::SetAgentParam, json!({"agent": "a", "param": "k"}));
    let nested = member(Op::Several, json!({"edits": [turns(json!(1))]}));
    for (members, words) in [
        (
            vec![turns(json!(9)), bare],
            "edits[1] (set_agent_param): payload: missing field `value`",
        ),
        (
            vec![nested],
            "edits[0] (several): payload: a member may not be `several` itself",
        ),
        (vec![], "payload: `edits` is empty"),
    ] {
        let edit = several(&members);
        for refused in [apply(&edit, &harness(), &rules()).err(), check_payload(&edit).err()] {
            let refused = refused.unwrap().to_string();
            assert!(refused.starts_with(words), "{refused}");
        }
    }
    let unknown = edit(
        Op::Several,
        json!({"edits": [{"op": "set_fire", "target": "t", "payload": {}}]}),
    );
    assert!(check_payload(&unknown).unwrap_err().to_string().contains("set_fire"));
    let trainer = several(&[member(Op::LoraFinetune, json!({}))]);
    let refused = apply(&trainer, &harness(), &rules()).unwrap_err().to_string();
    assert!(refused.starts_with("edits[0] (lora_finetune): "), "{refused}");
    let protected = member(
        Op::SetAgentParam,
        json!({"agent": "a", "param": "api_key", "value": "x"}),
    );
    let refused = apply(&several(&[turns(json!(9)), protected]), &harness(), &rules()).unwrap_err();
    assert!(refused.to_string().contains("protected"), "{refused}");
}

#[test]
fn the_tier_is_the_highest_of_the_members_and_large_patches_become_replacements() {
    let tier = |members: &[Json], raises: &[(Op, RiskTier)]| {
        let raises: BTreeMap<Op, RiskTier> = raises.iter().copied().collect();
        normalise::normalise(several(members), &harness(), &rules(), &raises).risk_tier
    };
    assert_eq!(tier(&[turns(json!(9))], &[]), RiskTier::Auto);
    assert_eq!(tier(&[turns(json!(9)), prompt("x")], &[]), RiskTier::Review);
    assert_eq!(
        tier(&[turns(json!(9))], &[(Op::SetAgentParam, RiskTier::Manual)]),
        RiskTier::Manual
    );
    let diff = "--- a\n+++ b\n@@ -1 +1 @@\n-Be brief.\n+Be kind.\n";
    let patch = member(Op::PatchSystemPrompt, json!({"agent": "a", "diff": diff}));
    let edit = normalise::normalise(
        several(&[prompt("Be brief.\n"), patch]),
        &harness(),
        &rules(),
        &BTreeMap::new(),
    );
    let payload = &edit.payload["edits"][1];
    assert_eq!(
        (&payload["op"], &payload["payload"]["new_content"]),
        (&json!("replace_system_prompt"), &json!("Be kind.\n"))
    );
}

#[test]
fn what_members_lose_and_ask_is_that_of_the_edit() {
    let examples = member(
        Op::EditFewShotExemplars,
        json!({"agent": "a", "exemplars": [{"input": "q", "output": "o"}]}),
    );
    let edit = several(&[examples, prompt("Be brief.\n")]);
    let after = apply(&edit, &harness(), &rules()).unwrap();
    assert_eq!(new_questions(&edit, &harness(), &rules()), ["q"]);
    let lost = losses(&edit, &harness(), &after, &rules());
    assert!(lost.len() == 1 && lost[0].contains("{user}"), "{lost:?}");
}
