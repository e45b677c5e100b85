//! `kaizen show EDIT`: an edit, its reason, its outcome, and the evidence for the decision.

use std::collections::BTreeMap;

use serde::Serialize;

use super::chart::drawn;
use super::worth::TestedWorth;
use crate::artifact::diagnosis::FailureCluster;
use crate::artifact::edit::{Edit, Op};
use crate::artifact::gate::verdict::Verdict;
use crate::artifact::label::SharedLabels;
use crate::artifact::outcome::{Footing, Outcome};
use crate::artifact::pending_review::PendingReview;
use crate::artifact::plan::Plan;
use crate::cli::Setting;
use crate::cli::accept::{FEWEST_DIGITS, ambiguous};
use crate::cli::diff::coloured;
use crate::cli::exit::CommandFailure;
use crate::cli::render::{self, STRONG};
use crate::cli::visible::visible;
use crate::digest::Digest;
use crate::workspace::session::{Session, SessionError};

/// Maximum number of changed tasks listed.
const MOST_TASKS: usize = 10;

/// A session's data about one edit.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct EditDetails {
    /// The id of the session.
    pub session: String,
    /// The edit's name in a command.
    #[serde(skip)]
    name: String,
    /// The edit's identity.
    pub edit_digest: Option<Digest>,
    /// Absent if the edit left the plan.
    pub edit: Option<Edit>,
    /// The cluster that the edit should improve.
    pub cluster: Option<FailureCluster>,
    /// The review file, if the edit needs a person's decision.
    pub pending_review: Option<PendingReview>,
    /// The decision and the commit that brought it, if it was made elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_elsewhere: Option<String>,
    /// The edit's outcome.
    pub outcome: Option<Outcome>,
    /// What `kaizen prune` found the edit to be worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worth: Option<TestedWorth>,
}

impl EditDetails {
    /// The traces that the edit refers to, or else the sample traces of its cluster.
    pub(crate) fn trace_ids(&self) -> &[String] {
        let named = self.edit.as_ref().map(|edit| &edit.references);
        let samples = self.cluster.as_ref().map(|cluster| &cluster.sample_trace_ids);
        let ids = named.filter(|ids| !ids.is_empty()).or(samples);
        ids.map_or(&[], Vec::as_slice)
    }
}

/// Finds an edit by label or digits in the newest session that has it.
///
/// # Errors
/// No session has it, or several edits of one session match.
pub(crate) fn find(sessions: &[Session], name: &str) -> Result<EditDetails, CommandFailure> {
    for session in sessions.iter().rev() {
        // Skip an unreadable session; `verify` reports it.
        let Ok(known) = known(session) else { continue };
        let found: BTreeMap<Digest, &EditDetails> = known
            .iter()
            .filter(|(_, known)| fits(known, name))
            .map(|(digest, known)| (*digest, known))
            .collect();
        if found.len() > 1 {
            let what = found.iter().map(|(digest, known)| (*digest, what(known))).collect();
            return Err(ambiguous(name, session, &what));
        }
        if let Some((digest, one)) = found.into_iter().next() {
            return Ok(EditDetails {
                name: shared_labels(&known).name(label(one), &digest),
                ..one.clone()
            });
        }
    }
    let problem = format!("there is no session or edit `{name}`");
    Err(CommandFailure::usage(problem)
        .hint("`kaizen show` lists the newest session's edits, `kaizen log` the sessions"))
}

/// The edit's label; empty if only its digest is known.
pub(crate) fn label(known: &EditDetails) -> &str {
    let edit = known.edit.as_ref().map(|edit| edit.id.as_str());
    edit.or(known.outcome.as_ref().map(|outcome| outcome.edit_id.as_str()))
        .unwrap_or_default()
}

/// The labels that several of a session's edits have.
pub(crate) fn shared_labels(known: &BTreeMap<Digest, EditDetails>) -> SharedLabels {
    SharedLabels::of(known.iter().map(|(digest, known)| (label(known), *digest)))
}

/// A description that distinguishes edits with the same label.
pub(crate) fn what(known: &EditDetails) -> String {
    let edit = known.edit.as_ref().map(|edit| (edit.op, &edit.target));
    let outcome = known.outcome.as_ref();
    let named = edit.or(outcome.map(|outcome| (outcome.op, &outcome.target)));
    let named = named.map(|(op, target)| format!("{} {target}", op.name()));
    let status = outcome.map_or("no outcome yet", |outcome| outcome.status.words());
    format!("{} {}: {status}", label(known), named.unwrap_or_default())
}

/// Whether a name is the edit's label or a prefix of its digest.
pub(crate) fn fits(known: &EditDetails, name: &str) -> bool {
    let labels = [
        known.edit.as_ref().map(|edit| &edit.id),
        known.outcome.as_ref().map(|outcome| &outcome.edit_id),
        known.pending_review.as_ref().map(|pending| &pending.edit.id),
    ];
    let digest = known.edit_digest.map(|digest| digest.to_string()).unwrap_or_default();
    labels.into_iter().flatten().any(|label| label == name) || (name.len() >= FEWEST_DIGITS && digest.starts_with(name))
}

/// All edits of a session, including those that left the plan.
///
/// # Errors
/// A file of the session cannot be read.
pub(crate) fn known(session: &Session) -> Result<BTreeMap<Digest, EditDetails>, SessionError> {
    let plan: Option<Plan> = session.read("plan.json")?;
    let mut all: BTreeMap<Digest, EditDetails> = BTreeMap::new();
    let clusters = plan.iter().flat_map(|plan| &plan.failure_clusters);
    let clusters: BTreeMap<&String, &FailureCluster> = clusters.map(|cluster| (&cluster.id, cluster)).collect();
    for edit in plan.iter().flat_map(|plan| &plan.edits) {
        let known = all.entry(edit.digest()).or_default();
        known.cluster = clusters
            .get(&edit.expected_improvement)
            .map(|cluster| (*cluster).clone());
        known.edit = Some(edit.clone());
    }
    for (digest, pending) in session.pending()? {
        let known = all.entry(digest).or_default();
        known.edit.get_or_insert_with(|| pending.edit.clone());
        known.pending_review = Some(pending);
    }
    for (digest, outcome) in session.outcomes()? {
        all.entry(digest).or_default().outcome = Some(outcome);
    }
    let named = |(digest, known): (Digest, EditDetails)| {
        let session = session.id.clone();
        let known = EditDetails {
            session,
            edit_digest: Some(digest),
            ..known
        };
        (digest, known)
    };
    Ok(all.into_iter().map(named).collect())
}

/// Prints an edit.
pub(crate) fn show(known: &EditDetails, setting: &Setting) {
    if setting.is_json() {
        return render::json(known);
    }
    out!("{STRONG}{}{STRONG:#} of {}", visible(label(known)), known.session);
    if let Some(digest) = known.edit_digest {
        out!("  digest     {digest}");
    }
    if let Some(cluster) = &known.cluster {
        out!(
            "  cluster    {}",
            visible(&format!("{}: {}", cluster.id, cluster.description))
        );
    }
    match (&known.edit, &known.outcome) {
        (Some(edit), _) => self::edit(edit),
        (None, Some(outcome)) => {
            out!(
                "  op         {}\n  target     {}",
                outcome.op.name(),
                visible(&outcome.target)
            );
            out!("  it is no longer in the plan");
        }
        (None, None) => {}
    }
    known.outcome.iter().for_each(outcome);
    if let Some(worth) = &known.worth {
        let [numbers, origin] = worth.lines();
        out!("  worth      {numbers}\n             {origin}");
    }
    known
        .pending_review
        .iter()
        .for_each(|asked| pending(asked, &known.name));
    if let Some(words) = &known.decided_elsewhere {
        out!("  it was {}", visible(words));
    }
}

fn edit(edit: &Edit) {
    out!("  op         {} (tier {})", edit.op.name(), edit.risk_tier.name());
    out!("  target     {}", visible(&edit.target));
    for line in member_lines(edit) {
        out!("             {line}");
    }
    if !edit.references.is_empty() {
        out!("  traces     {}", visible(&edit.references.join(", ")));
    }
    indented("Rationale", &edit.rationale);
    indented(
        "Payload",
        &serde_json::to_string_pretty(&edit.payload).unwrap_or_default(),
    );
}

/// A line for each member of an edit with the op `several`.
pub(crate) fn member_lines(edit: &Edit) -> Vec<String> {
    let members = edit.parts().into_iter().filter(|_| edit.op == Op::Several);
    let line = |(at, member): (usize, Edit)| format!("edits[{at}]  {}", visible(&member.title()));
    members.enumerate().map(line).collect()
}

fn indented(title: &str, text: &str) {
    out!("\n{STRONG}{title}{STRONG:#}");
    text.lines().for_each(|line| out!("  {}", visible(line)));
}

fn outcome(outcome: &Outcome) {
    let style = render::colour(outcome.status);
    out!(
        "\n{STRONG}Outcome{STRONG:#}  {style}{}{style:#}",
        outcome.status.words()
    );
    for (name, text) in [
        ("reason", &outcome.error),
        ("commit", &outcome.commit),
        ("applied", &outcome.applied_at),
    ] {
        if let Some(text) = text.as_ref().filter(|text| !text.is_empty()) {
            out!("  {name:<11}{}", visible(text));
        }
    }
    if let Some(late) = &outcome.late {
        let state = |at: &Footing| format!("harness {}, benchmark {}", at.harness.short(), at.benchmark.short());
        out!("  proposed   for {}", state(&late.proposed_for));
        let what = match outcome.decision() {
            Some(_) => "judged     on",
            None => "answered   for",
        };
        out!(
            "  {what} {}, since the answer came later; the session's score stays",
            state(&late.judged_on)
        );
    }
    if outcome.gate_skipped {
        out!("  accepted by a person, without the gate");
    }
    outcome.verdict.iter().for_each(verdict);
    let lines = outcome.gate.as_ref().map(drawn).unwrap_or_default();
    lines.iter().for_each(|line| out!("  {line}"));
}

fn verdict(verdict: &Verdict) {
    out!("  gate       {}", verdict.evidence());
    let (before, after) = (100.0 * verdict.before, 100.0 * verdict.after);
    out!("  score      {before:.1} % → {after:.1} %");
    for (category, delta) in &verdict.cluster_deltas {
        out!("    {category:<20} {:+.1} points", 100.0 * delta);
    }
    for task in verdict.changed.iter().take(MOST_TASKS) {
        out!("    task {}: {} → {}", task.task_id, task.before, task.after);
    }
    if let Some(more) = verdict.changed.len().checked_sub(MOST_TASKS).filter(|more| *more > 0) {
        out!("    and {more} more tasks changed");
    }
}

fn pending(pending: &PendingReview, name: &str) {
    out!("\n{STRONG}Change{STRONG:#}");
    pending.diff.lines().for_each(|line| out!("  {}", coloured(line)));
    if let Some(reason) = &pending.inapplicable {
        out!("  it cannot be applied: {}", visible(reason));
    }
    for remark in &pending.remarks {
        out!("  note: {}", visible(remark));
    }
    match &pending.decision {
        Some(decision) => {
            let answer = format!("{:?}", decision.decision).to_lowercase();
            // Older versions wrote their own name; an answer by hand may have none.
            let by = match decision.by.as_str() {
                "" | "kaizen" => "a person",
                name => name,
            };
            out!(
                "\n{STRONG}Decision{STRONG:#}  {answer} by {} {} {}",
                visible(by),
                decision.at,
                visible(&decision.why)
            );
        }
        None => out!("\nkaizen accept {name}   # or: kaizen reject {name}"),
    }
}
