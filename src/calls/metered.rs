//! A metered model: one provider, one role; redacts, looks into the store, asks for leave, sends, reads, pays.
#![allow(clippy::disallowed_methods)] // edge: the environment, the clock, the network

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::Calls;
use super::http::{Broken, Response, is_loopback};
use super::redacted::redacted;
use super::store::Paid;
use crate::artifact::egress::{Egress, Role};
use crate::artifact::spending::Spending;
use crate::chat::{Reply, Request};
use crate::digest::Digest;
use crate::manifest::chat::ChatSettings;
use crate::port::{Answer, AskError, Model};
use crate::wire::{self, NoReply, Wire};
use crate::{price, retry};

/// A model for a role.
pub struct Metered {
    calls: Arc<Calls>,
    role: Role,
    settings: ChatSettings,
}

/// One question on its way.
struct Question<'a> {
    request: &'a Request,
    wire: &'a Wire,
    text: String,
    digest: Digest,
    key: Option<String>,
    estimate: Option<f64>,
}

/// What one attempt gave.
enum Tried {
    Reply(Box<Reply>, String),
    Again(Duration, AskError),
    Never(AskError),
}

impl Metered {
    /// See [`Calls::model`].
    pub(super) fn new(calls: Arc<Calls>, role: Role, settings: ChatSettings) -> Self {
        Self { calls, role, settings }
    }

    /// The request as it may leave the machine.
    fn redacted(&self, request: &Request) -> Request {
        match self.redacts() {
            true => redacted(request, &self.calls.redactor),
            false => request.clone(),
        }
    }

    fn redacts(&self) -> bool {
        // The teacher's own answers to tasks are the teacher's.
        let role = if self.role == Role::TeacherTask {
            Role::Teacher
        } else {
            self.role
        };
        self.calls.privacy.redacts(role.name())
    }

    /// The key, where the environment holds one; a server elsewhere without one is not asked.
    fn key(&self) -> Result<Option<String>, AskError> {
        let Some(variable) = self.settings.key_variable() else {
            return Ok(None);
        };
        let key = std::env::var(variable).ok().map(|key| key.trim().to_owned());
        let key = key.filter(|key| !key.is_empty());
        let owed = self.settings.api_key_env.is_some() || !is_loopback(self.settings.url());
        match key {
            None if owed => Err(AskError::Unreachable(format!(
                "{} needs a key: set the environment variable {variable}",
                self.settings.url()
            ))),
            key => Ok(key),
        }
    }

    fn remembered(&self, request: &Request, digest: Digest) -> Result<Option<Answer>, AskError> {
        let store = self.calls.store().map_err(AskError::Unreachable)?;
        let paid = store.paid(&digest).map_err(AskError::Unreachable)?;
        let Some(paid) = paid else { return Ok(None) };
        // It was read before it was stored; an older kaizen may have read it otherwise.
        let Ok(reply) = wire::read(self.settings.api, request, paid.body.as_bytes()) else {
            return Ok(None);
        };
        Ok(Some(Answer {
            reply,
            request: digest,
            cost_usd: paid.cost_usd,
            remembered: true,
        }))
    }

    fn ask_anew(&self, question: &Question) -> Result<Answer, AskError> {
        let network = &self.calls.network;
        let mut attempt = 1;
        loop {
            self.calls.wait_for(self.settings.url());
            let reserved = self
                .calls
                .reserve(|_| (question.estimate, self.model(question.request).to_owned()))?;
            match self.attempt(question, attempt) {
                Tried::Reply(reply, body) => return self.pay(question, *reply, body, reserved),
                Tried::Again(pause, error) => {
                    self.settle_failure(question, &error, reserved);
                    tracing::info!(%error, attempt, of = network.attempts, ?pause, "asked again");
                    self.calls.pause(self.settings.url(), pause);
                    attempt += 1;
                }
                Tried::Never(error) => {
                    self.settle_failure(question, &error, reserved);
                    return Err(error);
                }
            }
        }
    }

    /// An answer that nobody can read, or that came too late, was paid for all the same.
    fn settle_failure(&self, question: &Question, error: &AskError, reserved: f64) {
        match error {
            AskError::Malformed(_) | AskError::Late(_) => {
                self.calls.note_spending(&self.spending(question, None, None), reserved)
            }
            _ => self.calls.release(reserved),
        }
    }

    fn attempt(&self, question: &Question, attempt: u32) -> Tried {
        let line = Egress {
            at: self.calls.clock.stamp(),
            role: self.role,
            to: question.wire.url.clone(),
            model: self.model(question.request).to_owned(),
            request: question.digest,
            bytes: question.text.len() as u64,
        };
        if let Err(error) = self.calls.announce(&line, &question.text) {
            return Tried::Never(error);
        }
        let http = match self.calls.http() {
            Ok(http) => http,
            Err(why) => {
                let error = AskError::Unreachable(why);
                self.calls.give_up(&error);
                return Tried::Never(error);
            }
        };
        let mut headers = question.wire.headers.clone();
        if let Some(key) = &question.key {
            headers.push(wire::key_header(self.settings.api, key));
        }
        match http.post(&question.wire.url, &headers, &question.text) {
            Ok(response) => self.read(question, response, attempt),
            Err(Broken::Passing(why)) => self.again(
                retry::Outcome::Broken,
                attempt,
                AskError::Unreachable(self.at_server(&why)),
            ),
            Err(Broken::Late(why)) => self.again(retry::Outcome::Broken, attempt, AskError::Late(self.at_server(&why))),
            Err(Broken::Lasting(why)) => Tried::Never(AskError::Malformed(self.at_server(&why))),
        }
    }

    fn read(&self, question: &Question, response: Response, attempt: u32) -> Tried {
        // A server may echo the key; nothing that holds it is kept or shown.
        let mut body = String::from_utf8_lossy(&response.body).into_owned();
        if let Some(key) = question.key.as_ref().filter(|key| body.contains(key.as_str())) {
            body = body.replace(key.as_str(), "[redacted:key]");
        }
        let said = || {
            self.at_server(&format!(
                "HTTP {}: {}",
                response.status,
                wire::complaint(body.as_bytes())
            ))
        };
        match response.status {
            200..=299 => match wire::read(self.settings.api, question.request, body.as_bytes()) {
                Ok(reply) => Tried::Reply(Box::new(reply), body),
                Err(NoReply(why)) => self.again(
                    retry::Outcome::NoReply,
                    attempt,
                    AskError::Malformed(self.at_server(&why)),
                ),
            },
            400 | 413 | 422 => Tried::Never(AskError::Refused(said())),
            // The harness chose the model.
            404 if question.request.model.is_some() => Tried::Never(AskError::Refused(said())),
            status @ (401 | 403) => {
                let variable = self.settings.key_variable().unwrap_or("none is set");
                let why = format!("{} (the key's variable: {variable})", said());
                self.again(
                    retry::Outcome::Status(status, None),
                    attempt,
                    AskError::Unreachable(why),
                )
            }
            status => {
                let now = self.calls.clock.now().timestamp();
                let asked = response.retry_after.as_deref();
                let asked = asked.and_then(|header| retry::retry_after(header, now));
                self.again(
                    retry::Outcome::Status(status, asked),
                    attempt,
                    AskError::Unreachable(said()),
                )
            }
        }
    }

    fn again(&self, outcome: retry::Outcome, attempt: u32, error: AskError) -> Tried {
        let network = &self.calls.network;
        let most = Duration::from_secs(network.max_wait_seconds);
        match retry::pause(outcome, attempt, network.attempts, most, crate::clock::chance()) {
            Some(pause) => Tried::Again(pause, error),
            None => Tried::Never(error),
        }
    }

    /// First into the store, then into the record: a crash between them loses a line, never an answer.
    fn pay(&self, question: &Question, reply: Reply, body: String, reserved: f64) -> Result<Answer, AskError> {
        let price = price::of(self.model(question.request), &self.calls.prices);
        let cost_usd = price.zip(reply.usage).map(|(price, usage)| price::cost(&price, &usage));
        let paid = Paid { body, cost_usd };
        let kept = self
            .calls
            .store()
            .and_then(|store| store.received(&question.digest, &paid));
        self.calls
            .note_spending(&self.spending(question, Some(&reply), cost_usd), reserved);
        kept.map_err(AskError::Unreachable)?;
        Ok(Answer {
            reply,
            request: question.digest,
            cost_usd,
            remembered: false,
        })
    }

    fn spending(&self, question: &Question, reply: Option<&Reply>, cost_usd: Option<f64>) -> Spending {
        Spending {
            at: self.calls.clock.stamp(),
            role: self.role,
            model: self.model(question.request).to_owned(),
            request: question.digest,
            usage: reply.and_then(|reply| reply.usage),
            cost_usd,
            estimated_usd: cost_usd.is_none().then_some(question.estimate).flatten(),
        }
    }

    fn model<'a>(&'a self, request: &'a Request) -> &'a str {
        wire::model(&self.settings, request)
    }

    fn at_server(&self, why: &str) -> String {
        format!("{}: {why}", self.settings.url())
    }
}

impl Model for Metered {
    fn identity(&self) -> Value {
        // What a body holds may be anything, a credential too; its digest tells two bodies apart as well.
        let settings = &self.settings;
        json!({
            "api": settings.api, "base_url": settings.url(), "model": settings.model, "max_tokens": settings.max_tokens,
            "temperature": settings.temperature, "json_schema": settings.json_schema, "body": Digest::of_value(&settings.body),
            // What is taken out of a question may change its answer.
            "redacted": self.redacts().then(|| Digest::of_value(&self.calls.privacy.redact))
        })
    }

    fn rendered(&self, request: &Request) -> Digest {
        let wire = wire::render(&self.settings, &self.redacted(request));
        Digest::of_value(&(wire.url, wire.body))
    }

    fn ask(&self, request: &Request) -> Result<Answer, AskError> {
        let clean = self.redacted(request);
        if self.role == Role::Student && clean != *request {
            self.calls.state().changed += 1;
        }
        let request = &clean;
        let wire = wire::render(&self.settings, request);
        let digest = Digest::of_value(&(&wire.url, &wire.body, request.seed));
        self.calls.claim(digest);
        let answer = self.remembered(request, digest).and_then(|known| match known {
            Some(answer) => Ok(answer),
            None => {
                let text = wire.body.to_string();
                let most = wire::max_tokens(&self.settings, request).unwrap_or(wire::DEFAULT_MAX_TOKENS);
                let price = price::of(self.model(request), &self.calls.prices);
                let estimate = price.map(|price| price::cost(&price, &price::estimated_usage(text.len(), most)));
                let key = self.key().inspect_err(|error| self.calls.give_up(error))?;
                self.ask_anew(&Question {
                    request,
                    wire: &wire,
                    text,
                    digest,
                    key,
                    estimate,
                })
            }
        });
        self.calls.unclaim(&digest);
        match &answer {
            Err(error @ (AskError::Unreachable(_) | AskError::Malformed(_) | AskError::Late(_))) => {
                self.calls.note_reached(Err(error))
            }
            _ => self.calls.note_reached(Ok(())),
        }
        answer
    }
}
