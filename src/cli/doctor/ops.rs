//! The row of `kaizen doctor` about ops: each op with the file and the key that it would change.

use std::collections::BTreeMap;

use super::{DoctorRow, bad, failed, good};
use crate::cli::offered;
use crate::cli::visible::visible;
use crate::harness::op::offers::OpOffer;
use crate::workspace::error::RunError;

/// How many lines of places are printed; JSON has all.
const MOST_LINES: usize = 30;

/// The row about them.
pub(super) fn row(found: Result<Vec<OpOffer>, RunError>) -> DoctorRow {
    let (row, offers) = match found {
        Ok(offers) if offers.is_empty() => (bad("ops", offered::NONE.to_owned(), offered::OPEN), offers),
        Ok(offers) => (good("ops", offered::summary(&offers)), offers),
        Err(error) => (failed("ops", error), Vec::new()),
    };
    DoctorRow {
        ops: Some(offers),
        ..row
    }
}

/// Prints each place with its ops and their tier.
pub(super) fn print(offers: &[OpOffer]) {
    let mut places: BTreeMap<(&str, &str, &str), Vec<&str>> = BTreeMap::new();
    for offer in offers {
        let tier = offer.tier.name();
        let key = offer.key.as_deref().unwrap_or_default();
        places
            .entry((&offer.path, key, tier))
            .or_default()
            .push(offer.op.name());
    }
    for ((path, key, tier), ops) in places.iter().take(MOST_LINES) {
        let key = if key.is_empty() {
            String::new()
        } else {
            format!("#{key}")
        };
        out!(
            "{:<9}  {:<8}    {}{}  {tier}  {}",
            "",
            "",
            visible(path),
            visible(&key),
            ops.join(", ")
        );
    }
    let more = places.len().saturating_sub(MOST_LINES);
    if more > 0 {
        out!("{:<9}  {:<8}    and {more} more; `--format json` lists all", "", "");
    }
}
