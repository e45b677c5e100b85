//! A configuration: examples, an instruction and parameters that are measured together, and the edits that make it.

use serde_json::Value;

use super::constraint::RequestParameter;
use super::example_set::ExampleSet;
use super::instruction::added;
use crate::artifact::edit::{Edit, Op};
use crate::harness::Harness;
use crate::harness::home::{ParsedHome, filled};
use crate::teacher::Briefing;
use crate::teacher::rules::edits;

/// One change of an agent.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// Other examples.
    Examples(ExampleSet),
    /// An instruction at the end of the prompt.
    Instruction(String),
    /// A parameter of its requests.
    Parameter(RequestParameter),
}

/// Changes that are measured together. Examples and instructions come before parameters, whose effect depends on them.
pub(super) type Configuration = Vec<Step>;

impl Step {
    /// The edit of the agent in this harness; `None` if the layout has no op for it.
    pub(super) fn edit(&self, briefing: &Briefing, harness: &Harness, agent: &str) -> Option<Edit> {
        let edit = match self {
            Step::Examples(set) => edits::exemplars(agent, set.shots(&present_shots(briefing, harness, agent))),
            Step::Instruction(text) => instruction(briefing, harness, agent, text)?,
            Step::Parameter(parameter) => self::parameter(briefing, harness, agent, parameter)?,
        };
        briefing.ops.contains(&edit.op).then_some(edit)
    }

    /// What the step does, for people.
    pub(super) fn words(&self) -> String {
        match self {
            Step::Examples(set) if set.examples.len() == 1 => "1 example".to_owned(),
            Step::Examples(set) => format!("{} examples", set.examples.len()),
            Step::Instruction(_) => "an instruction".to_owned(),
            Step::Parameter(parameter) => format!("parameter `{}`", parameter.name),
        }
    }
}

/// The harness with all steps; a step that has no op or does not apply is left out.
pub(super) fn applied(briefing: &Briefing, harness: &Harness, agent: &str, steps: &[Step]) -> Harness {
    steps.iter().fold(harness.clone(), |harness, step| {
        let edit = step.edit(briefing, &harness, agent);
        let changed = edit.and_then(|edit| edits::applied(&edit, &harness, briefing.layout));
        changed.unwrap_or(harness)
    })
}

fn present_shots(briefing: &Briefing, harness: &Harness, agent: &str) -> Vec<Value> {
    let path = filled(&briefing.layout.few_shot, &[("agent", agent)]);
    let text = harness.text(&path).unwrap_or("[]");
    serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap_or_default()
}

/// The present prompt; empty without one.
pub(super) fn prompt<'h>(briefing: &Briefing, harness: &'h Harness, agent: &str) -> &'h str {
    let path = filled(&briefing.layout.prompt, &[("agent", agent)]);
    harness.text(&path).unwrap_or_default()
}

fn instruction(briefing: &Briefing, harness: &Harness, agent: &str, text: &str) -> Option<Edit> {
    let before = prompt(briefing, harness, agent);
    let after = added(before, text);
    let patch = edits::prompt_patch(agent, before, &after);
    let replacement = || edits::whole_prompt(agent, &after);
    let may_patch = !before.is_empty() && briefing.ops.contains(&Op::PatchSystemPrompt);
    let edit = if may_patch { patch } else { replacement() };
    // A prompt with unusual line ends may refuse a patch.
    match edits::applied(&edit, harness, briefing.layout) {
        Some(_) => Some(edit),
        None => Some(replacement()),
    }
}

/// The edit of an agent's parameter, or of its model's if the layout has no place for those of an agent.
fn parameter(briefing: &Briefing, harness: &Harness, agent: &str, parameter: &RequestParameter) -> Option<Edit> {
    let RequestParameter { name, value } = parameter;
    if briefing.ops.contains(&Op::SetAgentParam) {
        return Some(edits::agent_param(agent, name, value.clone()));
    }
    let home = ParsedHome::new(harness, briefing.layout);
    let model = home.routed("general").ok()??;
    Some(edits::model_param(&model, name, value.clone()))
}

/// The value of a parameter that the agent or its model has now.
pub(super) fn present(briefing: &Briefing, harness: &Harness, agent: &str, name: &str) -> Option<Value> {
    let home = ParsedHome::new(harness, briefing.layout);
    let of_agent = home.value(&briefing.layout.agent_param, &[("agent", agent), ("param", name)]);
    let model = home.routed("general").ok().flatten().unwrap_or_default();
    let of_model = home.value(&briefing.layout.model_param, &[("model", &model), ("param", name)]);
    of_agent.ok().flatten().or(of_model.ok().flatten()).cloned()
}
