//! Settling: what was paid for just before a crash is counted all the same.

use std::collections::BTreeSet;
use std::path::Path;

use super::LlmClient;
use super::account::{Account, egress, spent};
use crate::artifact::egress::Egress;
use crate::artifact::spending::Spending;
use crate::digest::Digest;
use crate::sys::disk::DiskError;

impl LlmClient {
    /// Writes down what a crash kept from being written down: an answer that is in the store, and that nobody has counted.
    pub(super) fn settle(&self, folder: &Path, account: &mut Account) -> Result<(), DiskError> {
        let mut counted: BTreeSet<Digest> = spent(&self.root, folder)?.iter().map(|line| line.request).collect();
        for line in egress(&self.root, folder)? {
            if !counted.insert(line.request) || !self.root.has_file(super::STORE) {
                continue;
            }
            let paid = self.store().and_then(|store| store.paid(&line.request));
            if let Ok(Some(paid)) = paid {
                account.note_spending(&unnoted(line, paid.cost_usd), 0.0)?;
            }
        }
        Ok(())
    }
}

/// The line of an answer whose tokens are not remembered.
fn unnoted(line: Egress, cost_usd: Option<f64>) -> Spending {
    Spending {
        at: line.at,
        role: line.role,
        model: line.model,
        request: line.request,
        usage: None,
        cost_usd,
        estimated_usd: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::egress::Role;
    use crate::llm::client::store;
    use crate::llm::redact::Redactor;
    use crate::manifest::Manifest;
    use crate::sys::clock::Clock;
    use crate::sys::disk::{OWN_FOLDER, Root};

    #[test]
    fn an_answer_that_a_crash_left_uncounted_is_counted_once() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let manifest = Manifest::parse("kaizen.toml".as_ref(), "").unwrap();
        let calls = LlmClient::new(
            &manifest,
            Redactor::default(),
            &root,
            Clock::from_environment(),
            crate::sys::consent::Approvals::of_a_test(),
        );
        let (answered, unanswered) = (Digest::of_bytes(b"1"), Digest::of_bytes(b"2"));
        for request in [answered, unanswered] {
            let line = Egress {
                at: String::new(),
                role: Role::Teacher,
                to: "u".into(),
                model: "m".into(),
                request,
                bytes: 1,
            };
            calls.announce(&line, "asked").unwrap();
        }
        let body = "{}".to_owned();
        let paid = store::Paid {
            body,
            cost_usd: Some(0.5),
        };
        calls.store().unwrap().received(&answered, &paid).unwrap();
        for _ in 0..2 {
            calls.charge(OWN_FOLDER.as_ref(), "").unwrap();
            let lines = spent(&root, OWN_FOLDER.as_ref()).unwrap();
            assert_eq!(lines.len(), 1);
            assert_eq!((lines[0].request, lines[0].cost_usd), (answered, Some(0.5)));
        }
    }
}
