//! The parameters of models and agents: which are fields of the request, and which are text in the system prompt.

use serde_json::{Map, Value};

use crate::harness::home::{AgentError, ParsedHome};

/// Agent parameters that are sent as fields of the request, because servers know them.
const SAMPLING: [&str; 33] = [
    "chat_template_kwargs",
    "frequency_penalty",
    "grammar",
    "guided_choice",
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
    "structured_outputs",
    "temperature",
    "think",
    "thinking",
    "tool_choice",
    "top_k",
    "top_p",
    "verbosity",
];

/// Agent parameters that are fields of the request if they hold an object, such as a JSON Schema. As words, such as
/// `format = "markdown"`, they are text for the model.
const FORMS: [&str; 3] = ["format", "output_config", "response_format"];

/// Fields of a request that the harness sets in other ways, or that would change the form of the reply.
const OWN: [&str; 7] = ["model", "messages", "system", "tools", "stream", "n", "prompt"];

/// The parameters of an agent.
pub(super) struct OfAgent {
    /// The fields of the request.
    pub sampling: Map<String, Value>,
    /// The parameters that the model reads in its prompt, ordered by name.
    pub stated: Vec<(String, Value)>,
}

/// The parameters of a model, which are all fields of the request.
///
/// # Errors
/// The file cannot be read, or a name is not that of a model parameter.
pub(super) fn of_model(home: &ParsedHome, model: &str) -> Result<Map<String, Value>, AgentError> {
    let set = home.table_above(&home.layout().model_param, "{param}", &[("model", model)])?;
    let set = set.and_then(Value::as_object).cloned().unwrap_or_default();
    match set.keys().find(|name| OWN.contains(&name.as_str())) {
        Some(name) => Err(AgentError(format!(
            "models.{model}: `{name}` is not a model parameter; remove it"
        ))),
        None => Ok(set),
    }
}

/// The parameters of an agent, without its class, tools and turns, which the student itself uses.
///
/// # Errors
/// The file cannot be read.
pub(super) fn of_agent(home: &ParsedHome, agent: &str) -> Result<OfAgent, AgentError> {
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
    let (sampling, stated): (Vec<_>, Vec<_>) = further.partition(|(name, value)| {
        SAMPLING.contains(&name.as_str()) || value.is_object() && FORMS.contains(&name.as_str())
    });
    Ok(OfAgent {
        sampling: sampling.into_iter().collect(),
        stated,
    })
}
