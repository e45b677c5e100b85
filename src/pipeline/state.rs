//! State: how fresh every phase of a session is, computed from files alone.

use std::collections::BTreeMap;

use super::definition::definition;
use crate::artifact::baseline::Baseline;
use crate::artifact::checkpoint::Checkpoint;
use crate::artifact::readiness::Readiness;
use crate::artifact::record::{Autonomy, Record, Status};
use crate::artifact::task::Split;
use crate::digest::Digest;
use crate::manifest::phases::{self, Stanza};
use crate::pipeline::execute::reconcile;
use crate::pipeline::execute::reconcile::LedgerState;
use crate::pipeline::freshness::{Freshness, Present, freshness};
use crate::workspace::engines::Engines;
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::{PENDING, Session};
use crate::workspace::{Workspace, authorship};

/// How closely a session is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// A session of the past: when it is settled, only its own files count.
    History,
    /// The session that a run would go on with: its ledger and the settings of `execute` count as well.
    Present,
}

/// The view from which a session is judged.
pub(crate) struct View<'a> {
    /// The workspace.
    pub workspace: &'a Workspace,
    /// Its inputs.
    pub inputs: &'a Inputs<'a>,
    /// Its engines' identities.
    pub engines: &'a Engines,
    /// How closely.
    pub depth: Depth,
    /// Autonomy in place of the session's own.
    pub autonomy: Option<Autonomy>,
}

impl<'a> View<'a> {
    /// The view of the session that a run would continue, under the session's own autonomy.
    pub(crate) fn present(workspace: &'a Workspace, inputs: &'a Inputs<'a>, engines: &'a Engines) -> Self {
        Self {
            workspace,
            inputs,
            engines,
            depth: Depth::Present,
            autonomy: None,
        }
    }
}

/// A phase's name and state.
pub(crate) type PhaseState = (String, Freshness);

/// The state of every phase, in the order in which they run.
///
/// # Errors
/// Something that a phase reads cannot be read.
pub(crate) fn state(view: &View, session: &Session) -> Result<Vec<PhaseState>, RunError> {
    let phases = view.workspace.manifest.phases();
    let order = phases::graph(&phases).map_err(RunError::Config)?;
    let record = session.record()?;
    let facts = Facts {
        settled: record.as_ref().is_some_and(settled),
        autonomy: autonomy(view, record.as_ref()),
        engines: authorship::engines(view.engines, record.as_ref()),
    };
    let one = |name: String| {
        // A record that says "under way" or "failed" is not the one that `record` left: it is to be written again.
        let vouches = name != "record" || facts.settled;
        let checkpoint = session.checkpoint(&name).filter(|_| vouches);
        let present = present(view, session, &name, &phases[&name], checkpoint.as_ref(), &facts)?;
        let fresh = freshness(checkpoint.as_ref(), &present, is_editable(&name, &phases[&name]));
        Ok((name, fresh))
    };
    order.into_iter().map(one).collect()
}

/// The autonomy that a session runs under: as asked for, else its own, else the manifest's.
pub(crate) fn autonomy(view: &View, record: Option<&Record>) -> Autonomy {
    let own = record.map(|record| record.autonomy_mode);
    view.autonomy
        .or(own)
        .unwrap_or(view.workspace.manifest.session.autonomy)
}

/// What is known of a session before any phase is looked at.
struct Facts {
    settled: bool,
    autonomy: Autonomy,
    /// In place of the manifest's.
    engines: Option<Engines>,
}

/// Whether a record is the end of a session.
pub(crate) fn settled(record: &Record) -> bool {
    matches!(
        record.status,
        Status::Completed | Status::AwaitingReview | Status::RolledBack
    )
}

/// Phases whose output a person may write in their place.
fn is_editable(phase: &str, stanza: &Stanza) -> bool {
    matches!(phase, "diagnose" | "plan") || !(stanza.run.is_empty())
}

fn present(
    view: &View,
    session: &Session,
    phase: &str,
    stanza: &Stanza,
    checkpoint: Option<&Checkpoint>,
    facts: &Facts,
) -> Result<Present, RunError> {
    let pinned = facts.settled && (view.depth == Depth::History || phase != "execute");
    let engines = facts.engines.as_ref().unwrap_or(view.engines);
    let now = || definition(&view.workspace.manifest, phase, stanza, engines, facts.autonomy);
    let mut reads = BTreeMap::new();
    for name in &stanza.reads {
        let vouched = checkpoint.and_then(|checkpoint| checkpoint.reads.get(name).copied());
        let pinned_input =
            facts.settled && name.starts_with('@') && (name != "@ledger" || view.depth == Depth::History);
        let digest = match vouched.filter(|_| pinned_input) {
            Some(digest) => Some(digest),
            None => read(view, session, name)?,
        };
        reads.insert(name.clone(), digest);
    }
    let mut writes = BTreeMap::new();
    for name in &stanza.writes {
        writes.insert(name.clone(), session.digest(name)?);
    }
    let definition = checkpoint
        .filter(|_| pinned)
        .map_or_else(now, |checkpoint| checkpoint.definition);
    Ok(Present {
        definition,
        reads,
        writes,
    })
}

/// The present digest of one read; `None` when it is not there.
///
/// # Errors
/// It is there and cannot be read.
pub(crate) fn read(view: &View, session: &Session, name: &str) -> Result<Option<Digest>, RunError> {
    Ok(match name {
        "@traces" => Some(traces(view, session)?),
        "@train" => Some(view.inputs.split_digest(Split::Train)?),
        "@gate" => Some(view.inputs.split_digest(Split::Gate)?),
        "@harness" => harness(view, session)?,
        "@ledger" => Some(ledger(view, session)?),
        PENDING => Some(decisions(session)?),
        folder if folder.ends_with('/') && !session.path(folder).is_dir() => {
            // An absent folder is an empty one, but only where something would fill it.
            match phases::is_provided(&view.workspace.manifest.phases(), folder) {
                true => session.digest(folder)?,
                false => None,
            }
        }
        file => session.digest(file)?,
    })
}

/// Once a session is ready, the traces that it relies on are pinned: the agent goes on making more.
fn traces(view: &View, session: &Session) -> Result<Digest, RunError> {
    let readiness: Option<Readiness> = session.read("readiness.json").ok().flatten();
    match readiness.filter(|readiness| readiness.ready) {
        Some(readiness) => Ok(readiness.traces.digest),
        None => Ok(view.inputs.trace_pin()?.digest),
    }
}

/// The harness that the session builds on: its own commits do not count.
fn harness(view: &View, session: &Session) -> Result<Option<Digest>, RunError> {
    let base = base(view, session)?;
    base.map(|commit| Ok(view.inputs.harness_at(&commit)?.digest()))
        .transpose()
}

/// The commit that a session builds on: the pinned one once the session has commits, HEAD before.
///
/// # Errors
/// git says no.
pub(crate) fn base(view: &View, session: &Session) -> Result<Option<String>, RunError> {
    let pinned = session
        .read::<Baseline>("baseline.json")
        .ok()
        .flatten()
        .map(|baseline| baseline.harness_commit);
    if let Some(commit) = pinned
        && !view.inputs.history(&session.id, Some(&commit))?.0.is_empty()
    {
        return Ok(Some(commit));
    }
    Ok(view.inputs.head()?.cloned())
}

/// Which edits of the session git holds, and which it took back; not the names of commits, which a rebase changes.
fn ledger(view: &View, session: &Session) -> Result<Digest, RunError> {
    let baseline: Option<Baseline> = session.read("baseline.json")?;
    let base = baseline.map(|baseline| baseline.harness_commit);
    let (entries, undone) = view.inputs.history(&session.id, base.as_deref())?;
    let held = reconcile::held(&entries, &session.id, &undone);
    let kinds: BTreeMap<String, &str> = held
        .iter()
        .map(|(digest, held)| (digest.to_string(), kind(held)))
        .collect();
    Ok(Digest::of_value(&kinds))
}

fn kind(held: &LedgerState) -> &'static str {
    match held {
        LedgerState::Applied(_) => "applied",
        LedgerState::Reverted => "reverted",
        LedgerState::Stranded => "stranded",
        LedgerState::Undone => "undone",
    }
}

/// The decisions that count, by edit; the questions are written by `execute` itself.
fn decisions(session: &Session) -> Result<Digest, RunError> {
    let decided = session.pending()?.into_iter().filter_map(|(digest, pending)| {
        let decision = pending.decision?;
        Some((
            digest.to_string(),
            serde_json::json!([decision.decision, decision.edit_digest, decision.skip_gate]),
        ))
    });
    Ok(Digest::of_value(&decided.collect::<BTreeMap<_, _>>()))
}
