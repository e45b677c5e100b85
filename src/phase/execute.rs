//! Execute: reconciles the harness and the ledger with the plan, one edit after another, each against the present head.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifact::baseline::Baseline;
use crate::artifact::edit::{Edit, RiskTier};
use crate::artifact::evaluation::Evaluation;
use crate::artifact::outcome::{Outcome, OutcomeStatus, RolledBackBy};
use crate::artifact::pending_review::PendingReview;
use crate::artifact::plan::Plan;
use crate::artifact::task::Task;
use crate::commit_message::message as commit_message;
use crate::digest::Digest;
use crate::evaluate::{Evaluator, evaluate};
use crate::gate::{self, Decision as Word, GateRule, Verdict};
use crate::harness::{FileChange, Harness};
use crate::op;
use crate::port::{CommitId, Entry, Ledger, LedgerError};
use crate::reconcile::{self, Held, Step};
use crate::route::Route;

use super::rederive::{Change, Conflict, rederive};

/// What the world did to stop the phase.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// git said no.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// An edit cannot be taken back without touching a person's change.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The disk said no.
    #[error("{0}")]
    Disk(String),
}

/// The effects that the phase has, apart from commits: each is atomic, and together they are the crash test's points.
pub trait World {
    /// Writes changed harness files, announced by an intent.
    ///
    /// # Errors
    /// The disk said no, or a file is not what it was.
    fn write(&self, changes: &[FileChange]) -> Result<(), ExecuteError>;
    /// Removes the intent once the commit stands.
    ///
    /// # Errors
    /// The disk said no.
    fn written(&self) -> Result<(), ExecuteError>;
    /// Publishes an outcome.
    ///
    /// # Errors
    /// The disk said no.
    fn outcome(&self, outcome: &Outcome) -> Result<(), ExecuteError>;
    /// Publishes a question.
    ///
    /// # Errors
    /// The disk said no.
    fn ask(&self, pending: &PendingReview) -> Result<(), ExecuteError>;
    /// Puts the outcome and the question of an edit that left the plan into the attic.
    ///
    /// # Errors
    /// The disk said no.
    fn withdraw(&self, edit: &Digest) -> Result<(), ExecuteError>;
    /// Tells a person what happened.
    fn told(&self, number: usize, of: usize, edit: &Edit, outcome: &Outcome);
    /// The present moment, RFC 3339.
    fn now(&self) -> String;
}

/// Everything that the phase was given.
pub struct Given<'a> {
    /// The session's name.
    pub session: &'a str,
    /// The desired state.
    pub plan: &'a Plan,
    /// Digest of the plan's bytes.
    pub plan_digest: Digest,
    /// What the session builds on.
    pub baseline: &'a Baseline,
    /// What became of edits so far.
    pub outcomes: BTreeMap<Digest, Outcome>,
    /// Questions put so far, with answers.
    pub pending: BTreeMap<Digest, PendingReview>,
    /// Commits of this session, oldest first.
    pub entries: Vec<Entry>,
    /// Commits that a person reverted in git.
    pub undone: BTreeSet<CommitId>,
    /// The gate tasks of the session.
    pub gate: &'a [Task],
    /// The rule that decides.
    pub rule: GateRule,
    /// Where ops land.
    pub rules: op::Rules,
    /// The tier of an edit here.
    pub tier: &'a dyn Fn(&Edit) -> RiskTier,
    /// Where an edit goes.
    pub route: &'a dyn Fn(&Edit) -> Route,
    /// The files that belong to the harness.
    pub select: &'a dyn Fn(&str) -> bool,
    /// The prefix of harness paths in the workspace is empty: both share a root.
    pub head: Harness,
}

/// The ports and effects of the phase.
pub struct Means<'a> {
    /// Scores a harness.
    pub evaluator: Evaluator<'a>,
    /// git.
    pub ledger: &'a dyn Ledger,
    /// The disk.
    pub world: &'a dyn World,
}

/// The head as the phase moves it.
struct Head {
    harness: Harness,
    evaluation: Option<Evaluation>,
}

/// Makes the world what the plan says; returns the evaluation of the final head where it is known.
///
/// # Errors
/// See [`ExecuteError`].
pub fn execute(given: Given, means: &Means) -> Result<(), ExecuteError> {
    let held = reconcile::held(&given.entries, given.session, &given.undone);
    let todo = reconcile::reconcile(&given.plan.edits, &given.outcomes, &held, given.route);
    let mut head = Head {
        harness: given.head.clone(),
        evaluation: None,
    };
    for digest in &todo.withdrawn {
        means.world.withdraw(digest)?;
    }
    for digest in &todo.rolled_back {
        roll_back(&given, means, digest)?;
    }
    if !todo.reverts.is_empty() {
        revert(&given, means, &held, &todo.reverts.iter().copied().collect(), &mut head)?;
    }
    let count = todo.steps.len();
    for (number, (at, step)) in todo.steps.into_iter().enumerate() {
        let edit = &given.plan.edits[at];
        if let Some(outcome) = take(step, edit, &given, means, &mut head)? {
            means.world.outcome(&outcome)?;
            means.world.told(number + 1, count, edit, &outcome);
        }
    }
    Ok(())
}

fn take(
    step: Step,
    edit: &Edit,
    given: &Given,
    means: &Means,
    head: &mut Head,
) -> Result<Option<Outcome>, ExecuteError> {
    let plain = |status| Outcome {
        against: None,
        ..outcome(edit, status)
    };
    Ok(Some(match step {
        Step::Keep => return Ok(None),
        Step::Skip(reason) => Outcome {
            error: Some(reason),
            ..plain(OutcomeStatus::Skipped)
        },
        Step::Refuse => Outcome {
            error: given.reason_of(edit),
            ..plain(OutcomeStatus::RejectedByUser)
        },
        Step::Ask => ask(edit, given, means, head)?,
        Step::Adopt(commit) => adopt(edit, &commit, given, means)?,
        Step::Undone => Outcome {
            error: Some("its commit was reverted, or is no longer in the history".into()),
            rolled_back_by: Some(RolledBackBy::Git),
            ..given
                .outcomes
                .get(&edit.digest())
                .cloned()
                .unwrap_or_else(|| plain(OutcomeStatus::RolledBack))
        }
        .with_status(OutcomeStatus::RolledBack),
        Step::Stranded => {
            let error = Some("what remains of the plan leaves no place for it".to_owned());
            Outcome {
                error,
                ..plain(OutcomeStatus::Stranded)
            }
        }
        Step::Try => try_edit(edit, given, means, head)?,
    }))
}

impl Given<'_> {
    fn reason_of(&self, edit: &Edit) -> Option<String> {
        let decision = self.pending.get(&edit.digest())?.decision.as_ref()?;
        (!decision.why.is_empty()).then(|| decision.why.clone())
    }

    fn gate_skipped(&self, edit: &Edit) -> bool {
        (self.route)(edit) == Route::GateSkipped
    }
}

impl Outcome {
    fn with_status(self, status: OutcomeStatus) -> Self {
        Self { status, ..self }
    }
}

fn outcome(edit: &Edit, status: OutcomeStatus) -> Outcome {
    Outcome {
        version: 1,
        edit_id: edit.id.clone(),
        edit_digest: edit.digest(),
        op: edit.op,
        target: edit.target.clone(),
        status,
        benchmark_delta: None,
        cluster_deltas: BTreeMap::new(),
        error: None,
        applied_at: None,
        commit: None,
        against: None,
        gate_skipped: false,
        rolled_back_by: None,
        verdict: None,
        extra: Default::default(),
    }
}

fn ask(edit: &Edit, given: &Given, means: &Means, head: &Head) -> Result<Outcome, ExecuteError> {
    let digest = edit.digest();
    let applied = op::apply(edit, &head.harness, &given.rules);
    let cluster = given
        .plan
        .failure_clusters
        .iter()
        .find(|cluster| cluster.id == edit.expected_improvement);
    means.world.ask(&PendingReview {
        version: 1,
        session_id: given.session.to_owned(),
        edit_digest: digest,
        decision: given.pending.get(&digest).and_then(|pending| pending.decision.clone()),
        edit: Edit {
            risk_tier: (given.tier)(edit),
            ..edit.clone()
        },
        diff: applied
            .as_ref()
            .map(|after| diff(&head.harness, after))
            .unwrap_or_default(),
        inapplicable: applied.err().map(|reason| reason.to_string()),
        cluster: cluster.cloned(),
        extra: Default::default(),
    })?;
    Ok(outcome(edit, OutcomeStatus::PendingReview))
}

/// The files that differ, as one unified diff.
pub fn diff(before: &Harness, after: &Harness) -> String {
    let text = |bytes: &Option<Vec<u8>>| String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned();
    let one = |change: FileChange| {
        let (old, new) = (text(&change.before), text(&change.after));
        let patch = diffy::DiffOptions::new()
            .set_original_filename(format!("a/{}", change.path))
            .set_modified_filename(format!("b/{}", change.path))
            .create_patch(&old, &new)
            .to_string();
        patch
    };
    before.changes(after).into_iter().map(one).collect()
}

fn try_edit(edit: &Edit, given: &Given, means: &Means, head: &mut Head) -> Result<Outcome, ExecuteError> {
    let candidate = match op::apply(edit, &head.harness, &given.rules) {
        Ok(candidate) => candidate,
        Err(reason) => {
            return Ok(Outcome {
                error: Some(reason.to_string()),
                ..outcome(edit, OutcomeStatus::Inapplicable)
            });
        }
    };
    let changes = head.harness.changes(&candidate);
    if changes.is_empty() {
        let error = Some("the harness is already as the edit would make it".to_owned());
        return Ok(Outcome {
            error,
            ..outcome(edit, OutcomeStatus::Inapplicable)
        });
    }
    let before = head.evaluation(given, means);
    let after = score(&candidate, given, means);
    let judged = judge(edit, given, &before, &after, head.harness.digest());
    if judged.status != OutcomeStatus::Applied {
        return Ok(judged);
    }
    means.world.write(&changes)?;
    let commit = means.ledger.commit(&paths(&changes), &message(edit, given, &judged))?;
    means.world.written()?;
    *head = Head {
        harness: candidate,
        evaluation: Some(after),
    };
    Ok(Outcome {
        commit: Some(commit),
        applied_at: Some(means.world.now()),
        ..judged
    })
}

/// A crash fell between the commit and its outcome: the verdict is the same, since every attempt is remembered.
fn adopt(edit: &Edit, commit: &str, given: &Given, means: &Means) -> Result<Outcome, ExecuteError> {
    let entry = given.entries.iter().find(|entry| entry.commit == commit);
    let parent = entry
        .and_then(|entry| entry.parent.clone())
        .unwrap_or_else(|| given.baseline.harness_commit.clone());
    let (was, is) = (
        means.ledger.harness_at(&parent, given.select)?,
        means.ledger.harness_at(commit, given.select)?,
    );
    let (before, after) = (score(&was, given, means), score(&is, given, means));
    Ok(Outcome {
        commit: Some(commit.to_owned()),
        applied_at: entry.map(|entry| entry.committed_at.clone()),
        error: None,
        ..judge(edit, given, &before, &after, was.digest())
    }
    .with_status(OutcomeStatus::Applied))
}

fn judge(edit: &Edit, given: &Given, before: &Evaluation, after: &Evaluation, against: Digest) -> Outcome {
    let target = target(edit, given, before);
    let verdict: Verdict = gate::decide(before, after, &given.rule, target.as_deref());
    let skipped = given.gate_skipped(edit);
    let status = match (verdict.decision, skipped) {
        (Word::Accept, _) | (_, true) => OutcomeStatus::Applied,
        (Word::Reject, false) => OutcomeStatus::RejectedByGate,
        (Word::Undecided, false) => OutcomeStatus::Undecided,
    };
    Outcome {
        benchmark_delta: Some(verdict.overall_delta),
        cluster_deltas: verdict.cluster_deltas.clone(),
        error: (status != OutcomeStatus::Applied).then(|| verdict.reason.clone()),
        against: Some(against),
        gate_skipped: skipped,
        verdict: Some(verdict),
        ..outcome(edit, status)
    }
}

/// The category that the edit's cluster stands for: named by the cluster, or the cluster's id itself.
fn target(edit: &Edit, given: &Given, before: &Evaluation) -> Option<String> {
    let cluster = given
        .plan
        .failure_clusters
        .iter()
        .find(|cluster| cluster.id == edit.expected_improvement);
    let named = cluster.and_then(|cluster| cluster.extra.get("category")?.as_str().map(str::to_owned));
    named
        .or_else(|| Some(edit.expected_improvement.clone()))
        .filter(|name| before.category_scores.contains_key(name))
}

impl Head {
    fn evaluation(&mut self, given: &Given, means: &Means) -> Evaluation {
        if self.harness.digest() == given.baseline.harness && self.evaluation.is_none() && same_tasks(given) {
            self.evaluation = Some(given.baseline.evaluation.clone());
        }
        self.evaluation
            .get_or_insert_with(|| score(&self.harness, given, means))
            .clone()
    }
}

/// Whether the baseline speaks of the very tasks that the gate uses now.
fn same_tasks(given: &Given) -> bool {
    let scored = &given.baseline.evaluation.tasks;
    scored.len() == given.gate.len()
        && scored
            .iter()
            .zip(given.gate)
            .all(|(score, task)| score.task_id == task.task_id)
}

fn score(harness: &Harness, given: &Given, means: &Means) -> Evaluation {
    evaluate(&means.evaluator, harness, &given.gate.iter().collect::<Vec<_>>())
}

fn revert(
    given: &Given,
    means: &Means,
    held: &BTreeMap<Digest, Held>,
    dropped: &BTreeSet<Digest>,
    head: &mut Head,
) -> Result<(), ExecuteError> {
    let derived = rederive(
        &history(given, means, held, dropped)?,
        dropped,
        &head.harness,
        &given.rules,
    )?;
    let changes = head.harness.changes(&derived.harness);
    if !changes.is_empty() {
        means.world.write(&changes)?;
        means
            .ledger
            .commit(&paths(&changes), &revert_message(given, dropped, &derived.stranded))?;
        means.world.written()?;
        *head = Head {
            harness: derived.harness,
            evaluation: None,
        };
    }
    for digest in dropped {
        roll_back(given, means, digest)?;
    }
    for (digest, reason) in &derived.stranded {
        if let Some(edit) = given.plan.edits.iter().find(|edit| edit.digest() == *digest) {
            means.world.outcome(&Outcome {
                error: Some(reason.clone()),
                ..outcome(edit, OutcomeStatus::Stranded)
            })?;
        }
    }
    Ok(())
}

/// The commits that stand, from the first that is dropped.
fn history(
    given: &Given,
    means: &Means,
    held: &BTreeMap<Digest, Held>,
    dropped: &BTreeSet<Digest>,
) -> Result<Vec<Change>, ExecuteError> {
    let standing = given.entries.iter().filter_map(|entry| {
        let digest: Digest = entry.trailer("Edit-Digest")?.parse().ok()?;
        (held.get(&digest) == Some(&Held::Applied(entry.commit.clone()))).then_some((entry, digest))
    });
    let mut changes = Vec::new();
    for (entry, digest) in standing.skip_while(|(_, digest)| !dropped.contains(digest)) {
        let before = match &entry.parent {
            Some(parent) => means.ledger.harness_at(parent, given.select)?,
            None => Harness::default(),
        };
        let after = means.ledger.harness_at(&entry.commit, given.select)?;
        let edit = given.plan.edits.iter().find(|edit| edit.digest() == digest).cloned();
        changes.push(Change {
            edit,
            digest,
            before,
            after,
        });
    }
    Ok(changes)
}

fn roll_back(given: &Given, means: &Means, digest: &Digest) -> Result<(), ExecuteError> {
    let Some(applied) = given.outcomes.get(digest) else {
        return Ok(());
    };
    means.world.outcome(
        &Outcome {
            error: Some("it left the plan".into()),
            rolled_back_by: Some(RolledBackBy::Plan),
            ..applied.clone()
        }
        .with_status(OutcomeStatus::RolledBack),
    )
}

fn paths(changes: &[FileChange]) -> Vec<String> {
    changes.iter().map(|change| change.path.clone()).collect()
}

fn message(edit: &Edit, given: &Given, judged: &Outcome) -> String {
    let evidence = judged.verdict.as_ref().map(Verdict::evidence).unwrap_or_default();
    let gate = if judged.gate_skipped {
        format!("skipped by a person; {evidence}")
    } else {
        evidence
    };
    commit_message(
        &format!("kaizen: {} {}", edit.op.name(), edit.target),
        &edit.rationale,
        &[
            ("Edit-ID", edit.id.clone()),
            ("Edit-Digest", edit.digest().to_string()),
            ("Session-ID", given.session.to_owned()),
            ("Risk-Tier", format!("{:?}", (given.tier)(edit)).to_lowercase()),
            ("Cluster", edit.expected_improvement.clone()),
            ("Gate", gate),
            ("Plan-Digest", given.plan_digest.to_string()),
        ],
    )
}

fn revert_message(given: &Given, dropped: &BTreeSet<Digest>, stranded: &[(Digest, String)]) -> String {
    let names: Vec<String> = dropped
        .iter()
        .map(|digest| {
            given
                .outcomes
                .get(digest)
                .map_or(digest.short(), |outcome| outcome.edit_id.clone())
        })
        .collect();
    let mut trailers = vec![
        ("Session-ID", given.session.to_owned()),
        ("Plan-Digest", given.plan_digest.to_string()),
    ];
    trailers.extend(dropped.iter().map(|digest| ("Reverts-Edit", digest.to_string())));
    trailers.extend(stranded.iter().map(|(digest, _)| ("Strands-Edit", digest.to_string())));
    commit_message(
        &format!("kaizen: revert {}", names.join(", ")),
        "The edits left the plan.",
        &trailers,
    )
}
