//! The usual form of each op's target, for those who write edits.

use crate::artifact::edit::Op;

/// The usual form of an op's target.
pub(crate) fn usual_target(op: Op) -> &'static str {
    match op {
        Op::SetModelForQueryClass => "routing.<query class>",
        Op::SetModelParam => "models.<model>.<param>",
        Op::PatchSystemPrompt | Op::ReplaceSystemPrompt => "agents.<agent>.system_prompt",
        Op::SetAgentClass => "agents.<agent>.class",
        Op::SetAgentParam => "agents.<agent>.<param>",
        Op::EditFewShotExemplars => "agents.<agent>.few_shot",
        Op::AddToolToAgent | Op::RemoveToolFromAgent => "agents.<agent>.tools",
        Op::EditToolDescription => "tools.<tool>.description",
        Op::LoraFinetune => "models.<model>",
    }
}
