//! Makes the attempts at one request: logs and sends it, reads the reply, retries if that may help, and records the
//! payment.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::Reservation;
use super::http::{HttpFailure, Response};
use super::metered::MeteredModel;
use super::store::PaidReply;
use crate::artifact::Money;
use crate::artifact::egress::Egress;
use crate::artifact::spending::Spending;
use crate::digest::Digest;
use crate::llm::chat::{Reply, Request};
use crate::llm::model::{AskError, ModelAnswer};
use crate::llm::provider::{Complaint, HttpRequest, NoReply};
use crate::llm::{price, provider, redact, retry};
use crate::sys::consent::Consent;

/// One request that is about to be sent.
pub(super) struct PendingRequest<'a> {
    pub consent: Consent,
    pub request: &'a Request,
    pub wire: &'a HttpRequest,
    pub text: String,
    pub digest: Digest,
    pub key: Option<String>,
    /// Tokens of the longest answer that the request allows.
    pub max_tokens: u64,
    pub estimate: Option<Money>,
}

/// The result of one attempt.
enum AttemptResult {
    Reply(Box<Reply>, String),
    Again(Duration, AskError),
    Never(AskError),
}

impl MeteredModel {
    /// Sends the request until there is a reply or a retry cannot help.
    pub(super) fn send_until_answered(&self, question: &PendingRequest) -> Result<ModelAnswer, AskError> {
        let network = &self.calls.network;
        let mut attempt = 1;
        loop {
            self.calls.wait_for(self.settings.url());
            let reserved = self
                .calls
                .reserve(|_| (question.estimate, self.model(question.request).to_owned()))?;
            let begun = self.calls.clock.now();
            match self.attempt(question, attempt) {
                AttemptResult::Reply(reply, body) => return self.pay(question, *reply, body, begun, reserved),
                AttemptResult::Again(pause, error) => {
                    self.settle_failure(question, &error, reserved);
                    if self.calls.pause(self.settings.url(), pause) {
                        let (next, of) = (attempt + 1, network.attempts);
                        tracing::warn!(
                            "{error}; asks again in {:.1} s (attempt {next} of {of})",
                            pause.as_secs_f64()
                        );
                    }
                    attempt += 1;
                }
                AttemptResult::Never(error) => {
                    self.settle_failure(question, &error, reserved);
                    return Err(error);
                }
            }
        }
    }

    /// Settles a failed attempt: malformed and late answers were probably charged for; other failures cost nothing.
    fn settle_failure(&self, question: &PendingRequest, error: &AskError, reserved: Reservation) {
        let line = match error {
            AskError::Malformed(_) | AskError::Late(_) => self.spending(question, None, None),
            _ => Spending {
                free: true,
                ..self.spending(question, None, Some(Money::ZERO))
            },
        };
        self.calls.note_spending(&line, reserved);
    }

    fn attempt(&self, question: &PendingRequest, attempt: u32) -> AttemptResult {
        let line = Egress {
            at: self.calls.clock.stamp(),
            role: self.role,
            to: question.wire.url.clone(),
            model: self.model(question.request).to_owned(),
            request: question.digest,
            bytes: question.text.len() as u64,
            max_tokens: Some(question.max_tokens),
            estimated_usd: question.estimate,
        };
        if let Err(error) = self.calls.announce(&line, &question.text) {
            return AttemptResult::Never(error);
        }
        let http = match self.calls.http() {
            Ok(http) => http,
            Err(why) => {
                let error = AskError::Unreachable(why);
                self.calls.give_up(&error);
                return AttemptResult::Never(error);
            }
        };
        let mut headers = question.wire.headers.clone();
        if let Some(key) = &question.key {
            headers.push(provider::key_header(self.settings.api, key));
        }
        match http.post(&question.consent, &question.wire.url, &headers, &question.text) {
            Ok(response) => self.read(question, response, attempt),
            Err(HttpFailure::Passing(why)) => self.again(None, attempt, AskError::Unreachable(self.at_server(&why))),
            Err(HttpFailure::Late(why)) => self.again(None, attempt, AskError::Late(self.at_server(&why))),
            Err(HttpFailure::Lasting(why)) => AttemptResult::Never(AskError::Malformed(self.at_server(&why))),
        }
    }

    fn read(&self, question: &PendingRequest, response: Response, attempt: u32) -> AttemptResult {
        // A server may echo the key; it must not be stored or shown.
        let mut body = String::from_utf8_lossy(&response.body).into_owned();
        if let Some(key) = question.key.as_ref().filter(|key| body.contains(key.as_str())) {
            body = body.replace(key.as_str(), "[redacted:key]");
        }
        if (200..=299).contains(&response.status) {
            return match provider::read(self.settings.api, question.request, body.as_bytes()) {
                Ok(reply) => AttemptResult::Reply(Box::new(reply), body),
                Err(no_reply) => {
                    let words = no_reply.to_string();
                    let NoReply::Failure(complaint) = no_reply else {
                        return self.unreadable(attempt, &words);
                    };
                    let kind = complaint.kind(None);
                    match kind.may_pass() {
                        true => self.unreadable(attempt, &words),
                        false => AttemptResult::Never(self.failure(question, kind, &complaint, &words)),
                    }
                }
            };
        }
        let complaint = Complaint::of_body(body.as_bytes());
        let kind = complaint.kind(Some(response.status));
        let words = format!("HTTP {}: {}", response.status, complaint.line);
        let error = self.failure(question, kind, &complaint, &words);
        match kind.may_pass() {
            true => self.again(self.asked_pause(&response), attempt, error),
            false => AttemptResult::Never(error),
        }
    }

    /// A reply that cannot be read; the next one may be readable.
    fn unreadable(&self, attempt: u32, why: &str) -> AttemptResult {
        let error = AskError::Malformed(self.at_server(why));
        self.again(None, attempt, error)
    }

    /// The time that a busy server asks to wait.
    fn asked_pause(&self, response: &Response) -> Option<Duration> {
        let now = self.calls.clock.now().timestamp();
        retry::retry_after(response.retry_after.as_deref()?, now)
    }

    fn again(&self, asked: Option<Duration>, attempt: u32, error: AskError) -> AttemptResult {
        match self.calls.pause_after(asked, attempt) {
            Some(pause) => AttemptResult::Again(pause, error),
            None => AttemptResult::Never(error),
        }
    }

    /// Stores the answer first, then logs the payment: a crash in between loses a log line, but never an answer.
    fn pay(
        &self,
        question: &PendingRequest,
        reply: Reply,
        body: String,
        begun: DateTime<Utc>,
        reserved: Reservation,
    ) -> Result<ModelAnswer, AskError> {
        let price = price::of(self.model(question.request), &self.calls.prices);
        let cost_usd = price.zip(reply.usage).map(|(price, usage)| price::cost(&price, &usage));
        // Do not store an answer that contains a key. An empty body does not parse, so the request is sent again.
        let body = if redact::holds_key(&body) { String::new() } else { body };
        let paid = PaidReply { body, cost_usd };
        let kept = self
            .calls
            .store()
            .and_then(|store| store.received(&question.digest, &paid));
        self.calls
            .note_spending(&self.spending(question, Some(&reply), cost_usd), reserved);
        kept.map_err(AskError::Unreachable)?;
        Ok(ModelAnswer {
            reply,
            request: question.digest,
            cost_usd,
            seconds: self.calls.clock.seconds_since(begun),
        })
    }

    fn spending(&self, question: &PendingRequest, reply: Option<&Reply>, cost_usd: Option<Money>) -> Spending {
        Spending {
            at: self.calls.clock.stamp(),
            role: self.role,
            model: self.model(question.request).to_owned(),
            request: question.digest,
            usage: reply.and_then(|reply| reply.usage),
            cost_usd,
            estimated_usd: cost_usd.is_none().then_some(question.estimate).flatten(),
            free: false,
            cut_off: false,
        }
    }
}
