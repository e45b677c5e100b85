//! The account: what a session has spent, what is about to be spent, and what may be.

use std::path::{Path, PathBuf};

use crate::artifact::egress::{self, Egress};
use crate::artifact::spending::{self, Spending};
use crate::sys::disk::{DiskError, OWN_FOLDER, Root};

/// What was spent, and where it is written down.
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
    /// It may; so much is set aside for it.
    Granted(f64),
    /// Perhaps, once a call that is under way has come back.
    Later,
    /// It may not, for this reason.
    Refused(String),
}

impl Account {
    /// The account of a folder in which nothing counts that was spent before.
    pub(crate) fn new(root: &Root, folder: &Path) -> Self {
        Self {
            root: root.clone(),
            folder: folder.to_owned(),
            spent: 0.0,
            reserved: 0.0,
        }
    }

    /// The account of a folder, with what was spent there before.
    ///
    /// # Errors
    /// The folder's record cannot be read: then nobody knows what is left.
    pub(crate) fn open(root: &Root, folder: &Path) -> Result<Self, DiskError> {
        let counted = |line: &Spending| line.cost_usd.or(line.estimated_usd).unwrap_or(0.0);
        Ok(Self {
            spent: spent(root, folder)?.iter().map(counted).sum(),
            ..Self::new(root, folder)
        })
    }

    /// Asks for leave to make a call. `estimate` is `None` when its price is unknown.
    pub(crate) fn leave(&mut self, estimate: Option<f64>, most: Option<f64>, model: &str) -> Leave {
        let Some(most) = most else {
            return Leave::Granted(0.0);
        };
        let Some(estimate) = estimate else {
            return Leave::Refused(format!(
                "the price of `{model}` is unknown, and [session] max_cost_usd is set; add [prices.\"{model}\"] with input and \
                 output in dollars for a million tokens (0.0 for a model of your own)"
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
            "the next call to `{model}` may cost ${estimate:.4}; ${:.4} of [session] max_cost_usd = {most} are spent. Raise it \
             and run again: what was paid for is kept",
            self.spent
        ))
    }

    /// What is not spent yet of a limit.
    pub(crate) fn left(&self, most: f64) -> f64 {
        (most - self.spent).max(0.0)
    }

    /// Gives back what was set aside for a call that was not paid.
    pub(crate) fn release(&mut self, reserved: f64) {
        self.reserved = (self.reserved - reserved).max(0.0);
    }

    /// Writes down what is about to leave the machine.
    ///
    /// # Errors
    /// It cannot be written: then nothing may leave.
    pub(crate) fn note_egress(&self, line: &Egress) -> Result<(), DiskError> {
        self.append(egress::FILE, &text(line))
    }

    fn append(&self, name: &str, line: &str) -> Result<(), DiskError> {
        // A session's folder may have been removed on purpose; kaizen's own is made by whoever needs it first.
        if self.folder.ends_with(OWN_FOLDER) {
            self.root.make_folder(&self.folder)?;
        }
        self.root.append(self.folder.join(name), line)
    }

    /// Writes down what was paid.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn note_spending(&mut self, line: &Spending, reserved: f64) -> Result<(), DiskError> {
        self.release(reserved);
        self.spent += line.cost_usd.or(line.estimated_usd).unwrap_or(0.0);
        self.append(spending::FILE, &text(line))
    }
}

fn text(line: &impl serde::Serialize) -> String {
    format!("{}\n", serde_json::to_string(line).unwrap_or_default())
}

/// Everything that was paid for in a folder. A line that a crash cut off counts as nothing.
///
/// # Errors
/// The file is there and cannot be read.
pub(crate) fn spent(root: &Root, folder: &Path) -> Result<Vec<Spending>, DiskError> {
    lines(root, &folder.join(spending::FILE))
}

/// Everything that left from a folder.
///
/// # Errors
/// The file is there and cannot be read.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::egress::Role;
    use crate::artifact::spending::sums;
    use crate::digest::Digest;

    fn paid(cost_usd: Option<f64>) -> Spending {
        Spending {
            at: String::new(),
            role: Role::Student,
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
            sums[&Role::Student].cost_usd,
            None,
            "a sum with an unknown part is unknown"
        );
        assert_eq!(sums[&Role::Student].calls, 2);
    }
}
