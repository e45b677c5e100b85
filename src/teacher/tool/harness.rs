//! The tools that show the agent's present configuration, prompts and tools.

use serde_json::{Value, json};

use super::arguments::ToolArguments;
use super::output::RawOutput;
use super::page::{note, part};
use super::{Tool, ToolContext};
use crate::artifact::edit::Op;
use crate::harness::op;
use crate::harness::shown::shown;

/// The configuration file of the harness.
pub(super) const GET_CURRENT_CONFIG: Tool = Tool {
    name: "get_current_config",
    about: "The agent's present configuration: models, and agents with their parameters and tools. Secrets are redacted.",
    parameters: || json!({"offset": {"type": "integer", "description": "The first character, from 0; for the rest of a long configuration."}}),
    required: &[],
    call: get_current_config,
};

/// An agent's system prompt.
pub(super) const GET_AGENT_PROMPT: Tool = Tool {
    name: "get_agent_prompt",
    about: "The present system prompt of an agent. A patch_system_prompt edit must match its lines exactly.",
    parameters: || {
        json!({
            "agent_name": {"type": "string", "description": "The agent's name, as in the configuration."},
            "offset": {"type": "integer", "description": "The first character, from 0; for the rest of a long prompt."},
        })
    },
    required: &["agent_name"],
    call: get_agent_prompt,
};

/// The description of a tool.
pub(super) const GET_TOOL_DESCRIPTION: Tool = Tool {
    name: "get_tool_description",
    about: "The present description of one of the agent's tools, as the agent's model reads it.",
    parameters: || {
        json!({
            "tool_name": {"type": "string", "description": "The name, as shown by list_available_tools."},
            "offset": {"type": "integer", "description": "The first character, from 0; for the rest of a long description."},
        })
    },
    required: &["tool_name"],
    call: get_tool_description,
};

/// The tools that the harness describes.
pub(super) const LIST_AVAILABLE_TOOLS: Tool = Tool {
    name: "list_available_tools",
    about: "The tools that the harness describes, each with the description that the agent's model reads. The \
         configuration (get_current_config) shows which agent has which tool.",
    parameters: || {
        json!({
            "limit": {"type": "integer", "default": 100, "description": "How many, from 1 to 100."},
            "offset": {"type": "integer", "default": 0, "description": "The first row, from 0."},
        })
    },
    required: &[],
    call: list_available_tools,
};

fn get_current_config(context: &ToolContext, arguments: &ToolArguments) -> Result<RawOutput, String> {
    let Some(home) = op::home(Op::SetAgentParam, context.briefing.layout) else {
        return all_files(context, arguments);
    };
    let files: Vec<(&str, &str)> = op::files_of(&home.path, context.briefing.harness).collect();
    let text = match files.as_slice() {
        [] => format!("No configuration found at {}.", home.path),
        [file] => shown_to(context, file),
        many => many
            .iter()
            .map(|file| format!("# {}\n{}\n", file.0, shown_to(context, file)))
            .collect(),
    };
    in_parts(context, arguments, GET_CURRENT_CONFIG.name, &text)
}

/// All files of an agent that has no configuration file of its own.
fn all_files(context: &ToolContext, arguments: &ToolArguments) -> Result<RawOutput, String> {
    let harness = context.briefing.harness;
    let texts = harness
        .files()
        .filter_map(|(path, _)| Some((path, harness.text(path)?)));
    let text: String = texts
        .map(|file| format!("# {}\n{}\n", file.0, shown_to(context, &file)))
        .collect();
    match text.is_empty() {
        true => Ok(RawOutput::text("This agent has no configuration file.")),
        false => in_parts(context, arguments, GET_CURRENT_CONFIG.name, &text),
    }
}

/// The file of an agent of a surface: the one with this path, or with this name before its ending.
fn file_of<'b>(context: &'b ToolContext, name: &str) -> Option<(&'b str, &'b str)> {
    let harness = context.briefing.harness;
    let stem = |path: &str| {
        let file = path.rsplit('/').next().unwrap_or_default();
        file.split('.').next().unwrap_or_default().to_owned()
    };
    let mut paths = harness.files().map(|(path, _)| path);
    let path = paths.find(|path| *path == name || stem(path) == name)?;
    Some((path, harness.text(path)?))
}

/// A file as the teacher sees it.
fn shown_to(context: &ToolContext, (path, text): &(&str, &str)) -> String {
    shown(path, context.briefing.format_of(path), &context.redactor.text(text)).into_owned()
}

fn get_agent_prompt(context: &ToolContext, arguments: &ToolArguments) -> Result<RawOutput, String> {
    let (name, briefing) = (arguments.text("agent_name"), context.briefing);
    let found = op::current_text(
        Op::ReplaceSystemPrompt,
        ("agent", name),
        briefing.harness,
        briefing.layout,
    );
    let found = found.or_else(|| file_of(context, name).map(|file| shown_to(context, &file)));
    let text = found.unwrap_or_else(|| format!("No system prompt found for agent '{name}'."));
    in_parts(context, arguments, GET_AGENT_PROMPT.name, &text)
}

fn get_tool_description(context: &ToolContext, arguments: &ToolArguments) -> Result<RawOutput, String> {
    let (name, briefing) = (arguments.text("tool_name"), context.briefing);
    let place = ("tool", name);
    let found = op::current_text(Op::EditToolDescription, place, briefing.harness, briefing.layout);
    let is_known = || tools(context).iter().any(|tool| tool["name"] == name);
    let text = found.unwrap_or_else(|| match is_known() {
        true => format!("Tool '{name}' found but no description field."),
        false => format!("No tool '{name}' found."),
    });
    in_parts(context, arguments, GET_TOOL_DESCRIPTION.name, &text)
}

/// The part of a text that the caller wants. It is redacted before it is cut, because half a key would not be
/// recognized.
fn in_parts(context: &ToolContext, arguments: &ToolArguments, tool: &str, text: &str) -> Result<RawOutput, String> {
    let text = context.redactor.text(text);
    let (bytes, shown) = part(&text, arguments.page(1)?.offset);
    let note = note(tool, &shown, Some(text.chars().count()));
    Ok(RawOutput::text(&text[bytes]).noting(note))
}

fn list_available_tools(context: &ToolContext, arguments: &ToolArguments) -> Result<RawOutput, String> {
    let tools = tools(context);
    let (shown, rows) = arguments.page(100)?.of(&tools, Value::clone);
    let note = note(LIST_AVAILABLE_TOOLS.name, &shown, Some(tools.len()));
    Ok(RawOutput::json(rows.into()).noting(note))
}

/// Every described tool with its category and agents, in the order of the file.
fn tools(context: &ToolContext) -> Vec<Value> {
    let (harness, layout) = (context.briefing.harness, context.briefing.layout);
    let row = |(name, about): (String, Value)| {
        let description = op::current_text(Op::EditToolDescription, ("tool", &name), harness, layout);
        let category = about["category"].as_str().unwrap_or("general");
        let agents = about["agents"].as_array().cloned().unwrap_or_default();
        json!({"name": name, "description": description, "category": category, "agents": agents})
    };
    op::described_tools(harness, layout).into_iter().map(row).collect()
}
