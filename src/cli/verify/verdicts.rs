//! Verdicts: each agrees with its own numbers, with the outcome that cites it, and with the rule of the manifest.

use super::compare::differences;
use super::{Finding, Kind, finding};
use crate::artifact::gate::record::GateRecord;
use crate::artifact::gate::verdict::{Decision, GateRule, RuleKind, Verdict};
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::cli::exit::Failure;
use crate::gate;
use crate::gate::replay;
use crate::pipeline::definition::definition;
use crate::pipeline::judging::rule;
use crate::workspace::Workspace;
use crate::workspace::session::{OUTCOMES, Session};

/// Recomputes the verdicts of a session.
///
/// # Errors
/// Its files cannot be read.
pub(crate) fn check(workspace: &Workspace, session: &Session) -> Result<Vec<Finding>, Failure> {
    let rule = present_rule(workspace, session)?;
    let run = super::run(session);
    let again = format!("restore it with git, or delete it and let {run} settle the edit again");
    let mut found = Vec::new();
    for outcome in session.outcomes()?.values() {
        let own = match (&outcome.gate, &outcome.verdict) {
            (Some(record), _) => of_record(outcome, record),
            (None, Some(verdict)) => disagreements(outcome, verdict),
            (None, None) => unfounded(outcome),
        };
        let mut problems: Vec<_> = own.into_iter().map(|problem| (problem, again.clone())).collect();
        if let (true, Some(verdict), Some(rule)) = (problems.is_empty(), &outcome.verdict, &rule) {
            problems.extend(recomputed(session, verdict, rule));
        }
        let file = format!("{OUTCOMES}{}.json", outcome.edit_digest);
        let one = |(problem, remedy)| finding(Kind::Failure, session, &file, problem, remedy);
        found.extend(problems.into_iter().map(one));
    }
    Ok(found)
}

/// The manifest's rule, when the session was decided under it and it needs nothing but the verdict's own numbers.
fn present_rule(workspace: &Workspace, session: &Session) -> Result<Option<GateRule>, Failure> {
    let manifest = &workspace.manifest;
    let (checkpoint, record) = (session.checkpoint("execute"), session.record()?);
    let phases = manifest.phases();
    let now = phases
        .get("execute")
        .zip(record)
        .map(|(stanza, record)| definition(manifest, "execute", stanza, &workspace.engines(), record.autonomy_mode));
    let same = checkpoint.is_some_and(|checkpoint| Some(checkpoint.definition) == now);
    Ok(Some(rule(manifest)).filter(|rule| same && rule.kind == RuleKind::Overall))
}

/// What a verdict and its outcome say that does not follow from the verdict's own sums and changed tasks.
pub(crate) fn disagreements(outcome: &Outcome, verdict: &Verdict) -> Vec<String> {
    let again = gate::restate(verdict);
    let mut problems = differences(verdict, &again, "the list of its changed tasks");
    let said = serde_json::json!({
        "benchmark_delta": outcome.benchmark_delta, "cluster_deltas": outcome.cluster_deltas
    });
    let follows = serde_json::json!({
        "benchmark_delta": again.overall_delta, "cluster_deltas": again.cluster_deltas
    });
    problems.extend(differences(&said, &follows, "its verdict"));
    problems.extend(status_of(outcome, verdict.decision));
    problems
}

/// What a record and its outcome say that does not follow from the record's own pairs.
pub(crate) fn of_record(outcome: &Outcome, record: &GateRecord) -> Vec<String> {
    let mut problems = replay::disagreements(record);
    let said = serde_json::json!({
        "benchmark_delta": outcome.benchmark_delta, "cluster_deltas": outcome.cluster_deltas
    });
    let follows = serde_json::json!({
        "benchmark_delta": record.overall_delta(), "cluster_deltas": record.category_deltas()
    });
    problems.extend(differences(&said, &follows, "the list of its pairs"));
    problems.extend(status_of(outcome, record.decision));
    problems
}

/// A status that is not what the gate decided.
fn status_of(outcome: &Outcome, decision: Decision) -> Option<String> {
    let expected = match outcome.status {
        OutcomeStatus::Applied if !outcome.gate_skipped => Some(Decision::Accept),
        OutcomeStatus::RejectedByGate => Some(Decision::Reject),
        OutcomeStatus::Undecided | OutcomeStatus::PendingReview => Some(Decision::Undecided),
        _ => None,
    };
    let differs = expected.is_some_and(|expected| expected != decision);
    differs.then(|| {
        format!(
            "the status is {}, and the verdict is {decision:?}",
            outcome.status.words()
        )
    })
}

/// Numbers without the verdict that they follow from cannot be checked by anybody.
fn unfounded(outcome: &Outcome) -> Vec<String> {
    let states = outcome.benchmark_delta.is_some() || !outcome.cluster_deltas.is_empty();
    let judged = matches!(
        outcome.status,
        OutcomeStatus::Applied | OutcomeStatus::RejectedByGate | OutcomeStatus::Undecided
    );
    match (judged, states) {
        (true, _) => vec![format!("it is {} and carries no verdict", outcome.status.words())],
        (false, true) => vec!["it states a gain and carries no verdict that it follows from".to_owned()],
        (false, false) => Vec::new(),
    }
}

fn recomputed(session: &Session, verdict: &Verdict, rule: &GateRule) -> Option<(String, String)> {
    let again = gate::recompute(verdict, rule, None).decision;
    let problem = format!(
        "its numbers give {again:?} under the rule of kaizen.toml, and it says {:?}",
        verdict.decision
    );
    let run = super::run(session);
    let remedy = format!("was it decided under an earlier [gate]? to have it tried again, delete the file, then {run}");
    (again != verdict.decision).then_some((problem, remedy))
}
