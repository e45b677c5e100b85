//! A person's answer to a pending edit.

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::Extra;
use crate::digest::Digest;

/// Accept or reject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewAnswer {
    /// Gate the edit against the current head, and commit it if the gate accepts.
    Accept,
    /// Do not apply the edit.
    Reject,
}

impl ReviewAnswer {
    /// What became of the edit's request, in a word.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Accept => "accepted",
            Self::Reject => "rejected",
        }
    }
}

/// A person's answer, bound to the edit that it was given for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewDecision {
    /// Accept or reject.
    pub decision: ReviewAnswer,
    /// Who answered.
    #[serde(default)]
    pub by: String,
    /// When, RFC 3339.
    #[serde(default)]
    pub at: String,
    /// The person's reason.
    #[serde(default)]
    pub why: String,
    /// Digest of the edit that was shown; the answer applies to no other edit. Absent: the edit in this file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit_digest: Option<Digest>,
    /// Commit the edit without asking the gate; the outcome records this.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skip_gate: bool,
    /// Keep the edit although the gate leaves it undecided, unless a run on a later harness shows that it does not gain.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// An answer as a person may write it: one word, or an object.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code)] // only for the schema; `tolerant` parses answers, with better error messages
pub(crate) enum DecisionInput {
    /// `"accept"` or `"reject"`.
    Word(ReviewAnswer),
    /// The answer with its author, time and reason.
    Full(ReviewDecision),
}

/// Reads an answer as a person may write it; null means no answer yet.
///
/// # Errors
/// A value that is neither `"accept"`, `"reject"`, null, nor a [`ReviewDecision`].
pub(crate) fn tolerant<'de, D: Deserializer<'de>>(from: D) -> Result<Option<ReviewDecision>, D::Error> {
    let written = match serde_json::Value::deserialize(from)? {
        serde_json::Value::Null => return Ok(None),
        word @ serde_json::Value::String(_) => serde_json::json!({"decision": word}),
        written => written,
    };
    let remedy = "write \"decision\": \"accept\" or \"decision\": \"reject\"";
    let wrong = |error| D::Error::custom(format!("the decision cannot be read: {error}; {remedy}"));
    serde_json::from_value(written).map(Some).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_word_alone_is_an_answer_and_what_is_unknown_is_kept() {
        for (written, expected) in [
            (json!("accept"), Some(ReviewAnswer::Accept)),
            (json!("reject"), Some(ReviewAnswer::Reject)),
            (
                json!({"decision": "reject", "mood": "kept"}),
                Some(ReviewAnswer::Reject),
            ),
            (json!(null), None),
        ] {
            let read = tolerant(written.clone()).unwrap();
            assert_eq!(read.as_ref().map(|read| read.decision), expected, "{written}");
            let kept = read.and_then(|read| read.extra.get("mood").cloned());
            assert_eq!(kept, written.get("mood").cloned());
        }
        for wrong in [json!("maybe"), json!(true), json!({"why": "no answer"})] {
            let message = tolerant(wrong.clone()).unwrap_err().to_string();
            assert!(message.contains("\"decision\": \"accept\""), "{wrong}: {message}");
        }
    }
}
