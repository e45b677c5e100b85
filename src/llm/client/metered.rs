//! A metered model: one provider in one role. It redacts each request, and sends it only if the store has no answer to
//! it yet.
#![allow(clippy::disallowed_methods)] // edge: the environment, the clock, the network

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::LlmClient;
use super::attempts::PendingRequest;
use crate::artifact::Money;
use crate::artifact::egress::LlmRole;
use crate::digest::Digest;
use crate::llm::chat::{Message, Request, Stop, ToolCall};
use crate::llm::model::{AskError, Model, ModelAnswer};
use crate::llm::provider::HttpRequest;
use crate::llm::redact::Redactor;
use crate::llm::{bound, price, provider};
use crate::manifest::chat::ChatSettings;
use crate::manifest::trust::Way;

/// A model for a role.
pub struct MeteredModel {
    pub(super) calls: Arc<LlmClient>,
    pub(super) role: LlmRole,
    pub(super) settings: ChatSettings,
}

impl MeteredModel {
    /// See [`LlmClient::model`].
    pub(super) fn new(calls: Arc<LlmClient>, role: LlmRole, settings: ChatSettings) -> Self {
        Self { calls, role, settings }
    }

    /// The redacted request: without keys for every role, and without personal data unless the manifest keeps it.
    fn redacted(&self, request: &Request) -> Request {
        let (role, privacy, redactor) = (self.role_name(), &self.calls.privacy, &self.calls.redactor);
        match (privacy.redacts(role), privacy.redacts_personal_data(role)) {
            (true, true) => redacted(request, redactor),
            (true, false) => redacted(request, &redactor.without_personal_rules()),
            (false, _) => redacted(request, &redactor.keys_only()),
        }
    }

    /// The role's name in `[privacy]`, where the teacher's answers to tasks count as the teacher's.
    pub(super) fn role_name(&self) -> &'static str {
        match self.role {
            LlmRole::TeacherTask => LlmRole::Teacher.name(),
            role => role.name(),
        }
    }

    /// Digest of the redaction settings, since redaction may change an answer; `None` for an exempt role.
    fn privacy_digest(&self) -> Option<Digest> {
        let (role, privacy) = (self.role_name(), &self.calls.privacy);
        let personal = privacy.redacts_personal_data(role);
        let usual = personal != (self.role == LlmRole::Student) && privacy.keep.is_empty();
        privacy.redacts(role).then(|| match usual {
            true => Digest::of_value(&privacy.redact),
            false => Digest::of_value(&(&privacy.redact, personal, &privacy.keep)),
        })
    }

    /// The key from the environment. It is an error if a configured key, or the key of an HTTPS server on another
    /// machine, is missing. No key is sent over plain HTTP unless the user's own configuration allows the host.
    fn key(&self) -> Result<Option<String>, AskError> {
        let Some(variable) = self.settings.key_variable() else {
            return Ok(None);
        };
        let hosts = self.calls.approvals.plain_http_hosts().map_err(AskError::Unreachable)?;
        let way = Way::to(self.settings.url(), &hosts);
        match (way, &self.settings.api_key_env) {
            (Way::Open, None) => return Ok(None),
            (Way::Open, Some(variable)) => {
                return Err(AskError::Unreachable(in_the_open(self.settings.url(), variable)));
            }
            _ => {}
        }
        let key = std::env::var(variable).ok().map(|key| key.trim().to_owned());
        let key = key.filter(|key| !key.is_empty());
        let owed = self.settings.api_key_env.is_some() || way == Way::Encrypted;
        match key {
            None if owed => Err(AskError::Unreachable(format!(
                "{} needs a key: set the environment variable {variable}",
                self.settings.url()
            ))),
            key => Ok(key),
        }
    }

    fn remembered(&self, request: &Request, digest: Digest) -> Result<Option<ModelAnswer>, AskError> {
        let store = self.calls.store().map_err(AskError::Unreachable)?;
        let paid = store.paid(&digest).map_err(AskError::Unreachable)?;
        let Some(paid) = paid else { return Ok(None) };
        // It parsed before it was stored, but an older kaizen may have parsed it differently.
        let Ok(reply) = provider::read(self.settings.api, request, paid.body.as_bytes()) else {
            return Ok(None);
        };
        Ok(Some(ModelAnswer {
            reply,
            request: digest,
            cost_usd: paid.cost_usd,
            seconds: None,
        }))
    }

    /// The request as it is sent. If its cost is limited, so is its answer: the limit that the estimate assumes is the
    /// one that the server gets.
    fn wire(&self, request: &Request) -> HttpRequest {
        let price = price::of(self.model(request), &self.calls.prices);
        let costs = price.is_some_and(|price| price.output > Money::ZERO);
        match costs && self.calls.is_limited() {
            true => bound::limited(&self.settings, request),
            false => provider::render(&self.settings, request),
        }
    }

    /// The answer in the store to a request, or to the same request with or without a limit for its answer.
    fn remembered_in_any_form(
        &self,
        request: &Request,
        wire: &HttpRequest,
        digest: Digest,
    ) -> Result<Option<ModelAnswer>, AskError> {
        if request.repeat == Request::LIVE {
            return Ok(None);
        }
        if let Some(answer) = self.remembered(request, digest)? {
            return Ok(Some(answer));
        }
        for other in [
            provider::render(&self.settings, request),
            bound::limited(&self.settings, request),
        ] {
            if other != *wire
                && let Some(answer) = self.remembered(request, question_digest(&other, request))?
                && answer.reply.stop != Stop::Length
            {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }

    pub(super) fn model<'a>(&'a self, request: &'a Request) -> &'a str {
        provider::model(&self.settings, request)
    }

    pub(super) fn at_server(&self, why: &str) -> String {
        format!("{}: {why}", self.settings.url())
    }
}

impl Model for MeteredModel {
    fn identity(&self) -> Value {
        // A body may contain anything, even credentials, so only its digest is included.
        let settings = &self.settings;
        json!({
            "api": settings.api, "base_url": settings.url(), "model": settings.model, "max_tokens": settings.max_tokens,
            "temperature": settings.temperature, "json_schema": settings.json_schema, "body": Digest::of_value(&settings.body),
            "redacted": self.privacy_digest()
        })
    }

    fn rendered(&self, request: &Request) -> Digest {
        let wire = provider::render(&self.settings, &self.redacted(request));
        Digest::of_value(&(wire.url, wire.body))
    }

    fn size(&self, request: &Request) -> Option<u64> {
        Some(self.wire(&self.redacted(request)).body.to_string().len() as u64)
    }

    fn ask(&self, request: &Request) -> Result<ModelAnswer, AskError> {
        let clean = self.redacted(request);
        if self.role == LlmRole::Student && clean != *request {
            self.calls.state().changed += 1;
        }
        let request = &clean;
        let mut wire = self.wire(request);
        let server = || (self.settings.url().to_owned(), self.model(request).to_owned());
        let shaped = request.shape.is_some();
        self.calls.dialects.apply(&server(), &mut wire.body, shaped);
        let mut tried = BTreeSet::new();
        loop {
            let answer = self.ask_once(request, &wire);
            let Err(AskError::Refused(refusal)) = &answer else {
                return answer;
            };
            let learned = self.calls.dialects.learn(server(), &mut wire.body, shaped, refusal);
            if !learned.is_some_and(|field| tried.insert(field)) {
                return answer;
            }
        }
    }
}

impl MeteredModel {
    /// Takes the answer to a request from the store, or sends it.
    fn ask_once(&self, request: &Request, wire: &HttpRequest) -> Result<ModelAnswer, AskError> {
        let digest = question_digest(wire, request);
        self.calls.claim(digest);
        let known = self.remembered_in_any_form(request, wire, digest);
        let answer = known.and_then(|known| match known {
            Some(answer) => {
                self.calls.note_replayed(self.role);
                Ok(answer)
            }
            None => {
                let text = wire.body.to_string();
                let max_tokens = bound::output_tokens(&wire.body).unwrap_or(provider::DEFAULT_MAX_TOKENS);
                let price = price::of(self.model(request), &self.calls.prices);
                let estimate = price.map(|price| price::largest_cost(&price, text.len(), max_tokens));
                let refused = |error: &AskError| self.calls.give_up(error);
                let consent = self
                    .calls
                    .consent()
                    .map_err(AskError::Unreachable)
                    .inspect_err(refused)?;
                let key = self.key().inspect_err(refused)?;
                self.send_until_answered(&PendingRequest {
                    consent,
                    request,
                    wire,
                    text,
                    digest,
                    key,
                    max_tokens,
                    estimate,
                })
            }
        });
        self.calls.unclaim(&digest);
        match &answer {
            Err(error @ (AskError::Unreachable(_) | AskError::Malformed(_) | AskError::Late(_))) => {
                self.calls.note_reached(Err(error))
            }
            // What the student is refused may be an edit's fault; the evaluation decides about that.
            Err(error @ AskError::Refused(_)) if self.role != LlmRole::Student => self.calls.note_reached(Err(error)),
            _ => self.calls.note_reached(Ok(())),
        }
        answer
    }
}

/// The message for a key that would be sent over plain HTTP, with the remedy.
fn in_the_open(url: &str, variable: &str) -> String {
    format!(
        "nothing was sent: {url} uses plain HTTP, so others on the network could read the key in {variable}; \
        use https://, or allow the host in your own configuration, ~/.config/kaizen/config.toml: \
        [network] plain_http_hosts = [\"HOST\"]"
    )
}

/// The store's key of a request. The repetition's number is part of it only if it is not 0.
fn question_digest(wire: &HttpRequest, request: &Request) -> Digest {
    match request.repeat {
        0 => Digest::of_value(&(&wire.url, &wire.body, request.seed)),
        repeat => Digest::of_value(&(&wire.url, &wire.body, request.seed, repeat)),
    }
}

/// Redacts every text of a request, including the arguments of earlier tool calls and the tools' schemas.
fn redacted(request: &Request, redactor: &Redactor) -> Request {
    let text = |text: &str| redactor.text(text).into_owned();
    let call = |call: &ToolCall| ToolCall {
        raw: text(&call.raw),
        ..call.clone()
    };
    let message = |message: &Message| match message {
        Message::User { text: said } => Message::User { text: text(said) },
        Message::Assistant { text: said, calls } => Message::Assistant {
            text: text(said),
            calls: calls.iter().map(call).collect(),
        },
        Message::Tool {
            call_id,
            name,
            text: said,
        } => Message::Tool {
            call_id: call_id.clone(),
            name: name.clone(),
            text: text(said),
        },
    };
    let mut clean = Request {
        system: text(&request.system),
        messages: request.messages.iter().map(message).collect(),
        ..request.clone()
    };
    for tool in &mut clean.tools {
        tool.description = text(&tool.description);
        redactor.value(&mut tool.parameters);
    }
    clean
}
