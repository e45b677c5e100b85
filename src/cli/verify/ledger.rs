//! Checks the ledger against the outcomes: applied edits have a commit, and commits have an outcome.

use super::{Severity, VerifyFinding, finding};
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::digest::Digest;
use crate::ledger::extent::CloneExtent;
use crate::ledger::graph::{CommitGraph, LedgerState};
use crate::ledger::port::{Ledger, LedgerEntry, LedgerError};
use crate::pipeline::edit_states::EditSearch;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::{OUTCOMES, Session};

/// All commits of kaizen in this history.
///
/// # Errors
/// git fails.
pub(crate) fn commits(workspace: &Workspace) -> Result<Vec<LedgerEntry>, LedgerError> {
    workspace.ledger.entries(None)
}

/// Compares the outcomes of a session with git.
///
/// # Errors
/// An outcome cannot be read, or git fails.
pub(crate) fn check(
    workspace: &Workspace,
    inputs: &Inputs,
    session: &Session,
    commits: &[LedgerEntry],
) -> Result<Vec<VerifyFinding>, RunError> {
    let of_session = |entry: &&LedgerEntry| entry.trailer("Session-ID") == Some(session.id.as_str());
    let ours: Vec<&LedgerEntry> = commits.iter().filter(of_session).collect();
    let outcomes = session.outcomes()?;
    let search = EditSearch::new(workspace, inputs, session)?;
    let states = search.states()?;
    let returned = search.returned(&states)?;
    let repaired = format!("{} compares both and repairs the difference", super::run(session));
    let graph = inputs.graph()?;
    let is_incomplete = graph.is_cut() || states.values().any(|state| *state == LedgerState::Unknown);
    let complete = is_incomplete.then(|| workspace.ledger.extent()).transpose()?;
    let complete = complete
        .and_then(CloneExtent::remedy)
        .unwrap_or("nothing has to be done");
    let mut found = Vec::new();
    for (digest, outcome) in &outcomes {
        let file = file(digest);
        let of_edit = |entry: &&&LedgerEntry| entry.trailer("Edit-Digest") == Some(&digest.to_string());
        let holding: Vec<&str> = ours.iter().filter(of_edit).map(|entry| entry.commit.as_str()).collect();
        let finding =
            |(kind, problem, remedy): (Severity, String, String)| finding(kind, session, &file, problem, remedy);
        let state = states.get(digest);
        found.extend(compared(outcome, state, (&holding, graph), (&repaired, complete)).map(&finding));
        if returned.iter().any(|edit| edit.digest() == *digest) {
            let problem = "its status is rolled back, but a person brought the edit back";
            let remedy = format!(
                "{} records that it is applied again; the files stay as they are",
                super::run(session)
            );
            found.push(finding((Severity::Failure, problem.to_owned(), remedy)));
        }
    }
    let unrecorded = states.keys().filter(|digest| !outcomes.contains_key(digest));
    found.extend(unrecorded.map(|digest| {
        let problem = "a commit applied this edit, but no outcome records that".to_owned();
        finding(Severity::Failure, session, &file(digest), problem, repaired.as_str())
    }));
    Ok(found)
}

fn file(digest: &Digest) -> String {
    format!("{OUTCOMES}{digest}.json")
}

/// What is wrong with an outcome according to git, or worth a remark, with the remedy. `holding` are the commits that
/// name the edit, oldest first; the remedies are what repairs a difference, and what completes the clone.
fn compared(
    outcome: &Outcome,
    state: Option<&LedgerState>,
    (holding, graph): (&[&str], &CommitGraph),
    (repaired, complete): (&str, &str),
) -> Option<(Severity, String, String)> {
    let failure = |problem: &str| Some((Severity::Failure, problem.to_owned(), repaired.to_owned()));
    let commit = outcome.commit.as_deref().unwrap_or("no commit");
    match (outcome.status, state) {
        (OutcomeStatus::Applied, Some(LedgerState::Applied(by))) if holding.is_empty() && graph.is_cut_at(by) => {
            Some((
                Severity::Information,
                format!("it refers to {commit}, which is not in this clone: its history ends at {by}"),
                complete.to_owned(),
            ))
        }
        (OutcomeStatus::Applied, Some(LedgerState::Applied(by))) => elsewhere(commit, by, holding),
        (OutcomeStatus::Applied, Some(LedgerState::Unknown)) => Some((
            Severity::Information,
            format!("git does not show whether the edit is still applied ({commit} is not in this history)"),
            complete.to_owned(),
        )),
        (OutcomeStatus::Applied, Some(LedgerState::Reverted(by) | LedgerState::Undone(Some(by)))) => {
            failure(&format!("its status is applied, but commit {by} removed the edit"))
        }
        (OutcomeStatus::Applied, Some(LedgerState::Stranded(by))) => failure(&format!(
            "its status is applied, but the edit no longer applied when commit {by} reverted another"
        )),
        (OutcomeStatus::Applied, Some(LedgerState::Undone(None)) | None) => failure(&format!(
            "its status is applied ({commit}), but no commit in the history contains the edit, and the files do not either"
        )),
        // A revert that changed no file has no commit. Edits that came back are reported apart.
        (OutcomeStatus::RolledBack | OutcomeStatus::Stranded, _) => None,
        (_, Some(LedgerState::Applied(_))) => {
            failure("a commit applied this edit, but its outcome does not record that")
        }
        _ => None,
    }
}

/// A remark if the edit is in another commit than its outcome says. A rebase or a squash merge changes the commit's id.
fn elsewhere(commit: &str, by: &str, holding: &[&str]) -> Option<(Severity, String, String)> {
    if holding.contains(&commit) || commit == by {
        return None;
    }
    let problem = match holding.last() {
        Some(other) => format!("it refers to {commit}; in the history, the edit is in commit {other}"),
        None => format!("it refers to {commit}, which is not in the history; the edit came with commit {by}"),
    };
    Some((Severity::Information, problem, "nothing has to be done".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::graph::GraphCommit;

    fn outcome(status: &str) -> Outcome {
        let edit = Digest::of_bytes(b"edit");
        let value = serde_json::json!({"edit_id": "e", "edit_digest": edit, "op": "set_agent_param",
            "target": "agents.a.k", "status": status, "commit": "aaaa"});
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_state_in_git_is_compared_with_the_outcome() {
        let applied = || Some(LedgerState::Applied("aaaa".into()));
        let graph = CommitGraph::new(vec![GraphCommit::of_ids("eeee")], ["eeee".to_owned()].into());
        let undone = |by: Option<&str>| Some(LedgerState::Undone(by.map(str::to_owned)));
        for (status, state, holding, expected) in [
            ("applied", applied(), vec!["aaaa"], None),
            (
                "applied",
                Some(LedgerState::Applied("bbbb".into())),
                vec!["bbbb"],
                Some((Severity::Information, "is in commit bbbb")),
            ),
            (
                "applied",
                Some(LedgerState::Applied("bbbb".into())),
                vec![],
                Some((Severity::Information, "the edit came with")),
            ),
            (
                "applied",
                Some(LedgerState::Applied("eeee".into())),
                vec![],
                Some((Severity::Information, "ends at eeee")),
            ),
            (
                "applied",
                Some(LedgerState::Unknown),
                vec![],
                Some((Severity::Information, "does not show")),
            ),
            (
                "applied",
                undone(Some("cccc")),
                vec!["aaaa"],
                Some((Severity::Failure, "cccc removed")),
            ),
            ("applied", undone(None), vec![], Some((Severity::Failure, "no commit"))),
            ("applied", None, vec![], Some((Severity::Failure, "no commit"))),
            ("rolled_back", undone(Some("cccc")), vec!["aaaa"], None),
            (
                "rejected_by_gate",
                applied(),
                vec!["aaaa"],
                Some((Severity::Failure, "does not record")),
            ),
            ("rejected_by_gate", None, vec![], None),
        ] {
            let found = compared(
                &outcome(status),
                state.as_ref(),
                (&holding, &graph),
                ("repaired", "complete"),
            );
            let kind = found.as_ref().map(|(kind, ..)| *kind);
            assert_eq!(kind, expected.map(|(kind, _)| kind), "{status} {state:?}");
            let words = found.map(|(_, problem, _)| problem).unwrap_or_default();
            assert!(words.contains(expected.map_or("", |(_, words)| words)), "{words}");
        }
    }
}
