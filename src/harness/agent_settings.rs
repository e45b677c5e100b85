//! Reads the settings of an agent and of a model from the harness, with checks and defaults.

use serde::Serialize;
use serde_json::Value;

use crate::harness::home::{AgentError, Names, ParsedHome};

/// The weighting of features in the comparison of two texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Weighting {
    /// Cosine of raw counts.
    Count,
    /// Cosine of presence.
    Binary,
    /// Cosine of counts times inverse document frequency.
    Tfidf,
    /// Okapi BM25, divided by the query's score against itself.
    Bm25,
}

/// The parameters of one model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ModelSettings {
    /// The weighting of features.
    pub weighting: Weighting,
    /// The maximum length of word n-grams, 1 to 3.
    pub ngrams: usize,
    /// The length of character n-grams, 2 to 6; 0 for none.
    pub char_ngrams: usize,
    /// The number of neighbours that vote, 1 to 100.
    pub k: usize,
    /// The minimum similarity, 0 to 1, of the winning label's nearest example. Below it, the agent answers the
    /// fallback.
    pub refuse_below: f64,
    /// The randomness of answers, 0 (none) to 10.
    pub temperature: f64,
}

/// The settings of one agent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct AgentSettings {
    /// The agent's class. `simple` never calls tools; every other class may.
    pub class: String,
    /// The names of its tools, in order.
    pub tools: Vec<String>,
    /// The maximum number of turns; a tool call needs two.
    pub max_turns: u64,
    /// The answer when it refuses.
    pub fallback: String,
}

impl AgentSettings {
    /// Reads the settings of an agent.
    ///
    /// # Errors
    /// A value has the wrong type or is out of range, or the file is not TOML.
    pub(crate) fn read(home: &ParsedHome, agent: &str) -> Result<Self, AgentError> {
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

    /// Whether the agent may call tools.
    pub(crate) fn may_call_tools(&self) -> bool {
        self.class != "simple" && self.max_turns >= 2
    }
}

impl ModelSettings {
    /// Whether the harness sets a parameter of a model that only the built-in student has.
    pub(crate) fn names_built_in(home: &ParsedHome, model: &str) -> bool {
        let template = &home.layout().model_param;
        let is_set = |name: &&str| matches!(home.value(template, &[("model", model), ("param", name)]), Ok(Some(_)));
        ["weighting", "ngrams", "char_ngrams", "refuse_below"]
            .iter()
            .any(is_set)
    }

    /// Reads the parameters of a model.
    ///
    /// # Errors
    /// A value has the wrong type or is out of range, or the file is not TOML.
    pub(crate) fn read(home: &ParsedHome, model: &str) -> Result<Self, AgentError> {
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

/// An array of strings, or a comma-separated string as in OpenJarvis.
fn tool_names(value: &Value, agent: &str) -> Result<Vec<String>, AgentError> {
    let names: Option<Vec<String>> = match value {
        Value::String(list) => Some(list.split(',').map(|name| name.trim().to_owned()).collect()),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    };
    let names = names.ok_or_else(|| AgentError(format!("{agent}: tools is {value}; use an array of strings")))?;
    Ok(names.into_iter().filter(|name| !name.is_empty()).collect())
}
