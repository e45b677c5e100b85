//! `get_current_config`: the configuration file of the harness.

use serde_json::json;

use super::ToolContext;
use super::arguments::Arguments;
use super::told::Said;
use crate::artifact::edit::Op;
use crate::harness::op;
use crate::llm::chat::ToolSpec;

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "get_current_config",
        "The agent's configuration as it stands: models, agents with their parameters and tools. Secrets are blanked.",
        json!({}),
        &[],
    )
}

pub(super) fn call(desk: &ToolContext, _: &Arguments) -> Result<Said, String> {
    let Some(home) = op::home(Op::SetAgentParam, desk.briefing.layout) else {
        return Ok(Said::text("This agent has no configuration file."));
    };
    let files: Vec<(&str, &str)> = op::files_of(&home.path, desk.briefing.harness).collect();
    Ok(Said::text(match files.as_slice() {
        [] => format!("No configuration found at {}.", home.path),
        [(_, text)] => (*text).to_owned(),
        many => many.iter().map(|(path, text)| format!("# {path}\n{text}\n")).collect(),
    }))
}
