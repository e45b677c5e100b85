//! The review queue: every edit that waits for a person, oldest session first, in the order of the plan.

use std::collections::BTreeMap;

use super::examples;
use super::staleness::{self, Staleness};
use crate::artifact::edit::{Edit, Op};
use crate::artifact::label::SharedLabels;
use crate::artifact::outcome::OutcomeStatus;
use crate::artifact::pending_review::PendingReview;
use crate::artifact::plan::Plan;
use crate::cli::accept::session_of;
use crate::cli::exit::CommandFailure;
use crate::digest::Digest;
use crate::harness::Harness;
use crate::workspace::Workspace;
use crate::workspace::session::{Session, SessionError};

/// One edit that waits for review.
#[derive(Clone, Debug)]
pub(crate) struct QueueEntry {
    /// The session that asks.
    pub session: Session,
    /// Whether the session is the newest, so that commands need no `--session`.
    pub newest: bool,
    /// The edit's name in a command: its label, or its short digest if the label is ambiguous.
    pub name: String,
    /// The edit, the diff that was proposed, and the decision if there is one.
    pub pending: PendingReview,
    /// The diff that the edit would make now; `None` if it cannot be applied.
    pub today: Option<String>,
    /// Whether the proposed diff is still what the edit would do.
    pub staleness: Staleness,
    /// For few-shot examples: how many are added, kept and removed.
    pub examples: Option<String>,
}

impl QueueEntry {
    /// The diff to show: if fresh, the current one, whose line numbers are up to date; otherwise the proposed one.
    pub(crate) fn diff(&self) -> &str {
        match (&self.staleness, &self.today) {
            (Staleness::Fresh, Some(today)) => today,
            _ => &self.pending.diff,
        }
    }

    /// The entry with another pending review, compared with this harness.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn asked(
        &self,
        pending: PendingReview,
        workspace: &Workspace,
        harness: &Harness,
    ) -> Result<Self, CommandFailure> {
        let today = staleness::diff_of(&pending.edit, harness, &workspace.rules());
        let since = |paths: &[String]| staleness::since(workspace, paths);
        let path = staleness::paths(today.as_deref().unwrap_or_default())
            .into_iter()
            .next();
        Ok(Self {
            staleness: staleness::staleness(&pending, &today, since)?,
            examples: path.and_then(|path| examples::summary(&pending.edit, &path, harness)),
            today: today.ok(),
            pending,
            ..self.clone()
        })
    }
}

/// All edits that wait for review, or only those of one session. Without `only`, an unreadable session is reported and
/// skipped.
///
/// # Errors
/// There is no such session, the harness cannot be read, or nothing was found and a session was unreadable.
pub(crate) fn queue(workspace: &Workspace, only: Option<&str>) -> Result<Vec<QueueEntry>, CommandFailure> {
    let all = workspace.sessions()?;
    let newest = all.last().map(|session| session.id.clone());
    let sessions = match only {
        Some(name) => vec![session_of(workspace, Some(name))?],
        None => all,
    };
    let harness = workspace.harness()?;
    let (mut entries, mut unreadable) = (Vec::new(), None);
    for session in sessions {
        let waiting = match waiting(&session) {
            Ok(waiting) => waiting,
            Err(error) if only.is_none() => {
                err!("skipped {}: {error}", session.id);
                unreadable = Some(error);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let newest = newest.as_ref() == Some(&session.id);
        for (name, pending) in waiting {
            let blank = QueueEntry {
                session: session.clone(),
                newest,
                name,
                pending: pending.clone(),
                today: None,
                staleness: Staleness::Fresh,
                examples: None,
            };
            entries.push(blank.asked(pending, workspace, &harness)?);
        }
    }
    let entries = asked_once(entries);
    match unreadable.filter(|_| entries.is_empty()) {
        // An empty queue would suggest that nothing waits.
        Some(error) => Err(error.into()),
        None => Ok(entries),
    }
}

/// The entries in which an edit about which several sessions ask stands once, in the newest of them.
fn asked_once(entries: Vec<QueueEntry>) -> Vec<QueueEntry> {
    let newest: BTreeMap<Digest, String> = entries
        .iter()
        .map(|entry| (entry.pending.edit_digest, entry.session.id.clone()))
        .collect();
    let stands = |entry: &QueueEntry| newest.get(&entry.pending.edit_digest) == Some(&entry.session.id);
    entries.into_iter().filter(stands).collect()
}

/// The undecided edits of a session with their names for commands, in the order of the plan.
fn waiting(session: &Session) -> Result<Vec<(String, PendingReview)>, SessionError> {
    let mut pending = session.pending()?;
    if pending.is_empty() {
        return Ok(Vec::new());
    }
    let outcomes = session.outcomes()?;
    let waits = |digest: &Digest| {
        let outcome = outcomes.get(digest);
        outcome.is_some_and(|outcome| outcome.status == OutcomeStatus::PendingReview)
    };
    // If the plan cannot be parsed (it may be half typed), the order is that of the digests.
    let plan: Option<Plan> = match session.read("plan.json") {
        Err(SessionError::Artifact(_)) => return Ok(unplanned(pending, &waits)),
        plan => plan?,
    };
    let labels = pending.values().map(|one| (one.edit.id.as_str(), one.edit_digest));
    let planned = plan.iter().flat_map(|plan| &plan.edits);
    let shared = SharedLabels::of(labels.chain(planned.clone().map(|edit| (edit.id.as_str(), edit.digest()))));
    let mut found = Vec::new();
    for edit in planned {
        let digest = edit.digest();
        // `remove`, so that an edit that is in the plan twice is listed once.
        if let Some(question) = pending
            .remove(&digest)
            .filter(|question| waits(&digest) && is_open(question))
        {
            found.push((shared.name(&edit.id, &digest), of_the_plan(question, edit)));
        }
    }
    Ok(found)
}

fn unplanned(
    pending: BTreeMap<Digest, PendingReview>,
    waits: &dyn Fn(&Digest) -> bool,
) -> Vec<(String, PendingReview)> {
    let open = pending
        .into_iter()
        .filter(|(digest, question)| waits(digest) && is_open(question));
    open.map(|(digest, question)| (digest.short(), question)).collect()
}

/// Whether a person still has to decide. A decision counts only for the edit that it was made for.
fn is_open(pending: &PendingReview) -> bool {
    let bound = |decision: &crate::artifact::decision::ReviewDecision| {
        pending.edit.digest() == pending.edit_digest
            && decision.edit_digest.is_none_or(|bound| bound == pending.edit_digest)
    };
    !pending.decision.as_ref().is_some_and(bound)
}

/// The pending review with the edit that a run would apply. If the file's edit does not match its digest, that is the
/// plan's edit.
fn of_the_plan(pending: PendingReview, edit: &Edit) -> PendingReview {
    if pending.edit.digest() == pending.edit_digest {
        return pending;
    }
    let risk_tier = edit.ops().into_iter().map(Op::tier).fold(edit.risk_tier, Ord::max);
    let edit = Edit {
        risk_tier,
        ..edit.clone()
    };
    PendingReview { edit, ..pending }
}

/// Reads the pending review of an edit again.
///
/// # Errors
/// It was answered or withdrawn in the meantime.
pub(crate) fn question(session: &Session, digest: &Digest) -> Result<PendingReview, CommandFailure> {
    let found = waiting(session)?
        .into_iter()
        .find(|(_, pending)| pending.edit_digest == *digest);
    let gone = || CommandFailure::usage("it was answered or withdrawn in the meantime; nothing was written");
    found.map(|(_, pending)| pending).ok_or_else(gone)
}
