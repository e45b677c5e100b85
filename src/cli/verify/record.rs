//! Checks the record against its sources: the baseline, the outcomes, and the evaluation of the final harness.

use std::collections::BTreeMap;

use super::compare::differences;
use super::{Severity, VerifyFinding, finding};
use crate::artifact::after::{self, After};
use crate::artifact::baseline::Baseline;
use crate::artifact::evaluation::Evaluation;
use crate::artifact::gate::verdict::Verdict;
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::artifact::record::{EditOutcome, SessionRecord, SessionStatus, Snapshot};
use crate::cli::exit::CommandFailure;
use crate::digest::Digest;
use crate::ledger::port::{Ledger, LedgerEntry};
use crate::pipeline::phase::record::{edit_outcome, snapshot, status};
use crate::workspace::Workspace;
use crate::workspace::session::Session;

/// Checks that evaluations match their task lists, and that the record of a settled session matches its sources.
///
/// # Errors
/// A file cannot be read, or git fails.
pub(crate) fn check(
    workspace: &Workspace,
    session: &Session,
    commits: &[LedgerEntry],
) -> Result<Vec<VerifyFinding>, CommandFailure> {
    let Some(baseline): Option<Baseline> = session.read("baseline.json")? else {
        return Ok(Vec::new());
    };
    let run = super::run(session);
    let mut found = folded(session, "baseline.json", &baseline.evaluation, "baseline");
    let last: Option<After> = session.read(after::FILE)?;
    if let Some(last) = &last {
        found.extend(folded(session, after::FILE, &last.evaluation, "record"));
    }
    let settled = |record: &SessionRecord| !record.status.is_under_way() && record.status != SessionStatus::Failed;
    let Some(record) = session.record()?.filter(settled) else {
        return Ok(found);
    };
    let outcomes = session.outcomes()?;
    let measured = last.as_ref().is_none_or(After::is_measured);
    let expected = match last.filter(|last| Some(last.harness) == record.harness_after) {
        Some(last) => Some((snapshot(&baseline, &last.evaluation), after::FILE.to_owned())),
        None => expected_after(workspace, &record, &baseline, &outcomes, commits)?,
    };
    let problems = [
        before(&record, &baseline),
        ends(&record, &outcomes),
        of_the_end(&record, expected.as_ref(), measured),
    ];
    let remedy = format!("restore it with git, or delete it and run {run} to write it again");
    let wrong = |problem| finding(Severity::Failure, session, "session.json", problem, remedy.as_str());
    found.extend(problems.into_iter().flatten().map(wrong));
    found.extend(other_tasks(&record, &baseline).map(|problem| {
        let remedy = "`kaizen run --new` compares on the current benchmark";
        finding(Severity::Information, session, "session.json", problem, remedy)
    }));
    Ok(found)
}

/// Values of an evaluation that do not follow from its list of tasks; `phase` computes it again.
fn folded(session: &Session, file: &str, evaluation: &Evaluation, phase: &str) -> Vec<VerifyFinding> {
    let again = Evaluation::of(evaluation.tasks.clone());
    let remedy = format!(
        "restore it with git, or `kaizen run --session {} --redo {phase}`",
        session.id
    );
    let wrong = |problem| finding(Severity::Failure, session, file, problem, remedy.as_str());
    differences(evaluation, &again, "the list of its tasks")
        .into_iter()
        .map(wrong)
        .collect()
}

fn named(name: &str, problems: Vec<String>) -> Vec<String> {
    problems
        .into_iter()
        .map(|problem| format!("{name}: {problem}"))
        .collect()
}

fn before(record: &SessionRecord, baseline: &Baseline) -> Vec<String> {
    let expected = snapshot(baseline, &baseline.evaluation);
    let expected = as_recorded(&expected, record.benchmark_before.as_ref());
    let scores = differences(&record.benchmark_before, &expected, "baseline.json");
    let commit = differences(
        &serde_json::json!({"git_checkpoint_pre": record.git_checkpoint_pre}),
        &serde_json::json!({"git_checkpoint_pre": baseline.harness_commit}),
        "baseline.json",
    );
    named("benchmark_before", scores).into_iter().chain(commit).collect()
}

fn ends(record: &SessionRecord, outcomes: &BTreeMap<Digest, Outcome>) -> Vec<String> {
    let mut left: BTreeMap<&Digest, &Outcome> = outcomes.iter().collect();
    let mut problems = Vec::new();
    for said in &record.edit_outcomes {
        let name = format!("edit_outcomes: {} ({})", said.edit_id, said.edit_digest.short());
        match left.remove(&said.edit_digest) {
            Some(outcome) => {
                let again = edit_outcome(outcome);
                // Older versions recorded fewer intervals.
                let interval = again.interval.filter(|_| said.interval.is_some());
                let again = EditOutcome { interval, ..again };
                problems.extend(named(&name, differences(said, &again, "its outcome")));
            }
            None => problems.push(format!("{name} has no file in outcomes/, or is listed twice")),
        }
    }
    let missing = |outcome: &Outcome| format!("edit_outcomes: outcomes/{}.json is missing", outcome.edit_digest);
    problems.extend(left.into_values().map(missing));
    let all: Vec<_> = outcomes.values().map(edit_outcome).collect();
    let stands = |status: SessionStatus| serde_json::json!({"status": status});
    problems.extend(differences(&stands(record.status), &stands(status(&all)), "outcomes/"));
    problems
}

fn of_the_end(record: &SessionRecord, expected: Option<&(Snapshot, String)>, measured: bool) -> Vec<String> {
    match (&record.benchmark_after, expected) {
        (None, _) if !measured => Vec::new(),
        (None, _) => vec!["benchmark_after is missing, although the session is settled".to_owned()],
        (Some(after), Some((expected, source))) if after.task_count == expected.task_count => {
            let expected = as_recorded(expected, Some(after));
            named("benchmark_after", differences(after, &expected, source))
        }
        _ => Vec::new(),
    }
}

/// The expected final score of a session without `after.json` (from an older kaizen), and its source: the baseline if
/// the final harness is the baseline's, or the verdict of the applied edit that left that harness. `None` if unknown.
fn expected_after(
    workspace: &Workspace,
    record: &SessionRecord,
    baseline: &Baseline,
    outcomes: &BTreeMap<Digest, Outcome>,
    commits: &[LedgerEntry],
) -> Result<Option<(Snapshot, String)>, CommandFailure> {
    let Some(head) = record.harness_after else {
        return Ok(None);
    };
    if head == baseline.harness {
        return Ok(Some((snapshot(baseline, &baseline.evaluation), "baseline.json".into())));
    }
    let applied = outcomes
        .values()
        .filter(|outcome| outcome.status == OutcomeStatus::Applied);
    for (outcome, verdict) in applied.filter_map(|outcome| Some((outcome, outcome.verdict.as_ref()?))) {
        // Compare trailers, because a rebase changes the commit id.
        let digest = outcome.edit_digest.to_string();
        let ours = |entry: &&LedgerEntry| {
            entry.trailer("Session-ID") == Some(&record.id) && entry.trailer("Edit-Digest") == Some(&digest)
        };
        for entry in commits.iter().filter(ours) {
            let left = workspace
                .ledger
                .harness_at(&entry.commit, &|path| workspace.selects(path))?;
            let is_it = left.digest() == head || left.digest_of_files() == head;
            if is_it && verdict.dropped == 0 {
                let source = format!("the verdict of {} ({})", outcome.edit_id, outcome.edit_digest.short());
                return Ok(Some((of_verdict(baseline, verdict), source)));
            }
        }
    }
    Ok(None)
}

fn of_verdict(baseline: &Baseline, verdict: &Verdict) -> Snapshot {
    let means = verdict.categories.iter();
    Snapshot {
        benchmark_version: baseline.benchmark.to_string(),
        overall_score: verdict.after,
        cluster_scores: means
            .map(|(name, sums)| (name.clone(), sums.after / sums.count.max(1) as f64))
            .collect(),
        task_count: verdict.tasks,
        unscored: verdict.dropped,
    }
}

/// The expected result without the number of unscored tasks, if an older version wrote the record without it.
fn as_recorded(expected: &Snapshot, record: Option<&Snapshot>) -> Snapshot {
    let unscored = match record {
        Some(record) if record.unscored == 0 => 0,
        _ => expected.unscored,
    };
    Snapshot {
        unscored,
        ..expected.clone()
    }
}

/// Reports that the benchmark changed during the session. That is a remark, not a failure.
fn other_tasks(record: &SessionRecord, baseline: &Baseline) -> Option<String> {
    let (after, before) = (
        record.benchmark_after.as_ref()?.task_count,
        baseline.evaluation.task_count,
    );
    (after != before).then(|| {
        format!("benchmark_after is for {after} tasks, baseline.json for {before}: the two scores are not comparable")
    })
}
