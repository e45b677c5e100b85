//! Reverts applied edits: removes them from the plan of their session and advances the session. It checks that this
//! works before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifact::Artifact;
use crate::artifact::edit::Edit;
use crate::artifact::outcome::RolledBackBy;
use crate::artifact::plan::Plan;
use crate::digest::Digest;
use crate::harness::Harness;
use crate::harness::rederive::RederivedHarness;
use crate::ledger::FileState;
use crate::ledger::graph::LedgerState;
use crate::ledger::port::Ledger;
use crate::manifest::Hold;
use crate::pipeline::advance::advance;
use crate::pipeline::context::{Context, Depth};
use crate::pipeline::edit_states::EditSearch;
use crate::pipeline::execute::{PastEdits, others, without};
use crate::pipeline::freshness::Freshness;
use crate::pipeline::options::{RunOptions, RunResult};
use crate::pipeline::permissions;
use crate::pipeline::state::{PhaseState, settled, state};
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::event::Listener;
use crate::workspace::inputs::{Inputs, clean_harness};
use crate::workspace::saved_records::SavedRecords;
use crate::workspace::session::Session;
use crate::workspace::transaction::enter;

/// The harness before and after a revert.
pub(crate) struct RevertPreview {
    /// The present harness.
    pub before: Harness,
    /// The harness after the revert, and the kept edits that would no longer apply.
    pub after: RederivedHarness,
}

/// The state of a session's edits in git.
///
/// # Errors
/// git fails, or the baseline cannot be read.
pub(crate) fn ledger_states(
    workspace: &Workspace,
    session: &Session,
) -> Result<BTreeMap<Digest, LedgerState>, RunError> {
    EditSearch::new(workspace, &Inputs::new(workspace), session)?.states()
}

/// Whether edits are no longer in the plan: a person removed them, or a revert was interrupted.
///
/// # Errors
/// The plan cannot be read.
pub(crate) fn left_the_plan(session: &Session, edits: &BTreeSet<Digest>) -> Result<bool, RunError> {
    let plan: Option<Plan> = session.read("plan.json")?;
    let planned = |plan: &Plan| plan.edits.iter().any(|edit| edits.contains(&edit.digest()));
    Ok(plan.is_some_and(|plan| !planned(&plan)))
}

/// Whether only the end of a session is missing, as after an interrupted revert: it can be completed without a teacher.
///
/// # Errors
/// The session cannot be read.
pub(crate) fn is_interrupted(workspace: &Workspace, session: &Session) -> Result<bool, RunError> {
    let stale = phases(workspace, session)?;
    let mut stale = stale
        .iter()
        .filter(|(_, fresh)| matches!(fresh, Freshness::Stale { .. }));
    Ok(stale.all(|(phase, _)| matches!(phase.as_str(), "execute" | "record")))
}

/// Whether the directory of a session has changes that git could commit.
///
/// # Errors
/// git fails.
pub(crate) fn is_uncommitted(workspace: &Workspace, session: &Session) -> Result<bool, RunError> {
    let changed = workspace.ledger.status(&[session.relative()])?;
    Ok(changed.iter().any(|file| file.state != FileState::Ignored))
}

/// The phases of a past session, with their freshness.
fn phases(workspace: &Workspace, session: &Session) -> Result<Vec<PhaseState>, RunError> {
    let (inputs, engines) = (Inputs::new(workspace), workspace.engines());
    let context = Context {
        depth: Depth::History,
        ..Context::new(workspace, session, &inputs, &engines)
    };
    state(&context)
}

/// Why a session is not settled; `None` if it is.
///
/// # Errors
/// The session cannot be read.
pub(crate) fn unsettled(workspace: &Workspace, session: &Session) -> Result<Option<String>, RunError> {
    if !session.record()?.is_some_and(|record| settled(&record)) {
        return Ok(Some("it has not ended".into()));
    }
    let stale = phases(workspace, session)?
        .into_iter()
        .find_map(|(phase, fresh)| match fresh {
            Freshness::Stale { reasons } => {
                let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
                Some(format!("{phase} is stale: {}", reasons.join("; ")))
            }
            _ => None,
        });
    Ok(stale)
}

/// Computes the harness after a revert, without writing anything.
///
/// # Errors
/// There are uncommitted changes, a remaining change depends on an edit to revert, or the history is incomplete.
pub(crate) fn preview(
    workspace: &Workspace,
    session: &Session,
    dropped: &BTreeSet<Digest>,
) -> Result<RevertPreview, RunError> {
    let inputs = Inputs::new(workspace);
    let before = clean_harness(workspace, &inputs)?;
    let search = EditSearch::new(workspace, &inputs, session)?;
    let states = search.states()?;
    let plan: Option<Plan> = session.read("plan.json")?;
    let edits: Vec<Edit> = plan
        .map(|plan| plan.edits)
        .into_iter()
        .flatten()
        .chain(search.withdrawn(&states)?)
        .collect();
    let past = PastEdits {
        edits: &edits,
        states: &states,
        outcomes: &session.outcomes()?,
        rules: &workspace.rules(),
        select: &|path| workspace.selects(path),
        ledger: &workspace.ledger,
        graph: inputs.graph()?,
        others: &|| others(workspace, &inputs, &session.id),
    };
    let after = without(&past, dropped, &before)?;
    Ok(RevertPreview { before, after })
}

/// Reverts edits. The plan is written only after a preview of the whole revert has succeeded.
///
/// # Errors
/// See [`preview`] and [`advance`].
pub(crate) fn revert_edits(
    workspace: &Workspace,
    session: &Session,
    dropped: &BTreeSet<Digest>,
    reverter: RolledBackBy,
    listener: Listener,
) -> Result<RunResult, RunError> {
    permissions::without_teacher(workspace, &["execute", "record"])?;
    let (head, before) = (workspace.ledger.head()?, SavedRecords::of(session)?);
    change_plan(workspace, session, dropped, listener)?;
    let ended = complete(workspace, session, reverter, listener);
    // Without a commit, nothing was reverted. Otherwise the next call continues.
    if ended.is_err() && workspace.ledger.head()? == head {
        let _lock = enter(workspace, listener)?;
        before.restore(session)?;
    }
    ended
}

/// Runs what is left of a revert whose edits already left the plan.
///
/// # Errors
/// See [`advance`].
pub(crate) fn complete(
    workspace: &Workspace,
    session: &Session,
    reverter: RolledBackBy,
    listener: Listener,
) -> Result<RunResult, RunError> {
    let asked = RunOptions {
        session: Some(session.id.clone()),
        reverter,
        ..RunOptions::default()
    };
    advance(workspace, &asked, listener)
}

/// Writes the plan under a separate lock. A process that runs between this and the session's run finds a plan that a
/// person might have written.
fn change_plan(
    workspace: &Workspace,
    session: &Session,
    dropped: &BTreeSet<Digest>,
    listener: Listener,
) -> Result<(), RunError> {
    let _lock = enter(workspace, listener)?;
    preview(workspace, session, dropped)?;
    let plan: Option<Plan> = session.read("plan.json")?;
    let Some(mut plan) = plan else { return Ok(()) };
    let before = plan.edits.len();
    plan.edits.retain(|edit| !dropped.contains(&edit.digest()));
    // The remaining edits were settled before, so the plan needs no new release.
    plan.released |= workspace.manifest.session.hold == Some(Hold::Plan);
    if plan.edits.len() < before {
        session.publish("plan.json", &plan.to_text())?;
    }
    Ok(())
}
