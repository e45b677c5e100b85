//! Ops: the typed edits of a harness, as pure functions from a harness to a harness.

pub(crate) mod base;
mod check;
mod config;
mod diff_headers;
mod diff_hunk;
mod diff_hunks;
mod diff_place;
mod diff_refusal;
mod edit_location;
mod elision;
mod example_data;
mod examples;
mod existing;
mod family_file;
pub(crate) mod growth;
mod inapplicable;
mod inspect;
pub(crate) mod normalise;
pub(crate) mod offers;
mod originals;
mod payload;
pub(crate) mod program_files;
mod prompt;
mod promptfoo;
mod promptfoo_prompt;
mod protected;
mod protected_keys;
mod replacement;
mod search_replace;
mod setting_pattern;
mod several;
mod stricter;
mod surface;
mod text_lines;
mod toml_list;
mod toml_text;
mod tool_list;
mod tool_pattern;
mod tools;
pub(crate) mod unified_diff;

#[cfg(test)]
mod tests;

pub(crate) use check::HostLimit;
use edit_location::agent_file;
pub(crate) use edit_location::home;
pub(crate) use inapplicable::Inapplicable;
pub(crate) use inspect::{current_text, described_tools, files_of, usual_target};
pub(crate) use normalise::normalise;
pub(crate) use payload::{check_payload, edit_schema, payload_schema};
pub(crate) use protected::{is_protected_file, is_secret_key, kind as protected_kind};
pub(crate) use surface::{place_of, tier};

use std::borrow::Cow;

use crate::artifact::edit::{Edit, Op};
use crate::harness::Harness;
use crate::harness::layout::guard::HomeGuard;
use crate::manifest::HarnessSection;
use crate::manifest::layout::Layout;
use crate::manifest::membership::Membership;
use crate::manifest::surface_table::SurfaceTable;

/// The rules of the manifest for edits.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpRules {
    /// The file and key that each op changes.
    pub layout: Layout,
    /// The files that an op may change.
    pub membership: Membership,
    /// The files and keys that generic ops may change.
    pub surfaces: SurfaceTable,
    /// What protects files and keys, whatever the surfaces open.
    pub guard: HomeGuard,
}

impl OpRules {
    /// The rules of a manifest whose files the membership selects.
    pub(crate) fn of(section: &HarnessSection, membership: Membership) -> Self {
        Self {
            layout: section.layout.clone(),
            membership,
            surfaces: SurfaceTable::of(section),
            guard: HomeGuard::of(section),
        }
    }

    /// These rules for a workspace in a folder of that name. A folder such as `.claude` belongs to a host itself.
    #[must_use]
    pub(crate) fn in_folder(self, name: &str) -> Self {
        let guard = self.guard.in_folder(name);
        Self { guard, ..self }
    }
}

/// The inputs of every op apart from its payload.
struct OpContext<'a> {
    op: Op,
    target: &'a str,
    harness: &'a Harness,
    rules: &'a OpRules,
}

impl<'a> OpContext<'a> {
    /// The agent: that of the payload, otherwise the second part of a target `agents.<name>.…`.
    fn agent(&self, payload: Option<&'a str>) -> Result<&'a str, Inapplicable> {
        let in_target = || {
            let mut parts = self.target.split('.');
            parts
                .next()
                .filter(|first| matches!(*first, "agents" | "agent"))
                .and(parts.next())
        };
        payload.or_else(in_target).ok_or_else(|| Inapplicable::Payload {
            problem: "no agent: set the key `agent`, or a target `agents.<name>.…`".into(),
        })
    }
}

/// What hosts do not read of a harness, or reject.
pub(crate) fn limits(harness: &Harness) -> Vec<HostLimit> {
    check::limits(harness)
}

/// What a prompt loses by an edit besides words: template variables, keys of its front matter.
pub(crate) fn losses(edit: &Edit, before: &Harness, after: &Harness, rules: &OpRules) -> Vec<String> {
    let of_named = |(part, before): (Edit, Harness)| {
        let after = apply(&part, &before, rules).ok()?;
        prompt::losses(&part, &before, &after, rules)
    };
    let is_generic = edit.ops().iter().any(|op| op.is_generic());
    // Of skills, what all members leave together counts.
    let remarks = match is_generic {
        true => check::remarks(before, after),
        false => Vec::new(),
    };
    let named = steps(edit, before, rules).into_iter();
    let named = named.filter(|(part, _)| !part.op.is_generic()).filter_map(of_named);
    let absent = absent_items(edit, before, rules);
    named.flatten().chain(remarks).chain(absent).collect()
}

/// Why an edit changes nothing.
pub(crate) fn why_unchanged(edit: &Edit, harness: &Harness, rules: &OpRules) -> String {
    let absent = absent_items(edit, harness, rules).into_iter();
    let absent: String = absent.map(|one| format!("; {one}")).collect();
    format!("it would not change the harness{absent}")
}

/// What an edit removes from lists that do not have it, with what they have.
fn absent_items(edit: &Edit, harness: &Harness, rules: &OpRules) -> Vec<String> {
    let of_part = |(part, before): (Edit, Harness)| {
        let payload = surface::addressed(part.op, &part.payload, &before, rules).ok()?;
        let payload: surface::ListChange = payload::read(&payload).ok()?;
        let context = OpContext {
            op: part.op,
            target: &part.target,
            harness: &before,
            rules,
        };
        surface::absent_items(&payload, &context).ok()
    };
    let parts = steps(edit, harness, rules).into_iter();
    let parts = parts.filter(|(part, _)| part.op == Op::EditList);
    parts.filter_map(of_part).flatten().collect()
}

/// The changes that an edit makes, in order, each with the harness before it.
fn steps(edit: &Edit, harness: &Harness, rules: &OpRules) -> Vec<(Edit, Harness)> {
    let mut harness = harness.clone();
    let step = |part: Edit| {
        let after = apply(&part, &harness, rules).unwrap_or_else(|_| harness.clone());
        (part, std::mem::replace(&mut harness, after))
    };
    edit.parts().into_iter().map(step).collect()
}

/// The questions of an edit's few-shot examples that the present file does not have.
pub(crate) fn new_questions(edit: &Edit, harness: &Harness, rules: &OpRules) -> Vec<String> {
    let of_part = |(part, before): (Edit, Harness)| examples::new_questions(&part, &before, rules);
    steps(edit, harness, rules).into_iter().flat_map(of_part).collect()
}

/// Applies an edit, and returns the new harness.
///
/// Pure and idempotent: applying an edit again changes nothing. (A diff that only removes lines, without context, is an
/// exception: it is refused the second time, because the result does not show that it was applied.)
///
/// # Errors
/// The edit cannot be applied.
pub(crate) fn apply(edit: &Edit, harness: &Harness, rules: &OpRules) -> Result<Harness, Inapplicable> {
    let changed = changed(edit, harness, rules)?;
    family_file::check(harness, &changed, rules)?;
    check::check(edit, harness, &changed, rules)?;
    Ok(changed)
}

/// Applies an edit, without the checks of its result in the home.
fn changed(edit: &Edit, harness: &Harness, rules: &OpRules) -> Result<Harness, Inapplicable> {
    // This op takes away the last tool of an agent if a person or a teacher wants that.
    let keeps_tools = !edit.ops().contains(&Op::RemoveToolFromAgent);
    changed_in(edit, harness, rules, keeps_tools)
}

/// The same for an edit that may be a member of another. `keeps_tools` says that no list of tools may vanish by it.
fn changed_in(edit: &Edit, harness: &Harness, rules: &OpRules, keeps_tools: bool) -> Result<Harness, Inapplicable> {
    let changed = effect(edit, harness, rules)?;
    protected::check(harness, &changed, rules, keeps_tools)?;
    Ok(changed)
}

/// What an edit makes of files, whether or not they may become that. For edits that were applied: they passed the checks
/// then, and nobody writes the result.
///
/// # Errors
/// The edit cannot be applied.
pub(crate) fn effect(edit: &Edit, harness: &Harness, rules: &OpRules) -> Result<Harness, Inapplicable> {
    payload::check(&edit.payload)?;
    let payload = surface::addressed(edit.op, &edit.payload, harness, rules)?;
    surface::check_fields(edit.op, &payload)?;
    let context = &OpContext {
        op: edit.op,
        target: &edit.target,
        harness,
        rules,
    };
    match payload {
        Cow::Borrowed(_) => applied(edit, context),
        Cow::Owned(payload) => applied(
            &Edit {
                payload,
                ..edit.clone()
            },
            context,
        ),
    }
}

/// Whether a harness contains an edit; `None` if the edit can no longer be applied, so that the files do not show it.
pub(crate) fn contains(edit: &Edit, harness: &Harness, rules: &OpRules) -> Option<bool> {
    effect(edit, harness, rules).ok().map(|applied| &applied == harness)
}

/// The lines that a patch of a text removes and those that it adds; `None` for other ops.
pub(crate) fn patch_lines(edit: &Edit) -> Option<(Vec<&str>, Vec<&str>)> {
    let diff = edit.payload.get("diff").filter(|_| edit.op.is_patch())?;
    unified_diff::changed_lines(diff.as_str()?)
}

/// The file and the lines that an edit writes into a prompt; `None` for other ops, and for a diff that cannot be read.
pub(crate) fn prompt_lines<'e>(edit: &'e Edit, rules: &OpRules) -> Option<(String, Vec<&'e str>)> {
    let text = |key: &str| edit.payload.get(key).and_then(|text| text.as_str());
    let lines = match edit.op {
        Op::ReplaceSystemPrompt | Op::ReplaceText => text("new_content")?.lines().collect(),
        Op::InsertSection | Op::CreateFile => text("content")?.lines().collect(),
        _ => patch_lines(edit)?.1,
    };
    if edit.op.is_generic() {
        return Some((text("path")?.to_owned(), lines));
    }
    let context = OpContext {
        op: edit.op,
        target: &edit.target,
        harness: &Harness::default(),
        rules,
    };
    let agent = context
        .agent(edit.payload.get("agent").and_then(|agent| agent.as_str()))
        .ok()?;
    Some((agent_file(edit.op, &rules.layout, agent)?, lines))
}

fn applied(edit: &Edit, context: &OpContext) -> Result<Harness, Inapplicable> {
    let payload = &edit.payload;
    match edit.op {
        Op::SetModelForQueryClass => config::set_model_for_query_class(&payload::read(payload)?, context),
        Op::SetModelParam => config::set_model_param(&payload::read(payload)?, context),
        Op::PatchSystemPrompt => prompt::patch(&payload::read(payload)?, context),
        Op::ReplaceSystemPrompt => prompt::replace(&payload::read(payload)?, context),
        Op::SetAgentClass => config::set_agent_class(&payload::read(payload)?, context),
        Op::SetAgentParam => config::set_agent_param(&payload::read(payload)?, context),
        Op::EditFewShotExemplars => examples::apply(&payload::read(payload)?, context),
        Op::AddToolToAgent => tools::list(&payload::read(payload)?, true, context),
        Op::RemoveToolFromAgent => tools::list(&payload::read(payload)?, false, context),
        Op::EditToolDescription => tools::describe(&payload::read(payload)?, context),
        Op::LoraFinetune => Err(Inapplicable::NoTrainer),
        Op::Several => several::applied(edit, context.harness, context.rules),
        _ => surface::apply(edit, context),
    }
}
