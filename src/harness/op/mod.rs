//! Operations: pure functions from a harness to a harness.

mod config;
mod diff_hunks;
mod examples;
mod inapplicable;
pub(crate) mod normalise;
mod originals;
mod payload;
mod place;
mod prompt;
mod protected;
mod protected_keys;
mod standing;
mod toml_list;
mod toml_text;
mod tools;
pub(crate) mod unified_diff;

#[cfg(test)]
mod tests;

pub(crate) use inapplicable::Inapplicable;
pub(crate) use normalise::normalise;
pub(crate) use payload::{check_payload, edit_schema, payload_schema};
pub(crate) use place::home;
pub(crate) use standing::{described_tools, files_of, standing, usual_target};

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
        Op::SetModelForQueryClass => config::set_model_for_query_class(&payload::read(payload)?, context),
        Op::SetModelParam => config::set_model_param(&payload::read(payload)?, context),
        Op::PatchSystemPrompt => prompt::patch(&payload::read(payload)?, context),
        Op::ReplaceSystemPrompt => prompt::replace(&payload::read(payload)?, context),
        Op::SetAgentClass => config::set_agent_class(&payload::read(payload)?, context),
        Op::SetAgentParam => config::set_agent_param(&payload::read(payload)?, context),
        Op::EditFewShotExemplars => examples::apply(&payload::read(payload)?, context),
        Op::AddToolToAgent => tools::add(&payload::read(payload)?, context),
        Op::RemoveToolFromAgent => tools::remove(&payload::read(payload)?, context),
        Op::EditToolDescription => tools::describe(&payload::read(payload)?, context),
        Op::LoraFinetune => Err(Inapplicable::NoTrainer),
    }
}
