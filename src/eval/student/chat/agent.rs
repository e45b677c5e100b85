//! One agent of a harness, read once, as the requests that it stands for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::parameters::{self, OfAgent};
use super::tool::Toolbox;
use crate::eval::student::nearest::query_class::QueryClass;
use crate::harness::agent_settings::AgentSettings;
use crate::harness::examples;
use crate::harness::home::{AgentError, Home};
use crate::llm::chat::{Message, Request, ToolSpec};

/// One agent.
pub(super) struct Agent(Result<Sound, AgentError>);

/// An agent whose files can be read.
struct Sound {
    system: String,
    shots: Vec<Message>,
    tools: Vec<ToolSpec>,
    turns: u64,
    sampling: Map<String, Value>,
    routes: BTreeMap<QueryClass, Result<Route, AgentError>>,
}

/// The model of a query class.
#[derive(Clone)]
struct Route {
    /// `None` for the manifest's own.
    model: Option<String>,
    name: String,
    parameters: Map<String, Value>,
}

/// What a query makes of an agent.
pub(super) struct Asked {
    /// The first request.
    pub request: Request,
    /// How often the model may be asked.
    pub turns: u64,
    /// The model's name.
    pub model: String,
}

impl Agent {
    /// Reads one agent's part of a harness; what is wrong with it comes out at the first attempt.
    pub(crate) fn read(home: &Home, name: &str, own_model: &str, toolbox: &Toolbox) -> Self {
        Self(Sound::read(home, name, own_model, toolbox))
    }

    /// The request for a query.
    pub(crate) fn asked(&self, query: &str) -> Result<Asked, AgentError> {
        let agent = self.0.as_ref().map_err(AgentError::clone)?;
        agent.asked(query)
    }
}

impl Sound {
    fn read(home: &Home, name: &str, own_model: &str, toolbox: &Toolbox) -> Result<Self, AgentError> {
        let settings = AgentSettings::read(home, name)?;
        let OfAgent { sampling, stated } = parameters::of_agent(home, name)?;
        let prompt = home.text(&home.layout().prompt, &[("agent", name)])?;
        let tools = match settings.may_call_tools() {
            true => offered(home, &settings.tools, toolbox)?,
            false => Vec::new(),
        };
        let route = |class: QueryClass| (class, Route::read(home, class, own_model));
        Ok(Self {
            system: system(prompt.map_or("", |(_, text)| text), &stated),
            shots: shots(home, name)?,
            // Without tools there is nothing that a second turn could follow on.
            turns: if tools.is_empty() { 1 } else { settings.max_turns },
            tools,
            sampling,
            routes: QueryClass::ALL.into_iter().map(route).collect(),
        })
    }

    fn asked(&self, query: &str) -> Result<Asked, AgentError> {
        let class = QueryClass::of(query);
        let unknown = || Err(AgentError(format!("no model for `{}`", class.name())));
        let route = self.routes.get(&class).cloned().unwrap_or_else(unknown)?;
        let mut parameters = route.parameters;
        parameters.extend(self.sampling.clone());
        // By its own field the number goes under the name that the server knows.
        let max_tokens = parameters.get("max_tokens").and_then(Value::as_u64);
        if max_tokens.is_some() {
            parameters.remove("max_tokens");
        }
        let mut messages = self.shots.clone();
        messages.push(Message::user(query));
        Ok(Asked {
            request: Request {
                model: route.model,
                system: self.system.clone(),
                messages,
                tools: self.tools.clone(),
                max_tokens,
                parameters,
                ..Request::default()
            },
            turns: self.turns,
            model: route.name,
        })
    }
}

impl Route {
    fn read(home: &Home, class: QueryClass, own_model: &str) -> Result<Self, AgentError> {
        let model = home.routed(class.name())?;
        let name = model.clone().unwrap_or_else(|| own_model.to_owned());
        Ok(Self {
            parameters: parameters::of_model(home, &name)?,
            name,
            model,
        })
    }
}

/// The prompt, and below it what else is set for the agent.
fn system(prompt: &str, stated: &[(String, Value)]) -> String {
    if stated.is_empty() {
        return prompt.to_owned();
    }
    let line = |(name, value): &(String, Value)| match value {
        Value::String(text) => format!("{name}: {text}"),
        other => format!("{name}: {other}"),
    };
    let lines: Vec<String> = stated.iter().map(line).collect();
    format!("{}\n\n{}", prompt.trim_end(), lines.join("\n"))
        .trim_start()
        .to_owned()
}

/// The examples as a conversation that went before.
fn shots(home: &Home, agent: &str) -> Result<Vec<Message>, AgentError> {
    let turn = |example: examples::Example| {
        let answer = Message::Assistant {
            text: example.output,
            calls: Vec::new(),
        };
        [Message::user(example.input), answer]
    };
    Ok(examples::shots(home, agent)?.into_iter().flat_map(turn).collect())
}

/// The agent's tools, each once, in its order; one without a program is not offered.
fn offered(home: &Home, names: &[String], toolbox: &Toolbox) -> Result<Vec<ToolSpec>, AgentError> {
    let template = &home.layout().tool_description;
    let mut seen = BTreeSet::new();
    let fresh = names.iter().filter(|name| seen.insert(name.as_str()));
    let spec = |name: &String| {
        let parameters = toolbox.parameters(name)?;
        let description = home.value(template, &[("tool", name)]).transpose();
        let description = description.transpose().map(|value| value.and_then(Value::as_str));
        Some(description.map(|description| ToolSpec {
            name: name.clone(),
            description: description.unwrap_or_default().to_owned(),
            parameters,
        }))
    };
    fresh.filter_map(spec).collect()
}
