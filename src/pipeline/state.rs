//! Computes the freshness of every phase of a session from its files and git.

use std::collections::BTreeMap;

use crate::artifact::baseline::Baseline;
use crate::artifact::checkpoint::Checkpoint;
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::artifact::readiness::Readiness;
use crate::artifact::record::{SessionRecord, SessionStatus};
use crate::artifact::task::Split;
use crate::digest::Digest;
use crate::ledger::graph::LedgerState;
use crate::manifest::phases::{self, Stanza};
use crate::pipeline::context::{Context, Depth};
use crate::pipeline::edit_states::EditSearch;
use crate::pipeline::freshness::{Freshness, PhaseDigests, freshness};
use crate::workspace::error::RunError;
use crate::workspace::ledger_memory;
use crate::workspace::session::{OUTCOMES, PENDING, Session};

/// The name of a phase and its freshness.
pub(crate) type PhaseState = (String, Freshness);

/// The freshness of every phase, in the order in which they run.
///
/// # Errors
/// An input of a phase cannot be read.
pub(crate) fn state(context: &Context) -> Result<Vec<PhaseState>, RunError> {
    let phases = context.manifest().phases();
    let order = phases::graph(&phases).map_err(RunError::Config)?;
    let record = context.session.record()?;
    let is_recorded = is_recorded(context, record.as_ref())?;
    let has_planned = is_recorded && record.as_ref().is_some_and(was_planned);
    let one = |name: String| {
        // Phase `record` only writes settled records. A record that says "in progress" or "failed" makes it stale.
        let vouches = name != "record" || record.as_ref().is_some_and(settled);
        let checkpoint = context.session.checkpoint(&name).filter(|_| vouches);
        let stanza = &phases[&name];
        if has_planned && checkpoint.is_none() && has_result(context.session, &name, stanza)? {
            let edited = Vec::new();
            return Ok((name, Freshness::Fresh { edited }));
        }
        let digests = present(
            context,
            (record.as_ref(), is_recorded),
            &name,
            stanza,
            checkpoint.as_ref(),
        )?;
        let fresh = freshness(checkpoint.as_ref(), &digests, is_editable(&name, stanza));
        Ok((name, fresh))
    };
    order.into_iter().map(one).collect()
}

/// Whether a record says that its session is settled.
pub(crate) fn settled(record: &SessionRecord) -> bool {
    record.status.is_settled()
}

/// Whether the session has results, which later changes of benchmark, traces or manifest must not replace. A settled
/// session has them, and so has one that executes again, for an answer that came late or for an edited plan.
fn is_recorded(context: &Context, record: Option<&SessionRecord>) -> Result<bool, RunError> {
    Ok(record.is_some_and(settled) || !context.session.names(OUTCOMES)?.is_empty())
}

/// Whether a record says that `execute` has begun or ended, which means that the phases before it had completed.
pub(crate) fn was_planned(record: &SessionRecord) -> bool {
    settled(record) || record.status == SessionStatus::Executing
}

/// Whether a phase before the first edit has written its files. In a session with outcomes it then needs no checkpoint:
/// a checkpoint that was lost or truncated must not replace what the session recorded.
fn has_result(session: &Session, phase: &str, stanza: &Stanza) -> Result<bool, RunError> {
    if !matches!(phase, "readiness" | "baseline" | "diagnose" | "plan") {
        return Ok(false);
    }
    for name in &stanza.writes {
        if session.digest(name)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether settings can still change the outcome of an edit: it waits for a person, or a setting excluded it.
fn is_open(session: &Session) -> Result<bool, RunError> {
    let open = |outcome: &Outcome| matches!(outcome.status, OutcomeStatus::PendingReview | OutcomeStatus::Skipped);
    Ok(session.outcomes()?.values().any(open))
}

/// Whether a person may write the output of a phase.
fn is_editable(phase: &str, stanza: &Stanza) -> bool {
    matches!(phase, "diagnose" | "plan") || !(stanza.run.is_empty())
}

fn present(
    context: &Context,
    (record, is_recorded): (Option<&SessionRecord>, bool),
    phase: &str,
    stanza: &Stanza,
    checkpoint: Option<&Checkpoint>,
) -> Result<PhaseDigests, RunError> {
    let is_settled = record.is_some_and(settled);
    let pinned = is_recorded
        && (context.depth == Depth::History
            || phase != "execute"
            || (is_settled && context.autonomy.is_none() && !is_open(context.session)?));
    let now = || context.definition(record, phase, stanza);
    let mut reads = BTreeMap::new();
    for name in &stanza.reads {
        let vouched = checkpoint.and_then(|checkpoint| checkpoint.reads.get(name).copied());
        let pinned_input =
            is_recorded && name.starts_with('@') && (name != "@ledger" || context.depth == Depth::History);
        let digest = match vouched.filter(|_| pinned_input) {
            Some(digest) => Some(digest),
            None => as_recorded(context.session, name, read(context, name)?, vouched)?,
        };
        reads.insert(name.clone(), digest);
    }
    let mut writes = BTreeMap::new();
    for name in &stanza.writes {
        let recorded = checkpoint.and_then(|checkpoint| checkpoint.writes.get(name).copied());
        let digest = as_recorded(context.session, name, context.session.digest(name)?, recorded)?;
        writes.insert(name.clone(), digest);
    }
    let definition = checkpoint
        .filter(|_| pinned)
        .map_or_else(now, |checkpoint| checkpoint.definition);
    Ok(PhaseDigests {
        definition,
        reads,
        writes,
    })
}

/// The present digest of a file, or the recorded one if an older version recorded it of the same bytes.
fn as_recorded(
    session: &Session,
    name: &str,
    now: Option<Digest>,
    recorded: Option<Digest>,
) -> Result<Option<Digest>, RunError> {
    let may_match = now.is_some() && recorded.is_some() && now != recorded && !name.starts_with('@');
    match may_match && session.exact_digest(name)? == recorded {
        true => Ok(recorded),
        false => Ok(now),
    }
}

/// The present digest of one read; `None` if it does not exist.
///
/// # Errors
/// It exists but cannot be read.
pub(crate) fn read(context: &Context, name: &str) -> Result<Option<Digest>, RunError> {
    Ok(match name {
        "@traces" => Some(traces(context)?),
        "@train" => Some(context.inputs.split_digest(Split::Train)?),
        "@gate" => Some(context.inputs.split_digest(Split::Gate)?),
        "@harness" => harness(context)?,
        "@ledger" => Some(ledger(context)?),
        PENDING => Some(decisions(context.session)?),
        folder if folder.ends_with('/') && !context.session.path(folder).is_dir() => {
            // An absent folder counts as empty if kaizen or a phase writes it.
            match phases::is_provided(&context.workspace.manifest.phases(), folder) {
                true => context.session.digest(folder)?,
                false => None,
            }
        }
        file => context.session.digest(file)?,
    })
}

/// The digest of the traces. Once a session is ready, they are pinned, because the agent keeps producing more.
fn traces(context: &Context) -> Result<Digest, RunError> {
    let readiness: Option<Readiness> = context.session.read("readiness.json").ok().flatten();
    match readiness.filter(|readiness| readiness.ready) {
        Some(readiness) => Ok(readiness.traces.digest),
        None => Ok(context.inputs.trace_pin()?.digest),
    }
}

/// The digest of the harness that the session builds on. The session's own commits do not count.
fn harness(context: &Context) -> Result<Option<Digest>, RunError> {
    let base = base(context)?;
    base.map(|commit| Ok(context.inputs.harness_at(&commit)?.digest()))
        .transpose()
}

/// The commit that a session builds on: the one in `baseline.json` if the session has already made commits, else HEAD.
///
/// # Errors
/// git fails.
pub(crate) fn base(context: &Context) -> Result<Option<String>, RunError> {
    let pinned = context
        .session
        .read::<Baseline>("baseline.json")
        .ok()
        .flatten()
        .map(|baseline| baseline.harness_commit);
    if let Some(commit) = pinned
        && !context
            .inputs
            .history(&context.session.id, Some(&commit))?
            .entries
            .is_empty()
    {
        return Ok(Some(commit));
    }
    Ok(context.inputs.head()?.cloned())
}

/// The digest of which edits of the session are in git and which were reverted. Commit ids do not count, because a
/// rebase changes them.
fn ledger(context: &Context) -> Result<Digest, RunError> {
    let (workspace, session) = (context.workspace, context.session);
    // Before anything is read, so that a later change makes it another question.
    let question = ledger_memory::question(workspace, session)?;
    if let Some(known) = question.and_then(|question| ledger_memory::answer(workspace, session, question)) {
        return Ok(known);
    }
    let (states, is_complete) = searched(context)?;
    if let Some(question) = question.filter(|_| is_complete)
        && ledger_memory::question(workspace, session)? == Some(question)
    {
        ledger_memory::note(workspace, session, question, states);
    }
    Ok(states)
}

/// The same, from a search of the history, and whether nothing else could change it.
fn searched(context: &Context) -> Result<(Digest, bool), RunError> {
    let search = EditSearch::new(context.workspace, context.inputs, context.session)?;
    let states = search.states()?;
    let mut kinds: BTreeMap<String, &str> = states
        .iter()
        .map(|(digest, state)| (digest.to_string(), kind(state)))
        .collect();
    // Not even the state of such an edit may have changed, if its revert changed no file.
    let returned = search.returned(&states)?.into_iter();
    kinds.extend(returned.map(|edit| (edit.digest().to_string(), "returned")));
    Ok((Digest::of_value(&kinds), search.saw_only_history()))
}

fn kind(state: &LedgerState) -> &'static str {
    match state {
        // What the history does not show has not changed.
        LedgerState::Applied(_) | LedgerState::Unknown => "applied",
        LedgerState::Reverted(_) => "reverted",
        LedgerState::Stranded(_) => "stranded",
        LedgerState::Undone(_) => "undone",
    }
}

/// The digest of people's decisions about edits. The questions do not count, because `execute` writes them.
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
