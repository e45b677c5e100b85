//! The op that makes several changes as one edit, in order.

use schemars::JsonSchema;
use serde::Deserialize;

use super::inapplicable::Inapplicable;
use super::{OpRules, payload, protected};
use crate::artifact::edit::{Edit, EditPart, Op};
use crate::harness::Harness;

/// Arguments of `several`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct EditParts {
    /// The changes, in order, each with `op`, `target` and `payload`. Each applies to what those before it left.
    #[schemars(length(min = 1))]
    pub edits: Vec<EditPart>,
}

/// The harness after all members.
pub(super) fn applied(edit: &Edit, harness: &Harness, rules: &OpRules) -> Result<Harness, Inapplicable> {
    let mut changed = harness.clone();
    let members = members(edit)?;
    // The whole edit keeps the tools, so that one member may unset a list that the next one sets. Where the last tool of an
    // agent may go, each other member keeps them.
    let has_removal = members.iter().any(|member| member.op == Op::RemoveToolFromAgent);
    for (at, member) in members.iter().enumerate() {
        let keeps_tools = has_removal && member.op != Op::RemoveToolFromAgent;
        let after = super::changed_in(member, &changed, rules, keeps_tools);
        let checked = after.and_then(|after| {
            protected::check_created(harness, &changed, &after, rules)?;
            Ok(after)
        });
        changed = checked.map_err(|reason| named(at, member, reason))?;
    }
    Ok(changed)
}

/// Checks the payload of each member.
pub(super) fn check(edit: &Edit) -> Result<(), Inapplicable> {
    let check =
        |(at, member): (usize, &Edit)| payload::check_payload(member).map_err(|reason| named(at, member, reason));
    members(edit)?.iter().enumerate().try_for_each(check)
}

fn members(edit: &Edit) -> Result<Vec<Edit>, Inapplicable> {
    let EditParts { edits } = payload::read(&edit.payload)?;
    let refused = |problem: &str| Inapplicable::Payload {
        problem: problem.to_owned(),
    };
    if edits.is_empty() {
        return Err(refused("`edits` is empty"));
    }
    let members: Vec<Edit> = edits.into_iter().map(|member| edit.with_part(member)).collect();
    match members.iter().position(|member| member.op == Op::Several) {
        Some(at) => Err(named(at, &members[at], refused("a member may not be `several` itself"))),
        None => Ok(members),
    }
}

fn named(at: usize, member: &Edit, reason: Inapplicable) -> Inapplicable {
    Inapplicable::Member {
        at,
        op: member.op.name(),
        reason: Box::new(reason),
    }
}
