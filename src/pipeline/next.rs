//! Computes the next step of a session from its files.

use super::context::Context;
use super::gate_policy::route_of;
use super::state::{PhaseState, state};
use crate::artifact::diagnosis;
use crate::artifact::edit::Edit;
use crate::artifact::plan::Plan;
use crate::artifact::readiness::Readiness;
use crate::digest::Digest;
use crate::harness::Harness;
use crate::manifest::Hold;
use crate::pipeline::execute::reconcile;
use crate::pipeline::execute::reconcile::EditStep;
use crate::pipeline::execute::route::EditRoute;
use crate::pipeline::freshness::{Freshness, StaleReason};
use crate::teacher::check;
use crate::teacher::check::{Problem, plan, secret};
use crate::workspace::engines;
use crate::workspace::error::RunError;
use crate::workspace::session::Session;

/// The files that a person may edit; they are checked before a phase reads them.
pub(crate) const CHECKED: [&str; 2] = [PLAN, DIAGNOSIS];
const PLAN: &str = "plan.json";
const DIAGNOSIS: &str = diagnosis::FILE;

/// The next step of a session.
#[derive(Debug)]
pub(crate) enum Next {
    /// Run a stale phase.
    Run {
        /// The phase.
        phase: String,
        /// Why it is stale.
        reasons: Vec<StaleReason>,
    },
    /// Wait for more traces or tasks, as the message says.
    NotReady(String),
    /// Wait until a person releases the plan.
    Release,
    /// Wait until a person or an agent writes a file.
    Write {
        /// The file.
        file: &'static str,
        /// The phase that waits for it.
        phase: String,
    },
    /// Wait until somebody completes or corrects a file.
    Typed {
        /// The file.
        file: &'static str,
        /// Its problems.
        problems: Vec<Problem>,
    },
    /// Nothing is left to do.
    Nothing,
}

/// The next step of a session, up to and including phase `until`.
///
/// # Errors
/// An input of a phase cannot be read.
pub(crate) fn next(context: &Context, until: Option<&str>) -> Result<Next, RunError> {
    let now = state(context)?;
    if let Some(message) = not_ready(context.session, &now)? {
        return Ok(Next::NotReady(message));
    }
    let Some((phase, reasons)) = first_stale(&now, until) else {
        return Ok(Next::Nothing);
    };
    if let Some(other) = in_the_way(context, &phase)? {
        return Ok(other);
    }
    if phase == "execute" && context.inputs.gate(&context.session.id)?.is_empty() && needs_the_gate(context)? {
        let waits = RunError::NoGateTasks("the edits that the gate has to decide about wait".to_owned());
        return Ok(Next::NotReady(waits.to_string()));
    }
    Ok(awaited(context, &phase)?.unwrap_or(Next::Run { phase, reasons }))
}

/// The step for a phase that waits for a file from a person or an agent: to write the file, or to correct it. `None` if
/// the phase does not wait for a file, or the file is valid.
fn awaited(context: &Context, phase: &str) -> Result<Option<Next>, RunError> {
    let record = context.session.record()?;
    let Some(file) = engines::awaited(&context.workspace.manifest, record.as_ref(), phase) else {
        return Ok(None);
    };
    let text = context.session.text(file)?.unwrap_or_default();
    if text.trim().is_empty() {
        let phase = phase.to_owned();
        return Ok(Some(Next::Write { file, phase }));
    }
    let harness = harness(context)?;
    let (wrong, secrets) = match file {
        DIAGNOSIS => (check::diagnosis_problems(&text), secret::in_text(&text, &harness)),
        _ => (plan::problems_of_bare(&text), secret::in_json(&text, &harness)),
    };
    let problems: Vec<Problem> = secrets.into_iter().chain(wrong).collect();
    Ok((!problems.is_empty()).then_some(Next::Typed { file, problems }))
}

/// The step before a phase that reads a file which a person may edit: to correct the file, or to release the plan.
/// `None` if the phase may run.
fn in_the_way(context: &Context, phase: &str) -> Result<Option<Next>, RunError> {
    let manifest = &context.workspace.manifest;
    let reads = |file: &str| manifest.phases()[phase].reads.iter().any(|read| read == file);
    if let Some(text) = context.session.text(DIAGNOSIS)?.filter(|_| reads(DIAGNOSIS))
        && by_hand(context.session, "diagnose", DIAGNOSIS)?
    {
        let secrets = secret::in_text(&text, &harness(context)?);
        let problems: Vec<Problem> = secrets.into_iter().chain(check::diagnosis_problems(&text)).collect();
        if !problems.is_empty() {
            let file = DIAGNOSIS;
            return Ok(Some(Next::Typed { file, problems }));
        }
    }
    let Some(text) = context.session.text(PLAN)?.filter(|_| reads(PLAN)) else {
        return Ok(None);
    };
    let by_hand = by_hand(context.session, "plan", PLAN)?;
    let mut problems = plan::problems(&text, by_hand);
    if by_hand {
        problems.splice(0..0, secret::in_json(&text, &harness(context)?));
    }
    if !problems.is_empty() {
        let file = PLAN;
        return Ok(Some(Next::Typed { file, problems }));
    }
    if phase != "execute" {
        return Ok(None);
    }
    let plan: Option<Plan> = context.session.read(PLAN)?;
    let holds = manifest.session.hold == Some(Hold::Plan);
    Ok(plan.filter(|plan| plan.is_on_hold(holds)).map(|_| Next::Release))
}

/// Whether `execute` would ask the gate about an edit.
fn needs_the_gate(context: &Context) -> Result<bool, RunError> {
    let Some(plan) = context.session.read::<Plan>(PLAN)? else {
        return Ok(false);
    };
    let (pending, outcomes) = (context.session.pending()?, context.session.outcomes()?);
    let autonomy = context.autonomy_of(context.session.record()?.as_ref());
    let route = |edit: &Edit| route_of(edit, &pending, &outcomes, autonomy, &context.workspace.manifest);
    let states = context.ledger_states()?;
    let todo = reconcile::reconcile(&plan.edits, &outcomes, &states, &route);
    let runs = |edit: &Edit| matches!(route(edit), EditRoute::Gate | EditRoute::Keep);
    let asks = |(at, step): &(usize, EditStep)| *step == EditStep::Try && runs(&plan.edits[*at]);
    Ok(todo.steps.iter().any(asks))
}

/// The harness at HEAD. A secret that it already contains is not a problem in a diagnosis or a plan.
fn harness(context: &Context) -> Result<Harness, RunError> {
    match context.inputs.head()? {
        Some(head) => context.inputs.harness_at(head),
        None => Ok(Harness::default()),
    }
}

/// Whether a file was edited after its phase wrote it.
fn by_hand(session: &Session, phase: &str, file: &str) -> Result<bool, RunError> {
    let left = session
        .checkpoint(phase)
        .and_then(|checkpoint| checkpoint.writes.get(file).copied());
    Ok(left.is_some() && left != session.digest(file)?)
}

/// The message of `readiness`, if that phase is fresh and the session is not ready.
fn not_ready(session: &Session, state: &[PhaseState]) -> Result<Option<String>, RunError> {
    let fresh = state
        .iter()
        .any(|(phase, fresh)| phase == "readiness" && matches!(fresh, Freshness::Fresh { .. }));
    let readiness: Option<Readiness> = if fresh { session.read("readiness.json")? } else { None };
    Ok(readiness
        .filter(|readiness| !readiness.ready)
        .map(|readiness| readiness.message))
}

/// The first stale phase up to `until`.
fn first_stale(state: &[PhaseState], until: Option<&str>) -> Option<(String, Vec<StaleReason>)> {
    let last = until
        .and_then(|until| state.iter().position(|(name, _)| name == until))
        .unwrap_or(state.len());
    state.iter().take(last + 1).find_map(|(name, fresh)| match fresh {
        Freshness::Stale { reasons } => Some((name.clone(), reasons.clone())),
        _ => None,
    })
}

/// Publishes a page with the problems of an edited file next to it, and removes the page once the file is correct.
pub(crate) fn note_problems(session: &Session, next: &Next) -> Result<(), RunError> {
    for name in CHECKED {
        let page = check::page_name(name);
        match next {
            Next::Typed { file, problems } if *file == name => {
                let kept = last_kept(session, name);
                session.publish(&page, &check::page(name, problems, kept.as_deref()))?;
            }
            _ => session.root().remove(session.path(&page))?,
        }
    }
    Ok(())
}

/// The attic's copy of the version of a file that a phase last read or wrote; `None` if that version is not in the
/// attic, because an older copy is not the last valid version.
fn last_kept(session: &Session, name: &str) -> Option<String> {
    let given = ["execute", "plan"].map(|phase| session.checkpoint(phase)?.reads.get(name).copied());
    let left = ["plan", "diagnose"].map(|phase| session.checkpoint(phase)?.writes.get(name).copied());
    let kept = |digest: Digest| session.kept(digest);
    given.into_iter().chain(left).flatten().next().and_then(kept)
}

/// An error with the first problem, its position, and the number of further problems.
pub(crate) fn half_typed(session: &Session, file: &str, problems: &[Problem]) -> RunError {
    let path = session.path(file);
    let Some((first, rest)) = problems.split_first() else {
        let problem = "it cannot be read".into();
        return RunError::HalfTyped { path, problem };
    };
    let more = match rest.len() {
        0 => String::new(),
        more => format!(", and {more} more, listed in {}", check::page_name(file)),
    };
    RunError::HalfTyped {
        path,
        problem: format!("{}:{}: {}{more}", first.line, first.column, first.message),
    }
}
