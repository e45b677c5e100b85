//! The table of service failures: what a status and the words of a server or of an agent program mean.
//!
//! Servers agree neither on statuses nor on codes, so words decide first, and the status decides about the rest.

use std::ops::RangeInclusive;

use super::failure_words::occurs;

/// The meaning of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// A filter stopped the content: a result of the agent.
    Filter,
    /// The server cannot read what the model wrote: a result of the agent.
    Output,
    /// The server rejects a field of the request, or its value.
    Parameter,
    /// The request is longer than the model can read.
    Length,
    /// Credit, quota or a subscription is used up.
    Account,
    /// The key is missing or wrong, or has no access.
    Key,
    /// The server does not have the model.
    Model,
    /// The server is busy, broken or out of reach; it may pass.
    Overload,
    /// Something else answers at this address.
    Address,
    /// The server rejects the request, and does not say which part of it.
    Request,
}

impl FailureKind {
    /// Whether the same request may succeed in a moment.
    pub(crate) fn may_pass(self) -> bool {
        self == FailureKind::Overload
    }
}

/// One row. It applies if the status is in one of the ranges, or if one of the phrases occurs in the words, as whole words;
/// a row has either ranges or phrases. `*` in a phrase stands for any text within the message, `_` at its end for the rest
/// of an identifier.
struct FailureRow {
    kind: FailureKind,
    statuses: &'static [RangeInclusive<u16>],
    phrases: &'static [&'static str],
}

const fn said(kind: FailureKind, phrases: &'static [&'static str]) -> FailureRow {
    FailureRow {
        kind,
        statuses: &[],
        phrases,
    }
}

const fn sent(kind: FailureKind, statuses: &'static [RangeInclusive<u16>]) -> FailureRow {
    FailureRow {
        kind,
        statuses,
        phrases: &[],
    }
}

/// The table; the first row that applies decides. Phrases are in lower case, except codes that would be ordinary words
/// in lower case.
const TABLE: &[FailureRow] = &[
    said(
        FailureKind::Filter,
        &[
            "content_filter",
            "content management policy",
            "content filtering policy",
            "content_policy_violation",
            "responsibleaipolicyviolation",
            "data_inspection_failed",
            "requires moderation",
            "input was flagged",
            "blocked by content filter",
        ],
    ),
    said(
        FailureKind::Output,
        &[
            "json_validate_failed",
            "failed to generate json",
            "tool_use_failed",
            "error parsing tool call",
        ],
    ),
    said(
        FailureKind::Parameter,
        &[
            "max_tokens is too large",
            "max_completion_tokens' is too large",
            "max_completion_tokens is too large",
            "maximum allowed number of output tokens",
            "max_tokens must be",
        ],
    ),
    said(
        FailureKind::Length,
        &[
            "context_length_exceeded",
            "exceed_context_size",
            "maximum context length",
            "maximum prompt length",
            "available context size",
            "exceed context limit",
            "exceeds the context",
            "context window",
            "context length",
            "prompt is too long",
            "prompt too long",
            "input is too long",
            "request_too_large",
            "request too large",
            "string_above_max_length",
            "input token count*exceeds",
        ],
    ),
    sent(FailureKind::Length, &[413..=413]),
    said(
        FailureKind::Account,
        &[
            "insufficient_quota",
            "insufficient balance",
            "insufficient_balance",
            "insufficient credit",
            "insufficient funds",
            "credit balance",
            "out of credits",
            "requires more credits",
            "payment required",
            "billing_hard_limit",
            "billing_not_active",
            "account is not active",
            "account_deactivated",
            "arrearage",
            "budget_exceeded",
            "budget has been exceeded",
            "key limit exceeded",
            "usage limit",
            "extra usage is required",
            "hit your limit",
            "spending limit",
            "exceeded*monthly quota",
            "quota*exhausted",
        ],
    ),
    sent(FailureKind::Account, &[402..=402]),
    said(
        FailureKind::Model,
        &[
            "model_not_found",
            "model_not_available",
            "model_decommissioned",
            "modelnotfound",
            "deploymentnotfound",
            "deployment for this resource does not exist",
            "no such model",
            "unknown model",
            "invalid model",
            "invalid_model",
            "not a valid model",
            "no endpoints found",
            "no models loaded",
            "no model loaded",
            "model*does not exist",
            "model*not found",
            "model*may not exist",
            "model*decommissioned",
            "model*is not supported when using",
            "not have access to*model",
            "not_found_error*model:",
        ],
    ),
    sent(FailureKind::Key, &[401..=401]),
    said(
        FailureKind::Key,
        &[
            "invalid api key",
            "invalid_api_key",
            "incorrect api key",
            "api key not valid",
            "api_key_invalid",
            "invalidapikey",
            "api key expired",
            "key has expired",
            "user not found",
            "no auth credentials",
            "invalid x-api-key",
            "api_key client option must be set",
            "no api key",
            "missing api key",
            "authentication_error",
            "authenticationerror",
            "authentication failed",
            "failed to authenticate",
            "permission_error",
            "unauthorized",
            "unauthorized_client",
            "please run /login",
            "not logged in",
            "oauth token",
            "oauth_org_not_allowed",
            "PERMISSION_DENIED",
            "UNAUTHENTICATED",
            "accessdeniedexception",
            "expiredtoken",
            "unrecognizedclientexception",
            "unable to locate credentials",
            "default credentials were not found",
        ],
    ),
    said(
        FailureKind::Address,
        &[
            "unexpected endpoint",
            "certificate verify failed",
            "certificate_verify_failed",
            "sslcertverificationerror",
            "unable to get local issuer certificate",
        ],
    ),
    sent(FailureKind::Key, &[403..=403]),
    sent(FailureKind::Overload, &[408..=408, 425..=425, 429..=429, 500..=599]),
    said(
        FailureKind::Overload,
        &[
            "overloaded",
            "engine_overloaded",
            "model_overloaded",
            "server_overloaded",
            "rate limit",
            "rate_limit",
            "ratelimit",
            "rate-limited",
            "request limit reached",
            "too many requests",
            "resource_exhausted",
            "throttlingexception",
        ],
    ),
    // A server that rejects a request may also use the words that follow, so its status comes first.
    sent(FailureKind::Address, &[300..=399, 404..=407, 410..=411]),
    sent(FailureKind::Request, &[400..=499]),
    said(
        FailureKind::Overload,
        &[
            "service unavailable",
            "serviceunavailable",
            "service_unavailable",
            "temporarily unavailable",
            "temporarily_unavailable",
            "UNAVAILABLE",
            "internal server error",
            "internalservererror",
            "bad gateway",
            "gateway timeout",
            "gateway time-out",
            "gateway timed out",
            "gatewaytimeout",
            "deadline exceeded",
            "deadlineexceeded",
            "deadline_exceeded",
            "request timed out",
            "operation timed out",
            "connection timed out",
            "read timed out",
            "i/o timeout",
            "sockettimeoutexception",
            "connection error",
            "connection refused",
            "connection reset",
            "connection aborted",
            "connectionerror",
            "connecterror",
            "connectexception",
            "connecttimeout",
            "readtimeout",
            "apitimeouterror",
            "apiconnectionerror",
            "apiconnectiontimeouterror",
            "failed to connect",
            "could not connect",
            "couldn't connect",
            "unable to connect",
            "network connection",
            "network is unreachable",
            "no route to host",
            "could not resolve host",
            "gaierror",
            "getaddrinfo",
            "nodename nor servname",
            "name or service not known",
            "temporary failure in name resolution",
            "unknownhostexception",
            "curl: (5)",
            "curl: (6)",
            "curl: (7)",
            "curl: (28)",
            "curl: (35)",
            "curl: (52)",
            "curl: (56)",
            "econnrefused",
            "wsaeconnrefused",
            "econnreset",
            "wsaeconnreset",
            "econnaborted",
            "enotfound",
            "enetunreach",
            "ehostunreach",
            "etimedout",
            "wsaetimedout",
            "eai_again",
            "und_err_",
            "fetch failed",
            "error sending request for url",
            "socket hang up",
            "server disconnected",
            "serverdisconnectederror",
            "stream disconnected",
            "stream error",
            "remote protocol error",
            "remoteprotocolerror",
            "remotedisconnected",
            "remote end closed connection",
            "provider returned error",
            "upstream connect error",
        ],
    ),
];

/// The meaning of a failure, from its status, if one is known, and its words; `None` if the words say nothing.
pub(crate) fn classify(status: Option<u16>, words: &str) -> Option<FailureKind> {
    let applies = |row: &&FailureRow| {
        let by_status = status.is_some_and(|status| row.statuses.iter().any(|range| range.contains(&status)));
        by_status || row.phrases.iter().any(|phrase| occurs(phrase, words))
    };
    TABLE.iter().find(applies).map(|row| row.kind)
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;
