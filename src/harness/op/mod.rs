//! Operations: pure functions from a harness to a harness.

pub(crate) mod changed_lines;
mod check_payload;
mod diff_hunks;
mod diff_refusal;
mod edit_few_shot_exemplars;
mod edit_tool_description;
mod few_shot_text;
mod inapplicable;
mod lora_finetune;
mod normalise;
mod originals;
mod patch_system_prompt;
mod payload;
mod place;
mod protected;
mod protected_keys;
mod replace_system_prompt;
mod schema;
mod set_agent_class;
mod set_agent_param;
mod set_model_for_query_class;
mod set_model_param;
mod standing;
mod toml_list;
mod toml_text;
mod toml_value;
mod tools;
pub(crate) mod unified_diff;
mod usual_target;

#[cfg(test)]
mod tests;

pub(crate) use check_payload::check_payload;
pub(crate) use inapplicable::Inapplicable;
pub(crate) use normalise::normalise;
pub(crate) use place::home;
pub(crate) use schema::{edit_schema, payload_schema};
pub(crate) use standing::{described_tools, files_of, standing};
pub(crate) use usual_target::usual_target;

use crate::artifact::edit::{Edit, Op};
use crate::harness::Harness;
use crate::manifest::layout::Layout;
use crate::manifest::membership::Membership;

/// What the manifest says about where ops land and which files they may change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// Where each op lands.
    pub layout: Layout,
    /// Which files an op may change.
    pub membership: Membership,
}

/// What every op is given besides its payload.
struct Context<'a> {
    op: Op,
    target: &'a str,
    harness: &'a Harness,
    rules: &'a Rules,
}

impl<'a> Context<'a> {
    /// The agent: the payload's, else the second part of a target `agents.<name>.…`.
    fn agent(&self, payload: Option<&'a str>) -> Result<&'a str, Inapplicable> {
        let in_target = || {
            let mut parts = self.target.split('.');
            parts
                .next()
                .filter(|first| matches!(*first, "agents" | "agent"))
                .and(parts.next())
        };
        payload.or_else(in_target).ok_or_else(|| Inapplicable::Payload {
            problem: "no agent: give the key `agent`, or a target `agents.<name>.…`".into(),
        })
    }
}

/// Applies an edit. An edit that changes nothing returns the harness as it is.
///
/// Pure, and idempotent: an applied edit applied again changes nothing more. (A diff that only removes lines and has
/// no context cannot be known as applied; it is refused the second time.)
///
/// # Errors
/// Whatever makes the edit inapplicable; the harness is untouched.
pub(crate) fn apply(edit: &Edit, harness: &Harness, rules: &Rules) -> Result<Harness, Inapplicable> {
    payload::check(&edit.payload)?;
    let context = &Context {
        op: edit.op,
        target: &edit.target,
        harness,
        rules,
    };
    let changed = applied(edit, context)?;
    protected::check(harness, &changed)?;
    Ok(changed)
}

fn applied(edit: &Edit, context: &Context) -> Result<Harness, Inapplicable> {
    let payload = &edit.payload;
    match edit.op {
        Op::SetModelForQueryClass => set_model_for_query_class::apply(&payload::read(payload)?, context),
        Op::SetModelParam => set_model_param::apply(&payload::read(payload)?, context),
        Op::PatchSystemPrompt => patch_system_prompt::apply(&payload::read(payload)?, context),
        Op::ReplaceSystemPrompt => replace_system_prompt::apply(&payload::read(payload)?, context),
        Op::SetAgentClass => set_agent_class::apply(&payload::read(payload)?, context),
        Op::SetAgentParam => set_agent_param::apply(&payload::read(payload)?, context),
        Op::EditFewShotExemplars => edit_few_shot_exemplars::apply(&payload::read(payload)?, context),
        Op::AddToolToAgent => tools::add(&payload::read(payload)?, context),
        Op::RemoveToolFromAgent => tools::remove(&payload::read(payload)?, context),
        Op::EditToolDescription => edit_tool_description::apply(&payload::read(payload)?, context),
        Op::LoraFinetune => Err(Inapplicable::NoTrainer),
    }
}
