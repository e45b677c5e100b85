//! One edit of a session: what it changes, why it was proposed, what became of it and on what evidence.

use std::collections::BTreeMap;

use super::diff::EditDiff;
use super::trace::{TraceExamples, TraceShelf};
use super::trial::TrialStory;
use crate::artifact::diagnosis::FailureCluster;
use crate::artifact::gate::verdict::GateDecision;
use crate::artifact::label::SharedLabels;
use crate::artifact::money::Money;
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::artifact::pending_review::PendingReview;
use crate::cli::report::veil::{Excerpt, ShownText, Veil};
use crate::cli::show::edit::{EditDetails, label, member_lines, shared_labels};
use crate::digest::Digest;

/// The maximum size of a rationale, in bytes of HTML.
const MOST_RATIONALE: usize = 900;
/// The maximum number of traces that are shown with an edit.
const MOST_TRACES: usize = 3;
/// The number of digits of a commit that are shown.
const COMMIT_DIGITS: usize = 8;

/// The place of an edit in the page: edits of different sessions may be equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EditAnchor {
    /// The session, whose id needs no veil: it is plain.
    session: String,
    digest: Digest,
}

impl EditAnchor {
    /// The place of an edit of a session.
    pub(crate) fn new(session: &str, digest: Digest) -> Self {
        Self {
            session: session.to_owned(),
            digest,
        }
    }

    /// The session of the edit.
    pub(crate) fn session(&self) -> &str {
        &self.session
    }

    /// The digest of the edit.
    pub(crate) fn digest(&self) -> Digest {
        self.digest
    }

    /// The value of an `id` attribute.
    pub(crate) fn id(&self) -> String {
        format!("{}-{}", self.session, self.digest.short())
    }
}

/// The cluster that an edit should improve.
#[derive(Clone, Debug)]
pub(crate) struct EditCluster {
    /// Its name.
    pub id: ShownText,
    /// Its description.
    pub description: ShownText,
    /// The shares of its train tasks that the student fails and that the teacher solves.
    pub rates: (f64, f64),
}

/// A person's answer.
#[derive(Clone, Debug)]
pub(crate) struct GivenDecision {
    /// `accepted` or `rejected`.
    pub answer: &'static str,
    /// Who answered; empty if unknown.
    pub by: ShownText,
    /// Their reason, left empty when they gave none.
    pub why: ShownText,
}

/// What a report says about an edit.
#[derive(Clone, Debug)]
pub(crate) struct EditStory {
    /// Its place.
    pub anchor: EditAnchor,
    /// Its name in a command.
    pub name: ShownText,
    /// The op.
    pub op: &'static str,
    /// What it changes; empty if its digest is all that is known.
    pub target: ShownText,
    /// The members of an edit with the op `several`.
    pub members: Vec<ShownText>,
    /// The risk tier, if the edit is still in the plan.
    pub tier: Option<&'static str>,
    /// The result; `None` if it was not tried yet.
    pub status: Option<OutcomeStatus>,
    /// Why it was kept or not.
    pub reason: Option<ShownText>,
    /// Why the teacher proposed it.
    pub rationale: Excerpt,
    /// What it should improve.
    pub cluster: Option<EditCluster>,
    /// What it changes in the files.
    pub diff: EditDiff,
    /// The gate's evidence.
    pub trial: Option<TrialStory>,
    /// The train traces behind it.
    pub traces: TraceExamples,
    /// The first digits of its commit.
    pub commit: Option<ShownText>,
    /// When it was applied.
    pub applied_at: Option<ShownText>,
    /// What people should know about its numbers.
    pub remarks: Vec<ShownText>,
    /// The answer of a person, if it was asked for and given.
    pub decision: Option<GivenDecision>,
    /// The number of its student runs, and about what they cost if a cost of the student is known.
    pub cost: Option<(usize, Option<Money>)>,
    /// What a later test found it to be worth.
    pub worth: Option<[ShownText; 2]>,
}

impl EditStory {
    /// Whether the edit changed the score as a whole: its gain counts in the history of the score.
    pub(crate) fn is_applied(&self) -> bool {
        self.status == Some(OutcomeStatus::Applied)
    }
}

/// What all edits of a session share.
pub(crate) struct EditContext<'a> {
    veil: &'a Veil,
    traces: &'a TraceShelf<'a>,
    labels: SharedLabels,
    /// The mean price of a student run.
    price: Option<Money>,
}

impl<'a> EditContext<'a> {
    /// What these edits share.
    pub(crate) fn of(known: &BTreeMap<Digest, EditDetails>, traces: &'a TraceShelf<'a>, price: Option<Money>) -> Self {
        Self {
            veil: traces.veil(),
            labels: shared_labels(known),
            traces,
            price,
        }
    }

    /// The story of an edit.
    pub(crate) fn story(&self, known: &EditDetails, digest: Digest, diff: EditDiff) -> EditStory {
        let veil = self.veil;
        let (edit, outcome, pending) = (
            known.edit.as_ref(),
            known.outcome.as_ref(),
            known.pending_review.as_ref(),
        );
        let named = edit.map(|edit| (edit.op, edit.place()));
        let named = named.or(outcome.map(|outcome| (outcome.op, outcome.target.clone())));
        let trial = outcome.and_then(|outcome| TrialStory::of(outcome, veil));
        let line = |text: &String| veil.line(text);
        EditStory {
            anchor: EditAnchor::new(&known.session, digest),
            name: veil.line(&self.labels.shown(label(known), &digest)),
            op: named.as_ref().map_or("", |(op, _)| op.name()),
            target: named.map(|(_, target)| veil.line(&target)).unwrap_or_default(),
            members: edit.map(member_lines).unwrap_or_default().iter().map(line).collect(),
            tier: edit.map(|edit| edit.risk_tier.name()),
            status: outcome.map(|outcome| outcome.status),
            reason: outcome.and_then(reason).map(|reason| veil.line(&reason)),
            rationale: veil.excerpt(edit.map_or("", |edit| edit.rationale.trim()), MOST_RATIONALE),
            cluster: known.cluster.as_ref().map(|cluster| cluster_of(cluster, veil)),
            cost: self.cost(trial.as_ref()),
            traces: self.traces.examples(known.trace_ids(), MOST_TRACES),
            commit: outcome
                .and_then(|outcome| outcome.commit.as_deref())
                .map(|commit| veil.line(&commit_digits(commit))),
            applied_at: outcome.and_then(|outcome| outcome.applied_at.as_ref()).map(line),
            remarks: remarks(outcome, pending).iter().map(line).collect(),
            decision: pending.and_then(|pending| decision(pending, veil)),
            worth: None,
            diff,
            trial,
        }
    }

    fn cost(&self, trial: Option<&TrialStory>) -> Option<(usize, Option<Money>)> {
        let (edited, baseline) = trial?.runs?;
        let runs = edited + baseline;
        Some((runs, self.price.map(|price| price.times(runs as u64))))
    }
}

/// The first digits of a commit.
pub(super) fn commit_digits(commit: &str) -> String {
    commit.chars().take(COMMIT_DIGITS).collect()
}

/// Why an edit was kept or not, in one line.
fn reason(outcome: &Outcome) -> Option<String> {
    let accepted = outcome
        .gate
        .as_ref()
        .filter(|record| record.decision == GateDecision::Accept);
    let stated = outcome.error.clone().filter(|reason| !reason.is_empty());
    let verdict = || outcome.verdict.as_ref().map(|verdict| verdict.reason.clone());
    stated
        .or_else(|| accepted.map(|record| record.why.clone()))
        .or_else(verdict)
        .filter(|reason| !reason.is_empty())
}

fn remarks(outcome: Option<&Outcome>, pending: Option<&PendingReview>) -> Vec<String> {
    let late = outcome.and_then(Outcome::late_words);
    let skipped = outcome.is_some_and(|outcome| outcome.gate_skipped);
    let kept = outcome
        .and_then(|outcome| outcome.gate.as_ref()?.kept_by)
        .map(|keeper| format!("kept by {}", keeper.words()));
    let inapplicable = pending.and_then(|pending| pending.inapplicable.as_ref());
    let inapplicable = inapplicable.map(|reason| format!("it cannot be applied: {reason}"));
    let rolled_back = outcome
        .and_then(|outcome| outcome.rolled_back.as_ref())
        .map(|rollback| format!("reverted at {}", rollback.at));
    let notes = pending.map(|pending| pending.remarks.clone()).unwrap_or_default();
    let skipped = skipped.then(|| "accepted by a person, without the gate".to_owned());
    let first = late.into_iter().chain(skipped).chain(kept).chain(rolled_back);
    first.chain(inapplicable).chain(notes).collect()
}

fn decision(pending: &PendingReview, veil: &Veil) -> Option<GivenDecision> {
    let decision = pending.decision.as_ref()?;
    Some(GivenDecision {
        answer: decision.decision.words(),
        by: veil.line(&decision.by),
        why: veil.line(&decision.why),
    })
}

fn cluster_of(cluster: &FailureCluster, veil: &Veil) -> EditCluster {
    EditCluster {
        id: veil.line(&cluster.id),
        description: veil.line(&cluster.description),
        rates: (cluster.student_failure_rate, cluster.teacher_success_rate),
    }
}
