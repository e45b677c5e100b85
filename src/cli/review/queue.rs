//! The queue: every edit that waits for a person, oldest session first, in the order of its plan.

use super::examples;
use super::standing::{self, Standing};
use crate::artifact::edit::Edit;
use crate::artifact::label::Shared;
use crate::artifact::outcome::OutcomeStatus;
use crate::artifact::pending_review::PendingReview;
use crate::artifact::plan::Plan;
use crate::cli::accept::session_of;
use crate::cli::exit::Failure;
use crate::digest::Digest;
use crate::harness::Harness;
use crate::workspace::session::{Session, SessionError};
use crate::workspace::{Workspace, session};

/// One edit that waits.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its session.
    pub session: Session,
    /// Whether commands mean its session when they name none.
    pub newest: bool,
    /// What names it in a command.
    pub name: String,
    /// The question.
    pub pending: PendingReview,
    /// What it would change today, as a diff; `None` when it cannot be applied.
    pub today: Option<String>,
    /// How the question stands today.
    pub standing: Standing,
    /// For few-shot examples: how many come, stay and go.
    pub examples: Option<String>,
}

impl Entry {
    /// The diff to show: the question's; with today's places when the question is fresh.
    pub(crate) fn diff(&self) -> &str {
        match (&self.standing, &self.today) {
            (Standing::Fresh, Some(today)) => today,
            _ => &self.pending.diff,
        }
    }

    /// The entry with another question, as it stands in a harness.
    ///
    /// # Errors
    /// git says no.
    pub(crate) fn asked(
        &self,
        pending: PendingReview,
        workspace: &Workspace,
        harness: &Harness,
    ) -> Result<Self, Failure> {
        let today = standing::diff_of(&pending.edit, harness, &workspace.rules());
        let since = |paths: &[String]| standing::since(workspace, paths);
        let path = standing::paths(today.as_deref().unwrap_or_default()).into_iter().next();
        Ok(Self {
            standing: standing::standing(&pending, &today, since)?,
            examples: path.and_then(|path| examples::summary(&pending.edit, &path, harness)),
            today: today.ok(),
            pending,
            ..self.clone()
        })
    }
}

/// All that waits, or what waits in one session. A session that cannot be read is named and hides no other.
///
/// # Errors
/// There is no such session, or the harness cannot be read.
pub(crate) fn queue(workspace: &Workspace, only: Option<&str>) -> Result<Vec<Entry>, Failure> {
    let all = session::all(&workspace.root)?;
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
                err!("{} is left out: {error}", session.id);
                unreadable = Some(error);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let newest = newest.as_ref() == Some(&session.id);
        for (name, pending) in waiting {
            let blank = Entry {
                session: session.clone(),
                newest,
                name,
                pending: pending.clone(),
                today: None,
                standing: Standing::Fresh,
                examples: None,
            };
            entries.push(blank.asked(pending, workspace, &harness)?);
        }
    }
    match unreadable.filter(|_| entries.is_empty()) {
        // Else it would look as if nothing waited.
        Some(error) => Err(error.into()),
        None => Ok(entries),
    }
}

/// The questions of a session that nobody answered, each with what names it, in the order of the plan.
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
    // While somebody is typing in the plan, the questions stand in the order of their digests.
    let plan: Option<Plan> = match session.read("plan.json") {
        Err(SessionError::Artifact(_)) => return Ok(unplanned(pending, &waits)),
        plan => plan?,
    };
    let labels = pending.values().map(|one| (one.edit.id.as_str(), one.edit_digest));
    let planned = plan.iter().flat_map(|plan| &plan.edits);
    let shared = Shared::of(labels.chain(planned.clone().map(|edit| (edit.id.as_str(), edit.digest()))));
    let mut found = Vec::new();
    for edit in planned {
        let digest = edit.digest();
        // Taken out, so that an edit which stands in the plan twice is asked about once.
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
    pending: std::collections::BTreeMap<Digest, PendingReview>,
    waits: &dyn Fn(&Digest) -> bool,
) -> Vec<(String, PendingReview)> {
    let open = pending
        .into_iter()
        .filter(|(digest, question)| waits(digest) && is_open(question));
    open.map(|(digest, question)| (digest.short(), question)).collect()
}

/// An answer counts for the edit that it was given for, and for no other.
fn is_open(pending: &PendingReview) -> bool {
    let bound = |decision: &crate::artifact::decision::Decision| {
        pending.edit.digest() == pending.edit_digest
            && decision.edit_digest.is_none_or(|bound| bound == pending.edit_digest)
    };
    !pending.decision.as_ref().is_some_and(bound)
}

/// What is shown is what a run would do: where the question holds another edit than its name says, the plan's counts.
fn of_the_plan(pending: PendingReview, edit: &Edit) -> PendingReview {
    if pending.edit.digest() == pending.edit_digest {
        return pending;
    }
    let risk_tier = edit.risk_tier.max(edit.op.tier());
    let edit = Edit {
        risk_tier,
        ..edit.clone()
    };
    PendingReview { edit, ..pending }
}

/// The question as it stands on disk now.
///
/// # Errors
/// It was answered or withdrawn meanwhile.
pub(crate) fn question(session: &Session, digest: &Digest) -> Result<PendingReview, Failure> {
    let found = waiting(session)?
        .into_iter()
        .find(|(_, pending)| pending.edit_digest == *digest);
    let gone = || Failure::usage("it was answered or withdrawn meanwhile; nothing was written");
    found.map(|(_, pending)| pending).ok_or_else(gone)
}
