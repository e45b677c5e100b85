//! A trace: one past run of the agent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Extra;

/// One step of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// `route`, `retrieve`, `generate`, `tool_call` or `respond`.
    pub step_type: String,
    /// What went in.
    #[serde(default)]
    pub input: serde_json::Value,
    /// What came out.
    #[serde(default)]
    pub output: serde_json::Value,
    /// Seconds.
    #[serde(default)]
    pub duration_seconds: Option<f64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One past run of the agent. Absent facts are null: nothing is invented.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trace {
    /// Unique in its store.
    pub trace_id: String,
    /// What the agent was asked.
    #[serde(default)]
    pub query: String,
    /// The agent that ran.
    #[serde(default)]
    pub agent: Option<String>,
    /// The model that answered.
    #[serde(default)]
    pub model: Option<String>,
    /// The inference engine.
    #[serde(default)]
    pub engine: Option<String>,
    /// The final answer.
    #[serde(default)]
    pub result: Option<String>,
    /// `success`, `failure`, or another word of the store.
    #[serde(default)]
    pub outcome: Option<String>,
    /// A person's or a benchmark's rating, 0 to 1.
    #[serde(default)]
    pub feedback: Option<f64>,
    /// Seconds since 1970, UTC.
    #[serde(default)]
    pub started_at: Option<f64>,
    /// Seconds since 1970, UTC.
    #[serde(default)]
    pub ended_at: Option<f64>,
    /// Tokens in and out.
    #[serde(default)]
    pub total_tokens: Option<u64>,
    /// Seconds.
    #[serde(default)]
    pub total_latency_seconds: Option<f64>,
    /// Whatever the store keeps beside.
    #[serde(default)]
    pub metadata: serde_json::Value,
    /// What happened, in order.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}
