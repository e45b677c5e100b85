//! `kaizen accept` and `kaizen reject`: write a decision into the file in `pending_review/`.

use std::collections::BTreeMap;

use clap::Args;

use super::exit::{Code, CommandFailure};
use super::review::staleness;
use super::{Setting, render, undecided};
use crate::artifact::Artifact;
use crate::artifact::decision::{ReviewAnswer, ReviewDecision};
use crate::artifact::edit::Edit;
use crate::artifact::pending_review::PendingReview;
use crate::artifact::plan::Plan;
use crate::digest::Digest;
use crate::workspace::session::{PENDING, Session};
use crate::workspace::{Workspace, questions, schema_line};

/// Minimum length of a digest prefix; anything shorter can only be a label.
pub(crate) const FEWEST_DIGITS: usize = 4;

/// Accept an edit that waits or that the gate left undecided
#[derive(Clone, Debug, Args)]
pub(crate) struct AcceptArgs {
    /// The label of the edit, or the first digits of its digest
    #[arg(required_unless_present = "likely", conflicts_with = "likely")]
    edit: Option<String>,
    /// Keep every edit of the session that likely helps according to the gate
    #[arg(long)]
    likely: bool,
    /// Commit without asking the gate; the outcome records it
    #[arg(long, conflicts_with = "likely")]
    skip_gate: bool,
    #[command(flatten)]
    around: AnswerArgs,
}

/// Reject an edit that waits for review
#[derive(Clone, Debug, Args)]
pub(crate) struct RejectArgs {
    /// The label of the edit, or the first digits of its digest
    edit: String,
    #[command(flatten)]
    around: AnswerArgs,
}

#[derive(Clone, Debug, Args)]
struct AnswerArgs {
    /// Look for the edit in this session instead of the newest one
    #[arg(long)]
    session: Option<String>,
    /// The reason, for the record
    #[arg(long, default_value = "", hide_default_value = true)]
    why: String,
}

/// Runs `kaizen accept`.
///
/// # Errors
/// No such edit waits for review, and the gate left none undecided.
pub(crate) fn accept(command: &AcceptArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace_of(command.around.session.as_deref())?;
    let session = session_of(&workspace, command.around.session.as_deref())?;
    let Some(name) = &command.edit else {
        for question in undecided::likely(&workspace, &session)? {
            decide(
                &workspace,
                &session,
                question,
                &GivenAnswer::keeps(),
                &command.around,
                setting,
            )?;
        }
        return Ok(Code::Settled);
    };
    let undecided = match command.skip_gate {
        true => None,
        false => undecided::named(&workspace, &session, name)?,
    };
    let answer = GivenAnswer {
        decision: ReviewAnswer::Accept,
        skip_gate: command.skip_gate,
        keep: undecided.is_some(),
    };
    let question = match undecided {
        Some(question) => question,
        None => find_edit(&session, name)?,
    };
    decide(&workspace, &session, question, &answer, &command.around, setting)
}

/// Runs `kaizen reject`.
///
/// # Errors
/// No such edit waits for review.
pub(crate) fn reject(command: &RejectArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace_of(command.around.session.as_deref())?;
    let session = session_of(&workspace, command.around.session.as_deref())?;
    let question = find_edit(&session, &command.edit)?;
    let answer = GivenAnswer::plain(ReviewAnswer::Reject);
    decide(&workspace, &session, question, &answer, &command.around, setting)
}

/// A person's answer.
#[derive(Clone, Copy)]
pub(crate) struct GivenAnswer {
    decision: ReviewAnswer,
    skip_gate: bool,
    keep: bool,
}

impl GivenAnswer {
    /// An answer after which the gate decides.
    pub(crate) fn plain(decision: ReviewAnswer) -> Self {
        Self {
            decision,
            skip_gate: false,
            keep: false,
        }
    }

    /// Keeps an edit that the gate left undecided.
    fn keeps() -> Self {
        Self {
            keep: true,
            ..Self::plain(ReviewAnswer::Accept)
        }
    }
}

fn decide(
    workspace: &Workspace,
    session: &Session,
    pending: PendingReview,
    answer: &GivenAnswer,
    around: &AnswerArgs,
    setting: &Setting,
) -> Result<Code, CommandFailure> {
    let edit_digest = pending.edit_digest;
    if answer.decision == ReviewAnswer::Accept
        && let Some(reason) = stale(workspace, &pending)?
    {
        err!("note: {reason}; `kaizen review` shows what the edit would change now");
    }
    let answered = write(workspace, session, pending, *answer, &around.why)?;
    let decision = &answered.decision;
    if setting.is_json() {
        render::json(&serde_json::json!({"session": session.id, "edit_digest": edit_digest, "decision": decision}));
    } else {
        let run = match &around.session {
            Some(session) => format!("kaizen run --session {session}"),
            None => "kaizen run".to_owned(),
        };
        let word = answer.decision.words();
        let then = match answer.decision {
            ReviewAnswer::Accept if answer.skip_gate => "commits it without the gate",
            ReviewAnswer::Accept if answer.keep => {
                "commits it; if the harness has changed, it first runs all gate tasks again and drops an edit that loses"
            }
            ReviewAnswer::Accept => "gates and commits it",
            ReviewAnswer::Reject => "records it",
        };
        out!("{} is {word}; `{run}` {then}", answered.edit.id);
    }
    Ok(Code::Settled)
}

/// Why the edit would now change something else than when it was proposed; `None` if it would not.
fn stale(workspace: &Workspace, pending: &PendingReview) -> Result<Option<String>, CommandFailure> {
    let today = staleness::diff_of(&pending.edit, &workspace.harness()?, &workspace.rules());
    let staleness = staleness::staleness(pending, &today, |paths| staleness::since(workspace, paths))?;
    Ok(staleness.reason().map(str::to_owned))
}

/// Writes a decision into the edit's file in `pending_review/`, together with the digest of the edit; also in the other
/// sessions that wait for an answer about the same edit.
///
/// # Errors
/// The edit was already decided, or the file cannot be written.
pub(crate) fn write(
    workspace: &Workspace,
    session: &Session,
    pending: PendingReview,
    answer: GivenAnswer,
    why: &str,
) -> Result<PendingReview, CommandFailure> {
    still_open(session, &pending, answer)?;
    let decision = ReviewDecision {
        decision: answer.decision,
        by: workspace.ledger.person()?.unwrap_or_default(),
        at: workspace.clock.stamp(),
        why: why.to_owned(),
        edit_digest: Some(pending.edit_digest),
        skip_gate: answer.skip_gate,
        keep: answer.keep,
        extra: Default::default(),
    };
    let answered = PendingReview {
        decision: Some(decision),
        ..pending
    };
    publish(workspace, session, &answered)?;
    // One answer counts in every session that asks about the same edit.
    for other in questions::elsewhere(workspace, session, &answered.edit_digest)? {
        if other.is_open() && other.pending.decision.is_none() {
            let question = PendingReview {
                decision: answered.decision.clone(),
                ..other.pending
            };
            publish(workspace, &other.session, &question)?;
        }
    }
    Ok(answered)
}

fn publish(workspace: &Workspace, session: &Session, question: &PendingReview) -> Result<(), CommandFailure> {
    let path = session.path(&format!("{PENDING}{}.json", question.edit_digest));
    let text = question.to_text();
    let text = schema_line::stored(&workspace.root, &text)?;
    Ok(workspace.root.publish(&path, text.as_bytes())?)
}

/// Refuses an edit that has an outcome other than pending or rejected by the user. `--skip-gate` overrides every
/// outcome except applied, and an edit that the gate left undecided can be kept.
fn still_open(session: &Session, pending: &PendingReview, answer: GivenAnswer) -> Result<(), CommandFailure> {
    use crate::artifact::outcome::OutcomeStatus::{PendingReview as Waits, RejectedByUser};
    let outcomes = session.outcomes()?;
    match outcomes.get(&pending.edit_digest).map(|outcome| outcome.status) {
        None | Some(Waits | RejectedByUser) => Ok(()),
        Some(_) if answer.keep => Ok(()),
        Some(status) if answer.skip_gate && status != crate::artifact::outcome::OutcomeStatus::Applied => Ok(()),
        Some(status) => {
            Err(
                CommandFailure::usage(format!("{} is already decided: {}", pending.edit.id, status.words()))
                    .hint("`kaizen revert` reverts an applied edit"),
            )
        }
    }
}

/// The session with this name; without a name, the newest.
///
/// # Errors
/// The workspace has no such session.
pub(crate) fn session_of(workspace: &Workspace, name: Option<&str>) -> Result<Session, CommandFailure> {
    let all = workspace.sessions()?;
    let found = match name {
        Some(name) => all.into_iter().find(|session| session.id == name),
        None => all.into_iter().next_back(),
    };
    let missing = || match name {
        Some(name) => CommandFailure::usage(format!("there is no session `{name}`")).hint("`kaizen log` lists them"),
        None => CommandFailure::usage("there is no session yet").hint("`kaizen run` starts one"),
    };
    found.ok_or_else(missing)
}

/// Finds a pending edit by its label or the first digits of its digest. Refuses a label that another edit of the plan
/// has too, because we cannot know which one the user means.
fn find_edit(session: &Session, name: &str) -> Result<PendingReview, CommandFailure> {
    let mut pending = session.pending()?;
    let plan: Option<Plan> = session.read("plan.json")?;
    let planned = plan.iter().flat_map(|plan| &plan.edits);
    let known: BTreeMap<(Digest, &String), &Edit> = planned
        .chain(pending.values().map(|pending| &pending.edit))
        .map(|edit| ((edit.digest(), &edit.id), edit))
        .collect();
    let fits = |digest: &Digest, label: &str| {
        label == name || (name.len() >= FEWEST_DIGITS && digest.to_string().starts_with(name))
    };
    let found: BTreeMap<Digest, String> = known
        .iter()
        .filter(|((digest, label), _)| fits(digest, label))
        .map(|((digest, label), edit)| (*digest, format!("{label} {}", edit.title())))
        .collect();
    if found.len() > 1 {
        return Err(ambiguous(name, session, &found));
    }
    match found.keys().find_map(|digest| pending.remove(digest)) {
        Some(one) => Ok(one),
        None => Err(nothing_waits(name, session, &session.waiting()?)),
    }
}

/// The error for a name that fits several edits; it lists them with their digests.
pub(crate) fn ambiguous(name: &str, session: &Session, found: &BTreeMap<Digest, String>) -> CommandFailure {
    let line = |(digest, what): (&Digest, &String)| format!("\n  {}  {what}", digest.short());
    let lines: String = found.iter().map(line).collect();
    CommandFailure::usage(format!("`{name}` matches more than one edit of {}:{lines}", session.id))
        .hint("give the first digits of the digest instead")
}

fn nothing_waits(name: &str, session: &Session, pending: &BTreeMap<Digest, PendingReview>) -> CommandFailure {
    if pending.is_empty() {
        return CommandFailure::usage(format!("no edit waits for review in {}", session.id));
    }
    let labels: Vec<&str> = pending.values().map(|pending| pending.edit.id.as_str()).collect();
    let labels = labels.join(", ");
    CommandFailure::usage(format!("no edit `{name}` waits for review; these do: {labels}"))
}
