//! Operations: pure functions from a harness to a harness, or to the reason why not.

pub mod changed_lines;
pub mod inapplicable;
pub mod payload;
pub mod place;
mod prompt;
mod set_examples;
mod set_value;
pub mod toml_text;
mod tools;
pub mod unified_diff;

use std::collections::BTreeMap;

use crate::artifact::edit::{Edit, Op, RiskTier};
use crate::harness::Harness;
use crate::manifest::layout::Layout;

pub use changed_lines::changed_line_ratio;
pub use inapplicable::Inapplicable;

/// Where ops land, and what they may touch.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Path and key templates.
    pub layout: Layout,
    /// Globs of the files that may be edited.
    pub editable: Vec<String>,
}

/// Applies an edit. Applying it twice is applying it once.
///
/// # Errors
/// The reason why the edit has no place in this harness.
pub fn apply(edit: &Edit, harness: &Harness, rules: &Rules) -> Result<Harness, Inapplicable> {
    match edit.op {
        Op::SetModelForQueryClass
        | Op::SetModelParam
        | Op::SetAgentClass
        | Op::SetAgentParam
        | Op::EditToolDescription => set_value::apply(edit, harness, rules),
        Op::PatchSystemPrompt => prompt::patch(edit, harness, rules),
        Op::ReplaceSystemPrompt => prompt::replace(edit, harness, rules),
        Op::EditFewShotExemplars => set_examples::apply(edit, harness, rules),
        Op::AddToolToAgent => tools::add(edit, harness, rules),
        Op::RemoveToolFromAgent => tools::remove(edit, harness, rules),
        Op::LoraFinetune => Err(Inapplicable::NoTrainer),
    }
}

/// The template that says where an op lands; `None` when it has no home here.
pub fn home(op: Op, layout: &Layout) -> Option<&str> {
    let template = match op {
        Op::SetModelForQueryClass => &layout.query_class,
        Op::SetModelParam => &layout.model_param,
        Op::PatchSystemPrompt | Op::ReplaceSystemPrompt => &layout.prompt,
        Op::SetAgentClass => &layout.agent_class,
        Op::SetAgentParam => &layout.agent_param,
        Op::EditFewShotExemplars => &layout.few_shot,
        Op::AddToolToAgent | Op::RemoveToolFromAgent => &layout.agent_tools,
        Op::EditToolDescription => &layout.tool_description,
        Op::LoraFinetune => return None,
    };
    (!template.is_empty()).then_some(template)
}

/// Puts a proposed edit into order: pillar and tier from the table, whatever the teacher said; a patch that changes
/// more than half of the lines becomes a replacement. A patch that does not apply stays one, and is refused later.
pub fn normalise(edit: &Edit, harness: &Harness, rules: &Rules, raised: &BTreeMap<Op, RiskTier>) -> Edit {
    let edit = match edit.op {
        Op::PatchSystemPrompt => prompt::downgraded(edit, harness, rules).unwrap_or_else(|| edit.clone()),
        _ => edit.clone(),
    };
    let tier = raised.get(&edit.op).copied().unwrap_or_default().max(edit.op.tier());
    Edit {
        pillar: edit.op.pillar(),
        risk_tier: tier,
        ..edit
    }
}
