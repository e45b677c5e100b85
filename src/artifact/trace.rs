//! A trace: one past run of the agent.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::Extra;
use crate::digest::Digest;

/// One step of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TraceStep {
    /// `route`, `retrieve`, `generate`, `tool_call` or `respond`.
    pub step_type: String,
    /// The step's input.
    #[serde(default)]
    pub input: serde_json::Value,
    /// The step's output.
    #[serde(default)]
    pub output: serde_json::Value,
    /// Duration in seconds.
    #[serde(default)]
    pub duration_seconds: Option<f64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One past run of the agent. Unknown facts are null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trace {
    /// The trace's id, unique within the trace store.
    pub trace_id: String,
    /// The question for the agent.
    #[serde(default, deserialize_with = "null_as_default")]
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
    /// `success`, `failure`, or another word that the store uses.
    #[serde(default)]
    pub outcome: Option<String>,
    /// A person's or a benchmark's rating, 0 to 1.
    #[serde(default)]
    pub feedback: Option<f64>,
    /// Start, in seconds since 1970 (UTC); RFC 3339 text is accepted too.
    #[serde(default, deserialize_with = "time")]
    pub started_at: Option<f64>,
    /// End, in seconds since 1970 (UTC); RFC 3339 text is accepted too.
    #[serde(default, deserialize_with = "time")]
    pub ended_at: Option<f64>,
    /// Number of tokens, input and output together.
    #[serde(default)]
    pub total_tokens: Option<u64>,
    /// Latency in seconds.
    #[serde(default)]
    pub total_latency_seconds: Option<f64>,
    /// Further data from the store.
    #[serde(default)]
    pub metadata: serde_json::Value,
    /// The steps of the run, in order.
    #[serde(default, deserialize_with = "null_as_default")]
    pub steps: Vec<TraceStep>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Trace {
    /// The digest of the whole trace, including unknown fields.
    pub(crate) fn digest(&self) -> Digest {
        Digest::of_value(self)
    }

    /// The feedback, 0 to 1. A number outside is on another scale, such as stars, and says nothing on this one.
    pub(crate) fn rating(&self) -> Option<f64> {
        self.feedback.filter(|feedback| (0.0..=1.0).contains(feedback))
    }
}

/// A filter for traces; an absent field matches all.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Filter {
    /// The agent's exact name.
    pub agent: Option<String>,
    /// The model's exact name.
    pub model: Option<String>,
    /// The exact outcome.
    pub outcome: Option<String>,
    /// Earliest start, in seconds since 1970 (UTC).
    pub since: Option<f64>,
    /// Latest start, in seconds since 1970 (UTC). A trace without a start time counts as older than all others.
    pub until: Option<f64>,
    /// Maximum number of traces. The caller applies it; [`Filter::matches`] ignores it.
    pub limit: Option<usize>,
}

impl Filter {
    /// Whether the trace passes the filter, ignoring `limit`.
    pub(crate) fn matches(&self, trace: &Trace) -> bool {
        let same = |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
        let started = trace.started_at.unwrap_or(f64::NEG_INFINITY);
        same(&self.agent, &trace.agent)
            && same(&self.model, &trace.model)
            && same(&self.outcome, &trace.outcome)
            && self.since.is_none_or(|since| started >= since)
            && self.until.is_none_or(|until| started <= until)
    }
}

/// Reads null as the default value.
fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// A time in one of the forms that stores use.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a time is a number (seconds since 1970), an RFC 3339 text, or null"
)]
enum Moment {
    Seconds(f64),
    Text(String),
}

/// Reads a number, RFC 3339 text, or null as seconds since 1970.
pub(crate) fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    match Option::<Moment>::deserialize(from)? {
        None => Ok(None),
        Some(Moment::Seconds(seconds)) => Ok(Some(seconds)),
        Some(Moment::Text(text)) => chrono::DateTime::parse_from_rfc3339(&text)
            .map(|moment| Some(moment.timestamp_micros() as f64 / 1e6))
            .map_err(|_| serde::de::Error::custom(format!("`{text}` is not a time: write RFC 3339 or seconds"))),
    }
}

/// The state of a trace store when it was read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct TracePin {
    /// Number of traces in the store.
    pub count: u64,
    /// Digest of their ids and contents, in the store's order.
    pub digest: Digest,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: serde_json::Value) -> Result<Trace, serde_json::Error> {
        serde_json::from_value(value)
    }

    #[test]
    fn times_are_numbers_texts_or_null() {
        for (written, read_as) in [
            (json!(1760000000), Some(1_760_000_000.0)),
            (json!(1.5), Some(1.5)),
            (json!("2025-10-09T08:53:20Z"), Some(1_760_000_000.0)),
            (json!("2025-10-09T10:53:20.5+02:00"), Some(1_760_000_000.5)),
            (json!(null), None),
        ] {
            let trace = read(json!({"trace_id": "a", "started_at": written, "ended_at": written})).unwrap();
            assert_eq!((trace.started_at, trace.ended_at), (read_as, read_as), "{written}");
        }
        for wrong in [json!("yesterday"), json!([1]), json!(true)] {
            assert!(read(json!({"trace_id": "a", "started_at": wrong})).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nulls_are_tolerated_and_unknown_fields_survive() {
        let trace = read(json!({"trace_id": "a", "query": null, "steps": null, "metadata": null, "mood": 3})).unwrap();
        assert_eq!((trace.query.as_str(), trace.steps.len()), ("", 0));
        assert_eq!(serde_json::to_value(&trace).unwrap()["mood"], 3);
        assert!(read(json!({"query": "no id"})).is_err());
    }

    #[test]
    #[allow(clippy::too_many_lines)] // a table
    fn a_filter_wants_what_it_says() {
        let trace = read(json!({"trace_id": "a", "agent": "x", "outcome": "failure", "started_at": 10})).unwrap();
        let timeless = read(json!({"trace_id": "b", "agent": "x"})).unwrap();
        let filter = Filter::default();
        for (filter, wants, wants_timeless) in [
            (filter.clone(), true, true),
            (
                Filter {
                    agent: Some("x".into()),
                    ..filter.clone()
                },
                true,
                true,
            ),
            (
                Filter {
                    agent: Some("y".into()),
                    ..filter.clone()
                },
                false,
                false,
            ),
            (
                Filter {
                    outcome: Some("failure".into()),
                    ..filter.clone()
                },
                true,
                false,
            ),
            (
                Filter {
                    model: Some("m".into()),
                    ..filter.clone()
                },
                false,
                false,
            ),
            (
                Filter {
                    since: Some(10.0),
                    ..filter.clone()
                },
                true,
                false,
            ),
            (
                Filter {
                    since: Some(10.5),
                    ..filter.clone()
                },
                false,
                false,
            ),
            (
                Filter {
                    until: Some(10.0),
                    ..filter.clone()
                },
                true,
                true,
            ),
            (
                Filter {
                    until: Some(9.0),
                    ..filter.clone()
                },
                false,
                true,
            ),
        ] {
            assert_eq!(
                (filter.matches(&trace), filter.matches(&timeless)),
                (wants, wants_timeless),
                "{filter:?}"
            );
        }
    }
}
