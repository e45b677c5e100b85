//! Turns a failure that a server reports into an error, with the key of the manifest that is the reason.

use super::attempts::PendingRequest;
use super::metered::MeteredModel;
use crate::llm::chat::Request;
use crate::llm::failure::FailureKind;
use crate::llm::model::{AskError, RefusedPart, RefusedRequest};
use crate::llm::provider::{self, Complaint};

impl MeteredModel {
    /// The error for a failure that the server reports.
    pub(super) fn failure(
        &self,
        question: &PendingRequest,
        kind: FailureKind,
        complaint: &Complaint,
        words: &str,
    ) -> AskError {
        let words = self.at_server(words);
        let field = || complaint.rejected_field(&question.wire.body);
        let part = match kind {
            FailureKind::Filter | FailureKind::Output => return AskError::Filtered(words),
            FailureKind::Key => {
                let variable = self.settings.key_variable().unwrap_or("no environment variable");
                return AskError::Unreachable(format!("{words} (the key is read from: {variable})"));
            }
            FailureKind::Overload => return AskError::Unreachable(words),
            FailureKind::Account => {
                let remedy = "top up the account or raise its limit, then run again";
                return AskError::Unreachable(format!("{words}; {remedy}"));
            }
            FailureKind::Address => {
                let remedy = "check base_url: this is no model server, or not its path";
                return AskError::Unreachable(format!("{words}; {remedy}"));
            }
            FailureKind::Model => RefusedPart::Model,
            FailureKind::Length => RefusedPart::Length,
            FailureKind::Parameter | FailureKind::Request => {
                field().map_or(RefusedPart::Unknown, |name| match complaint.is_unsupported() {
                    true => RefusedPart::Field(name),
                    false => RefusedPart::ValueOf(name),
                })
            }
        };
        let place = self.place(question.request, &part);
        let words = place.map_or(words.clone(), |place| format!("{words} ({place} in kaizen.toml)"));
        AskError::Refused(RefusedRequest { part, words })
    }

    /// The key of the manifest that set a part of the request; `None` if the harness did.
    fn place(&self, request: &Request, part: &RefusedPart) -> Option<String> {
        let section = self.role_name();
        let settings = &self.settings;
        match part {
            RefusedPart::Model => request.model.is_none().then(|| format!("[{section}] model")),
            RefusedPart::Field(name) | RefusedPart::ValueOf(name) => {
                let limits = provider::ANSWER_LIMITS.contains(&name.as_str());
                let by_harness = request.parameters.contains_key(name) || limits && request.max_tokens.is_some();
                match name.as_str() {
                    _ if by_harness => None,
                    _ if settings.body.contains_key(name) => Some(format!("[{section}] body.{name}")),
                    "temperature" => Some(format!("[{section}] temperature")),
                    _ if limits => Some(format!("[{section}] max_tokens")),
                    _ => None,
                }
            }
            RefusedPart::Length | RefusedPart::Unknown => None,
        }
    }
}
