//! One agent of the chat student: reads it from a harness once, and builds the request for each query.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::parameters::{self, OfAgent};
use super::source::{self, RequestSources};
use super::tool::Toolbox;
use crate::eval::student::nearest::query_class::QueryClass;
use crate::harness::agent_settings::AgentSettings;
use crate::harness::examples;
use crate::harness::home::{AgentError, ParsedHome};
use crate::llm::chat::{Message, Request, ToolSpec};

/// One agent, or the reason why it cannot run.
pub(super) struct ChatAgent(Result<LoadedChatAgent, AgentError>);

/// An agent whose files can be read.
struct LoadedChatAgent {
    system: String,
    shots: Vec<Message>,
    tools: Vec<ToolSpec>,
    turns: u64,
    sampling: Map<String, Value>,
    routes: BTreeMap<QueryClass, Result<ModelRoute, AgentError>>,
    sources: RequestSources,
}

/// The model of a query class.
#[derive(Clone)]
struct ModelRoute {
    /// `None` for the manifest's model.
    model: Option<String>,
    name: String,
    parameters: Map<String, Value>,
    /// The key that names it.
    source: String,
}

/// The start of an attempt at a query.
pub(super) struct AgentRequest {
    /// The first request.
    pub request: Request,
    /// The maximum number of requests to the model.
    pub turns: u64,
    /// The model's name.
    pub model: String,
    /// The files and keys that the request comes from.
    pub sources: RequestSources,
}

impl ChatAgent {
    /// Reads one agent from a harness. Errors are kept until the first attempt.
    pub(crate) fn read(home: &ParsedHome, name: &str, own_model: &str, toolbox: &Toolbox) -> Self {
        Self(LoadedChatAgent::read(home, name, own_model, toolbox))
    }

    /// The request for a query.
    pub(crate) fn asked(&self, query: &str) -> Result<AgentRequest, AgentError> {
        let agent = self.0.as_ref().map_err(AgentError::clone)?;
        agent.asked(query)
    }
}

impl LoadedChatAgent {
    fn read(home: &ParsedHome, name: &str, own_model: &str, toolbox: &Toolbox) -> Result<Self, AgentError> {
        let settings = AgentSettings::read(home, name)?;
        let OfAgent { sampling, stated } = parameters::of_agent(home, name)?;
        let prompt = home.text(&home.layout().prompt, &[("agent", name)])?;
        let tools = match settings.may_call_tools() {
            true => offered(home, &settings.tools, toolbox)?,
            false => Vec::new(),
        };
        let route = |class: QueryClass| (class, ModelRoute::read(home, class, own_model));
        Ok(Self {
            system: system(prompt.map_or("", |(_, text)| text), &stated),
            shots: shots(home, name)?,
            // Without tools, there is no reason for a second turn.
            turns: if tools.is_empty() { 1 } else { settings.max_turns },
            tools,
            sampling,
            routes: QueryClass::ALL.into_iter().map(route).collect(),
            sources: RequestSources::of_agent(home.layout(), name),
        })
    }

    fn asked(&self, query: &str) -> Result<AgentRequest, AgentError> {
        let class = QueryClass::of(query);
        let unknown = || Err(AgentError(format!("no model for `{}`", class.name())));
        let route = self.routes.get(&class).cloned().unwrap_or_else(unknown)?;
        let mut sources = self.sources.clone();
        sources.add_model(&route.name, route.parameters.keys(), &route.source);
        sources.add_agent(self.sampling.keys());
        let mut parameters = route.parameters;
        parameters.extend(self.sampling.clone());
        // The separate field is sent under the name that the server expects.
        let max_tokens = parameters.get("max_tokens").and_then(Value::as_u64);
        if max_tokens.is_some() {
            parameters.remove("max_tokens");
        }
        let mut messages = self.shots.clone();
        messages.push(Message::user(query));
        Ok(AgentRequest {
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
            sources,
        })
    }
}

impl ModelRoute {
    fn read(home: &ParsedHome, class: QueryClass, own_model: &str) -> Result<Self, AgentError> {
        let model = home.routed(class.name())?;
        let name = model.clone().unwrap_or_else(|| own_model.to_owned());
        Ok(Self {
            parameters: parameters::of_model(home, &name)?,
            source: source::of_route(home, class)?,
            name,
            model,
        })
    }
}

/// The system prompt, followed by the agent's other parameters.
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

/// The examples as earlier messages of the conversation.
fn shots(home: &ParsedHome, agent: &str) -> Result<Vec<Message>, AgentError> {
    let turn = |example: examples::Example| {
        let answer = Message::Assistant {
            text: example.output,
            calls: Vec::new(),
        };
        [Message::user(example.input), answer]
    };
    Ok(examples::shots(home, agent)?.into_iter().flat_map(turn).collect())
}

/// The agent's tools, in its order and without duplicates. A tool without a program is not offered.
fn offered(home: &ParsedHome, names: &[String], toolbox: &Toolbox) -> Result<Vec<ToolSpec>, AgentError> {
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
