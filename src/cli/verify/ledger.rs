//! The ledger against the outcomes: what is called applied has a commit, and what has a commit has an outcome.

use std::collections::BTreeSet;

use super::{Finding, Kind, finding};
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::ledger::port::{Entry, Ledger, LedgerError};
use crate::workspace::Workspace;
use crate::workspace::session::{OUTCOMES, Session, SessionError};

/// All commits of kaizen in this history.
///
/// # Errors
/// git says no.
pub(crate) fn commits(workspace: &Workspace) -> Result<Vec<Entry>, LedgerError> {
    workspace.ledger.entries(None)
}

/// Compares the outcomes of a session with its commits.
///
/// # Errors
/// An outcome cannot be read.
pub(crate) fn check(session: &Session, commits: &[Entry]) -> Result<Vec<Finding>, SessionError> {
    let of_session = |entry: &&Entry| entry.trailer("Session-ID") == Some(session.id.as_str());
    let ours: Vec<&Entry> = commits.iter().filter(of_session).collect();
    let outcomes = session.outcomes()?;
    let remedy = format!("{} compares both and puts it right", super::run(session));
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
            let problem = "a commit applied this edit, and no outcome says so".to_owned();
            finding(Kind::Failure, session, &file(digest), problem, remedy.as_str())
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

/// What is missing of the commit of an applied edit. A rebase gives it another name, and that is well.
fn missing(outcome: &Outcome, ours: &[&Entry]) -> Option<(Kind, String)> {
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
            Kind::Information,
            format!("it names {commit}; the history holds the edit as {other}"),
        ),
        None => (
            Kind::Failure,
            format!("it is called applied by {commit}, and no commit of this history holds the edit"),
        ),
    })
}
