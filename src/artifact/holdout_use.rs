//! `benchmark/consultations.jsonl`: one line for each use of the gate split, and for each exchange of its tasks.

use schemars::JsonSchema;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::Extra;
use super::task::Task;
use crate::digest::Digest;

/// The file, relative to the workspace. It is next to the task files, and contains no tasks.
pub(crate) const FILE: &str = "benchmark/consultations.jsonl";

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum HoldoutUse {
    /// The gate decided about an edit.
    Edit(EditLine),
    /// A split was scored to measure the combined effect of many edits.
    Audit(AuditLine),
    /// The gate decided whether an old edit still helps.
    Prune(PruneLine),
    /// Some gate tasks were exchanged for others.
    Refresh(RefreshLine),
    /// A line from a newer kaizen; it is kept unchanged.
    #[serde(untagged)]
    #[schemars(skip)]
    Unknown(Extra),
}

/// The gate decided about an edit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct EditLine {
    /// When, RFC 3339.
    pub at: String,
    /// The session.
    pub session_id: String,
    /// The edit's label.
    pub edit_id: String,
    /// The edit's digest.
    pub edit_digest: Digest,
    /// Digest of the gate tasks' ids, see [`tasks`].
    pub tasks: Digest,
    /// Pairs of runs that the gate saw.
    pub pairs: usize,
    /// `accept`, `reject` or `undecided`.
    pub decision: String,
    /// The gate's reason.
    pub reason: String,
    /// The edit's share of the error budget; absent if the mode has no error budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpha: Option<f64>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A split was scored to measure the combined effect of many edits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct AuditLine {
    /// When, RFC 3339.
    pub at: String,
    /// The split: `gate` or `test`.
    pub split: String,
    /// The commit that the harness was compared with.
    pub since: String,
    /// Digest of the tasks' ids, see [`tasks`].
    pub tasks: Digest,
    /// Pairs of runs that were compared.
    pub pairs: usize,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The gate decided whether an old edit still helps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PruneLine {
    /// When, RFC 3339.
    pub at: String,
    /// The edit's label.
    pub edit_id: String,
    /// The edit's digest.
    pub edit_digest: Digest,
    /// The session that applied it.
    pub session_id: String,
    /// Digest of the gate tasks' ids, see [`tasks`].
    pub tasks: Digest,
    /// Pairs of runs that the gate saw.
    pub pairs: usize,
    /// `accept`, `reject` or `undecided`.
    pub decision: String,
    /// The gate's reason.
    pub reason: String,
    /// What the edit is worth; absent in modes other than `sample`, which need not run all tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worth: Option<EditWorth>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What an applied edit is worth: a harness with the edit against the same harness without it, over all gate tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct EditWorth {
    /// Mean change of the score by the edit, -1 to 1.
    pub gain: f64,
    /// The interval of the gain, as fractions.
    pub interval: [f64; 2],
    /// The probability with which the interval holds, 0 to 1.
    pub level: f64,
    /// Number of gate tasks that count: the sum of wins, losses and ties.
    pub n: usize,
    /// Tasks that score better with the edit.
    pub wins: usize,
    /// Tasks that score worse with it.
    pub losses: usize,
    /// Tasks with equal scores; those that the edit does not reach are among them.
    pub ties: usize,
    /// An edit goes if its interval ends below this gain, 0 to 1.
    pub margin: f64,
    /// Digest of the harness with the edit.
    pub harness: Digest,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Some gate tasks were exchanged for others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct RefreshLine {
    /// When, RFC 3339.
    pub at: String,
    /// Ids of the tasks that moved to the train split.
    pub retired: Vec<String>,
    /// Ids of the tasks that moved to the gate split.
    pub drawn: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A line about an edit without unknown fields, which most lines are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainEditLine {
    kind: PlainEditKind,
    at: String,
    session_id: String,
    edit_id: String,
    edit_digest: Digest,
    tasks: Digest,
    pairs: usize,
    decision: String,
    reason: String,
    #[serde(default)]
    alpha: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum PlainEditKind {
    Edit,
}

impl From<PlainEditLine> for HoldoutUse {
    fn from(line: PlainEditLine) -> Self {
        let PlainEditKind::Edit = line.kind;
        Self::Edit(EditLine {
            at: line.at,
            session_id: line.session_id,
            edit_id: line.edit_id,
            edit_digest: line.edit_digest,
            tasks: line.tasks,
            pairs: line.pairs,
            decision: line.decision,
            reason: line.reason,
            alpha: line.alpha,
            extra: Extra::default(),
        })
    }
}

impl HoldoutUse {
    /// Parses a line. There may be many thousands, so one without unknown fields is not parsed by way of a map.
    ///
    /// # Errors
    /// It is not a consultation.
    pub(crate) fn of_line(line: &str) -> serde_json::Result<Self> {
        match serde_json::from_str::<PlainEditLine>(line) {
            Ok(plain) => Ok(plain.into()),
            Err(_) => serde_json::from_str(line),
        }
    }

    /// Whether both lines record the same event: a rerun, or a run after a crash, may write it a second time.
    pub(crate) fn is_same(&self, other: &HoldoutUse) -> bool {
        let edit = |line: &EditLine| (line.session_id.clone(), line.edit_digest, line.tasks, line.pairs);
        match (self, other) {
            (Self::Edit(one), Self::Edit(two)) => edit(one) == edit(two),
            (Self::Refresh(one), Self::Refresh(two)) => (&one.retired, &one.drawn) == (&two.retired, &two.drawn),
            _ => false,
        }
    }
}

/// Digest of the task ids, independent of their order.
pub(crate) fn tasks<'a>(tasks: impl IntoIterator<Item = &'a Task>) -> Digest {
    let mut ids: Vec<&str> = tasks.into_iter().map(|task| task.task_id.as_str()).collect();
    ids.sort_unstable();
    Digest::of_value(&ids)
}

impl<'de> Deserialize<'de> for HoldoutUse {
    /// Lines of an unknown kind are kept; lines of a known kind must be complete.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Extra::deserialize(deserializer)?;
        let kind = fields.get("kind").and_then(Value::as_str).map(str::to_owned);
        let kind = kind.ok_or_else(|| D::Error::missing_field("kind"))?;
        Ok(match kind.as_str() {
            "edit" => Self::Edit(line(&mut fields)?),
            "audit" => Self::Audit(line(&mut fields)?),
            "prune" => Self::Prune(line(&mut fields)?),
            "refresh" => Self::Refresh(line(&mut fields)?),
            _ => Self::Unknown(fields),
        })
    }
}

fn line<T: DeserializeOwned, E: Error>(fields: &mut Extra) -> Result<T, E> {
    fields.remove("kind");
    let fields = std::mem::take(fields);
    serde_json::from_value(Value::Object(fields)).map_err(E::custom)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn edit() -> Value {
        json!({"kind": "edit", "at": "t", "session_id": "s", "edit_id": "e1", "edit_digest": Digest::of_bytes(b"e"),
            "tasks": Digest::of_bytes(b"t"), "pairs": 12, "decision": "reject", "reason": "futile", "alpha": 0.01})
    }

    #[test]
    fn lines_come_back_as_they_were_with_what_nobody_knows() {
        let mut known = edit();
        known["mood"] = "kept".into();
        let refresh = json!({"kind": "refresh", "at": "t", "retired": ["a"], "drawn": ["b"], "why": 1});
        for value in [
            edit(),
            known,
            refresh,
            json!({"kind": "dream", "at": "t", "of": ["sheep"]}),
        ] {
            let line: HoldoutUse = serde_json::from_value(value.clone()).unwrap();
            assert_eq!(serde_json::to_value(&line).unwrap(), value);
            assert_eq!(HoldoutUse::of_line(&value.to_string()).unwrap(), line);
        }
    }

    #[test]
    fn a_known_kind_must_be_whole_and_a_line_needs_a_kind() {
        for (text, words) in [
            (r#"{"kind": "edit"}"#, "missing field"),
            (r#"{"task_id": "a"}"#, "missing field `kind`"),
            ("7", "invalid type"),
        ] {
            let error = serde_json::from_str::<HoldoutUse>(text).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
    }

    #[test]
    fn the_same_edit_on_the_same_tasks_with_as_many_pairs_is_the_same() {
        let of = |change: &dyn Fn(&mut Value)| -> HoldoutUse {
            let mut value = edit();
            change(&mut value);
            serde_json::from_value(value).unwrap()
        };
        let one = of(&|_| {});
        assert!(one.is_same(&of(&|value| value["at"] = "later".into())));
        assert!(!one.is_same(&of(&|value| value["pairs"] = 13.into())));
        assert!(!one.is_same(&of(&|value| value["session_id"] = "s2".into())));
        assert!(!one.is_same(&of(&|value| value["tasks"] = json!(Digest::of_bytes(b"u")))));
    }
}
