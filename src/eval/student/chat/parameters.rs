//! Parameters of models and agents: which go into the request by their own names, and which the model is told.

use serde_json::{Map, Value};

use crate::harness::home::{AgentError, Home};

/// Agent parameters that servers know.
const SAMPLING: [&str; 30] = [
    "chat_template_kwargs",
    "frequency_penalty",
    "keep_alive",
    "logit_bias",
    "max_completion_tokens",
    "max_tokens",
    "min_p",
    "mirostat",
    "mirostat_eta",
    "mirostat_tau",
    "num_ctx",
    "num_predict",
    "parallel_tool_calls",
    "presence_penalty",
    "reasoning",
    "reasoning_effort",
    "repeat_last_n",
    "repeat_penalty",
    "repetition_penalty",
    "seed",
    "service_tier",
    "stop",
    "stop_sequences",
    "temperature",
    "think",
    "thinking",
    "tool_choice",
    "top_k",
    "top_p",
    "verbosity",
];

/// Fields of a request that are the harness's by other ways, or that would change the form of the answer.
const OWN: [&str; 7] = ["model", "messages", "system", "tools", "stream", "n", "prompt"];

/// What is set for an agent.
pub(super) struct OfAgent {
    /// For the server.
    pub sampling: Map<String, Value>,
    /// For the model to read, in the order of their names.
    pub stated: Vec<(String, Value)>,
}

/// Everything that is set for a model, for the server.
///
/// # Errors
/// The file cannot be read, or a parameter is no parameter.
pub(super) fn of_model(home: &Home, model: &str) -> Result<Map<String, Value>, AgentError> {
    let set = home.table_above(&home.layout().model_param, "{param}", &[("model", model)])?;
    let set = set.and_then(Value::as_object).cloned().unwrap_or_default();
    match set.keys().find(|name| OWN.contains(&name.as_str())) {
        Some(name) => Err(AgentError(format!(
            "models.{model}: `{name}` is no parameter of a model; remove it"
        ))),
        None => Ok(set),
    }
}

/// Everything that is set for an agent, without its class, tools and turns, which are the loop's.
///
/// # Errors
/// The file cannot be read.
pub(super) fn of_agent(home: &Home, agent: &str) -> Result<OfAgent, AgentError> {
    let layout = home.layout();
    let last = |template: &str| template.rsplit(['.', '#']).next().unwrap_or_default().to_owned();
    let own = [
        last(&layout.agent_class),
        last(&layout.agent_tools),
        "max_turns".to_owned(),
    ];
    let set = home.table_above(&layout.agent_param, "{param}", &[("agent", agent)])?;
    let set = set.and_then(Value::as_object).cloned().unwrap_or_default();
    let further = set.into_iter().filter(|(name, _)| !own.contains(name));
    let (sampling, stated): (Vec<_>, Vec<_>) = further.partition(|(name, _)| SAMPLING.contains(&name.as_str()));
    Ok(OfAgent {
        sampling: sampling.into_iter().collect(),
        stated,
    })
}
