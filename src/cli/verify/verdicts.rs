//! Checks that each verdict agrees with its own numbers, with its outcome, and with the rule of the manifest.

use super::compare::differences;
use super::{Severity, VerifyFinding, finding};
use crate::artifact::gate::record::GateRecord;
use crate::artifact::gate::verdict::{GateDecision, GateRule, RuleKind, Verdict};
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::cli::exit::CommandFailure;
use crate::gate;
use crate::gate::replay;
use crate::pipeline::definition::definition;
use crate::pipeline::gate_policy::rule;
use crate::workspace::Workspace;
use crate::workspace::session::{OUTCOMES, Session};

/// Recomputes the verdicts of a session.
///
/// # Errors
/// Its files cannot be read.
pub(crate) fn check(workspace: &Workspace, session: &Session) -> Result<Vec<VerifyFinding>, CommandFailure> {
    let rule = present_rule(workspace, session)?;
    let run = super::run(session);
    let again = format!("restore it with git, or delete it and run {run} to settle the edit again");
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
        let one = |(problem, remedy)| finding(Severity::Failure, session, &file, problem, remedy);
        found.extend(problems.into_iter().map(one));
    }
    Ok(found)
}

/// The manifest's rule, if the session was decided under it and the verdict's own numbers suffice to apply it.
fn present_rule(workspace: &Workspace, session: &Session) -> Result<Option<GateRule>, CommandFailure> {
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

/// Values of a verdict and its outcome that do not follow from the verdict's sums and changed tasks.
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

/// Values of a gate record and its outcome that do not follow from the record's pairs.
pub(crate) fn of_record(outcome: &Outcome, record: &GateRecord) -> Vec<String> {
    let mut problems = replay::disagreements(record);
    let said = serde_json::json!({
        "benchmark_delta": outcome.benchmark_delta, "cluster_deltas": outcome.cluster_deltas
    });
    let follows = serde_json::json!({
        "benchmark_delta": record.overall_delta(), "cluster_deltas": record.category_deltas()
    });
    problems.extend(differences(&said, &follows, "the list of its pairs"));
    let kept = record.kept_by.is_some() && outcome.status == OutcomeStatus::Applied;
    match kept {
        true if record.decision == GateDecision::Undecided => {}
        _ => problems.extend(status_of(outcome, record.decision)),
    }
    problems
}

/// The problem if the status does not match the gate's decision.
fn status_of(outcome: &Outcome, decision: GateDecision) -> Option<String> {
    let expected = match outcome.status {
        OutcomeStatus::Applied if !outcome.gate_skipped => Some(GateDecision::Accept),
        OutcomeStatus::RejectedByGate => Some(GateDecision::Reject),
        OutcomeStatus::Undecided | OutcomeStatus::PendingReview => Some(GateDecision::Undecided),
        _ => None,
    };
    let differs = expected.is_some_and(|expected| expected != decision);
    differs.then(|| {
        format!(
            "the status is {}, but the verdict is {decision:?}",
            outcome.status.words()
        )
    })
}

/// The problem if an outcome without a verdict states a gain, or has a status that needs a verdict.
fn unfounded(outcome: &Outcome) -> Vec<String> {
    let states = outcome.benchmark_delta.is_some() || !outcome.cluster_deltas.is_empty();
    let judged = match outcome.status {
        // A person accepted it without the gate.
        OutcomeStatus::Applied => !outcome.gate_skipped,
        // Screening dropped it before the gate.
        OutcomeStatus::RejectedByGate => outcome.screened.is_none(),
        status => status == OutcomeStatus::Undecided,
    };
    match (judged, states) {
        (true, _) => vec![format!(
            "its status is {}, but it has no verdict",
            outcome.status.words()
        )],
        (false, true) => vec!["it states a gain, but has no verdict".to_owned()],
        (false, false) => Vec::new(),
    }
}

fn recomputed(session: &Session, verdict: &Verdict, rule: &GateRule) -> Option<(String, String)> {
    let again = gate::recompute(verdict, rule, None).decision;
    let problem = format!(
        "its numbers give {again:?} under the rule of kaizen.toml, but it states {:?}",
        verdict.decision
    );
    let run = super::run(session);
    let remedy =
        format!("it may have been decided under an earlier [gate]; to try the edit again, delete the file, then {run}");
    (again != verdict.decision).then_some((problem, remedy))
}
