//! What an agent and a model are set to, checked, with defaults.

use serde::Serialize;
use serde_json::Value;

use crate::harness::home::{AgentError, Home, Names};

/// How features are weighted when two texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Weighting {
    /// Cosine of raw counts.
    Count,
    /// Cosine of presence.
    Binary,
    /// Cosine of counts times inverse document frequency.
    Tfidf,
    /// Okapi BM25, as a share of what the query would score against itself.
    Bm25,
}

/// The parameters of one model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ModelSettings {
    /// How features are weighted.
    pub weighting: Weighting,
    /// Longest word n-gram, 1 to 3.
    pub ngrams: usize,
    /// Length of character n-grams, 2 to 6; 0 for none.
    pub char_ngrams: usize,
    /// How many neighbours vote, 1 to 100.
    pub k: usize,
    /// Similarity of the winning label's nearest example below which the fallback is answered, 0 to 1.
    pub refuse_below: f64,
    /// Noise, 0 (none) to 10.
    pub temperature: f64,
}

/// What is set for one agent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct AgentSettings {
    /// `simple` never calls a tool, every other class may.
    pub class: String,
    /// Names of its tools, in order.
    pub tools: Vec<String>,
    /// Turns it may take; a tool call needs two.
    pub max_turns: u64,
    /// What it answers when it refuses.
    pub fallback: String,
}

impl AgentSettings {
    /// Reads an agent's part of the harness.
    ///
    /// # Errors
    /// A value of the wrong type, or a malformed file.
    pub(crate) fn read(home: &Home, agent: &str) -> Result<Self, AgentError> {
        let layout = home.layout();
        let param = |name: &str| home.value(&layout.agent_param, &[("agent", agent), ("param", name)]);
        let names: &Names = &[("agent", agent)];
        let class = home.value(&layout.agent_class, names)?;
        let tools = home.value(&layout.agent_tools, names)?;
        Ok(Self {
            class: class.map_or(Ok("simple".to_owned()), |value| text(value, agent, "class"))?,
            tools: tools.map_or(Ok(Vec::new()), |value| tool_names(value, agent))?,
            max_turns: param("max_turns")?.map_or(Ok(10.0), |value| within(value, agent, "max_turns", 0.0, 1e6))?
                as u64,
            fallback: param("fallback")?.map_or(Ok("oos".to_owned()), |value| text(value, agent, "fallback"))?,
        })
    }

    /// Whether the agent may call a tool at all.
    pub(crate) fn may_call_tools(&self) -> bool {
        self.class != "simple" && self.max_turns >= 2
    }
}

impl ModelSettings {
    /// Reads a model's part of the harness.
    ///
    /// # Errors
    /// A value of the wrong type or out of range, or a malformed file.
    pub(crate) fn read(home: &Home, model: &str) -> Result<Self, AgentError> {
        let template = &home.layout().model_param;
        let param = |name: &str| home.value(template, &[("model", model), ("param", name)]);
        let number = |name: &str, default: f64, low: f64, high: f64| {
            param(name)?.map_or(Ok(default), |value| within(value, model, name, low, high))
        };
        Ok(Self {
            weighting: param("weighting")?.map_or(Ok(Weighting::Count), |value| weighting(value, model))?,
            ngrams: number("ngrams", 1.0, 1.0, 3.0)? as usize,
            char_ngrams: number("char_ngrams", 0.0, 0.0, 6.0)? as usize,
            k: number("k", 1.0, 1.0, 100.0)? as usize,
            refuse_below: number("refuse_below", 0.0, 0.0, 1.0)?,
            temperature: number("temperature", 0.0, 0.0, 10.0)?,
        })
    }
}

fn weighting(value: &Value, model: &str) -> Result<Weighting, AgentError> {
    match value.as_str() {
        Some("count") => Ok(Weighting::Count),
        Some("binary") => Ok(Weighting::Binary),
        Some("tfidf") => Ok(Weighting::Tfidf),
        Some("bm25") => Ok(Weighting::Bm25),
        _ => Err(AgentError(format!(
            "{model}: weighting is {value}; use \"count\", \"binary\", \"tfidf\" or \"bm25\""
        ))),
    }
}

fn text(value: &Value, owner: &str, name: &str) -> Result<String, AgentError> {
    let text = value.as_str().map(str::to_owned);
    text.ok_or_else(|| AgentError(format!("{owner}: {name} is {value}; use a string")))
}

fn within(value: &Value, owner: &str, name: &str, low: f64, high: f64) -> Result<f64, AgentError> {
    let number = value.as_f64().filter(|number| (low..=high).contains(number));
    number.ok_or_else(|| AgentError(format!("{owner}: {name} is {value}; use a number from {low} to {high}")))
}

/// An array of strings, or the ancestor's comma-separated string.
fn tool_names(value: &Value, agent: &str) -> Result<Vec<String>, AgentError> {
    let names: Option<Vec<String>> = match value {
        Value::String(list) => Some(list.split(',').map(|name| name.trim().to_owned()).collect()),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    };
    let names = names.ok_or_else(|| AgentError(format!("{agent}: tools is {value}; use an array of strings")))?;
    Ok(names.into_iter().filter(|name| !name.is_empty()).collect())
}
