//! The files and keys of the harness that the parts of a request come from, for messages about a refused request.

use std::collections::BTreeMap;

use crate::eval::student::nearest::query_class::QueryClass;
use crate::harness::home::{AgentError, ParsedHome, filled};
use crate::llm::model::RefusedPart;
use crate::manifest::layout::Layout;

/// Where the parts of a request are set.
#[derive(Clone, Default)]
pub(super) struct RequestSources {
    model: String,
    fields: BTreeMap<String, String>,
    prompt: String,
    agent_param: String,
    model_param: String,
}

impl RequestSources {
    /// The sources of an agent's requests, without those of their fields.
    pub(super) fn of_agent(layout: &Layout, agent: &str) -> Self {
        let of_agent = |template: &str| filled(template, &[("agent", agent)]);
        Self {
            fields: [("tools".to_owned(), key(&of_agent(&layout.agent_tools)))].into(),
            prompt: format!("{} and {}", of_agent(&layout.prompt), of_agent(&layout.few_shot)),
            agent_param: of_agent(&layout.agent_param),
            model_param: layout.model_param.clone(),
            model: String::new(),
        }
    }

    /// Adds a model, its parameters, and the key that names it.
    pub(super) fn add_model<'n>(&mut self, model: &str, params: impl Iterator<Item = &'n String>, source: &str) {
        source.clone_into(&mut self.model);
        let template = filled(&self.model_param, &[("model", model)]);
        self.add(&template, params);
    }

    /// Adds the agent's own parameters, which override the model's.
    pub(super) fn add_agent<'n>(&mut self, params: impl Iterator<Item = &'n String>) {
        self.add(&self.agent_param.clone(), params);
    }

    fn add<'n>(&mut self, template: &str, params: impl Iterator<Item = &'n String>) {
        let source = |name: &String| (name.clone(), key(&filled(template, &[("param", name)])));
        self.fields.extend(params.map(source));
    }

    /// Where a part of the request is set; `None` if the harness does not set it.
    pub(super) fn of(&self, part: &RefusedPart) -> Option<&str> {
        match part {
            RefusedPart::Model => Some(self.model.as_str()).filter(|source| !source.is_empty()),
            RefusedPart::Field(name) | RefusedPart::ValueOf(name) => {
                let other = match name.as_str() {
                    "max_completion_tokens" | "num_predict" => "max_tokens",
                    "tool_choice" => "tools",
                    name => name,
                };
                let found = self.fields.get(name).or_else(|| self.fields.get(other));
                found.map(String::as_str)
            }
            RefusedPart::Length => Some(&self.prompt),
            RefusedPart::Unknown => None,
        }
    }
}

/// The key that chooses the model of a query class; empty if the manifest does.
///
/// # Errors
/// The file is not TOML.
pub(super) fn of_route(home: &ParsedHome, class: QueryClass) -> Result<String, AgentError> {
    let layout = home.layout();
    let names = [("query_class", class.name())];
    if home.value(&layout.query_class, &names)?.is_some() {
        return Ok(key(&filled(&layout.query_class, &names)));
    }
    let file = layout.model_param.split('#').next().unwrap_or_default();
    let default = format!("{file}#intelligence.default_model");
    let is_set = home.value(&default, &[])?.is_some();
    Ok(if is_set { key(&default) } else { String::new() })
}

/// A place such as `config.toml#agent.a.temperature` in the words of the file: ``config.toml `[agent.a] temperature` ``.
fn key(place: &str) -> String {
    let Some((path, key)) = place.split_once('#') else {
        return place.to_owned();
    };
    match key.rsplit_once('.') {
        Some((table, name)) => format!("{path} `[{table}] {name}`"),
        None => format!("{path} `{key}`"),
    }
}
