//! The row of `kaizen doctor` about ops: each op with the file and the key that it would change.

use std::collections::BTreeMap;

use super::{DoctorRow, bad, failed, good};
use crate::artifact::counted;
use crate::cli::visible::visible;
use crate::harness::op::offers::{OpOffer, offers};
use crate::workspace::Workspace;
use crate::workspace::error::RunError;

/// How many lines of places are printed; JSON has all.
const MOST_LINES: usize = 30;

/// The ops that apply to the harness on disk.
///
/// # Errors
/// The harness cannot be read.
pub(super) fn found(workspace: &Workspace) -> Result<Vec<OpOffer>, RunError> {
    let harness = workspace.harness()?;
    Ok(offers(&harness, &workspace.rules(), &workspace.manifest.harness))
}

/// The row about them.
pub(super) fn row(found: Result<Vec<OpOffer>, RunError>) -> DoctorRow {
    match found {
        Ok(offers) if offers.is_empty() => bad(
            "ops",
            "no op applies to the agent's files".to_owned(),
            "open them to edits in kaizen.toml:\n[[harness.surface]]\nname = \"memory\"\npath = \"CLAUDE.md\"",
        ),
        Ok(offers) => {
            let row = good("ops", summary(&offers));
            DoctorRow {
                ops: Some(offers),
                ..row
            }
        }
        Err(error) => failed("ops", error),
    }
}

/// What was found, in one line.
fn summary(offers: &[OpOffer]) -> String {
    let mut places: Vec<&str> = offers.iter().map(|offer| offer.path.as_str()).collect();
    places.sort_unstable();
    places.dedup();
    format!(
        "{} in {}",
        counted(offers.len(), "possible edit"),
        counted(places.len(), "file")
    )
}

/// Prints each place with its ops and their tier.
pub(super) fn print(offers: &[OpOffer]) {
    let mut places: BTreeMap<(&str, &str, String), Vec<&str>> = BTreeMap::new();
    for offer in offers {
        let tier = format!("{:?}", offer.tier).to_lowercase();
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
