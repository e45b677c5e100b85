//! Consent: the proof that the user approved the programs, servers and environment variables about to be used.

use std::sync::Arc;

/// The proof. Functions that start a program or open a connection require one; only the check of the user's approvals
/// creates one.
#[derive(Clone, Debug)]
pub(crate) struct Consent(());

impl Consent {
    /// Creates the proof for an approved list. Only the check may call this, which a test enforces.
    pub(crate) fn of_approved() -> Self {
        Self(())
    }
}

/// Reads a decision of the user; the error is a message for people.
type ApprovalQuery<T> = Box<dyn Fn() -> Result<T, String> + Send + Sync>;

/// Access to the user's approvals, which are stored elsewhere.
pub struct Approvals {
    consent: ApprovalQuery<Consent>,
    plain_http_hosts: ApprovalQuery<Vec<String>>,
}

impl Approvals {
    /// Creates approvals that are read through these functions.
    pub(crate) fn new(
        consent: impl Fn() -> Result<Consent, String> + Send + Sync + 'static,
        plain_http_hosts: impl Fn() -> Result<Vec<String>, String> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            consent: Box::new(consent),
            plain_http_hosts: Box::new(plain_http_hosts),
        })
    }

    /// The proof that programs may be started and requests sent.
    ///
    /// # Errors
    /// The user did not approve them.
    pub(crate) fn consent(&self) -> Result<Consent, String> {
        (self.consent)()
    }

    /// Hosts to which the user allows keys to be sent over plain HTTP.
    ///
    /// # Errors
    /// The user's configuration cannot be read.
    pub(crate) fn plain_http_hosts(&self) -> Result<Vec<String>, String> {
        (self.plain_http_hosts)()
    }

    /// Approvals for tests.
    #[cfg(test)]
    pub(crate) fn of_a_test() -> Arc<Self> {
        Self::new(|| Ok(Consent::of_approved()), || Ok(Vec::new()))
    }
}
