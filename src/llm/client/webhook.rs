//! Posts a notice to a webhook. It is no call of a language model: nothing is charged, retried or stored.

use std::time::Duration;

use super::http::{Http, HttpFailure};
use crate::sys::consent::Consent;

/// The time for one notice, from connecting to the last byte.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Posts a JSON body.
///
/// # Errors
/// The server cannot be reached, or its answer is not a success. The message does not contain the URL, which may hold a key.
pub(crate) fn post(consent: &Consent, url: &str, body: &str) -> Result<(), String> {
    match Http::new(TIMEOUT)?.post(consent, url, &[], body) {
        Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
        Ok(answer) => Err(format!("the server answered with status {}", answer.status)),
        Err(HttpFailure::Passing(problem) | HttpFailure::Late(problem) | HttpFailure::Lasting(problem)) => Err(problem),
    }
}
