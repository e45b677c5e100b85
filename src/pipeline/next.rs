//! Next: what a session needs, computed from its files alone.

use super::context::Context;
use super::state::{PhaseState, state};
use crate::artifact::diagnosis;
use crate::artifact::plan::Plan;
use crate::artifact::readiness::Readiness;
use crate::digest::Digest;
use crate::harness::Harness;
use crate::manifest::Hold;
use crate::pipeline::freshness::{Freshness, StaleReason};
use crate::teacher::check;
use crate::teacher::check::{Problem, plan, secret};
use crate::workspace::engines;
use crate::workspace::error::RunError;
use crate::workspace::session::Session;

/// The files that a person may edit and that are checked before they count.
pub(crate) const CHECKED: [&str; 2] = [PLAN, DIAGNOSIS];
const PLAN: &str = "plan.json";
const DIAGNOSIS: &str = diagnosis::FILE;

/// What a session needs.
#[derive(Debug)]
pub(crate) enum Next {
    /// A phase is stale.
    Run {
        /// Which.
        phase: String,
        /// Why.
        reasons: Vec<StaleReason>,
    },
    /// Evidence or tasks, as the message says.
    NotReady(String),
    /// A person's word that the plan may run.
    Release,
    /// A file that a person or an agent has to write.
    Write {
        /// Which.
        file: &'static str,
        /// The phase that waits for it.
        phase: String,
    },
    /// A file that a person has typed to its end.
    Typed {
        /// Which.
        file: &'static str,
        /// What is wrong with it.
        problems: Vec<Problem>,
    },
    /// Nothing: it is settled.
    Nothing,
}

/// What a session needs, as far as the phase `until`.
///
/// # Errors
/// Something that a phase reads cannot be read.
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
    Ok(awaited(context, &phase)?.unwrap_or(Next::Run { phase, reasons }))
}

/// What is missing or half-typed of the file that a phase waits for, where a person or an agent writes it.
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

/// What stands between the files that a person may edit and the phases that read them.
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
    let holds = phase == "execute" && manifest.session.hold == Some(Hold::Plan);
    let plan: Option<Plan> = if holds { context.session.read(PLAN)? } else { None };
    Ok(plan.filter(|plan| !plan.released).map(|_| Next::Release))
}

/// The harness at HEAD: what it says already is no secret that a submission gives away.
fn harness(context: &Context) -> Result<Harness, RunError> {
    match context.inputs.head()? {
        Some(head) => context.inputs.harness_at(head),
        None => Ok(Harness::default()),
    }
}

/// Whether a file is not the one that its phase left.
fn by_hand(session: &Session, phase: &str, file: &str) -> Result<bool, RunError> {
    let left = session
        .checkpoint(phase)
        .and_then(|checkpoint| checkpoint.writes.get(file).copied());
    Ok(left.is_some() && left != session.digest(file)?)
}

/// The refusal, when readiness is fresh and says no.
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

/// The page about a half-typed file stands beside it for as long as that is so.
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

/// Where the bytes of a file stand that a phase was last given or left, when a copy was kept.
fn last_kept(session: &Session, name: &str) -> Option<String> {
    let given = ["execute", "plan"].map(|phase| session.checkpoint(phase)?.reads.get(name).copied());
    let left = ["plan", "diagnose"].map(|phase| session.checkpoint(phase)?.writes.get(name).copied());
    let kept = |digest: Digest| session.kept(digest);
    given.into_iter().chain(left).flatten().find_map(kept)
}

/// The first problem, with its place, and how many more there are.
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
