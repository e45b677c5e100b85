//! Consent: the proof that the user approved what is about to be started, asked or read of the environment.

use std::sync::Arc;

/// The proof. What starts a program or opens a connection takes one; only a check of the user's approvals makes one.
#[derive(Clone, Debug)]
pub(crate) struct Consent(());

impl Consent {
    /// The proof for a list that was approved. Nothing but the check calls this; a test keeps it so.
    pub(crate) fn of_approved() -> Self {
        Self(())
    }
}

/// Asks for something that only the user can give; the error is in words for people.
type Ask<T> = Box<dyn Fn() -> Result<T, String> + Send + Sync>;

/// What engines ask of the user's approvals, which are kept elsewhere.
pub struct Approvals {
    consent: Ask<Consent>,
    plain_http_hosts: Ask<Vec<String>>,
}

impl Approvals {
    /// Approvals that are asked through these functions.
    pub(crate) fn new(
        consent: impl Fn() -> Result<Consent, String> + Send + Sync + 'static,
        plain_http_hosts: impl Fn() -> Result<Vec<String>, String> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            consent: Box::new(consent),
            plain_http_hosts: Box::new(plain_http_hosts),
        })
    }

    /// The proof that programs may be started and servers asked.
    ///
    /// # Errors
    /// Nobody approved it.
    pub(crate) fn consent(&self) -> Result<Consent, String> {
        (self.consent)()
    }

    /// Hosts that the user lets kaizen send keys by plain HTTP.
    ///
    /// # Errors
    /// The user's configuration cannot be read.
    pub(crate) fn plain_http_hosts(&self) -> Result<Vec<String>, String> {
        (self.plain_http_hosts)()
    }

    /// Approvals for the engines of a test.
    #[cfg(test)]
    pub(crate) fn of_a_test() -> Arc<Self> {
        Self::new(|| Ok(Consent::of_approved()), || Ok(Vec::new()))
    }
}
