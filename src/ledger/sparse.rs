//! Finds tracked files that a sparse checkout leaves out, so that they are not taken for missing.

use super::Git;
use crate::ledger::checkout_problem::CheckoutProblem;
use crate::ledger::port::LedgerError;

/// How many patterns of a sparse checkout a message names.
const MOST_PATTERNS: usize = 5;

impl Git {
    /// Checks that a sparse checkout leaves out none of the tracked files that `needs` selects, by their paths relative to
    /// the workspace.
    ///
    /// # Errors
    /// [`CheckoutProblem::LeftOut`], or git fails.
    pub(crate) fn check_not_left_out(&self, needs: &dyn Fn(&str) -> bool) -> Result<(), LedgerError> {
        if !self.is_sparse() {
            return Ok(());
        }
        let listing = self.read(&["ls-files", "-t", "-z"], &[])?;
        let listing = String::from_utf8_lossy(&listing);
        // A file may be on disk although it is marked as left out.
        let is_left_out = |path: &&str| needs(path) && !self.workspace.join(path).exists();
        let mut left_out = listing
            .split('\0')
            .filter_map(|entry| entry.strip_prefix("S "))
            .filter(is_left_out);
        let Some(first) = left_out.next() else {
            return Ok(());
        };
        Err(CheckoutProblem::LeftOut {
            path: first.to_owned(),
            others: left_out.count(),
            patterns: self.sparse_patterns(),
            top: (!self.prefix.is_empty()).then(|| (self.top(), self.prefix.clone())),
        }
        .into())
    }

    /// The folders or patterns of the sparse checkout, for messages.
    fn sparse_patterns(&self) -> String {
        // The error names the file anyway.
        let listing = self.read(&["sparse-checkout", "list"], &[]).unwrap_or_default();
        let listing = String::from_utf8_lossy(&listing);
        let patterns: Vec<&str> = listing.lines().filter(|line| !line.trim().is_empty()).collect();
        let mut shown: Vec<String> = patterns
            .iter()
            .take(MOST_PATTERNS)
            .map(|one| format!("`{one}`"))
            .collect();
        match patterns.len().saturating_sub(MOST_PATTERNS) {
            0 => {}
            more => shown.push(format!("{more} more")),
        }
        shown.join(", ")
    }
}
