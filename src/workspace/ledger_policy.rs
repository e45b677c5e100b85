//! How kaizen uses git in a workspace: hooks, signatures, the author, the date.

use std::time::Duration;

use crate::ledger::{self, Policy};
use crate::manifest::Manifest;
use crate::sys::clock::Clock;

/// How kaizen uses git, as the manifest says.
pub(super) fn of(manifest: &Manifest, clock: &Clock) -> Policy {
    Policy {
        hooks: manifest.ledger.hooks,
        sign: manifest.ledger.sign,
        author: manifest.ledger.author.as_deref().and_then(name_and_address),
        lock_wait: Duration::from_secs(manifest.ledger.lock_wait_seconds),
        detached: ledger::is_detached_allowed(),
        subject: manifest.ledger.subject.clone(),
        date: clock.commit_date(),
        withheld: manifest.withheld(&[]),
        ..Policy::default()
    }
}

fn name_and_address(author: &str) -> Option<(String, String)> {
    let (name, address) = author.split_once('<')?;
    Some((
        name.trim().to_owned(),
        address.trim_end().trim_end_matches('>').to_owned(),
    ))
}
