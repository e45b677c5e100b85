//! `trigger.json`: why a session exists.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Artifact, ArtifactError, Extra, first_version};

/// What started a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TriggerKind {
    /// The schedule.
    Scheduled,
    /// A group of failing traces.
    Cluster,
    /// A person flagged a trace.
    UserFlag,
    /// A person asked for a session.
    #[default]
    OnDemand,
}

/// The kinds, as a file names them.
const KINDS: &str = "\"scheduled\", \"cluster\", \"user_flag\" or \"on_demand\"";

impl TriggerKind {
    /// The trigger's source, in words for people.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Scheduled => "the schedule",
            Self::Cluster => "a group of failures",
            Self::UserFlag => "a flagged trace",
            Self::OnDemand => "a person",
        }
    }
}

/// Why a session exists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trigger {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// What started the session.
    #[serde(rename = "trigger", default)]
    pub kind: TriggerKind,
    /// Details from the trigger, such as a schedule, trace ids, or a reason.
    #[serde(default)]
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// When it was created, RFC 3339 in UTC; empty if a file dropped into `triggers/` does not state it.
    #[serde(default)]
    pub created_at: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Trigger {
    /// Creates a trigger.
    pub(crate) fn new(
        kind: TriggerKind,
        metadata: serde_json::Map<String, serde_json::Value>,
        created_at: String,
    ) -> Self {
        Self {
            version: 1,
            kind,
            metadata,
            created_at,
            extra: Extra::new(),
        }
    }

    /// Reads a file dropped into `triggers/`; an empty file asks for a session on demand.
    ///
    /// # Errors
    /// The file is neither empty nor a valid trigger.
    pub(crate) fn from_dropped(path: &Path, text: &str) -> Result<Self, ArtifactError> {
        if text.trim_start_matches('\u{feff}').trim().is_empty() {
            return Ok(Self::new(TriggerKind::OnDemand, Default::default(), String::new()));
        }
        let trigger = Self::from_text(path, text)?;
        // The kind would not count under this name. Triggers of sessions may have it, from before it was refused.
        match trigger.extra.contains_key("kind") {
            true => Err(ArtifactError::Invalid {
                path: path.to_owned(),
                problem: format!("`kind` is not a field of a trigger; write \"trigger\": {KINDS}"),
            }),
            false => Ok(trigger),
        }
    }

    /// The ids of the traces in the metadata: the flagged trace, or those of the cluster.
    pub(crate) fn trace_ids(&self) -> impl Iterator<Item = &str> {
        let one = self.metadata.get("trace_id").into_iter();
        let all = self.metadata.get("trace_ids").and_then(|ids| ids.as_array());
        one.chain(all.into_iter().flatten()).filter_map(|id| id.as_str())
    }
}

impl Artifact for Trigger {
    const NAME: &'static str = "trigger";
    const VERSION: u32 = 1;
    const DEPTH: usize = 2;

    fn version(&self) -> u32 {
        self.version
    }

    fn extra_mut(&mut self) -> &mut Extra {
        &mut self.extra
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_file_is_a_trigger_or_empty() {
        let read = |text: &str| Trigger::from_dropped(Path::new("triggers/x"), text);
        for text in ["", " \r\n", "\u{feff}", "{}", "{\"metadata\": {}}"] {
            assert_eq!(read(text).unwrap().kind, TriggerKind::OnDemand, "{text:?}");
        }
        let flag = read(r#"{"trigger": "user_flag", "metadata": {"trace_id": "t1", "trace_ids": ["t2", 3]}}"#).unwrap();
        assert_eq!(flag.trace_ids().collect::<Vec<_>>(), ["t1", "t2"]);
        for text in ["{", "[]", "{\"version\": 2}", "now"] {
            assert!(read(text).is_err(), "{text:?}");
        }
        for text in [
            "{\"trigger\": \"whim\"}",
            "{\"kind\": \"nope\"}",
            "{\"kind\": \"user_flag\"}",
        ] {
            let problem = read(text).unwrap_err().to_string();
            for kind in ["scheduled", "cluster", "user_flag", "on_demand"] {
                assert!(problem.contains(kind), "{problem}");
            }
        }
    }
}
