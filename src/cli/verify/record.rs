//! The record against what it folds: the baseline, the outcomes, and the verdict about the final head.

use std::collections::BTreeMap;

use super::compare::differences;
use super::{Finding, Kind, finding};
use crate::artifact::after::{self, After};
use crate::artifact::baseline::Baseline;
use crate::artifact::evaluation::Evaluation;
use crate::artifact::gate::verdict::Verdict;
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::artifact::record::{Record, Snapshot, Status};
use crate::cli::exit::Failure;
use crate::digest::Digest;
use crate::ledger::port::{Entry, Ledger};
use crate::pipeline::phase::record::{edit_outcome, snapshot, status};
use crate::workspace::Workspace;
use crate::workspace::session::Session;

/// Checks the baseline against its own tasks, and the record of a settled session against everything.
///
/// # Errors
/// A file cannot be read, or git says no.
pub(crate) fn check(workspace: &Workspace, session: &Session, commits: &[Entry]) -> Result<Vec<Finding>, Failure> {
    let Some(baseline): Option<Baseline> = session.read("baseline.json")? else {
        return Ok(Vec::new());
    };
    let run = super::run(session);
    let mut found = folded(session, "baseline.json", &baseline.evaluation, "baseline");
    let last: Option<After> = session.read(after::FILE)?;
    if let Some(last) = &last {
        found.extend(folded(session, after::FILE, &last.evaluation, "record"));
    }
    let settled = |record: &Record| !record.status.is_under_way() && record.status != Status::Failed;
    let Some(record) = session.record()?.filter(settled) else {
        return Ok(found);
    };
    let outcomes = session.outcomes()?;
    let expected = match last.filter(|last| Some(last.harness) == record.harness_after) {
        Some(last) => Some((snapshot(&baseline, &last.evaluation), after::FILE.to_owned())),
        None => expected_after(workspace, &record, &baseline, &outcomes, commits)?,
    };
    let problems = [
        before(&record, &baseline),
        ends(&record, &outcomes),
        of_the_end(&record, expected.as_ref()),
    ];
    let remedy = format!("restore it with git, or delete it and let {run} write it again");
    let wrong = |problem| finding(Kind::Failure, session, "session.json", problem, remedy.as_str());
    found.extend(problems.into_iter().flatten().map(wrong));
    found.extend(other_tasks(&record, &baseline).map(|problem| {
        let remedy = "`kaizen run --new` compares on the benchmark as it is now";
        finding(Kind::Information, session, "session.json", problem, remedy)
    }));
    Ok(found)
}

/// What an evaluation says that does not follow from its own tasks; `phase` writes it again.
fn folded(session: &Session, file: &str, evaluation: &Evaluation, phase: &str) -> Vec<Finding> {
    let again = Evaluation::of(evaluation.tasks.clone());
    let remedy = format!(
        "restore it with git, or `kaizen run --session {} --redo {phase}`",
        session.id
    );
    let wrong = |problem| finding(Kind::Failure, session, file, problem, remedy.as_str());
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

fn before(record: &Record, baseline: &Baseline) -> Vec<String> {
    let expected = snapshot(baseline, &baseline.evaluation);
    let scores = differences(&record.benchmark_before, &expected, "baseline.json");
    let commit = differences(
        &serde_json::json!({"git_checkpoint_pre": record.git_checkpoint_pre}),
        &serde_json::json!({"git_checkpoint_pre": baseline.harness_commit}),
        "baseline.json",
    );
    named("benchmark_before", scores).into_iter().chain(commit).collect()
}

fn ends(record: &Record, outcomes: &BTreeMap<Digest, Outcome>) -> Vec<String> {
    let mut left: BTreeMap<&Digest, &Outcome> = outcomes.iter().collect();
    let mut problems = Vec::new();
    for said in &record.edit_outcomes {
        let name = format!("edit_outcomes: {} ({})", said.edit_id, said.edit_digest.short());
        match left.remove(&said.edit_digest) {
            Some(outcome) => problems.extend(named(&name, differences(said, &edit_outcome(outcome), "its outcome"))),
            None => problems.push(format!("{name} has no file in outcomes/, or stands here twice")),
        }
    }
    let missing = |outcome: &Outcome| format!("edit_outcomes: outcomes/{}.json is left out", outcome.edit_digest);
    problems.extend(left.into_values().map(missing));
    let all: Vec<_> = outcomes.values().map(edit_outcome).collect();
    let stands = |status: Status| serde_json::json!({"status": status});
    problems.extend(differences(&stands(record.status), &stands(status(&all)), "outcomes/"));
    problems
}

fn of_the_end(record: &Record, expected: Option<&(Snapshot, String)>) -> Vec<String> {
    match (&record.benchmark_after, expected) {
        (None, _) => vec!["benchmark_after is missing, and the session is settled".to_owned()],
        (Some(after), Some((expected, source))) if after.task_count == expected.task_count => {
            named("benchmark_after", differences(after, expected, source))
        }
        _ => Vec::new(),
    }
}

/// What the final head is worth, where the verdict of a session from before there was `after.json` says so: it is the harness of the baseline, or the one that an
/// applied edit left.
fn expected_after(
    workspace: &Workspace,
    record: &Record,
    baseline: &Baseline,
    outcomes: &BTreeMap<Digest, Outcome>,
    commits: &[Entry],
) -> Result<Option<(Snapshot, String)>, Failure> {
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
        // A rebase gives a commit another name, and leaves its trailers.
        let digest = outcome.edit_digest.to_string();
        let ours = |entry: &&Entry| {
            entry.trailer("Session-ID") == Some(&record.id) && entry.trailer("Edit-Digest") == Some(&digest)
        };
        for entry in commits.iter().filter(ours) {
            let left = workspace
                .ledger
                .harness_at(&entry.commit, &|path| workspace.selects(path))?;
            if left.digest() == head && verdict.dropped == 0 {
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
    }
}

/// The benchmark changed while the session was under way: worth knowing, and nobody's fault.
fn other_tasks(record: &Record, baseline: &Baseline) -> Option<String> {
    let (after, before) = (
        record.benchmark_after.as_ref()?.task_count,
        baseline.evaluation.task_count,
    );
    (after != before).then(|| {
        format!("benchmark_after speaks of {after} tasks, and baseline.json of {before}: the two scores do not compare")
    })
}
