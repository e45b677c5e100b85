//! The cache of attempts of a workspace, opened at its first use: most runs find that there is nothing to try.

use std::sync::OnceLock;

use super::{Workspace, own_in};
use crate::artifact::evaluation::Attempt;
use crate::digest::Digest;
use crate::eval::memo::{DiskMemo, Forgetful, Memo};
use crate::sys::disk::Root;

/// The file, relative to the workspace.
const FILE: &str = ".kaizen/cache/memo.db";

/// The cache of attempts in a folder.
struct LazyMemo {
    root: Root,
    opened: OnceLock<Box<dyn Memo>>,
}

impl LazyMemo {
    /// The cache; if it cannot be opened, nothing is cached.
    fn opened(&self) -> &dyn Memo {
        let open = || -> Box<dyn Memo> {
            own_in(&self.root, "cache");
            match DiskMemo::open(&self.root, FILE) {
                Ok(memo) => Box::new(memo),
                Err(error) => {
                    tracing::warn!(%error, "the cache of attempts cannot be opened; attempts will be repeated");
                    Box::new(Forgetful)
                }
            }
        };
        self.opened.get_or_init(open).as_ref()
    }
}

impl Memo for LazyMemo {
    fn get(&self, keys: &[Digest]) -> Vec<Option<Attempt>> {
        match keys.is_empty() {
            true => Vec::new(),
            false => self.opened().get(keys),
        }
    }

    fn put(&self, attempts: &[(Digest, Attempt)]) {
        if !attempts.is_empty() {
            self.opened().put(attempts);
        }
    }
}

impl Workspace {
    /// The cache of attempts, which all sessions of a checkout share.
    pub(crate) fn memo(&self) -> Box<dyn Memo> {
        Box::new(LazyMemo {
            root: self.checkout.clone(),
            opened: OnceLock::new(),
        })
    }
}
