//! The account of a session: its spending, its reservations and its limit. It also counts an answer that was paid for
//! just before a crash.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::LlmClient;
use crate::artifact::egress::{self, Egress};
use crate::artifact::spending::{self, Spending};
use crate::digest::Digest;
use crate::sys::disk::{DiskError, OWN_FOLDER, Root};

/// Sums of money spent and reserved, and the folder of the log files.
#[derive(Debug)]
pub(crate) struct Account {
    root: Root,
    folder: PathBuf,
    spent: f64,
    reserved: f64,
}

/// Whether a call may be made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Leave {
    /// Yes; this amount was reserved for it.
    Granted(f64),
    /// Not now, but perhaps after a call in flight has finished.
    Later,
    /// No, for this reason.
    Refused(String),
}

impl Account {
    /// Creates an account for a folder, ignoring earlier spending.
    pub(crate) fn new(root: &Root, folder: &Path) -> Self {
        Self {
            root: root.clone(),
            folder: folder.to_owned(),
            spent: 0.0,
            reserved: 0.0,
        }
    }

    /// Opens the account of a folder, including its earlier spending.
    ///
    /// # Errors
    /// The log of spending cannot be read, so the remaining budget is unknown.
    pub(crate) fn open(root: &Root, folder: &Path) -> Result<Self, DiskError> {
        let counted = |line: &Spending| line.cost_usd.or(line.estimated_usd).unwrap_or(0.0);
        Ok(Self {
            spent: spent(root, folder)?.iter().map(counted).sum(),
            ..Self::new(root, folder)
        })
    }

    /// Reserves `estimate` for a call, if the limit `most` allows it. `estimate` is `None` if the price is unknown.
    pub(crate) fn leave(&mut self, estimate: Option<f64>, most: Option<f64>, model: &str) -> Leave {
        let Some(most) = most else {
            return Leave::Granted(0.0);
        };
        let Some(estimate) = estimate else {
            return Leave::Refused(format!(
                "the price of `{model}` is unknown, but [session] max_cost_usd is set; add [prices.\"{model}\"] with \
                input and output in dollars per million tokens (0.0 for a model that you host)"
            ));
        };
        if self.spent + self.reserved + estimate <= most {
            self.reserved += estimate;
            return Leave::Granted(estimate);
        }
        if self.reserved > 0.0 {
            return Leave::Later;
        }
        Leave::Refused(format!(
            "the next call to `{model}` may cost ${estimate:.4}, but ${:.4} of [session] max_cost_usd = {most} \
            is spent. Raise max_cost_usd and run again; paid answers are kept",
            self.spent
        ))
    }

    /// The part of the limit `most` that is not spent yet.
    pub(crate) fn left(&self, most: f64) -> f64 {
        (most - self.spent).max(0.0)
    }

    /// Releases the reservation of a call that was not paid for.
    pub(crate) fn release(&mut self, reserved: f64) {
        self.reserved = (self.reserved - reserved).max(0.0);
    }

    /// Logs a request before it is sent.
    ///
    /// # Errors
    /// The log cannot be written; the request must not be sent then.
    pub(crate) fn note_egress(&self, line: &Egress) -> Result<(), DiskError> {
        self.append(egress::FILE, &text(line))
    }

    fn append(&self, name: &str, line: &str) -> Result<(), DiskError> {
        // A session's folder may have been removed on purpose; kaizen's own folder is created on demand.
        if self.folder.ends_with(OWN_FOLDER) {
            self.root.make_folder(&self.folder)?;
        }
        self.root.append(self.folder.join(name), line)
    }

    /// Logs a payment and releases its reservation.
    ///
    /// # Errors
    /// The log cannot be written.
    pub(crate) fn note_spending(&mut self, line: &Spending, reserved: f64) -> Result<(), DiskError> {
        self.release(reserved);
        self.spent += line.cost_usd.or(line.estimated_usd).unwrap_or(0.0);
        self.append(spending::FILE, &text(line))
    }
}

fn text(line: &impl serde::Serialize) -> String {
    format!(
        "{}\n",
        serde_json::to_string(line).expect("a line of a log has string keys")
    )
}

/// Reads all payments logged in a folder. Lines that do not parse, such as one truncated by a crash, are skipped.
///
/// # Errors
/// The file exists but cannot be read.
pub(crate) fn spent(root: &Root, folder: &Path) -> Result<Vec<Spending>, DiskError> {
    lines(root, &folder.join(spending::FILE))
}

/// Reads all requests logged in a folder.
///
/// # Errors
/// The file exists but cannot be read.
pub(crate) fn egress(root: &Root, folder: &Path) -> Result<Vec<Egress>, DiskError> {
    lines(root, &folder.join(egress::FILE))
}

fn lines<T: serde::de::DeserializeOwned>(root: &Root, path: &Path) -> Result<Vec<T>, DiskError> {
    let text = root.read_text(path)?.unwrap_or_default();
    Ok(text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect())
}

impl LlmClient {
    /// Logs payments that a crash prevented from being logged: requests with an answer in the store, but no payment.
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

/// The payment for an answer whose token counts are unknown.
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
    use crate::artifact::egress::LlmRole;
    use crate::artifact::spending::sums;
    use crate::digest::Digest;
    use crate::llm::client::store;
    use crate::llm::redact::Redactor;
    use crate::manifest::Manifest;
    use crate::sys::clock::Clock;
    use crate::sys::disk::{OWN_FOLDER, Root};

    fn paid(cost_usd: Option<f64>) -> Spending {
        Spending {
            at: String::new(),
            role: LlmRole::Student,
            model: "m".into(),
            request: Digest::of_bytes(b""),
            usage: None,
            cost_usd,
            estimated_usd: Some(0.25),
        }
    }

    #[test]
    fn no_call_is_made_that_may_go_over_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let mut account = Account::open(&root, Path::new("")).unwrap();
        assert_eq!(account.leave(Some(0.6), Some(1.0), "m"), Leave::Granted(0.6));
        assert_eq!(account.leave(Some(0.6), Some(1.0), "m"), Leave::Later);
        account.note_spending(&paid(Some(0.5)), 0.6).unwrap();
        assert!(matches!(account.leave(Some(0.6), Some(1.0), "m"), Leave::Refused(why) if why.contains("$0.5000")));
        assert_eq!(account.leave(Some(0.5), Some(1.0), "m"), Leave::Granted(0.5));
        account.release(0.5);
        assert!(matches!(account.leave(None, Some(1.0), "m"), Leave::Refused(why) if why.contains("[prices.\"m\"]")));
        assert_eq!(account.leave(None, None, "m"), Leave::Granted(0.0));
    }

    #[test]
    fn what_was_spent_is_counted_after_a_crash_as_well() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let mut account = Account::open(&root, Path::new("")).unwrap();
        account.note_spending(&paid(Some(0.5)), 0.0).unwrap();
        account.note_spending(&paid(None), 0.0).unwrap();
        root.append(spending::FILE, "{\"at\": \"cut o").unwrap();
        let again = Account::open(&root, Path::new("")).unwrap();
        assert!(
            (again.spent - 0.75).abs() < 1e-12,
            "an unknown cost counts as its estimate"
        );
        let sums = sums(&spent(&root, Path::new("")).unwrap());
        assert_eq!(
            sums[&LlmRole::Student].cost_usd,
            None,
            "a sum with an unknown part is unknown"
        );
        assert_eq!(sums[&LlmRole::Student].calls, 2);
    }

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
                role: LlmRole::Teacher,
                to: "u".into(),
                model: "m".into(),
                request,
                bytes: 1,
            };
            calls.announce(&line, "asked").unwrap();
        }
        let body = "{}".to_owned();
        let paid = store::PaidReply {
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
