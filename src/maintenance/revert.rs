//! Take back: applied edits leave the plan of their session, and the session is advanced. Whether that works is known
//! before a byte is written.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifact::Artifact;
use crate::artifact::baseline::Baseline;
use crate::artifact::plan::Plan;
use crate::digest::Digest;
use crate::harness::Harness;
use crate::harness::rederive::RederivedHarness;
use crate::manifest::Hold;
use crate::pipeline::advance::advance;
use crate::pipeline::context::{Context, Depth};
use crate::pipeline::execute::reconcile::LedgerState;
use crate::pipeline::execute::{SessionHistory, reconcile, without};
use crate::pipeline::freshness::Freshness;
use crate::pipeline::options::{RunOptions, RunResult};
use crate::pipeline::permitted;
use crate::pipeline::state::{settled, state};
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::event::Listener;
use crate::workspace::inputs::{Inputs, clean_harness};
use crate::workspace::session::Session;
use crate::workspace::transaction::enter;

/// The harness as it is, and as it would be.
pub(crate) struct RevertPreview {
    /// As it is.
    pub before: Harness,
    /// As it would be, and which kept edits would lose their place.
    pub after: RederivedHarness,
}

/// What git holds of a session.
///
/// # Errors
/// git says no, or the baseline cannot be read.
pub(crate) fn ledger_states(
    workspace: &Workspace,
    session: &Session,
) -> Result<BTreeMap<Digest, LedgerState>, RunError> {
    let baseline: Option<Baseline> = session.read("baseline.json")?;
    let base = baseline.map(|baseline| baseline.harness_commit);
    let (entries, undone) = Inputs::new(workspace).history(&session.id, base.as_deref())?;
    Ok(reconcile::ledger_states(&entries, &session.id, &undone))
}

/// Whether edits are out of the plan: a person took them out, or a take-back was cut short.
///
/// # Errors
/// The plan cannot be read.
pub(crate) fn left_the_plan(session: &Session, edits: &BTreeSet<Digest>) -> Result<bool, RunError> {
    let plan: Option<Plan> = session.read("plan.json")?;
    let planned = |plan: &Plan| plan.edits.iter().any(|edit| edits.contains(&edit.digest()));
    Ok(plan.is_some_and(|plan| !planned(&plan)))
}

/// What a run of the session as it stands would have to do first; `None` for a settled one.
///
/// # Errors
/// The session cannot be read.
pub(crate) fn unsettled(workspace: &Workspace, session: &Session) -> Result<Option<String>, RunError> {
    let (inputs, engines) = (Inputs::new(workspace), workspace.engines());
    let context = Context {
        depth: Depth::History,
        ..Context::new(workspace, session, &inputs, &engines)
    };
    if !session.record()?.is_some_and(|record| settled(&record)) {
        return Ok(Some("it has not ended".into()));
    }
    let stale = state(&context)?.into_iter().find_map(|(phase, fresh)| match fresh {
        Freshness::Stale { reasons } => {
            let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
            Some(format!("{phase} is stale: {}", reasons.join("; ")))
        }
        _ => None,
    });
    Ok(stale)
}

/// What would become of the harness; nothing is written.
///
/// # Errors
/// The user's own changes are in the way, or a change that stays rests on an edit that goes.
pub(crate) fn preview(
    workspace: &Workspace,
    session: &Session,
    dropped: &BTreeSet<Digest>,
) -> Result<RevertPreview, RunError> {
    let before = clean_harness(workspace, &Inputs::new(workspace))?;
    let baseline: Baseline = session
        .read("baseline.json")?
        .ok_or_else(|| RunError::missing(session, "baseline.json"))?;
    let plan: Option<Plan> = session.read("plan.json")?;
    let standing = SessionHistory {
        session: &session.id,
        base: &baseline.harness_commit,
        edits: plan.as_ref().map_or(&[], |plan| &plan.edits),
        rules: &workspace.rules(),
        select: &|path| workspace.selects(path),
        ledger: &workspace.ledger,
    };
    let after = without(&standing, dropped, &before)?;
    Ok(RevertPreview { before, after })
}

/// Takes edits back. The plan is written only after the whole was found to work.
///
/// # Errors
/// See [`preview`] and [`advance`].
pub(crate) fn revert_edits(
    workspace: &Workspace,
    session: &Session,
    dropped: &BTreeSet<Digest>,
    listener: Listener,
) -> Result<RunResult, RunError> {
    permitted::without_teacher(workspace, &["execute", "record"])?;
    change_plan(workspace, session, dropped, listener)?;
    let asked = RunOptions {
        session: Some(session.id.clone()),
        ..RunOptions::default()
    };
    advance(workspace, &asked, listener)
}

/// In a lock of its own: whoever comes between it and the run finds a plan that a person might have written.
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
    // What is left was settled before: nobody has to release it again.
    plan.released |= workspace.manifest.session.hold == Some(Hold::Plan);
    if plan.edits.len() < before {
        session.publish("plan.json", &plan.to_text())?;
    }
    Ok(())
}
