//! Verdicts: each agrees with its own numbers, with the outcome that cites it, and with the rule of the manifest.

use super::{Finding, Kind, finding};
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::cli::exit::Failure;
use crate::gate::{self, Decision, GateRule, RuleKind, Verdict};
use crate::pipeline::definition::definition;
use crate::pipeline::run_phase::rule;
use crate::pipeline::workspace::Workspace;
use crate::session::{OUTCOMES, Session};

/// Sums of scores may be off by this much.
const TOLERANCE: f64 = 1e-9;
const AGAIN: &str = "restore it with git, or delete it and let `kaizen run --session ID` settle the edit again";

/// Recomputes the verdicts of a session.
///
/// # Errors
/// Its files cannot be read.
pub fn check(workspace: &Workspace, session: &Session) -> Result<Vec<Finding>, Failure> {
    let rule = present_rule(workspace, session)?;
    let mut found = Vec::new();
    for outcome in session.outcomes()?.values() {
        let problem = outcome.verdict.as_ref().and_then(|verdict| {
            let own = disagreement(outcome, verdict).map(|problem| (problem, AGAIN));
            own.or_else(|| recomputed(verdict, rule.as_ref()?))
        });
        let file = format!("{OUTCOMES}{}.json", outcome.edit_digest);
        found.extend(problem.map(|(problem, remedy)| finding(Kind::Failure, session, &file, problem, remedy)));
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

fn disagreement(outcome: &Outcome, verdict: &Verdict) -> Option<String> {
    let sums = verdict.categories.values();
    let (gain, count) = sums.fold((0.0, 0), |(gain, count), sums| {
        (gain + sums.after - sums.before, count + sums.count)
    });
    let delta = gain / count.max(1) as f64;
    let expected = match outcome.status {
        OutcomeStatus::Applied if !outcome.gate_skipped => Some(Decision::Accept),
        OutcomeStatus::RejectedByGate => Some(Decision::Reject),
        OutcomeStatus::Undecided => Some(Decision::Undecided),
        _ => None,
    };
    if (delta - verdict.overall_delta).abs() > TOLERANCE {
        let said = verdict.overall_delta;
        return Some(format!("its sums give a delta of {delta:+.4}, and it says {said:+.4}"));
    }
    let differs = expected.is_some_and(|expected| expected != verdict.decision);
    differs.then(|| {
        format!(
            "the status is {}, and the verdict is {:?}",
            outcome.status.words(),
            verdict.decision
        )
    })
}

fn recomputed(verdict: &Verdict, rule: &GateRule) -> Option<(String, &'static str)> {
    let again = gate::recompute(verdict, rule, None).decision;
    let problem = format!(
        "its numbers give {again:?} under the rule of kaizen.toml, and it says {:?}",
        verdict.decision
    );
    let remedy = "was it decided under an earlier [gate]? to have it tried again, delete the file and `kaizen run`";
    (again != verdict.decision).then_some((problem, remedy))
}
