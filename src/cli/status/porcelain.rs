//! `kaizen status --porcelain`: the newest session in lines of a key and a value, for prompts and status bars. It reads
//! the session's record and the lock, and computes nothing.

use crate::artifact::outcome::OutcomeStatus;
use crate::artifact::record::{SessionRecord, SessionStatus};
use crate::cli::exit::CommandFailure;
use crate::workspace::Workspace;
use crate::workspace::running::OtherRun;

/// Prints the lines. Keys may be added, but their meaning stays.
///
/// # Errors
/// The sessions cannot be listed, or the newest record cannot be read.
pub(super) fn print(workspace: &Workspace) -> Result<(), CommandFailure> {
    let newest = workspace.sessions()?.pop();
    let record = newest.as_ref().map(|session| session.record()).transpose()?.flatten();
    let running = OtherRun::of(workspace);
    for (key, value) in lines(record.as_ref(), running.as_ref()) {
        out!("{key} {value}");
    }
    Ok(())
}

fn lines(record: Option<&SessionRecord>, running: Option<&OtherRun>) -> Vec<(&'static str, String)> {
    let status = record.map_or("none".to_owned(), |record| word(&record.status));
    let state = running.map_or(status, |_| "running".to_owned());
    let mut lines = vec![("state", state)];
    if let Some(run) = running {
        lines.push(("process", run.process.clone()));
        lines.extend(run.phase().map(|phase| ("phase", phase.to_owned())));
        lines.extend(run.attempts().map(|(done, of)| ("attempts", format!("{done} {of}"))));
        lines.extend(run.pace().map(|rate| ("rate", format!("{rate:.3}"))));
        lines.extend(
            run.seconds_left()
                .map(|seconds| ("seconds-left", format!("{seconds:.0}"))),
        );
        lines.extend(run.edits().map(|(done, of)| ("edits", format!("{done} {of}"))));
        lines.extend(run.evidence().map(|look| ("evidence", look.words())));
        let load = run.load();
        lines.push(("in-flight", load.in_flight.to_string()));
        lines.push(("failed", load.failed.to_string()));
        lines.push(("spent-usd", load.spent_usd.usd().to_string()));
        lines.extend(load.limit_usd.map(|limit| ("limit-usd", limit.usd().to_string())));
    }
    let Some(record) = record else { return lines };
    lines.push(("session", record.id.clone()));
    lines.push(("applied", record.count(OutcomeStatus::Applied).to_string()));
    lines.push(("waiting", record.count(OutcomeStatus::PendingReview).to_string()));
    lines.push(("undecided", record.count(OutcomeStatus::Undecided).to_string()));
    for (key, snapshot) in [
        ("score-before", &record.benchmark_before),
        ("score-after", &record.benchmark_after),
    ] {
        lines.extend(snapshot.iter().map(|one| (key, format!("{:.4}", one.overall_score))));
    }
    lines
}

/// The word of a status in `session.json`.
fn word(status: &SessionStatus) -> String {
    let word = serde_json::to_value(status).ok();
    word.and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
}
