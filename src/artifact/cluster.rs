//! A group of failures with one cause.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Extra;

/// A group of failures with one cause, with measured failure rates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FailureCluster {
    /// Label, unique within the diagnosis.
    pub id: String,
    /// What goes wrong.
    pub description: String,
    /// Traces that show it.
    #[serde(default)]
    pub sample_trace_ids: Vec<String>,
    /// Share of the cluster's train tasks that the student fails, 0 to 1.
    #[serde(default)]
    pub student_failure_rate: f64,
    /// Share of the cluster's train tasks that the teacher solves, 0 to 1.
    #[serde(default)]
    pub teacher_success_rate: f64,
    /// What the student lacks.
    #[serde(default)]
    pub skill_gap: String,
    /// Labels of the edits that address it.
    #[serde(default)]
    pub addressed_by_edit_ids: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}
