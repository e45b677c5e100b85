//! A trace and a step about which nothing is known yet.

use serde_json::{Value, json};

use crate::artifact::trace::{Step, Trace};
use crate::digest::Digest;

/// A trace that says nothing but its id.
pub(crate) fn trace(trace_id: String) -> Trace {
    Trace {
        trace_id,
        query: String::new(),
        agent: None,
        model: None,
        engine: None,
        result: None,
        outcome: None,
        feedback: None,
        started_at: None,
        ended_at: None,
        total_tokens: None,
        total_latency_seconds: None,
        metadata: json!({}),
        steps: Vec::new(),
        extra: Default::default(),
    }
}

/// A step.
pub(crate) fn step(step_type: &str, input: Value, output: Value) -> Step {
    Step {
        step_type: step_type.to_owned(),
        input,
        output,
        duration_seconds: None,
        extra: Default::default(),
    }
}

/// An id from the content, with the source's own id before it where that is not unique by itself.
pub(crate) fn id(dialect: &str, own: Option<&str>, content: &Value) -> String {
    let digest = Digest::of_value(content);
    match own {
        Some(own) => format!("{dialect}:{own}-{}", digest.short()),
        None => format!("{dialect}:{}", &digest.to_string()[..20]),
    }
}
