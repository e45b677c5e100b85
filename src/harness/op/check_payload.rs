//! Whether an edit's payload has the shape that its op wants, before there is a harness to apply it to.

use super::inapplicable::Inapplicable;
use super::payload::read;
use super::{
    edit_few_shot_exemplars, edit_tool_description, patch_system_prompt, replace_system_prompt, set_agent_class,
    set_agent_param, set_model_for_query_class, set_model_param, tools,
};
use crate::artifact::edit::{Edit, Op};

/// Checks the shape of an edit's payload. What it says may still be refused: that is an outcome.
///
/// # Errors
/// A key is missing, or a value is not what the op takes.
pub(crate) fn check_payload(edit: &Edit) -> Result<(), Inapplicable> {
    let payload = &edit.payload;
    match edit.op {
        Op::SetModelForQueryClass => read::<set_model_for_query_class::Payload>(payload).map(drop),
        Op::SetModelParam => read::<set_model_param::Payload>(payload).map(drop),
        Op::PatchSystemPrompt => read::<patch_system_prompt::Payload>(payload).map(drop),
        Op::ReplaceSystemPrompt => read::<replace_system_prompt::Payload>(payload).map(drop),
        Op::SetAgentClass => read::<set_agent_class::Payload>(payload).map(drop),
        Op::SetAgentParam => read::<set_agent_param::Payload>(payload).map(drop),
        Op::EditFewShotExemplars => read::<edit_few_shot_exemplars::Payload>(payload).map(drop),
        Op::AddToolToAgent | Op::RemoveToolFromAgent => read::<tools::Payload>(payload).map(drop),
        Op::EditToolDescription => read::<edit_tool_description::Payload>(payload).map(drop),
        // It is refused whatever it says.
        Op::LoraFinetune => Ok(()),
    }
}
