//! Prints the commands that make sense after a run.

use std::path::Path;

use super::{STRONG, shared_labels};
use crate::artifact::outcome::OutcomeStatus;
use crate::artifact::record::{EditOutcome, SessionRecord};

/// Maximum number of waiting edits that are listed.
const MOST_WAITING: usize = 5;

/// Prints the commands. If `elsewhere` is set, the first command changes to that directory.
/// `root` is the folder of the workspace of the session, if it is not that of the command.
pub(crate) fn show(record: &SessionRecord, elsewhere: Option<&Path>, root: Option<&Path>) {
    out!("\n{STRONG}Next{STRONG:#}");
    if let Some(place) = elsewhere {
        out!("  cd {}", quoted(&place.display().to_string()));
    }
    let shared = shared_labels(record);
    let waits = |outcome: &&EditOutcome| outcome.status == OutcomeStatus::PendingReview;
    let waiting: Vec<&EditOutcome> = record.edit_outcomes.iter().filter(waits).collect();
    if !waiting.is_empty() {
        out!("  kaizen review                  # asks about the waiting edits, one after another");
    }
    for outcome in waiting.iter().take(MOST_WAITING) {
        let name = shared.name(&outcome.edit_id, &outcome.edit_digest);
        out!("  kaizen show {name}; kaizen accept {name}   # or: kaizen reject {name}");
    }
    if !waiting.is_empty() {
        out!("  kaizen run                     # gates and commits the accepted edits");
    }
    let place = root.map_or_else(String::new, |root| format!("{}/", quoted(&root.display().to_string())));
    out!(
        "  $EDITOR {place}sessions/{}/plan.json; kaizen run   # the harness follows the plan",
        record.id
    );
    if root.is_some()
        && record
            .edit_outcomes
            .iter()
            .any(|one| one.status == OutcomeStatus::Applied)
    {
        out!("  kaizen pr                      # prepares the pull request of its branch");
    }
    out!("  kaizen log; kaizen diff; kaizen status");
}

/// A path, quoted for the shell if necessary.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+,@%:".contains(c);
    if path.chars().all(plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_path_survives_the_shell() {
        for (path, quoted) in [
            ("/tmp/demo-1", "/tmp/demo-1"),
            ("/tmp/my demo", "'/tmp/my demo'"),
            ("/tmp/it's", "'/tmp/it'\\''s'"),
        ] {
            assert_eq!(super::quoted(path), quoted);
        }
    }
}
