//! `[harness.layout]`: templates for the file and key that each op changes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The layout of hosts whose files are the defaults of the manifest.
pub(crate) const DEFAULT_LAYOUT: &str = "openjarvis";

/// Templates of the form `path` or `path#key.key`. The key is split at its dots before `{agent}`, `{param}`, `{model}`,
/// `{query_class}` and `{tool}` are filled in, so a model name with dots stays one key. An empty template disables the
/// op. The defaults are the layout of OpenJarvis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Layout {
    /// An agent's system prompt.
    pub prompt: String,
    /// An agent's few-shot examples.
    pub few_shot: String,
    /// One parameter of an agent.
    pub agent_param: String,
    /// An agent's class.
    pub agent_class: String,
    /// An agent's list of tools.
    pub agent_tools: String,
    /// One parameter of a model.
    pub model_param: String,
    /// The model of a query class.
    pub query_class: String,
    /// The description of a tool that the model reads.
    pub tool_description: String,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            prompt: "agents/{agent}/system_prompt.md".into(),
            few_shot: "agents/{agent}/few_shot.json".into(),
            agent_param: "config.toml#agent.{agent}.{param}".into(),
            agent_class: "config.toml#agent.{agent}.class".into(),
            agent_tools: "config.toml#agent.{agent}.tools".into(),
            model_param: "config.toml#models.{model}.{param}".into(),
            query_class: "config.toml#learning.routing.policy_map.{query_class}".into(),
            tool_description: "tools/descriptions.toml#{tool}.description".into(),
        }
    }
}

impl Layout {
    /// The key and value of each template; empty templates are left out.
    pub(crate) fn templates(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let templates = [
            ("prompt", &self.prompt),
            ("few_shot", &self.few_shot),
            ("agent_param", &self.agent_param),
            ("agent_class", &self.agent_class),
            ("agent_tools", &self.agent_tools),
            ("model_param", &self.model_param),
            ("query_class", &self.query_class),
            ("tool_description", &self.tool_description),
        ];
        let templates = templates.into_iter().map(|(key, template)| (key, template.as_str()));
        templates.filter(|(_, template)| !path_of(template).is_empty())
    }

    /// The key and path of each template; empty templates are left out.
    pub(crate) fn paths(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.templates().map(|(key, template)| (key, path_of(template)))
    }

    /// Empties the templates whose path does not satisfy a condition.
    pub(crate) fn retain(&mut self, keeps: impl Fn(&str) -> bool) {
        let templates = [
            &mut self.prompt,
            &mut self.few_shot,
            &mut self.agent_param,
            &mut self.agent_class,
            &mut self.agent_tools,
            &mut self.model_param,
            &mut self.query_class,
            &mut self.tool_description,
        ];
        templates
            .into_iter()
            .filter(|template| !keeps(path_of(template)))
            .for_each(String::clear);
    }
}

/// The path of a template.
fn path_of(template: &str) -> &str {
    template.split('#').next().unwrap_or_default()
}
