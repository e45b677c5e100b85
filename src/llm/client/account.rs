//! The account of a session: its spending, its reservations and its limit. It also counts an answer that was paid for
//! just before a crash, and calls that a crash cut off.

use std::path::{Path, PathBuf};

use super::LlmClient;
use super::limit::SpendingLimit;
use crate::artifact::Money;
use crate::artifact::egress::{self, Egress};
use crate::artifact::spending::{self, Spending};
use crate::sys::disk::{DiskError, OWN_FOLDER, Root};

/// Sums of money spent and reserved, the number of calls in flight, and the folder of the log files.
#[derive(Debug)]
pub(crate) struct Account {
    root: Root,
    folder: PathBuf,
    spent: Money,
    reserved: Money,
    in_flight: usize,
}

/// Whether a call may be made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Leave {
    /// Yes; this amount was reserved for it.
    Granted(Money),
    /// Not now, but perhaps after a call in flight has ended.
    Later,
    /// No.
    Refused {
        /// The reason, for people.
        why: String,
        /// Whether the loop's limit is the reason.
        by_loop: bool,
    },
}

impl Account {
    /// Creates an account for a folder, ignoring earlier spending.
    pub(crate) fn new(root: &Root, folder: &Path) -> Self {
        Self {
            root: root.clone(),
            folder: folder.to_owned(),
            spent: Money::ZERO,
            reserved: Money::ZERO,
            in_flight: 0,
        }
    }

    /// Opens the account of a folder, including its earlier spending and the calls that were cut off.
    ///
    /// # Errors
    /// A log cannot be read, so the remaining budget is unknown.
    pub(crate) fn open(root: &Root, folder: &Path) -> Result<Self, DiskError> {
        Ok(Self {
            spent: spent(root, folder)?.iter().map(Spending::counted).sum(),
            ..Self::new(root, folder)
        })
    }

    /// Reserves `estimate` for a call, if the limits allow it. `estimate` is `None` if the price is unknown.
    ///
    /// A call waits only while others are in flight, since each of these ends; it never waits for an amount to be
    /// released.
    pub(crate) fn leave(&mut self, estimate: Option<Money>, limits: &[SpendingLimit], model: &str) -> Leave {
        if let Some(limit) = limits.iter().find(|limit| limit.needs_prices && estimate.is_none()) {
            return Leave::Refused {
                why: limit.unpriced(model),
                by_loop: false,
            };
        }
        let estimate = estimate.unwrap_or_default();
        let tightest = limits.iter().min_by_key(|limit| limit.most);
        let Some(limit) = tightest.filter(|limit| self.spent + self.reserved + estimate > limit.most) else {
            self.reserved += estimate;
            self.in_flight += 1;
            return Leave::Granted(estimate);
        };
        match self.in_flight {
            0 => Leave::Refused {
                why: limit.reached(model, estimate, self.spent),
                by_loop: limit.is_of_loop(),
            },
            _ => Leave::Later,
        }
    }

    /// What the calls cost so far.
    pub(crate) fn spent(&self) -> Money {
        self.spent
    }

    /// The part of the tightest limit that is not spent yet; `None` without a limit.
    pub(crate) fn left(&self, limits: &[SpendingLimit]) -> Option<Money> {
        limits.iter().map(|limit| limit.most.less(self.spent)).min()
    }

    /// Ends a call in flight, and releases what was reserved for it.
    pub(crate) fn release(&mut self, reserved: Money) {
        self.reserved = self.reserved.less(reserved);
        self.in_flight = self.in_flight.saturating_sub(1);
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

    /// Logs a payment.
    ///
    /// # Errors
    /// The log cannot be written.
    pub(crate) fn note_spending(&mut self, line: &Spending) -> Result<(), DiskError> {
        self.spent += line.counted();
        self.append(spending::FILE, &text(line))
    }
}

/// A line of a log.
pub(super) fn text(line: &impl serde::Serialize) -> String {
    format!(
        "{}\n",
        serde_json::to_string(line).expect("a line of a log has string keys")
    )
}

/// Reads the calls logged in a folder: those that ended, then those that were cut off. Lines that do not parse, such as
/// one truncated by a crash, are skipped.
///
/// # Errors
/// A file exists but cannot be read.
pub(crate) fn spent(root: &Root, folder: &Path) -> Result<Vec<Spending>, DiskError> {
    let mut spent = ended(root, folder)?;
    let cut_off = spending::cut_off(&spent, &egress(root, folder)?);
    spent.extend(cut_off);
    Ok(spent)
}

/// Reads the calls logged in a folder that ended.
fn ended(root: &Root, folder: &Path) -> Result<Vec<Spending>, DiskError> {
    lines(root, &folder.join(spending::FILE))
}

/// Reads all requests logged in a folder.
///
/// # Errors
/// The file exists but cannot be read.
pub(crate) fn egress(root: &Root, folder: &Path) -> Result<Vec<Egress>, DiskError> {
    lines(root, &folder.join(egress::FILE))
}

/// The lines of a log that parse; none if the file is absent.
pub(super) fn lines<T: serde::de::DeserializeOwned>(root: &Root, path: &Path) -> Result<Vec<T>, DiskError> {
    let text = root.read_text(path)?.unwrap_or_default();
    Ok(text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect())
}

impl LlmClient {
    /// Logs payments that a crash prevented from being logged: requests with an answer in the store, but no payment.
    pub(super) fn settle(&self, root: &Root, folder: &Path) -> Result<(), DiskError> {
        if !self.root.has_file(super::STORE)? {
            return Ok(());
        }
        let mut account = Account::new(root, folder);
        let sent = egress(root, folder)?;
        for line in spending::unpaid(&ended(root, folder)?, &sent) {
            let paid = self.store().and_then(|store| store.paid(&line.request));
            if let Ok(Some(paid)) = paid {
                account.note_spending(&Spending::of_request(line, paid.cost_usd))?;
            }
        }
        Ok(())
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
            cost_usd: cost_usd.map(usd),
            estimated_usd: Some(usd(0.25)),
            ..Spending::of_request(&sent(Digest::of_bytes(b"")), None)
        }
    }

    fn sent(request: Digest) -> Egress {
        Egress {
            at: String::new(),
            role: LlmRole::Student,
            to: "u".into(),
            model: "m".into(),
            request,
            bytes: 1,
            max_tokens: Some(1),
            estimated_usd: Some(usd(0.25)),
        }
    }

    fn usd(usd: f64) -> Money {
        Money::from_usd(usd).unwrap()
    }

    #[test]
    fn no_call_is_made_that_may_go_over_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let mut account = Account::open(&root, Path::new("")).unwrap();
        let limits = [SpendingLimit::of_session(usd(1.0))];
        let leave = |account: &mut Account, dollars| account.leave(Some(usd(dollars)), &limits, "m");
        assert_eq!(leave(&mut account, 0.6), Leave::Granted(usd(0.6)));
        assert_eq!(leave(&mut account, 0.6), Leave::Later);
        account.note_spending(&paid(Some(0.5))).unwrap();
        account.release(usd(0.6));
        assert!(matches!(leave(&mut account, 0.6), Leave::Refused { why, .. } if why.contains("0.50 USD")));
        assert_eq!(leave(&mut account, 0.5), Leave::Granted(usd(0.5)));
        account.release(usd(0.5));
        assert!(
            matches!(account.leave(None, &limits, "m"), Leave::Refused { why, .. } if why.contains("[prices.\"m\"]"))
        );
        assert_eq!(account.leave(None, &[], "m"), Leave::Granted(Money::ZERO));
    }

    #[test]
    fn without_a_call_in_flight_nothing_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let mut account = Account::new(&Root::open(folder.path()).unwrap(), Path::new(""));
        let limits = [SpendingLimit::of_session(usd(0.3))];
        // The amounts of these calls, added as binary fractions in another order, would leave a remainder.
        for dollars in [0.1, 0.2] {
            assert!(matches!(
                account.leave(Some(usd(dollars)), &limits, "m"),
                Leave::Granted(_)
            ));
        }
        assert_eq!(account.leave(Some(usd(0.1)), &limits, "m"), Leave::Later);
        account.release(usd(0.2));
        account.release(usd(0.1));
        assert!(matches!(
            account.leave(Some(usd(0.4)), &limits, "m"),
            Leave::Refused { .. }
        ));
        // A free call counts as in flight as well.
        assert_eq!(
            account.leave(Some(Money::ZERO), &limits, "m"),
            Leave::Granted(Money::ZERO)
        );
        assert_eq!(account.leave(Some(usd(0.4)), &limits, "m"), Leave::Later);
    }

    #[test]
    fn the_tightest_limit_holds() {
        let folder = tempfile::tempdir().unwrap();
        let mut account = Account::new(&Root::open(folder.path()).unwrap(), Path::new(""));
        let limits = [
            SpendingLimit::of_session(usd(1.0)),
            SpendingLimit::of_loop(usd(0.2), usd(0.5), false),
        ];
        assert!(
            matches!(account.leave(Some(usd(0.3)), &limits, "m"), Leave::Refused { why, .. } if why.contains("loop"))
        );
        assert_eq!(account.left(&limits), Some(usd(0.2)));
        let lenient = &limits[1..];
        assert_eq!(
            account.leave(None, lenient, "m"),
            Leave::Granted(Money::ZERO),
            "the default needs no price"
        );
    }

    #[test]
    fn what_was_spent_is_counted_after_a_crash_as_well() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let mut account = Account::open(&root, Path::new("")).unwrap();
        account.note_spending(&paid(Some(0.5))).unwrap();
        account.note_spending(&paid(None)).unwrap();
        root.append(spending::FILE, "{\"at\": \"cut o").unwrap();
        let again = Account::open(&root, Path::new("")).unwrap();
        assert_eq!(again.spent, usd(0.75), "an unknown cost counts as its estimate");
        account.note_egress(&sent(Digest::of_bytes(b"in flight"))).unwrap();
        let again = Account::open(&root, Path::new("")).unwrap();
        assert_eq!(again.spent, usd(1.0), "so does a call that was cut off");
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
            Clock::from_environment().unwrap(),
            crate::sys::consent::Approvals::of_a_test(),
        );
        let (answered, unanswered) = (Digest::of_bytes(b"1"), Digest::of_bytes(b"2"));
        for request in [answered, unanswered] {
            calls.announce(&sent(request), "asked").unwrap();
        }
        let body = "{}".to_owned();
        let paid = store::PaidReply {
            body,
            cost_usd: Some(usd(0.5)),
        };
        calls.store().unwrap().received(&answered, &paid).unwrap();
        for _ in 0..2 {
            calls.charge(&root, OWN_FOLDER.as_ref(), "").unwrap();
            let lines = ended(&root, OWN_FOLDER.as_ref()).unwrap();
            assert_eq!(lines.len(), 1);
            assert_eq!((lines[0].request, lines[0].cost_usd), (answered, Some(usd(0.5))));
            let all = spent(&root, OWN_FOLDER.as_ref()).unwrap();
            assert_eq!((all.len(), all[1].request, all[1].cut_off), (2, unanswered, true));
        }
    }
}
