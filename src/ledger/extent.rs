//! How much of the history a clone has, and how to complete it.

use super::Git;
use crate::ledger::port::LedgerError;

/// How much of the history a clone has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloneExtent {
    /// All commits with their files.
    Whole,
    /// The newest commits, as `git clone --depth` gets them.
    Shallow,
    /// All commits, but files only while the remote can be reached, as `git clone --filter` gets them.
    Partial,
}

impl CloneExtent {
    /// How to complete the clone; `None` if it is complete.
    pub(crate) fn remedy(self) -> Option<&'static str> {
        match self {
            CloneExtent::Whole => None,
            CloneExtent::Shallow => Some("`git fetch --unshallow` gets the rest of the history"),
            CloneExtent::Partial => Some("`git fetch --refetch --no-filter` gets the files of older commits"),
        }
    }
}

impl Git {
    /// How much of the history this clone has.
    ///
    /// # Errors
    /// git cannot be run.
    pub(crate) fn extent(&self) -> Result<CloneExtent, LedgerError> {
        if self.is_shallow() {
            return Ok(CloneExtent::Shallow);
        }
        let promisors = self.ask(&["config", "--get-regexp", r"^remote\..*\.promisor$"], &[])?;
        Ok(match promisors.stdout.is_empty() {
            true => CloneExtent::Whole,
            false => CloneExtent::Partial,
        })
    }
}
