//! Checks the ledger against the outcomes: applied edits have a commit, and commits have an outcome.

use std::collections::BTreeSet;

use super::{Severity, VerifyFinding, finding};
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::ledger::port::{Ledger, LedgerEntry, LedgerError};
use crate::workspace::Workspace;
use crate::workspace::session::{OUTCOMES, Session, SessionError};

/// All commits of kaizen in this history.
///
/// # Errors
/// git fails.
pub(crate) fn commits(workspace: &Workspace) -> Result<Vec<LedgerEntry>, LedgerError> {
    workspace.ledger.entries(None)
}

/// Compares the outcomes of a session with its commits.
///
/// # Errors
/// An outcome cannot be read.
pub(crate) fn check(session: &Session, commits: &[LedgerEntry]) -> Result<Vec<VerifyFinding>, SessionError> {
    let of_session = |entry: &&LedgerEntry| entry.trailer("Session-ID") == Some(session.id.as_str());
    let ours: Vec<&LedgerEntry> = commits.iter().filter(of_session).collect();
    let outcomes = session.outcomes()?;
    let remedy = format!("{} compares both and repairs the difference", super::run(session));
    let without_commit = outcomes
        .values()
        .filter(|outcome| outcome.status == OutcomeStatus::Applied)
        .filter_map(|outcome| Some((outcome, missing(outcome, &ours)?)))
        .map(|(outcome, (kind, problem))| {
            let file = file(&outcome.edit_digest.to_string());
            finding(kind, session, &file, problem, remedy.as_str())
        });
    let digests: BTreeSet<&str> = ours.iter().filter_map(|entry| entry.trailer("Edit-Digest")).collect();
    let known = |digest: &str| outcomes.keys().any(|known| known.to_string() == digest);
    let was_applied = |digest: &str| {
        let outcome = outcomes
            .values()
            .find(|outcome| outcome.edit_digest.to_string() == digest);
        outcome.is_none_or(|outcome| was_applied(outcome.status))
    };
    let unexplained = digests
        .iter()
        .filter(|digest| !known(digest) || !was_applied(digest))
        .map(|digest| {
            let problem = "a commit applied this edit, but no outcome records that".to_owned();
            finding(Severity::Failure, session, &file(digest), problem, remedy.as_str())
        });
    Ok(without_commit.chain(unexplained).collect())
}

fn file(digest: &str) -> String {
    format!("{OUTCOMES}{digest}.json")
}

fn was_applied(status: OutcomeStatus) -> bool {
    matches!(
        status,
        OutcomeStatus::Applied | OutcomeStatus::RolledBack | OutcomeStatus::Stranded
    )
}

/// The problem if an applied edit's commit is missing. A rebase changes the commit's id, which is only a remark.
fn missing(outcome: &Outcome, ours: &[&LedgerEntry]) -> Option<(Severity, String)> {
    let digest = outcome.edit_digest.to_string();
    let holding: Vec<&str> = ours
        .iter()
        .filter(|entry| entry.trailer("Edit-Digest") == Some(&digest))
        .map(|entry| entry.commit.as_str())
        .collect();
    let commit = outcome.commit.as_deref().unwrap_or("no commit");
    if holding.contains(&commit) {
        return None;
    }
    Some(match holding.last() {
        Some(other) => (
            Severity::Information,
            format!("it refers to {commit}; in the history, the edit is in commit {other}"),
        ),
        None => (
            Severity::Failure,
            format!("its status is applied ({commit}), but no commit in the history contains the edit"),
        ),
    })
}
